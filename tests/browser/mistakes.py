"""Diagrams that are wrong, or another tool's."""

from __future__ import annotations

from itertools import pairwise

MISTAKES = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI"
  xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="d" targetNamespace="t">
  <bpmn:process id="thu_loi" name="Thử lỗi" isExecutable="true" camunda:historyTimeToLive="P30D">
    <bpmn:startEvent id="mo" name="Mở" />
    <bpmn:userTask id="khong_nguoi" name="Không có người" />
    <bpmn:userTask id="khong_bieu_mau" name="Không có biểu mẫu" camunda:candidateGroups="nhan_vien" camunda:formRef="khong_co" />
    <bpmn:userTask id="sai_han" name="Sai hạn" camunda:candidateGroups="nhan_vien" camunda:dueDate="mười ngày" />
    <bpmn:serviceTask id="khong_topic" name="Không có topic" camunda:type="external" camunda:topic="khong_co" />
    <bpmn:businessRuleTask id="khong_bang" name="Không có bảng" camunda:decisionRef="khong_co" camunda:resultVariable="kq" />
    <bpmn:scriptTask id="sai_kich_ban" name="Sai kịch bản" scriptFormat="starlark"><bpmn:script>kq = = 1</bpmn:script></bpmn:scriptTask>
    <bpmn:callActivity id="khong_quy_trinh" name="Gọi nơi không có" calledElement="khong_co" />
    <bpmn:intermediateCatchEvent id="sai_hen" name="Sai hẹn">
      <bpmn:timerEventDefinition id="hen"><bpmn:timeDuration>ba ngày</bpmn:timeDuration></bpmn:timerEventDefinition>
    </bpmn:intermediateCatchEvent>
    <bpmn:exclusiveGateway id="re" name="Rẽ" />
    <bpmn:task id="khong_toi" name="Không tới được" />
    <bpmn:endEvent id="het" name="Hết" />
    <bpmn:endEvent id="het_khac" name="Hết khác" />
    {flows}
    <bpmn:sequenceFlow id="sai_dieu_kien" sourceRef="re" targetRef="het_khac">
      <bpmn:conditionExpression>${{kq ==}}</bpmn:conditionExpression>
    </bpmn:sequenceFlow>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="hinh"><bpmndi:BPMNPlane id="mat" bpmnElement="thu_loi">{shapes}{edges}</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
WRONG = ["khong_nguoi", "khong_bieu_mau", "sai_han", "khong_topic", "khong_bang", "sai_kich_ban", "khong_quy_trinh", "sai_hen", "khong_toi"]


def mistakes() -> str:
    """A diagram with ten mistakes on ten elements, drawn in a row."""
    row = ["mo", *WRONG[:-1], "re", "het"]
    pairs = list(pairwise(row))
    flows = "".join(f'<bpmn:sequenceFlow id="f{at}" sourceRef="{a}" targetRef="{b}" />' for at, (a, b) in enumerate(pairs))
    places = [*((at, name, 100) for at, name in enumerate(row)), (1, "khong_toi", 300), (10, "het_khac", 300)]
    shapes = "".join(shape(name, at * 150, y) for at, name, y in places)
    edges = "".join(edge(f"f{at}", at * 150 + 100, 140, at * 150 + 150, 140) for at in range(len(pairs)))
    return MISTAKES.format(flows=flows, shapes=shapes, edges=edges + edge("sai_dieu_kien", 1400, 180, 1550, 300))


def shape(name: str, x: int, y: int) -> str:
    bounds = f'<dc:Bounds x="{x}" y="{y}" width="100" height="80" />'
    return f'<bpmndi:BPMNShape id="{name}_di" bpmnElement="{name}">{bounds}</bpmndi:BPMNShape>'


def edge(name: str, x: int, y: int, x2: int, y2: int) -> str:
    ends = f'<di:waypoint x="{x}" y="{y}" /><di:waypoint x="{x2}" y="{y2}" />'
    return f'<bpmndi:BPMNEdge id="{name}_di" bpmnElement="{name}">{ends}</bpmndi:BPMNEdge>'


FOREIGN = """<bpmn:userTask id="viec" name="Việc" zeebe:priority="3">
  <bpmn:extensionElements>
    <zeebe:assignmentDefinition assignee="=nguoi" /><zeebe:taskSchedule dueDate="=han" />
    <acme:note level="2">Ghi chú của <acme:b>công cụ khác</acme:b></acme:note>
    <camunda:properties><camunda:property name="mau" value="xanh" /></camunda:properties>
  </bpmn:extensionElements></bpmn:userTask>"""
OTHERS = 'xmlns:zeebe="http://camunda.org/schema/zeebe/1.0" xmlns:acme="http://acme.example/x"'


def other_tools(extra: str = "") -> str:
    """The diagram of another tool: its own namespaces, under the task of this editor's."""
    text = mistakes().replace("<bpmn:definitions ", f"<bpmn:definitions {OTHERS} ", 1)
    return text.replace('<bpmn:userTask id="khong_nguoi" name="Không có người" />', FOREIGN.replace('"viec"', '"khong_nguoi"') + extra)
