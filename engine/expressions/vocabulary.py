"""The words of expressions: functions, methods, operators. What is not here does not exist."""

from __future__ import annotations

import ast

FUNCTIONS = frozenset({
    "len", "str", "int", "float", "bool", "min", "max", "abs", "sorted", "reversed", "range", "list", "dict", "tuple",
    "enumerate", "zip", "any", "all", "repr", "type", "fail", "date", "date_and_time", "time", "duration", "decimal", "today",
    "now", "round", "sum", "number", "string", "empty",
    "sau_ngay_lam_viec", "sau_gio_lam_viec", "la_ngay_lam_viec", "so_ngay_lam_viec",
})  # fmt: skip
"""What expressions may call: Starlark's, and our own."""
OWN = frozenset({
    "min", "max", "sorted", "date", "date_and_time", "time", "duration", "decimal", "today", "now", "round", "sum", "number", "string",
})  # fmt: skip
METHODS = frozenset({
    "append", "clear", "count", "endswith", "extend", "find", "format", "get", "index", "insert", "isalnum", "isalpha", "isdigit",
    "islower", "isspace", "istitle", "isupper", "items", "join", "keys", "lower", "lstrip", "partition", "pop", "popitem",
    "remove", "removeprefix", "removesuffix", "replace", "rfind", "rindex", "rpartition", "rsplit", "rstrip", "setdefault",
    "split", "splitlines", "startswith", "strip", "title", "capitalize", "update", "upper", "values",
})  # fmt: skip
SIMPLE_METHODS = frozenset({
    "count", "endswith", "find", "get", "isalnum", "isalpha", "isdigit", "islower", "isspace", "istitle", "isupper", "items",
    "keys", "lower", "lstrip", "removeprefix", "removesuffix", "rfind", "rstrip", "startswith", "strip", "title", "capitalize",
    "upper", "values",
})  # fmt: skip
NOT_SIMPLE = frozenset({
    "range", "reversed", "enumerate", "zip", "sum", "sorted", "repr",
})  # fmt: skip
OPERATORS: dict[type[ast.operator], str] = {
    ast.Add: "op_add",
    ast.Sub: "op_sub",
    ast.Mult: "op_mul",
    ast.Div: "op_div",
    ast.FloorDiv: "op_floordiv",
    ast.Mod: "op_mod",
}
COMPARISONS: dict[type[ast.cmpop], str] = {
    ast.Eq: "op_eq",
    ast.NotEq: "op_ne",
    ast.Lt: "op_lt",
    ast.LtE: "op_le",
    ast.Gt: "op_gt",
    ast.GtE: "op_ge",
    ast.Is: "op_eq",
    ast.IsNot: "op_ne",
}
NOW = "_now"
"""The variable that holds the time `now()` tells."""
CALENDAR = "_lich"
"""The variable that holds the calendar of working days: plain data, or what gives it when it is asked for."""
GIVEN = frozenset({NOW, CALENDAR})
"""Names that stand for what the evaluator is told, and for no variable of the case."""
SIGNS = {
    "Import": "import", "ImportFrom": "import", "While": "while", "ClassDef": "class", "Pow": "**", "Starred": "*", "Try": "try",
    "BitOr": "|", "BitAnd": "&", "BitXor": "^", "LShift": "<<", "RShift": ">>", "NamedExpr": ":=", "Set": "{a, b}", "With": "with",
}  # fmt: skip
"""How Python's grammar is written where its name says nothing to the reader."""
