"""The people and diagrams that the engine's tests share: a plain approval in two bodies."""

from __future__ import annotations

from itertools import pairwise

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db
from engine.models import Membership, Organisation, ProcessInstance, User, UserTask

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="http://example.org/bpmn">'
)


def bpmn(body: str, key: str = "p", process: str = "") -> bytes:
    """A file with one executable process. `process`: attributes of its element; everybody called `viet` may start it unless they say so."""
    process = process or 'camunda:candidateStarterGroups="viet"'
    return f'{HEAD}<process id="{key}" name="{key}" isExecutable="true" {process}>{body}</process></definitions>'.encode()


def flow(*ids: str) -> str:
    """Sequence flows through `ids` one after another."""
    return "".join(f'<sequenceFlow id="{a}_{b}" sourceRef="{a}" targetRef="{b}"/>' for a, b in pairwise(ids))


def form(id_: str, *fields: str) -> bytes:
    """A form of required text fields."""
    components = ",".join(f'{{"type":"textfield","key":"{key}","label":"{key}","validate":{{"required":true}}}}' for key in fields)
    return f'{{"type":"default","id":"{id_}","schemaVersion":16,"components":[{components}]}}'.encode()


APPROVAL = {
    "phe_duyet.bpmn": bpmn(
        '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/>'
        '<camunda:property name="mac_dinh.noi_duyet" value="so_b"/></camunda:properties></extensionElements>'
        '<startEvent id="bat_dau"/>'
        '<userTask id="soan" name="Soạn tờ trình" camunda:candidateGroups="viet@so_a" camunda:formRef="soan"/>'
        '<userTask id="duyet" name="Duyệt tờ trình" camunda:candidateGroups="duyet@${noi_duyet}" camunda:formRef="duyet"/>'
        '<endEvent id="xong"/>' + flow("bat_dau", "soan", "duyet", "xong"),
        key="phe_duyet",
    ),
    "forms/soan.form": form("soan", "noi_dung"),
    "forms/duyet.form": form("duyet", "ket_luan"),
}

PEOPLE = {
    "an": ("Bùi Thị An", "viet@so_a"),
    "binh": ("Trần Văn Bình", "viet@so_a"),
    "chi": ("Lê Thị Chi", "duyet@so_b"),
    "dung": ("Phạm Tiến Dũng", "viet@so_c"),
    "giang": ("Hoàng Giang", "giam_sat@so_b"),
}


def people(session: Session) -> dict[str, User]:
    """The fixed cast: An and Bình write in body A, Chi approves in body B, Dũng writes in body C, Giang supervises."""
    bodies: dict[str, Organisation] = {}
    cast: dict[str, User] = {}
    for username, (name, membership) in PEOPLE.items():
        role, _, code = membership.partition("@")
        bodies.setdefault(code, Organisation(code=code, name=code))
        member = Membership(role=role, organisation=bodies[code])
        cast[username] = User(username=username, name=name, created_at=db.now(session), memberships=[member])
    session.add_all(cast.values())
    session.flush()
    return cast


def only_task(session: Session, instance: ProcessInstance) -> UserTask:
    """The one open user task of a case."""
    return session.scalars(select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open")).one()
