"""FEEL inside a form: conditions, computed texts, limits. As in FEEL itself, an expression that fails is null."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from engine import expressions as language
from engine.errors import ExpressionError
from engine.forms.component import source

TEMPLATE = re.compile(r"\{\{(.*?)\}\}", re.DOTALL)
_NAME = re.compile(r"[^\W\d]\w*")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*"')


def value(expression: str, scope: Mapping[str, Any]) -> Any:
    """The value of a FEEL expression, or None where it has none."""
    try:
        return language.feel(expression, scope)
    except ExpressionError:
        return None


def check(expression: str) -> None:
    """Raises ExpressionError when the syntax is wrong."""
    language.check_feel(expression)


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
    if isinstance(result, datetime):
        return result.strftime("%d/%m/%Y %H:%M")
    if isinstance(result, date):
        return result.strftime("%d/%m/%Y")
    if isinstance(result, list | tuple):
        return ", ".join(written(one) for one in result)
    return str(result)


def names(expression: str) -> set[str]:
    """Every word of an expression that could be the name of a variable. Words of FEEL itself are among them."""
    return set(_NAME.findall(_STRING.sub("", expression)))


def expressions(text: str) -> list[str]:
    """The FEEL expressions inside a text."""
    whole = source(text)
    return [whole] if whole is not None else TEMPLATE.findall(text)
