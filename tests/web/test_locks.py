"""Locks of the database never reach a person: a deadlock is repeated, a lock that lasts is a sentence, and so is a disk that is full."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from psycopg import sql
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import db as engine_db
from engine import deployments, executions, instances, user_tasks
from engine.models import HistoryEvent, ProcessInstance, User, UserTask
from tests import postgresql
from tests.web.conftest import Browser
from web import create_app
from web.database import db

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
ON_POSTGRESQL = pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)


def impatient(app: Flask) -> None:
    """Waits for a lock a tenth of a second, on either database."""
    with app.app_context():
        engine = db.engine
    waiting = "SET lock_timeout = '100ms'" if engine.dialect.name == "postgresql" else "PRAGMA busy_timeout = 100"

    @event.listens_for(engine, "checkout")
    def _limit(connection: Any, *_: object) -> None:
        connection.execute(waiting)


def another_case(store: sessionmaker[Session]) -> int:
    with store.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        return instances.start(session, deployments.latest(session, "don_nghi"), {"ly_do": "x", "so_ngay": 1}, user=an).id


def test_a_lock_that_lasts_is_a_sentence_and_nothing_is_half_done(
    app: Flask, log_in: Enter, store: sessionmaker[Session], case: int, task_of: Find
) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    token = binh.token("/")
    impatient(app)
    with store.begin() as other:
        executions.lock(other, case)
        said = binh.client.post(f"/viec/{task}/nhan", data={"csrf_token": token})
        assert (said.status_code, "Cơ sở dữ liệu đang bận" in said.text) == (503, True)
        # Who only looks does not wait.
        assert binh.get(f"/viec/{task}").status_code == 200
    with store() as session:
        assert session.get_one(UserTask, task).assignee_id is None
    assert binh.post(f"/viec/{task}/nhan").status_code == 302


@ON_POSTGRESQL
def test_a_deadlock_of_two_people_is_repeated_and_nobody_hears_of_it(
    app: Flask, log_in: Enter, store: sessionmaker[Session], case: int, task_of: Find, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real one: each holds the case of his own task, and wants the other's."""
    cases = [case, another_case(store)]
    tasks = [task_of(number, "xet") for number in cases]
    people = [log_in("binh"), log_in("chi")]
    tokens = [person.token("/") for person in people]
    refused: list[str] = []
    met, claim = threading.Barrier(2), user_tasks.claim

    def claim_and_look(session: Session, task_id: int, user: User) -> UserTask:
        task = claim(session, task_id, user)
        if not refused:
            met.wait(30)
        executions.lock(session, cases[1 - tasks.index(task_id)])
        return task

    monkeypatch.setattr(user_tasks, "claim", claim_and_look)
    with app.app_context():
        event.listen(db.engine, "handle_error", lambda context: refused.append(type(context.original_exception).__name__))
    answers: dict[int, int] = {}

    def press(n: int) -> None:
        answers[n] = people[n].client.post(f"/viec/{tasks[n]}/nhan", data={"csrf_token": tokens[n]}).status_code

    threads = [threading.Thread(target=press, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert refused == ["DeadlockDetected"]
    assert answers == {0: 302, 1: 302}
    with store() as session:
        assert [session.get_one(UserTask, task).assignee.username for task in tasks] == ["binh", "chi"]  # type: ignore[union-attr]
        claimed = session.scalars(select(HistoryEvent.instance_id).where(HistoryEvent.kind == "task.claimed")).all()
        assert sorted(claimed) == cases


@pytest.fixture
def small_disk() -> Iterator[Path]:
    """A file system of 48 MB. Skips where none may be mounted: that takes more than a test's rights."""
    folder = Path(tempfile.mkdtemp(prefix="luanchuyen-disk-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=48m,mode=777", "tmpfs", folder], capture_output=True, check=False)
    if mounted.returncode:
        folder.rmdir()
        pytest.skip(f"A small disk cannot be mounted here: {mounted.stderr.decode().strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)
        folder.rmdir()


@pytest.fixture
def full_disk_url(postgresql_cluster: postgresql.Cluster, small_disk: Path) -> Iterator[str]:
    """A database whose tables lie on the small disk."""
    place = small_disk / "tables"
    place.mkdir()
    shutil.chown(place, postgresql_cluster.folder.owner(), postgresql_cluster.folder.group())
    place.chmod(0o700)
    postgresql_cluster.execute(sql.SQL("CREATE TABLESPACE small LOCATION {}").format(sql.Literal(str(place))))
    postgresql_cluster.execute(sql.SQL("CREATE DATABASE on_small TABLESPACE small"))
    url = postgresql_cluster.url("on_small")
    engine = engine_db.create_engine(url)
    engine_db.Base.metadata.create_all(engine)
    engine.dispose()
    yield url
    postgresql_cluster.execute(sql.SQL("DROP DATABASE on_small WITH (FORCE)"))
    postgresql_cluster.execute(sql.SQL("DROP TABLESPACE small"))


@pytest.mark.postgresql
class TestFullDisk:
    """The disk of PostgreSQL's tables is really full."""

    @pytest.fixture
    def database_url(self, full_disk_url: str) -> str:
        return full_disk_url

    def test_it_loses_nothing_leaves_nothing_half_done_and_goes_on_when_there_is_room(
        self, app: Flask, log_in: Enter, store: sessionmaker[Session], case: int, task_of: Find, small_disk: Path
    ) -> None:
        binh, task = log_in("binh"), task_of(case, "xet")
        binh.post(f"/viec/{task}/nhan")
        # Random, since what repeats itself is compressed away.
        typed = {"ket_luan": "dong_y", "y_kien": "Đồng ý. " + os.urandom(4_500).hex()}
        token = binh.token("/")
        ballast = small_disk / "ballast"
        with ballast.open("wb", buffering=0) as stream, pytest.raises(OSError, match="No space left"):
            while True:
                stream.write(b"x" * 65536)
        said = binh.client.post(f"/viec/{task}", data={**typed, "csrf_token": token})
        assert (said.status_code, "hết dung lượng đĩa" in said.text) == (507, True)
        assert typed["y_kien"][:200] in said.text
        with store() as session:
            assert session.get_one(UserTask, task).state == "open"
            assert "task.completed" not in session.scalars(select(HistoryEvent.kind)).all()
            assert session.get_one(ProcessInstance, case).state == "active"
        ballast.unlink()
        assert binh.post(f"/viec/{task}", typed).status_code == 302


def test_a_database_that_is_away_is_a_sentence_to_whoever_is_logged_in() -> None:
    app = create_app({"SQLALCHEMY_DATABASE_URI": "postgresql://nobody@/none?host=/nonexistent", "SECRET_KEY": "test"})
    client = app.test_client()
    with client.session_transaction() as session:
        session["_user_id"], session["seen"] = "1:x", int(time.time())
    for said in (client.get("/"), client.post("/viec/1/nhan"), client.get("/dang-nhap")):
        assert (said.status_code, "Cơ sở dữ liệu đang bận" in said.text) == (503, True)
    assert client.get("/healthz").status_code == 200
