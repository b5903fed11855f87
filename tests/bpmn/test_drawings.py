"""Every diagram in bpmn/ is drawn so that a person can read it: nothing lies over anything else, every flow is drawn along right angles."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.diagram import Diagram
from tests.bpmn.drawing import Drawing

BPMN = Path(__file__).parents[2] / "bpmn"
FILES = sorted(file.relative_to(BPMN).as_posix() for file in BPMN.rglob("*.bpmn"))
CROSSINGS = {"luan_chuyen_can_bo/luan_chuyen_nhan_su.bpmn": 2}
"""Flows that cannot but cross: two ways back from the far right pass over the ways that leave the fourth step."""

drawings = pytest.mark.parametrize("name", FILES)


def drawing(name: str) -> Drawing:
    return Drawing(Diagram.read((BPMN / name).read_bytes(), name))


@drawings
def test_it_draws_every_node_lane_and_flow(name: str) -> None:
    drawn = drawing(name)
    elements = drawn.diagram.elements.values()
    assert [e.id for e in drawn.diagram.flow_nodes() if e.id not in drawn.boxes] == []
    assert [e.id for e in elements if e.type in ("lane", "participant") and e.id not in drawn.boxes] == []
    assert [flow for flow in drawn.flows() if len(drawn.edges.get(flow, [])) < 2] == []


@drawings
def test_it_draws_flows_along_right_angles_from_border_to_border(name: str) -> None:
    drawn = drawing(name)
    for flow in drawn.flows():
        assert all(a[0] == b[0] or a[1] == b[1] for a, b in drawn.segments(flow)), flow
        source, target = drawn.ends(flow)
        assert drawn.boxes[source].touches(drawn.edges[flow][0]), flow
        assert drawn.boxes[target].touches(drawn.edges[flow][-1]), flow


@drawings
def test_it_puts_nothing_over_anything_else(name: str) -> None:
    drawn = drawing(name)
    assert list(drawn.overlapping()) == []
    assert list(drawn.crossed()) == []


@drawings
def test_it_keeps_labels_readable(name: str) -> None:
    assert list(drawing(name).covered_labels()) == []


@drawings
def test_it_crosses_flows_only_where_it_must(name: str) -> None:
    assert len(list(drawing(name).crossings())) <= CROSSINGS.get(name, 0)


@drawings
def test_it_draws_each_node_in_its_lane(name: str) -> None:
    drawn = drawing(name)
    for lane in (e for e in drawn.diagram.elements.values() if e.type == "lane"):
        for reference in lane.children("flowNodeRef"):
            member = (reference.text or "").strip()
            assert drawn.boxes[lane.id].holds(drawn.boxes[member]), (lane.id, member)


@drawings
def test_it_says_of_both_ends_which_flows_join_them(name: str) -> None:
    """`incoming` and `outgoing` repeat what sourceRef and targetRef say; other tools read the one or the other."""
    drawn = drawing(name)
    for node in drawn.diagram.flow_nodes():
        for kind, end in (("incoming", 1), ("outgoing", 0)):
            said = sorted((flow.text or "").strip() for flow in node.children(kind))
            assert said == sorted(flow for flow in drawn.flows() if drawn.ends(flow)[end] == node.id), (node.id, kind)


@drawings
def test_it_names_lanes_tasks_and_ends_for_people(name: str) -> None:
    named = ("lane", "participant", "userTask", "serviceTask", "scriptTask", "businessRuleTask", "callActivity", "subProcess", "endEvent")
    assert [e.id for e in drawing(name).diagram.elements.values() if e.type in named and not e.name] == []
