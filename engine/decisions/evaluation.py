"""Evaluates decision tables: which rules match, and what the hit policy makes of them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from itertools import islice
from typing import Any

from engine import expressions
from engine.decisions import types
from engine.decisions.model import SINGLE, Decision, Outcome, Output, Rule, Table, Text
from engine.errors import DecisionError, ExpressionError
from engine.expressions import arithmetic
from engine.expressions.feel import compares_moments, unary_test_names
from engine.expressions.feel_evaluation import from_feel, to_feel
from engine.expressions.feel_functions import FUNCTIONS, equal


class Evaluation:
    """One decision with the variables it sees: those of the case and the results of the decisions it requires."""

    def __init__(self, decision: Decision, variables: Mapping[str, Any], known: frozenset[str], required: tuple[Outcome, ...] = ()) -> None:
        self.decision, self.variables, self.known, self.required = decision, variables, known, required

    def outcome(self) -> Outcome:
        """Raises DecisionError with rule number and column."""
        if self.decision.table is not None:
            return self._table(self.decision.table)
        if self.decision.expression is None:
            raise self.failed("there is no table and no expression in it")
        try:
            value = types.coerce(self.value(self.decision.expression), self.decision.type)
        except (ExpressionError, ValueError) as error:
            raise self.failed(_message(error)) from None
        return Outcome(value, [{self.decision.variable: value}], [], self.decision.id, {}, self.required)

    def failed(self, message: str, rule: object = "-", column: str = "-", cell: str = "") -> DecisionError:
        """`cell`: id of the cell, for who shows it; the sentence itself names rule and column."""
        return DecisionError(decision=self.decision.title, rule=rule, column=column, message=message, cell=cell, id=self.decision.id)

    def value(self, text: Text) -> Any:
        """The value of an expression in its language. ExpressionError."""
        if text.language == "juel":
            return expressions.evaluate(text.source, self.variables, bare=True)
        if text.language != "feel":
            raise ExpressionError(text.source, f"expected the language feel or juel, found {text.language}")
        return None if text.empty else expressions.feel(text.source, self.variables, known=self.known)

    # --- tables

    def _table(self, table: Table) -> Outcome:
        inputs = [self._input(table, at) for at in range(len(table.inputs))]
        matches = (rule for rule in table.rules if self._matches(table, rule, inputs))
        matched = list(islice(matches, 1)) if table.hit_policy == "FIRST" else list(matches)
        if table.hit_policy == "UNIQUE" and len(matched) > 1:
            numbers = ", ".join(str(rule.number) for rule in matched)
            raise self.failed("expected at most one rule to match, but these overlap", numbers)
        found = [(rule.number, self._results(table, rule)) for rule in matched]
        found = self._ordered(table, found)
        results = [result for _, result in found]
        if not results and (default := self._default(table)):
            results = [default]
        shown = {column.label: value for column, value in zip(table.inputs, inputs, strict=True)}
        value, results = self._value(table, results)
        return Outcome(value, results, [number for number, _ in found], self.decision.id, shown, self.required)

    def _input(self, table: Table, at: int) -> Any:
        column = table.inputs[at]
        try:
            value = types.coerce(self.value(column.expression), column.type)
            if value is not None and column.allowed and not self._passes(column.allowed, value, column.variable):
                raise ValueError(f'expected one of {column.allowed.source.strip()}, found "{expressions.to_text(value)[:60]}"')
        except (ExpressionError, ValueError) as error:
            raise self.failed(_message(error), column=column.label, cell=column.expression.id) from None
        return value

    def _passes(self, test: Text, value: Any, name: str) -> bool:
        if test.source.strip() in ("", "-"):
            return True
        if test.language == "juel":
            given = {**self.variables, "cellInput": value, **({name: value} if name else {})}
            return expressions.evaluate(test.source, given, bare=True) is True
        if test.language != "feel":
            raise ExpressionError(test.source, f"expected the language feel or juel, found {test.language}")
        self._exist(unary_test_names(test.source, self.known) - {name}, test)
        if type(value) is date and compares_moments(test.source, self.known):
            value = arithmetic.make_datetime(value)
        return expressions.unary_tests(test.source, value, self.variables, name or "?", known=self.known)

    def _exist(self, names: frozenset[str], text: Text) -> None:
        """A cell that names what is not there is mostly text without its quotes: it must not become null and never match."""
        for name in sorted(names):
            if name not in self.variables:
                raise ExpressionError(text.source, f"there is no variable {name}")

    def _matches(self, table: Table, rule: Rule, inputs: list[Any]) -> bool:
        for column, test, value in zip(table.inputs, rule.tests, inputs, strict=False):
            try:
                if not self._passes(test, value, column.variable):
                    return False
            except ExpressionError as error:
                raise self.failed(error.message, rule.number, column.label, test.id) from None
        return True

    def _results(self, table: Table, rule: Rule) -> dict[str, Any]:
        found = {}
        for column, text in zip(table.outputs, rule.results, strict=False):
            found[column.name] = self.result(column, text, rule.number)
        return found

    def result(self, column: Output, text: Text, rule: object) -> Any:
        """The value of an output cell, of its column's type and one of its allowed values. DecisionError."""
        try:
            if text.language == "feel" and not text.empty:
                self._exist(expressions.feel_names(text.source, self.known), text)
            value = types.coerce(self.value(text), column.type)
            if value is not None and column.allowed and not self._passes(column.allowed, value, ""):
                raise ValueError(f'expected one of {column.allowed.source.strip()}, found "{expressions.to_text(value)[:60]}"')
        except (ExpressionError, ValueError) as error:
            raise self.failed(_message(error), rule, column.label, text.id) from None
        return value

    def _default(self, table: Table) -> dict[str, Any]:
        """The default outputs; empty when no output has one."""
        if not any(column.default for column in table.outputs):
            return {}
        return {column.name: self.result(column, column.default, "default") if column.default else None for column in table.outputs}

    # --- hit policies

    def _ordered(self, table: Table, found: list[tuple[int, dict[str, Any]]]) -> list[tuple[int, dict[str, Any]]]:
        if table.hit_policy == "ANY" and found:
            for number, result in found[1:]:
                if not equal(to_feel(result), to_feel(found[0][1])):
                    raise self.failed("expected rules that match together to say the same", f"{found[0][0]}, {number}")
            return found
        if table.hit_policy in ("PRIORITY", "OUTPUT ORDER"):
            ranks = [self.priorities(column) for column in table.outputs]
            found = sorted(found, key=lambda item: [_rank(rank, item[1][c.name]) for rank, c in zip(ranks, table.outputs, strict=True)])
            return found[:1] if table.hit_policy == "PRIORITY" else found
        return found

    def priorities(self, column: Output) -> list[Any]:
        """The allowed values of an output, the highest first. DecisionError when they are no list of values."""
        if column.allowed is None:
            return []
        try:
            values = expressions.feel(f"[{column.allowed.source}]", self.variables, known=self.known)
        except (ExpressionError, ValueError) as error:
            raise self.failed(_message(error), column=column.label) from None
        return [types.coerce(value, column.type) for value in values]

    def _value(self, table: Table, results: list[dict[str, Any]]) -> tuple[Any, list[dict[str, Any]]]:
        plain = [next(iter(result.values())) if len(table.outputs) == 1 else result for result in results]
        if table.hit_policy == "ANY":
            results = results[:1]
        if table.hit_policy in SINGLE:
            return (plain[0] if plain else None), results
        if table.hit_policy == "COLLECT" and table.aggregation:
            value = self._aggregated(table, plain)
            return value, [{table.outputs[0].name: value}]
        return plain, results

    def _aggregated(self, table: Table, found: list[Any]) -> Any:
        name = {"SUM": "sum", "MIN": "min", "MAX": "max", "COUNT": "count"}.get(table.aggregation)
        if name is None or (len(table.outputs) != 1 and name != "count"):
            raise self.failed(f"COLLECT with {table.aggregation} needs exactly one output")
        try:
            return from_feel(FUNCTIONS[name].function([to_feel(value) for value in found]))
        except (ValueError, TypeError) as error:
            raise self.failed(str(error), column=table.outputs[0].label) from None


def _rank(priorities: list[Any], value: Any) -> int:
    return next((at for at, other in enumerate(priorities) if equal(to_feel(other), to_feel(value))), len(priorities))


def _message(error: Exception) -> str:
    return error.message if isinstance(error, ExpressionError) else str(error)
