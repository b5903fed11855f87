"""Expressions and scripts of diagrams: `${...}` with JUEL's operators, Starlark scripts, FEEL.

One evaluator runs expressions and scripts: Starlark, with operators guarded (translation.py, prelude.py). What can neither loop nor grow
runs here in a few hundredths of a millisecond; the rest in a sandbox process (sandbox.py). See docs/decisions/0003-expressions.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.errors import ExpressionError
from engine.expressions import program, sandbox
from engine.expressions.feel import check_feel, check_unary_tests, feel, feel_names, unary_test_names, unary_tests
from engine.expressions.limits import Limits, current
from engine.expressions.template import Part, parts
from engine.expressions.values import ZONE, YearsMonths, from_json, to_json, to_text
from engine.expressions.vocabulary import CALENDAR, GIVEN, NOW
from engine.expressions.workdays import Calendar, from_plain, to_plain, told_calendar

__all__ = [
    "CALENDAR",
    "GIVEN",
    "NOW",
    "ZONE",
    "Calendar",
    "Limits",
    "YearsMonths",
    "check",
    "check_feel",
    "check_script",
    "check_unary_tests",
    "evaluate",
    "feel",
    "feel_names",
    "from_json",
    "from_plain",
    "names",
    "run_script",
    "script_names",
    "to_json",
    "to_plain",
    "to_text",
    "told_calendar",
    "unary_test_names",
    "unary_tests",
    "uses_calendar",
]  # fmt: skip


def evaluate(source: str, variables: Mapping[str, Any], *, bare: bool = False, limits: Limits | None = None) -> Any:
    """The value of a text. A single `${x}` gives x itself, mixed text gives text. Text without `${}` is itself, or an expression when
    `bare`.

    `variables` and the result are Python values: dates, durations and decimals as values.py has them, or as they are stored. `_now`
    among the variables is the time that `now()` and `today()` tell, `_lich` the calendar of working
    days (workdays.told_calendar). Raises ExpressionError.
    """
    limits = limits or current()
    pieces = parts(source, bare)
    if len(pieces) == 1:
        piece = pieces[0]
        return _value(piece, source, variables, limits) if piece.expression else piece.text
    text = "".join(to_text(_value(piece, source, variables, limits)) if piece.expression else piece.text for piece in pieces)
    if len(text) > limits.result_bytes:
        raise ExpressionError(source[:200], f"expected a result of at most {limits.result_bytes} bytes")
    return text


def names(source: str, bare: bool = False) -> frozenset[str]:
    """The variables a text reads. Raises ExpressionError when its syntax is wrong."""
    found: set[str] = set()
    for piece in parts(source, bare):
        if piece.expression:
            found |= program.expression(piece.text).reads
    return frozenset(found - GIVEN)


def check(source: str, bare: bool = False) -> None:
    """Raises ExpressionError with line and column when the syntax of a text is wrong."""
    for piece in parts(source, bare):
        if piece.expression:
            try:
                program.expression(piece.text)
            except ExpressionError as error:
                raise _placed(error, piece, source) from None


def run_script(source: str, variables: Mapping[str, Any], *, limits: Limits | None = None) -> dict[str, Any]:
    """Run a Starlark script. Gives the variables it set or changed. Raises ExpressionError with the line it failed at."""
    compiled = program.script(source)
    needed = (compiled.reads | compiled.writes) & variables.keys() | (compiled.reads & GIVEN)
    missing = compiled.reads - compiled.writes - needed
    try:
        changed = sandbox.run("script", source, missing, _given(source, needed, variables), limits or current())
    except ExpressionError as error:
        raise _explained(error, variables) from None
    return {name: from_json(value) for name, value in changed.items()}


def script_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """The variables a script reads, and those it sets. Raises ExpressionError when its syntax is wrong."""
    compiled = program.script(source)
    return compiled.reads - GIVEN, compiled.writes


def check_script(source: str) -> None:
    """Raises ExpressionError with line and column when the syntax of a script is wrong."""
    program.script(source)


def _value(piece: Part, source: str, variables: Mapping[str, Any], limits: Limits) -> Any:
    try:
        compiled = program.expression(piece.text)
        missing = frozenset(name for name in compiled.reads if name not in variables and name not in GIVEN)
        if missing:
            compiled = program.expression(piece.text, missing)
        given = _given(source, compiled.parameters, variables)
        if compiled.simple:
            return from_json(program.run_expression(compiled, given, limits))
        return from_json(sandbox.run("expression", piece.text, missing, given, limits))
    except ExpressionError as error:
        raise _placed(_explained(error, variables), piece, source) from None


def _given(source: str, needed: tuple[str, ...] | frozenset[str], variables: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that are needed, in JSON's words, and the time."""
    given: dict[str, Any] = {}
    for name in needed:
        try:
            given[name] = told_calendar(variables) if name == CALENDAR else to_json(_clock(variables) if name == NOW else variables[name])
        except ValueError as error:
            raise ExpressionError(source, f"{name}: {error}") from None
    return given


def _clock(variables: Mapping[str, Any]) -> Any:
    now = variables.get(NOW)
    if now is None:
        return datetime.now(ZONE)
    return datetime.fromisoformat(now) if isinstance(now, str) else now


def uses_calendar(source: str, *, bare: bool = False) -> bool:
    """Whether the value of a text depends on the calendar. Raises ExpressionError when its syntax is wrong."""
    return any(CALENDAR in program.expression(piece.text).reads for piece in parts(source, bare) if piece.expression)


def _explained(error: ExpressionError, variables: Mapping[str, Any]) -> ExpressionError:
    if not error.message.startswith("@missing "):
        return error
    there = ", ".join(sorted(name for name in variables if not name.startswith("_"))[:30]) or "none"
    message = f"there is no variable {error.message.removeprefix('@missing ')}; there are: {there}"
    return ExpressionError(error.source, message, error.line, error.column)


def _placed(error: ExpressionError, piece: Part, source: str) -> ExpressionError:
    """The error of a part, told with its place in the whole text."""
    column = error.column + (piece.column - 1 if error.line == 1 else 0)
    return ExpressionError(source[:200], error.message, error.line + piece.line - 1, column)
