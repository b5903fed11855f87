"""Groups are written role, role@organisation or @organisation, separated by commas, with ${...} anywhere; a user is one word."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label

_EXPRESSION = re.compile(r"[$#]\{[^{}]*(?:\{[^{}]*\}[^{}]*)*\}")
_MARK = "\ue000"
"""Stands for an expression: it may give anything, a list of groups as well."""
_WORD = rf"[\w.{_MARK}-]+"
_GROUP = re.compile(rf"{_WORD}(?:@{_WORD})?|@{_WORD}")
_USER = re.compile(rf"[\w.@+{_MARK}-]+")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements("userTask", "process"):
        for attribute in ("candidateGroups", "candidateStarterGroups"):
            yield from _each(diagram, element, f"camunda:{attribute}", element.camunda(attribute), _GROUP)
        yield from _each(diagram, element, "giam_sat", element.properties.get("giam_sat"), _GROUP)
        for attribute in ("candidateUsers", "candidateStarterUsers"):
            yield from _each(diagram, element, f"camunda:{attribute}", element.camunda(attribute), _USER)


def _each(diagram: Diagram, element: Element, what: str, value: str | None, wanted: re.Pattern[str]) -> Iterator[Finding]:
    if value is None:
        return
    for written in _EXPRESSION.sub(_MARK, value).split(","):
        item = written.strip()
        if wanted.fullmatch(item):
            continue
        shown = item.replace(_MARK, "${…}") or "(trống)"
        vi = "vai_tro, vai_tro@to_chuc hoặc @to_chuc" if wanted is _GROUP else "tên tài khoản"
        en = "role, role@organisation or @organisation" if wanted is _GROUP else "a username"
        yield error(
            (diagram.file, element),
            vi=f"{label(element)}: mỗi mục của {what} phải là {vi}, cách nhau bằng dấu phẩy, nhưng có “{shown}”. Hãy sửa lại.",
            en=f"{label(element)}: expected each item of {what} to be {en}, separated by commas, but found “{shown}”. Correct it.",
        )
