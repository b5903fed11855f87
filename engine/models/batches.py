"""One act on many cases, and what becomes of it in each of them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.cases import ProcessInstance
from engine.models.people import User


class Batch(Base):
    """One act on many cases. `state`: planned (looked at, nothing done), started, stopped. It has ended when no item waits."""

    __tablename__ = "batch"
    __table_args__ = (Index(None, "user_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    """One of engine.acts.ACTS."""
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    reason: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(String(20), default="planned")
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    """Who asked for it, and in whose name and right it is done."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    started_at: Mapped[datetime | None] = mapped_column(Instant)
    address: Mapped[str | None] = mapped_column(String(60))
    """From where it was started: what it does is recorded with it."""
    undoes_id: Mapped[int | None] = mapped_column(ForeignKey("batch.id", ondelete="SET NULL"), index=True)
    """The batch whose done items this one takes back."""
    user: Mapped[User] = relationship()


class BatchItem(Base):
    """One case of a batch, or one task or incident of it.

    `state` before the start: goes, decision, cannot, left_out; after it: waiting, done, refused, failed, left (stopped before its turn).
    """

    __tablename__ = "batch_item"
    __table_args__ = (Index(None, "batch_id", "state", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    batch_id: Mapped[int] = mapped_column(ForeignKey("batch.id", ondelete="CASCADE"))
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int | None] = mapped_column(Id)
    """The task or incident, where the act is not on the case itself. No foreign key: what is gone by then is told, not forbidden to go."""
    name: Mapped[str] = mapped_column(String(300), default="")
    """Of the task or of the step that failed; empty for the case itself."""
    state: Mapped[str] = mapped_column(String(20))
    problems: Mapped[list[dict[str, str]]] = mapped_column(Json)
    """Why not, as sentences {vi, en}, and the element that each is about."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    before: Mapped[dict[str, Any] | None] = mapped_column(Json)
    """What the undo of this one needs to know. Null: nothing was done, or the act needs nothing to be undone."""
    batch: Mapped[Batch] = relationship()
    instance: Mapped[ProcessInstance] = relationship()
