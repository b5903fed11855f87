"""What translated expressions call: operators with a bound on what they make, dates and decimals, fields, missing names."""

from __future__ import annotations

import functools
from collections.abc import Callable
from decimal import DivisionByZero, InvalidOperation
from typing import Any

import starlark

from engine.expressions import arithmetic, values, workdays
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

def order_of(items, key):
    keys = items if key == None else [key(item) for item in items]
    return py_order(keys) if any([type(k) == "dict" for k in keys]) else None

def fn_min(*args, key = None):
    items = list(args[0] if len(args) == 1 else args)
    order = order_of(items, key)
    if order == None:
        return min(items) if key == None else min(items, key = key)
    return items[order[0]]

def fn_max(*args, key = None):
    items = list(args[0] if len(args) == 1 else args)
    order = order_of(items, key)
    if order == None:
        return max(items) if key == None else max(items, key = key)
    return items[order[-1]]

def fn_sorted(items, key = None, reverse = False):
    items = list(items)
    order = order_of(items, key)
    if order == None:
        return sorted(items, key = key, reverse = reverse) if key != None else sorted(items, reverse = reverse)
    return [items[i] for i in (reversed(order) if reverse else order)]

def fn_now(now):
    return now

def fn_string(a):
    return op_text(a)

def fn_str(a):
    return op_text(a)
"""


def _told(function: Callable[..., Any]) -> Callable[..., Any]:
    """A Python function for Starlark: JSON values in, JSON values out, every failure a ValueError with a sentence."""

    @functools.wraps(function)
    def told(*arguments: Any) -> Any:
        try:
            return values.to_json(function(*(values.from_json(a) for a in arguments)))
        except (OverflowError, DivisionByZero, InvalidOperation, ZeroDivisionError):
            raise ValueError("the result is too large, or a division by zero") from None
        except TypeError as error:
            raise ValueError(str(error)) from None

    return told


CALLABLES: dict[str, Callable[..., Any]] = {
    "py_operate": arithmetic.operate,
    "py_compare": arithmetic.compare,
    "py_field": arithmetic.field,
    "py_text": values.to_text,
    "py_order": arithmetic.order,
    "fn_date": arithmetic.make_date,
    "fn_today": arithmetic.make_date,
    "fn_date_and_time": arithmetic.make_datetime,
    "fn_time": arithmetic.make_time,
    "fn_duration": arithmetic.make_duration,
    "fn_decimal": arithmetic.make_decimal,
    "fn_round": arithmetic.rounded,
    "fn_number": arithmetic.make_number,
    **{f"fn_{name}": function for name, (function, _, _) in workdays.FUNCTIONS.items()},
}
_DEFINED = {line[4 : line.index("(")] for line in SOURCE.splitlines() if line.startswith(("def op_", "def fn_"))}
NAMES = tuple(sorted(_DEFINED | {name for name in CALLABLES if name.startswith("fn_")}))
"""What a translated expression loads from here."""


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
    return starlark.FileLoader(lambda _name: frozen)
