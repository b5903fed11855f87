"""Changes that a supervisor has gathered and not applied yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.cases import ProcessInstance


class PendingChange(Base):
    """One act on one case (or, `subject_id`, on a task or incident of it) that waits to be applied together with others."""

    __tablename__ = "pending_change"
    __table_args__ = (Index(None, "user_id", "id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    kind: Mapped[str] = mapped_column(String(40))
    """One of engine.acts.ACTS."""
    arguments: Mapped[dict[str, Any]] = mapped_column(Json)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), index=True)
    subject_id: Mapped[int | None] = mapped_column(Id)
    name: Mapped[str] = mapped_column(String(300), default="")
    seen: Mapped[int]
    """The case's version when the change was put on the list."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    instance: Mapped[ProcessInstance] = relationship()
