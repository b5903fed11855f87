"""Backup of the whole database while it is in use, and its restoring, which proves itself.

SQLite gives a database file of its own (VACUUM INTO: one moment, whole), PostgreSQL an archive of pg_dump, of one moment as well. Beside
the file stands `<file>.json`: how many rows each table had at that moment, and a digest of the file. Documents are in the database; the
secret key is not: keep a copy of it apart.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, func, inspect, select, text
from sqlalchemy.engine import URL, make_url
from sqlalchemy.orm import Session

import migrations
from engine import db, executions
from engine.db import Base
from engine.models import ProcessInstance

KINDS = {b"SQLite format 3\x00": "sqlite", b"PGDMP": "postgresql"}
RUNNING = (executions.ACTIVE, executions.SUSPENDED)


class BackupError(Exception):
    """A backup or a restoring that was not done, or cannot be trusted."""


@dataclass(frozen=True)
class Restored:
    """What restoring brought back: rows of all tables, running cases whose state was loaded."""

    rows: int
    cases: int
    revision: str


def backup(url: str, file: Path) -> dict[str, Any]:
    """Write the database of `url` to `file`, which must be new; its description, as it stands in `<file>.json`. Raises BackupError."""
    if file.exists():
        raise BackupError(f"Expected {file} to be new, but it is there")
    part = file.with_name(f"{file.name}.part")
    part.unlink(missing_ok=True)
    # Nobody else on this machine may read it: it holds personnel matters.
    os.close(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    try:
        about = _sqlite_backup(url, part) if make_url(url).get_backend_name() == "sqlite" else _postgresql_backup(url, part)
        about |= {"made_at": datetime.now(UTC).isoformat(timespec="seconds"), "sha256": _digest(part)}
        _describe(file, about)
        part.replace(file)
    finally:
        part.unlink(missing_ok=True)
    return about


def _sqlite_backup(url: str, part: Path) -> dict[str, Any]:
    source = Path(make_url(url).database or "")
    if not source.exists():
        raise BackupError(f"Expected a database at {source}, but there is none")
    with closing(sqlite3.connect(source, timeout=60, isolation_level=None)) as connection:
        connection.execute("VACUUM INTO ?", (str(part),))
    with _connected(f"sqlite:///{part}") as copy:
        about = _about("sqlite", copy)
    # Reading has put it into WAL mode, whose files beside it must not be left behind.
    with closing(sqlite3.connect(part, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")
    return about


def _postgresql_backup(url: str, part: Path) -> dict[str, Any]:
    with _connected(url) as connection:
        connection.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY"))
        about = _about("postgresql", connection)
        # The archive is of exactly the moment whose rows were counted.
        moment = connection.scalar(text("SELECT pg_export_snapshot()"))
        _postgresql("pg_dump", url, "--format=custom", f"--snapshot={moment}", f"--file={part}", "--no-owner", "--no-privileges")
    return about


def restore(url: str, file: Path, *, force: bool = False) -> Restored:
    """Put the database of `file` in the place of `url`'s, bring its tables up to this version, and look whether all is there.

    Raises BackupError when `file` is not what it was, when the database is of another kind, or when it holds data and `force` is not given.
    """
    kind = _kind(file)
    backend = make_url(url).get_backend_name()
    if kind != backend:
        raise BackupError(f"Expected a backup of {backend}, but {file} is one of {kind}")
    about = _description(file)
    if not force and _holds_data(url):
        raise BackupError("Expected an empty database, but this one holds data. --force puts the backup in its place, for good")
    if kind == "sqlite":
        _sqlite_restore(url, file)
    else:
        _postgresql(
            "pg_restore",
            url,
            "--clean",
            "--if-exists",
            "--single-transaction",
            "--exit-on-error",
            "--no-owner",
            "--no-privileges",
            str(file),
        )
    with _connected(url) as connection:
        rows = _rows(connection)
    if about and rows != about["rows"]:
        wrong = {name: (number, rows.get(name)) for name, number in about["rows"].items() if rows.get(name) != number}
        raise BackupError(f"Expected as many rows as were backed up, but found (table: expected, found) {wrong}")
    migrations.upgrade(url)
    return Restored(sum(rows.values()), _load_all(url), migrations.head() or "")


def _sqlite_restore(url: str, file: Path) -> None:
    target = Path(make_url(url).database or "")
    target.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as source, closing(sqlite3.connect(target, timeout=5)) as copy:
        if source.execute("PRAGMA integrity_check").fetchone() != ("ok",):
            raise BackupError(f"Expected {file} to be whole, but SQLite says that it is damaged")
        source.backup(copy)


def _kind(file: Path) -> str:
    with file.open("rb") as stream:
        begins = stream.read(16)
    for mark, kind in KINDS.items():
        if begins.startswith(mark):
            return kind
    raise BackupError(f"Expected a backup that `luanchuyen backup` made, but {file} is something else")


def _description(file: Path) -> dict[str, Any]:
    """What stands beside `file`; empty when nothing does. Raises BackupError when `file` has changed since."""
    beside = file.with_name(f"{file.name}.json")
    if not beside.exists():
        return {}
    about: dict[str, Any] = json.loads(beside.read_text("utf-8"))
    if about.get("sha256") != _digest(file):
        raise BackupError(f"Expected {file} to be as it was written, but its content has changed since")
    return about


def _describe(file: Path, about: dict[str, Any]) -> None:
    file.with_name(f"{file.name}.json").write_text(json.dumps(about, ensure_ascii=False, indent=2) + "\n", "utf-8")


def _digest(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _about(kind: str, connection: Connection) -> dict[str, Any]:
    return {"database": kind, "revision": migrations.revision(connection), "rows": _rows(connection)}


def _rows(connection: Connection) -> dict[str, int]:
    """Rows by table, of the tables of this version that are there."""
    there = set(inspect(connection).get_table_names())
    tables = [table for table in Base.metadata.sorted_tables if table.name in there]
    return {table.name: connection.scalar(select(func.count()).select_from(table)) or 0 for table in tables}


def _holds_data(url: str) -> bool:
    file = make_url(url).database
    if make_url(url).get_backend_name() == "sqlite" and not (file and Path(file).exists()):
        return False
    with _connected(url) as connection:
        return any(_rows(connection).values())


def _load_all(url: str) -> int:
    """Load the state of every running case. Raises BackupError, naming those that cannot be."""
    engine = db.create_engine(url)
    broken: list[str] = []
    try:
        with Session(engine) as session:
            running = session.scalars(select(ProcessInstance.id).where(ProcessInstance.state.in_(RUNNING))).all()
            for instance_id in running:
                try:
                    executions.load(session, session.get_one(ProcessInstance, instance_id))
                except Exception as error:
                    broken.append(f"{instance_id} ({type(error).__name__})")
                session.expunge_all()
    finally:
        engine.dispose()
    if broken:
        raise BackupError(f"Restored, but the state of {len(broken)} cases cannot be loaded: {', '.join(broken[:10])}")
    return len(running)


@contextmanager
def _connected(url: str) -> Iterator[Connection]:
    engine = db.create_engine(url)
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()


def _postgresql(program: str, url: str, *options: str) -> None:
    """Run one of PostgreSQL's programs on the database of `url`. The password travels in the environment: all can read command lines."""
    found = shutil.which(program)
    if found is None:
        raise BackupError(f"Expected the program {program} of PostgreSQL's client package, but it is not installed")
    address: URL = make_url(url)
    environment = dict(os.environ)
    if address.password:
        environment["PGPASSWORD"] = str(address.password)
    plain = URL.create("postgresql", address.username, None, address.host, address.port, address.database, address.query)
    command = [found, f"--dbname={plain.render_as_string()}", *options]
    ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 our own programs and settings
    if ran.returncode:
        raise BackupError(f"{program}: {ran.stderr.strip()[-500:]}")
