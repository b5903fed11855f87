"""Fairness, retries, suspension and stopping of the worker, and what may run at the same time."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executor, incidents, instances, jobs, timers
from engine.bell import Bell
from engine.jobs import Lane
from engine.models import Incident, Job, ProcessDefinition, ProcessInstance
from engine.topics import Handler
from engine.worker import Worker
from tests.engine.cast import bpmn, flow
from tests.engine.clocks import Clock

RETRY = "<extensionElements><camunda:failedJobRetryTimeCycle>R5/PT10M</camunda:failedJobRetryTimeCycle></extensionElements>"


def service(inside: str = "", attributes: str = "") -> bytes:
    task = f'<serviceTask id="goi" camunda:type="external" camunda:topic="tinh" {attributes}>{inside}</serviceTask>'
    return bpmn('<startEvent id="dau"/>' + task + '<endEvent id="het"/>' + flow("dau", "goi", "het"))


TIMER = bpmn(
    '<startEvent id="dau"/><intermediateCatchEvent id="cho"><timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition>'
    '</intermediateCatchEvent><endEvent id="het"/>' + flow("dau", "cho", "het"),
    key="q",
)


def begin(sessions: sessionmaker[Session], diagram: bytes, key: str = "p", cases: int = 1, **variables: object) -> None:
    with sessions.begin() as session:
        deployments.store(session, key, {f"{key}.bpmn": diagram})
        for _ in range(cases):
            instances.start(session, deployments.latest(session, key), variables)


def broken() -> None:
    raise ValueError("hỏng")


def count(sessions: sessionmaker[Session], what: type[Job] | type[Incident]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(what)) or 0


def ended(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "completed")) or 0


def leased(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(Job).where(Job.owner.is_not(None))) or 0


def until(condition: object, seconds: float = 15) -> None:
    end = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < end
        time.sleep(0.02)


def test_it_does_not_let_slow_handlers_hold_up_timers(sessions: sessionmaker[Session]) -> None:
    release = threading.Event()
    begin(sessions, service(), cases=4)
    begin(sessions, TIMER, key="q", cases=5)
    running = Worker(sessions, {"tinh": Handler("tinh", lambda: release.wait(20) and None)}, threads=3)
    running.start()
    try:
        until(lambda: ended(sessions) == 5)
        # Each handler thread holds the one job that it executes, not a batch that others could work on.
        until(lambda: leased(sessions) == 2)
        time.sleep(0.1)
        assert leased(sessions) == 2
    finally:
        release.set()
        until(lambda: ended(sessions) == 9)
        running.stop()


def test_it_lets_a_boundary_timer_interrupt_a_handler_under_way(sessions: sessionmaker[Session]) -> None:
    body = (
        '<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="tinh"/>'
        '<boundaryEvent id="han" attachedToRef="goi">'
        "<timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition></boundaryEvent>"
        '<endEvent id="het"/><endEvent id="qua_han"/>' + flow("dau", "goi", "het") + flow("han", "qua_han")
    )
    begin(sessions, bpmn(body))
    inside = Worker(sessions, {})

    def slow() -> None:
        assert inside.run_due() == 1

    Worker(sessions, {"tinh": Handler("tinh", slow)}).run_due((Lane.SERVICES,))
    assert (ended(sessions), count(sessions, Job), count(sessions, Incident)) == (1, 0, 0)


def test_it_tries_as_often_and_as_late_as_the_diagram_says(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, service(RETRY))
    running = Worker(sessions, {"tinh": Handler("tinh", broken)})
    for _ in range(4):
        assert running.run_due() == 1
        clock.now += timedelta(minutes=9, seconds=59)
        assert running.run_due() == 0
        clock.now += timedelta(seconds=1)
    assert count(sessions, Incident) == 0
    assert running.run_due() == 1
    assert count(sessions, Incident) == 1
    with sessions.begin() as session:
        jobs.retry(session, session.scalars(select(Job)).one())
    with sessions() as session:
        assert session.scalar(select(Job.retries)) == 5


def test_it_tries_a_failed_job_again_for_the_operator(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, service())
    running = Worker(sessions, {"tinh": Handler("tinh", broken)})
    for _ in range(jobs.RETRIES):
        running.run_due()
        clock.now += timedelta(hours=1)
    with sessions.begin() as session:
        incidents.retry_job(session, session.scalars(select(Job)).one())
    with sessions() as session:
        assert session.scalar(select(func.count(Incident.id)).where(Incident.resolved_at.is_(None))) == 0
    Worker(sessions, {"tinh": Handler("tinh", lambda: None)}).run_due()
    assert ended(sessions) == 1


def test_it_takes_what_is_more_important_first(sessions: sessionmaker[Session], clock: Clock) -> None:
    diagram = service(attributes='camunda:taskPriority="${uu_tien}"')
    order: list[int] = []
    for priority in (0, 7, -2, 7):
        clock.now += timedelta(seconds=1)
        begin(sessions, diagram, uu_tien=priority)
    running = Worker(sessions, {"tinh": Handler("tinh", lambda uu_tien: order.append(uu_tien))})
    while running.run_due():
        pass
    assert order == [7, 7, 0, -2]


def test_it_suspends_one_job_and_keeps_its_time(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, service())
    running = Worker(sessions, {"tinh": Handler("tinh", lambda: None)})
    with sessions.begin() as session:
        job = session.scalars(select(Job)).one()
        due = job.due_at
        jobs.suspend(session, job.id)
    clock.now += timedelta(days=1)
    assert running.run_due() == 0
    with sessions.begin() as session:
        job = session.scalars(select(Job)).one()
        jobs.resume(session, job.instance_id or 0)
        session.refresh(job)
        assert job.next_at is None
        jobs.activate(session, job.id)
        assert job.next_at == due
    assert running.run_due() == 1
    assert ended(sessions) == 1


def test_it_keeps_the_start_timer_of_a_suspended_process(sessions: sessionmaker[Session], clock: Clock) -> None:
    start = '<startEvent id="dau"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent>'
    with sessions.begin() as session:
        deployments.store(session, "p", {"p.bpmn": bpmn(start + '<endEvent id="het"/>' + flow("dau", "het"))})
        session.execute(update(ProcessDefinition).values(suspended=True))
    clock.now += timedelta(hours=1)
    running = Worker(sessions, {})
    for _ in range(2 * jobs.RETRIES):
        running.run_due()
        clock.now += timedelta(hours=1)
    assert ended(sessions) == 0
    with sessions.begin() as session:
        session.execute(update(ProcessDefinition).values(suspended=False))
    assert running.run_due() == 1
    assert ended(sessions) == 1


def test_it_gives_back_what_it_has_not_begun_when_it_is_stopped(sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    begin(sessions, TIMER, key="q", cases=6)
    running = Worker(sessions, {})
    fire = timers.fire

    def stop(session: Session, job: Job) -> None:
        running.stop()
        fire(session, job)

    monkeypatch.setattr(executor, "STEPS", {jobs.TIMER: stop})
    running.run_due()
    assert ended(sessions) == 1
    with sessions() as session:
        assert set(session.scalars(select(Job.owner))) == {None}
    assert count(sessions, Job) == 5


def test_it_stores_the_result_of_a_handler_again_when_the_database_refused_it(sessions: sessionmaker[Session]) -> None:
    calls, refused = [], []
    begin(sessions, service())
    running = Worker(sessions, {"tinh": Handler("tinh", lambda: calls.append(1))})
    finish = running._finish

    def deadlock(*given: object) -> None:
        if len(refused) < 2:
            refused.append(1)
            raise OperationalError("UPDATE", {}, Exception("deadlock detected"))
        finish(*given)  # type: ignore[arg-type]

    running._finish = deadlock  # type: ignore[method-assign,assignment]
    running.run_due()
    assert (calls, len(refused), ended(sessions)) == ([1], 2, 1)


def test_it_does_not_keep_the_leases_of_what_it_could_not_execute(sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> None:
    begin(sessions, TIMER, key="q", cases=3)
    running = Worker(sessions, {})

    def away(_job: jobs.Leased) -> None:
        raise OperationalError("SELECT", {}, Exception("connection refused"))

    monkeypatch.setattr(running, "execute_leased", away)
    with pytest.raises(OperationalError):
        running.run_due()
    assert running._held == set()


def test_it_takes_a_handler_s_exception_for_a_failure_whatever_it_is(sessions: sessionmaker[Session]) -> None:
    def conflict() -> None:
        raise OperationalError("SELECT", {}, Exception("the handler's own database"))

    begin(sessions, service())
    Worker(sessions, {"tinh": Handler("tinh", conflict)}).run_due()
    with sessions() as session:
        assert session.scalars(select(Job.retries)).one() == jobs.RETRIES - 1


@pytest.mark.postgresql
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_it_hears_what_other_processes_post(sessions: sessionmaker[Session]) -> None:
    """The bell of this process is rung by its own commits as well, so the row is written past them."""
    stopped = threading.Event()
    bell = Bell()
    thread = threading.Thread(target=bell.listen, args=(sessions.kw["bind"], stopped.is_set))
    thread.start()
    try:
        until(lambda: bell.rings == 1)
        with sessions.kw["bind"].begin() as connection:
            connection.exec_driver_sql("NOTIFY luanchuyen_jobs")
        until(lambda: bell.rings == 2)
        with sessions.begin() as session:
            jobs.post(session, jobs.SIGNAL, payload={}, due=datetime.now(UTC) + timedelta(hours=1))
        with sessions.begin() as session:
            jobs.post(session, jobs.SIGNAL, payload={})
        # Once by the commit itself, once by the notification; a timer that is not due rings nothing.
        until(lambda: bell.rings == 4)
        time.sleep(0.2)
        assert bell.rings == 4
    finally:
        stopped.set()
        thread.join()
