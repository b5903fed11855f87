"""A path that ends, ends in an end event: so that everybody sees that it was meant to end there."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import Finding
from engine.lint.folder import Folder
from engine.lint.rule import label, warning


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for node in flows.nodes.values():
            parent = diagram.elements.get(node.parent_id or "")
            if flows.outgoing[node.id] or node.type == "endEvent" or flows.event_sub_process(node) or flows.compensates(node):
                continue
            if parent is not None and parent.type == "adHocSubProcess":
                continue
            if node.type == "intermediateThrowEvent" and "link" in flows.kinds(node):
                continue
            if node.type == "boundaryEvent" and "compensate" in flows.kinds(node):
                continue
            yield warning(
                (diagram.file, node),
                vi=f"Sau {label(node)} nên có bước tiếp theo hoặc sự kiện kết thúc, nhưng không có gì: nhánh này dừng ở đó. Hãy nối tiếp"
                " hoặc thêm sự kiện kết thúc.",
                en=f"Expected something to follow {label(node)}, but nothing does: the path ends there. Go on or draw an end event.",
            )
