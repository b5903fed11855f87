"""A version of a process that rests: nothing of it runs, nothing starts, nothing is lost."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances, jobs, messages, migration, suspensions, user_tasks
from engine.errors import DefinitionSuspended, InstanceNotActive, Invalid, NotFound
from engine.models import DefinitionEvent, Job, ProcessDefinition, ProcessInstance, User
from engine.topics import Handler
from engine.worker import Worker
from tests.engine.cast import APPROVAL, bpmn, flow, only_task, people
from tests.engine.clocks import Clock

MESSAGE, SIGNAL = '<messageEventDefinition messageRef="m"/>', '<signalEventDefinition signalRef="s"/>'


def waiting(inside: str, key: str = "p") -> bytes:
    """A process that catches one thing."""
    body = f'<startEvent id="dau"/><intermediateCatchEvent id="cho">{inside}</intermediateCatchEvent><endEvent id="het"/>'
    return named(bpmn(body + flow("dau", "cho", "het"), key=key))


def named(diagram: bytes) -> bytes:
    names = b'<message id="m" name="thu"/><signal id="s" name="chuong"/><process '
    return diagram.replace(b"<process ", names, 1)


TIMER = waiting("<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>")
SERVICE = bpmn(
    '<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="tinh"/><endEvent id="het"/>'
    + flow("dau", "goi", "het")
)


def begin(sessions: sessionmaker[Session], diagram: bytes, key: str = "p", start: bool = True) -> int:
    with sessions.begin() as session:
        deployments.store(session, key, {f"{key}.bpmn": diagram})
        return instances.start(session, deployments.latest(session, key), {}).id if start else 0


def rest(sessions: sessionmaker[Session], key: str = "p", version: int | None = None) -> None:
    with sessions.begin() as session:
        suspensions.suspend(session, key, None, "chờ hướng dẫn", version)


def wake(sessions: sessionmaker[Session], key: str = "p") -> None:
    with sessions.begin() as session:
        suspensions.activate(session, key, None, "đã có hướng dẫn")


def drain(worker: Worker) -> int:
    done = 0
    while batch := worker.run_due():
        done += batch
    return done


def state(sessions: sessionmaker[Session], instance_id: int) -> str:
    with sessions() as session:
        return session.get_one(ProcessInstance, instance_id).state


def ended(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count(ProcessInstance.id)).where(ProcessInstance.state == "completed")) or 0


def test_its_timers_keep_their_time_and_fire_when_it_is_activated(sessions: sessionmaker[Session], clock: Clock) -> None:
    case = begin(sessions, TIMER)
    rest(sessions)
    clock.now += timedelta(days=2)
    assert drain(Worker(sessions, {})) == 0
    with sessions() as session:
        assert session.scalars(select(Job.due_at)).one() == clock.now - timedelta(days=2) + timedelta(hours=1)
    wake(sessions)
    assert drain(Worker(sessions, {})) == 1
    assert state(sessions, case) == "completed"


def test_a_timer_that_is_not_due_yet_still_waits_after_it(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, TIMER)
    rest(sessions)
    wake(sessions)
    assert drain(Worker(sessions, {})) == 0
    clock.now += timedelta(hours=1)
    assert drain(Worker(sessions, {})) == 1


def test_nobody_works_on_its_cases_and_no_new_one_starts(session: Session) -> None:
    cast = people(session)
    deployments.deploy(session, "f", APPROVAL)
    definition = deployments.latest(session, "phe_duyet")
    case = instances.start(session, definition, {}, user=cast["an"])
    task = only_task(session, case)
    suspensions.suspend(session, "phe_duyet", cast["giang"], "soát lại")
    for act in (user_tasks.claim, lambda *given: user_tasks.complete(*given, {"noi_dung": "x"})):
        with pytest.raises(InstanceNotActive, match="suspended"):
            act(session, task.id, cast["an"])
    with pytest.raises(InstanceNotActive):
        instances.set_variables(session, case.id, cast["giang"], {"x": 1}, "thử")
    with pytest.raises(DefinitionSuspended):
        instances.start(session, definition, {}, user=cast["an"])
    suspensions.activate(session, "phe_duyet", cast["giang"], "xong")
    user_tasks.complete(session, task.id, cast["an"], {"noi_dung": "x"})
    instances.start(session, definition, {}, user=cast["an"])
    kinds = session.scalars(select(DefinitionEvent.kind).order_by(DefinitionEvent.id)).all()
    assert kinds == ["suspended", "activated"]
    last = suspensions.latest(session, definition)
    assert last is not None and last.actor is cast["giang"] and last.reason == "xong"


def test_the_handler_of_a_job_that_comes_up_meanwhile_is_not_called(sessions: sessionmaker[Session], clock: Clock) -> None:
    case, called = begin(sessions, SERVICE), []
    rest(sessions)
    with sessions.begin() as session:
        # As one that was posted by a step that began before.
        session.execute(update(Job).values(next_at=clock.now))
    worker = Worker(sessions, {"tinh": Handler("tinh", lambda: called.append(1))})
    assert drain(worker) == 1
    assert (called, state(sessions, case)) == ([], "active")
    wake(sessions)
    assert drain(worker) == 1
    assert (called, state(sessions, case)) == ([1], "completed")


def test_one_version_rests_while_the_others_go_on(sessions: sessionmaker[Session], clock: Clock) -> None:
    old = begin(sessions, TIMER)
    new = begin(sessions, TIMER.replace(b"PT1H", b"PT2H"))
    rest(sessions, version=1)
    clock.now += timedelta(hours=3)
    drain(Worker(sessions, {}))
    assert (state(sessions, old), state(sessions, new)) == ("active", "completed")


def test_a_case_that_is_suspended_itself_stays_so(sessions: sessionmaker[Session], clock: Clock) -> None:
    case = begin(sessions, TIMER)
    rest(sessions)
    with sessions.begin() as session:
        session.get_one(ProcessInstance, case).state = "suspended"
        jobs.pause(session, case)
    clock.now += timedelta(hours=2)
    wake(sessions)
    assert drain(Worker(sessions, {})) == 0
    assert state(sessions, case) == "suspended"


def test_a_case_activated_while_its_version_rests_is_not_lost(sessions: sessionmaker[Session], clock: Clock) -> None:
    case = begin(sessions, TIMER)
    with sessions.begin() as session:
        session.get_one(ProcessInstance, case).state = "suspended"
        jobs.pause(session, case)
    rest(sessions)
    with sessions.begin() as session:
        session.get_one(ProcessInstance, case).state = "active"
        jobs.resume(session, case)
    clock.now += timedelta(hours=2)
    worker = Worker(sessions, {})
    drain(worker)
    assert state(sessions, case) == "active"
    wake(sessions)
    drain(worker)
    assert state(sessions, case) == "completed"


@pytest.mark.parametrize("whole_version", [True, False])
def test_messages_and_signals_wait_for_who_rests(sessions: sessionmaker[Session], clock: Clock, whole_version: bool) -> None:
    letter = begin(sessions, waiting(MESSAGE))
    bell = begin(sessions, waiting(SIGNAL, "q"), "q")
    with sessions.begin() as session:
        if whole_version:
            for key in ("p", "q"):
                suspensions.suspend(session, key, None, "chờ")
        else:
            session.execute(update(ProcessInstance).values(state="suspended"))
        thrown = {"variables": {}, "keys": {}, "business_key": None}
        jobs.post(session, jobs.MESSAGE, payload={"name": "thu", **thrown})
        jobs.post(session, jobs.SIGNAL, payload={"name": "chuong", "variables": {}})
    worker = Worker(sessions, {})
    drain(worker)
    clock.now += timedelta(days=30)
    drain(worker)
    assert (state(sessions, letter), state(sessions, bell)) != ("completed", "completed")
    with sessions.begin() as session:
        if whole_version:
            for key in ("p", "q"):
                suspensions.activate(session, key, None, "tiếp")
        else:
            session.execute(update(ProcessInstance).values(state="active"))
            for case in (letter, bell):
                jobs.resume(session, case)
    clock.now += timedelta(minutes=1)
    drain(worker)
    assert (state(sessions, letter), state(sessions, bell)) == ("completed", "completed")


def test_whoever_sends_a_message_by_hand_is_told_that_the_receiver_rests(sessions: sessionmaker[Session], clock: Clock) -> None:
    begin(sessions, waiting(MESSAGE))
    rest(sessions)
    with sessions() as session, pytest.raises(InstanceNotActive):
        messages.correlate(session, "thu")


def test_starts_by_time_message_signal_and_call_happen_when_it_is_activated(sessions: sessionmaker[Session], clock: Clock) -> None:
    hour = "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>"
    for key, inside in (("gio", hour), ("thu", MESSAGE), ("chuong", SIGNAL), ("goi", "")):
        start = f'<startEvent id="dau">{inside}</startEvent><endEvent id="het"/>' + flow("dau", "het")
        begin(sessions, named(bpmn(start, key=key)), key, start=False)
        rest(sessions, key)
    calling = '<startEvent id="d"/><callActivity id="c" calledElement="goi"/><endEvent id="h"/>' + flow("d", "c", "h")
    begin(sessions, bpmn(calling, key="nguoi_goi"), "nguoi_goi")
    with sessions.begin() as session:
        jobs.post(session, jobs.MESSAGE, payload={"name": "thu", "variables": {}, "keys": {}, "business_key": None})
        jobs.post(session, jobs.SIGNAL, payload={"name": "chuong", "variables": {}})
    worker = Worker(sessions, {})
    for _ in range(5):
        clock.now += timedelta(hours=1)
        drain(worker)
    assert ended(sessions) == 0
    for key in ("gio", "thu", "chuong", "goi"):
        wake(sessions, key)
    clock.now += timedelta(minutes=1)
    drain(worker)
    # The four, and the one that called.
    assert ended(sessions) == 5
    clock.now += timedelta(days=1)
    drain(worker)
    assert ended(sessions) == 5


def test_its_cases_may_move_to_a_version_that_runs(sessions: sessionmaker[Session], clock: Clock) -> None:
    watched = '<camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties>'
    supervised = f"<extensionElements>{watched}</extensionElements>"
    diagram = TIMER.replace(b"<startEvent", supervised.encode() + b"<startEvent", 1)
    case = begin(sessions, diagram)
    rest(sessions)
    clock.now += timedelta(hours=2)
    with sessions.begin() as session:
        giang: User = people(session)["giang"]
        deployments.store(session, "p", {"p.bpmn": diagram.replace(b'id="het"', b'id="het" name="moi"')})
        migration.migrate(session, case, deployments.latest(session, "p"), {"cho": "cho"}, giang, "đã sửa")
    drain(Worker(sessions, {}))
    assert state(sessions, case) == "completed"


def test_it_refuses_what_makes_no_difference_and_what_has_no_reason(session: Session) -> None:
    deployments.store(session, "p", {"p.bpmn": TIMER})
    with pytest.raises(NotFound):
        suspensions.suspend(session, "khong_co", None, "chờ")
    with pytest.raises(NotFound):
        suspensions.suspend(session, "p", None, "chờ", version=7)
    with pytest.raises(Invalid, match="reason"):
        suspensions.suspend(session, "p", None, " ")
    with pytest.raises(Invalid):
        suspensions.activate(session, "p", None, "chờ")
    suspensions.suspend(session, "p", None, "chờ")
    with pytest.raises(Invalid):
        suspensions.suspend(session, "p", None, "chờ")
    assert session.scalars(select(ProcessDefinition.suspended)).all() == [True]
