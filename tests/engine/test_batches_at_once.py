"""Batches whose workers die, and several of whom act on one case at the same moment."""

from __future__ import annotations

import threading
import time
from collections import Counter
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import delete, func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import batches, migration, user_tasks
from engine.models import Batch, Job, ProcessDefinition, ProcessInstance, User, UserTask
from engine.worker import Worker
from tests.engine.cast import flow
from tests.engine.stage import PLAIN, Stage, drain, drawn, task
from tests.engine.test_batches import RENAMED, events, moving
from tests.engine.test_crashes import spawn
from tests.engine.test_races import at_once, who


def many(sessions: sessionmaker[Session], count: int) -> tuple[int, int]:
    """Batch and target version of `count` cases that are being moved."""
    with sessions.begin() as session:
        stage = Stage(session)
        first = stage.version(PLAIN)
        for _ in range(count):
            stage.start(first)
        second = stage.version(RENAMED)
        batch = batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "x")
        batches.start(session, batch.id, stage.cast["giang"])
        del session.info["clock"]
        session.flush()
        for job in session.scalars(select(Job)):
            job.next_at = job.due_at = datetime.now(UTC)
        return batch.id, second.id


def all_moved_once(sessions: sessionmaker[Session], batch_id: int, second: int, count: int) -> None:
    with sessions() as session:
        assert batches.progress(session, batch_id) == {"done": count}
        assert set(session.scalars(select(ProcessInstance.definition_id))) == {second}
        assert Counter(events(session, "instance.migrated").values()) == {1: count}
        assert session.scalar(select(func.count(UserTask.id)).where(UserTask.state == "open", UserTask.name == "A")) == count


def test_workers_that_are_killed_repeat_and_lose_nothing(sessions: sessionmaker[Session], database_url: str) -> None:
    count = 150
    batch, second = many(sessions, count)
    seen = []
    deadline = time.monotonic() + 90
    waiting = count
    while waiting and time.monotonic() < deadline:
        worker = spawn(database_url)
        try:
            goal = waiting - (10 if len(seen) < 3 else waiting)
            while waiting > goal and time.monotonic() < deadline:
                time.sleep(0.01)
                with sessions() as session:
                    session.connection(execution_options={"reading": True})
                    waiting = batches.progress(session, batch).get("waiting", 0)
        finally:
            worker.kill()
            worker.wait()
        seen.append(waiting)
    assert len(seen) >= 2, seen
    all_moved_once(sessions, batch, second, count)


def test_two_workers_do_each_case_once(sessions: sessionmaker[Session]) -> None:
    batch, second = many(sessions, 40)
    workers = [Worker(sessions, {}) for _ in range(2)]

    def work(worker: Worker) -> None:
        for _ in range(200):
            with sessions() as session:
                if "waiting" not in batches.progress(session, batch):
                    break
            worker.run_due()

    threads = [threading.Thread(target=work, args=(worker,)) for worker in workers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    all_moved_once(sessions, batch, second, 40)


def test_a_database_that_fails_in_the_middle_leaves_the_case_for_the_next_try(
    sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, second = many(sessions, 5)
    real, calls = migration.migrate, []

    def fail(*given: Any, **more: Any) -> ProcessInstance:
        moved = real(*given, **more)
        calls.append(moved.id)
        if len(calls) == 3:
            raise OperationalError("", {}, Exception("deadlock detected"))
        return moved

    monkeypatch.setattr(migration, "migrate", fail)
    for _ in range(100):
        drain(sessions)
        with sessions() as session:
            if "waiting" not in batches.progress(session, batch):
                break
        time.sleep(0.05)
    assert len(calls) == 6
    all_moved_once(sessions, batch, second, 5)


def test_a_case_is_either_moved_or_has_gone_on_to_where_it_cannot_move(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        stage = Stage(session)
        case = stage.start(stage.version(PLAIN))
        without_b = drawn('<startEvent id="dau"/>' + task("a") + task("c") + '<endEvent id="het"/>' + flow("dau", "a", "c", "het"))
        second = stage.version(without_b).id
        case_id, task_id = case.id, stage.open(case)["a"].id
    outcome = at_once(
        sessions,
        [
            lambda s: user_tasks.complete(s, task_id, who(s, "an"), {}),
            lambda s: migration.migrate(s, case_id, s.get_one(ProcessDefinition, second), {}, who(s, "giang"), "thử"),
        ],
    )
    with sessions() as session:
        moved = session.get_one(ProcessInstance, case_id).definition_id == second
        (open_,) = session.scalars(select(UserTask.element_id).where(UserTask.state == "open"))
    assert (open_, outcome) == (("c", {"done": 2}) if moved else ("b", {"done": 1, "NotMovable": 1}))


def test_a_case_is_moved_once_by_two_who_press_at_once(sessions: sessionmaker[Session]) -> None:
    batch, second = many(sessions, 1)
    with sessions.begin() as session:
        session.execute(delete(Job))
        giang: User = who(session, "giang")
        kind, arguments = "migrate", session.get_one(Batch, batch).arguments
        other = batches.prepare(session, kind, arguments, giang, "lần hai").id
        batches.start(session, other, giang)
    assert at_once(sessions, [lambda s: batches.advance(s, batch), lambda s: batches.advance(s, other)]) == {"done": 2}
    with sessions() as session:
        found = sorted([batches.progress(session, batch), batches.progress(session, other)], key=str)
        assert found == [{"done": 1}, {"refused": 1}]
        assert session.scalars(select(ProcessInstance.definition_id)).one() == second
