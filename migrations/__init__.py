"""The tables of a database, brought up to what engine.models says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, event, text

from engine import db

LOCK = 0x6C75616E
"""Of PostgreSQL's advisory locks, the one of our migrations."""


@contextmanager
def connected(url: str) -> Iterator[Connection]:
    """A connection to migrate `url` with: one transaction, only one migration at a time, all or nothing."""
    engine = db.create_engine(url)
    if engine.dialect.name == "sqlite":
        # Alembic changes an SQLite table by copying it: with foreign keys on, dropping the old one would delete what refers to it.
        event.listen(engine, "connect", lambda connection, _record: connection.execute("PRAGMA foreign_keys=OFF"))
    try:
        with engine.begin() as connection:
            if engine.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": LOCK})
            yield connection
            if engine.dialect.name == "sqlite" and (broken := connection.execute(text("PRAGMA foreign_key_check")).all()):
                raise RuntimeError(f"Expected every foreign key to point somewhere after the migration, but found {broken[:5]}")
    finally:
        engine.dispose()


def config() -> Config:
    """Alembic's configuration; its folder is this package's."""
    return Config(Path(__file__).with_name("alembic.ini"))


def head() -> str | None:
    """The newest revision of this code."""
    return ScriptDirectory.from_config(config()).get_current_head()


def revision(connection: Connection) -> str | None:
    """The revision of a database; None: it has no tables of ours."""
    return MigrationContext.configure(connection).get_current_revision()


def upgrade(database_url: str) -> None:
    """Bring the tables of `database_url` to the newest revision; nothing happens when they are there. Several processes may try at once."""
    with connected(database_url) as connection:
        settings = config()
        settings.attributes["connection"] = connection
        command.upgrade(settings, "head")
