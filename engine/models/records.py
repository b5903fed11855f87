"""What stays: history and documents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.people import User

_PASSED = "kind = 'element.completed'"
_MOVED = "kind IN ('task.due_date_moved', 'timer.moved')"
"""Entries that are asked for by time: by the figures of a period, and after a change of the calendar. No other needs such an index."""


class HistoryEvent(Base):
    """Who did what when, on which element, with what. Rows are added and never changed.

    `kind`: instance.started .completed .cancelled .failed .suspended .activated .migrated .modified .restarted .held .released;
    variables.set; element.completed .cancelled .failed .skipped; task.claimed .unclaimed .assigned .completed .reminded .due_date_set
    .priority_set .due_date_moved; timer.fired .moved; message.received; signal.received; job.failed; incident.raised .resolved;
    document.added .removed .read; notification.sent .not_sent.
    """

    __tablename__ = "history_event"
    __table_args__ = (
        Index(None, "instance_id", "id"),
        Index("ix_history_event_completed", "at", "instance_id", "id", sqlite_where=text(_PASSED), postgresql_where=text(_PASSED)),
        Index("ix_history_event_moved", "at", sqlite_where=text(_MOVED), postgresql_where=text(_MOVED)),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    at: Mapped[datetime] = mapped_column(Instant)
    kind: Mapped[str] = mapped_column(String(40))
    element_id: Mapped[str | None] = mapped_column(String(200))
    element_name: Mapped[str | None] = mapped_column(String(300))
    element_type: Mapped[str | None] = mapped_column(String(60))
    wait_id: Mapped[str | None] = mapped_column(String(64))
    user_task_id: Mapped[int | None] = mapped_column(Id, index=True)
    actor_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: the engine itself."""
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    address: Mapped[str | None] = mapped_column(String(60))
    """From where the actor came; null: from nowhere, or before release 0.2.0."""
    number: Mapped[int] = mapped_column(default=0, server_default="0")
    """Of the entries of its case, the how manieth, from 1."""
    digest: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """engine.chain: over all of the above but `id`, and the digest of the entry before it."""
    actor: Mapped[User | None] = relationship()


class Document(Base):
    """A file that belongs to a case: attached to a form, or made by a handler. Its bytes are in `DocumentContent`."""

    __tablename__ = "document"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"), index=True)
    user_task_id: Mapped[int | None] = mapped_column(ForeignKey("user_task.id"), index=True)
    """The task whose form it was attached to. A document without task is one of the whole case."""
    element_id: Mapped[str | None] = mapped_column(String(200))
    wait_id: Mapped[str | None] = mapped_column(String(64))
    name: Mapped[str] = mapped_column(String(300))
    media_type: Mapped[str] = mapped_column(String(120))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(String(64))
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class DocumentContent(Base):
    """The bytes of a document. In the database, so that a document and the step that made it come and go together."""

    __tablename__ = "document_content"
    document_id: Mapped[int] = mapped_column(ForeignKey("document.id"), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)
