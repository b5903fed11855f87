"""Arithmetic, order and parts of dates, durations and decimals. Every failure is a ValueError with a sentence."""

from __future__ import annotations

import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, localcontext
from functools import cmp_to_key
from typing import Any

from engine.expressions import values

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le}
_NUMBERS = (int, float, Decimal)
_KINDS = {
    "str": "text",
    "int": "number",
    "float": "number",
    "Decimal": "number",
    "bool": "true/false",
    "NoneType": "null",
    "dict": "record",
    "datetime": "date and time",
    "timedelta": "duration",
    "YearsMonths": "duration",
}


def kind(value: Any) -> str:
    """What a value is, for sentences."""
    return _KINDS.get(type(value).__name__, type(value).__name__)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(last, day.day))
        except ValueError:
            continue
    raise ValueError(f"there is no year {year}")


def exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else values.parse_decimal(value)


def is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def operate(sign: str, a: Any, b: Any) -> Any:
    """Arithmetic with dates, durations and decimals. ValueError when it has no meaning."""
    result = _operate(sign, a, b)
    if result is None:
        raise ValueError(f"{sign} has no meaning between {kind(a)} and {kind(b)}")
    return result


def _operate(sign: str, a: Any, b: Any) -> Any:
    if is_number(a) and is_number(b):
        return _decimals(sign, exact(a), exact(b))
    if sign == "+" and isinstance(b, date) and not isinstance(a, date):
        a, b = b, a
    if isinstance(a, date) and sign in ("+", "-") and isinstance(b, timedelta | values.YearsMonths):
        if isinstance(b, values.YearsMonths):
            return add_months(a, b.months if sign == "+" else -b.months)
        if not isinstance(a, datetime) and b % timedelta(days=1):
            raise ValueError("a date has no hours: use date_and_time")
        return a + b if sign == "+" else a - b
    if sign == "-" and isinstance(a, date) and isinstance(b, date) and type(a) is type(b):
        return a - b
    return _durations(sign, a, b)


def _durations(sign: str, a: Any, b: Any) -> Any:
    if isinstance(a, int) and sign == "*":
        a, b = b, a
    if isinstance(a, timedelta):
        if isinstance(b, timedelta) and sign in ("+", "-", "/", "//"):
            return {"+": operator.add, "-": operator.sub, "/": operator.truediv, "//": operator.floordiv}[sign](a, b)
        if is_number(b) and sign in ("*", "/"):
            return a * float(b) if sign == "*" else a / float(b)
    if isinstance(a, values.YearsMonths):
        if isinstance(b, values.YearsMonths) and sign in ("+", "-"):
            return values.YearsMonths(a.months + (b.months if sign == "+" else -b.months))
        if isinstance(b, int) and sign == "*":
            return values.YearsMonths(a.months * b)
    if isinstance(a, time) and isinstance(b, timedelta) and sign in ("+", "-"):
        return (datetime.combine(date(2000, 1, 2), a) + (b if sign == "+" else -b)).timetz()
    return None


def _decimals(sign: str, a: Decimal, b: Decimal) -> Decimal:
    if b == 0 and sign in ("/", "//", "%"):
        raise ValueError("division by zero")
    with localcontext() as context:
        context.prec = 34
        if sign in ("//", "%"):
            whole = (a / b).to_integral_value("ROUND_FLOOR")
            return whole if sign == "//" else a - whole * b
        return Decimal({"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign](a, b))


def compare(sign: str, a: Any, b: Any) -> bool:
    """Order and equality with dates, durations and decimals. Two kinds are never equal, and asking which is less is a ValueError."""
    if is_number(a) and is_number(b):
        a, b = exact(a), exact(b)
    if sign == "==":
        return type(a) is type(b) and bool(a == b)
    if type(a) is not type(b) or isinstance(a, dict) or (isinstance(a, time) and (a.tzinfo is None) != (b.tzinfo is None)):
        raise ValueError(f"{kind(a)} and {kind(b)} have no order")
    return _COMPARE[sign](a, b)


def order(items: list[Any]) -> list[int]:
    """The places of the items, the least first. ValueError when two of them have no order."""

    def earlier(a: int, b: int) -> int:
        return -1 if compare("<", items[a], items[b]) else int(compare("<", items[b], items[a]))

    return sorted(range(len(items)), key=cmp_to_key(earlier))


def field(value: Any, name: str) -> Any:
    """`ngay.year`: a part of a date or duration. ValueError names the fields there are."""
    if isinstance(value, dict):
        raise ValueError(f"there is no {name}; there are: {', '.join(list(value)[:20]) or 'none'}")
    fields = parts(value)
    if name not in fields:
        raise ValueError(f"{kind(value)} has no {name}" + (f"; it has: {', '.join(fields)}" if fields else ""))
    return fields[name]


def parts(value: Any) -> dict[str, Any]:
    """The fields of a date, time or duration, by name."""
    found: dict[str, Any] = {}
    if isinstance(value, date):
        found |= {"year": value.year, "month": value.month, "day": value.day, "weekday": value.isoweekday()}
    if isinstance(value, datetime | time):
        found |= {"hour": value.hour, "minute": value.minute, "second": value.second}
    if isinstance(value, datetime):
        found |= {"date": value.date(), "time": value.time()}
    if isinstance(value, timedelta):
        whole = abs(value)
        sign = -1 if value < timedelta() else 1
        found |= {"days": sign * whole.days, "hours": sign * (whole.seconds // 3600), "minutes": sign * (whole.seconds // 60 % 60)}
        found["seconds"] = sign * (whole.seconds % 60)
    if isinstance(value, values.YearsMonths):
        sign = -1 if value.months < 0 else 1
        found |= {"years": sign * (abs(value.months) // 12), "months": sign * (abs(value.months) % 12)}
    return found


def make_date(value: Any) -> date:
    if isinstance(value, datetime):
        return value.astimezone(values.ZONE).date()
    return value if isinstance(value, date) else values.parse_date(_text("date", value))


def make_datetime(value: Any) -> datetime:
    if isinstance(value, date) and not isinstance(value, datetime):
        return datetime.combine(value, time(), values.ZONE)
    return value if isinstance(value, datetime) else values.parse_datetime(_text("date_and_time", value))


def make_duration(value: Any) -> timedelta | values.YearsMonths:
    return value if isinstance(value, timedelta | values.YearsMonths) else values.parse_duration(_text("duration", value))


def make_time(value: Any) -> time:
    return value if isinstance(value, time) else values.parse_time(_text("time", value))


def make_number(value: Any) -> Any:
    number = values.parse_decimal(value if isinstance(value, str | Decimal) or is_number(value) else _text("number", value))
    return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else float(number)


def rounded(value: Any, digits: int = 0) -> Any:
    """Half away from zero, as people round."""
    if not is_number(value) or type(digits) is not int or abs(digits) > 30:
        raise ValueError(f"expected a number and at most 30 digits, found {kind(value)}")
    near = exact(value).quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")
    if isinstance(value, Decimal):
        return near
    return int(near) if digits <= 0 else float(near)


def _text(function: str, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(f'expected text between the brackets of {function}("..."), found {kind(value)}')
    return value


def make_decimal(value: Any) -> Decimal:
    return values.parse_decimal(value if isinstance(value, Decimal) or is_number(value) else _text("decimal", value))
