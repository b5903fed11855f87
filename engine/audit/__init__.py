"""The audit of the history: looks whether any entry of any case was altered, removed, inserted or moved, and says which.

Everything is read in the order of the cases, in one state of the database, and nothing is kept but one case and one seal at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from engine.audit import chains, reads, sealed
from engine.audit.finding import Finding

__all__ = ["Finding", "snapshot", "verify"]


@contextmanager
def snapshot(engine: Engine) -> Iterator[Connection]:
    """A connection that sees one state of the database, however long it reads and whatever others write meanwhile."""
    options = {"reading": True} if engine.dialect.name == "sqlite" else {"isolation_level": "REPEATABLE READ"}
    with engine.connect().execution_options(**options) as connection:
        yield connection


def verify(
    connection: Connection,
    keys: Collection[bytes] = (),
    noted: Mapping[int, str] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Iterator[Finding]:
    """What is not as it was written. `keys`: with which seals may be marked; `noted`: digests of seals, kept elsewhere, by number.

    `progress` is told how many entries of how many cases have been looked at, now and then.
    """
    yield from sealed.examine(connection, keys, noted or {})
    yield from reads.examine(connection)
    yield from chains.examine(connection, progress)
