"""Files as modelers write them: prefixes, namespaces, attributes and layout that a program must read over or refuse with a sentence."""

from __future__ import annotations

from typing import Any

import pytest

from engine import scenarios
from engine.lint import lint

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
NAMES = (
    f'xmlns:bpmn="{MODEL}" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"'
    ' xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" xmlns:dc="http://www.omg.org/spec/DD/20100524/DC"'
    ' xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:flowable="http://flowable.org/bpmn"'
    ' xmlns:tns="http://vi-du.vn" targetNamespace="http://vi-du.vn" exporter="Camunda Modeler" exporterVersion="5.41.0"'
)

CAMUNDA = f"""<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions {NAMES} id="Definitions_0a1b2c3">
  <bpmn:collaboration id="Collaboration_1">
    <bpmn:participant id="Participant_1" name="Phòng tổ chức" processRef="Process_1" />
    <bpmn:participant id="Participant_2" name="Công dân" />
    <bpmn:messageFlow id="Flow_m" sourceRef="Participant_2" targetRef="StartEvent_1" />
  </bpmn:collaboration>
  <bpmn:process id="Process_1" isExecutable="true" camunda:historyTimeToLive="180" camunda:versionTag="1.2">
    <bpmn:documentation>Một quy trình</bpmn:documentation>
    <bpmn:laneSet id="LaneSet_1">
      <bpmn:lane id="Lane_1" name="Chuyên viên"><bpmn:flowNodeRef>t1</bpmn:flowNodeRef></bpmn:lane>
    </bpmn:laneSet>
    <bpmn:startEvent id="StartEvent_1" camunda:initiator="nguoi_lap">
      <bpmn:outgoing>Flow_1</bpmn:outgoing>
    </bpmn:startEvent>
    <bpmn:userTask id="t1" name="Xem&#10;hồ sơ" camunda:candidateGroups="tham_muu" camunda:asyncBefore="true">
      <bpmn:incoming>Flow_1</bpmn:incoming>
      <bpmn:outgoing>Flow_2</bpmn:outgoing>
    </bpmn:userTask>
    <bpmn:exclusiveGateway id="Gateway_1" name="Đạt?" default="Flow_4">
      <bpmn:incoming>Flow_2</bpmn:incoming>
      <bpmn:outgoing>Flow_3</bpmn:outgoing>
      <bpmn:outgoing>Flow_4</bpmn:outgoing>
    </bpmn:exclusiveGateway>
    <bpmn:sequenceFlow id="Flow_1" sourceRef="StartEvent_1" targetRef="t1" />
    <bpmn:sequenceFlow id="Flow_2" sourceRef="t1" targetRef="Gateway_1" />
    <bpmn:sequenceFlow id="Flow_3" name="đạt" sourceRef="Gateway_1" targetRef="t2">
      <bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">
        ${{diem &gt;= 5 &amp;&amp; !empty ten}}
      </bpmn:conditionExpression>
    </bpmn:sequenceFlow>
    <bpmn:sequenceFlow id="Flow_4" sourceRef="Gateway_1" targetRef="t3" />
    <bpmn:scriptTask id="t2" name="Ghi" scriptFormat="python">
      <bpmn:script>
        # ghi lại
        xong = True
      </bpmn:script>
    </bpmn:scriptTask>
    <bpmn:manualTask id="t3" />
    <bpmn:textAnnotation id="TextAnnotation_1"><bpmn:text>ghi chú</bpmn:text></bpmn:textAnnotation>
    <bpmn:association id="Association_1" sourceRef="t2" targetRef="TextAnnotation_1" />
  </bpmn:process>
  <bpmndi:BPMNDiagram id="BPMNDiagram_1">
    <bpmndi:BPMNPlane id="BPMNPlane_1" bpmnElement="Collaboration_1">
      <bpmndi:BPMNShape id="s1" bpmnElement="t1"><dc:Bounds x="1e2" y="-3.5" width="100" height="80" /></bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="e1" bpmnElement="Flow_1"><di:waypoint x="1" y="2" /><di:waypoint x="3" y="4" /></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""


def run(source: str, *steps: dict[str, Any], key: str = "Process_1", **variables: Any) -> scenarios.Report:
    return scenarios.run({"a.bpmn": source.encode()}, {"process": key, "variables": variables, "steps": steps}, lint)


def plain(body: str, attributes: str = 'isExecutable="true"', more: str = "") -> str:
    return f'<bpmn:definitions {NAMES}>{more}<bpmn:process id="Process_1" {attributes}>{body}</bpmn:process></bpmn:definitions>'


@pytest.mark.parametrize(("points", "last"), [(7, "t2"), (3, "t3")])
def test_it_runs_a_file_of_camunda_modeler(points: int, last: str) -> None:
    report = run(CAMUNDA, {"complete": "t1", "variables": {"diem": points, "ten": "An"}}, ten="")
    assert (report.refused, report.failed_step, report.incidents) == ([], None, [])
    assert report.trace == ["StartEvent_1", "t1", "Gateway_1", last]


def test_it_runs_flows_and_events_without_ids_under_a_prefix() -> None:
    body = (
        '<bpmn:startEvent id="s"/><bpmn:task id="t1"/><bpmn:endEvent id="e"/><bpmn:sequenceFlow sourceRef="tns:s" targetRef="tns:t1"/>'
        '<bpmn:sequenceFlow sourceRef="t1" targetRef="e"/>'
    )
    assert run(plain(body)).trace == ["s", "t1", "e"]


@pytest.mark.parametrize("names", [("Start", "End"), ("End", "Root"), ("Process_1.EndJoin", "StartEventJoin"), ("tác_vụ", "kết-thúc")])
def test_it_takes_any_id(names: tuple[str, str]) -> None:
    first, last = names
    body = (
        f'<bpmn:startEvent id="s"/><bpmn:task id="{first}"/><bpmn:task id="{last}"/>'
        f'<bpmn:sequenceFlow id="a" sourceRef="s" targetRef="{first}"/>'
        f'<bpmn:sequenceFlow id="b" sourceRef="{first}" targetRef="{last}"/>'
    )
    assert run(plain(body)).trace == ["s", first, last]


@pytest.mark.parametrize(("value", "runs"), [("true", True), ("1", True), ("false", False), ("0", False), ("TRUE", False), ("có", False)])
def test_it_reads_is_executable_as_xml_does(value: str, runs: bool) -> None:
    body = '<bpmn:startEvent id="s"/><bpmn:task id="t1"/><bpmn:sequenceFlow id="a" sourceRef="s" targetRef="t1"/>'
    report = run(plain(body, f'isExecutable="{value}"'))
    assert bool(report.trace) is runs
    assert runs or report.refused or report.failed_step


@pytest.mark.parametrize(
    ("task", "rule"),
    [
        ('<bpmn:serviceTask id="t1" camunda:class="vn.example.GuiThu"/>', "topic"),
        ('<bpmn:serviceTask id="t1" camunda:expression="${bean.lam()}"/>', "topic"),
        ('<bpmn:serviceTask id="t1" camunda:delegateExpression="${bean}"/>', "topic"),
        (
            '<bpmn:userTask id="t1"><bpmn:extensionElements><camunda:taskListener class="vn.X" event="create"/></bpmn:extensionElements>'
            "</bpmn:userTask>",
            "camunda-extension",
        ),
        ('<bpmn:scriptTask id="t1" scriptFormat="groovy"><bpmn:script>println 1</bpmn:script></bpmn:scriptTask>', "script"),
    ],
)
def test_it_refuses_what_belongs_to_java(task: str, rule: str) -> None:
    body = (
        f'<bpmn:startEvent id="s"/>{task}<bpmn:endEvent id="e"/><bpmn:sequenceFlow id="a" sourceRef="s" targetRef="t1"/>'
        '<bpmn:sequenceFlow id="b" sourceRef="t1" targetRef="e"/>'
    )
    report = run(plain(body))
    assert report.exit_code == 2
    assert (rule, "t1") in {(finding["rule"], finding["element"]) for finding in report.refused}


@pytest.mark.parametrize(
    ("condition", "taken"),
    [
        ("${n == 1}", "t1"),
        ("${n eq 1 and not empty ds}", "t1"),
        ("${n > 1 || ds[0] == 'a'}", "t1"),
        ("${n ne 1 ? true : false}", "t2"),
        ("${!(n le 0)}", "t1"),
        ('${ten == null || ten == ""}', "t1"),
        ("n == 2", "t2"),
    ],
)
def test_it_reads_conditions_in_juel(condition: str, taken: str) -> None:
    escaped = condition.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = (
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g" default="c"/><bpmn:task id="t1"/><bpmn:task id="t2"/>'
        '<bpmn:sequenceFlow id="a" sourceRef="s" targetRef="g"/>'
        f'<bpmn:sequenceFlow id="b" sourceRef="g" targetRef="t1"><bpmn:conditionExpression xsi:type="bpmn:tFormalExpression">{escaped}'
        '</bpmn:conditionExpression></bpmn:sequenceFlow><bpmn:sequenceFlow id="c" sourceRef="g" targetRef="t2"/>'
    )
    assert run(plain(body), n=1, ds=["a"], ten=None).trace[-1] == taken


def test_it_reads_conditions_in_document_order_wherever_they_are_drawn() -> None:
    body = (
        '<bpmn:startEvent id="s"/><bpmn:exclusiveGateway id="g"/><bpmn:task id="t1"/><bpmn:task id="t2"/>'
        '<bpmn:sequenceFlow id="a" sourceRef="s" targetRef="g"/>'
        '<bpmn:sequenceFlow id="b" sourceRef="g" targetRef="t2"><bpmn:conditionExpression>${True}</bpmn:conditionExpression>'
        "</bpmn:sequenceFlow>"
        '<bpmn:sequenceFlow id="c" sourceRef="g" targetRef="t1"><bpmn:conditionExpression>${True}</bpmn:conditionExpression>'
        "</bpmn:sequenceFlow>"
    )
    shapes = "".join(
        f'<bpmndi:BPMNShape id="s{task}" bpmnElement="{task}"><dc:Bounds x="1" y="{y}" width="9" height="9"/></bpmndi:BPMNShape>'
        for task, y in (("t1", 1), ("t2", 500))
    )
    drawing = (
        f'<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="pl" bpmnElement="Process_1">{shapes}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )
    source = plain(body).replace("</bpmn:definitions>", drawing + "</bpmn:definitions>")
    assert run(source).trace[-1] == "t2"


@pytest.mark.parametrize("bounds", ['x="NaN"', 'x="một"', ""])
def test_it_survives_layout_that_is_no_layout(bounds: str) -> None:
    body = '<bpmn:startEvent id="s"/><bpmn:task id="t1"/><bpmn:sequenceFlow id="a" sourceRef="s" targetRef="t1"/>'
    drawing = (
        '<bpmndi:BPMNDiagram id="d"><bpmndi:BPMNPlane id="pl" bpmnElement="Process_1"><bpmndi:BPMNShape id="x" bpmnElement="t1">'
        f'<dc:Bounds {bounds} y="1" width="9" height="9"/></bpmndi:BPMNShape></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>'
    )
    report = run(plain(body).replace("</bpmn:definitions>", drawing + "</bpmn:definitions>"))
    assert report.trace == ["s", "t1"] or report.refused
