"""Finds everything in a DMN file that cannot be honoured, cell by cell, before anybody relies on it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from engine import expressions
from engine.decisions import types
from engine.decisions.evaluation import Evaluation
from engine.decisions.model import AGGREGATIONS, HIT_POLICIES, Decision, Input, Rule, Table, Text
from engine.errors import DecisionError, ExpressionError, Finding, Severity
from engine.expressions import arithmetic
from engine.expressions.feel import compares_moments, literal_tests, named_tests, unary_test_names
from engine.expressions.feel_evaluation import to_feel
from engine.sentences import word

RULE = "decision_cell"


def check(file: str, decisions: list[Decision], known: frozenset[str]) -> list[Finding]:
    """All findings of a file, in document order."""
    by_id = {decision.id: decision for decision in decisions}
    found: list[Finding] = []
    for id_, count in Counter(decision.id for decision in decisions).items():
        if count > 1 or not id_:
            found.append(
                _finding(file, by_id[id_], f"mã “{id_}” phải có và chỉ dùng một lần", f"the id “{id_}” must be there and be used once")
            )
    for decision in decisions:
        found += _Check(file, decision, by_id, known).findings()
    return found


def names(decision: Decision, by_id: Mapping[str, Decision], known: frozenset[str]) -> frozenset[str]:
    """The variables of the case that `decision` reads, itself and through what it requires."""
    reads: set[str] = set()
    made: set[str] = set()
    waiting, seen = [decision], {decision.id}
    while waiting:
        current = waiting.pop()
        reads |= _reads(current, known)
        for below in (by_id[id_] for id_ in current.requires if id_ in by_id):
            made |= {below.id, below.name, below.variable} | {o.name for o in (below.table.outputs if below.table else ())}
            if below.id not in seen:
                seen.add(below.id)
                waiting.append(below)
    return frozenset(reads - made)


def _reads(decision: Decision, known: frozenset[str]) -> set[str]:
    expressions_: list[Text] = [decision.expression] if decision.expression else []
    tests: list[tuple[Text, str]] = []
    if decision.table:
        expressions_ += [column.expression for column in decision.table.inputs]
        for rule in decision.table.rules:
            expressions_ += rule.results
            tests += [(test, column.variable) for test, column in zip(rule.tests, decision.table.inputs, strict=False)]
    reads: set[str] = set()
    for text in expressions_:
        reads |= _names(text, known)
    for test, name in tests:
        reads |= _test_names(test, known) - {name, "cellInput"}
    return reads


def _names(text: Text, known: frozenset[str]) -> frozenset[str]:
    try:
        if text.empty:
            return frozenset()
        return expressions.names(text.source, bare=True) if text.language == "juel" else expressions.feel_names(text.source, known)
    except ExpressionError:
        return frozenset()


def _test_names(text: Text, known: frozenset[str]) -> frozenset[str]:
    if text.language == "juel":
        return frozenset() if text.source.strip() == "-" else _names(text, known)
    try:
        return unary_test_names(text.source, known)
    except ExpressionError:
        return frozenset()


def _finding(
    file: str,
    decision: Decision,
    vi: str,
    en: str,
    *,
    rule: object = None,
    column: str = "",
    line: int | None = None,
    cell: str = "",
    severity: Severity = Severity.ERROR,
) -> Finding:
    where_vi = f"Bảng quyết định “{decision.title}”" + (f", luật {rule}" if rule else "") + (f", cột “{column}”" if column else "")
    where_en = f"Decision “{decision.title}”" + (f", rule {rule}" if rule else "") + (f", column “{column}”" if column else "")
    return Finding(
        RULE,
        severity,
        f"{where_vi}: {vi}.",
        f"{where_en}: {en}.",
        file,
        decision.id,
        line or decision.line,
        {"decision": decision.id, "rule": rule, "column": column} | ({"cell": cell} if cell else {}),
    )


class _Check:
    def __init__(self, file: str, decision: Decision, by_id: Mapping[str, Decision], known: frozenset[str]) -> None:
        self.file, self.decision, self.by_id, self.known = file, decision, by_id, known

    def say(self, vi: str, en: str, **where: Any) -> Finding:
        return _finding(self.file, self.decision, vi, en, **where)

    def findings(self) -> Iterator[Finding]:
        decision = self.decision
        for part in decision.strange:
            vi = f"thành phần “{part}” không chạy được, hãy dùng bảng hoặc biểu thức"
            yield self.say(vi, f"“{part}” cannot be evaluated; use a table or an expression")
        if decision.table is None and decision.expression is None and not decision.strange:
            yield self.say(
                "chưa có bảng hay biểu thức, hãy vẽ bảng", "there is no table and no expression yet; draw the table", severity=Severity.TODO
            )
        if decision.expression is not None:
            yield from self._expression(decision.expression)
        yield from self._requirements()
        if decision.table is not None:
            yield from self._table(decision.table)

    def _requirements(self) -> Iterator[Finding]:
        for required in self.decision.requires:
            if required not in self.by_id:
                yield self.say(
                    f"cần quyết định “{required}” nhưng tệp không có", f"it requires decision “{required}”, which is not in the file"
                )
        path = self._circle(self.decision.id, (self.decision.id,))
        if path:
            circle = " → ".join(path)
            yield self.say(f"các quyết định cần nhau theo vòng: {circle}", f"decisions require each other in a circle: {circle}")

    def _circle(self, id_: str, path: tuple[str, ...]) -> tuple[str, ...]:
        """A path that leads from this decision back to it; empty when there is none."""
        if len(path) > 50 or id_ not in self.by_id:
            return ()
        for required in self.by_id[id_].requires:
            if required == path[0]:
                return (*path, required)
            if required not in path and (found := self._circle(required, (*path, required))):
                return found
        return ()

    # --- tables

    def _table(self, table: Table) -> Iterator[Finding]:
        yield from self._policy(table)
        if not table.outputs:
            yield self.say("bảng phải có ít nhất một cột kết quả", "the table needs at least one output")
        yield from self._output_names(table)
        for column in table.inputs:
            yield from self._input(column)
        for output in table.outputs:
            yield from self._type(output.type, output.label)
            if output.allowed:
                yield from self._tests(output.allowed, None, output.label)
            if output.default:
                yield from self._result(table, table.outputs.index(output), output.default, "default")
        for rule in table.rules:
            yield from self._rule(table, rule)

    def _policy(self, table: Table) -> Iterator[Finding]:
        if table.hit_policy not in HIT_POLICIES:
            there = ", ".join(HIT_POLICIES)
            vi = f"hit policy “{table.hit_policy}” không có, hãy chọn: {there}"
            yield self.say(vi, f"there is no hit policy “{table.hit_policy}”; choose: {there}")
        if table.aggregation and (table.hit_policy != "COLLECT" or table.aggregation not in AGGREGATIONS):
            vi = f"phép gộp “{table.aggregation}” chỉ dùng với COLLECT, và phải là SUM, MIN, MAX hoặc COUNT"
            yield self.say(vi, f"aggregation “{table.aggregation}” goes with COLLECT only and must be SUM, MIN, MAX or COUNT")
        elif table.aggregation in ("SUM", "MIN", "MAX") and len(table.outputs) > 1:
            yield self.say(f"{table.aggregation} cần đúng một cột kết quả", f"{table.aggregation} needs exactly one output")
        if table.hit_policy in ("PRIORITY", "OUTPUT ORDER") and not any(output.allowed for output in table.outputs):
            vi = f"{table.hit_policy} cần danh sách giá trị cho phép ở cột kết quả, xếp từ cao xuống thấp"
            yield self.say(vi, f"{table.hit_policy} needs the output's allowed values, from high to low")

    def _output_names(self, table: Table) -> Iterator[Finding]:
        for name, count in Counter(output.name for output in table.outputs).items():
            if not name or count > 1:
                vi = f"mỗi cột kết quả cần một tên riêng, thấy “{name}” {count} lần"
                yield self.say(vi, f"every output needs a name of its own; “{name}” is there {count} times")

    def _type(self, type_: str, column: str) -> Iterator[Finding]:
        if not types.known(type_):
            yield self.say(f"kiểu “{type_}” không có", f"there is no type “{type_}”", column=column)

    def _input(self, column: Input) -> Iterator[Finding]:
        yield from self._type(column.type, column.label)
        if column.expression.empty:
            yield self.say(
                "cột điều kiện chưa có biểu thức",
                "the input has no expression",
                column=column.label,
                line=column.expression.line,
                cell=column.expression.id,
            )
        else:
            yield from self._expression(column.expression, column=column.label)
        if column.allowed:
            yield from self._tests(column.allowed, column, column.label)

    def _rule(self, table: Table, rule: Rule) -> Iterator[Finding]:
        if len(rule.tests) != len(table.inputs) or len(rule.results) != len(table.outputs):
            vi = f"số ô phải là {len(table.inputs)} + {len(table.outputs)}, thấy {len(rule.tests)} + {len(rule.results)}"
            en = f"expected {len(table.inputs)} + {len(table.outputs)} cells, found {len(rule.tests)} + {len(rule.results)}"
            yield self.say(vi, en, rule=rule.number)
        for column, test in zip(table.inputs, rule.tests, strict=False):
            yield from self._tests(test, column, column.label, rule.number)
        for at, text in enumerate(rule.results[: len(table.outputs)]):
            yield from self._result(table, at, text, rule.number)

    # --- cells

    def _wrong(self, text: Text, message: str, **where: Any) -> Finding:
        vi = f"ô “{text.source.strip()[:80]}” không hiểu được ({word(message)})"
        return self.say(vi, f"cell “{text.source.strip()[:80]}” cannot be honoured ({message})", line=text.line, cell=text.id, **where)

    def _language(self, text: Text, **where: Any) -> Iterator[Finding]:
        if text.language not in ("feel", "juel"):
            vi = f"ngôn ngữ biểu thức “{text.language}” không dùng được, hãy chọn FEEL hoặc JUEL"
            yield self.say(
                vi, f"expression language “{text.language}” cannot be used; choose FEEL or JUEL", line=text.line, cell=text.id, **where
            )

    def _expression(self, text: Text, **where: Any) -> Iterator[Finding]:
        yield from self._language(text, **where)
        try:
            if text.language == "juel":
                expressions.check(text.source, bare=True)
            elif text.language == "feel" and not text.empty:
                expressions.check_feel(text.source, self.known)
        except ExpressionError as error:
            yield self._wrong(text, error.message, **where)

    def _tests(self, text: Text, column: Input | None, label: str, rule: object = None) -> Iterator[Finding]:
        where: dict[str, Any] = {"column": label, "rule": rule}
        if text.language != "feel":
            if text.source.strip() not in ("", "-"):
                yield from self._expression(text, **where)
            return
        try:
            expressions.check_unary_tests(text.source, self.known)
            yield from self._type_of_tests(text, column, where)
        except ExpressionError as error:
            yield self._wrong(text, error.message, **where)

    def _type_of_tests(self, text: Text, column: Input | None, where: dict[str, Any]) -> Iterator[Finding]:
        """A cell that a value of the column's type can never pass, or has no order with. ExpressionError for the latter."""
        sample = types.sample(column.type) if column else None
        if column is None or sample is None:
            return
        if column.type == "string":
            for name in named_tests(text.source, self.known):
                vi = f'ô so với biến {name}; nếu là chữ, hãy đặt trong ngoặc kép: "{name}"'
                en = f'the cell compares with the variable {name}; if it is text, put it in quotes: "{name}"'
                yield self.say(vi, en, line=text.line, cell=text.id, severity=Severity.WARNING, **where)
        if type(sample) is date and compares_moments(text.source, self.known):
            sample = arithmetic.make_datetime(sample)
        for value in literal_tests(text.source, self.known):
            if value is not None and type(value) is not type(to_feel(sample)):
                vi = f"ô “{text.source.strip()[:80]}” không bao giờ khớp vì cột có kiểu {column.type}"
                en = f"cell “{text.source.strip()[:80]}” can never match because the column's type is {column.type}"
                yield self.say(vi, en, line=text.line, cell=text.id, **where)
        if not unary_test_names(text.source, self.known):
            expressions.unary_tests(text.source, sample, {}, column.variable or "?", known=self.known)

    def _result(self, table: Table, at: int, text: Text, rule: object) -> Iterator[Finding]:
        column = table.outputs[at]
        wrong = list(self._expression(text, column=column.label, rule=rule))
        yield from wrong
        if not wrong and text.language == "feel" and not text.empty and not _names(text, self.known):
            try:
                Evaluation(self.decision, {}, self.known).result(column, text, rule)
            except DecisionError as error:
                yield self._wrong(text, str(error.parameters["message"]), column=column.label, rule=rule)
