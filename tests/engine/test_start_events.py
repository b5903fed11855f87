"""Cases that nobody starts by hand: a message, a signal or the clock does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, messages
from engine.models import ProcessInstance
from engine.worker import Worker
from tests.engine.cast import bpmn, flow
from tests.engine.clocks import Clock


def starting(event: str, extra: str = "") -> bytes:
    body = f'<startEvent id="dau">{event}</startEvent><userTask id="viec" name="{extra or "Việc"}" camunda:candidateGroups="viet"/>'
    declared = b'<message id="m" name="don_moi"/><signal id="s" name="bao_dong"/><process '
    return bpmn(body + flow("dau", "viec")).replace(b"<process ", declared)


MESSAGE = '<messageEventDefinition messageRef="m"/>'
SIGNAL = '<signalEventDefinition signalRef="s"/>'
CYCLE = "<timerEventDefinition><timeCycle>R3/P1D</timeCycle></timerEventDefinition>"


def drain(sessions: sessionmaker[Session]) -> None:
    worker = Worker(sessions, {})
    while worker.run_due():
        pass


def cases(sessions: sessionmaker[Session]) -> list[ProcessInstance]:
    with sessions() as session:
        return list(session.scalars(select(ProcessInstance).order_by(ProcessInstance.id)))


def put(sessions: sessionmaker[Session], diagram: bytes) -> None:
    with sessions.begin() as session:
        deployments.deploy(session, "p", {"p.bpmn": diagram})


def test_it_is_started_by_a_message_with_its_variables(sessions: sessionmaker[Session]) -> None:
    put(sessions, starting(MESSAGE))
    with sessions.begin() as session:
        messages.correlate(session, "don_moi", business_key="D-7", variables={"nguoi_gui": "Lan"})
    (case,) = cases(sessions)
    assert case.business_key == "D-7"
    with sessions() as session:
        assert executions.load(session, session.get_one(ProcessInstance, case.id)).variables == {"nguoi_gui": "Lan"}


def test_it_is_started_by_a_signal(sessions: sessionmaker[Session]) -> None:
    put(sessions, starting(SIGNAL))
    with sessions.begin() as session:
        assert messages.broadcast(session, "bao_dong", {}) == 1
    assert len(cases(sessions)) == 1


def test_it_is_started_by_the_clock_as_often_as_the_cycle_says(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, starting(CYCLE))
    drain(sessions)
    assert cases(sessions) == []
    start = clock.now
    for day in range(1, 6):
        clock.now = start + timedelta(days=day)
        drain(sessions)
    assert len(cases(sessions)) == 3


def test_it_makes_up_for_the_times_it_slept_through(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, starting(CYCLE))
    clock.now += timedelta(days=10)
    drain(sessions)
    assert len(cases(sessions)) == 3


@pytest.mark.parametrize("event", [MESSAGE, SIGNAL, CYCLE])
def test_it_is_the_newest_version_that_starts_and_only_it(sessions: sessionmaker[Session], clock: Clock, event: str) -> None:
    put(sessions, starting(event))
    put(sessions, starting(event, "Việc đã đổi tên"))
    with sessions.begin() as session:
        if event == MESSAGE:
            messages.correlate(session, "don_moi")
        elif event == SIGNAL:
            messages.broadcast(session, "bao_dong", {})
    clock.now += timedelta(days=1)
    drain(sessions)
    with sessions() as session:
        assert [session.get_one(ProcessInstance, case.id).definition.version for case in cases(sessions)] == [2]
