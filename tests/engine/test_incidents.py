"""Something fails inside a case: it is said which element and why, the rest goes on, and it is tried again when the data are mended."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, incidents, instances, user_tasks
from engine.errors import NotFound
from engine.models import Incident, ProcessInstance, User, UserTask
from tests.engine.cast import bpmn, flow, people

SPLIT = bpmn(
    '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties></extensionElements>'
    '<startEvent id="dau"/><parallelGateway id="tach"/><scriptTask id="tinh" name="Tính phụ cấp" scriptFormat="starlark">'
    "<script>he_so = 2\nphu_cap = luong * he_so</script></scriptTask>"
    '<userTask id="sau" name="Sau khi tính" camunda:candidateGroups="viet"/>'
    '<userTask id="khac" name="Nhánh khác" camunda:candidateGroups="viet"/>' + flow("dau", "tach", "tinh", "sau") + flow("tach", "khac")
)


@pytest.fixture
def cast(session: Session) -> dict[str, User]:
    deployments.deploy(session, "p", {"p.bpmn": SPLIT})
    return people(session)


@pytest.fixture
def case(session: Session, cast: dict[str, User]) -> ProcessInstance:
    return instances.start(session, deployments.latest(session, "p"), {"muc": 1})


def open_elements(session: Session) -> set[str]:
    return set(session.scalars(select(UserTask.element_id).where(UserTask.state == "open")))


def test_it_names_the_element_the_line_and_what_is_missing_while_the_rest_goes_on(session: Session, case: ProcessInstance) -> None:
    incident = session.scalars(select(Incident)).one()
    assert (incident.element_id, incident.line) == ("tinh", 2)
    assert "luong" in incident.message
    assert case.state == "active"
    assert open_elements(session) == {"khac"}


def test_it_is_tried_again_after_the_data_were_mended(session: Session, case: ProcessInstance, cast: dict[str, User]) -> None:
    instances.set_variables(session, case.id, cast["giang"], {"luong": 100}, "bổ sung mức lương")
    incidents.resolve(session, session.scalars(select(Incident)).one().id, cast["giang"])
    assert open_elements(session) == {"khac", "sau"}
    assert [incident.resolved_at is None for incident in session.scalars(select(Incident))] == [False]


def test_it_is_raised_anew_when_nothing_was_mended(session: Session, case: ProcessInstance, cast: dict[str, User]) -> None:
    incidents.resolve(session, session.scalars(select(Incident)).one().id, cast["giang"])
    assert [incident.resolved_at is None for incident in session.scalars(select(Incident).order_by(Incident.id))] == [False, True]
    assert open_elements(session) == {"khac"}


def test_it_is_mended_by_supervisors_only(session: Session, case: ProcessInstance, cast: dict[str, User]) -> None:
    incident = session.scalars(select(Incident)).one()
    with pytest.raises(NotFound):
        incidents.resolve(session, incident.id, cast["an"])
    with pytest.raises(NotFound):
        instances.set_variables(session, case.id, cast["chi"], {"luong": 1}, "x")


def test_it_is_said_when_a_gateway_waits_for_what_can_never_come(session: Session) -> None:
    """The rules refuse such a diagram; a case that got there all the same must not stand still without a word."""
    diagram = bpmn(
        '<startEvent id="dau"/><exclusiveGateway id="chon" default="chon_gop"/><parallelGateway id="gop"/><endEvent id="het"/>'
        + flow("dau", "chon")
        + flow("chon", "gop")
        + '<sequenceFlow id="khac" sourceRef="chon" targetRef="gop"><conditionExpression>${1 == 2}</conditionExpression></sequenceFlow>'
        + flow("gop", "het")
    )
    deployments.store(session, "p", {"p.bpmn": diagram})
    case = instances.start(session, deployments.latest(session, "p"), {})
    incident = session.scalars(select(Incident).where(Incident.instance_id == case.id)).one()
    assert (incident.element_id, incident.kind) == ("gop", "deadlock")


def test_it_is_closed_when_the_element_is_cancelled(session: Session) -> None:
    diagram = bpmn(
        '<startEvent id="dau"/><parallelGateway id="tach"/><scriptTask id="hong"><script>x = khong_co</script></scriptTask>'
        '<userTask id="viec" name="Việc" camunda:candidateGroups="viet"/><endEvent id="dung"><terminateEventDefinition/></endEvent>'
        + flow("dau", "tach", "hong")
        + flow("tach", "viec", "dung")
    )
    deployments.store(session, "p", {"p.bpmn": diagram})
    case = instances.start(session, deployments.latest(session, "p"), {})
    (task,) = session.scalars(select(UserTask).where(UserTask.instance_id == case.id))

    an = people(session)["an"]
    user_tasks.complete(session, task.id, an, {})
    assert case.state == "completed"
    assert session.scalars(select(Incident)).one().resolved_at is not None
