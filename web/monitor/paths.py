"""Which way cases go: how often each sequence flow of a diagram was taken, as a picture and as a table."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import Any

from engine import deployments
from engine.diagram import Diagram, Element
from web import durations
from web.database import db
from web.kept import FIGURES, kept
from web.monitor.view import View
from web.picture import TYPES

LEVELS = 5
"""Widths and colours of lines."""
FEW = 10
STEPS = ("Task", "task", "callActivity", "subProcess")


@dataclass(frozen=True)
class Path:
    """One sequence flow. `share`: per cent of those that leave the same element."""

    id: str
    source: str
    target: str
    name: str
    count: int
    share: int | None


def read(view: View) -> durations.Durations:
    """What was passed in the chosen period, in the cases that are looked at."""

    def count() -> durations.Durations:
        return durations.read(db.session(), view.definition, view.days, *view.conditions())

    return kept(FIGURES, "passages", view.definition.id, view.days, view.body, count=count)


def table(view: View, found: durations.Durations) -> list[Path]:
    """Every sequence flow in the order of the file; those that nobody took too."""
    diagram = deployments.diagram(db.session(), view.definition)
    flows = _flows(diagram, view.definition.key)
    leaving = Counter[str]()
    for flow in flows:
        leaving[flow.node.get("sourceRef") or ""] += found.flows[flow.id]
    rows = []
    for flow in flows:
        source, target = (flow.node.get(name) or "" for name in ("sourceRef", "targetRef"))
        all_ = leaving[source]
        share = round(100 * found.flows[flow.id] / all_) if all_ else None
        rows.append(Path(flow.id, _name(diagram, source), _name(diagram, target), flow.name, found.flows[flow.id], share))
    return rows


def picture(view: View) -> dict[str, Any]:
    """What src/diagram.js draws: each flow with its number and a level from 1 to LEVELS, each element with how often it was passed."""
    found, elements = read(view), deployments.diagram(db.session(), view.definition).elements
    # A way taken once is a thin line, also where no other was taken more often.
    most = max(FEW, *found.flows.values()) if found.flows else FEW
    steps = {id_: count for id_, count in found.passed.items() if id_ in elements and elements[id_].type.endswith(STEPS)}
    heat = {id_: [count, max(1, math.ceil(LEVELS * math.sqrt(count / most)))] for id_, count in found.flows.items()}
    return {"passed": {}, "flows": [], "active": {}, "failed": [], "calls": {}, "heat": heat, "steps": steps}


def _flows(diagram: Diagram, key: str) -> list[Element]:
    nodes = {node.id for node in diagram.flow_nodes(key)}
    return [one for one in diagram.elements.values() if one.type == "sequenceFlow" and one.node.get("sourceRef") in nodes]


def _name(diagram: Diagram, id_: str) -> str:
    element = diagram.elements.get(id_)
    return (element.name or str(TYPES.get(element.type, element.type))) if element else id_
