"""Two people at one draft at the same moment."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier, Thread

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, workspaces
from engine.models import User
from tests.engine.cast import APPROVAL, people
from tests.engine.test_workspaces import FILE, Said, save


def test_two_who_begin_a_draft_at_once_get_the_same(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        people(session)
        deployments.deploy(session, "phe_duyet", APPROVAL)
    found: list[int] = []

    def begin(name: str) -> None:
        with sessions.begin() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            found.append(workspaces.open(session, "phe_duyet", user).id)

    at_once(lambda: begin("an"), lambda: begin("binh"))
    assert len(found) == 2
    assert len(set(found)) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_of_two_who_save_at_once_both_are_kept(sessions: sessionmaker[Session], attempt: int) -> None:
    with sessions.begin() as session:
        cast = people(session)
        deployments.deploy(session, "phe_duyet", APPROVAL)
        workspaces.open(session, "phe_duyet", cast["an"])
    answers: dict[str, Said] = {}

    def send(name: str) -> None:
        with sessions.begin() as session:
            user = session.scalars(select(User).where(User.username == name)).one()
            draft = workspaces.open(session, "phe_duyet", user)
            answers[name] = save(session, draft, user, f"<{name}/>".encode(), APPROVAL[FILE])

    at_once(lambda: send("an"), lambda: send("binh"))
    won = [name for name, said in answers.items() if isinstance(said, workspaces.Saved)]
    lost = [(name, said) for name, said in answers.items() if isinstance(said, workspaces.Aside)]
    assert (len(won), len(lost)) == (1, 1)
    with sessions() as session:
        draft = workspaces.open(session, "phe_duyet")
        assert workspaces.read(session, draft, FILE) == f"<{won[0]}/>".encode()
        assert workspaces.files(session, draft, lost[0][1].kept) == {FILE: f"<{lost[0][0]}/>".encode()}


def test_of_two_who_save_different_files_at_once_both_are_the_draft(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        cast = people(session)
        deployments.deploy(session, "phe_duyet", APPROVAL)
        workspaces.open(session, "phe_duyet", cast["an"])

    def send(name: str, file: str) -> None:
        for number in range(5):
            with sessions.begin() as session:
                user = session.scalars(select(User).where(User.username == name)).one()
                draft = workspaces.open(session, "phe_duyet", user)
                base = workspaces.read(session, draft, file)
                said = save(session, draft, user, f"<{name}>{number}</{name}>".encode(), base, file)
                assert isinstance(said, workspaces.Saved)

    at_once(lambda: send("an", FILE), lambda: send("binh", "forms/soan.form"))
    with sessions() as session:
        draft = workspaces.open(session, "phe_duyet")
        found = workspaces.files(session, draft)
        assert (found[FILE], found["forms/soan.form"]) == (b"<an>4</an>", b"<binh>4</binh>")


def at_once(*acts: Callable[[], object]) -> None:
    """Run these in threads that start together; what fails in one fails the test."""
    start, failed = Barrier(len(acts)), list[BaseException]()

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except BaseException as error:
            failed.append(error)

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert failed == []
