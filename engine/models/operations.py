"""What those decide who run the installation: versions that rest, cases that are archived or held."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant
from engine.models.people import User


class DefinitionEvent(Base):
    """Who suspended or activated a version of a process, when and why. `kind`: suspended, activated. Rows are added, never changed."""

    __tablename__ = "definition_event"
    __table_args__ = (Index(None, "definition_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(20))
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: who operates the installation."""
    reason: Mapped[str] = mapped_column(Text)
    actor: Mapped[User | None] = relationship()


class LegalHold(Base):
    """A case that must not be purged, whatever the rules say, until the hold is lifted."""

    __tablename__ = "legal_hold"
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Instant)
    placed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    placed_by: Mapped[User | None] = relationship()


class Archive(Base):
    """The file that a finished case was written to. It outlives the case, so it names nothing of it but its number and its process.

    `content`: digest of all that was archived; a case that has changed since (somebody read a document) is archived again.
    """

    __tablename__ = "archive"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    case_number: Mapped[int] = mapped_column(Id, index=True)
    """Number of the outermost case. No foreign key: the case goes, this row stays; SQLite may give the number away again."""
    process: Mapped[str] = mapped_column(String(120))
    ended_at: Mapped[datetime] = mapped_column(Instant)
    file: Mapped[str] = mapped_column(String(300))
    size: Mapped[int] = mapped_column(Id)
    sha256: Mapped[str] = mapped_column(String(64))
    content: Mapped[str] = mapped_column(String(64))
    archived_at: Mapped[datetime] = mapped_column(Instant)
    purged_at: Mapped[datetime | None] = mapped_column(Instant)
    rows: Mapped[int] = mapped_column(default=0)
    """How many rows of all tables were deleted."""
