"""Seals over the history of all cases: every few minutes, how far each changed case is, chained with the seal before.

What a case's own chain cannot tell, the seals do: that its last entries, or the whole case, are gone, or that a chain was written anew.
A purge is a seal of its own. docs/history.md describes what is hashed.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

import orjson
import structlog
from sqlalchemy import exists, insert, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import db
from engine.models import CaseAccess, HistoryEvent, ProcessInstance, Seal, SealedHead

log = structlog.get_logger(__name__)

FORMAT = 1
KEPT, PURGED = "kept", "purged"
PURPOSE = "seal"
AT_ONCE = 20_000
"""Cases, and reads, that one seal takes at most."""
CHUNK = 500

Head = tuple[int, str, int, str, str]
"""Case, state, number of its last entry, digest of that, digest of the row numbers since the seal before."""


def key(secret: str) -> bytes:
    """The key that marks seals, from the secret of the installation: one that knows only the database cannot make a seal."""
    return hmac.digest(secret.encode(), b"luanchuyen.seal", "sha256")


def seal(session: Session, key: bytes | None, limit: int = AT_ONCE) -> Seal | None:
    """Seal what has changed since the last seal, up to `limit` cases; None when there is nothing."""
    db.alone(session, PURPOSE)
    heads = list(_changed(session, limit))
    unsealed = select(CaseAccess.id).where(CaseAccess.seal_number.is_(None)).order_by(CaseAccess.id).limit(limit)
    reads = session.scalars(unsealed).all()
    last = session.scalar(select(Seal).order_by(Seal.number.desc()).limit(1))
    # A seal of a purge has no mark: the next one vouches for it.
    if not heads and not reads and (last is None or last.mark or key is None):
        return None
    return _write(session, last, heads, reads, key)


def seal_all(sessions: sessionmaker[Session], key: bytes | None) -> int:
    """Seal until nothing is left, each in a transaction of its own. How many seals."""
    made = 0
    while True:
        with sessions.begin() as session:
            done = seal(session, key)
            if done is None:
                return made
            made += 1
            # In the log as well, which somebody who changes the database does not reach: verify --noted looks for it.
            log.info("history.sealed", number=done.number, digest=done.digest, cases=done.heads)
            if done.heads < AT_ONCE and done.reads < AT_ONCE:
                return made


def purged(session: Session, cases: Iterable[ProcessInstance]) -> Seal:
    """Put down that these cases are about to be deleted, rightly: their numbers and digests, nothing of what was in them."""
    db.alone(session, PURPOSE)
    heads = [(case.id, PURGED, case.history_count, case.history_head, "") for case in cases]
    last = session.scalar(select(Seal).order_by(Seal.number.desc()).limit(1))
    return _write(session, last, sorted(heads), (), None)


def _write(session: Session, last: Seal | None, heads: Sequence[Head], reads: Sequence[int], key: bytes | None) -> Seal:
    made = Seal(number=last.number + 1 if last else 1, at=db.now(session), previous=last.digest if last else "", digest="", mark="")
    made.heads, made.reads, made.reads_digest = len(heads), len(reads), ""
    session.add(made)
    session.flush()
    for part in range(0, len(heads), CHUNK):
        names = ("case_number", "state", "count", "head", "rows")
        rows = [{"seal_number": made.number, **dict(zip(names, head, strict=True))} for head in heads[part : part + CHUNK]]
        session.execute(insert(SealedHead), rows)
    for part in range(0, len(reads), CHUNK):
        taken = update(CaseAccess).where(CaseAccess.id.in_(reads[part : part + CHUNK])).values(seal_number=made.number)
        session.execute(taken.execution_options(synchronize_session=False))
    found = select(CaseAccess.id, CaseAccess.digest).where(CaseAccess.seal_number == made.number).order_by(CaseAccess.id)
    made.reads_digest = digest_of_reads(tuple(row) for row in session.execute(found))
    made.digest = digest(made, heads)
    made.mark = mark(made.digest, key) if key else ""
    session.flush()
    return made


def _changed(session: Session, limit: int) -> Iterator[Head]:
    same = (SealedHead.count == ProcessInstance.history_count, SealedHead.head == ProcessInstance.history_head)
    sealed = exists(select(SealedHead.seal_number).where(SealedHead.case_number == ProcessInstance.id, SealedHead.state == KEPT, *same))
    query = select(ProcessInstance.id, ProcessInstance.history_count, ProcessInstance.history_head)
    found = session.execute(query.where(~sealed, ProcessInstance.history_count > 0).order_by(ProcessInstance.id).limit(limit)).all()
    for part in range(0, len(found), CHUNK):
        chunk = found[part : part + CHUNK]
        rows = _rows(session, {case: count for case, count, _ in chunk})
        for case, count, head in chunk:
            yield case, KEPT, count, head, rows.get(case, digest_of_rows(()))


def _rows(session: Session, counts: dict[int, int]) -> dict[int, str]:
    """Digests of the row numbers that have come since the last seal, up to the number given of each case."""
    heads = select(SealedHead.case_number, SealedHead.state, SealedHead.count).where(SealedHead.case_number.in_(counts))
    since = dict.fromkeys(counts, 0)
    for case, state, count in session.execute(heads.order_by(SealedHead.case_number, SealedHead.seal_number)):
        since[case] = 0 if state == PURGED else count
    query = select(HistoryEvent.instance_id, HistoryEvent.number, HistoryEvent.id).where(HistoryEvent.instance_id.in_(counts))
    found = session.execute(query.order_by(HistoryEvent.instance_id, HistoryEvent.number, HistoryEvent.id)).all()
    return {
        case: digest_of_rows(id_ for _, number, id_ in rows if since[case] < number <= counts[case])
        for case, rows in groupby(found, key=lambda row: int(row[0]))
    }


# --- what is hashed ----------------------------------------------------------------------------------------------------------------------


def digest(made: Seal, heads: Iterable[Sequence[Any]]) -> str:
    """Digest of a seal: over what it says and its heads, in the order of the cases."""
    found = hashlib.sha256(_line([FORMAT, made.number, _moment(made.at), made.previous, made.heads, made.reads, made.reads_digest]))
    for head in heads:
        found.update(_line(list(head)))
    return found.hexdigest()


def digest_of_rows(ids: Iterable[int]) -> str:
    """Digest of row numbers, in the order of the entries."""
    found = hashlib.sha256()
    for id_ in ids:
        found.update(b"%d\n" % id_)
    return found.hexdigest()


def digest_of_reads(reads: Iterable[tuple[Any, ...]]) -> str:
    """Digest of reads: their row numbers and digests, in the order of the rows."""
    found = hashlib.sha256()
    for read in reads:
        found.update(_line(list(read)))
    return found.hexdigest()


def mark(digest: str, key: bytes) -> str:
    """What only who has the key can put beside a digest."""
    return hmac.new(key, digest.encode(), "sha256").hexdigest()


def _line(values: list[Any]) -> bytes:
    return orjson.dumps(values) + b"\n"


def _moment(at: datetime) -> str:
    return at.astimezone(UTC).isoformat()
