"""The grammar of FEEL, as far as it goes here: text to a tree of nodes. What is not supported is refused with its place."""

from __future__ import annotations

import re

from engine.errors import ExpressionError
from engine.expressions import values
from engine.expressions.feel_functions import FUNCTIONS
from engine.expressions.feel_tokens import Node, Reader, Token

_LITERALS = {"true": True, "false": False, "null": None}
_RESERVED = frozenset(["and", "or", "if", "then", "else", "for", "in", "return", "some", "every", "satisfies", "between", "instance", "of"])
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\", "'": "'", "/": "/"}
_DEEPEST = 50


class Parser(Reader):
    """Reads one text. `known`: names of several words that exist (`Số năm công tác`). `reads`: the variables it met."""

    def __init__(self, source: str, known: frozenset[str] = frozenset()) -> None:
        super().__init__(source, known)
        self.depth = 0
        self.reads: set[str] = set()
        self.bound: list[str] = []

    # --- whole texts

    def whole_expression(self) -> Node:
        tree = self.expression()
        if self.token.kind != "end":
            raise self.wrong("expected an operator or the end")
        return tree

    def whole_unary_tests(self) -> Node:
        """`-`, a list of tests, or not(a list of tests). Nothing written is `-`."""
        token = self.token
        if token.kind == "end" or (self.peek("-") and len(self.tokens) == 2):
            return self.node(token, "any")
        if token.text == "not" and self.peek("(", ahead=1) and self._closes_at_the_end():
            self.at += 2
            tree = self.node(token, "not_tests", self.tests(")"))
            self.expect(")")
        else:
            tree = self.node(token, "tests", self.tests(""))
        if self.token.kind != "end":
            raise self.wrong("expected a comma or the end")
        return tree

    def _closes_at_the_end(self) -> bool:
        """Whether the bracket after `not` is the last sign of the text: `not(a), b` is a list with a call in it."""
        depth = 0
        for at in range(self.at + 1, len(self.tokens) - 1):
            depth += self.tokens[at].text in "([" and self.tokens[at].kind == "sign"
            depth -= self.tokens[at].text in ")]" and self.tokens[at].kind == "sign"
            if depth == 0:
                return at == len(self.tokens) - 2
        return False

    def tests(self, end: str) -> list[Node]:
        found = [self.test()]
        while self.sign(","):
            found.append(self.test())
        return found

    def test(self) -> Node:
        """One positive unary test: `< 3`, `[1..5]`, a value, an expression with `?`."""
        token = self.token
        if operator := self.sign("<=", ">=", "<", ">", "=", "!="):
            return self.node(token, "test_compare", operator, self.sum())
        return self.node(token, "test_value", self.expression())

    # --- expressions, from the loosest to the tightest

    def expression(self) -> Node:
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self.wrong(f"expected it to nest less than {_DEEPEST} deep")
        token = self.token
        if self.word("if"):
            tree = self._if(token)
        elif self.word("for"):
            tree = self._iteration(token, "for", "return")
        elif token.text in ("some", "every") and self.word(token.text):
            tree = self._iteration(token, token.text, "satisfies")
        else:
            tree = self.either()
        self.depth -= 1
        return tree

    def _if(self, token: Token) -> Node:
        condition = self.expression()
        self.expect("then")
        then = self.expression()
        self.expect("else")
        return self.node(token, "if", condition, then, self.expression())

    def _iteration(self, token: Token, kind: str, word: str) -> Node:
        clauses: list[tuple[str, Node]] = []
        while True:
            name = self.name("the name of a variable")
            self.expect("in")
            source = self.expression()
            if self.sign(".."):
                source = self.node(token, "numbers", source, self.expression())
            clauses.append((name, source))
            self.bound.append(name)
            if not self.sign(","):
                break
        self.expect(word)
        result = self.expression()
        del self.bound[-len(clauses) :]
        return self.node(token, kind, tuple(clauses), result)

    def name(self, what: str) -> str:
        if self.token.kind != "name" or self.token.text in _RESERVED:
            raise self.wrong(f"expected {what}")
        self.at += 1
        return self.tokens[self.at - 1].text

    def either(self) -> Node:
        token, tree = self.token, self.both()
        while self.word("or"):
            tree = self.node(token, "or", tree, self.both())
        return tree

    def both(self) -> Node:
        token, tree = self.token, self.comparison()
        while self.word("and"):
            tree = self.node(token, "and", tree, self.comparison())
        return tree

    def comparison(self) -> Node:
        token, tree = self.token, self.sum()
        if operator := self.sign("=", "!=", "<=", ">=", "<", ">"):
            return self.node(token, "compare", operator, tree, self.sum())
        if self.peek("=="):
            raise self.wrong("FEEL compares with one =")
        if self.word("between"):
            low = self.sum()
            self.expect("and")
            return self.node(token, "between", tree, low, self.sum())
        if self.word("in"):
            return self.node(token, "in", tree, self._members())
        if self.token.text == "instance":
            raise self.wrong("instance of is not supported")
        return tree

    def _members(self) -> list[Node]:
        """What stands after `in`: one test, or several in brackets."""
        if self.peek("("):
            start = self.at
            self.at += 1
            tests = self.tests(")")
            if self.sign(")"):
                return tests
            self.at = start  # `(1..5)`
        return [self.test()]

    def sum(self) -> Node:
        token, tree = self.token, self.product()
        while operator := self.sign("+", "-"):
            tree = self.node(token, "arithmetic", operator, tree, self.product())
        return tree

    def product(self) -> Node:
        token, tree = self.token, self.power()
        while operator := self.sign("*", "/"):
            tree = self.node(token, "arithmetic", operator, tree, self.power())
        return tree

    def power(self) -> Node:
        token, tree = self.token, self.negated()
        if self.sign("**"):
            return self.node(token, "arithmetic", "**", tree, self.power())
        return tree

    def negated(self) -> Node:
        token, count = self.token, 0
        while self.sign("-"):
            count += 1
        tree = self.postfixed()
        return self.node(token, "negative", tree) if count % 2 else tree

    def postfixed(self) -> Node:
        token, tree = self.token, self.atom()
        while True:
            if self.sign("."):
                tree = self.node(token, "path", tree, self.name("a name after the dot"))
            elif self.peek("[") and not self._closes_a_range():
                self.at += 1
                # Inside, names may be fields of the items: they are not reported as variables.
                before = set(self.reads)
                tree = self.node(token, "filter", tree, self.expression())
                self.reads = before
                self.expect("]")
            else:
                return tree

    def _closes_a_range(self) -> bool:
        """Whether the [ that is here ends a range, as in `]1..5[`: what follows cannot begin a filter."""
        after = self.tokens[min(self.at + 1, len(self.tokens) - 1)]
        return after.kind == "end" or after.text in (",", ")", "]", "}") or after.text in _RESERVED - {"if", "for", "some", "every"}

    def atom(self) -> Node:
        token = self.token
        if token.kind == "number":
            self.at += 1
            if len(token.text) > 34:
                raise ExpressionError(self.source, "expected a number of at most 34 digits", token.line, token.column)
            return self.node(token, "literal", values.parse_decimal(token.text))
        if token.kind == "text":
            self.at += 1
            return self.node(token, "literal", self._text(token))
        if self.sign("@"):
            return self._at_literal(token)
        if self.sign("?"):
            return self.node(token, "variable", "?")
        if self.peek("(", "[", "]"):
            return self._bracket(token)
        if self.sign("{"):
            return self._context(token)
        if token.kind == "name" and token.text in _LITERALS:
            self.at += 1
            return self.node(token, "literal", _LITERALS[token.text])
        if token.kind == "name" and token.text not in _RESERVED:
            return self._named(token)
        raise self.wrong("expected a value")

    def _named(self, token: Token) -> Node:
        self.at += 1
        if self.sign("("):
            return self._call(token)
        if token.text == "function":
            raise ExpressionError(self.source, "function definitions are not supported", token.line, token.column)
        if token.text not in self.bound and token.text != "item":
            self.reads.add(token.text)
        return self.node(token, "variable", token.text)

    def _call(self, token: Token) -> Node:
        arguments: list[Node] = []
        while not self.sign(")"):
            if self.token.kind == "name" and self.peek(":", ahead=1):
                raise self.wrong("named arguments are not supported")
            arguments.append(self.expression())
            if not self.sign(",") and not self.peek(")"):
                raise self.wrong("expected , or )")
        function = FUNCTIONS.get(token.text)
        if function is None:
            raise ExpressionError(self.source, f"there is no function {token.text}, or it is not supported", token.line, token.column)
        if not function.least <= len(arguments) <= function.most:
            expected = f"{function.least}" if function.least == function.most else f"{function.least} to {function.most}"
            message = f"{token.text} expects {expected} values, found {len(arguments)}"
            raise ExpressionError(self.source, message, token.line, token.column)
        return self._constant(self.node(token, "call", token.text, arguments), token, arguments)

    def _constant(self, call: Node, token: Token, arguments: list[Node]) -> Node:
        """A date or duration written out is read now: a wrong one is a fault of the text, and a right one is read once."""
        if token.text not in ("date", "time", "date and time", "duration") or [a.kind for a in arguments] != ["literal"]:
            return call
        try:
            return self.node(token, "literal", FUNCTIONS[token.text].function(arguments[0].parts[0]))
        except ValueError as error:
            raise ExpressionError(self.source, str(error), token.line, token.column) from None

    def _at_literal(self, token: Token) -> Node:
        if self.token.kind != "text":
            raise self.wrong("expected text after @")
        text = self._text(self.token)
        self.at += 1
        for read in (values.parse_date, values.parse_datetime, values.parse_time, values.parse_duration):
            try:
                return self.node(token, "literal", read(text))
            except ValueError:
                continue
        raise ExpressionError(self.source, f"expected a date, time or duration after @, found {text[:40]}", token.line, token.column)

    def _bracket(self, token: Token) -> Node:
        """`(a)`, `[a, b]`, or a range in any of its writings: [1..5] (1..5) ]1..5["""
        opening = self.sign("(", "[", "]")
        if opening == "[" and self.sign("]"):
            return self.node(token, "list", [])
        items = [self.expression()]
        if self.sign(".."):
            high = self.expression()
            closing = self.sign(")", "]", "[")
            if not closing:
                raise self.wrong("expected ] or ) at the end of the range")
            return self.node(token, "range", items[0], high, opening != "[", closing != "]")
        if opening == "]":
            raise self.wrong("expected .. in the range")
        while opening == "[" and self.sign(","):
            items.append(self.expression())
        self.expect(")" if opening == "(" else "]")
        return items[0] if opening == "(" else self.node(token, "list", items)

    def _context(self, token: Token) -> Node:
        entries: list[tuple[str, Node]] = []
        count = 0
        while not self.sign("}"):
            key = self._text(self.token) if self.token.kind == "text" else self.token.text
            if self.token.kind not in ("text", "name"):
                raise self.wrong("expected a name")
            self.at += 1
            self.expect(":")
            entries.append((key, self.expression()))
            self.bound.append(key)
            count += 1
            if not self.sign(",") and not self.peek("}"):
                raise self.wrong("expected , or }")
        if count:
            del self.bound[-count:]
        return self.node(token, "context", tuple(entries))

    def _text(self, token: Token) -> str:
        def plain(found: re.Match[str]) -> str:
            escape = found.group(1)
            if len(escape) > 1:
                return chr(int(escape[1:], 16))
            if escape not in _ESCAPES:
                raise ExpressionError(self.source, f"expected \\\\ for a backslash, found \\{escape}", token.line, token.column)
            return _ESCAPES[escape]

        return re.sub(r"\\(u[0-9A-Fa-f]{4}|.)", plain, token.text[1:-1], flags=re.S)
