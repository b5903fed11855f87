"""Backup and restoring, on both databases: what was under way goes on."""

from __future__ import annotations

import json
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select
from sqlalchemy.orm import Session, sessionmaker

import migrations
from engine import db, deployments, instances, user_tasks
from engine.models import Organisation, ProcessInstance, UserTask
from tests.engine.cast import APPROVAL, only_task, people
from web import backup


@pytest.fixture
def place(bare_database_url: str) -> Iterator[Engine]:
    """A database as an installation has it."""
    migrations.upgrade(bare_database_url)
    engine = db.create_engine(bare_database_url)
    yield engine
    engine.dispose()


def url_of(engine: Engine) -> str:
    return engine.url.render_as_string(hide_password=False)


def begin(engine: Engine) -> int:
    with Session(engine) as session:
        cast = people(session)
        deployments.deploy(session, "phe_duyet", APPROVAL)
        instance = instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"])
        session.commit()
        return instance.id


def complete(engine: Engine, instance_id: int, who: str, data: dict[str, str]) -> str:
    with Session(engine) as session:
        from engine.models import User

        user = session.scalars(select(User).where(User.username == who)).one()
        task = only_task(session, session.get_one(ProcessInstance, instance_id))
        user_tasks.claim(session, task.id, user)
        user_tasks.complete(session, task.id, user, data)
        session.commit()
        return session.get_one(ProcessInstance, instance_id).state


def test_it_brings_back_a_case_that_goes_on(place: Engine, tmp_path: Path) -> None:
    id_ = begin(place)
    file = tmp_path / "a.backup"
    about = backup.backup(url_of(place), file)
    assert (about["rows"]["process_instance"], about["revision"]) == (1, migrations.head())
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("a.backup*")) == ["a.backup", "a.backup.json"]
    complete(place, id_, "an", {"noi_dung": "sau khi sao lưu"})
    with pytest.raises(backup.BackupError, match="holds data"):
        backup.restore(url_of(place), file)
    place.dispose()
    found = backup.restore(url_of(place), file, force=True)
    assert (found.cases, found.rows) == (1, sum(about["rows"].values()))
    assert complete(place, id_, "an", {"noi_dung": "lần nữa"}) == "active"
    assert complete(place, id_, "chi", {"ket_luan": "được"}) == "completed"


def test_it_restores_into_an_empty_database(place: Engine, tmp_path: Path) -> None:
    begin(place)
    file = tmp_path / "a.backup"
    backup.backup(url_of(place), file)
    with Session(place) as session:
        for table in reversed(db.Base.metadata.sorted_tables):
            session.execute(table.delete())
        session.commit()
    place.dispose()
    assert backup.restore(url_of(place), file).cases == 1


def test_it_is_of_one_moment_while_others_write(place: Engine, tmp_path: Path) -> None:
    """Two rows are always written together: no backup has one without the other."""
    sessions = sessionmaker(place)
    stopping = threading.Event()

    def write() -> None:
        n = 0
        while not stopping.is_set():
            n += 1
            with sessions.begin() as session:
                session.add(Organisation(code=f"a{n}", name="x"))
                session.flush()
                session.add(Organisation(code=f"b{n}", name="x"))

    thread = threading.Thread(target=write)
    thread.start()
    try:
        counts = [backup.backup(url_of(place), tmp_path / f"{n}.backup")["rows"]["organisation"] for n in range(5)]
    finally:
        stopping.set()
        thread.join()
    assert counts[-1] > 0
    assert [count % 2 for count in counts] == [0] * 5
    place.dispose()
    backup.restore(url_of(place), tmp_path / "4.backup", force=True)
    with Session(place) as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == counts[-1]


def test_it_refuses_a_file_that_has_changed_or_is_something_else(place: Engine, tmp_path: Path) -> None:
    begin(place)
    file = tmp_path / "a.backup"
    backup.backup(url_of(place), file)
    with file.open("ab") as stream:
        stream.write(b"x")
    with pytest.raises(backup.BackupError, match="changed since"):
        backup.restore(url_of(place), file, force=True)
    (tmp_path / "b.backup").write_text("không phải bản sao lưu")
    with pytest.raises(backup.BackupError, match="something else"):
        backup.restore(url_of(place), tmp_path / "b.backup", force=True)
    other = tmp_path / "c.backup"
    other.write_bytes(b"PGDMP" if place.dialect.name == "sqlite" else b"SQLite format 3\x00")
    with pytest.raises(backup.BackupError, match="Expected a backup of"):
        backup.restore(url_of(place), other, force=True)
    with Session(place) as session:
        assert session.scalar(select(func.count()).select_from(UserTask)) == 1


def test_it_says_when_rows_are_missing(place: Engine, tmp_path: Path) -> None:
    begin(place)
    file = tmp_path / "a.backup"
    about = backup.backup(url_of(place), file)
    about["rows"]["user"] += 1
    (tmp_path / "a.backup.json").write_text(json.dumps(about))
    place.dispose()
    with pytest.raises(backup.BackupError, match="'user': "):
        backup.restore(url_of(place), file, force=True)


def test_it_does_not_write_over_a_backup(place: Engine, tmp_path: Path) -> None:
    (tmp_path / "a.backup").write_text("x")
    with pytest.raises(backup.BackupError, match="to be new"):
        backup.backup(url_of(place), tmp_path / "a.backup")
