"""What translated expressions call: operators with a bound on what they make, dates and decimals, fields, missing names."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from decimal import Decimal, DivisionByZero, InvalidOperation, localcontext
from typing import Any

import starlark

from engine.expressions import values
from engine.expressions.limits import DEFAULT

SOURCE = """
MOST = %d
BIG = 1000000000000000000000000000000

def op_missing(name):
    fail("@missing " + name)

def guard(a, b):
    if type(a) in ("string", "list", "tuple") and type(a) == type(b) and len(a) + len(b) > MOST:
        fail("it grows over the limit of %d")

def op_add(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("+", a, b)
    guard(a, b)
    return a + b

def op_iadd(a, b):
    if type(a) == "list":
        if type(b) in ("list", "tuple", "range"):
            if len(a) + len(b) > MOST:
                fail("it grows over the limit of %d")
        a += b
        return a
    return op_add(a, b)

def op_sub(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("-", a, b)
    return a - b

def op_mul(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("*", a, b)
    if type(a) == "int" and type(b) == "int":
        if abs(a) > BIG or abs(b) > BIG:
            fail("the number is too long")
    elif type(a) in ("string", "list", "tuple") and type(b) == "int":
        if len(a) * b > MOST:
            fail("it grows over the limit of %d")
    elif type(b) in ("string", "list", "tuple") and type(a) == "int":
        if len(b) * a > MOST:
            fail("it grows over the limit of %d")
    return a * b

def op_div(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("/", a, b)
    if b == 0:
        fail("division by zero")
    return a / b

def op_floordiv(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("//", a, b)
    if b == 0:
        fail("division by zero")
    return a // b

def op_mod(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_operate("%%", a, b)
    if type(a) == "string":
        fail("text has no %%; put the parts together with + or an f-string")
    if b == 0:
        fail("division by zero")
    return a %% b

def op_eq(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_compare("==", a, b)
    return a == b

def op_ne(a, b):
    return not op_eq(a, b)

def op_lt(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_compare("<", a, b)
    return a < b

def op_le(a, b):
    if type(a) == "dict" or type(b) == "dict":
        return py_compare("<=", a, b)
    return a <= b

def op_gt(a, b):
    return op_lt(b, a)

def op_ge(a, b):
    return op_le(b, a)

def op_in(a, b):
    if type(a) == "dict":
        return any([op_eq(a, item) for item in b])
    return a in b

def op_get(a, name):
    if type(a) == "dict":
        if name in a:
            return a[name]
        return py_field(a, name)
    fail("@field " + name + " of " + type(a))

def op_item(a, key):
    if type(a) == "dict" and key not in a:
        fail("there is no entry " + repr(key) + "; there are: " + ", ".join([str(k) for k in list(a)[:20]]))
    return a[key]

def op_empty(a, path):
    for name in path:
        if type(a) != "dict" or name not in a:
            return True
        a = a[name]
    return a == None or a == "" or (type(a) in ("list", "dict", "tuple", "range") and len(a) == 0)

def op_text(a):
    return a if type(a) == "string" else py_text(a)

def fn_sum(items):
    total = 0
    for item in items:
        total = op_add(total, item)
    return total

def fn_now(now):
    return now

def fn_string(a):
    return op_text(a)

def fn_str(a):
    return op_text(a)
"""

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {"<": operator.lt, "<=": operator.le}
_NUMBERS = (int, float, Decimal)
Failure = ValueError


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """A Python function for Starlark: JSON values in, JSON values out, every failure a ValueError with a sentence."""

    @functools.wraps(function)
    def told(*arguments: Any) -> Any:
        try:
            return values.to_json(function(*(values.from_json(a) for a in arguments)))
        except (OverflowError, DivisionByZero, InvalidOperation, ZeroDivisionError):
            raise Failure("the result is too large, or a division by zero") from None
        except TypeError as error:
            raise Failure(str(error)) from None

    return told


def kind(value: Any) -> str:
    """What a value is, for sentences."""
    names = {
        "str": "text", "int": "number", "float": "number", "Decimal": "decimal", "bool": "true/false", "NoneType": "nothing", "dict": "record",
        "datetime": "date and time", "timedelta": "duration", "YearsMonths": "duration", "list": "list",
    }  # fmt: skip
    return names.get(type(value).__name__, type(value).__name__)


def add_months(day: date, months: int) -> date:
    """The same day `months` later, or the last day of that month when it has no such day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return day.replace(year=year, month=month + 1, day=min(last, day.day))
        except ValueError:
            continue
    raise Failure(f"there is no year {year}")


def _exact(value: Any) -> Decimal:
    return value if isinstance(value, Decimal) else values.parse_decimal(value)


def _is_number(value: Any) -> bool:
    return isinstance(value, _NUMBERS) and not isinstance(value, bool)


def operate(sign: str, a: Any, b: Any) -> Any:
    """Arithmetic with dates, durations and decimals. ValueError when it has no meaning."""
    result = _operate(sign, a, b)
    if result is None:
        raise Failure(f"{sign} has no meaning between {kind(a)} and {kind(b)}")
    return result


def _operate(sign: str, a: Any, b: Any) -> Any:
    if _is_number(a) and _is_number(b):
        return _decimals(sign, _exact(a), _exact(b))
    if sign == "+" and isinstance(b, date) and not isinstance(a, date):
        a, b = b, a
    if isinstance(a, date) and sign in ("+", "-") and isinstance(b, timedelta | values.YearsMonths):
        if isinstance(b, values.YearsMonths):
            return add_months(a, b.months if sign == "+" else -b.months)
        if not isinstance(a, datetime) and b % timedelta(days=1):
            raise Failure("a date has no hours: use date_and_time")
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
        if _is_number(b) and sign in ("*", "/"):
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
        raise Failure("division by zero")
    with localcontext() as context:
        context.prec = 34
        if sign in ("//", "%"):
            whole = (a / b).to_integral_value("ROUND_FLOOR")
            return whole if sign == "//" else a - whole * b
        return {"+": operator.add, "-": operator.sub, "*": operator.mul, "/": operator.truediv}[sign](a, b)


def compare(sign: str, a: Any, b: Any) -> bool:
    """Order and equality with dates, durations and decimals. Two kinds are never equal, and asking which is less is a ValueError."""
    if _is_number(a) and _is_number(b):
        a, b = _exact(a), _exact(b)
    if sign == "==":
        return type(a) is type(b) and bool(a == b)
    if type(a) is not type(b) or isinstance(a, dict) or (isinstance(a, time) and (a.tzinfo is None) != (b.tzinfo is None)):
        raise Failure(f"{kind(a)} and {kind(b)} have no order")
    return _COMPARE[sign](a, b)


def field(value: Any, name: str) -> Any:
    """`ngay.year`: a part of a date or duration. ValueError names the fields there are."""
    if isinstance(value, dict):
        raise Failure(f"there is no {name}; there are: {', '.join(list(value)[:20]) or 'none'}")
    fields = parts(value)
    if name not in fields:
        raise Failure(f"a {kind(value)} has no {name}; it has: {', '.join(fields)}")
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
    number = values.parse_decimal(value if isinstance(value, str | Decimal) or _is_number(value) else _text("number", value))
    return int(number) if number == number.to_integral_value() and abs(number) < 2**63 else float(number)


def rounded(value: Any, digits: int = 0) -> Any:
    """Half away from zero, as people round."""
    if not _is_number(value) or type(digits) is not int or abs(digits) > 30:
        raise Failure(f"expected a number and at most 30 digits, found {kind(value)}")
    exact = _exact(value).quantize(Decimal(1).scaleb(-digits), "ROUND_HALF_UP")
    if isinstance(value, Decimal):
        return exact
    return int(exact) if digits <= 0 else float(exact)


def _text(function: str, value: Any) -> str:
    if not isinstance(value, str):
        raise Failure(f'expected text between the brackets of {function}("..."), found {kind(value)}')
    return value


CALLABLES: dict[str, Callable[..., Any]] = {
    "py_operate": operate,
    "py_compare": compare,
    "py_field": field,
    "py_text": values.to_text,
    "fn_date": make_date,
    "fn_today": make_date,
    "fn_date_and_time": make_datetime,
    "fn_time": make_time,
    "fn_duration": make_duration,
    "fn_decimal": lambda value: values.parse_decimal(value if isinstance(value, str | Decimal) or _is_number(value) else _text("decimal", value)),
    "fn_round": rounded,
    "fn_number": make_number,
}
NAMES = tuple(sorted({line[4 : line.index("(")] for line in SOURCE.splitlines() if line[:7] in ("def op_", "def fn_")} | {n for n in CALLABLES if n[:3] == "fn_"}))


def dialect() -> starlark.Dialect:
    words = starlark.Dialect.extended()
    words.enable_load = True  # of the prelude alone: Python's grammar, which reads the source first, has no load statement
    words.enable_top_level_stmt = True
    return words


@functools.cache
def loader() -> starlark.FileLoader:
    """Gives the prelude, compiled once in a process, to every module that asks."""
    module = starlark.Module()
    for name, function in CALLABLES.items():
        module.add_callable(name, _told(function))
    sizes = (DEFAULT.result_bytes,) * (SOURCE.count("%d"))
    text = SOURCE % sizes
    starlark.eval(module, starlark.parse("prelude", text, dialect()), starlark.Globals.standard())
    frozen = module.freeze()
    # A callable cannot be loaded by name, only functions of the module that use it.
    return starlark.FileLoader(lambda _name: frozen)
