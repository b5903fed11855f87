"""The diagram of a case as a picture (SVG) in BPMN's notation, with the path it took: it must be readable without this system."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lxml import etree

from engine.footprints import Footprint
from web.casefile import flows
from web.casefile.shapes import Box, Look, draw_shape

SVG = "http://www.w3.org/2000/svg"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
PLAIN, PASSED, ACTIVE, FAILED = Look("#444", "#fff"), Look("#1b6e3c", "#e4f3e9"), Look("#0b57a4", "#dcebfa"), Look("#a4160b", "#fbe3e1")
MARGIN, MOST = 20.0, 5_000
"""MOST: shapes and edges that are drawn."""


def draw(source: bytes, footprint: Footprint) -> bytes:
    """The picture of `source`. What the diagram has no place for in its drawing is not in it."""
    root = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    named = (node for node in root.iter() if isinstance(node.tag, str) and not node.tag.startswith(DI))
    nodes: dict[str, Any] = {node.get("id", ""): node for node in named}
    spaces: Any = {None: SVG}
    svg = etree.Element("svg", nsmap=spaces)
    svg.set("font-family", "'Be Vietnam Pro', 'Noto Sans', Arial, sans-serif")
    svg.set("font-size", "12")
    etree.SubElement(svg, "title").text = "Sơ đồ của hồ sơ: xanh lá là đã qua, xanh dương là đang mở, đỏ là có sự cố"
    flows.define(svg, {"plain": PLAIN.stroke, "passed": PASSED.stroke})
    # What is folded into a sub-process has a drawing of its own, with its own origin: it is put below.
    planes = list(root.iter(f"{DI}BPMNPlane")) or [root]
    left = right = top = bottom = 0.0
    for number, plane in enumerate(planes):
        group = etree.SubElement(svg, "g")
        box = _plane(group, plane, nodes, footprint)
        if number == 0:
            left, top, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
            continue
        group.set("transform", f"translate({left - box.x:g} {bottom - box.y:g})")
        right, bottom = max(right, left + box.width), bottom + box.height
    svg.set("viewBox", f"{left:g} {top:g} {right - left:g} {bottom - top:g}")
    found: bytes = etree.tostring(_renamed(svg), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return found


def _plane(group: Any, plane: Any, nodes: dict[str, Any], footprint: Footprint) -> Box:
    """Draw one plane. The room it takes."""
    shapes = [(node, box) for node in plane.iter(f"{DI}BPMNShape") if (box := Box.of(node.find(BOUNDS)))][:MOST]
    edges = [(node, points) for node in plane.iter(f"{DI}BPMNEdge") if len(points := list(_points(node))) > 1][:MOST]
    passed = footprint.flows
    # Frames first, so that they lie below; the largest lowest. Events at the edge of an activity lie upon it.
    for shape, box in sorted(shapes, key=lambda one: -one[1].width * one[1].height):
        node = nodes.get(shape.get("bpmnElement") or "-")
        draw_shape(group, node, shape, box, _label(shape), _look(shape.get("bpmnElement", ""), footprint))
    for edge, points in edges:
        taken = edge.get("bpmnElement", "") in passed
        flows.draw_edge(group, nodes.get(edge.get("bpmnElement") or "-"), points, _label(edge), PASSED if taken else PLAIN, taken=taken)
    boxes = [box for _, box in shapes] + [box for node, _ in (*shapes, *edges) if (box := _label(node))]
    # Words below events and gateways may be broader than these.
    boxes += [Box(box.x - 30, box.y, box.width + 60, box.height + 20) for node, box in shapes if box.width <= 60 and not _label(node)]
    xs = [x for box in boxes for x in (box.x, box.x + box.width)] + [x for _, points in edges for x, _ in points]
    ys = [y for box in boxes for y in (box.y, box.y + box.height)] + [y for _, points in edges for _, y in points]
    left, top = min(xs, default=0.0) - MARGIN, min(ys, default=0.0) - MARGIN
    return Box(left, top, max(xs, default=100.0) + 2 * MARGIN - left, max(ys, default=100.0) + 2 * MARGIN - top)


def _label(node: Any) -> Box | None:
    return Box.of(node.find(f"{DI}BPMNLabel/{BOUNDS}"))


def _renamed(svg: Any) -> Any:
    for node in svg.iter():
        node.tag = f"{{{SVG}}}{node.tag}"
    return svg


def _points(node: Any) -> Iterator[tuple[float, float]]:
    for point in node.iterfind(WAYPOINT):
        try:
            x, y = float(point.get("x")), float(point.get("y"))
        except (TypeError, ValueError):
            continue
        if all(math.isfinite(value) and abs(value) < 1e6 for value in (x, y)):
            yield x, y


def _look(id_: str, footprint: Footprint) -> Look:
    if id_ in footprint.failed:
        return FAILED
    if footprint.tokens[id_]:
        return ACTIVE
    return PASSED if footprint.passed[id_] else PLAIN
