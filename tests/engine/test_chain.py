"""The chain of a case's history: whoever writes, and however it ends, every entry continues the one before it."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread

from sqlalchemy import Engine, event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import documents, executions, history, seals, user_tasks
from engine.models import ProcessInstance, User
from tests.engine.cast import only_task
from tests.engine.test_audit import KEY, cases, verify

__all__ = ["cases"]


def test_an_entry_of_a_savepoint_that_was_given_up_leaves_no_gap(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    with sessions.begin() as session:
        history.record(session, cases[0], "x")
        nested = session.begin_nested()
        history.record(session, cases[0], "y")
        history.record(session, cases[1], "y")
        session.flush()
        nested.rollback()
        history.record(session, cases[0], "z")
        history.record(session, cases[1], "z")
    assert verify(engine) == []


def test_what_is_written_without_a_step_is_chained(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        task = only_task(session, session.get_one(ProcessInstance, cases[2]))
        attached = documents.attach(session, task.id, an, "a.txt", b"a", "text/plain")
        user_tasks.claim(session, task.id, an)
        executions.lock(session, cases[2])
        documents.read(session, attached.id, an)
    assert verify(engine) == []


def test_those_who_write_at_once_do_not_fork_the_chain(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    """Some hold the case's lock, some only write an entry; one takes its own back."""
    with sessions() as session:
        an = session.scalars(select(User).where(User.username == "an")).one().id
        task = only_task(session, session.get_one(ProcessInstance, cases[2])).id

    def attach(session: Session, user: User) -> None:
        documents.attach(session, task, user, "a.txt", b"a", "text/plain")

    def assign(session: Session, user: User) -> None:
        user_tasks.assign(session, task, user, user)

    def give_up(session: Session, user: User) -> None:
        nested = session.begin_nested()
        attach(session, user)
        nested.rollback()
        history.record(session, cases[2], "x", actor=user)

    def work(act: Callable[[Session, User], None]) -> None:
        for _ in range(8):
            with sessions.begin() as session:
                act(session, session.get_one(User, an))

    threads = [Thread(target=work, args=(act,)) for act in (attach, assign, give_up, attach)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert verify(engine) == []
    seals.seal_all(sessions, KEY)
    assert verify(engine) == []
    with sessions() as session:
        assert session.get_one(ProcessInstance, cases[2]).history_count >= 32


def test_a_step_costs_no_statement_more(sessions: sessionmaker[Session], cases: list[int]) -> None:
    """The chain's end goes with the row of the case, which a step changes anyway."""
    found: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        found.append(statement)

    with sessions() as session:
        engine = session.get_bind()
        an = session.scalars(select(User).where(User.username == "an")).one()
        task = only_task(session, session.get_one(ProcessInstance, cases[2])).id
        session.commit()
        event.listen(engine, "before_cursor_execute", listen)
        with session.begin():
            user_tasks.complete(session, task, an, {"noi_dung": "x"})
        event.remove(engine, "before_cursor_execute", listen)
    assert sum(one.count("UPDATE process_instance") for one in found) == 1
    assert not [one for one in found if "SELECT process_instance.history_count" in one]


def test_the_address_is_written_down(sessions: sessionmaker[Session], cases: list[int]) -> None:
    with sessions.begin() as session:
        session.info["origin"] = lambda: "10.1.2.3"
        assert history.record(session, cases[0], "x").address == "10.1.2.3"
