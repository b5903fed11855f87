"""A file of the folder that an input names, such as the template of a document, must be there."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.diagram import CAMUNDA
from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label

_FILE = re.compile(r"(?:documents|forms)/[^\s${}]+\.\w+")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements():
        for holder in element.extensions("inputOutput"):
            for node in holder.iterchildren(f"{{{CAMUNDA}}}inputParameter"):
                name = (node.text or "").strip()
                if _FILE.fullmatch(name) and name not in folder.files:
                    yield error(
                        (diagram.file, element),
                        vi=f"{label(element)}: tệp {name} phải có trong thư mục quy trình, nhưng không có. Hãy thêm tệp, hoặc sửa tên.",
                        en=f"{label(element)}: expected file {name} in the folder, but it is not there. Add it or correct the name.",
                    )
