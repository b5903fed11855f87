"""Shapes of BPMN's notation: events, gateways, activities, pools and lanes, data, notes."""

from __future__ import annotations

import math
import textwrap
import unicodedata
from dataclasses import dataclass
from typing import Any

from lxml import etree

from web.casefile import symbols

EVENTS = ("startEvent", "endEvent", "intermediateCatchEvent", "intermediateThrowEvent", "boundaryEvent")
THROWS = ("endEvent", "intermediateThrowEvent")
SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")
LINE, INK, FRAME = 14.0, "#222", "#888"


@dataclass(frozen=True)
class Look:
    """The colours of a shape."""

    stroke: str
    fill: str


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

    @property
    def centre(self) -> float:
        return self.y + self.height / 2

    def within(self, by: float) -> Box:
        """The box that lies `by` inside."""
        return Box(self.x + by, self.y + by, max(self.width - 2 * by, 1), max(self.height - 2 * by, 1))


def draw_shape(svg: Any, node: Any, shape: Any, box: Box, label: Box | None, look: Look) -> None:
    """Draw what `shape` (of the drawing) shows of `node` (of the process)."""
    kind = etree.QName(node).localname if node is not None else ""
    name = node.get("name", "") if node is not None else ""
    below = label or Box(box.x - 30, box.y + box.height + 2, box.width + 60, LINE)
    if kind in EVENTS:
        _event(svg, node, kind, box, look)
        return write(svg, name, below, top=True)
    if kind.endswith("Gateway"):
        _gateway(svg, kind, box, look)
        return write(svg, name, below, top=True)
    if kind in ("participant", "lane"):
        return _frame(svg, kind, name, shape, box)
    if kind in ("dataObjectReference", "dataStoreReference", "dataInput", "dataOutput"):
        _data(svg, kind, box, look)
        return write(svg, name, below, top=True)
    if kind == "textAnnotation":
        points = f"{box.x + 12:g},{box.y:g} {box.x:g},{box.y:g} {box.x:g},{box.y + box.height:g} {box.x + 12:g},{box.y + box.height:g}"
        etree.SubElement(svg, "polyline", {"points": points, "fill": "none", "stroke": look.stroke})
        return write(svg, "".join(node.itertext()).strip(), box.within(4), top=True)
    if kind == "group":
        etree.SubElement(svg, "rect", {**at(box), "rx": "10", "fill": "none", "stroke": FRAME, "stroke-dasharray": "10 6 2 6"})
        return None
    return _activity(svg, node, kind, name, shape, box, label, look)


def _style(look: Look) -> dict[str, str]:
    return {"stroke": look.stroke, "fill": look.fill, "stroke-width": "1.2" if look.fill == "#fff" else "2"}


def at(box: Box) -> dict[str, str]:
    """The attributes of a rectangle."""
    return {"x": f"{box.x:g}", "y": f"{box.y:g}", "width": f"{box.width:g}", "height": f"{box.height:g}"}


def _event(svg: Any, node: Any, kind: str, box: Box, look: Look) -> None:
    radius, style = box.width / 2, _style(look)
    if node.get("cancelActivity") == "false" or node.get("isInterrupting") == "false":
        style["stroke-dasharray"] = "4 3"
    if kind == "endEvent":
        style["stroke-width"] = "3.5"
    place = {"cx": f"{box.middle:g}", "cy": f"{box.y + radius:g}"}
    etree.SubElement(svg, "circle", {**place, "r": f"{radius:g}", **style})
    if kind not in ("startEvent", "endEvent"):
        etree.SubElement(svg, "circle", {**place, "r": f"{max(radius - 3, 1):g}", **style, "fill": "none"})
    about = symbols.event(node)
    sign = symbols.throwing(about) if kind in THROWS else symbols.EVENTS.get(about, ())
    symbols.put(svg, sign, box.middle, box.y + radius, box.width * 0.54, look.stroke, look.fill)


def _gateway(svg: Any, kind: str, box: Box, look: Look) -> None:
    corners = ((box.middle, box.y), (box.x + box.width, box.centre), (box.middle, box.y + box.height), (box.x, box.centre))
    etree.SubElement(svg, "polygon", {"points": " ".join(f"{x:g},{y:g}" for x, y in corners), **_style(look)})
    symbols.put(svg, symbols.GATEWAYS.get(kind, ()), box.middle, box.centre, box.width * 0.44, look.stroke, look.fill)


def _frame(svg: Any, kind: str, name: str, shape: Any, box: Box) -> None:
    etree.SubElement(svg, "rect", {**at(box), "stroke": FRAME, "fill": "#fff" if kind == "participant" else "none"})
    if shape.get("isHorizontal", "true") == "false":
        return write(svg, name, Box(box.x, box.y, box.width, 30))
    if kind == "participant":
        line = {"x1": f"{box.x + 30:g}", "x2": f"{box.x + 30:g}", "y1": f"{box.y:g}", "y2": f"{box.y + box.height:g}"}
        etree.SubElement(svg, "line", {**line, "stroke": FRAME})
    return _sideways(svg, name, box)


def _data(svg: Any, kind: str, box: Box, look: Look) -> None:
    x, y, right, bottom = box.x, box.y, box.x + box.width, box.y + box.height
    if kind == "dataStoreReference":
        rise = box.height / 8
        sides = f"V{bottom - rise:g} A{box.width / 2:g} {rise:g} 0 0 0 {right:g} {bottom - rise:g} V{y + rise:g}"
        lid = f"A{box.width / 2:g} {rise:g} 0 0 0 {x:g} {y + rise:g} A{box.width / 2:g} {rise:g} 0 0 0 {right:g} {y + rise:g}"
        path = f"M{x:g} {y + rise:g} {sides} {lid}"
    else:
        fold = min(box.width, box.height) / 4
        path = (
            f"M{x:g} {y:g} H{right - fold:g} L{right:g} {y + fold:g} V{bottom:g} H{x:g} Z M{right - fold:g} {y:g} V{y + fold:g} H{right:g}"
        )
    etree.SubElement(svg, "path", {"d": path, **_style(look)})


def _activity(svg: Any, node: Any, kind: str, name: str, shape: Any, box: Box, label: Box | None, look: Look) -> None:
    style, sub = _style(look), kind in SUB_PROCESSES
    if kind == "callActivity":
        style["stroke-width"] = "4"
    if node is not None and node.get("triggeredByEvent") == "true":
        style["stroke-dasharray"] = "2 5"
    etree.SubElement(svg, "rect", {**at(box), "rx": "10", **style})
    if kind == "transaction":
        etree.SubElement(svg, "rect", {**at(box.within(3)), "rx": "8", **style, "fill": "none"})
    if node is None:
        return
    expanded = sub and shape.get("isExpanded") == "true"
    sign = symbols.TASKS.get(kind, ())
    if sign:
        symbols.put(svg, sign, box.x + 14, box.y + 14, 17, look.stroke, look.fill)
    found = list(symbols.marks(node, collapsed=(sub and not expanded) or kind == "callActivity"))
    for number, mark in enumerate(found):
        x = box.middle + (number - (len(found) - 1) / 2) * 20
        symbols.put(svg, symbols.MARKS[mark], x, box.y + box.height - 11, 14, look.stroke, look.fill)
    room = Box(box.x + 4, box.y + (14 if sign else 0), box.width - 8, box.height - (14 if sign else 0) - (16 if found else 0))
    write(svg, name, (label or Box(box.x, box.y + 4, box.width, LINE)) if expanded else label or room, top=expanded)


# --- words -------------------------------------------------------------------------------------------------------------------------------


def _lines(text: str, width: float) -> list[str]:
    text = unicodedata.normalize("NFC", "".join(letter for letter in text if letter.isprintable() or letter == " "))
    return textwrap.wrap(text, max(6, int(width / 6.4)))[:6]


def write(svg: Any, text: str, box: Box, *, top: bool = False) -> None:
    """Words in the middle of a box, or from its upper edge."""
    lines = _lines(text, box.width)
    first = box.y + LINE if top else box.centre - (len(lines) - 1) * LINE / 2 + 4
    for number, line in enumerate(lines):
        given = {"x": f"{box.middle:g}", "y": f"{first + number * LINE:g}", "text-anchor": "middle", "fill": INK}
        etree.SubElement(svg, "text", given).text = line


def _sideways(svg: Any, text: str, box: Box) -> None:
    """The name of a pool or lane, upwards along its left edge."""
    lines = _lines(text, box.height)[:2]
    for number, line in enumerate(lines):
        x = box.x + (19 if len(lines) == 1 else 13) + number * 13
        given = {"transform": f"translate({x:g} {box.centre:g}) rotate(-90)", "text-anchor": "middle", "fill": INK}
        etree.SubElement(svg, "text", given).text = line
