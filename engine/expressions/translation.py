"""Python-like source to guarded Starlark: every operator that could grow, compare dates or miss a name becomes a call of the prelude.

Python's `ast` only reads the text here; nothing of it is ever executed by Python. What is not listed in this file does not exist.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterable

from engine.expressions import workdays
from engine.expressions.vocabulary import (
    CALENDAR,
    COMPARISONS,
    FUNCTIONS,
    GIVEN,
    METHODS,
    NOT_SIMPLE,
    NOW,
    OPERATORS,
    OWN,
    SIGNS,
    SIMPLE_METHODS,
)

WORDS = {"true": True, "false": False, "null": None}


class Untranslatable(Exception):
    """The text says something that expressions do not have; `node` is where."""

    def __init__(self, message: str, node: ast.AST | None = None) -> None:
        super().__init__(message)
        self.line = getattr(node, "lineno", 1)
        self.column = getattr(node, "col_offset", 0) + 1


def mangle(name: str) -> str:
    """The Starlark identifier of a variable: `v_` keeps it apart from ours, letters beyond ASCII are spelt out."""
    return "v_" + "".join(c if c.isascii() else f"_u{ord(c):x}_" for c in name)


def call(function: str, *arguments: ast.expr) -> ast.Call:
    return ast.Call(ast.Name(function, ast.Load()), list(arguments), [])


class Translation(ast.NodeTransformer):
    """Rewrites one tree. Afterwards `reads` and `writes` are its variables, `simple` says whether it can neither loop nor grow.

    `missing`: names that the evaluation does not have. Reading one fails when, and only when, it is reached.
    """

    def __init__(self, missing: frozenset[str] = frozenset(), depth: int = 60) -> None:
        self.missing = missing
        self.reads: set[str] = set()
        self.writes: set[str] = set()
        self.functions: set[str] = set()
        self.simple = True
        self._bound: list[set[str]] = []
        self._depth, self._nodes, self._deepest = 0, 0, depth

    def visit(self, node: ast.AST) -> ast.AST:
        self._depth += 1
        self._nodes += 1
        if self._depth > self._deepest:
            raise Untranslatable(f"expected it to nest less than {self._deepest} deep", node)
        if self._nodes > 100:
            self.simple = False
        method: Callable[[ast.AST], ast.AST] = getattr(self, "visit_" + type(node).__name__, self._unknown)
        new = method(node)
        self._depth -= 1
        return ast.copy_location(new, node) if hasattr(node, "lineno") else new

    def _unknown(self, node: ast.AST) -> ast.AST:
        raise Untranslatable(f"{_name_of(node)} does not exist here", node)

    def _expr(self, node: ast.AST) -> ast.expr:
        new = self.visit(node)
        if not isinstance(new, ast.expr):
            raise Untranslatable("expected an expression", node)
        return new

    def _all(self, nodes: Iterable[ast.expr]) -> list[ast.expr]:
        return [self._expr(node) for node in nodes]

    def _growing(self, node: ast.AST) -> ast.AST:
        """A statement or clause whose parts are rewritten in place; it can loop or grow."""
        self.simple = False
        return self.generic_visit(node)

    # --- names and literals

    def _is_bound(self, name: str) -> bool:
        return any(name in scope for scope in self._bound)

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if not self._is_bound(node.id):
            if node.id in WORDS and isinstance(node.ctx, ast.Load):
                return ast.Constant(WORDS[node.id])
            if isinstance(node.ctx, ast.Load):
                if node.id not in self.functions:
                    self.reads.add(node.id)
                if node.id in self.missing:
                    return call("op_missing", ast.Constant(node.id))
            else:
                self._may_write(node)
                self.writes.add(node.id)
        return ast.Name(mangle(node.id), node.ctx)

    def _may_write(self, node: ast.Name) -> None:
        if node.id in WORDS or node.id in GIVEN:
            raise Untranslatable(f"{node.id} cannot be set", node)

    def visit_Constant(self, node: ast.Constant) -> ast.expr:
        if isinstance(node.value, bytes | complex) or node.value is Ellipsis:
            raise Untranslatable(f"{node.value!r:.20} does not exist here", node)
        if isinstance(node.value, int) and abs(node.value) >= 10**30:
            raise Untranslatable("expected a whole number of at most 30 digits", node)
        return ast.Constant(node.value)

    def visit_JoinedStr(self, node: ast.JoinedStr) -> ast.expr:
        text: ast.expr = ast.Constant("")
        for part in node.values:
            if isinstance(part, ast.FormattedValue):
                if part.format_spec is not None or part.conversion != -1:
                    raise Untranslatable("a format inside {} does not exist here", part)
                text = call("op_add", text, call("op_text", self._expr(part.value)))
            else:
                text = call("op_add", text, self._expr(part))
        return text

    def visit_List(self, node: ast.List) -> ast.expr:
        return ast.List(self._all(node.elts), node.ctx)

    def visit_Tuple(self, node: ast.Tuple) -> ast.expr:
        return ast.Tuple(self._all(node.elts), node.ctx)

    def visit_Dict(self, node: ast.Dict) -> ast.expr:
        if any(key is None for key in node.keys):
            raise Untranslatable("** does not exist here", node)
        return ast.Dict([self._expr(key) for key in node.keys if key is not None], self._all(node.values))

    # --- operators

    def visit_BinOp(self, node: ast.BinOp) -> ast.expr:
        operator = OPERATORS.get(type(node.op))
        if operator is None:
            raise Untranslatable(f"operator {_name_of(node.op)} does not exist here", node)
        return call(operator, self._expr(node.left), self._expr(node.right))

    def visit_UnaryOp(self, node: ast.UnaryOp) -> ast.expr:
        if isinstance(node.op, ast.Not):
            return ast.UnaryOp(node.op, self._expr(node.operand))
        if isinstance(node.op, ast.USub):
            if isinstance(node.operand, ast.Constant) and type(node.operand.value) in (int, float):
                return ast.UnaryOp(node.op, self._expr(node.operand))
            return call("op_sub", ast.Constant(0), self._expr(node.operand))
        if isinstance(node.op, ast.UAdd):
            return self._expr(node.operand)
        raise Untranslatable("operator ~ does not exist here", node)

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.expr:
        return ast.BoolOp(node.op, self._all(node.values))

    def visit_IfExp(self, node: ast.IfExp) -> ast.expr:
        return ast.IfExp(self._expr(node.test), self._expr(node.body), self._expr(node.orelse))

    def visit_Compare(self, node: ast.Compare) -> ast.expr:
        if not all(isinstance(middle, ast.Name | ast.Constant) for middle in node.comparators[:-1]):
            # It is written twice: `1 < (1 < (1 < ...) < 2) < 2` would double with every level.
            raise Untranslatable("expected a name or a value between two comparisons", node)
        items = self._all([node.left, *node.comparators])
        parts = [self._comparison(op, items[i], items[i + 1]) for i, op in enumerate(node.ops)]
        return parts[0] if len(parts) == 1 else ast.BoolOp(ast.And(), parts)

    def _comparison(self, op: ast.cmpop, left: ast.expr, right: ast.expr) -> ast.expr:
        if isinstance(op, ast.In | ast.NotIn):
            inside = call("op_in", left, right)
            return inside if isinstance(op, ast.In) else ast.UnaryOp(ast.Not(), inside)
        return call(COMPARISONS[type(op)], left, right)

    # --- parts of values

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if isinstance(node.ctx, ast.Load):
            return call("op_get", self._expr(node.value), ast.Constant(node.attr))
        return ast.Subscript(self._expr(node.value), ast.Constant(node.attr), node.ctx)

    def visit_Subscript(self, node: ast.Subscript) -> ast.expr:
        if isinstance(node.slice, ast.Slice):
            bounds = [None if b is None else self._expr(b) for b in (node.slice.lower, node.slice.upper, node.slice.step)]
            return ast.Subscript(self._expr(node.value), ast.Slice(*bounds), node.ctx)
        if isinstance(node.ctx, ast.Load):
            return call("op_item", self._expr(node.value), self._expr(node.slice))
        return ast.Subscript(self._expr(node.value), self._expr(node.slice), node.ctx)

    # --- calls

    def visit_Call(self, node: ast.Call) -> ast.expr:
        keywords = [self._keyword(keyword) for keyword in node.keywords]
        if isinstance(node.func, ast.Attribute):
            if node.func.attr not in METHODS:
                raise Untranslatable(f".{node.func.attr}() does not exist here", node.func)
            self.simple = self.simple and node.func.attr in SIMPLE_METHODS
            receiver = ast.Attribute(self._expr(node.func.value), node.func.attr, ast.Load())
            return ast.Call(receiver, self._all(node.args), keywords)
        if not isinstance(node.func, ast.Name):
            raise Untranslatable("expected the name of a function before (", node.func)
        name = node.func.id
        if name in self.functions or self._is_bound(name):
            self.simple = False
            return ast.Call(ast.Name(mangle(name), ast.Load()), self._all(node.args), keywords)
        if name not in FUNCTIONS:
            raise Untranslatable(f"there is no function {name}; there are {', '.join(sorted(FUNCTIONS))}", node.func)
        if name in ("today", "now"):
            return self._clock(node)
        if name in workdays.FUNCTIONS:
            return self._working(node, name)
        if name == "empty":
            return self._empty(node)
        self.simple = self.simple and name not in NOT_SIMPLE
        return ast.Call(ast.Name("fn_" + name if name in OWN or name == "str" else name, ast.Load()), self._all(node.args), keywords)

    def _keyword(self, node: ast.keyword) -> ast.keyword:
        if node.arg is None:
            raise Untranslatable("** does not exist here", node)
        value = node.value
        if node.arg == "key" and isinstance(value, ast.Name) and value.id in FUNCTIONS - OWN and not self._is_bound(value.id):
            return ast.keyword(node.arg, ast.Name(value.id, ast.Load()))
        return ast.keyword(node.arg, self._expr(node.value))

    def _clock(self, node: ast.Call) -> ast.expr:
        if node.args or node.keywords:
            raise Untranslatable("expected nothing between the brackets", node)
        self.reads.add(NOW)
        return call("fn_" + node.func.id, ast.Name(mangle(NOW), ast.Load())) if isinstance(node.func, ast.Name) else node

    def _working(self, node: ast.Call, name: str) -> ast.expr:
        """A function of the calendar: it is handed the clock and the calendar before what stands between the brackets."""
        _, least, most = workdays.FUNCTIONS[name]
        if node.keywords or not least <= len(node.args) <= most:
            raise Untranslatable(f"expected {least} to {most} values between the brackets, none of them with a name", node)
        self.reads |= GIVEN
        told = [ast.Name(mangle(given), ast.Load()) for given in (NOW, CALENDAR)]
        return call("fn_" + name, *told, *self._all(node.args))

    def _empty(self, node: ast.Call) -> ast.expr:
        """`empty a.b`: true as well when a, or its b, does not exist."""
        if len(node.args) != 1 or node.keywords:
            raise Untranslatable("expected one value after empty", node)
        names: list[str] = []
        inner = node.args[0]
        while isinstance(inner, ast.Attribute):
            names.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name) and inner.id in self.missing and not self._is_bound(inner.id):
            self.reads.add(inner.id)
            return ast.Constant(True)
        return call("op_empty", self._expr(inner), ast.List([ast.Constant(name) for name in reversed(names)], ast.Load()))

    # --- comprehensions and functions: names of their own

    def _scoped(self, generators: list[ast.comprehension], *results: ast.expr) -> tuple[list[ast.comprehension], list[ast.expr]]:
        self.simple = False
        self._bound.append(set())
        clauses = []
        for clause in generators:
            if clause.is_async:
                raise Untranslatable("async does not exist here", clause.target)
            source = self._expr(clause.iter)
            self._bound[-1] |= _targets(clause.target)
            clauses.append(ast.comprehension(self._expr(clause.target), source, self._all(clause.ifs), 0))
        made = self._all(results)
        self._bound.pop()
        return clauses, made

    def visit_ListComp(self, node: ast.ListComp) -> ast.expr:
        clauses, (item,) = self._scoped(node.generators, node.elt)
        return ast.ListComp(item, clauses)

    visit_GeneratorExp = visit_ListComp  # type: ignore[assignment]  # `any(x for x in ...)`: Starlark makes the list

    def visit_DictComp(self, node: ast.DictComp) -> ast.expr:
        clauses, (key, value) = self._scoped(node.generators, node.key, node.value)
        return ast.DictComp(key, value, clauses)

    def _arguments(self, node: ast.arguments) -> ast.arguments:
        if node.posonlyargs or node.kwonlyargs or node.vararg or node.kwarg:
            raise Untranslatable("only plain parameters exist here")
        return ast.arguments([], [ast.arg(mangle(a.arg)) for a in node.args], None, [], [], None, self._all(node.defaults))

    def visit_Lambda(self, node: ast.Lambda) -> ast.expr:
        self.simple = False
        arguments = self._arguments(node.args)
        self._bound.append({a.arg for a in node.args.args})
        body = self._expr(node.body)
        self._bound.pop()
        return ast.Lambda(arguments, body)

    # --- scripts

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.decorator_list:
            raise Untranslatable("@ does not exist here", node.decorator_list[0])
        self.simple = False
        arguments = self._arguments(node.args)
        self.functions.add(node.name)
        self._bound.append({a.arg for a in node.args.args} | _assigned(node.body))
        body = [self.visit(statement) for statement in node.body]
        self._bound.pop()
        return ast.FunctionDef(mangle(node.name), arguments, body, [], None)  # type: ignore[arg-type]

    def visit_AugAssign(self, node: ast.AugAssign) -> ast.AST:
        """`x += y` becomes `x = op_iadd(x, y)`, which appends to a list in place as Starlark's own does."""
        operator = "op_iadd" if isinstance(node.op, ast.Add) else OPERATORS.get(type(node.op))
        if operator is None:
            raise Untranslatable(f"operator {_name_of(node.op)}= does not exist here", node)
        self.simple = False
        load = ast.parse(ast.unparse(node.target), mode="eval").body
        value = call(operator, self._expr(load), self._expr(node.value))
        return ast.Assign([self._expr(node.target)], value, lineno=node.lineno)

    visit_Assign = visit_For = visit_If = visit_Expr = visit_Return = _growing
    visit_Pass = visit_Break = visit_Continue = _growing
    visit_Load = visit_Store = _growing


def _targets(node: ast.expr) -> set[str]:
    return {n.id for n in ast.walk(node) if isinstance(n, ast.Name)}


def _assigned(body: list[ast.stmt]) -> set[str]:
    """Names that a function sets: they are its own."""
    return {n.id for statement in body for n in ast.walk(statement) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}


def _name_of(node: ast.AST) -> str:
    return SIGNS.get(type(node).__name__, type(node).__name__.lower())
