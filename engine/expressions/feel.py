"""FEEL: the subset that forms and decision tables need, evaluated node by node within a bound of steps.

Null is handled as the standard says: it passes through arithmetic and order, `and` and `or` are three-valued, a variable that does not
exist is null. Where the standard gives null for two values that have no order (`"3" < 5`), this raises: a silent no-match is worse.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any

from engine.expressions.feel_evaluation import Evaluation, from_feel, to_feel
from engine.expressions.feel_syntax import Parser
from engine.expressions.feel_tokens import Node

MOMENT_PARTS = frozenset({"year", "month", "day", "weekday", "hour", "minute", "second", "years", "months", "days", "hours", "minutes"})
"""What FEEL asks of dates and durations with a dot: no parts of a record."""


@lru_cache(maxsize=4096)
def _expression(source: str, known: frozenset[str]) -> tuple[Node, frozenset[str]]:
    return _parsed(source, known, "whole_expression")


@lru_cache(maxsize=4096)
def _tests(source: str, known: frozenset[str]) -> tuple[Node, frozenset[str]]:
    return _parsed(source, known, "whole_unary_tests")


def _parsed(source: str, known: frozenset[str], rule: str) -> tuple[Node, frozenset[str]]:
    parser = Parser(source, known)
    tree: Node = getattr(parser, rule)()
    return tree, frozenset(parser.reads)


def feel(source: str, variables: Mapping[str, Any], *, known: frozenset[str] = frozenset()) -> Any:
    """The value of a FEEL expression, in Python values. `known`: names of several words. Raises ExpressionError."""
    tree, _ = _expression(source, known)
    return from_feel(Evaluation(source, variables).start(tree))


def unary_tests(
    source: str, value: Any, variables: Mapping[str, Any], input_name: str = "?", *, known: frozenset[str] = frozenset()
) -> bool:
    """Whether `value` passes the tests of a cell. `-` and an empty cell pass everything. Raises ExpressionError."""
    tree, _ = _tests(source, known)
    if tree.kind == "any":
        return True
    evaluation = Evaluation(source, variables)
    evaluation.scope = {"?": to_feel(value), input_name: to_feel(value)}
    return evaluation.start(tree) is True


def check_feel(source: str, known: frozenset[str] = frozenset()) -> None:
    """Raises ExpressionError with line and column when it is no FEEL, or FEEL that is not supported."""
    _expression(source, known)


def check_unary_tests(source: str, known: frozenset[str] = frozenset()) -> None:
    """Raises ExpressionError with line and column when it is no unary tests, or FEEL that is not supported."""
    _tests(source, known)


def feel_names(source: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The variables an expression reads; names inside a filter `[...]` are left out, they may be fields."""
    return _expression(source, known)[1]


def unary_test_names(source: str, known: frozenset[str] = frozenset()) -> frozenset[str]:
    """The variables a cell reads."""
    return _tests(source, known)[1]


def feel_paths(source: str, known: frozenset[str] = frozenset()) -> list[tuple[str, ...]]:
    """The variables an expression reads with the parts it asks of them, `tieu_chuan.so_nam` as ("tieu_chuan", "so_nam")."""
    tree, reads = _expression(source, known)
    found = dict.fromkeys(path for path in _paths(tree) if path[0] in reads)
    return [path for path in found if not any(other != path and other[: len(path)] == path for other in found)]


def _paths(part: Any) -> Iterator[tuple[str, ...]]:
    if isinstance(part, Node):
        way: list[str] = []
        inner = part
        while inner.kind == "path":
            way.insert(0, inner.parts[1])
            inner = inner.parts[0]
        if inner.kind == "variable":
            yield (inner.parts[0], *(way if not MOMENT_PARTS.intersection(way) else way[:-1]))
        else:
            yield from _paths(inner.parts)
    elif isinstance(part, list | tuple):
        for one in part:
            yield from _paths(one)


def literal_tests(source: str, known: frozenset[str] = frozenset()) -> list[Any]:
    """The values that a cell compares with as they stand (`"a", "b"`, `not(true)`), for checking them against a column's type."""
    return [value.parts[0] for value in _compared(source, known) if value.kind == "literal"]


def named_tests(source: str, known: frozenset[str] = frozenset()) -> list[str]:
    """The bare names that a cell compares with: variables, or text that somebody forgot to quote."""
    return [value.parts[0] for value in _compared(source, known) if value.kind == "variable"]


def _compared(source: str, known: frozenset[str]) -> list[Node]:
    tree, _ = _tests(source, known)
    tests: list[Node] = tree.parts[0] if tree.kind in ("tests", "not_tests") else []
    return [test.parts[0] for test in tests if test.kind == "test_value"]


@lru_cache(maxsize=4096)
def compares_moments(source: str, known: frozenset[str] = frozenset()) -> bool:
    """Whether a cell has a date and time written out, as the date columns of older editors do."""
    return _has_moment(_tests(source, known)[0])


def _has_moment(part: Any) -> bool:
    if isinstance(part, Node):
        return any(_has_moment(inner) for inner in part.parts)
    return isinstance(part, datetime) or (isinstance(part, list | tuple) and any(_has_moment(inner) for inner in part))
