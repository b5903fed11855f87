"""The signs of BPMN's notation within shapes: what a task is done by, what an event is about, how a gateway decides, how often.

Each is drawn around (0, 0), within 10 to every side, and put where it belongs at the size it has there.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lxml import etree

Part = tuple[str, dict[str, str]]
FILLED, OPEN = {"fill": "stroke"}, {"fill": "none"}
"""`stroke`: the colour of the lines, `paper`: that of the ground; put in by put()."""
DEFINITIONS = "EventDefinition"


def _line(points: str, **more: str) -> Part:
    return "polyline", {"points": points, **OPEN, **more}


def _area(points: str, **more: str) -> Part:
    return "polygon", {"points": points, **OPEN, **more}


def _round(radius: float, **more: str) -> Part:
    return "circle", {"cx": "0", "cy": "0", "r": f"{radius:g}", **OPEN, **more}


def _block(x: float, y: float, width: float, height: float, **more: str) -> Part:
    return "rect", {"x": f"{x:g}", "y": f"{y:g}", "width": f"{width:g}", "height": f"{height:g}", **OPEN, **more}


def _around(count: int, *radii: float, turn: float = -90.0) -> str:
    """Points on circles, in turn on each of `radii`."""
    steps = count * len(radii)
    angles = [math.radians(turn + 360 * number / steps) for number in range(steps)]
    points = [(radii[number % len(radii)], angle) for number, angle in enumerate(angles)]
    return " ".join(f"{radius * math.cos(angle):.2f},{radius * math.sin(angle):.2f}" for radius, angle in points)


def _gear() -> str:
    """Eight teeth, each with a top as broad as the gap."""
    corners = ((9.0, -8), (9.0, 8), (6.6, 14), (6.6, 31))
    points = [(radius, math.radians(tooth * 45 + angle)) for tooth in range(8) for radius, angle in corners]
    return " ".join(f"{radius * math.cos(angle):.2f},{radius * math.sin(angle):.2f}" for radius, angle in points)


ENVELOPE = (_block(-9, -6, 18, 12), _line("-9,-6 0,1 9,-6"))
SEALED = (_block(-9, -6, 18, 12, **FILLED), _line("-9,-6 0,1 9,-6", stroke="paper"))
LINES = tuple(_line(f"-4,{y} 4,{y}") for y in (-5, -1, 3))
HANDS = tuple(_line(f"{8 * x:.1f},{8 * y:.1f} {6.5 * x:.1f},{6.5 * y:.1f}") for x, y in ((0, 1), (0, -1), (1, 0), (-1, 0)))
BACK = "-9,0 0,-6 0,6", "0,0 9,-6 9,6"

TASKS: dict[str, tuple[Part, ...]] = {
    "userTask": (
        ("path", {"d": "M-8 9 V6 C-8 1 -4 0 0 0 C4 0 8 1 8 6 V9 Z", **OPEN}),
        ("circle", {"cx": "0", "cy": "-5", "r": "4", "fill": "paper"}),
    ),
    "serviceTask": (_area(_gear()), _round(3)),
    "sendTask": SEALED,
    "receiveTask": ENVELOPE,
    "scriptTask": (("path", {"d": "M-4 -9 H8 C3 -4 9 2 4 9 H-8 C-3 2 -9 -4 -4 -9 Z", **OPEN}), *LINES),
    "businessRuleTask": (_block(-9, -7, 18, 14), _block(-9, -7, 18, 4, **FILLED), _line("-9,2 9,2"), _line("-3,-3 -3,7")),
    "manualTask": (
        ("path", {"d": "M-9 -2 C-7 -5 -5 -6 -2 -6 H2 C3 -6 3 -4 2 -4 H8 C9 -4 9 -2 8 -2 V1 C9 1 9 3 7 3 C8 4 7 6 5 6 H-4 L-9 4 Z", **OPEN}),
        _line("1,-2 8,-2"),
        _line("1,1 8,1"),
        _line("1,3.5 7,3.5"),
    ),
}
EVENTS: dict[str, tuple[Part, ...]] = {
    "message": ENVELOPE,
    "timer": (_round(8.5), *HANDS, _line("3,-6 0,0 5,1")),
    "error": (_area("-8,8 -3.5,-6 2,1.5 8,-8 3.5,6 -2,-1.5"),),
    "escalation": (_area("0,-8 6,8 0,1.5 -6,8"),),
    "signal": (_area("0,-8 8.5,6.5 -8.5,6.5"),),
    "cancel": (_area("-8,-5 -5,-8 0,-3 5,-8 8,-5 3,0 8,5 5,8 0,3 -5,8 -8,5 -3,0"),),
    "compensate": tuple(_area(points) for points in BACK),
    "conditional": (_block(-6.5, -8.5, 13, 17), *(_line(f"-4,{y} 4,{y}") for y in (-5, -1.7, 1.7, 5))),
    "link": (_area("-9,-3.5 2,-3.5 2,-7.5 9,0 2,7.5 2,3.5 -9,3.5"),),
    "terminate": (_round(8.5, **FILLED),),
    "multiple": (_area(_around(5, 9)),),
    "parallelMultiple": (_area("-2.5,-9 2.5,-9 2.5,-2.5 9,-2.5 9,2.5 2.5,2.5 2.5,9 -2.5,9 -2.5,2.5 -9,2.5 -9,-2.5 -2.5,-2.5"),),
}
GATEWAYS: dict[str, tuple[Part, ...]] = {
    "exclusiveGateway": (_line("-6,-8 6,8", **{"stroke-width": "3.4"}), _line("6,-8 -6,8", **{"stroke-width": "3.4"})),
    "parallelGateway": (_line("-9,0 9,0", **{"stroke-width": "3.4"}), _line("0,-9 0,9", **{"stroke-width": "3.4"})),
    "inclusiveGateway": (_round(8, **{"stroke-width": "2.6"}),),
    "eventBasedGateway": (_round(9.5), _round(8), _area(_around(5, 5.5))),
    "complexGateway": tuple(
        _line(f"{9 * x:.1f},{9 * y:.1f} {-9 * x:.1f},{-9 * y:.1f}", **{"stroke-width": "2.6"})
        for x, y in ((1, 0), (0, 1), (0.7, 0.7), (0.7, -0.7))
    ),
}
MARKS: dict[str, tuple[Part, ...]] = {
    "loop": (("path", {"d": "M-3 7.5 A8 8 0 1 1 4 7", **OPEN}), _line("-8.5,8 -3,8 -3,2.5")),
    "parallel": tuple(_line(f"{x},-8 {x},8", **{"stroke-width": "3.4"}) for x in (-6, 0, 6)),
    "sequential": tuple(_line(f"-8,{y} 8,{y}", **{"stroke-width": "3.4"}) for y in (-6, 0, 6)),
    "collapsed": (_block(-8.5, -8.5, 17, 17), _line("0,-5 0,5"), _line("-5,0 5,0")),
    "compensation": tuple(_area(points) for points in BACK),
    "ad_hoc": (("path", {"d": "M-9 3 C-6 -7 -2 -3 0 0 C2 3 6 7 9 -3", **OPEN, "stroke-width": "3.4"}),),
}


def put(svg: Any, parts: tuple[Part, ...], x: float, y: float, size: float, stroke: str, paper: str) -> None:
    """Draw a sign of `size` around (x, y)."""
    scale = size / 20
    given = {"transform": f"translate({x:g} {y:g}) scale({scale:g})", "stroke": stroke, "stroke-width": f"{1.1 / scale:.2f}"}
    group = etree.SubElement(svg, "g", {**given, "stroke-linejoin": "round", "data-sign": "1"})
    for tag, attributes in parts:
        known = {"stroke": stroke, "paper": paper}
        etree.SubElement(group, tag, {name: known.get(value, value) for name, value in attributes.items()})


THROWN = frozenset({"message", "error", "escalation", "signal", "cancel", "compensate", "link", "multiple"})
"""What an event can throw; all else it can only wait for."""


def throwing(about: str) -> tuple[Part, ...]:
    """The sign of an event that throws: filled where that of one that catches is open."""
    parts = EVENTS.get(about, ())
    if about == "message" or about not in THROWN:
        return SEALED if about == "message" else parts
    return tuple((tag, {**attributes, "fill": "stroke"} if tag != "polyline" else attributes) for tag, attributes in parts)


def event(node: Any) -> str:
    """What an event is about; empty where it says nothing."""
    found = [etree.QName(child).localname for child in node if isinstance(child.tag, str)]
    kinds = [name.removesuffix(DEFINITIONS) for name in found if name.endswith(DEFINITIONS)]
    if len(kinds) > 1:
        return "parallelMultiple" if node.get("parallelMultiple") == "true" else "multiple"
    return kinds[0] if kinds else ""


def marks(node: Any, *, collapsed: bool) -> Iterator[str]:
    """How often an activity is done, and what else stands at its lower edge, from the left."""
    children = {etree.QName(child).localname: child for child in node if isinstance(child.tag, str)}
    if "standardLoopCharacteristics" in children:
        yield "loop"
    if (several := children.get("multiInstanceLoopCharacteristics")) is not None:
        yield "sequential" if several.get("isSequential") == "true" else "parallel"
    if collapsed:
        yield "collapsed"
    if node.get("isForCompensation") == "true":
        yield "compensation"
    if etree.QName(node).localname == "adHocSubProcess":
        yield "ad_hoc"
