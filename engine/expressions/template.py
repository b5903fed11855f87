"""Text with `${...}` or `#{...}` in it, cut into its parts."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from engine.errors import ExpressionError


@dataclass(frozen=True)
class Part:
    """Literal text, or the inside of a `${}` with the place it starts at (1-based)."""

    text: str
    expression: bool
    line: int = 1
    column: int = 1


@lru_cache(maxsize=4096)
def parts(source: str, bare: bool = False) -> tuple[Part, ...]:
    """`bare`: text without any `${}` is one expression. ExpressionError when a `${` is never closed."""
    if "${" not in source and "#{" not in source:
        return (Part(source, bare),)
    found: list[Part] = []
    at = start = 0
    while at < len(source):
        if source[at] in "$#" and source.startswith("{", at + 1):
            if at > start:
                found.append(Part(source[start:at], False))
            end = _end(source, at + 2)
            line, column = place(source, at + 2)
            found.append(Part(source[at + 2 : end], True, line, column))
            at = start = end + 1
        else:
            at += 1
    if start < len(source):
        found.append(Part(source[start:], False))
    expressions = [part for part in found if part.expression]
    if len(expressions) == 1 and not any(part.text.strip() for part in found if not part.expression):
        return (expressions[0],)
    return tuple(found)


def _end(source: str, at: int) -> int:
    """Where the `}` is that closes the `${` before `at`; quotes and braces inside are passed over."""
    start, depth, quote = at, 0, ""
    while at < len(source):
        sign = source[at]
        if quote:
            if sign == "\\":
                at += 1
            elif sign == quote:
                quote = ""
        elif sign in "\"'":
            quote = sign
        elif sign == "{":
            depth += 1
        elif sign == "}":
            if depth == 0:
                return at
            depth -= 1
        at += 1
    line, column = place(source, start - 2)
    raise ExpressionError(source, "expected ${ to be closed by }", line, column)


def place(source: str, at: int) -> tuple[int, int]:
    """Line and column, counted from 1, of a position."""
    before = source[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1
