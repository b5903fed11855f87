"""Two BPMN diagrams, element by element: what they mean apart from how they are drawn.

Elements are the same when they have the same id. What belongs to an element but has no place of its own on the drawing (documentation,
event definitions, extensions of whatever tool) is part of its properties. White space, prefixes of namespaces, the order of properties and
ids that modelers make up for inner parts are no difference.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from unicodedata import normalize

from lxml import etree

from engine.comparison.model import Change, Difference, Kind, changes, out_of_order
from engine.diagram import BPMN, BPMNDI, CAMUNDA, FLOW_NODES, Diagram, Element, Node

_XSI = "http://www.w3.org/2001/XMLSchema-instance"
_ON_THEIR_OWN = FLOW_NODES | {
    *("process", "collaboration", "participant", "lane", "sequenceFlow", "messageFlow", "association", "textAnnotation", "group"),
    *("dataObject", "dataObjectReference", "dataStore", "dataStoreReference", "message", "signal", "error", "escalation", "category"),
}
_CONNECTIONS = ("sequenceFlow", "messageFlow", "association")
_DERIVED = ("incoming", "outgoing", "flowNodeRef")
"""Said by the flows, or by the element itself."""
_DEFAULTS = {
    "cancelActivity": "true",
    "isInterrupting": "true",
    "isSequential": "false",
    "triggeredByEvent": "false",
    "isForCompensation": "false",
}
_REFERENCES = {
    *("sourceRef", "targetRef", "attachedToRef", "default", "lane", "parent", "processRef", "dataObjectRef"),
    *("messageRef", "signalRef", "errorRef", "escalationRef"),
}
_NAMING = ("name", "id", "key", "source", "sourceExpression", "target", "variable", "event")
_ORDERED = ("exclusiveGateway", "inclusiveGateway", "complexGateway")
"""Of their flows the first whose condition holds is taken: their order matters."""

Facts = dict[str, str]


def compare(old: bytes, new: bytes, file: str = "") -> list[Difference]:
    """What differs, in the order of the new diagram; what is gone stands last. Raises FileRejected."""
    before, after = _Side(Diagram.read(old, file)), _Side(Diagram.read(new, file))
    found = [_one(id_, before, after) for id_ in after.elements]
    found += [_one(id_, before, after) for id_ in before.elements if id_ not in after.elements]
    return [each for each in found if each.kind is not Kind.SAME]


def outline(source: bytes, kind: Kind, file: str = "") -> list[Difference]:
    """Everything a diagram holds, where the other side has none. Raises FileRejected."""
    side = _Side(Diagram.read(source, file))
    return [side.difference(id_, kind) for id_ in side.elements]


class _Side:
    """One of the two diagrams."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.elements = {id_: element for id_, element in diagram.elements.items() if element.type in _ON_THEIR_OWN}
        self.lanes = _lanes(self.elements)
        self.flows = _flows(self.elements)
        self.places = dict(_places(diagram.root))

    def facts(self, id_: str) -> Facts:
        element = self.elements[id_]
        found = {"type": element.type, **_facts(element.node, self.elements)}
        for name, value in (("parent", element.parent_id), ("lane", self.lanes.get(id_))):
            if value:
                found[name] = value
        return found

    def called(self, id_: str) -> str:
        """How people call the element: by its name, or by what it connects."""
        element = self.elements.get(id_)
        return element.name if element is not None and element.name else id_

    def difference(self, id_: str, kind: Kind) -> Difference:
        element = self.elements[id_]
        ends = None
        if element.type in _CONNECTIONS:
            ends = (self.called(element.node.get("sourceRef", "")), self.called(element.node.get("targetRef", "")))
        return Difference(id_, kind, element.type, element.name, ends=ends)


def _one(id_: str, before: _Side, after: _Side) -> Difference:
    if id_ not in before.elements:
        return after.difference(id_, Kind.ADDED)
    if id_ not in after.elements:
        return before.difference(id_, Kind.REMOVED)
    different = [_in_words(change, before, after) for change in changes(before.facts(id_), after.facts(id_))]
    different += _order(id_, before, after)
    moved = before.places.get(id_) != after.places.get(id_)
    kind = Kind.CHANGED if different else Kind.MOVED if moved else Kind.SAME
    return replace(after.difference(id_, kind), changes=tuple(different), moved=moved)


def _in_words(change: Change, before: _Side, after: _Side) -> Change:
    """References are compared by id and told by name."""
    if change.what.rpartition("@")[2] not in _REFERENCES:
        return change
    old, new = change.old and before.called(change.old), change.new and after.called(change.new)
    return Change(change.what, old, new) if old != new else change


def _order(id_: str, before: _Side, after: _Side) -> list[Change]:
    old, new = before.flows.get(id_, []), after.flows.get(id_, [])
    if after.elements[id_].type not in _ORDERED or not out_of_order(old, new):
        return []
    return [Change("order", _ways(before, old), _ways(after, new))]


def _ways(side: _Side, flows: list[str]) -> str:
    """The flows by their names, or by what they lead to."""
    targets = [str(side.elements[flow].node.get("targetRef", "")) for flow in flows]
    return "; ".join(side.elements[flow].name or side.called(target) for flow, target in zip(flows, targets, strict=True))


# --- what an element says ----------------------------------------------------------------------------------------------------------------


def _facts(node: Node, elements: Mapping[str, Element]) -> Facts:
    found: Facts = {}
    stack: list[tuple[Node, str, str]] = [(node, "", "")]
    while stack:
        part, path, naming = stack.pop()
        said = dict(_attributes(part, path, naming))
        children = [child for child in part if isinstance(child.tag, str) and not _elsewhere(child, elements)]
        text = normalize("NFC", "\n".join((part.text or "").split("\r\n"))).strip() if path else ""
        if path and (text or (not children and not said)):
            found[path] = text
        found.update(said)
        stack += reversed(list(_paths(children, path)))
    return found


def _elsewhere(child: Node, elements: Mapping[str, Element]) -> bool:
    """Whether it is compared by itself, or says what is said elsewhere."""
    name = etree.QName(child)
    if name.namespace != BPMN:
        return name.namespace == BPMNDI
    return name.localname in _DERIVED or name.localname == "laneSet" or (name.localname in _ON_THEIR_OWN and child.get("id") in elements)


def _paths(children: list[Node], path: str) -> Iterator[tuple[Node, str, str]]:
    """Each child with its path, and the attribute that is part of it: children of one kind are told apart by what names them."""
    seen: Counter[str] = Counter()
    for child in children:
        if child.tag == f"{{{BPMN}}}extensionElements":
            yield from _paths([inner for inner in child if isinstance(inner.tag, str)], path)
            continue
        own = etree.QName(child).namespace == BPMN
        naming = next((name for name in _NAMING if child.get(name) and not (own and name == "id")), "")
        step = f"{_label(str(child.tag))}[{child.get(naming)}]" if naming else _label(str(child.tag))
        seen[step] += 1
        step += f"#{seen[step]}" if seen[step] > 1 else ""
        yield child, f"{path}/{step}" if path else step, naming


def _attributes(node: Node, path: str, naming: str) -> Iterator[tuple[str, str]]:
    own = etree.QName(node).namespace == BPMN
    for tag, raw in node.attrib.items():
        name, value = _label(str(tag)), normalize("NFC", str(raw)).strip()
        if (own and name == "id") or (naming and name == naming) or _DEFAULTS.get(name) == value:
            continue
        yield f"{path}@{name}" if path else name, value.rpartition(":")[2] if name == "xsi:type" else value


def _label(tag: str) -> str:
    name = etree.QName(tag)
    prefix = {None: "", BPMN: "", CAMUNDA: "camunda:", _XSI: "xsi:"}.get(name.namespace)
    return f"{{{name.namespace}}}{name.localname}" if prefix is None else f"{prefix}{name.localname}"


def _lanes(elements: Mapping[str, Element]) -> dict[str, str]:
    """Flow node -> its innermost lane, by id."""
    found: dict[str, str] = {}
    for lane in elements.values():
        if lane.type == "lane":
            found.update({(reference.text or "").strip(): lane.id for reference in lane.node.findall(f"{{{BPMN}}}flowNodeRef")})
    return found


def _flows(elements: Mapping[str, Element]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for flow in elements.values():
        if flow.type == "sequenceFlow":
            found.setdefault(flow.node.get("sourceRef", ""), []).append(flow.id)
    return found


def _places(root: Node) -> Iterator[tuple[str, tuple[object, ...]]]:
    """Element -> where and how it is drawn."""
    for drawn in root.iter(f"{{{BPMNDI}}}BPMNShape", f"{{{BPMNDI}}}BPMNEdge"):
        own = [value for name, value in sorted(drawn.attrib.items()) if name not in ("id", "bpmnElement")]
        points = [
            tuple(_whole(part.get(side)) for side in ("x", "y", "width", "height"))
            for part in drawn.iter()
            if isinstance(part.tag, str) and etree.QName(part).localname in ("Bounds", "waypoint")
        ]
        yield drawn.get("bpmnElement", ""), (*own, *points)


def _whole(text: str | None) -> int | str | None:
    try:
        return round(float(text)) if text is not None else None
    except (ValueError, OverflowError):
        return text
