"""Camunda extensions that the engine does not carry: refused where leaving them out would change what happens, told about elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.diagram import CAMUNDA, Diagram, Element, Node
from engine.errors import Finding
from engine.lint.flow import kind_of, line_of
from engine.lint.folder import Folder
from engine.lint.rule import error, label, warning

_RUN_WRONGLY = {
    "executionListener": ("bộ nghe sự kiện (execution listener)", "execution listeners"),
    "taskListener": ("bộ nghe việc (task listener)", "task listeners"),
    "errorEventDefinition": ("lỗi của external task (camunda:errorEventDefinition)", "error mappings of external tasks"),
    "variableMappingClass": ("lớp Java ánh xạ biến", "variable mapping classes"),
    "variableMappingDelegateExpression": ("lớp Java ánh xạ biến", "variable mapping delegates"),
    "delegateExpression": ("mã Java (delegateExpression)", "Java delegates"),
    "class": ("mã Java (camunda:class)", "Java classes"),
}
_NOTHING_HAPPENS = {
    "formHandlerClass": ("lớp Java của biểu mẫu", "form handler classes"),
    "variableName": ("giới hạn sự kiện điều kiện theo một biến", "variable names of conditional events"),
    "variableEvents": ("giới hạn sự kiện điều kiện theo kiểu thay đổi", "variable events of conditional events"),
    "taskPriority": ("mức ưu tiên của công việc máy", "task priorities of jobs"),
    "jobPriority": ("mức ưu tiên của công việc máy", "job priorities"),
}
_OWN_RULE = ("serviceTask", "sendTask", "businessRuleTask")
"""Their Java attributes are the business of the rule topic."""


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for node in diagram.root.iter():
            if not isinstance(node.tag, str):
                continue
            owner = _owner(diagram, node)
            if node.tag.startswith(f"{{{CAMUNDA}}}"):
                yield from _found(diagram, owner, node, kind_of(node))
            elif owner is not None and owner.type not in _OWN_RULE:
                for attribute in node.attrib:
                    if str(attribute).startswith(f"{{{CAMUNDA}}}"):
                        yield from _found(diagram, owner, node, str(etree.QName(attribute).localname))


def _found(diagram: Diagram, owner: Element | None, node: Node, name: str) -> Iterator[Finding]:
    where = label(owner) if owner else diagram.file
    if name in _RUN_WRONGLY:
        vi, en = _RUN_WRONGLY[name]
        yield error(
            (diagram.file, owner),
            line=line_of(node),
            vi=f"{where} dùng {vi}, thứ không chạy được ở đây, nên kết quả sẽ khác với bản vẽ. Hãy vẽ việc đó thành một bước, rồi xóa"
            " phần này.",
            en=f"{where} uses {en}, which cannot run here, so that the result would differ from the drawing. Draw it as a step and delete"
            " this.",
        )
    elif name in _NOTHING_HAPPENS:
        vi, en = _NOTHING_HAPPENS[name]
        yield warning(
            (diagram.file, owner),
            line=line_of(node),
            vi=f"{where} dùng {vi}, thứ không được xét ở đây. Hãy xóa đi nếu không cần cho phần mềm khác.",
            en=f"{where} uses {en}, which are not looked at here. Delete them unless other software needs them.",
        )


def _owner(diagram: Diagram, node: Node) -> Element | None:
    """The element of the canvas that a node belongs to."""
    here: Node | None = node
    while here is not None:
        found = diagram.elements.get(here.get("id", ""))
        if found is not None and found.node is here and not found.type.endswith(("EventDefinition", "LoopCharacteristics")):
            return found
        here = here.getparent()
    return None
