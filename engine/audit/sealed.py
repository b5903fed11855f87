"""The seals themselves: each against its heads and the seal before it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, select

from engine import seals
from engine.audit.finding import MOST, Finding
from engine.audit.streams import Groups, rows
from engine.models import Seal, SealedHead

UNMARKED = timedelta(hours=1)
"""How long the seals of purges may stand without one that vouches for them."""


def examine(connection: Connection, keys: Collection[bytes], noted: Mapping[int, str]) -> Iterator[Finding]:
    """Whatever is wrong with the seals."""
    order = SealedHead.seal_number, SealedHead.case_number
    columns = (SealedHead.seal_number, SealedHead.case_number, SealedHead.state, SealedHead.count, SealedHead.head, SealedHead.rows)
    heads = Groups(rows(connection, select(*columns).order_by(*order)))
    number, previous, marked, known = 0, "", None, False
    unmarked: list[Any] = []
    for seal in rows(connection, select(Seal.__table__).order_by(Seal.number)):
        yield from _missing(number + 1, seal.number - 1)
        gap = seal.number != number + 1
        if not gap and seal.previous != previous:
            yield _finding("seal_chain", seal, previous[:16] or "trống", seal.previous[:16] or "trống")
        found = seals.digest(seal, [row[1:] for row in heads.take(seal.number)])
        if found != seal.digest:
            yield _finding("seal_altered", seal, seal.digest[:16], found[:16])
        if seal.number in noted and noted[seal.number] != seal.digest:
            yield _finding("seal_noted", seal, noted[seal.number][:16], seal.digest[:16])
        number, previous = seal.number, seal.digest
        fits = seal.mark in {seals.mark(seal.digest, key) for key in keys}
        if known and seal.mark and not fits and keys:
            yield _unknown(seal)
        known = known or fits
        marked, unmarked = (seal, []) if seal.mark else (marked, [*unmarked[:1], seal])
    yield from _missing(number + 1, max(noted, default=0))
    # The newest mark vouches for all seals below, also those that were marked with a key of long ago: who has no key cannot make it.
    if keys and marked is not None and not known:
        yield _unknown(marked)
    if keys:
        yield from _unmarked(unmarked)


def _unknown(seal: Any) -> Finding:
    return _finding("seal_mark", seal, "dấu của khóa hiện tại hoặc khóa cũ", "dấu khác")


def _unmarked(unmarked: list[Any]) -> Iterator[Finding]:
    if unmarked and datetime.now(UTC) - _aware(unmarked[0].at) > UNMARKED:
        yield _finding("seal_mark", unmarked[0], "một niêm phong có dấu ngay sau đó", "không có")


def _aware(at: datetime) -> datetime:
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _missing(first: int, last: int) -> Iterator[Finding]:
    for number in range(first, min(last, first + MOST) + 1):
        yield Finding("seal_missing", number, f"niêm phong {number}", "không có")


def _finding(kind: str, seal: Any, expected: str, found: str) -> Finding:
    return Finding(kind, seal.number, expected, found, None, seal.at)
