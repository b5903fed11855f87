"""The functions of FEEL. Each takes and gives FEEL values: None, bool, Decimal, str, dates, durations, lists, dicts, ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import cmp_to_key
from typing import Any

from engine.expressions import arithmetic, values, workdays

_MOST_ITEMS = 100_000
_MOST_CHARACTERS = 1_000_000


@dataclass(frozen=True)
class Function:
    """`nulls`: it wants to see a null argument; otherwise one null makes the result null, as the standard says."""

    function: Callable[..., Any]
    least: int
    most: int
    nulls: bool = False


@dataclass(frozen=True)
class Range:
    """[low..high]; None at an end is no bound there."""

    low: Any
    high: Any
    low_open: bool = False
    high_open: bool = False

    def holds(self, value: Any) -> bool | None:
        """Whether `value` lies in it; None (null) when value is null. ValueError when it has no order with the bounds."""
        if value is None:
            return None
        above = self.low is None or less(self.low, value, strict=self.low_open)
        return above and (self.high is None or less(value, self.high, strict=self.high_open))


def less(a: Any, b: Any, *, strict: bool) -> bool:
    """a < b or a <= b. ValueError when the two have no order."""
    if type(a) is type(b) and isinstance(a, Decimal | str | timedelta | values.YearsMonths):
        return bool(a < b if strict else a <= b)
    if isinstance(a, bool | list | dict | Range) or isinstance(b, bool | list | dict | Range):
        raise ValueError(f"{arithmetic.kind(a)} and {arithmetic.kind(b)} have no order")
    return arithmetic.compare("<" if strict else "<=", a, b)


def equal(a: Any, b: Any) -> bool:
    """Two kinds are never equal; a datetime is not a date."""
    if isinstance(a, list) and isinstance(b, list):
        return len(a) == len(b) and all(equal(x, y) for x, y in zip(a, b, strict=True))
    if isinstance(a, dict) and isinstance(b, dict):
        return a.keys() == b.keys() and all(equal(value, b[key]) for key, value in a.items())
    return type(a) is type(b) and bool(a == b)


def as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if value is None else [value]


def _items(arguments: tuple[Any, ...]) -> list[Any]:
    """`min(1, 2)` and `min([1, 2])` are the same."""
    return as_list(arguments[0]) if len(arguments) == 1 else list(arguments)


def text_of(value: Any, function: str) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{function} expects text, found {arithmetic.kind(value)}")
    return value


def number_of(value: Any, function: str) -> Decimal:
    if not isinstance(value, Decimal):
        raise ValueError(f"{function} expects a number, found {arithmetic.kind(value)}")
    return value


def whole(value: Any, function: str) -> int:
    number = number_of(value, function)
    if number != number.to_integral_value() or abs(number) > _MOST_CHARACTERS:
        raise ValueError(f"{function} expects a whole number, found {number}")
    return int(number)


def bounded(made: list[Any]) -> list[Any]:
    if len(made) > _MOST_ITEMS:
        raise ValueError(f"expected a list of at most {_MOST_ITEMS} items")
    return made


def short(made: str) -> str:
    if len(made) > _MOST_CHARACTERS:
        raise ValueError(f"expected text of at most {_MOST_CHARACTERS} characters")
    return made


def substring(value: Any, start: Any, length: Any = None) -> str:
    text, at = text_of(value, "substring"), whole(start, "substring")
    at = at - 1 if at > 0 else len(text) + at
    return text[max(at, 0) :][: None if length is None else max(whole(length, "substring"), 0)]


def _before(value: Any, mark: Any) -> str:
    found = text_of(value, "substring before").partition(text_of(mark, "substring before"))
    return found[0] if found[1] else ""


def _after(value: Any, mark: Any) -> str:
    found = text_of(value, "substring after").partition(text_of(mark, "substring after")) if mark else ("", "x", value)
    return str(found[2]) if found[1] else ""


def _join(items: Any, mark: Any = None) -> str:
    texts = [text_of(item, "string join") for item in as_list(items) if item is not None]
    between = "" if mark is None else text_of(mark, "string join")
    if sum(map(len, texts)) + len(between) * len(texts) > _MOST_CHARACTERS:
        raise ValueError(f"expected text of at most {_MOST_CHARACTERS} characters")
    return between.join(texts)


def string(value: Any) -> str:
    if isinstance(value, Decimal):
        return f"{value:f}" if -30 < value.adjusted() < 30 else str(value)
    return short(values.to_text(value))


def make_date(value: Any, month: Any = None, day: Any = None) -> date:
    if month is None or day is None:
        return arithmetic.make_date(value)
    return date(whole(value, "date"), whole(month, "date"), whole(day, "date"))


def make_datetime(value: Any, clock: Any = None) -> datetime:
    if clock is None:
        return arithmetic.make_datetime(value)
    if not isinstance(clock, time):
        raise ValueError(f"date and time expects a time, found {arithmetic.kind(clock)}")
    return values.aware(datetime.combine(arithmetic.make_date(value), clock))


def months_between(start: Any, end: Any) -> values.YearsMonths:
    """Whole months from `start` to `end`, towards zero."""
    a, b = arithmetic.make_date(start), arithmetic.make_date(end)
    if b < a:
        return values.YearsMonths(-months_between(b, a).months)
    months = (b.year - a.year) * 12 + b.month - a.month
    return values.YearsMonths(months - (b.day < a.day))


def _extreme(largest: bool) -> Callable[..., Any]:
    def order(a: Any, b: Any) -> int:
        return -1 if less(a, b, strict=True) else int(less(b, a, strict=True))

    def found(*arguments: Any) -> Any:
        items = [item for item in _items(arguments) if item is not None]
        if not items:
            return None
        return (max if largest else min)(items, key=cmp_to_key(order))

    return found


def total(*arguments: Any) -> Any:
    items = [item for item in _items(arguments) if item is not None]
    if not items:
        return None
    result = items[0]
    for item in items[1:]:
        result = arithmetic.operate("+", result, item)
    return number_of(result, "sum") if not isinstance(result, timedelta | values.YearsMonths) else result


def _mean(*arguments: Any) -> Any:
    items = [number_of(item, "mean") for item in _items(arguments) if item is not None]
    return arithmetic.operate("/", total(items), Decimal(len(items))) if items else None


def _all(*arguments: Any) -> bool | None:
    items = _items(arguments)
    return False if any(i is False for i in items) else None if any(i is not True for i in items) else True


def _any(*arguments: Any) -> bool | None:
    items = _items(arguments)
    return True if any(i is True for i in items) else None if any(i is not False for i in items) else False


def _distinct(items: Any) -> list[Any]:
    kept: list[Any] = []
    for item in as_list(items)[:2000]:
        if not any(equal(item, other) for other in kept):
            kept.append(item)
    if len(as_list(items)) > 2000:
        raise ValueError("expected a list of at most 2000 items")
    return kept


def _sublist(items: Any, start: Any, length: Any = None) -> list[Any]:
    at = whole(start, "sublist")
    found = as_list(items)[at - 1 if at > 0 else at :]
    return found if length is None else found[: max(whole(length, "sublist"), 0)]


def _remove(items: Any, at: Any) -> list[Any]:
    index = whole(at, "remove")
    found = list(as_list(items))
    if not 1 <= abs(index) <= len(found):
        raise ValueError(f"remove expects a place within the list, found {index}")
    del found[index - 1 if index > 0 else index]
    return found


def _flatten(items: Any) -> list[Any]:
    made: list[Any] = []
    for item in as_list(items):
        made += _flatten(item) if isinstance(item, list) else [item]
        bounded(made)
    return made


def _place(way: str) -> Callable[..., Decimal]:
    """floor, ceiling, rounding: to a number of digits, none by default."""

    def rounded(value: Any, digits: Any = Decimal(0)) -> Decimal:
        places = whole(digits, "rounding")
        if abs(places) > 30:
            raise ValueError("expected at most 30 digits")
        return number_of(value, "rounding").quantize(Decimal(1).scaleb(-places), way)

    return rounded


def _decimal(value: Any, digits: Any) -> Decimal:
    return _place("ROUND_HALF_EVEN")(value, digits)


def _modulo(a: Any, b: Any) -> Any:
    return arithmetic.operate("%", number_of(a, "modulo"), number_of(b, "modulo"))


def _weekday(day: Any) -> str:
    names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"]
    return names[arithmetic.make_date(day).weekday()]


def _get_value(context: Any, key: Any) -> Any:
    return context.get(key) if isinstance(context, dict) else None


def _coalesce(*arguments: Any) -> Any:
    return next((value for value in arguments if value is not None), None)


MANY = 100
FUNCTIONS: dict[str, Function] = {
    "not": Function(lambda v: None if v is None else not v if isinstance(v, bool) else None, 1, 1, True),
    "string length": Function(lambda v: Decimal(len(text_of(v, "string length"))), 1, 1),
    "upper case": Function(lambda v: text_of(v, "upper case").upper(), 1, 1),
    "lower case": Function(lambda v: text_of(v, "lower case").lower(), 1, 1),
    "trim": Function(lambda v: text_of(v, "trim").strip(), 1, 1),
    "substring": Function(substring, 2, 3),
    "substring before": Function(_before, 2, 2),
    "substring after": Function(_after, 2, 2),
    "contains": Function(lambda v, part: text_of(part, "contains") in text_of(v, "contains"), 2, 2),
    "starts with": Function(lambda v, part: text_of(v, "starts with").startswith(text_of(part, "starts with")), 2, 2),
    "ends with": Function(lambda v, part: text_of(v, "ends with").endswith(text_of(part, "ends with")), 2, 2),
    "string join": Function(_join, 1, 2, True),
    "string": Function(string, 1, 1),
    "number": Function(lambda v: values.parse_decimal(v if isinstance(v, Decimal) else text_of(v, "number")), 1, 1),
    "date": Function(make_date, 1, 3),
    "time": Function(arithmetic.make_time, 1, 1),
    "date and time": Function(make_datetime, 1, 2),
    "duration": Function(arithmetic.make_duration, 1, 1),
    "years and months duration": Function(months_between, 2, 2),
    "today": Function(arithmetic.make_date, 0, 0),
    "now": Function(lambda now: now, 0, 0),
    "day of week": Function(_weekday, 1, 1),
    "list contains": Function(lambda items, value: any(equal(i, value) for i in as_list(items)), 2, 2, True),
    "count": Function(lambda items: Decimal(len(as_list(items))), 1, 1, True),
    "min": Function(_extreme(False), 1, MANY, True),
    "max": Function(_extreme(True), 1, MANY, True),
    "sum": Function(total, 1, MANY, True),
    "mean": Function(_mean, 1, MANY, True),
    "all": Function(_all, 1, MANY, True),
    "any": Function(_any, 1, MANY, True),
    "append": Function(lambda items, *more: bounded([*as_list(items), *more]), 2, MANY, True),
    "concatenate": Function(lambda *lists: bounded([i for one in lists for i in as_list(one)]), 1, MANY, True),
    "sublist": Function(_sublist, 2, 3),
    "remove": Function(_remove, 2, 2),
    "reverse": Function(lambda items: list(reversed(as_list(items))), 1, 1),
    "index of": Function(lambda items, v: [Decimal(n) for n, i in enumerate(as_list(items), 1) if equal(i, v)], 2, 2, True),
    "union": Function(lambda *lists: _distinct([i for one in lists for i in as_list(one)]), 1, MANY, True),
    "distinct values": Function(_distinct, 1, 1, True),
    "flatten": Function(_flatten, 1, 1, True),
    "abs": Function(lambda v: abs(v) if isinstance(v, timedelta) else abs(number_of(v, "abs")), 1, 1),
    "floor": Function(_place("ROUND_FLOOR"), 1, 2),
    "ceiling": Function(_place("ROUND_CEILING"), 1, 2),
    "decimal": Function(_decimal, 2, 2),
    "round half up": Function(_place("ROUND_HALF_UP"), 1, 2),
    "round half down": Function(_place("ROUND_HALF_DOWN"), 1, 2),
    "round up": Function(_place("ROUND_UP"), 1, 2),
    "round down": Function(_place("ROUND_DOWN"), 1, 2),
    "modulo": Function(_modulo, 2, 2),
    "odd": Function(lambda v: whole(v, "odd") % 2 == 1, 1, 1),
    "even": Function(lambda v: whole(v, "even") % 2 == 0, 1, 1),
    "is defined": Function(lambda v: v is not None, 1, 1, True),
    "get value": Function(_get_value, 2, 2),
    "coalesce": Function(_coalesce, 1, MANY, True),
    **{name: Function(function, least, most) for name, (function, least, most) in workdays.FUNCTIONS.items()},
}
