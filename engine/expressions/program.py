"""Compiles expressions and scripts to Starlark and runs them, in this process. Which process that may be is decided in sandbox.py."""

from __future__ import annotations

import ast
import json
import re
import textwrap
import time
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import starlark

from engine.errors import ExpressionError
from engine.expressions import juel, prelude
from engine.expressions.limits import DEFAULT, Limits
from engine.expressions.translation import Translation, Untranslatable, mangle
from engine.expressions.values import to_json

_LOAD = "load('prelude', " + ", ".join(f"'{name}'" for name in prelude.NAMES) + ")\n"
_KINDS = {"string": "text", "int": "number", "float": "number", "bool": "true/false", "NoneType": "null"}
TOO_MUCH_MEMORY = "it took more memory than an expression may"
_MANGLED = re.compile(r"\bv_\w+")


@dataclass(frozen=True)
class Expression:
    """One translated expression. `simple`: it can neither loop nor grow, so that running it here is safe."""

    source: str
    reads: frozenset[str]
    simple: bool
    parameters: tuple[str, ...]
    text: str


@dataclass(frozen=True)
class Script:
    """One compiled script. `lines`: line of the translated text -> line the analyst wrote."""

    source: str
    reads: frozenset[str]
    writes: frozenset[str]
    tree: starlark.AstModule
    lines: Mapping[int, int]


def tidy(source: str) -> str:
    """Line ends as \\n, no common indentation, blank lines at the start kept so that line numbers stay."""
    return textwrap.dedent(source.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8).rstrip())


def _check_length(source: str) -> None:
    if len(source) > DEFAULT.source_characters:
        raise ExpressionError(source[:60] + "...", f"expected at most {DEFAULT.source_characters} characters, found {len(source)}")


def translate_expression(source: str, missing: frozenset[str] = frozenset()) -> tuple[ast.expr, Translation]:
    """The guarded tree of an expression. ExpressionError with line and column."""
    _check_length(source)
    translation = Translation(missing, DEFAULT.depth)
    try:
        node = translation.visit(juel.parse(source, DEFAULT.depth))
    except (juel.SyntaxWrong, Untranslatable) as error:
        raise ExpressionError(source, str(error), error.line, error.column) from None
    except RecursionError:
        raise ExpressionError(source, f"expected it to nest less than {DEFAULT.depth} deep") from None
    if not isinstance(node, ast.expr):
        raise ExpressionError(source, "expected an expression")
    return node, translation


@lru_cache(maxsize=4096)
def expression(source: str, missing: frozenset[str] = frozenset()) -> Expression:
    """Translate `source` for an evaluation that has no variable of these names. Cached. ExpressionError with line and column."""
    tree, translation = translate_expression(source, missing)
    parameters = tuple(sorted(translation.reads - missing))
    body = ast.unparse(ast.fix_missing_locations(ast.Module([ast.Return(tree)], [])))
    text = f"{_LOAD}def run({', '.join(map(mangle, parameters))}):\n    {body}\n"
    try:
        starlark.parse("source", text, prelude.dialect())
    except starlark.StarlarkError as error:
        raise ExpressionError(source, reason(error)) from None
    return Expression(source, frozenset(translation.reads), translation.simple, parameters, text)


@lru_cache(maxsize=4096)
def _compiled(text: str) -> starlark.FrozenModule:
    """Compile a translation. Starlark runs constant calls (`list(range(10**9))`) while it compiles, so this belongs where it may run."""
    module = starlark.Module()
    starlark.eval(module, starlark.parse("source", text, prelude.dialect()), starlark.Globals.standard(), prelude.loader())
    return module.freeze()


@lru_cache(maxsize=512)
def script(source: str, missing: frozenset[str] = frozenset()) -> Script:
    """Compile a script for a run that has no variable of these names. Cached. ExpressionError with line and column."""
    _check_length(source)
    text = tidy(source)
    translation = Translation(missing, DEFAULT.depth)
    try:
        tree = _parsed(text)
        translation.functions |= {n.name for n in tree.body if isinstance(n, ast.FunctionDef)}
        guarded = ast.fix_missing_locations(ast.Module([_statement(translation, node) for node in tree.body], []))
    except SyntaxError as error:
        raise ExpressionError(source, f"syntax: {error.msg}", error.lineno or 1, error.offset or 1) from None
    except Untranslatable as error:
        raise ExpressionError(source, str(error), error.line, error.column) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError(source, "expected text without null characters that nests less deep") from None
    written = ast.unparse(guarded)
    lines = {new.lineno + 1: old.lineno for new, old in zip(_statements(ast.parse(written)), _statements(guarded), strict=False)}
    try:
        parsed = starlark.parse("source", _LOAD + written + "\n", prelude.dialect())
    except starlark.StarlarkError as error:
        raise ExpressionError(source, reason(error), lines.get(line_of(error), 1)) from None
    return Script(source, frozenset(translation.reads), frozenset(translation.writes), parsed, lines)


def _parsed(text: str) -> ast.Module:
    """As Python reads it; or, where the first line stands right behind the tag and the others are indented with the XML, as it is meant."""
    try:
        return ast.parse(text)
    except IndentationError:
        first, _, rest = text.partition("\n")
        if first[:1].isspace() or textwrap.dedent(rest) == rest:
            raise
        return ast.parse(f"{first}\n{textwrap.dedent(rest)}")


def _statement(translation: Translation, node: ast.stmt) -> ast.stmt:
    made = translation.visit(node)
    if not isinstance(made, ast.stmt):
        raise Untranslatable("expected a statement", node)
    return made


def _statements(tree: ast.Module) -> list[ast.stmt]:
    return [node for node in ast.walk(tree) if isinstance(node, ast.stmt)]


def run_expression(compiled: Expression, variables: Mapping[str, Any], limits: Limits) -> Any:
    """Evaluate with JSON values. Gives a JSON value. ExpressionError when it fails or goes over a limit."""
    arguments = [variables[name] for name in compiled.parameters]
    try:
        value = _compiled(compiled.text).call_with(_options(limits), "run", *arguments).value
    except BaseException as error:
        raise _failure(compiled.source, error, limits) from None
    return _sized(compiled.source, value, limits)


def run_script(compiled: Script, variables: Mapping[str, Any], limits: Limits) -> dict[str, Any]:
    """Run with JSON values. Gives the JSON values of the variables it set or changed."""
    module = starlark.Module()
    touched = (compiled.reads | compiled.writes) & variables.keys()
    for name in touched:
        module[mangle(name)] = variables[name]
    try:
        starlark.eval_with(_options(limits), module, compiled.tree, starlark.Globals.standard(), file_loader=prelude.loader())
        found = {name: _read(module, name) for name in sorted(touched | compiled.writes)}
    except BaseException as error:
        raise _failure(compiled.source, error, limits, compiled.lines) from None
    changed = {name: value for name, value in found.items() if value is not _UNSET and (name not in touched or value != variables[name])}
    _sized(compiled.source, changed, limits)
    return changed


_UNSET = object()


def _read(module: starlark.Module, name: str) -> Any:
    """The value after the run; _UNSET for a name that the script's path did not reach, or that is a function."""
    value = module[mangle(name)]
    if value is None:
        # A name that was never set reads as None from here, but not from inside.
        try:
            starlark.eval(module, starlark.parse("source", mangle(name), prelude.dialect()), starlark.Globals.standard())
        except starlark.StarlarkError:
            return _UNSET
    return value


def _options(limits: Limits) -> starlark.EvalOptions:
    deadline = time.thread_time() + limits.seconds
    return starlark.EvalOptions(check_cancelled=lambda: time.thread_time() > deadline, max_callstack_size=50)


def _sized(source: str, value: Any, limits: Limits) -> Any:
    try:
        plain = to_json(value)
    except ValueError as error:
        raise ExpressionError(source, str(error)) from None
    if isinstance(plain, str | list | dict) and len(json.dumps(plain, ensure_ascii=False).encode()) > limits.result_bytes:
        raise ExpressionError(source, f"expected a result of at most {limits.result_bytes} bytes")
    return plain


def too_slow(limits: Limits) -> str:
    return f"expected it to end within {limits.seconds:g} seconds"


def _failure(source: str, error: BaseException, limits: Limits, lines: Mapping[int, int] | None = None) -> BaseException:
    """What Starlark said, in our words. KeyboardInterrupt and the like pass as they are; a panic of the library does not."""
    if isinstance(error, ExpressionError) or (not isinstance(error, Exception) and type(error).__name__ != "PanicException"):
        return error
    message = reason(error)
    if "cancelled" in message.lower():
        message = too_slow(limits)
    if "out of memory" in message or "AlignedSize" in message:
        message = TOO_MUCH_MEMORY
    return ExpressionError(source, message, (lines or {}).get(line_of(error), 1))


def reason(error: BaseException) -> str:
    """The sentence of a StarlarkError, without its drawing of the translated source."""
    found = re.search(r"^error: (?:fail: |ValueError: |TypeError: )?(.*?)(?=^ *-->|\Z)", str(error), re.M | re.S)
    text = " ".join((found.group(1) if found else str(error)).split())[:400]
    text = re.sub(r", did you mean.*", "", text)
    if text.startswith("@field "):
        _, name, _, kind = text.split()
        text = f"{_KINDS.get(kind, kind)} has no {name}"
    return _MANGLED.sub(lambda m: unmangle(m.group()), text)


def unmangle(name: str) -> str:
    return re.sub(r"_u([0-9a-f]{2,6})_", lambda m: chr(int(m.group(1), 16)), name[2:])


def line_of(error: BaseException) -> int:
    """The line of the translated source that failed; 0 when it is not told."""
    calls = re.findall(r"\* source:(\d+)", str(error))
    places = re.findall(r"--> source:(\d+)", str(error))
    return int(([*calls, *places] or [0])[-1])
