"""Who read what: each row against its own digest, and the rows of a seal against the seal."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import Connection, select

from engine import accesses, seals
from engine.audit.finding import Finding
from engine.audit.streams import Groups, rows
from engine.models import CaseAccess, Seal


def examine(connection: Connection) -> Iterator[Finding]:
    """Whatever is wrong with the record of who read what."""
    query = select(CaseAccess.seal_number, CaseAccess.__table__)
    sealed = query.where(CaseAccess.seal_number.is_not(None)).order_by(CaseAccess.seal_number, CaseAccess.id)
    groups = Groups(rows(connection, sealed))
    for seal in rows(connection, select(Seal.number, Seal.at, Seal.reads, Seal.reads_digest).order_by(Seal.number)):
        found = groups.take(seal.number)
        wrong = list(_altered(found))
        yield from wrong
        if seals.digest_of_reads((row.id, row.digest) for row in found) != seal.reads_digest:
            yield Finding("reads", seal.number, f"{seal.reads} lượt", f"{len(found)} lượt, hoặc khác", None, seal.at)
    yield from _altered(rows(connection, query.where(CaseAccess.seal_number.is_(None)).order_by(CaseAccess.id)))


def of_case(connection: Connection, case: int) -> Iterator[Finding]:
    """Rows about one case that are not as they were written. What was removed, only a look at everything finds."""
    query = select(CaseAccess.seal_number, CaseAccess.__table__).where(CaseAccess.case_number == case)
    yield from _altered(rows(connection, query.order_by(CaseAccess.id)))


def _altered(found: Any) -> Iterator[Finding]:
    for row in found:
        made = accesses.digest(row.at, row.user_id, row.kind, row.what, row.case_number, row.filter, row.address)
        if made != row.digest:
            yield Finding("read_altered", row.id, row.digest[:16], made[:16], row.case_number, row.at)
