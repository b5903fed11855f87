"""A clock that jumps, forward or back, neither loses nor repeats anything."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import chores, deployments, instances, jobs, watchdog
from engine.models import HistoryEvent, Job, ProcessInstance, UserTask
from engine.topics import Handler
from engine.worker import Worker
from tests.engine.cast import bpmn, flow
from tests.engine.clocks import Clock

YEAR = timedelta(days=365)
REMINDED = bpmn(
    '<startEvent id="dau"/><userTask id="lam" camunda:candidateGroups="viet"/>'
    '<boundaryEvent id="nhac" attachedToRef="lam" cancelActivity="false"><timerEventDefinition><timeCycle>R3/P1D</timeCycle>'
    '</timerEventDefinition></boundaryEvent><endEvent id="da_nhac"/><endEvent id="het"/>'
    + flow("dau", "lam", "het")
    + flow("nhac", "da_nhac")
)
WEEKLY = bpmn(
    '<startEvent id="dau"><timerEventDefinition><timeCycle>R4/P7D</timeCycle></timerEventDefinition></startEvent><endEvent id="het"/>'
    + flow("dau", "het")
)
SERVICE = bpmn(
    '<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="tinh"/><endEvent id="het"/>'
    + flow("dau", "goi", "het")
)


def begin(sessions: sessionmaker[Session], diagram: bytes, start: bool = True) -> None:
    with sessions.begin() as session:
        deployments.store(session, "p", {"p.bpmn": diagram})
        if start:
            instances.start(session, deployments.latest(session, "p"), {})


def drain(worker: Worker) -> None:
    while worker.run_due():
        pass


def fired(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "timer.fired")) or 0


def ended(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count(ProcessInstance.id)).where(ProcessInstance.state == "completed")) or 0


@pytest.mark.parametrize("jumps", [[YEAR], [-YEAR, YEAR + timedelta(days=10)], [timedelta(days=2), -timedelta(days=2), YEAR]])
def test_a_cycle_fires_as_often_as_it_says(sessions: sessionmaker[Session], clock: Clock, jumps: list[timedelta]) -> None:
    begin(sessions, REMINDED)
    worker = Worker(sessions, {})
    for jump in jumps:
        clock.now += jump
        drain(worker)
        drain(worker)
    assert fired(sessions) == 3
    with sessions() as session:
        assert session.scalars(select(UserTask.state)).all() == ["open"]


def test_start_timers_start_as_many_cases_as_they_say(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, WEEKLY, start=False)
    worker = Worker(sessions, {})
    for jump in (timedelta(days=8), -timedelta(days=30), timedelta(days=31), YEAR, -YEAR, YEAR):
        clock.now += jump
        drain(worker)
    assert ended(sessions) == 4


def test_going_back_fires_nothing_early_and_nothing_again(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, REMINDED)
    worker = Worker(sessions, {})
    clock.now += timedelta(days=1)
    drain(worker)
    assert fired(sessions) == 1
    clock.now -= timedelta(days=20)
    drain(worker)
    assert fired(sessions) == 1
    clock.now += timedelta(days=21)
    drain(worker)
    assert fired(sessions) == 2


def test_a_jump_during_a_slow_handler_stores_one_result(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, SERVICE)
    calls: list[int] = []

    def slow() -> dict[str, object]:
        calls.append(1)
        if len(calls) == 1:
            # The lease has run out by the new clock, and somebody else does it meanwhile.
            clock.now += YEAR
            drain(Worker(sessions, handlers))
        return {"lan": len(calls)}

    handlers = {"tinh": Handler("tinh", slow)}
    drain(Worker(sessions, handlers))
    assert ended(sessions) == 1
    with sessions() as session:
        done = select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "element.completed", HistoryEvent.element_id == "goi")
        assert session.scalar(done) == 1
        assert session.scalars(select(Job.id)).all() == []


def test_what_somebody_died_with_under_a_clock_that_was_ahead_is_taken_over(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, SERVICE)
    clock.now += YEAR
    with sessions.begin() as session:
        assert len(jobs.acquire(session, "đã chết", 1, lane=jobs.Lane.SERVICES)) == 1
    clock.now -= YEAR
    worker = Worker(sessions, {"tinh": Handler("tinh", lambda: None)})
    clock.now += timedelta(hours=1)
    drain(worker)
    assert ended(sessions) == 0
    watchdog.watch(sessions)
    drain(worker)
    assert ended(sessions) == 0
    clock.now += jobs.LEASE + timedelta(seconds=1)
    drain(worker)
    assert ended(sessions) == 1


def test_leases_that_are_as_long_as_leases_are_stay(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, SERVICE)
    with sessions.begin() as session:
        assert jobs.acquire(session, "sống", 1, lane=jobs.Lane.SERVICES)
        assert jobs.reclaim(session) == 0
        session.execute(update(Job).values(owner=None, next_at=clock.now + YEAR))
        assert jobs.reclaim(session) == 0


def test_chores_go_on_after_a_clock_that_was_ahead(sessions: sessionmaker[Session], clock: Clock) -> None:
    every = timedelta(minutes=5)
    clock.now += YEAR
    with sessions.begin() as session:
        assert chores.claim(session, "thử", every)
    clock.now -= YEAR
    with sessions.begin() as session:
        assert chores.claim(session, "thử", every)
        assert not chores.claim(session, "thử", every)
