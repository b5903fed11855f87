"""An ad-hoc sub-process says when it is done: by the standard its completionCondition is what ends it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.flow import child, text_of
from engine.lint.folder import Folder
from engine.lint.rule import error, label


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for element in diagram.flow_nodes():
            if element.type == "adHocSubProcess" and not text_of(child(element.node, "completionCondition")):
                yield error(
                    (diagram.file, element),
                    vi=f"Quy trình con tùy biến (ad-hoc) {label(element)} phải nói khi nào thì xong (completionCondition), nhưng chưa có."
                    " Hãy ghi điều kiện, ví dụ ${da_du_y_kien}.",
                    en=f"Expected ad-hoc sub-process {label(element)} to say when it is done (completionCondition), but it does not."
                    " Write the condition, for example ${da_du_y_kien}.",
                )
