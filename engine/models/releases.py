"""What was asked to be released, by whom, on which basis, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant
from engine.models.deployed import Deployment
from engine.models.people import User

_PROPOSED = text("state = 'proposed'")


class Release(Base):
    """One state of a folder that somebody wants to be its next version. `state`: proposed, released, refused, withdrawn.

    A folder has at most one that waits for a decision.
    """

    __tablename__ = "release"
    __table_args__ = (
        Index(None, "folder", "id"),
        Index(
            "uq_release_proposed",
            "folder",
            unique=True,
            sqlite_where=text("state = 'proposed'"),
            postgresql_where=text("state = 'proposed'"),
        ),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    folder: Mapped[str] = mapped_column(String(120))
    state: Mapped[str] = mapped_column(String(20))
    digest: Mapped[str] = mapped_column(String(64))
    """Over the files, as Deployment.digest."""
    note: Mapped[str] = mapped_column(Text)
    legal_basis: Mapped[str] = mapped_column(Text)
    valid_from: Mapped[datetime | None] = mapped_column(Instant)
    base: Mapped[int | None]
    """Number of the version that was in force when it was proposed."""
    revision: Mapped[int | None]
    """Number of the draft's revision that it is; null: it did not come from a draft."""
    restores: Mapped[int | None]
    """Number of the version that it brings back."""
    proposed_at: Mapped[datetime] = mapped_column(Instant)
    proposed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: the command line."""
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why it was refused or withdrawn."""
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey("deployment.id"), unique=True)
    proposed_by: Mapped[User | None] = relationship(foreign_keys=[proposed_by_id])
    decided_by: Mapped[User | None] = relationship(foreign_keys=[decided_by_id])
    deployment: Mapped[Deployment | None] = relationship()
    files: Mapped[list[ReleaseFile]] = relationship(cascade="all, delete-orphan")


class ReleaseFile(Base):
    """One file of a proposal, byte for byte. Once it is released the deployment has it."""

    __tablename__ = "release_file"
    release_id: Mapped[int] = mapped_column(ForeignKey("release.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
