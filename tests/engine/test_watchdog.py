"""The watchdog: it finds what cannot go on, says so once, and leaves everything else alone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import chores, deployments, incidents, instances, watchdog
from engine.models import Chore, Incident, Job, ProcessInstance, User, UserTask
from tests.engine.cast import bpmn, flow, people

SUPERVISED = (
    '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties></extensionElements>'
)
pytestmark = pytest.mark.stalls
WAITS = {
    "task": '<userTask id="cho" name="Chờ" camunda:candidateGroups="viet"/>',
    "job": '<serviceTask id="cho" camunda:type="external" camunda:topic="x"/>',
    "timer": '<intermediateCatchEvent id="cho"><timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>",
    "message": '<intermediateCatchEvent id="cho"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>',
    "condition": '<intermediateCatchEvent id="cho"><conditionalEventDefinition><condition>${xong}</condition></conditionalEventDefinition>'
    "</intermediateCatchEvent>",
    "call": '<callActivity id="cho" calledElement="con"/>',
    "failure": '<scriptTask id="cho" scriptFormat="starlark"><script>x = khong_co</script></scriptTask>',
}  # fmt: skip


def begin(sessions: sessionmaker[Session], what: str) -> int:
    body = SUPERVISED + '<startEvent id="dau"/>' + WAITS[what] + '<endEvent id="het"/>' + flow("dau", "cho", "het")
    diagram = bpmn(body).replace(b"<process ", b'<message id="m" name="tin"/><process ', 1)
    called = bpmn('<startEvent id="d"/><userTask id="lam" name="Làm" camunda:candidateGroups="viet"/>' + flow("d", "lam"), key="con")
    with sessions.begin() as session:
        people(session)
        deployments.store(session, "p", {"p.bpmn": diagram, "con.bpmn": called})
        return instances.start(session, deployments.latest(session, "p"), {"xong": False}).id


def raised(sessions: sessionmaker[Session]) -> list[tuple[str, str]]:
    with sessions() as session:
        found = session.scalars(select(Incident).where(Incident.kind == watchdog.STALLED, Incident.resolved_at.is_(None)))
        return [(incident.element_id, incident.message) for incident in found]


@pytest.mark.parametrize("what", WAITS)
def test_it_leaves_a_case_alone_that_can_go_on(sessions: sessionmaker[Session], what: str) -> None:
    begin(sessions, what)
    assert watchdog.watch(sessions) == 0


@pytest.mark.parametrize("what", ["task", "timer"])
def test_it_finds_a_case_whose_row_is_gone_and_says_so_once(sessions: sessionmaker[Session], what: str) -> None:
    begin(sessions, what)
    with sessions.begin() as session:
        session.execute(update(UserTask).values(state="cancelled"))
        session.execute(delete(Job))
    assert watchdog.watch(sessions) == 1
    assert watchdog.watch(sessions) == 0
    kind = {"task": "user_task"}.get(what, what)
    assert raised(sessions) == [("cho", f"Expected a row for the {kind} that it waits for, but found none.")]


def test_it_finds_a_failed_element_of_whose_incident_nobody_knows(sessions: sessionmaker[Session]) -> None:
    begin(sessions, "failure")
    with sessions.begin() as session:
        session.execute(update(Incident).values(resolved_at=Incident.raised_at))
    assert watchdog.watch(sessions) == 1
    assert raised(sessions) == [("cho", "Expected an open incident for element cho, but found none.")]


def test_it_leaves_a_suspended_case_alone(sessions: sessionmaker[Session]) -> None:
    id_ = begin(sessions, "task")
    with sessions.begin() as session:
        session.execute(update(UserTask).values(state="cancelled"))
        session.get_one(ProcessInstance, id_).state = "suspended"
    assert watchdog.watch(sessions) == 0


def test_it_finds_it_again_when_somebody_says_mended_and_it_is_not(sessions: sessionmaker[Session]) -> None:
    begin(sessions, "task")
    with sessions.begin() as session:
        session.execute(update(UserTask).values(state="cancelled"))
    watchdog.watch(sessions)
    with sessions.begin() as session:
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        incidents.resolve(session, session.scalars(select(Incident.id)).one(), giang)
    assert raised(sessions) == []
    assert watchdog.watch(sessions) == 1


def test_it_gives_each_turn_of_a_chore_to_one(sessions: sessionmaker[Session]) -> None:
    def turn() -> bool:
        with sessions.begin() as session:
            return chores.claim(session, "x", timedelta(minutes=5))

    assert [turn(), turn(), turn()] == [True, False, False]
    with sessions.begin() as session:
        session.get_one(Chore, "x").next_at -= timedelta(minutes=6)
    assert [turn(), turn()] == [True, False]
