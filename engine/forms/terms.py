"""FEEL inside a form: conditions, computed texts, limits. As in FEEL itself, an expression that fails is null."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from engine.errors import ExpressionError
from engine.expressions.feel import check_feel, feel, feel_names
from engine.forms.component import source
from engine.forms.typed import moment, number

TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)


def value(expression: str, scope: Mapping[str, Any]) -> Any:
    """The value of a FEEL expression, or None where it has none."""
    try:
        return feel(expression, scope)
    except (ExpressionError, ValueError):
        return None


def check(expression: str) -> None:
    """Raises ExpressionError when the syntax is wrong."""
    check_feel(expression)


def fill(text: str, scope: Mapping[str, Any]) -> str:
    """A text that may be an expression (`=...`) or hold some (`{{...}}`)."""
    expression = source(text)
    if expression is not None:
        return written(value(expression, scope))
    return TEMPLATE.sub(lambda found: written(value(found[1], scope)), text) if "{{" in text else text


def written(result: object) -> str:
    """A value in a sentence that people read."""
    if result is None:
        return ""
    if isinstance(result, bool):
        return "Có" if result else "Không"
    if isinstance(result, int | float | Decimal):
        return number(result)
    if isinstance(result, Mapping):
        return ", ".join(text for text in map(written, result.values()) if text)
    if isinstance(result, list | tuple):
        return "; ".join(written(one) for one in result)
    return moment(result)


def names(expression: str) -> frozenset[str]:
    """The variables that an expression reads; none where it cannot be read, which check() tells."""
    try:
        return feel_names(expression)
    except ExpressionError:
        return frozenset()


def expressions(text: str) -> list[str]:
    """The FEEL expressions inside a text."""
    whole = source(text)
    return [whole] if whole is not None else TEMPLATE.findall(text)
