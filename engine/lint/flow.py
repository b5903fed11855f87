"""How the nodes of a diagram hang together: flows, boundary events, starts, scopes, event definitions."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.diagram import BPMN, FLOW_NODES, Diagram, Element, Node

SCOPES = ("process", "subProcess", "transaction", "adHocSubProcess")
EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
WAITING_TASKS = ("userTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask", "callActivity")


def local(reference: str | None) -> str:
    """A QName's local part: `bpmn:task_1` -> `task_1`."""
    return (reference or "").strip().rpartition(":")[2]


def text_of(node: Node | None) -> str:
    """All text in a node, its comments left out."""
    return "" if node is None else str(node.xpath("string()")).strip()


def child(element: Element | Node, name: str) -> Node | None:
    """The first direct BPMN child of this local name."""
    node = element.node if isinstance(element, Element) else element
    return node.find(f"{{{BPMN}}}{name}")


def line_of(node: Node | None) -> int:
    """The line a node begins at; 0 when unknown."""
    line: Any = None if node is None else node.sourceline
    return line or 0


def kind_of(node: Node) -> str:
    """Local name of a node: `timerEventDefinition`."""
    return str(etree.QName(node).localname)


@dataclass(frozen=True, eq=False)
class Flow:
    """A sequence flow whose two ends exist."""

    element: Element
    source: Element
    target: Element

    @property
    def condition(self) -> str | None:
        """The condition's text; None when there is none or it is empty."""
        return text_of(child(self.element, "conditionExpression")) or None


class Flows:
    """The flow nodes of one diagram with what connects them. Dangling flows are left out: their own rule speaks about them."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.nodes = {e.id: e for e in diagram.flow_nodes()}
        self.outgoing: dict[str, list[Flow]] = defaultdict(list)
        self.incoming: dict[str, list[Flow]] = defaultdict(list)
        self.boundary: dict[str, list[Element]] = defaultdict(list)
        self.members: dict[str, list[Element]] = defaultdict(list)
        for node in self.nodes.values():
            self.members[node.parent_id or ""].append(node)
            if node.type == "boundaryEvent":
                self.boundary[local(node.node.get("attachedToRef"))].append(node)
        for element in diagram.elements.values():
            if element.type == "sequenceFlow":
                self._connect(element)

    def _connect(self, element: Element) -> None:
        source = self.nodes.get(local(element.node.get("sourceRef")))
        target = self.nodes.get(local(element.node.get("targetRef")))
        if source is not None and target is not None:
            flow = Flow(element, source, target)
            self.outgoing[source.id].append(flow)
            self.incoming[target.id].append(flow)

    def scopes(self) -> Iterator[Element]:
        """Processes and sub-processes, outermost first."""
        for element in self.diagram.elements.values():
            if element.type in SCOPES:
                yield element

    def definitions(self, event: Element) -> list[Node]:
        """An event's definitions, those behind an eventDefinitionRef included."""
        own = [node for node in event.node if isinstance(node.tag, str) and node.tag.endswith("EventDefinition")]
        for reference in event.children("eventDefinitionRef"):
            found = self.diagram.elements.get(local(reference.text))
            if found is not None and found.type.endswith("EventDefinition"):
                own.append(found.node)
        return own

    def kinds(self, event: Element) -> list[str]:
        """Kinds of an event's definitions: `timer`, `message`..."""
        return [kind_of(node).removesuffix("EventDefinition") for node in self.definitions(event)]

    def event_sub_process(self, element: Element) -> bool:
        return element.type in SCOPES and element.node.get("triggeredByEvent", "").strip() in ("true", "1")

    def compensates(self, element: Element) -> bool:
        """Reached by compensation only, never by a flow: a handler, or an event sub-process that is not in the flow."""
        return element.node.get("isForCompensation", "").strip() in ("true", "1")

    def starts(self, scope: Element) -> list[Element]:
        """Where a token begins in this scope: its start events, or, without any, every node that nothing flows into."""
        members = self.members[scope.id]
        events = [m for m in members if m.type == "startEvent"]
        if events:
            return events + [m for m in members if m.node.get("instantiate", "").strip() in ("true", "1")]
        return [m for m in members if self.implicit_start(m)]

    def implicit_start(self, node: Element) -> bool:
        catches_link = node.type == "intermediateCatchEvent" and "link" in self.kinds(node)
        return not (
            self.incoming[node.id] or node.type == "boundaryEvent" or self.compensates(node) or self.event_sub_process(node) or catches_link
        )

    def links(self, thrower: Element) -> list[Element]:
        """Where a link throw event goes on: catching link events of the same name in its scope."""
        names = {d.get("name", "") for d in self.definitions(thrower) if kind_of(d) == "linkEventDefinition"}
        return [
            m
            for m in self.members[thrower.parent_id or ""]
            if m.type == "intermediateCatchEvent"
            and any(kind_of(d) == "linkEventDefinition" and d.get("name", "") in names for d in self.definitions(m))
        ]

    def next(self, node: Element) -> list[Element]:
        """Nodes of the same scope that may get a token after `node`: its flows, its boundary events', its link's other end."""
        found = [flow.target for flow in self.outgoing[node.id]]
        if node.type == "intermediateThrowEvent":
            found += self.links(node)
        return found + self.boundary[node.id]

    def waits(self, node: Element) -> bool:
        """Whether a case stops at this node until something outside happens."""
        if node.type in WAITING_TASKS or node.type == "intermediateCatchEvent":
            return "link" not in self.kinds(node)
        return node.type in ("eventBasedGateway", "adHocSubProcess")


__all__ = ["EVENTS", "FLOW_NODES", "SCOPES", "Flow", "Flows", "child", "kind_of", "line_of", "local", "text_of"]
