"""Two (or fifty) do it at the same moment: one wins, the others are told, nothing is lost."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances, messages, user_tasks
from engine.errors import Conflict, EngineError, MessageNotCorrelated, UserTaskAssigned, UserTaskNotOpen
from engine.models import Deployment, HistoryEvent, Membership, ProcessInstance, User, UserTask
from tests.engine.cast import APPROVAL, bpmn, flow, only_task, people
from tests.engine.test_messages import WAITS

Deed = Callable[[Session], object]


def at_once(sessions: sessionmaker[Session], deeds: list[Deed]) -> Counter[str]:
    """All deeds in threads of their own, released together, each in its own transaction. Counts what each was told; "done" for success."""
    gate = threading.Barrier(len(deeds))
    told: Counter[str] = Counter()
    lock = threading.Lock()

    def act(deed: Deed) -> None:
        gate.wait(30)
        try:
            with sessions.begin() as session:
                deed(session)
            outcome = "done"
        except EngineError as error:
            outcome = type(error).__name__
        except Exception as error:  # what must never reach a person, and is counted so that the test shows it
            outcome = f"!{type(error).__name__}: {error}"
        with lock:
            told[outcome] += 1

    threads = [threading.Thread(target=act, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return told


@pytest.fixture
def case(sessions: sessionmaker[Session]) -> int:
    """Id of an approval that nobody has written yet."""
    with sessions.begin() as session:
        cast = people(session)
        deployments.deploy(session, "phe_duyet", APPROVAL)
        return instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"]).id


def task_id(sessions: sessionmaker[Session], case: int) -> int:
    with sessions() as session:
        return only_task(session, session.get_one(ProcessInstance, case)).id


def who(session: Session, username: str) -> User:
    return session.scalars(select(User).where(User.username == username)).one()


def test_it_is_completed_once_by_fifty(sessions: sessionmaker[Session], case: int) -> None:
    with sessions.begin() as session:
        body = who(session, "an").memberships[0].organisation_id
        for n in range(50):
            member = Membership(role="viet", organisation_id=body)
            session.add(User(username=f"u{n}", name=f"U {n}", created_at=who(session, "an").created_at, memberships=[member]))
    task = task_id(sessions, case)

    def complete(n: int) -> Deed:
        return lambda session: user_tasks.complete(session, task, who(session, f"u{n}"), {"noi_dung": str(n)})

    told = at_once(sessions, [complete(n) for n in range(50)])
    assert told == {"done": 1, UserTaskNotOpen.__name__: 49}
    with sessions() as session:
        assert session.scalar(select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "task.completed")) == 1
        assert session.scalar(select(func.count(UserTask.id)).where(UserTask.element_id == "duyet")) == 1


def test_it_is_claimed_by_one_of_two(sessions: sessionmaker[Session], case: int) -> None:
    task = task_id(sessions, case)
    told = at_once(sessions, [lambda s: user_tasks.claim(s, task, who(s, "an")), lambda s: user_tasks.claim(s, task, who(s, "binh"))])
    assert told == {"done": 1, UserTaskAssigned.__name__: 1}


def test_it_is_either_completed_or_cancelled(sessions: sessionmaker[Session], case: int) -> None:
    task = task_id(sessions, case)
    told = at_once(
        sessions,
        [
            lambda s: user_tasks.complete(s, task, who(s, "an"), {"noi_dung": "x"}),
            lambda s: instances.cancel(s, case, who(s, "giang"), "dừng"),
        ],
    )
    with sessions() as session:
        assert session.get_one(ProcessInstance, case).state == "cancelled"
        assert session.scalar(select(func.count(UserTask.id)).where(UserTask.state == "open")) == 0
        completed = session.get_one(UserTask, task).state == "completed"
    assert told == ({"done": 2} if completed else {"done": 1, UserTaskNotOpen.__name__: 1})


def test_it_gives_a_message_to_one_place_once(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        deployments.deploy(session, "p", {"p.bpmn": WAITS})
        instances.start(session, deployments.latest(session, "p"), {}, business_key="A1")
    told = at_once(sessions, [lambda s: messages.correlate(s, "tra_loi", business_key="A1")] * 8)
    assert told["done"] == 1
    assert set(told) <= {"done", MessageNotCorrelated.__name__, "InstanceNotActive", "NotWaiting"}


def test_it_deploys_the_same_folder_once(sessions: sessionmaker[Session]) -> None:
    files = {"p.bpmn": bpmn('<startEvent id="a"/><endEvent id="b"/>' + flow("a", "b"))}
    told = at_once(sessions, [lambda s: deployments.deploy(s, "p", files)] * 6)
    assert set(told) <= {"done", Conflict.__name__, "Stale"}
    with sessions() as session:
        assert session.scalar(select(func.count(Deployment.id))) == 1
