"""What goes on without anybody pressing a button."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import BpmnError, deployments, incidents, instances, jobs
from engine import Job as Call
from engine.models import Document, HistoryEvent, Incident, Job, ProcessInstance, User, UserTask
from engine.topics import Handler
from engine.worker import Worker
from tests.engine.cast import bpmn, flow, people
from tests.engine.clocks import Clock

SERVICE = bpmn(
    '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties></extensionElements>'
    '<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="tinh"/>'
    '<boundaryEvent id="loi" attachedToRef="goi"><errorEventDefinition errorRef="sai"/></boundaryEvent>'
    '<userTask id="sua" name="Sửa" camunda:candidateGroups="viet"/><userTask id="xem" name="Xem" camunda:candidateGroups="viet"/>'
    + flow("dau", "goi", "xem") + flow("loi", "sua")
).replace(b"<process ", b'<error id="sai" errorCode="SAI"/><process ')  # fmt: skip

TIMER = bpmn(
    '<startEvent id="dau"/><intermediateCatchEvent id="cho"><timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>'
    '</intermediateCatchEvent><endEvent id="het"/>' + flow("dau", "cho", "het")
)  # fmt: skip


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def timed(sessions: sessionmaker[Session], clock: Clock) -> sessionmaker[Session]:
    sessions.configure(info={"clock": clock})
    return sessions


def begin(sessions: sessionmaker[Session], diagram: bytes, variables: Mapping[str, Any] | None = None) -> int:
    with sessions.begin() as session:
        people(session)
        deployments.deploy(session, "p", {"p.bpmn": diagram})
        return instances.start(session, deployments.latest(session, "p"), variables or {}).id


def worker(sessions: sessionmaker[Session], function: Callable[..., Any]) -> Worker:
    return Worker(sessions, {"tinh": Handler("tinh", function)})


def open_elements(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(UserTask.element_id).where(UserTask.state == "open")))


def drain(sessions: sessionmaker[Session], running: Worker) -> None:
    while running.run_due():
        pass


def test_it_calls_the_handler_and_merges_what_it_returns(timed: sessionmaker[Session]) -> None:
    def tinh(luong: int, job: Call) -> dict[str, object]:
        job.attach("bảng.txt", "nội dung".encode(), "text/plain")
        job.record("notification.not_sent", reason="no mail server")
        return {"phu_cap": luong * 2}

    id_ = begin(timed, SERVICE, {"luong": 21})
    drain(timed, worker(timed, tinh))
    assert open_elements(timed) == ["xem"]
    with timed() as session:
        assert session.scalars(select(Document.name)).all() == ["bảng.txt"]
        assert "notification.not_sent" in session.scalars(select(HistoryEvent.kind)).all()
        from engine import executions

        instance = session.get_one(ProcessInstance, id_)
        assert executions.load(session, instance).variables["phu_cap"] == 42


def test_it_takes_a_business_error_to_the_boundary_event(timed: sessionmaker[Session]) -> None:
    def tinh() -> None:
        raise BpmnError("SAI")

    begin(timed, SERVICE)
    drain(timed, worker(timed, tinh))
    assert open_elements(timed) == ["sua"]


def test_it_tries_again_later_and_then_raises_an_incident_that_can_be_resolved(timed: sessionmaker[Session], clock: Clock) -> None:
    broken = True

    def tinh() -> None:
        if broken:
            raise ValueError("bảng lương không mở được")

    begin(timed, SERVICE)
    running = worker(timed, tinh)
    for _ in range(jobs.RETRIES):
        assert open_elements(timed) == []
        drain(timed, running)
        clock.now += timedelta(hours=1)
    drain(timed, running)
    with timed.begin() as session:
        incident = session.scalars(select(Incident)).one()
        assert incident.element_id == "goi"
        assert "bảng lương không mở được" in incident.message
        assert incident.line is not None
        broken = False
        incidents.resolve(session, incident.id, session.scalars(select(User).where(User.username == "giang")).one())
    drain(timed, running)
    assert open_elements(timed) == ["xem"]


def test_it_says_which_topic_has_no_handler(timed: sessionmaker[Session], clock: Clock) -> None:
    begin(timed, SERVICE)
    running = Worker(timed, {})
    for _ in range(jobs.RETRIES):
        drain(timed, running)
        clock.now += timedelta(hours=1)
    with timed() as session:
        assert "topic tinh" in session.scalars(select(Incident.message)).one()


def test_it_fires_a_timer_when_it_is_due_and_not_before(timed: sessionmaker[Session], clock: Clock) -> None:
    id_ = begin(timed, TIMER)
    running = Worker(timed, {})
    clock.now += timedelta(days=2, hours=23)
    drain(timed, running)
    with timed() as session:
        assert session.get_one(ProcessInstance, id_).state == "active"
    clock.now += timedelta(hours=1)
    drain(timed, running)
    with timed() as session:
        assert session.get_one(ProcessInstance, id_).state == "completed"
        assert session.scalar(select(func.count(Job.id))) == 0


def test_it_does_not_store_the_result_of_a_job_that_another_has_taken_over(timed: sessionmaker[Session], clock: Clock) -> None:
    """A slow executor whose lease ran out: the second does it, the first rolls back."""
    begin(timed, SERVICE)
    second = worker(timed, lambda: {"ai": "second"})

    def slow() -> dict[str, str]:
        clock.now += jobs.LEASE * 2
        drain(timed, second)
        return {"ai": "first"}

    drain(timed, worker(timed, slow))
    with timed() as session:
        from engine import executions

        assert executions.load(session, session.scalars(select(ProcessInstance)).one()).variables["ai"] == "second"
        assert session.scalar(select(func.count(UserTask.id))) == 1


def test_it_works_in_threads_and_stops_when_told(sessions: sessionmaker[Session]) -> None:
    done = threading.Event()

    def tinh() -> None:
        done.set()

    running = worker(sessions, tinh)
    running.start()
    begin(sessions, SERVICE)
    assert done.wait(10)
    running.stop()
    assert open_elements(sessions) == ["xem"]
