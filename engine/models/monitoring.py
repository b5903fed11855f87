"""What supervisors look for and keep: searchable variables, saved filters, files made of lists, when they looked last."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.people import User


class Keyword(Base):
    """One variable of a case that lists can be filtered by: those that the process property `tim_theo` names (engine.keywords).

    `text`: small letters without marks; `number`: what is one, and 0 or 1 for no and yes. Dates are ISO text: they sort as such.
    """

    __tablename__ = "keyword"
    __table_args__ = (Index(None, "name", "text", "instance_id"), Index(None, "name", "number"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(100), primary_key=True)
    text: Mapped[str] = mapped_column(String(200))
    number: Mapped[float | None] = mapped_column(Float)
    shown: Mapped[str] = mapped_column(String(200))
    """As it stood in the case, for columns of lists."""


class SavedFilter(Base):
    """A filter of the list of cases, with its columns and order, that a supervisor keeps under a name."""

    __tablename__ = "saved_filter"
    __table_args__ = (UniqueConstraint("user_id", "name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    name: Mapped[str] = mapped_column(String(100))
    address: Mapped[str] = mapped_column(Text)
    """The parameters of the list's address."""
    shared_with: Mapped[str | None] = mapped_column(String(200), index=True)
    """A principal (engine.identity) whose people see it too; null: only its owner."""
    saved_at: Mapped[datetime] = mapped_column(Instant)
    user: Mapped[User] = relationship()


class Visit(Base):
    """When a supervisor looked at the overview: `at` begins the present visit, `before` began the one before."""

    __tablename__ = "visit"
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    before: Mapped[datetime] = mapped_column(Instant)
    seen_at: Mapped[datetime] = mapped_column(Instant)
    """The last time during the present visit."""


class Export(Base):
    """A file that is made of a list of cases, part by part. `state`: making, ready. Removed after a day."""

    __tablename__ = "export"
    __table_args__ = (Index(None, "user_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    """Who asked, in whose right each part is read."""
    format: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    numbers: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    """The cases that were listed, in their order: packed."""
    total: Mapped[int]
    done: Mapped[int] = mapped_column(default=0)
    content: Mapped[bytes | None] = mapped_column(LargeBinary, deferred=True)
    has_gaps: Mapped[bool] = mapped_column(Boolean, default=False, server_default=false())
    """Cases were left out that its owner supervises no more, or that are gone."""
    created_at: Mapped[datetime] = mapped_column(Instant, index=True)
    user: Mapped[User] = relationship()


class ExportPart(Base):
    """Some lines of an export, until the file is put together."""

    __tablename__ = "export_part"
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    lines: Mapped[list[list[Any]]] = mapped_column(Json)


class ExportPiece(Base):
    """Some bytes of the file of one case of an export (`part` counts the cases, `number` the pieces): a large file is never held whole."""

    __tablename__ = "export_piece"
    export_id: Mapped[int] = mapped_column(ForeignKey("export.id", ondelete="CASCADE"), primary_key=True)
    part: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[bytes] = mapped_column(LargeBinary)
