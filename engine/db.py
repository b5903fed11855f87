"""The database underneath: declarative base, column types, engine set-up, and the clock of a session."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import orjson
from sqlalchemy import BigInteger, Connection, DateTime, Dialect, Engine, Integer, LargeBinary, MetaData, event, func, select
from sqlalchemy import create_engine as sqlalchemy_create_engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.types import TypeDecorator, TypeEngine

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


class Base(DeclarativeBase):
    """What every table of the project derives from."""

    metadata = MetaData(naming_convention=NAMING)


Id = BigInteger().with_variant(Integer(), "sqlite")
"""Integer primary key that is 64 bits on PostgreSQL and still autoincrements on SQLite."""


class Instant(TypeDecorator[datetime]):
    """A moment, aware, stored in UTC. SQLite has no zone: the type puts it back."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"Expected an aware datetime, but found the naive {value.isoformat()}")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON as bytes of orjson: one codec for both databases, never queried into."""

    impl: TypeEngine[Any] | type[TypeEngine[Any]] = LargeBinary
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> bytes | None:
        return None if value is None else orjson.dumps(value)

    def process_result_value(self, value: bytes | None, dialect: Dialect) -> Any:
        return None if value is None else orjson.loads(value)


def create_engine(url: str, **options: Any) -> Engine:
    """An SQLAlchemy engine set up for `url` (`sqlite:///file`, `sqlite://` in memory, `postgresql://...`)."""
    # What a failed statement was given is case data: it must not reach a log.
    engine = sqlalchemy_create_engine(url, **{"hide_parameters": True, **options})
    configure(engine)
    return engine


def _write_ahead(cursor: Any) -> None:
    """Switch the file to WAL, once in its life. Several that open a new file at once exclude each other, and busy_timeout is deaf to it."""
    until = time.monotonic() + 20
    while True:
        try:
            cursor.execute("PRAGMA journal_mode=WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.02)


def _limit_waiting(connection: Any, _record: Any) -> None:
    """On PostgreSQL nobody waits for a lock longer than on SQLite: who holds one that long is stuck, and people are told."""
    connection.execute("SET lock_timeout = '20s'")
    connection.commit()


def gave_way(error: OperationalError) -> bool:
    """Whether PostgreSQL rolled a transaction back for the sake of another (deadlock, serialization): done again, it may succeed."""
    return getattr(error.orig, "sqlstate", None) in ("40P01", "40001")


class _Connection(sqlite3.Connection):
    """A connection whose writing transactions take turns with those of this process's other threads.

    SQLite lets whoever waits for the writer's lock sleep and look again, ever longer; a thread that waits here is woken at once, and the
    sleeping remains for other processes.
    """

    _turn: threading.Lock | None = None

    def begin(self, file: str) -> None:
        """Begin as a writer, when it is our turn."""
        turn = _turns.setdefault(file, threading.Lock())
        if self._turn is None and (turn.acquire(blocking=False) or turn.acquire(timeout=self._patience())):
            self._turn = turn
        # Without the turn too: then SQLite itself says that the database is locked.
        self.execute("BEGIN IMMEDIATE")

    def _patience(self) -> float:
        return float(self.execute("PRAGMA busy_timeout").fetchone()[0]) / 1000

    def _leave(self) -> None:
        turn, self._turn = self._turn, None
        if turn is not None:
            turn.release()

    def commit(self) -> None:
        super().commit()
        self._leave()

    def rollback(self) -> None:
        try:
            super().rollback()
        finally:
            self._leave()

    def close(self) -> None:
        try:
            super().close()
        finally:
            self._leave()

    def __del__(self) -> None:
        # One that was dropped without a word must not hold up the others.
        self._leave()


_turns: dict[str, threading.Lock] = {}
# Whoever held a lock when the process forked is not in the child.
os.register_at_fork(after_in_child=_turns.clear)


def configure(engine: Engine) -> None:
    """SQLite: WAL, foreign keys, and a real BEGIN IMMEDIATE. PostgreSQL: a limit to waiting for locks.

    pysqlite begins lazily and deferred; two writers that both read first then fail with "database is locked", or lose an update. So the
    driver is told to begin nothing, and every transaction begins as a writer unless the session's connection asks for
    `execution_options(reading=True)`.
    """
    if engine.dialect.name == "postgresql":
        event.listen(engine, "connect", _limit_waiting)
    if engine.dialect.name != "sqlite":
        return

    file = "" if engine.url.database in (None, "", ":memory:") else os.path.realpath(str(engine.url.database))

    @event.listens_for(engine, "do_connect")
    def _make(_dialect: Any, _record: Any, _arguments: Any, parameters: dict[str, Any]) -> None:
        parameters["factory"] = _Connection

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in ("busy_timeout=20000", "foreign_keys=ON", "synchronous=NORMAL"):
            cursor.execute(f"PRAGMA {pragma}")
        _write_ahead(cursor)
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Any) -> None:
        if connection.get_execution_options().get("reading", False):
            connection.exec_driver_sql("BEGIN")
        elif not file or not isinstance(found := connection.connection.driver_connection, _Connection):
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            try:
                found.begin(file)
            except sqlite3.OperationalError as error:
                # As SQLAlchemy would have said it.
                found.rollback()
                raise OperationalError("BEGIN IMMEDIATE", None, error) from error


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database, however long it reads and whatever others write meanwhile."""
    options = {"reading": True} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def alone(session: Session, purpose: str) -> None:
    """Hold back others with the same `purpose` until this transaction ends. SQLite's writers are alone anyway."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock(func.hashtext(purpose))))


def together(session: Session, purpose: str) -> None:
    """Hold back who wants to be alone() with this `purpose` until this transaction ends, but none of those who are together."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(select(func.pg_advisory_xact_lock_shared(func.hashtext(purpose))))


def now(session: Session) -> datetime:
    """The time of this session, aware, UTC. A dry run hangs a virtual clock into `session.info["clock"]`."""
    clock: Callable[[], datetime] | None = session.info.get("clock")
    return clock() if clock else datetime.now(UTC)
