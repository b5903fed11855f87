"""A BPMN file as people drew it: elements, names, lanes, properties. For reading; what runs is compiled from it by engine.spiff.

BPMN 2.0 with the Camunda 7 extension namespace. Nothing here changes the file: the original bytes are kept and shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from unicodedata import normalize

from lxml import etree

from engine.errors import FileRejected

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
CAMUNDA = "http://camunda.org/schema/1.0/bpmn"
BPMNDI = "http://www.omg.org/spec/BPMN/20100524/DI"
FLOW_NODES = frozenset(
    [
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "scriptTask",
        "sendTask",
        "receiveTask",
        "businessRuleTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "eventBasedGateway",
        "complexGateway",
    ]
)

Node = etree._Element


@dataclass(eq=False)
class Element:
    """One element with an id: a flow node, flow, lane, data object... `type` is BPMN's local name (`userTask`)."""

    id: str
    type: str
    name: str
    node: Node
    process_id: str | None
    parent_id: str | None
    """The sub-process or process directly around it."""
    lane: str = ""
    """Name of the innermost lane, inherited into sub-processes."""
    properties: dict[str, str] = field(default_factory=dict)
    """camunda:properties."""

    @property
    def line(self) -> int | None:
        line: int | None = self.node.sourceline  # type: ignore[assignment]  # the stubs leave the type open
        return line

    @cached_property
    def documentation(self) -> str:
        return "\n".join((text.text or "").strip() for text in self.node.findall(f"{{{BPMN}}}documentation")).strip()

    def camunda(self, attribute: str) -> str | None:
        """An attribute of the Camunda namespace: `element.camunda("assignee")`."""
        return self.node.get(f"{{{CAMUNDA}}}{attribute}")

    def children(self, *types: str) -> list[Node]:
        """Direct BPMN children of these local names."""
        return [child for child in self.node if isinstance(child.tag, str) and child.tag in {f"{{{BPMN}}}{t}" for t in types}]

    def extensions(self, *names: str) -> list[Node]:
        """Camunda extension elements of these local names, directly under extensionElements."""
        found: list[Node] = []
        for holder in self.node.findall(f"{{{BPMN}}}extensionElements"):
            found += [child for child in holder if isinstance(child.tag, str) and child.tag in {f"{{{CAMUNDA}}}{n}" for n in names}]
        return found


@dataclass(eq=False)
class Diagram:
    """A whole BPMN file. `elements` in document order, by id; elements without an id are given one (`_anonymous_3`)."""

    file: str
    source: bytes
    root: Node
    elements: dict[str, Element]
    duplicates: list[Element] = field(default_factory=list)
    """Elements whose id an earlier one has already; only the first of each is in `elements`."""

    @classmethod
    def read(cls, source: bytes, file: str = "") -> Diagram:
        """Parse `source`. Raises FileRejected when it is not XML, not BPMN, or hostile (DOCTYPE, entities, depth)."""
        root = _parse(source, file)
        if root.tag != f"{{{BPMN}}}definitions":
            raise FileRejected(file=file, expected="BPMN 2.0 <definitions>", found=str(root.tag)[:120])
        elements: dict[str, Element] = {}
        duplicates: list[Element] = []
        for element in _walk(root):
            if elements.setdefault(element.id, element) is not element:
                duplicates.append(element)
        _assign_lanes(elements)
        return cls(file, source, root, elements, duplicates)

    @property
    def processes(self) -> list[Element]:
        return [e for e in self.elements.values() if e.type == "process"]

    @property
    def executable(self) -> list[Element]:
        """Processes that are meant to run: `isExecutable` true, "1", or not said."""
        return [p for p in self.processes if p.node.get("isExecutable", "true").strip() in ("true", "1")]

    def flow_nodes(self, process_id: str | None = None) -> list[Element]:
        return [e for e in self.elements.values() if e.type in FLOW_NODES and process_id in (None, e.process_id)]


def _parse(source: bytes, file: str) -> Node:
    parser = etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, remove_comments=False)
    try:
        root = etree.fromstring(source, parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise FileRejected(file=file, expected="well-formed XML", found=str(error)[:300]) from None
    doctype = root.getroottree().docinfo.doctype  # type: ignore[union-attr]  # the stubs leave the type open
    if doctype:
        raise FileRejected(file=file, expected="XML without DOCTYPE", found=doctype[:120])
    return root


def _walk(root: Node) -> Iterator[Element]:
    anonymous = 0
    stack: list[tuple[Node, str | None, str | None]] = [(root, None, None)]
    while stack:
        node, process_id, parent_id = stack.pop()
        for child in reversed(node):
            if isinstance(child.tag, str) and child.tag.startswith(f"{{{BPMN}}}") and not child.tag.endswith("}extensionElements"):
                stack.append((child, process_id, parent_id))
        if node is root:
            continue
        kind = etree.QName(node).localname
        id_ = node.get("id")
        if not id_:
            if kind not in FLOW_NODES and kind != "sequenceFlow" and kind != "process":
                continue
            anonymous += 1
            id_ = f"_anonymous_{anonymous}"
        if kind == "process":
            process_id, parent_id = id_, None
        name = normalize("NFC", node.get("name") or "").strip()
        yield Element(id_, kind, name, node, process_id, parent_id, properties=_properties(node))
        if kind in ("process", "subProcess", "transaction", "adHocSubProcess"):
            # The children pushed above were pushed with the outer parent: give them this one.
            count = sum(
                1 for c in node if isinstance(c.tag, str) and c.tag.startswith(f"{{{BPMN}}}") and not c.tag.endswith("}extensionElements")
            )
            for i in range(1, count + 1):
                stack[-i] = (stack[-i][0], process_id, id_)


def _properties(node: Node) -> dict[str, str]:
    path = f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}properties/{{{CAMUNDA}}}property"
    return {p.get("name", ""): p.get("value", "") for p in node.findall(path)}


def _assign_lanes(elements: dict[str, Element]) -> None:
    for lane in [e for e in elements.values() if e.type == "lane"]:
        for reference in lane.node.findall(f"{{{BPMN}}}flowNodeRef"):
            element = elements.get((reference.text or "").strip())
            if element is not None:
                # Document order visits outer lanes first, so the innermost wins.
                element.lane = lane.name
    for element in elements.values():
        parent = elements.get(element.parent_id or "")
        if not element.lane and parent is not None:
            element.lane = parent.lane
