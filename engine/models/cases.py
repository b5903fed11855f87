"""Cases and who takes part in them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant
from engine.models.deployed import ProcessDefinition
from engine.models.people import User


class ProcessInstance(Base):
    """A case. `state`: active, suspended, completed, cancelled, failed (an error that nothing caught)."""

    __tablename__ = "process_instance"
    __table_args__ = (
        Index(None, "definition_id", "state"),
        Index(None, "state", "id"),
        Index(None, "title"),
        Index(None, "supervisors", "definition_id", "state"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    definition_id: Mapped[int] = mapped_column(ForeignKey("process_definition.id"))
    root_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    """The outermost caller; itself for a case that nobody called."""
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    parent_wait_id: Mapped[str | None] = mapped_column(String(64))
    """The place of the parent's execution (a call activity) that waits for this case to end."""
    depth: Mapped[int] = mapped_column(default=0)
    business_key: Mapped[str] = mapped_column(String(200), index=True)
    title: Mapped[str] = mapped_column(String(300), default="")
    state: Mapped[str] = mapped_column(String(20), default="active")
    started_at: Mapped[datetime] = mapped_column(Instant, index=True)
    started_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant, index=True)
    end_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    history_count: Mapped[int] = mapped_column(default=0, server_default="0")
    history_head: Mapped[str] = mapped_column(String(64), default="", server_default="")
    """Number and digest of the last entry of its history (engine.chain)."""
    keywords: Mapped[str] = mapped_column(String(16), default="", server_default="")
    """Digest of its rows in `keyword`; empty: it has none."""
    supervisors: Mapped[str] = mapped_column(String(32), default="", server_default="")
    """Digest of the principals that supervise it, which `supervision` has; empty: nobody does."""
    folded: Mapped[str] = mapped_column(Text, default="", server_default="")
    """Title and business key in small letters without marks, for who searches (engine.keywords.fold)."""
    definition: Mapped[ProcessDefinition] = relationship()
    started_by: Mapped[User | None] = relationship()
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012 - SQLAlchemy declares it on the instance


class Execution(Base):
    """The state of a case: zstd(orjson) of engine.spiff.Execution.dump(). A table of its own, so that lists never read it."""

    __tablename__ = "execution"
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)


class Supervision(Base):
    """Who supervises cases: one row for each principal of a set of them. The digest, which cases have, is that of the set.

    Sets are few where cases are many: whose cases they are is asked of the cases alone. `participant` says the same, case by case.
    """

    __tablename__ = "supervision"
    __table_args__ = (Index(None, "principal"),)
    digest: Mapped[str] = mapped_column(String(32), primary_key=True)
    principal: Mapped[str] = mapped_column(String(200), primary_key=True)


class Participant(Base):
    """A principal that may see a case. `scope`: `case`, `task` (only its own tasks there), `supervise`."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("instance_id", "principal", "scope"), Index(None, "principal", "scope", "instance_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    principal: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(20))
