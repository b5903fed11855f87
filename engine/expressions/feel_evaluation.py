"""Evaluates a FEEL tree node by node, within a bound of steps and time."""

from __future__ import annotations

import time as clock
from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import Any

from engine.errors import ExpressionError
from engine.expressions import arithmetic, values, workdays
from engine.expressions.feel_functions import FUNCTIONS, Range, as_list, bounded, equal, less, short
from engine.expressions.feel_tokens import Node
from engine.expressions.limits import current
from engine.expressions.vocabulary import NOW

_MOST_STEPS = 500_000
_BOOLEAN_KINDS = frozenset(["compare", "and", "or", "between", "in", "some", "every"])


def to_feel(value: Any) -> Any:
    """A Python or stored value as FEEL has it: every number is a Decimal."""
    if value is None or isinstance(value, str | bool | Decimal):
        return value
    if isinstance(value, int | float):
        return values.parse_decimal(value)
    if isinstance(value, list | tuple):
        return [to_feel(item) for item in value]
    if isinstance(value, Mapping):
        plain = values.from_json(dict(value)) if values.is_tagged(value) else value
        return {key: to_feel(item) for key, item in plain.items()} if isinstance(plain, Mapping) else plain
    return values.aware(value) if isinstance(value, datetime) else value


def from_feel(value: Any) -> Any:
    """A FEEL value in Python: a number is an int, or a float when that is exact, else a Decimal."""
    if isinstance(value, Decimal):
        if value == value.to_integral_value() and abs(value) < 2**63:
            return int(value)
        near = float(value)
        return near if Decimal(repr(near)) == value else value
    if isinstance(value, list):
        return [from_feel(item) for item in value]
    if isinstance(value, dict):
        return {key: from_feel(item) for key, item in value.items()}
    if isinstance(value, Range):
        raise ValueError("a range is no value that can be stored")
    return value


class Evaluation:
    """One evaluation: the variables of the case, and in `scope` those of the expression's own clauses and `?`."""

    def __init__(self, source: str, variables: Mapping[str, Any]) -> None:
        self.source, self.variables = source, variables
        self.scope: dict[str, Any] = {}
        self.steps = 0
        self.seconds = current().seconds
        self.deadline = clock.thread_time() + self.seconds
        self.node: Node | None = None

    def start(self, tree: Node) -> Any:
        try:
            with localcontext() as context:
                context.prec = 34
                return self.value(tree)
        except (ValueError, ArithmeticError, TypeError) as error:
            line, column = (self.node.line, self.node.column) if self.node else (1, 1)
            told = str(error) if isinstance(error, ValueError | TypeError) else "the result is too large, or a division by zero"
            raise ExpressionError(self.source, told, line, column) from None

    def value(self, node: Node) -> Any:
        self.steps += 1
        if self.steps > _MOST_STEPS or (self.steps % 256 == 0 and clock.thread_time() > self.deadline):
            raise ValueError(f"expected it to end within {self.seconds:g} seconds")
        result = getattr(self, "do_" + node.kind)(*node.parts)
        self.node = node
        return result

    # --- values

    def do_literal(self, value: Any) -> Any:
        return value

    def do_variable(self, name: str) -> Any:
        if name in self.scope:
            return self.scope[name]
        return to_feel(self.variables.get(name))

    def do_list(self, items: list[Node]) -> list[Any]:
        return [self.value(item) for item in items]

    def do_range(self, low: Node, high: Node, low_open: bool, high_open: bool) -> Range:
        return Range(self.value(low), self.value(high), low_open, high_open)

    def do_context(self, entries: tuple[tuple[str, Node], ...]) -> dict[str, Any]:
        outer, made = self.scope, {}
        for key, entry in entries:
            made[key] = self.value(entry)
            self.scope = {**outer, **made}
        self.scope = outer
        return made

    def do_path(self, inner: Node, name: str) -> Any:
        return _part(self.value(inner), name)

    def do_filter(self, inner: Node, condition: Node) -> Any:
        items = as_list(self.value(inner))
        if condition.kind in ("literal", "negative"):
            return _item(items, self.value(condition))
        outer, kept = self.scope, []
        for item in items:
            self.scope = {**outer, **(item if isinstance(item, dict) else {}), "item": item}
            passed = self.value(condition)
            if isinstance(passed, Decimal):
                self.scope = outer
                return _item(items, passed)
            if passed is True:
                kept.append(item)
        self.scope = outer
        return kept

    # --- logic

    def do_if(self, condition: Node, then: Node, otherwise: Node) -> Any:
        return self.value(then) if self.value(condition) is True else self.value(otherwise)

    def do_and(self, left: Node, right: Node) -> bool | None:
        a = self.value(left)
        if a is False:
            return False
        b = self.value(right)
        return False if b is False else True if a is True and b is True else None

    def do_or(self, left: Node, right: Node) -> bool | None:
        a = self.value(left)
        if a is True:
            return True
        b = self.value(right)
        return True if b is True else False if a is False and b is False else None

    def do_compare(self, sign: str, left: Node, right: Node) -> bool | None:
        return _compare(sign, self.value(left), self.value(right))

    def do_between(self, value: Node, low: Node, high: Node) -> bool | None:
        a, b, c = self.value(value), self.value(low), self.value(high)
        return None if a is None or b is None or c is None else Range(b, c).holds(a)

    def do_in(self, value: Node, tests: list[Node]) -> bool:
        outer = self.scope
        self.scope = {**outer, "?": self.value(value)}
        passed = self.do_tests(tests)
        self.scope = outer
        return passed

    # --- arithmetic and calls

    def do_arithmetic(self, sign: str, left: Node, right: Node) -> Any:
        a, b = self.value(left), self.value(right)
        if a is None or b is None:
            return None
        if sign == "+" and isinstance(a, str) and isinstance(b, str):
            return short(a + b)
        if sign == "**":
            return _power(a, b)
        if isinstance(a, values.YearsMonths) or isinstance(b, values.YearsMonths):
            # A duration of months is multiplied by whole numbers only.
            a, b = _whole(a), _whole(b)
        return _plain(arithmetic.operate(sign, a, b))

    def do_negative(self, inner: Node) -> Any:
        value = self.value(inner)
        if isinstance(value, values.YearsMonths):
            return values.YearsMonths(-value.months)
        if value is not None and not isinstance(value, Decimal | timedelta):
            raise ValueError(f"expected a number after -, found {arithmetic.kind(value)}")
        return None if value is None else -value

    def do_call(self, name: str, arguments: list[Node]) -> Any:
        function = FUNCTIONS[name]
        given = [self.value(argument) for argument in arguments]
        if name in ("now", "today"):
            given = [_now(self.variables)]
        if not function.nulls and any(value is None for value in given):
            return None
        if name in workdays.FUNCTIONS:
            given = [_now(self.variables), workdays.told_calendar(self.variables), *given]
        return _plain(function.function(*given))

    # --- iteration

    def do_numbers(self, low: Node, high: Node) -> list[Any]:
        a, b = self.value(low), self.value(high)
        if not (isinstance(a, Decimal) and isinstance(b, Decimal)) or abs(b - a) > 100_000:
            raise ValueError("expected two numbers at most 100000 apart around ..")
        step = 1 if a <= b else -1
        return [Decimal(n) for n in range(int(a), int(b) + step, step)]

    def _rounds(self, clauses: tuple[tuple[str, Node], ...]) -> Iterator[None]:
        if not clauses:
            yield
            return
        (name, source), *rest = clauses
        outer = self.scope
        found = self.value(source)
        for item in _members(found):
            self.scope = {**outer, name: item}
            yield from self._rounds(tuple(rest))
        self.scope = outer

    def do_for(self, clauses: tuple[tuple[str, Node], ...], result: Node) -> list[Any]:
        outer, made = self.scope, []
        for _ in self._rounds(clauses):
            made.append(self.value(result))
            bounded(made)
        self.scope = outer
        return made

    def do_some(self, clauses: tuple[tuple[str, Node], ...], condition: Node) -> bool | None:
        return FUNCTIONS["any"].function(self.do_for(clauses, condition))  # type: ignore[no-any-return]

    def do_every(self, clauses: tuple[tuple[str, Node], ...], condition: Node) -> bool | None:
        return FUNCTIONS["all"].function(self.do_for(clauses, condition))  # type: ignore[no-any-return]

    # --- unary tests: `?` is the value under test

    def do_tests(self, tests: list[Node]) -> bool:
        return any(self.value(test) is True for test in tests)

    def do_not_tests(self, tests: list[Node]) -> bool | None:
        if self.scope.get("?") is None and not any(_speaks_of_null(test) for test in tests):
            return None
        return not self.do_tests(tests)

    def do_test_compare(self, sign: str, bound: Node) -> bool | None:
        return _compare(sign, self.scope["?"], self.value(bound))

    def do_test_value(self, inner: Node) -> bool | None:
        found, tested = self.value(inner), self.scope.get("?")
        if _asks(inner):
            return found is True
        if isinstance(found, Range):
            return found.holds(tested)
        if isinstance(found, list) and not isinstance(tested, list):
            return any(item.holds(tested) is True if isinstance(item, Range) else equal(item, tested) for item in found)
        return equal(found, tested)


def _asks(node: Node) -> bool:
    """Whether a cell's expression is a question (`? > 3`, `a and b`, `contains(?, "x")`) rather than a value to compare with."""
    return node.kind in _BOOLEAN_KINDS or (node.kind == "call" and _mentions(node)) or (node.kind == "if" and _mentions(node))


def _mentions(part: Any) -> bool:
    if isinstance(part, Node):
        return (part.kind == "variable" and part.parts == ("?",)) or any(_mentions(inner) for inner in part.parts)
    return isinstance(part, list | tuple) and any(_mentions(inner) for inner in part)


def _speaks_of_null(test: Node) -> bool:
    inner = test.parts[-1]
    return _mentions(inner) or (inner.kind == "literal" and inner.parts[0] is None)


def _compare(sign: str, a: Any, b: Any) -> bool | None:
    if sign in ("=", "!="):
        return equal(a, b) is (sign == "=")
    if a is None or b is None:
        return None
    return less(a, b, strict=len(sign) == 1) if sign[0] == "<" else less(b, a, strict=len(sign) == 1)


def _part(value: Any, name: str) -> Any:
    if value is None:
        return None
    if isinstance(value, list):
        return [_part(item, name) for item in value]
    if isinstance(value, dict):
        return value.get(name)
    return to_feel(arithmetic.field(value, name))


def _item(items: list[Any], index: Any) -> Any:
    at = int(index)
    return items[at - 1 if at > 0 else at] if 1 <= abs(at) <= len(items) else None


def _members(found: Any) -> list[Any]:
    if isinstance(found, Range) and isinstance(found.low, Decimal) and isinstance(found.high, Decimal):
        if found.high - found.low > 100_000:
            raise ValueError("expected a range of at most 100000 numbers")
        return [Decimal(n) for n in range(int(found.low) + found.low_open, int(found.high) + 1 - found.high_open)]
    return as_list(found)


def _power(a: Any, b: Any) -> Decimal:
    if not (isinstance(a, Decimal) and isinstance(b, Decimal)) or abs(b) > 1000:
        raise ValueError("expected two numbers around **, the second at most 1000")
    return a**b


def _plain(value: Any) -> Any:
    return to_feel(value) if isinstance(value, int | float) and not isinstance(value, bool) else value


def _now(variables: Mapping[str, Any]) -> date:
    now = variables.get(NOW)
    if now is None:
        return datetime.now(values.ZONE)
    moment = datetime.fromisoformat(now) if isinstance(now, str) else values.from_json(now) if isinstance(now, dict) else now
    return arithmetic.make_datetime(moment)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() and abs(value) < 10**9 else value
