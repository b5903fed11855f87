"""What was deployed: folders, files, versions of processes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json


class Deployment(Base):
    """One version of one process folder, whole. `digest` is over all its files: identical content makes no new deployment."""

    __tablename__ = "deployment"
    __table_args__ = (UniqueConstraint("folder", "number"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    folder: Mapped[str] = mapped_column(String(120))
    number: Mapped[int]
    digest: Mapped[str] = mapped_column(String(64), index=True)
    note: Mapped[str] = mapped_column(Text, default="")
    deployed_at: Mapped[datetime] = mapped_column(Instant)
    deployed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    valid_from: Mapped[datetime | None] = mapped_column(Instant)
    """When new cases begin to start with it; null: when it was deployed."""
    withdrawn_at: Mapped[datetime | None] = mapped_column(Instant)
    """It was taken back before its time came, and never is in force."""
    resources: Mapped[list[Resource]] = relationship(back_populates="deployment", cascade="all, delete-orphan")


class Resource(Base):
    """One file of a deployment, byte for byte as it came in. `name` is its path in the folder: `forms/ke_hoach.form`."""

    __tablename__ = "resource"
    __table_args__ = (UniqueConstraint("deployment_id", "name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"))
    name: Mapped[str] = mapped_column(String(300))
    content: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)
    deployment: Mapped[Deployment] = relationship(back_populates="resources")


class ProcessDefinition(Base):
    """One executable process of one deployment. Running cases keep theirs."""

    __tablename__ = "process_definition"
    __table_args__ = (UniqueConstraint("key", "version"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    deployment_id: Mapped[int] = mapped_column(ForeignKey("deployment.id"), index=True)
    resource_id: Mapped[int] = mapped_column(ForeignKey("resource.id"))
    key: Mapped[str] = mapped_column(String(120))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(String(300))
    startable: Mapped[bool] = mapped_column(default=True)
    """Whether a person may start it by hand: it has a none start event."""
    starter_groups: Mapped[list[str]] = mapped_column(Json)
    """Principals (see engine.identity) that may start it; empty: nobody by hand."""
    start_form: Mapped[str | None] = mapped_column(String(300))
    """Resource name of the form of the none start event."""
    suspended: Mapped[bool] = mapped_column(default=False)
    deployment: Mapped[Deployment] = relationship()
    resource: Mapped[Resource] = relationship()
