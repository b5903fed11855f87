"""A script is written in Starlark (scriptFormat starlark or python) and has the right syntax."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import ExpressionError, Finding
from engine.lint import places
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo
from engine.lint.variables import understood

FORMATS = ("starlark", "python")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, task in folder.elements("scriptTask", "globalScriptTask"):
        if task.camunda("resource"):
            yield error(
                (diagram.file, task),
                vi=f"Kịch bản của {label(task)} phải nằm trong sơ đồ, nhưng lại ở tệp khác (camunda:resource). Hãy chép vào sơ đồ (Inline"
                " script).",
                en=f"Expected the script of {label(task)} in the diagram, but it is in another file (camunda:resource). Copy it in"
                " (Inline script).",
            )
    for diagram in folder.diagrams.values():
        for script in places.scripts(diagram):
            yield from _script(script)


def _script(script: places.Script) -> Iterator[Finding]:
    place = (script.diagram.file, script.element)
    if not script.source.strip():
        if not script.element.camunda("resource"):
            yield todo(
                place,
                vi=f"{label(script.element)} cần một kịch bản, nhưng đang trống. Hãy viết kịch bản Starlark, hoặc đổi sang loại bước khác.",
                en=f"Expected {label(script.element)} to have a script, but it is empty. Write it in Starlark or make it another kind of"
                " task.",
            )
        return
    if script.format.strip().lower() not in FORMATS:
        found = f"“{script.format}”" if script.format else "không có"
        yield error(
            place,
            line=script.line,
            vi=f"scriptFormat của {label(script.element)} phải là starlark hoặc python, nhưng {'là ' if script.format else ''}{found}."
            " Hãy viết lại kịch bản bằng Starlark và ghi scriptFormat.",
            en=f"Expected scriptFormat of {label(script.element)} to be starlark or python, but found"
            f" {f'“{script.format}”' if script.format else 'none'}."
            " Write the script in Starlark and state the format.",
        )
        return
    wrong = understood(script.source)
    if isinstance(wrong, ExpressionError):
        yield error(
            place,
            line=script.line + wrong.line - 1,
            vi=f"Kịch bản của {label(script.element)} phải đúng cú pháp Starlark, nhưng sai ở dòng {wrong.line}, cột {wrong.column}:"
            f" {wrong.message}."
            " Hãy sửa kịch bản.",
            en=f"Expected the script of {label(script.element)} to be right Starlark, but line {wrong.line}, column {wrong.column} is"
            " wrong:"
            f" {wrong.message}. Correct the script.",
        )
