"""The types DMN names, and how a value of a form becomes one of them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from engine.expressions import YearsMonths, arithmetic, from_json, values


def _string(value: Any) -> str:
    if isinstance(value, dict | list):
        raise ValueError(f"expected text, found {arithmetic.kind(value)}")
    return values.to_text(value)


def _boolean(value: Any) -> bool:
    found = {"true": True, "false": False}.get(value.strip().lower()) if isinstance(value, str) else value
    if not isinstance(found, bool):
        raise ValueError(f'expected true or false, found "{values.to_text(value)[:40]}"')
    return found


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal | str):
        raise ValueError(f"expected a number, found {arithmetic.kind(value)}")
    if not isinstance(value, str):
        return value
    return arithmetic.make_number(value)


def _whole(value: Any) -> Any:
    number = _number(value)
    if number != int(number):
        raise ValueError(f"expected a whole number, found {number}")
    return int(number)


def _months(value: Any) -> YearsMonths:
    found = arithmetic.make_duration(value)
    if not isinstance(found, YearsMonths):
        raise ValueError("expected a duration of years and months")
    return found


def _days(value: Any) -> timedelta:
    found = arithmetic.make_duration(value)
    if not isinstance(found, timedelta):
        raise ValueError("expected a duration of days and time")
    return found


def _date(value: Any) -> date:
    return arithmetic.make_date(value[:10] if isinstance(value, str) and "T" in value else value)


_SAMPLE_DATE = date(2000, 1, 1)
_TYPES: dict[str, tuple[Callable[[Any], Any], Any]] = {
    "string": (_string, "x"),
    "boolean": (_boolean, True),
    "number": (_number, 1),
    "double": (_number, 1),
    "integer": (_whole, 1),
    "long": (_whole, 1),
    "date": (_date, _SAMPLE_DATE),
    "time": (arithmetic.make_time, time()),
    "dateTime": (arithmetic.make_datetime, datetime.combine(_SAMPLE_DATE, time(), values.ZONE)),
    "date and time": (arithmetic.make_datetime, datetime.combine(_SAMPLE_DATE, time(), values.ZONE)),
    "dayTimeDuration": (_days, timedelta(1)),
    "days and time duration": (_days, timedelta(1)),
    "yearMonthDuration": (_months, YearsMonths(1)),
    "years and months duration": (_months, YearsMonths(1)),
    "duration": (arithmetic.make_duration, None),
}


def coerce(value: Any, type_: str) -> Any:
    """`value` as DMN's `type_` has it; nothing stays nothing, a type we do not know changes nothing. ValueError when it is none."""
    value = from_json(value)
    if value is None or type_ not in _TYPES:
        return value
    return _TYPES[type_][0](value)


def sample(type_: str) -> Any:
    """Some value of the type, to try cells with; None when the type is open."""
    return _TYPES[type_][1] if type_ in _TYPES else None


def known(type_: str) -> bool:
    return type_ in _TYPES or type_ in ("", "Any", "any", "context", "list")
