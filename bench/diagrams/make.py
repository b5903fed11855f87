"""Write the diagrams that are too regular to be drawn: hen_gio (a timer), dich_vu (a service task), thu_tuc (a procedure of forty steps).

    .venv/bin/python -m bench.diagrams.make

thu_tuc has the size of the rotation procedure: 40 user tasks, each followed by a gateway that goes on or back, 122 flows.
"""

from __future__ import annotations

from pathlib import Path

HERE = Path(__file__).parent
STEPS = 40
HEAD = (
    '<?xml version="1.0" encoding="UTF-8"?>\n<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" '
    'xmlns:camunda="http://camunda.org/schema/1.0/bpmn" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="bench">\n'
    '  <process id="{key}" name="{name}" isExecutable="true" camunda:historyTimeToLive="P180D" camunda:candidateStarterUsers="nguoi">\n'
)
TAIL = "  </process>\n</definitions>\n"


def chain(key: str, name: str, middle: str) -> str:
    """start -> `middle`, whose id is giua -> end"""
    return (
        HEAD.format(key=key, name=name)
        + f'    <startEvent id="dau"/>\n    {middle}\n    <endEvent id="het"/>\n'
        + '    <sequenceFlow id="f1" sourceRef="dau" targetRef="giua"/>\n    <sequenceFlow id="f2" sourceRef="giua" targetRef="het"/>\n'
        + TAIL
    )


def procedure() -> str:
    """Steps one after the other, each with a way back."""
    lines = ['    <startEvent id="dau"/>', '    <endEvent id="het"/>', '    <sequenceFlow id="vao" sourceRef="dau" targetRef="b1"/>']
    for n in range(1, STEPS + 1):
        further = f"b{n + 1}" if n < STEPS else "het"
        lines += [
            f'    <userTask id="b{n}" name="Bước {n}" camunda:assignee="nguoi"/>',
            f'    <exclusiveGateway id="g{n}" name="Làm lại bước {n}?" default="d{n}"/>',
            f'    <sequenceFlow id="x{n}" sourceRef="b{n}" targetRef="g{n}"/>',
            f'    <sequenceFlow id="d{n}" name="không" sourceRef="g{n}" targetRef="{further}"/>',
            f'    <sequenceFlow id="l{n}" name="có" sourceRef="g{n}" targetRef="b{n}">'
            f'<conditionExpression xsi:type="tFormalExpression">${{lam_lai}}</conditionExpression></sequenceFlow>',
        ]
    return HEAD.format(key="thu_tuc", name="Thủ tục bốn mươi bước") + "\n".join(lines) + "\n" + TAIL


def main() -> None:
    date = "<timerEventDefinition><timeDate>${han}</timeDate></timerEventDefinition>"
    timer = f'<intermediateCatchEvent id="giua">{date}</intermediateCatchEvent>'
    service = '<serviceTask id="giua" name="Dịch vụ" camunda:type="external" camunda:topic="khong_lam_gi"/>'
    drawn = {"hen_gio": chain("hen_gio", "Hẹn giờ", timer), "dich_vu": chain("dich_vu", "Dịch vụ", service), "thu_tuc": procedure()}
    for name, text in drawn.items():
        (HERE / f"{name}.bpmn").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
