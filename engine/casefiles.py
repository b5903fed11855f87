"""Complete files of cases that somebody has made (what stands in them, the front end knows): one after another, kept in pieces for a day.

An export of its own format (engine.exports): the workers make the file of one case at a time, outside of any transaction that writes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import IO, Any

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session, joinedload, undefer

from engine import exports, identity
from engine.acts.outlook import Problem
from engine.errors import Invalid
from engine.models import Document, Export, ExportPart, ExportPiece, ProcessInstance, User

PIECE = 4_000_000
"""Bytes of one row."""
LARGEST = 2_000_000_000
"""Bytes of all documents that one export may hold: the answer says so before anything is made."""


@dataclass(frozen=True)
class Wanted:
    """The file that is to be made next: of `case`, the `part`th of the export."""

    export: Export
    part: int
    case: int


@dataclass(frozen=True)
class Made:
    """What became of one case of an export: a file of `size` bytes, or, without a name, `problems` that say why not."""

    part: int
    case: int
    name: str
    size: int
    problems: list[Problem]


def ask(session: Session, user: User, name: str, cases: Sequence[int], arguments: Mapping[str, Any]) -> Export:
    """Have the files of these cases made, as far as `user` supervises them. Raises Invalid."""
    supervised = select(ProcessInstance.id).where(ProcessInstance.id.in_(cases), identity.may_supervise(user))
    found = sorted(session.scalars(supervised))
    if not found:
        raise Invalid(expected="at least one case that you supervise", found="none")
    # Called cases come along: those of one root have the same root_id.
    roots = select(ProcessInstance.root_id).where(ProcessInstance.id.in_(found))
    whole = select(ProcessInstance.id).where(ProcessInstance.root_id.in_(roots))
    size = session.scalar(select(func.sum(Document.size)).where(Document.instance_id.in_(whole))) or 0
    if size > LARGEST:
        raise Invalid(
            expected=f"at most {LARGEST // 1_000_000} MB of documents in one file", found=f"{int(size) // 1_000_000} MB, take fewer cases"
        )
    return exports.ask(session, user, exports.CASEFILE, name, found, arguments)


def wanted(session: Session, work: Mapping[str, Any]) -> Wanted | None:
    """Which file is to be made next; None when there is none (any more)."""
    query = select(Export).where(Export.id == work["export"]).options(undefer(Export.numbers), joinedload(Export.user, innerjoin=True))
    export = session.scalar(query)
    if export is None or export.state != exports.MAKING or export.done >= export.total:
        return None
    return Wanted(export, export.done, exports.numbers(export)[export.done])


def keep(session: Session, wanted: Wanted, name: str, stream: IO[bytes] | None, problems: Sequence[Problem] = ()) -> bool:
    """Keep a file that was made, or, without `stream`, why it could not be. Whether another is to be made.

    Nothing is kept of an export that was removed meanwhile, or that somebody else has brought further.
    """
    export = session.get(Export, wanted.export.id, populate_existing=True)
    if export is None or export.state != exports.MAKING or export.done != wanted.part:
        return False
    session.execute(delete(ExportPiece).where(ExportPiece.export_id == export.id, ExportPiece.part == wanted.part))
    size = 0
    for number, content in enumerate(iter(lambda: stream.read(PIECE), b"") if stream else ()):
        session.execute(insert(ExportPiece), {"export_id": export.id, "part": wanted.part, "number": number, "content": content})
        size += len(content)
    line = [wanted.case, name if stream else "", size, list(problems)]
    session.add(ExportPart(export_id=export.id, number=wanted.part, lines=[line]))
    export.done += 1
    export.has_gaps = export.has_gaps or stream is None
    if export.done >= export.total:
        export.state = exports.READY
    return export.done < export.total


def made(session: Session, export: Export) -> list[Made]:
    """What became of each case so far, in their order."""
    query = select(ExportPart.number, ExportPart.lines).where(ExportPart.export_id == export.id).order_by(ExportPart.number)
    return [Made(number, *lines[0]) for number, lines in session.execute(query)]


def read(session: Session, export: Export, part: int) -> Iterator[bytes]:
    """The file of one case, piece by piece."""
    numbers = select(ExportPiece.number).where(ExportPiece.export_id == export.id, ExportPiece.part == part).order_by(ExportPiece.number)
    for number in session.scalars(numbers).all():
        yield session.scalars(
            select(ExportPiece.content).where(ExportPiece.export_id == export.id, ExportPiece.part == part, ExportPiece.number == number)
        ).one()
