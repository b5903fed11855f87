"""What somebody has to say to try a decision out: one question per value that its conditions read, with the type its column has."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from engine import expressions
from engine.decisions.model import Decision, Input, Table, Text
from engine.errors import ExpressionError
from engine.expressions.feel import feel_paths, literal_tests

MOST_OPTIONS = 50


@dataclass(frozen=True)
class Question:
    """`path`: the variable and the parts asked of it. `type`: DMN's word, empty where anything may stand.

    `options`: the values that cells compare with.
    """

    path: tuple[str, ...]
    label: str
    type: str
    options: tuple[Any, ...] = ()


def questions(decision: Decision, by_id: Mapping[str, Decision], known: frozenset[str]) -> list[Question]:
    """Those of a decision and of what it requires, in the order of the columns, those below first."""
    found: dict[tuple[str, ...], Question] = {}
    made: set[str] = set()
    order = _order(decision, by_id)
    for current in order[:-1]:
        made |= {current.id, current.name, current.variable} | {o.name for o in (current.table.outputs if current.table else ())}
    for question in (question for current in order for question in _of(current, known)):
        if question.path[0] not in made:
            former = found.get(question.path)
            found[question.path] = question if former is None else _merged(former, question)
    # Who asks for `a.b` does not ask for all of `a` as well.
    return [one for path, one in found.items() if not any(other != path and other[: len(path)] == path for other in found)]


def _merged(former: Question, later: Question) -> Question:
    options = tuple(dict.fromkeys((*former.options, *later.options)))
    if former.type:
        return replace(former, options=options)
    return replace(later, options=options) if later.type else replace(former, options=options)


def _order(decision: Decision, by_id: Mapping[str, Decision]) -> list[Decision]:
    """The decision last, what it requires before it, each once; a circle ends where it closes."""
    seen: dict[str, Decision] = {}

    def visit(current: Decision, above: frozenset[str]) -> None:
        for id_ in current.requires:
            if id_ in by_id and id_ not in above and id_ not in seen and len(above) < 50:
                visit(by_id[id_], above | {id_})
        seen.setdefault(current.id, current)

    visit(decision, frozenset({decision.id}))
    return list(seen.values())


def _of(decision: Decision, known: frozenset[str]) -> Iterator[Question]:
    if decision.expression is not None:
        yield from (Question(path, ".".join(path), "") for path in _paths(decision.expression, known))
    if decision.table is None:
        return
    for at, column in enumerate(decision.table.inputs):
        yield from _of_column(decision.table, at, column, known)
    for rule in decision.table.rules:
        for text in (*rule.tests, *rule.results):
            own = {column.variable for column in decision.table.inputs} | {"cellInput"}
            yield from (Question((name,), name, "") for name in sorted(_cell_names(text, text in rule.tests, known) - own))


def _of_column(table: Table, at: int, column: Input, known: frozenset[str]) -> Iterator[Question]:
    paths = _paths(column.expression, known)
    plain = len(paths) == 1 and column.expression.source.strip() == ".".join(paths[0])
    for path in paths:
        name = ".".join(path)
        if plain:
            yield Question(path, column.label, column.type, _options(table, at, column, known))
        else:
            dated = re.search(rf"\bdate\(\s*{re.escape(name)}\s*\)", column.expression.source)
            yield Question(path, name, "date" if dated else "")


def _options(table: Table, at: int, column: Input, known: frozenset[str]) -> tuple[Any, ...]:
    """The values that the column allows and its cells compare with, each once."""
    if column.type != "string":
        return ()
    cells = [column.allowed, *(rule.tests[at] for rule in table.rules if at < len(rule.tests))]
    found: dict[Any, None] = {}
    for text in cells:
        if text is None or text.language != "feel":
            continue
        try:
            found |= dict.fromkeys(value for value in literal_tests(text.source, known) if isinstance(value, str))
        except ExpressionError:
            continue
    return tuple(found)[:MOST_OPTIONS]


def _paths(text: Text, known: frozenset[str]) -> list[tuple[str, ...]]:
    try:
        if text.empty:
            return []
        if text.language == "juel":
            return [(name,) for name in sorted(expressions.names(text.source, bare=True))]
        return feel_paths(text.source, known)
    except ExpressionError:
        return []


def _cell_names(text: Text, is_test: bool, known: frozenset[str]) -> frozenset[str]:
    try:
        if text.empty or text.source.strip() == "-":
            return frozenset()
        if text.language == "juel":
            return expressions.names(text.source, bare=True)
        return expressions.unary_test_names(text.source, known) if is_test else expressions.feel_names(text.source, known)
    except ExpressionError:
        return frozenset()
