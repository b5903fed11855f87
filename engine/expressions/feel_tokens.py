"""FEEL's words and signs. Names may have spaces in them: functions of the standard, and variables that are known beforehand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from engine.errors import ExpressionError
from engine.expressions.feel_functions import FUNCTIONS

_TOKEN = re.compile(
    r"""(?P<space>\s+|//[^\n]*|/\*.*?\*/)|(?P<number>\d+(?:\.\d+)?|\.\d+)|(?P<text>"(?:[^"\\]|\\.)*")|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<sign>\*\*|\.\.|<=|>=|!=|==|[-+*/=<>()\[\]{},.:?@])""",
    re.S,
)
_LONGEST = 20_000
_SEVERAL_WORDS = sorted((name for name in FUNCTIONS if " " in name), key=len, reverse=True)


@dataclass(frozen=True)
class Token:
    kind: str  # number, text, name, sign, end
    text: str
    line: int
    column: int


def tokenize(source: str, known: frozenset[str]) -> list[Token]:
    """The tokens of `source`, an end token last. ExpressionError at a sign that FEEL does not know."""
    longer = sorted(known, key=len, reverse=True)
    tokens, at, line, start = [], 0, 1, 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            raise ExpressionError(source, f"found {source[at]!r}, which FEEL does not know", line, at - start + 1)
        kind, text = found.lastgroup or "", found.group()
        if kind == "name":
            text = _longer(source, at, longer) or text
        if kind != "space":
            tokens.append(Token(kind, text, line, at - start + 1))
        end = at + len(text)
        line += source.count("\n", at, end)
        start = source.rfind("\n", 0, end) + 1
        at = end
    tokens.append(Token("end", "", line, at - start + 1))
    return tokens


def _longer(source: str, at: int, known: list[str]) -> str:
    """A name of several words that begins here, as written in one line."""
    for name in _SEVERAL_WORDS:
        if source.startswith(name, at) and source[at + len(name) :].lstrip().startswith("("):
            return name
    for name in known:
        end = at + len(name)
        if source.startswith(name, at) and not (end < len(source) and (source[end].isalnum() or source[end] == "_")):
            return name
    return ""


@dataclass(frozen=True)
class Node:
    """`kind` says which method of the evaluator computes it; `parts` are nodes, lists of nodes, names or values."""

    kind: str
    parts: tuple[Any, ...]
    line: int
    column: int


class Reader:
    """Goes over the tokens of one text, one place at a time."""

    def __init__(self, source: str, known: frozenset[str] = frozenset()) -> None:
        if len(source) > _LONGEST:
            raise ExpressionError(source[:60] + "...", f"expected at most {_LONGEST} characters, found {len(source)}")
        self.source, self.at = source, 0
        self.tokens = tokenize(source, known)

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def wrong(self, message: str) -> ExpressionError:
        return ExpressionError(self.source, f"{message}, found {self.token.text or 'the end'}", self.token.line, self.token.column)

    def sign(self, *signs: str) -> str:
        """Take the sign that is here, if it is one of these."""
        if self.token.kind == "sign" and self.token.text in signs:
            self.at += 1
            return self.tokens[self.at - 1].text
        return ""

    def peek(self, *signs: str, ahead: int = 0) -> bool:
        token = self.tokens[min(self.at + ahead, len(self.tokens) - 1)]
        return token.kind == "sign" and token.text in signs

    def word(self, text: str) -> bool:
        if self.token.kind == "name" and self.token.text == text:
            self.at += 1
            return True
        return False

    def expect(self, text: str) -> None:
        if not (self.sign(text) or self.word(text)):
            raise self.wrong(f"expected {text}")

    def node(self, token: Token, kind: str, *parts: Any) -> Node:
        return Node(kind, parts, token.line, token.column)
