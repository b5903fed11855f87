"""The diagram of a case as a picture (SVG), with the path it took: for a file that must be readable without this system."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from lxml import etree

from engine.footprints import Footprint

SVG = "http://www.w3.org/2000/svg"
DI = "{http://www.omg.org/spec/BPMN/20100524/DI}"
BOUNDS = "{http://www.omg.org/spec/DD/20100524/DC}Bounds"
WAYPOINT = "{http://www.omg.org/spec/DD/20100524/DI}waypoint"
PLAIN, PASSED, ACTIVE, FAILED = ("#444", "#fff"), ("#1b6e3c", "#e4f3e9"), ("#0b57a4", "#dcebfa"), ("#a4160b", "#fbe3e1")
ROUND = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
FRAMES = ("participant", "lane")
MARGIN, LINE, MOST = 20.0, 14.0, 5_000
"""MOST: shapes and edges that are drawn."""


@dataclass
class Box:
    """Bounds of a shape or a label."""

    x: float
    y: float
    width: float
    height: float

    @classmethod
    def of(cls, node: Any) -> Box | None:
        """From what has these attributes; None for what is no box."""
        if node is None:
            return None
        try:
            values = [float(node.get(name)) for name in ("x", "y", "width", "height")]
        except (TypeError, ValueError):
            return None
        return cls(*values) if all(math.isfinite(value) and abs(value) < 1e6 for value in values) else None

    @property
    def middle(self) -> float:
        return self.x + self.width / 2


def draw(source: bytes, footprint: Footprint) -> bytes:
    """The picture of `source`. What the diagram has no place for in its drawing is not in it."""
    plane = etree.fromstring(source, etree.XMLParser(resolve_entities=False, no_network=True, huge_tree=False))
    shapes = [(node, box) for node in plane.iter(f"{DI}BPMNShape") if (box := Box.of(node.find(BOUNDS)))][:MOST]
    edges = [(node, points) for node in plane.iter(f"{DI}BPMNEdge") if len(points := list(_points(node))) > 1][:MOST]
    places = [(box.x, box.y) for _, box in shapes] + [(box.x + box.width, box.y + box.height) for _, box in shapes]
    places += [point for _, points in edges for point in points]
    left, top = (min((place[axis] for place in places), default=0.0) - MARGIN for axis in (0, 1))
    right, bottom = (max((place[axis] for place in places), default=100.0) + 2 * MARGIN for axis in (0, 1))
    spaces: Any = {None: SVG}
    svg = etree.Element("svg", {"viewBox": f"{left:g} {top:g} {right - left:g} {bottom - top:g}"}, nsmap=spaces)
    svg.set("font-family", "'Be Vietnam Pro', 'Noto Sans', Arial, sans-serif")
    svg.set("font-size", "12")
    etree.SubElement(svg, "title").text = "Sơ đồ của hồ sơ: xanh lá là đã qua, xanh dương là đang mở, đỏ là có sự cố"
    _arrows(svg)
    elements = footprint.diagram.elements
    # Frames first, so that they lie below; the largest lowest.
    for node, box in sorted(shapes, key=lambda one: -one[1].width * one[1].height):
        element = elements.get(node.get("bpmnElement", ""))
        kind = element.type if element else etree.QName(_named(plane, node)).localname if _named(plane, node) is not None else ""
        name = element.name if element else (_named(plane, node).get("name", "") if _named(plane, node) is not None else "")
        _shape(svg, kind, name or "", box, Box.of(node.find(f"{DI}BPMNLabel/{BOUNDS}")), _colours(node.get("bpmnElement", ""), footprint))
    for node, points in edges:
        _edge(svg, elements.get(node.get("bpmnElement", "")), points, node, footprint)
    found: bytes = etree.tostring(_renamed(svg), xml_declaration=True, encoding="UTF-8", pretty_print=True)
    return found


def _renamed(svg: Any) -> Any:
    for node in svg.iter():
        node.tag = f"{{{SVG}}}{node.tag}"
    return svg


def _named(plane: Any, node: Any) -> Any:
    """What a shape stands for where the engine does not know it: a pool, a note."""
    found = plane.xpath("//*[@id = $id]", id=node.get("bpmnElement", ""))
    return found[0] if found else None


def _points(node: Any) -> Iterator[tuple[float, float]]:
    for point in node.iterfind(WAYPOINT):
        box = Box.of(_as_bounds(point))
        if box is not None:
            yield box.x, box.y


def _as_bounds(point: Any) -> dict[str, Any]:
    return {"x": point.get("x"), "y": point.get("y"), "width": "0", "height": "0"}


def _colours(id_: str, footprint: Footprint) -> tuple[str, str]:
    if id_ in footprint.failed:
        return FAILED
    if footprint.tokens[id_]:
        return ACTIVE
    return PASSED if footprint.passed[id_] else PLAIN


def _arrows(svg: Any) -> None:
    definitions = etree.SubElement(svg, "defs")
    for name, colour in (("plain", PLAIN[0]), ("passed", PASSED[0])):
        given = {"id": name, "viewBox": "0 0 10 10", "refX": "10", "refY": "5", "markerWidth": "8", "markerHeight": "8", "orient": "auto"}
        etree.SubElement(etree.SubElement(definitions, "marker", given), "path", {"d": "M0 0 L10 5 L0 10 z", "fill": colour})


def _shape(svg: Any, kind: str, name: str, box: Box, label: Box | None, colours: tuple[str, str]) -> None:
    stroke, fill = colours
    style = {"stroke": stroke, "fill": fill, "stroke-width": "2" if colours is not PLAIN else "1.2"}
    if kind in ROUND:
        radius = box.width / 2
        bold = {"stroke-width": "3.5"} if kind == "endEvent" else {}
        etree.SubElement(svg, "circle", {"cx": f"{box.middle:g}", "cy": f"{box.y + radius:g}", "r": f"{radius:g}", **style, **bold})
        if kind not in ("startEvent", "endEvent"):
            inner = {"r": f"{max(radius - 3, 1):g}", **style, "fill": "none"}
            etree.SubElement(svg, "circle", {"cx": f"{box.middle:g}", "cy": f"{box.y + radius:g}", **inner})
        return _text(svg, name, label or Box(box.x - 30, box.y + box.height + 2, box.width + 60, LINE), top=True)
    if kind.endswith("Gateway"):
        middle, centre = box.middle, box.y + box.height / 2
        corners = ((middle, box.y), (box.x + box.width, centre), (middle, box.y + box.height), (box.x, centre))
        etree.SubElement(svg, "polygon", {"points": " ".join(f"{x:g},{y:g}" for x, y in corners), **style})
        sign = {"parallelGateway": "+", "inclusiveGateway": "O", "exclusiveGateway": "×"}.get(kind, "")
        _text(svg, sign, box)
        return _text(svg, name, label or Box(box.x - 30, box.y + box.height + 2, box.width + 60, LINE), top=True)
    if kind in FRAMES:
        etree.SubElement(svg, "rect", {**_at(box), "stroke": "#888", "fill": "#fff" if kind == "participant" else "none"})
        return _sideways(svg, name, box)
    bold = {"stroke-width": "4"} if kind == "callActivity" else {}
    etree.SubElement(svg, "rect", {**_at(box), "rx": "10", **style, **bold})
    return _text(svg, name, label or box, top=kind.lower().endswith("subprocess") and box.height > 100)


def _at(box: Box) -> dict[str, str]:
    return {"x": f"{box.x:g}", "y": f"{box.y:g}", "width": f"{box.width:g}", "height": f"{box.height:g}"}


def _edge(svg: Any, element: Any, points: list[tuple[float, float]], node: Any, footprint: Footprint) -> None:
    passed = element is not None and element.id in footprint.flows
    colour = PASSED[0] if passed else PLAIN[0]
    way = " ".join(f"{x:g},{y:g}" for x, y in points)
    style = {"stroke": colour, "stroke-width": "2.5" if passed else "1.2", "marker-end": f"url(#{'passed' if passed else 'plain'})"}
    etree.SubElement(svg, "polyline", {"points": way, "fill": "none", **style})
    label = Box.of(node.find(f"{DI}BPMNLabel/{BOUNDS}"))
    if element is not None and element.name and label:
        _text(svg, element.name, label, top=True)


def _lines(text: str, width: float) -> list[str]:
    text = unicodedata.normalize("NFC", "".join(letter for letter in text if letter.isprintable() or letter == " "))
    return textwrap.wrap(text, max(6, int(width / 6.4)))[:6]


def _text(svg: Any, text: str, box: Box, *, top: bool = False) -> None:
    lines = _lines(text, box.width)
    first = box.y + LINE if top else box.y + box.height / 2 - (len(lines) - 1) * LINE / 2 + 4
    for number, line in enumerate(lines):
        given = {"x": f"{box.middle:g}", "y": f"{first + number * LINE:g}", "text-anchor": "middle", "fill": "#222"}
        etree.SubElement(svg, "text", given).text = line


def _sideways(svg: Any, text: str, box: Box) -> None:
    """The name of a pool or lane, upwards along its left edge."""
    y = box.y + box.height / 2
    for number, line in enumerate(_lines(text, box.height)[:2]):
        given = {"transform": f"translate({box.x + 13 + number * 12:g} {y:g}) rotate(-90)", "text-anchor": "middle", "fill": "#222"}
        etree.SubElement(svg, "text", given).text = line
