"""JUEL, and the Python-like expressions it mixes with, read into one tree.

What Python's own grammar reads as an expression is taken as that. Everything else is read here: `a && !b`, `x ? 1 : 2`, `empty y`,
`a eq b`.
"""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r"""(?P<space>\s+)|(?P<number>\d+\.\d+(?:[eE][+-]?\d+)?|\d+(?:[eE][+-]?\d+)?)|(?P<name>[^\W\d]\w*)"""
    r"""|(?P<text>"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*')|(?P<sign>&&|\|\||==|!=|<=|>=|//|[-+*/%<>!?:()\[\]{},.])"""
)
_BAD_ESCAPE = re.compile(r"""(?<!\\)(?:\\\\)*\\[^\\'"abfnrtvxuU0-7\n]""")
_WORD_SIGNS = {
    "and": "&&", "or": "||", "eq": "==", "ne": "!=", "lt": "<", "gt": ">", "le": "<=", "ge": ">=", "div": "/", "mod": "%",
}  # fmt: skip
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "==": ast.Eq, "!=": ast.NotEq, "<": ast.Lt, ">": ast.Gt, "<=": ast.LtE, ">=": ast.GtE, "in": ast.In, "not in": ast.NotIn,
}  # fmt: skip
_SUMS: dict[str, type[ast.operator]] = {"+": ast.Add, "-": ast.Sub}
_PRODUCTS: dict[str, type[ast.operator]] = {"*": ast.Mult, "/": ast.Div, "%": ast.Mod, "//": ast.FloorDiv}


class SyntaxWrong(Exception):
    """The text is no expression: what was expected, and where (1-based line and column)."""

    def __init__(self, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(message)
        self.line, self.column = line, column


@dataclass(frozen=True)
class Token:
    kind: str  # number, name, text, sign, end
    text: str
    line: int
    column: int


def parse(source: str, depth: int = 60) -> ast.expr:
    """The tree of one expression. SyntaxWrong says where it stops being one."""
    tokens = tokenize(source)
    _balanced(tokens)
    try:
        # The brackets make line breaks harmless; they cost one line.
        return ast.increment_lineno(ast.parse(f"(\n{source}\n)", mode="eval").body, -1)
    except SyntaxError:
        return _Parser(tokens, depth).parse()
    except (ValueError, RecursionError, MemoryError):
        raise SyntaxWrong("expected text without null characters that nests less deep") from None


def tokenize(source: str) -> list[Token]:
    tokens, at, line, start = [], 0, 1, 0
    while at < len(source):
        found = _TOKEN.match(source, at)
        if found is None:
            # Python's grammar may know what this is (an f-string's quotes, a comment); JUEL's parser will not.
            tokens.append(Token("strange", source[at], line, at - start + 1))
            at += 1
            continue
        if found.lastgroup != "space":
            tokens.append(Token(found.lastgroup or "", found.group(), line, at - start + 1))
        breaks = found.group().count("\n")
        if breaks:
            line, start = line + breaks, at + found.group().rindex("\n") + 1
        at = found.end()
    tokens.append(Token("end", "", line, at - start + 1))
    return tokens


def _balanced(tokens: list[Token]) -> None:
    """Brackets close what they opened. `a) + (b` would otherwise slip through the brackets put around it."""
    open_: list[Token] = []
    for token in tokens:
        if token.kind == "text" and _BAD_ESCAPE.search(token.text):
            raise SyntaxWrong("expected \\\\ for a backslash", token.line, token.column)
        if token.kind == "sign" and token.text in "([{":
            open_.append(token)
        elif token.kind == "sign" and token.text in ")]}" and not (open_ and open_.pop().text + token.text in ("()", "[]", "{}")):
            raise SyntaxWrong(f"found {token.text} that closes nothing", token.line, token.column)
    if open_:
        raise SyntaxWrong(f"expected {open_[-1].text} to be closed", open_[-1].line, open_[-1].column)
    if len(tokens) == 1:
        raise SyntaxWrong("expected an expression, found nothing")


class _Parser:
    def __init__(self, tokens: list[Token], depth: int) -> None:
        self.tokens, self.at, self.deepest, self.depth = tokens, 0, depth, 0

    def parse(self) -> ast.expr:
        tree = self.choice()
        if self.token.kind != "end":
            raise self.wrong("expected an operator or the end")
        return tree

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def sign(self) -> str:
        """The operator at this place, words translated to signs; empty when there is none."""
        token = self.token
        if token.kind == "sign":
            return token.text
        return _WORD_SIGNS.get(token.text, "") if token.kind == "name" else ""

    def take(self, *signs: str) -> str:
        sign = self.sign()
        if sign and sign in signs:
            self.at += 1
            return sign
        return ""

    def word(self, text: str) -> bool:
        if self.token.kind == "name" and self.token.text == text:
            self.at += 1
            return True
        return False

    def wrong(self, message: str) -> SyntaxWrong:
        token = self.token
        return SyntaxWrong(f"{message}, found {token.text or 'the end'}", token.line, token.column)

    def expect(self, sign: str) -> None:
        if not self.take(sign):
            raise self.wrong(f"expected {sign}")

    def put(self, node: ast.expr, token: Token) -> ast.expr:
        node.lineno, node.col_offset = token.line, token.column - 1
        node.end_lineno, node.end_col_offset = token.line, token.column
        return node

    def choice(self) -> ast.expr:
        """`c ? a : b`, and Python's `a if c else b`."""
        self.depth += 1
        if self.depth > self.deepest:
            raise self.wrong(f"expected it to nest less than {self.deepest} deep")
        token = self.token
        first = self.either()
        if self.take("?"):
            then = self.choice()
            self.expect(":")
            first = self.put(ast.IfExp(first, then, self.choice()), token)
        elif self.word("if"):
            condition = self.either()
            if not self.word("else"):
                raise self.wrong("expected else")
            first = self.put(ast.IfExp(condition, first, self.choice()), token)
        self.depth -= 1
        return first

    def either(self) -> ast.expr:
        token, parts = self.token, [self.both()]
        while self.take("||"):
            parts.append(self.both())
        return parts[0] if len(parts) == 1 else self.put(ast.BoolOp(ast.Or(), parts), token)

    def both(self) -> ast.expr:
        token, parts = self.token, [self.negated()]
        while self.take("&&"):
            parts.append(self.negated())
        return parts[0] if len(parts) == 1 else self.put(ast.BoolOp(ast.And(), parts), token)

    def negated(self) -> ast.expr:
        """The word `not` binds as in Python, the sign `!` as in JUEL: `not a == b` is `!(a == b)`."""
        token, count = self.token, 0
        while self.word("not"):
            count += 1
        tree = self.comparison()
        return self.put(ast.UnaryOp(ast.Not(), tree if count % 2 else ast.UnaryOp(ast.Not(), tree)), token) if count else tree

    def comparison(self) -> ast.expr:
        token, left = self.token, self.sum()
        signs: list[ast.cmpop] = []
        others: list[ast.expr] = []
        while sign := self.comparator():
            signs.append(_COMPARISONS[sign]())
            others.append(self.sum())
        return self.put(ast.Compare(left, signs, others), token) if signs else left

    def comparator(self) -> str:
        if self.word("in"):
            return "in"
        if self.token.text == "not" and self.tokens[self.at + 1].text == "in":
            self.at += 2
            return "not in"
        return self.take("==", "!=", "<=", ">=", "<", ">")

    def sum(self) -> ast.expr:
        token, tree = self.token, self.product()
        while sign := self.take("+", "-"):
            tree = self.put(ast.BinOp(tree, _SUMS[sign](), self.product()), token)
        return tree

    def product(self) -> ast.expr:
        token, tree = self.token, self.prefixed()
        while sign := self.take("*", "/", "%", "//"):
            tree = self.put(ast.BinOp(tree, _PRODUCTS[sign](), self.prefixed()), token)
        return tree

    def prefixed(self) -> ast.expr:
        token, prefixes = self.token, []
        while True:
            if sign := self.take("!", "-"):
                prefixes.append(sign)
            elif self.token.text == "empty" and self.tokens[self.at + 1].text != "(":
                self.at += 1
                prefixes.append("empty")
            else:
                break
        if len(prefixes) > self.deepest:
            raise self.wrong(f"expected it to nest less than {self.deepest} deep")
        tree = self.postfixed()
        for prefix in reversed(prefixes):
            if prefix == "empty":
                tree = ast.Call(self.put(ast.Name("empty", ast.Load()), token), [tree], [])
            else:
                tree = ast.UnaryOp(ast.Not() if prefix == "!" else ast.USub(), tree)
            self.put(tree, token)
        return tree

    def postfixed(self) -> ast.expr:
        token, tree = self.token, self.atom()
        while sign := self.take(".", "[", "("):
            if sign == ".":
                if self.token.kind != "name":
                    raise self.wrong("expected a name after the dot")
                tree = ast.Attribute(tree, self.token.text, ast.Load())
                self.at += 1
            elif sign == "[":
                tree = ast.Subscript(tree, self.choice(), ast.Load())
                self.expect("]")
            else:
                tree = ast.Call(tree, self.items(")"), [])
            self.put(tree, token)
        return tree

    def items(self, end: str) -> list[ast.expr]:
        found: list[ast.expr] = []
        while not self.take(end):
            found.append(self.choice())
            if not self.take(",") and self.sign() != end:
                raise self.wrong(f"expected , or {end}")
        return found

    def record(self) -> ast.expr:
        keys: list[ast.expr | None] = []
        entries: list[ast.expr] = []
        while not self.take("}"):
            keys.append(self.either())
            self.expect(":")
            entries.append(self.choice())
            if not self.take(",") and self.sign() != "}":
                raise self.wrong("expected , or }")
        return ast.Dict(keys, entries)

    def atom(self) -> ast.expr:
        token = self.token
        if self.take("("):
            tree = self.choice()
            self.expect(")")
            return tree
        if self.take("["):
            return self.put(ast.List(self.items("]"), ast.Load()), token)
        if self.take("{"):
            return self.put(self.record(), token)
        if token.kind in ("number", "text"):
            self.at += 1
            return self.put(ast.Constant(_literal(token)), token)
        if token.kind == "name" and not self.sign() and token.text not in ("not", "if", "else", "in"):
            self.at += 1
            words = {"True": True, "False": False, "None": None}
            return self.put(ast.Constant(words[token.text]) if token.text in words else ast.Name(token.text, ast.Load()), token)
        raise self.wrong("expected a value")


def _literal(token: Token) -> str | int | float:
    try:
        value: str | int | float = ast.literal_eval(token.text)
        return value
    except (SyntaxError, ValueError):
        raise SyntaxWrong("expected a number or text", token.line, token.column) from None
