"""What the tests of moving cases share: a second version of `don_nghi`, and cases that stand at each step of the first."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import contents, deployments, jobs, user_tasks
from engine.models import ProcessInstance, User, UserTask
from engine.worker import Worker
from tests.web.test_monitor import started
from web.casefile import making

FOLDER = Path(__file__).parent / "don_nghi"
ADDRESS = "/thiet-ke/don_nghi/chuyen-ho-so"
NEW_STEP = """<bpmn:userTask id="tham_tra" name="Thẩm tra" camunda:candidateGroups="truong_phong@phong_a">
<bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f5</bpmn:outgoing></bpmn:userTask>
<bpmn:sequenceFlow id="f5" sourceRef="tham_tra" targetRef="bao" />"""
NEW_SHAPE = """<bpmndi:BPMNShape id="s6" bpmnElement="tham_tra"><dc:Bounds x="430" y="200" width="100" height="80" /></bpmndi:BPMNShape>
<bpmndi:BPMNEdge id="e5" bpmnElement="f5"><di:waypoint x="530" y="240" /><di:waypoint x="560" y="160" /></bpmndi:BPMNEdge>"""


def second_version(store: sessionmaker[Session]) -> None:
    """A step more before `bao`, another id for `y_te`, another label for `xet`."""
    files = contents.read_folder(FOLDER)
    (name,) = (name for name in files if name.endswith(".bpmn"))
    text = files[name].decode()
    text = text.replace('id="f3" sourceRef="y_te" targetRef="bao"', 'id="f3" sourceRef="y_te" targetRef="tham_tra"')
    text = text.replace(
        "<bpmn:incoming>f3</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>",
        "<bpmn:incoming>f5</bpmn:incoming><bpmn:outgoing>f4</bpmn:outgoing>",
    )
    text = text.replace('<bpmn:endEvent id="xong"', NEW_STEP + '<bpmn:endEvent id="xong"').replace(
        "</bpmndi:BPMNPlane>", NEW_SHAPE + "</bpmndi:BPMNPlane>"
    )
    text = text.replace('id="y_te" name="Ý kiến y tế"', 'id="tram" name="Ý kiến y tế"').replace('"y_te" targetRef', '"tram" targetRef')
    text = text.replace('targetRef="y_te"', 'targetRef="tram"').replace('bpmnElement="y_te"', 'bpmnElement="tram"')
    text = text.replace('name="Xét đơn"', 'name="Xét đơn nghỉ"')
    with store.begin() as session:
        deployments.deploy(session, "don_nghi", {**files, name: text.encode()}, note="Thêm bước thẩm tra")


def three_cases(store: sessionmaker[Session]) -> list[int]:
    """At `xet`, at `y_te` and at `bao`."""
    cases = [started(store, f"số {number}") for number in range(3)]
    with store.begin() as session:
        for case in cases[1:]:
            complete(session, case, "xet", "binh", {"ket_luan": "dong_y"})
        complete(session, cases[2], "y_te", "duc", {"tra_loi": "đủ sức khỏe"})
    return cases


def complete(session: Session, case: int, element: str, username: str, data: dict[str, Any]) -> None:
    user = session.scalars(select(User).where(User.username == username)).one()
    task = session.scalars(
        select(UserTask).where(UserTask.instance_id == case, UserTask.element_id == element, UserTask.state == "open")
    ).one()
    user_tasks.complete(session, task.id, user, data)


def work(store: sessionmaker[Session], app: Flask | None = None) -> None:
    """What a worker does until nothing is due. `app`: for complete files of cases, and for its secrets."""
    more = {jobs.CASEFILE: making.errand(lambda: app)} if app else {}
    worker = Worker(store, {}, app.config if app else None, more=more)
    while worker.run_due():
        pass


def versions(store: sessionmaker[Session], cases: list[int]) -> list[int]:
    with store() as session:
        return [session.get_one(ProcessInstance, case).definition.version for case in cases]
