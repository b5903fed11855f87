"""Whether cases that were copied are whole: the engine loads them, finds what their rows say, and goes on with them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from bench.originals import scenarios
from engine import audit, db, executions, identity, seals, user_tasks
from engine.errors import EngineError, FormInvalid
from engine.models import Candidate, Job, Membership, ProcessInstance, User, UserTask
from engine.stubs import Stubs
from engine.worker import Worker


def mirrored(sessions: sessionmaker[Session], number: int) -> tuple[int, list[str]]:
    """Load so many running cases; what their states and their rows disagree about."""
    wrong = []
    with sessions() as session:
        running = select(ProcessInstance.id).where(ProcessInstance.state.in_(("active", "suspended"))).order_by(func.random()).limit(number)
        chosen = list(session.scalars(running))
        for case in chosen:
            execution = executions.load(session, session.get_one(ProcessInstance, case))
            waits = {wait.id for wait in execution.waits.values() if wait.kind.value == "user_task"}
            rows = set(session.scalars(select(UserTask.wait_id).where(UserTask.instance_id == case, UserTask.state == "open")))
            if waits != rows:
                wrong.append(f"case {case}: waits for {sorted(waits)}, its rows are {sorted(rows)}")
            session.expunge_all()
    return len(chosen), wrong


def complete(sessions: sessionmaker[Session], number: int) -> Counter[str]:
    """Hand in so many open tasks, by people who may, with what the scenarios hand in there. What became of it."""
    given = _data()
    found: Counter[str] = Counter()
    with sessions() as session:
        opened = select(UserTask.id, UserTask.element_id).join(UserTask.instance)
        tasks = session.execute(
            opened.where(UserTask.state == "open", ProcessInstance.state == "active").order_by(func.random()).limit(number)
        )
        chosen = [(task, element) for task, element in tasks if element in given]
    for task, element in chosen:
        found[_hand_in(sessions, task, given[element])] += 1
    return found


def _data() -> dict[str, list[Mapping[str, Any]]]:
    found: dict[str, list[Mapping[str, Any]]] = {}
    for scenario in scenarios():
        for step in scenario["steps"]:
            if "complete" in step:
                found.setdefault(step["complete"], []).append(step.get("variables", {}))
    return found


def _hand_in(sessions: sessionmaker[Session], number: int, given: Sequence[Mapping[str, Any]]) -> str:
    said = ""
    for data in given:
        try:
            with sessions.begin() as session:
                user = _person(session, number)
                task = user_tasks.complete(session, number, user, data)
                return f"handed in, the case is then {task.instance.state}"
        except FormInvalid as error:
            said = "not handed in: the form wants other data than the scenarios'"
            assert error.fields
        except EngineError as error:
            return f"refused: {type(error).__name__} {error}"
    return said


def _person(session: Session, number: int) -> User:
    task = session.get_one(UserTask, number)
    if task.assignee is not None:
        return task.assignee
    asked = list(session.scalars(select(Candidate.principal).where(Candidate.user_task_id == number)))
    roles = [one.partition("@")[0] for one in asked]
    people = session.scalars(select(User).join(User.memberships).where(Membership.role.in_(roles)).distinct())
    return next(one for one in people if identity.principals(one) & set(asked))


def fire(url: str, number: int) -> Counter[str]:
    """Let so many timers fire, with the clock where they are due."""
    found: Counter[str] = Counter()
    moment = [datetime.now(UTC)]
    sessions = sessionmaker(db.create_engine(url), info={"clock": lambda: moment[0]})
    worker = Worker(sessions, Stubs({}))
    with sessions() as session:
        timers = (
            select(Job.id, Job.due_at, Job.instance_id)
            .where(Job.kind == "timer", Job.next_at.is_not(None))
            .order_by(func.random())
            .limit(number)
        )
        chosen = list(session.execute(timers))
    for job, due, case in chosen:
        moment[0] = max(moment[0], due) + timedelta(seconds=1)
        with sessions.begin() as session:
            held = session.get(Job, job)
            if held is None:
                # Another timer of the same case, fired before, has withdrawn it.
                found["withdrawn by another of the same case"] += 1
                continue
            held.owner = worker.owner
            before = session.get_one(ProcessInstance, case).history_count
        worker.execute(job)
        with sessions() as session:
            gone = session.get(Job, job) is None
            grown = session.get_one(ProcessInstance, case).history_count > before
            found["fired" if gone and grown else "not fired"] += 1
    sessions.kw["bind"].dispose()
    return found


def sealed(sessions: sessionmaker[Session], secret: str) -> int:
    """Seal all of the history, as the workers do every few minutes. How many seals."""
    return seals.seal_all(sessions, seals.key(secret))


def verified(url: str, secret: str) -> tuple[int, list[audit.Finding]]:
    """Look at every entry of every case: how many there are, and what is wrong."""
    looked = [0]
    engine = db.create_engine(url)
    with db.snapshot(engine) as connection:
        wrong = list(audit.verify(connection, [seals.key(secret)], progress=lambda done: looked.__setitem__(0, done)))
    engine.dispose()
    return looked[0], wrong
