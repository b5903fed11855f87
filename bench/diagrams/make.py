"""Write the diagrams that are too regular to be drawn: hen_gio (a timer), dich_vu (a service task), thu_tuc (a procedure of forty steps).

    .venv/bin/python -m bench.diagrams.make

thu_tuc has the size of the rotation procedure: 40 user tasks, each followed by a gateway that goes on or back, 122 flows. Its steps carry
no data; filled_procedure() is the same drawing with a form of nine fields at each step, as many as the 45 forms of the rotation folder have
on average (9.2), and is not written anywhere.
"""

from __future__ import annotations

import json
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


def procedure(key: str = "thu_tuc", form: str = "") -> str:
    """Steps one after the other, each with a way back. `form`: the attributes of step {n} that name its form."""
    lines = ['    <startEvent id="dau"/>', '    <endEvent id="het"/>', '    <sequenceFlow id="vao" sourceRef="dau" targetRef="b1"/>']
    for n in range(1, STEPS + 1):
        further = f"b{n + 1}" if n < STEPS else "het"
        lines += [
            f'    <userTask id="b{n}" name="Bước {n}" camunda:assignee="nguoi"{form.format(n=n)}/>',
            f'    <exclusiveGateway id="g{n}" name="Làm lại bước {n}?" default="d{n}"/>',
            f'    <sequenceFlow id="x{n}" sourceRef="b{n}" targetRef="g{n}"/>',
            f'    <sequenceFlow id="d{n}" name="không" sourceRef="g{n}" targetRef="{further}"/>',
            f'    <sequenceFlow id="l{n}" name="có" sourceRef="g{n}" targetRef="b{n}">'
            f'<conditionExpression xsi:type="tFormalExpression">${{lam_lai}}</conditionExpression></sequenceFlow>',
        ]
    return HEAD.format(key=key, name="Thủ tục bốn mươi bước") + "\n".join(lines) + "\n" + TAIL


FIELDS = {
    "can_cu": ("textfield", "Tờ trình số 12-TTr/BTCTU ngày 02/03/2026 của Ban Tổ chức"),
    "noi_dung": (
        "textarea",
        "Đội ngũ đủ về số lượng, còn thiếu kinh nghiệm thực tiễn ở xã; hai sở có cơ cấu khép kín. " * 2,
    ),
    "ket_luan": ("textfield", "Đồng ý với đề nghị của cơ quan tham mưu"),
    "ly_do": ("textfield", "Đủ tiêu chuẩn, điều kiện theo Điều 5; trong quy hoạch"),
    "ngay": ("datetime", "2026-03-02"),
    "so_nguoi": ("number", "12"),
    "nguoi_ky": ("textfield", "Phạm Văn Minh, Phó Bí thư Thường trực"),
    "co_quan": ("textfield", "Sở Nông nghiệp và Môi trường"),
    "ghi_chu": ("textfield", "Gửi kèm hồ sơ nhân sự và bản nhận xét, đánh giá"),
}
"""What stands in the form of each step: its kind, and what is entered."""


def filled_procedure() -> dict[str, bytes]:
    """thu_tuc_du_lieu: the procedure, and the forms of its steps. Name of the file -> content."""
    reference = ' camunda:formRef="b{n}" camunda:formRefBinding="deployment"'
    return {"thu_tuc_du_lieu.bpmn": procedure("thu_tuc_du_lieu", reference).encode()} | {
        f"b{n}.form": json.dumps(form(n)).encode() for n in range(1, STEPS + 1)
    }


def form(step: int) -> dict[str, object]:
    """The form of one step, with fields of its own."""
    date = {"subtype": "date", "dateLabel": "Ngày"}
    fields = [
        {"id": name, "type": kind, "key": f"b{step}_{name}", "label": name, **(date if kind == "datetime" else {})}
        for name, (kind, _) in FIELDS.items()
    ]
    return {"id": f"b{step}", "type": "default", "schemaVersion": 16, "components": fields}


def entered(step: int) -> dict[str, str]:
    """What a person enters at that step, by the names of its fields."""
    return {f"b{step}_{name}": value for name, (_, value) in FIELDS.items()}


def main() -> None:
    date = "<timerEventDefinition><timeDate>${han}</timeDate></timerEventDefinition>"
    timer = f'<intermediateCatchEvent id="giua">{date}</intermediateCatchEvent>'
    service = '<serviceTask id="giua" name="Dịch vụ" camunda:type="external" camunda:topic="khong_lam_gi"/>'
    drawn = {"hen_gio": chain("hen_gio", "Hẹn giờ", timer), "dich_vu": chain("dich_vu", "Dịch vụ", service), "thu_tuc": procedure()}
    for name, text in drawn.items():
        (HERE / f"{name}.bpmn").write_text(text, "utf-8")


if __name__ == "__main__":
    main()
