"""The audit of the history: looks whether any entry of any case was altered, removed, inserted or moved, and says which.

Everything is read in the order of the cases, in one state of the database, and nothing is kept but one case and one seal at a time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping

from sqlalchemy import Connection

from engine.audit import chains, reads, sealed
from engine.audit.finding import Finding

__all__ = ["Finding", "verify"]


def verify(
    connection: Connection,
    keys: Collection[bytes] = (),
    noted: Mapping[int, str] | None = None,
    progress: Callable[[int], None] | None = None,
    case: int | None = None,
) -> Iterator[Finding]:
    """What is not as it was written. `connection`: of db.snapshot().

    `keys`: with which seals may be marked; `noted`: digests of seals, kept elsewhere, by number.

    `progress` is told how many entries of how many cases have been looked at, now and then.

    `case`: only what concerns this one: its entries against its chain and what seals say of it, and who read it. Seals are not looked at.
    """
    if case is None:
        yield from sealed.examine(connection, keys, noted or {})
        yield from reads.examine(connection)
    else:
        yield from reads.of_case(connection, case)
    yield from chains.examine(connection, progress, case)
