"""The second comes before the first has committed: in either order one wins, the other is told, nothing is lost."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, func, select, text
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, executor, instances, jobs, messages, timers, user_tasks
from engine.errors import EngineError
from engine.executor import Executor
from engine.models import BufferedMessage, HistoryEvent, Incident, Job, ProcessInstance, User, UserTask
from engine.worker import Worker
from tests.engine.cast import HEAD, bpmn, flow, only_task, people
from tests.engine.test_races import Deed, who

ENOUGH = 0.4
"""Seconds after which the second either waits for the first, or never will."""

LATE = bpmn(
    '<startEvent id="dau"/><userTask id="viec" camunda:candidateGroups="viet@so_a"/>'
    '<boundaryEvent id="han" attachedToRef="viec"><timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition>'
    '</boundaryEvent><userTask id="kip" camunda:candidateGroups="viet@so_a"/><userTask id="muon" camunda:candidateGroups="viet@so_a"/>'
    + flow("dau", "viec", "kip") + flow("han", "muon")
)  # fmt: skip

ANSWERED = f"""{HEAD}<message id="m" name="tra_loi"/><process id="p" isExecutable="true"><startEvent id="dau"/>
<userTask id="viec" camunda:candidateGroups="viet@so_a"/><intermediateCatchEvent id="cho"><messageEventDefinition messageRef="m"/>
</intermediateCatchEvent><userTask id="sau" camunda:candidateGroups="viet@so_a"/>{flow("dau", "viec", "cho", "sau")}</process>
<process id="hoi" isExecutable="true"><startEvent id="d"/><endEvent id="h"><messageEventDefinition messageRef="m"/></endEvent>
{flow("d", "h")}</process></definitions>""".encode()


def overlap(sessions: sessionmaker[Session], first: Deed, second: Deed) -> tuple[str, str]:
    """What each was told. The second begins when the first is done but for its commit, which comes when the second waits or has ended."""
    told = {}

    def act(name: str, deed: Deed, before_commit: Callable[[], None]) -> None:
        try:
            with sessions.begin() as session:
                deed(session)
                session.flush()
                before_commit()
            told[name] = "done"
        except EngineError as error:
            told[name] = type(error).__name__
        except Exception as error:  # what must never reach a person
            told[name] = f"!{type(error).__name__}: {error}"

    thread = threading.Thread(target=act, args=("second", second, lambda: None))

    def meanwhile() -> None:
        thread.start()
        thread.join(ENOUGH)

    act("first", first, meanwhile)
    thread.join(30)
    return told["first"], told["second"]


def begin(sessions: sessionmaker[Session], diagram: bytes, **options: str) -> int:
    with sessions.begin() as session:
        people(session)
        deployments.store(session, "p", {"p.bpmn": diagram})
        return instances.start(session, deployments.latest(session, "p"), {}, **options).id  # type: ignore[arg-type]  # business_key


def task_of(sessions: sessionmaker[Session], case: int) -> int:
    with sessions() as session:
        return only_task(session, session.get_one(ProcessInstance, case)).id


def completing(task: int, username: str = "an") -> Deed:
    return lambda session: user_tasks.complete(session, task, who(session, username), {})


def firing(sessions: sessionmaker[Session], kind: str = jobs.TIMER, step: Any = timers.fire) -> Deed:
    """The deed of a worker that has leased the one job there is."""
    worker = Executor(sessions, {})
    with sessions.begin() as session:
        (leased,) = jobs.acquire(session, worker.owner, 1)
        assert leased.kind == kind
    return lambda session: step(session, worker._take(session, leased.id))


def drain(sessions: sessionmaker[Session]) -> None:
    running = Worker(sessions, {})
    while running.run_due():
        pass


@pytest.mark.parametrize("timer_first", [True, False])
def test_it_is_either_completed_or_overtaken_by_its_timer(sessions: sessionmaker[Session], timer_first: bool) -> None:
    case = begin(sessions, LATE)
    deeds = [firing(sessions), completing(task_of(sessions, case))]
    told = overlap(sessions, *(deeds if timer_first else reversed(deeds)))
    assert told[0] == "done"
    assert told[1] == ("UserTaskNotOpen" if timer_first else "Stale")
    with sessions() as session:
        assert session.scalars(select(UserTask.element_id).where(UserTask.state == "open")).all() == ["muon" if timer_first else "kip"]
        assert session.scalar(select(func.count(Job.id))) == 0


@pytest.mark.parametrize("cancel_first", [True, False])
def test_it_tells_who_completes_a_cancelled_case_and_cancels_a_completed_step(sessions: sessionmaker[Session], cancel_first: bool) -> None:
    case = begin(sessions, LATE.replace(b"PT0S", b"P1D"))
    with sessions.begin() as session:
        session.get_one(ProcessInstance, case).started_by_id = who(session, "binh").id
    deeds = [
        lambda session: instances.end(session, executions.lock(session, case), "dừng", who(session, "binh")),
        completing(task_of(sessions, case)),
    ]
    told = overlap(sessions, *(deeds if cancel_first else reversed(deeds)))
    assert told == (("done", "UserTaskNotOpen") if cancel_first else ("done", "done"))
    with sessions() as session:
        assert session.get_one(ProcessInstance, case).state == "cancelled"
        assert session.scalar(select(func.count(UserTask.id)).where(UserTask.state == "open")) == 0
        assert session.scalar(select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "task.completed")) == (
            0 if cancel_first else 1
        )


def test_it_is_claimed_by_the_first_and_the_second_is_told_by_whom(sessions: sessionmaker[Session]) -> None:
    task = task_of(sessions, begin(sessions, LATE.replace(b"PT0S", b"P1D")))
    told = overlap(sessions, *(lambda s, name=name: user_tasks.claim(s, task, who(s, name)) for name in ("an", "binh")))
    assert told == ("done", "UserTaskAssigned")
    with sessions() as session:
        assert session.scalars(select(User.username).join(UserTask, UserTask.assignee_id == User.id)).all() == ["an"]


def test_it_gives_two_messages_for_one_place_one_after_the_other(sessions: sessionmaker[Session]) -> None:
    case = begin(sessions, ANSWERED, business_key="A1")
    with sessions.begin() as session:
        user_tasks.complete(session, only_task(session, session.get_one(ProcessInstance, case)).id, who(session, "an"), {})
    told = overlap(sessions, *[lambda s: messages.correlate(s, "tra_loi", business_key="A1")] * 2)
    assert told[0] == "done"
    assert told[1] in ("MessageNotCorrelated", "NotWaiting")


def test_it_keeps_the_second_of_two_messages_that_cases_send_to_one_place(sessions: sessionmaker[Session]) -> None:
    """The second has found its receiver before the first has taken it: it must be kept, not dropped with its job."""
    case = begin(sessions, ANSWERED, business_key="A1")
    with sessions.begin() as session:
        user_tasks.complete(session, only_task(session, session.get_one(ProcessInstance, case)).id, who(session, "an"), {})
        for _ in range(2):
            instances.start(session, deployments.latest(session, "hoi"), {}, business_key="A1")
    workers = [Worker(sessions, {}) for _ in range(2)]
    for worker in workers:
        with sessions.begin() as session:
            (leased,) = jobs.acquire(session, worker.owner, 1)
        worker.mine = leased  # type: ignore[attr-defined]
    met = threading.Barrier(2)
    lock_active = executions.lock_active

    def lock_together(session: Session, instance_id: int) -> ProcessInstance:
        with suppress(threading.BrokenBarrierError):
            # SQLite lets only one come so far.
            met.wait(ENOUGH)
        return lock_active(session, instance_id)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(executions, "lock_active", lock_together)
        threads = [threading.Thread(target=worker.execute_leased, args=(worker.mine,)) for worker in workers]  # type: ignore[attr-defined]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
    with sessions.begin() as session:
        # What was given back is due in a moment; not to wait for it, now.
        session.execute(text("UPDATE job SET next_at = due_at WHERE owner IS NULL"))
    drain(sessions)
    with sessions() as session:
        assert only_task(session, session.get_one(ProcessInstance, case)).element_id == "sau"
        assert (session.scalar(select(func.count(BufferedMessage.id))), session.scalar(select(func.count(Job.id)))) == (1, 0)
        assert session.scalar(select(func.count(Incident.id))) == 0


@pytest.mark.parametrize("message_first", [True, False])
def test_it_loses_no_message_that_comes_while_its_receiver_begins_to_wait(sessions: sessionmaker[Session], message_first: bool) -> None:
    """Neither sees the other's row before the commit: kept for nobody, and waited for in vain."""
    case = begin(sessions, ANSWERED, business_key="A1")
    deeds = [lambda s: messages.correlate(s, "tra_loi", business_key="A1", keep=True), completing(task_of(sessions, case))]
    assert overlap(sessions, *(deeds if message_first else reversed(deeds))) == ("done", "done")
    drain(sessions)
    with sessions() as session:
        assert only_task(session, session.get_one(ProcessInstance, case)).element_id == "sau"
        assert session.scalar(select(func.count(BufferedMessage.id))) == 0


@pytest.mark.parametrize("deploy_first", [True, False])
def test_it_starts_a_case_with_one_of_the_versions_while_another_is_deployed(sessions: sessionmaker[Session], deploy_first: bool) -> None:
    begin(sessions, LATE)
    newer = {"p.bpmn": LATE.replace(b'id="kip"', b'id="kip" name="K"')}
    deeds: list[Deed] = [
        lambda s: deployments.store(s, "p", newer),
        lambda s: instances.start(s, deployments.latest(s, "p"), {}, business_key="B"),
    ]
    assert overlap(sessions, *(deeds if deploy_first else reversed(deeds))) == ("done", "done")
    with sessions() as session:
        case = session.scalars(select(ProcessInstance).where(ProcessInstance.business_key == "B")).one()
        assert case.definition.version in (1, 2)
        assert only_task(session, case).element_id == "viec"
        assert deployments.latest(session, "p").version == 2


def test_it_goes_on_with_one_timer_when_a_version_is_deployed_while_the_former_one_fires(sessions: sessionmaker[Session]) -> None:
    """The former version posts its next time when it commits; that must not start a second case beside the new version's."""
    clock = {"now": datetime(2026, 3, 2, 1, tzinfo=UTC)}
    sessions.configure(info={"clock": lambda: clock["now"]})
    starts = (
        '<startEvent id="dau"><timerEventDefinition><timeCycle>R/PT1H</timeCycle></timerEventDefinition></startEvent><endEvent id="het"/>'
    )
    old, new = (bpmn(starts + flow("dau", "het") + note) for note in ("", "<textAnnotation id='g'/>"))
    with sessions.begin() as session:
        deployments.store(session, "p", {"p.bpmn": old})
    clock["now"] += timedelta(hours=1)
    fire = firing(sessions, jobs.START_TIMER, timers.start)
    assert overlap(sessions, fire, lambda s: deployments.store(s, "p", {"p.bpmn": new})) == ("done", "done")
    clock["now"] += timedelta(hours=1)
    drain(sessions)
    with sessions() as session:
        # One of the old version, and in the hour after one of the new.
        assert sorted(case.definition.version for case in session.scalars(select(ProcessInstance))) == [1, 2]


@pytest.fixture
def refused(sessions: sessionmaker[Session]) -> Iterator[list[str]]:
    """What the database has refused."""
    engine, found = sessions.kw["bind"], []

    def hear(context: Any) -> None:
        found.append(type(context.original_exception).__name__)

    event.listen(engine, "handle_error", hear)
    yield found
    event.remove(engine, "handle_error", hear)


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_it_repeats_a_step_that_the_database_gave_up_for_a_deadlock(
    sessions: sessionmaker[Session], refused: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real one: each of two steps holds its own case and wants the other's."""
    with sessions.begin() as session:
        people(session)
        deployments.store(session, "p", {"p.bpmn": LATE})
        cases = [instances.start(session, deployments.latest(session, "p"), {}).id for _ in range(2)]
    met = threading.Barrier(2)

    def fire_and_look(session: Session, job: Job) -> None:
        timers.fire(session, job)
        session.flush()
        if not refused:
            met.wait(30)
        executions.lock(session, next(case for case in cases if case != job.instance_id))

    monkeypatch.setitem(executor.STEPS, jobs.TIMER, fire_and_look)  # type: ignore[arg-type]
    workers = [Executor(sessions, {}) for _ in range(2)]
    with sessions.begin() as session:
        leased = [jobs.acquire(session, worker.owner, 1)[0] for worker in workers]
    threads = [
        threading.Thread(target=worker.execute_leased, args=(job,)) for worker, job in zip(workers, leased, strict=True)
    ]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert refused == ["DeadlockDetected"]
    with sessions() as session:
        assert session.scalars(select(UserTask.element_id).where(UserTask.state == "open")).all() == ["muon", "muon"]
        assert (session.scalar(select(func.count(Job.id))), session.scalar(select(func.count(Incident.id)))) == (0, 0)
        assert session.scalar(select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "timer.fired")) == 2
