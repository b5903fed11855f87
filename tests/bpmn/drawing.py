"""The drawing of a diagram: boxes, edges and labels, and what lies over what."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, pairwise

from engine.diagram import BPMNDI, Diagram, Node

DC = "http://www.omg.org/spec/DD/20100524/DC"
DI = "http://www.omg.org/spec/DD/20100524/DI"
Point = tuple[float, float]
Segment = tuple[Point, Point]


@dataclass(frozen=True)
class Box:
    """A rectangle; edges that only touch do not overlap."""

    left: float
    top: float
    right: float
    bottom: float

    def overlaps(self, other: Box) -> bool:
        return self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom

    def holds(self, other: Box) -> bool:
        return self.left <= other.left and self.top <= other.top and self.right >= other.right and self.bottom >= other.bottom

    @property
    def core(self) -> Box:
        """What a diamond surely covers of its box."""
        x, y = (self.right - self.left) / 4, (self.bottom - self.top) / 4
        return Box(self.left + x, self.top + y, self.right - x, self.bottom - y)

    def touches(self, point: Point) -> bool:
        return self.left - 1 <= point[0] <= self.right + 1 and self.top - 1 <= point[1] <= self.bottom + 1


def segment_box(segment: Segment) -> Box:
    (x1, y1), (x2, y2) = segment
    return Box(min(x1, x2), min(y1, y2), max(x1, x2), max(y1, y2))


class Drawing:
    """What BPMNDI says about one diagram, by element id."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.boxes: dict[str, Box] = {}
        self.labels: dict[str, Box] = {}
        self.edges: dict[str, list[Point]] = {}
        for shape in diagram.root.iter(f"{{{BPMNDI}}}BPMNShape"):
            self.boxes[shape.get("bpmnElement", "")] = _bounds(shape)
            self._label(shape)
        for edge in diagram.root.iter(f"{{{BPMNDI}}}BPMNEdge"):
            points = [(float(p.get("x", "")), float(p.get("y", ""))) for p in edge.findall(f"{{{DI}}}waypoint")]
            self.edges[edge.get("bpmnElement", "")] = points
            self._label(edge)
        self.nodes = {node.id: self.boxes[node.id] for node in diagram.flow_nodes() if node.id in self.boxes}

    def _label(self, holder: Node) -> None:
        label = holder.find(f"{{{BPMNDI}}}BPMNLabel")
        if label is not None and label.find(f"{{{DC}}}Bounds") is not None:
            self.labels[holder.get("bpmnElement", "")] = _bounds(label)

    def segments(self, flow_id: str) -> list[Segment]:
        return list(pairwise(self.edges[flow_id]))

    def ends(self, flow_id: str) -> tuple[str, str]:
        node = self.diagram.elements[flow_id].node
        return node.get("sourceRef", ""), node.get("targetRef", "")

    def around(self, node_id: str) -> set[str]:
        """A node, what it is attached to, and the sub-processes it lies in."""
        element = self.diagram.elements[node_id]
        host = element.node.get("attachedToRef")
        outer = {node_id} | ({host} if host else set())
        return outer | (self.around(element.parent_id) if element.parent_id in self.nodes else set())

    def flows(self) -> list[str]:
        return [element.id for element in self.diagram.elements.values() if element.type == "sequenceFlow"]

    def overlapping(self) -> Iterator[tuple[str, str]]:
        """Pairs of nodes that lie over each other, though neither holds the other."""
        for one, other in combinations(self.nodes, 2):
            if other not in self.around(one) and one not in self.around(other) and self.nodes[one].overlaps(self.nodes[other]):
                yield one, other

    def crossed(self) -> Iterator[tuple[str, str]]:
        """A flow, and a node that it runs through without beginning or ending there."""
        for flow in self.flows():
            source, target = self.ends(flow)
            ours = (self.around(source) | self.around(target)) - ({source, target} & self.nodes.keys())
            for node, box in self.nodes.items():
                attached = self.diagram.elements[node].node.get("attachedToRef") in (source, target)
                if node in ours or node in (source, target) or attached:
                    continue
                if any(segment_box(segment).overlaps(box) for segment in self.segments(flow)):
                    yield flow, node

    def crossings(self) -> Iterator[tuple[str, str]]:
        """Pairs of flows that cross, without those that begin or end together."""
        for one, other in combinations(self.flows(), 2):
            if set(self.ends(one)) & set(self.ends(other)):
                continue
            if any(segment_box(a).overlaps(segment_box(b)) for a in self.segments(one) for b in self.segments(other)):
                yield one, other

    def covered_labels(self) -> Iterator[tuple[str, str]]:
        """A label, and the node, the label or the flow that it lies over."""
        for owner, label in self.labels.items():
            for node, box in self.nodes.items():
                kind = self.diagram.elements[node].type
                if kind != "subProcess" and label.overlaps(box.core if kind.endswith("Gateway") else box):
                    yield owner, node
            for flow in self.flows():
                if any(segment_box(segment).overlaps(label) for segment in self.segments(flow)):
                    yield owner, flow
        for (one, a), (other, b) in combinations(self.labels.items(), 2):
            if a.overlaps(b):
                yield one, other


def _bounds(holder: Node) -> Box:
    bounds = holder.find(f"{{{DC}}}Bounds")
    assert bounds is not None
    x, y, width, height = (float(bounds.get(name, "")) for name in ("x", "y", "width", "height"))
    return Box(x, y, x + width, y + height)
