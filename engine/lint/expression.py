"""Every expression has the right syntax: conditions, timers, people, inputs and outputs, counts."""

from __future__ import annotations

from collections.abc import Iterator

from engine import expressions
from engine.errors import ExpressionError, Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for place in folder.expressions(diagram):
            try:
                expressions.check(place.source, bare=place.bare)
            except ExpressionError as wrong:
                short = " ".join(place.source.split())[:120]
                yield error(
                    (diagram.file, place.element),
                    line=place.line + wrong.line - 1,
                    vi=f"Biểu thức {place.what} của {label(place.element)} phải đúng cú pháp, nhưng “{short}” sai ở dòng {wrong.line},"
                    f" cột {wrong.column}:"
                    f" {wrong.message}. Hãy sửa biểu thức.",
                    en=f"Expected expression {place.what} of {label(place.element)} to have the right syntax, but “{short}” is wrong at"
                    " line"
                    f" {wrong.line}, column {wrong.column}: {wrong.message}. Correct the expression.",
                )
