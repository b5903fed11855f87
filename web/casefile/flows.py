"""Lines of BPMN's notation: sequence flows with their default and condition, message flows, associations."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

from lxml import etree

from web.casefile.shapes import Box, Look, write

Point = tuple[float, float]


def define(svg: Any, colours: Mapping[str, str]) -> None:
    """The ends of lines, for each colour."""
    definitions = etree.SubElement(svg, "defs")
    for name, colour in colours.items():
        filled = {"id": name, "viewBox": "0 0 10 10", "refX": "10", "refY": "5", "markerWidth": "8", "markerHeight": "8", "orient": "auto"}
        etree.SubElement(etree.SubElement(definitions, "marker", filled), "path", {"d": "M0 0 L10 5 L0 10 z", "fill": colour})
        hollow = etree.SubElement(definitions, "marker", {**filled, "id": f"{name}-open", "refX": "9", "markerWidth": "10"})
        etree.SubElement(hollow, "path", {"d": "M1 1 L9 5 L1 9 z", "fill": "#fff", "stroke": colour})
        start = {"id": f"{name}-start", "viewBox": "0 0 10 10", "refX": "5", "refY": "5", "markerWidth": "8", "markerHeight": "8"}
        dot = etree.SubElement(definitions, "marker", start)
        etree.SubElement(dot, "circle", {"cx": "5", "cy": "5", "r": "4", "fill": "#fff", "stroke": colour})


def draw_edge(svg: Any, node: Any, points: Sequence[Point], label: Box | None, look: Look, *, taken: bool) -> None:
    """Draw the line of `node` along `points`."""
    kind = etree.QName(node).localname if node is not None else "sequenceFlow"
    ends = "passed" if taken else "plain"
    style = {"stroke": look.stroke, "stroke-width": "2.5" if taken else "1.2", "fill": "none", "stroke-linejoin": "round"}
    if kind == "messageFlow":
        style |= {"stroke-dasharray": "8 6", "marker-start": f"url(#{ends}-start)", "marker-end": f"url(#{ends}-open)"}
    elif "ssociation" in kind:
        style |= {"stroke-dasharray": "1 5", "stroke-linecap": "round", "stroke-width": "1.6"}
    else:
        style["marker-end"] = f"url(#{ends})"
    etree.SubElement(svg, "polyline", {"points": " ".join(f"{x:g},{y:g}" for x, y in points), **style})
    if kind == "sequenceFlow" and node is not None:
        _begin(svg, node, points, look)
    if node is not None and node.get("name"):
        write(svg, node.get("name"), label or _beside(points), top=True)


def _beside(points: Sequence[Point]) -> Box:
    """Where words go that the drawing gives no place: above the middle piece of the line."""
    number = (len(points) - 1) // 2
    (x, y), (to_x, to_y) = points[number], points[number + 1]
    return Box((x + to_x) / 2 - 45, (y + to_y) / 2 - 20, 90, 14)


def _begin(svg: Any, node: Any, points: Sequence[Point], look: Look) -> None:
    """What the beginning of a sequence flow says: it is the default one, or it leaves an activity on a condition."""
    source = node.get("sourceRef", "")
    found = node.getparent().xpath("*[@id = $id]", id=source) if node.getparent() is not None and source else []
    if not found:
        return
    (x, y), (to_x, to_y) = points[0], points[1]
    turn = math.degrees(math.atan2(to_y - y, to_x - x))
    given = {"transform": f"translate({x:g} {y:g}) rotate({turn:g})", "stroke": look.stroke, "stroke-width": "1.4"}
    if found[0].get("default") == node.get("id"):
        etree.SubElement(svg, "polyline", {**given, "points": "7,5 13,-5", "fill": "none"})
    elif node.find("{*}conditionExpression") is not None and not etree.QName(found[0]).localname.endswith("Gateway"):
        etree.SubElement(svg, "polygon", {**given, "points": "0,0 8,-5 16,0 8,5", "fill": "#fff"})
