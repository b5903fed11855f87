"""Who does a person's work while he is away."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.people import User


class Deputy(Base):
    """`deputy` does the user tasks of `absent` from `since` until `until`. Rows stay: `ended_at` says that one was withdrawn."""

    __tablename__ = "deputy"
    __table_args__ = (Index(None, "deputy_id", "until"), Index(None, "absent_id", "until"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    absent_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    deputy_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    process_keys: Mapped[list[str]] = mapped_column(Json)
    """Only tasks of these processes; empty: of all."""
    reason: Mapped[str] = mapped_column(Text, default="")
    appointed_at: Mapped[datetime] = mapped_column(Instant)
    appointed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: who operates the installation."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    absent: Mapped[User] = relationship(foreign_keys=[absent_id])
    deputy: Mapped[User] = relationship(foreign_keys=[deputy_id], back_populates="deputyships")

    def in_force(self, moment: datetime) -> bool:
        """Whether the deputy may act at `moment`."""
        return self.ended_at is None and self.since <= moment < self.until

    def is_over(self, moment: datetime) -> bool:
        """Whether it was withdrawn or its time has passed."""
        return self.ended_at is not None or self.until <= moment
