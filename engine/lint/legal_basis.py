"""In a folder that states legal bases (can_cu), every step that people or machines do has one."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import label, warning

_STEPS = ("userTask", "serviceTask", "sendTask", "businessRuleTask", "manualTask", "callActivity")
_NAME = "can_cu"


def check(folder: Folder) -> Iterator[Finding]:
    if not any(_NAME in element.properties for _, element in folder.elements()):
        return
    for diagram, element in folder.elements(*_STEPS):
        if not element.properties.get(_NAME, "").strip():
            yield warning(
                (diagram.file, element),
                vi=f"{label(element)} nên ghi căn cứ (thuộc tính can_cu), nhưng chưa có. Hãy ghi điều khoản, ví dụ “Điều 7, Bước 3”, hoặc"
                " “mô hình hóa”.",
                en=f"Expected {label(element)} to state its legal basis (property can_cu), but it has none."
                " Write the article, such as “Điều 7, Bước 3”, or “mô hình hóa”.",
            )
