"""What an element refers to must exist: the ends of a flow, an event's activity, messages, signals, errors, default flows, data."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import BPMN, FLOW_NODES, Diagram, Element, Node
from engine.errors import Finding
from engine.lint.flow import kind_of, local
from engine.lint.folder import Folder
from engine.lint.rule import error, label

_ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "attachedToRef": tuple(FLOW_NODES),
    "messageRef": ("message",),
    "signalRef": ("signal",),
    "errorRef": ("error",),
    "escalationRef": ("escalation",),
    "default": ("sequenceFlow",),
    "dataObjectRef": ("dataObject",),
    "activityRef": tuple(FLOW_NODES),
}
"""Attribute -> what it may name. References that nothing is executed by (item definitions, operations, data stores) are not looked at."""

_TEXTS: dict[str, tuple[str, ...]] = {
    "flowNodeRef": tuple(FLOW_NODES),
    "eventDefinitionRef": ("",),
    "correlationPropertyRef": ("correlationProperty",),
}


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements():
        if element.type in ("sequenceFlow", "messageFlow"):
            yield from _ends(diagram, element)
        if element.type == "boundaryEvent" and not element.node.get("attachedToRef"):
            yield error(
                (diagram.file, element),
                vi=f"Sự kiện biên {label(element)} phải gắn vào một bước, nhưng không gắn vào đâu. Hãy kéo nó vào viền của bước.",
                en=f"Expected boundary event {label(element)} to be attached to an activity, but it is not. Drag it onto the activity's"
                " border.",
            )
        for node in _own(element):
            yield from _references(diagram, element, node)


def _own(element: Element) -> Iterator[Node]:
    """The element's node, and those below it that have no id and so are no element of their own."""
    stack = [element.node]
    while stack:
        node = stack.pop()
        yield node
        stack += [c for c in node if isinstance(c.tag, str) and c.tag.startswith(f"{{{BPMN}}}") and not c.get("id") and not _is_element(c)]


def _is_element(node: Node) -> bool:
    return kind_of(node) in FLOW_NODES or kind_of(node) in ("sequenceFlow", "process")


def _references(diagram: Diagram, element: Element, node: Node) -> Iterator[Finding]:
    for attribute, types in _ATTRIBUTES.items():
        value = node.get(attribute)
        if value and not _exists(diagram, value, types):
            yield _missing(diagram, element, attribute, value)
    if node.text and kind_of(node) in _TEXTS and not _exists(diagram, node.text, _TEXTS[kind_of(node)]):
        yield _missing(diagram, element, kind_of(node), node.text.strip())


def _exists(diagram: Diagram, reference: str, types: tuple[str, ...]) -> bool:
    found = diagram.elements.get(local(reference)) or diagram.elements.get(reference.strip())
    return found is not None and (found.type in types or types == ("",) or found.id.startswith("_anonymous_"))


def _ends(diagram: Diagram, flow: Element) -> Iterator[Finding]:
    for attribute, vi, en in (("sourceRef", "đầu", "source"), ("targetRef", "cuối", "target")):
        value = flow.node.get(attribute, "")
        found = diagram.elements.get(local(value)) or diagram.elements.get(value)
        wanted = FLOW_NODES if flow.type == "sequenceFlow" else FLOW_NODES | {"participant"}
        if found is None or found.type not in wanted:
            yield error(
                (diagram.file, flow),
                vi=f"Điểm {vi} của mũi tên {label(flow)} phải là một phần tử có trong sơ đồ, nhưng là “{value}”. Hãy nối lại hoặc xóa mũi"
                " tên.",
                en=f"Expected the {en} of flow {label(flow)} to be an element of the diagram, but it is “{value}”. Connect it again or"
                " delete it.",
            )


def _missing(diagram: Diagram, element: Element, attribute: str, value: str) -> Finding:
    return error(
        (diagram.file, element),
        vi=f"{label(element)}: {attribute} phải chỉ tới một phần tử có trong sơ đồ, nhưng “{value}” không có hoặc không đúng loại."
        " Hãy chọn lại trong bảng thuộc tính.",
        en=f"{label(element)}: expected {attribute} to name an element of the diagram, but “{value}” does not exist or is of another"
        " kind."
        " Choose it again in the properties panel.",
    )
