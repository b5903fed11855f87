"""What makes a changed history come to light: seals over all cases, and who read what."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant
from engine.models.people import User


class Seal(Base):
    """A moment of the history of all cases: what has changed since the seal before it, and that one's digest (engine.seals)."""

    __tablename__ = "seal"
    number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    previous: Mapped[str] = mapped_column(String(64))
    heads: Mapped[int]
    """How many `SealedHead` it has."""
    reads: Mapped[int]
    """How many `CaseAccess` it has."""
    reads_digest: Mapped[str] = mapped_column(String(64))
    digest: Mapped[str] = mapped_column(String(64))
    """Over all of the above and the heads."""
    mark: Mapped[str] = mapped_column(String(64))
    """The digest, signed with the key of the installation; empty where it has none."""


class SealedHead(Base):
    """How far the history of a case was at a seal. `state`: kept, purged (the case is gone, as it should be)."""

    __tablename__ = "sealed_head"
    __table_args__ = (Index(None, "case_number", "seal_number"),)
    seal_number: Mapped[int] = mapped_column(ForeignKey("seal.number"), primary_key=True)
    case_number: Mapped[int] = mapped_column(Id, primary_key=True, autoincrement=False)
    """No foreign key: the case may go, this row stays."""
    state: Mapped[str] = mapped_column(String(10))
    count: Mapped[int]
    head: Mapped[str] = mapped_column(String(64))
    rows: Mapped[str] = mapped_column(String(64))
    """Digest of the row numbers of the entries since the seal before."""


class CaseAccess(Base):
    """Who was shown or handed out what of which case, or was refused it. Rows are added and never changed.

    `kind`: read, exported, refused. `what`: the page or the file. `case_number` null: of many cases, `filter` says which.
    """

    __tablename__ = "case_access"
    __table_args__ = (
        Index(None, "case_number", "id"),
        Index("ix_case_access_unsealed", "id", postgresql_where=text("seal_number IS NULL"), sqlite_where=text("seal_number IS NULL")),
        Index(None, "seal_number", "id"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: who operates the installation."""
    kind: Mapped[str] = mapped_column(String(20))
    what: Mapped[str] = mapped_column(String(120))
    case_number: Mapped[int | None] = mapped_column(Id)
    """No foreign key: refused may be the number of a case that never was; and who read a case is known after it is purged."""
    filter: Mapped[str] = mapped_column(Text, default="")
    address: Mapped[str | None] = mapped_column(String(60))
    digest: Mapped[str] = mapped_column(String(64))
    """Over all of the above but `id`."""
    seal_number: Mapped[int | None] = mapped_column(ForeignKey("seal.number"))
    user: Mapped[User | None] = relationship()


class AuditRun(Base):
    """Somebody had the history looked at: of one case, or (`case_number` null) of all. `state`: asked, running, ended."""

    __tablename__ = "audit_run"
    __table_args__ = (Index(None, "case_number", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    case_number: Mapped[int | None] = mapped_column(Id)
    """No foreign key: that a case was looked at is known after it is purged."""
    state: Mapped[str] = mapped_column(String(20))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    total: Mapped[int]
    """Entries there were when it was asked for."""
    done: Mapped[int] = mapped_column(default=0)
    found: Mapped[int] = mapped_column(default=0)
    """How much was found, also what is beyond the rows that are kept."""
    user: Mapped[User] = relationship()


class AuditFinding(Base):
    """One thing that a look has found (engine.audit.Finding)."""

    __tablename__ = "audit_finding"
    __table_args__ = (Index(None, "run_id", "case_number"),)
    run_id: Mapped[int] = mapped_column(ForeignKey("audit_run.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(20))
    entry: Mapped[int | None] = mapped_column(Id)
    """Number of the entry, of the seal, or of the row of a read."""
    case_number: Mapped[int | None] = mapped_column(Id)
    expected: Mapped[str] = mapped_column(Text)
    found: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime | None] = mapped_column(Instant)
