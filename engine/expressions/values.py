"""Values of expressions that JSON has no word for: dates, times, durations, exact decimals. And how they are stored.

Stored, each is a dict with one key: {"$date": "2026-11-23"}, {"$datetime": "2026-11-23T08:00:00+07:00"}, {"$time": "08:00:00"},
{"$duration": "P3D"} or {"$duration": "P36M"}, {"$decimal": "1.50"}. In Python they are date, datetime (aware), time, timedelta,
YearsMonths and Decimal.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, timezone
from decimal import Decimal, InvalidOperation
from typing import Any

ZONE = timezone(timedelta(hours=7), "+07:00")
"""Where a date and time is that does not say: Vietnam, which has no summer time."""

_DURATION = re.compile(
    r"(?P<sign>-)?P(?:(?P<years>\d{1,6})Y)?(?:(?P<months>\d{1,6})M)?(?:(?P<weeks>\d{1,6})W)?(?:(?P<days>\d{1,8})D)?"
    r"(?P<clock>T(?:(?P<hours>\d{1,9})H)?(?:(?P<minutes>\d{1,9})M)?(?:(?P<seconds>\d{1,10}(?:\.\d{1,6})?)S)?)?"
)


@dataclass(frozen=True, order=True)
class YearsMonths:
    """A duration of whole months. Its length in days depends on where it starts, so it compares only with its like."""

    months: int

    def __str__(self) -> str:
        years, months = divmod(abs(self.months), 12)
        text = (f"{years}Y" if years else "") + (f"{months}M" if months or not years else "")
        return ("-P" if self.months < 0 else "P") + text


def parse_date(text: str) -> date:
    """`2026-11-23`. ValueError says what was expected."""
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(f'expected a date like "2026-11-23", found "{text[:40]}"')
    return date.fromisoformat(text)


def parse_time(text: str) -> time:
    """`08:30`, `08:30:15`, with or without an offset. ValueError says what was expected."""
    if not re.fullmatch(r"\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", text):
        raise ValueError(f'expected a time like "08:30:00", found "{text[:40]}"')
    return time.fromisoformat(text)


def parse_datetime(text: str) -> datetime:
    """`2026-11-23T08:30:00+07:00`; without an offset it is in ZONE. A bare date is its midnight. ValueError says what was expected."""
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        return datetime.combine(date.fromisoformat(text), time(), ZONE)
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})?", text):
        raise ValueError(f'expected a date and time like "2026-11-23T08:30:00", found "{text[:40]}"')
    return aware(datetime.fromisoformat(text))


def aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo is not None else moment.replace(tzinfo=ZONE)


def parse_duration(text: str) -> timedelta | YearsMonths:
    """`P3D`, `PT2H30M`, `P2W` are a timedelta; `P36M`, `P3Y` are YearsMonths. A mixture has no length and is a ValueError."""
    found = _DURATION.fullmatch(text.strip())
    if not found or text.strip().endswith(("P", "T")):
        raise ValueError(f'expected a duration like "P3D", "PT8H" or "P36M", found "{text[:40]}"')
    part = {name: value for name, value in found.groupdict().items() if value and name not in ("sign", "clock")}
    sign = -1 if found["sign"] else 1
    if "years" in part or "months" in part:
        if part.keys() - {"years", "months"}:
            raise ValueError(f'expected a duration of years and months or of days and time, found both in "{text[:40]}"')
        return YearsMonths(sign * (int(part.get("years", 0)) * 12 + int(part.get("months", 0))))
    days = int(part.get("weeks", 0)) * 7 + int(part.get("days", 0))
    try:
        seconds = Decimal(part.get("seconds", "0"))
        length = timedelta(
            days=days, hours=int(part.get("hours", 0)), minutes=int(part.get("minutes", 0)), microseconds=int(seconds * 1_000_000)
        )
    except OverflowError:
        raise ValueError(f'expected a shorter duration than "{text[:40]}"') from None
    return sign * length


def format_duration(length: timedelta | YearsMonths) -> str:
    """ISO 8601 text that parse_duration reads back as the same value."""
    if isinstance(length, YearsMonths):
        return str(length)
    sign, length = ("-", -length) if length < timedelta() else ("", length)
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    text = f"{seconds}.{length.microseconds:06d}".rstrip("0") if length.microseconds else str(seconds)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "") + (f"{text}S" if text != "0" else "")
    days = f"{length.days}D" if length.days else ""
    return f"{sign}P{days}T{clock}" if clock else f"{sign}P{days or '0D'}"


def parse_decimal(value: str | int | float | Decimal) -> Decimal:
    """An exact number of at most 34 digits. ValueError says what was expected."""
    try:
        number = Decimal(str(value).strip())
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or len(number.as_tuple().digits) > 34 or abs(number.adjusted()) > 6000:
        raise ValueError(f'expected a number of at most 34 digits, found "{str(value)[:40]}"')
    return number


_TAGS = {"$date": parse_date, "$datetime": parse_datetime, "$time": parse_time, "$duration": parse_duration, "$decimal": parse_decimal}


def is_tagged(value: object) -> bool:
    """Whether a JSON value stands for a date, time, duration or decimal."""
    return isinstance(value, dict) and len(value) == 1 and next(iter(value)) in _TAGS


def to_json(value: Any, _depth: int = 0) -> Any:
    """`value` in JSON's words. ValueError says what cannot be stored: not a number, over 64 bits, over 100 deep, of a strange type."""
    kind = type(value)
    if kind is str or kind is bool or value is None:
        return value
    if kind is int:
        if not -(2**63) <= value < 2**63:
            raise ValueError("expected a whole number of at most 64 bits")
        return value
    if kind is float:
        if not math.isfinite(value):
            raise ValueError(f"expected a finite number, found {value}")
        return value
    if _depth > 100:
        raise ValueError("expected a value nested less than 100 deep")
    if isinstance(value, Mapping):
        return {_key(key): to_json(item, _depth + 1) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [to_json(item, _depth + 1) for item in value]
    return _tag(value)


def _key(key: object) -> str:
    if not isinstance(key, str):
        raise ValueError(f"expected text as the key of an entry, found {key!r:.40}")
    return key


def _tag(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$datetime": aware(value).isoformat()}
    if isinstance(value, date):
        return {"$date": value.isoformat()}
    if isinstance(value, time):
        return {"$time": value.isoformat()}
    if isinstance(value, timedelta | YearsMonths):
        return {"$duration": format_duration(value)}
    if isinstance(value, Decimal):
        return {"$decimal": str(parse_decimal(value))}
    if isinstance(value, str | int | float):
        return to_json(value.real if isinstance(value, int | float) else str.__str__(value))
    raise ValueError(f"expected text, number, true or false, date, list or record, found {type(value).__name__}")


def from_json(value: Any) -> Any:
    """What to_json stored. A dict that only looks like a tag (`{"$date": "soon"}`) stays a dict."""
    if isinstance(value, dict):
        if len(value) == 1:
            ((key, text),) = value.items()
            if key in _TAGS and isinstance(text, str):
                try:
                    return _TAGS[key](text)
                except ValueError:
                    return value
        return {key: from_json(item) for key, item in value.items()}
    if isinstance(value, list):
        return [from_json(item) for item in value]
    return value


def to_text(value: Any) -> str:
    """A value inside other text: `${...}` in the middle of a title. Nothing is empty, dates are ISO 8601."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, timedelta | YearsMonths):
        return format_duration(value)
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, list | dict):
        return json.dumps(to_json(value), ensure_ascii=False)
    return str(value)


def utc(moment: datetime) -> datetime:
    return aware(moment).astimezone(UTC)
