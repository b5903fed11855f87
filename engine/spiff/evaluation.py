"""Expressions of a diagram, evaluated over the variables that a place sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine import expressions
from engine.spiff.specs import Value


def value(source: str, view: Mapping[str, Any]) -> Any:
    """Text with `${...}`, or text as it stands. Raises ExpressionError."""
    return expressions.evaluate(source, view) if "${" in source or "#{" in source else source


def expression(source: str, view: Mapping[str, Any]) -> Any:
    """`${...}` or the bare expression. Raises ExpressionError."""
    return expressions.evaluate(source.strip(), view, bare=True)


def condition(source: str, view: Mapping[str, Any]) -> bool:
    """Whether `source`, an expression, is true. Raises ExpressionError."""
    return bool(expression(source, view))


def text(source: str | None, view: Mapping[str, Any]) -> str | None:
    """`source` with its expressions filled in, None for nothing. Raises ExpressionError."""
    if source is None or not source.strip():
        return None
    found = value(source.strip(), view)
    return None if found is None else str(found).strip()


def words(source: str | None, view: Mapping[str, Any]) -> tuple[str, ...]:
    """A comma-separated list with expressions anywhere; an expression may give a list itself. Raises ExpressionError."""
    if source is None or not source.strip():
        return ()
    found = value(source.strip(), view)
    parts = found if isinstance(found, list | tuple) else str(found or "").split(",")
    return tuple(part for part in (str(item).strip() for item in parts) if part)


def made(recipe: Value, view: Mapping[str, Any]) -> Any:
    """The value of an input or output parameter. Raises ExpressionError."""
    if recipe.kind == "variable":
        return view.get(recipe.text)
    if recipe.kind == "list":
        return [made(item, view) for _, item in recipe.items]
    if recipe.kind == "map":
        return {name: made(item, view) for name, item in recipe.items}
    if recipe.kind == "script":
        return expression(recipe.text, view)
    return value(recipe.text.strip(), view)
