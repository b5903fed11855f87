"""Empty files to begin with: a diagram that starts and ends, a table with one rule, a form with one field."""

from __future__ import annotations

import json
import re
import unicodedata
from html import escape

from engine.errors import Invalid

DIAGRAM = """<?xml version="1.0" encoding="UTF-8"?>
<bpmn:definitions xmlns:bpmn="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" \
xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" \
xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="so_do" targetNamespace="http://bpmn.io/schema/bpmn">
  <bpmn:process id="{id}" name="{title}" isExecutable="true">
    <bpmn:startEvent id="bat_dau" name="Bắt đầu"><bpmn:outgoing>di_1</bpmn:outgoing></bpmn:startEvent>
    <bpmn:sequenceFlow id="di_1" sourceRef="bat_dau" targetRef="ket_thuc"/>
    <bpmn:endEvent id="ket_thuc" name="Kết thúc"><bpmn:incoming>di_1</bpmn:incoming></bpmn:endEvent>
  </bpmn:process>
  <bpmndi:BPMNDiagram id="hinh">
    <bpmndi:BPMNPlane id="mat" bpmnElement="{id}">
      <bpmndi:BPMNShape id="hinh_bat_dau" bpmnElement="bat_dau">
        <dc:Bounds x="180" y="160" width="36" height="36"/>
        <bpmndi:BPMNLabel><dc:Bounds x="176" y="203" width="44" height="14"/></bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNShape id="hinh_ket_thuc" bpmnElement="ket_thuc">
        <dc:Bounds x="480" y="160" width="36" height="36"/>
        <bpmndi:BPMNLabel><dc:Bounds x="473" y="203" width="50" height="14"/></bpmndi:BPMNLabel>
      </bpmndi:BPMNShape>
      <bpmndi:BPMNEdge id="hinh_di_1" bpmnElement="di_1"><di:waypoint x="216" y="178"/><di:waypoint x="480" y="178"/></bpmndi:BPMNEdge>
    </bpmndi:BPMNPlane>
  </bpmndi:BPMNDiagram>
</bpmn:definitions>
"""
TABLE = """<?xml version="1.0" encoding="UTF-8"?>
<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/" id="bang_{id}" name="{title}" namespace="http://camunda.org/schema/1.0/dmn">
  <decision id="{id}" name="{title}">
    <decisionTable id="{id}_bang" hitPolicy="FIRST">
      <input id="{id}_vao" label="Điều kiện">
        <inputExpression id="{id}_bieu_thuc" typeRef="string"><text>dieu_kien</text></inputExpression>
      </input>
      <output id="{id}_ra" label="Kết quả" name="ket_qua" typeRef="string"/>
      <rule id="{id}_luat_1">
        <inputEntry id="{id}_o_vao_1"><text>-</text></inputEntry>
        <outputEntry id="{id}_o_ra_1"><text>""</text></outputEntry>
      </rule>
    </decisionTable>
  </decision>
</definitions>
"""
KINDS = ("bpmn", "dmn", "form")


def slug(title: str) -> str:
    """`Phiếu đề xuất` -> `phieu_de_xuat`: an id as diagrams use them."""
    plain = unicodedata.normalize("NFD", title.lower().replace("đ", "d"))
    plain = "".join(letter for letter in plain if not unicodedata.combining(letter))
    found = re.sub(r"[^a-z0-9]+", "_", plain).strip("_")[:60].strip("_")
    return found if found and not found[0].isdigit() else f"tep_{found}".rstrip("_")


def blank(kind: str, title: str, id_: str = "") -> tuple[str, bytes]:
    """(file name, content) of an empty file of `kind`; its id is made of the title unless said. Raises Invalid for another kind."""
    if kind not in KINDS:
        raise Invalid(expected=f"one of {', '.join(KINDS)}", found=repr(kind[:20]))
    title = "".join(letter for letter in title if letter.isprintable())
    id_ = id_ or slug(title)
    if kind == "form":
        return f"forms/{id_}.form", _form(id_, title)
    template = DIAGRAM if kind == "bpmn" else TABLE
    return f"{id_}.{kind}", template.format(id=id_, title=escape(title)).encode()


def _form(id_: str, title: str) -> bytes:
    components = [
        {"type": "text", "id": "tieu_de", "text": f"# {title}"},
        {"type": "textfield", "id": "o_1", "key": "noi_dung", "label": "Nội dung", "validate": {"required": True}},
    ]
    form = {"type": "default", "id": id_, "schemaVersion": 16, "components": components}
    return (json.dumps(form, ensure_ascii=False, indent=2) + "\n").encode()
