"""What analysts are working on: drafts of process folders, every state of them, and who edits which file now."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.deployed import Deployment
from engine.models.people import User


class Workspace(Base):
    """The draft of one process folder. Who changes it locks this row first."""

    __tablename__ = "workspace"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    folder: Mapped[str] = mapped_column(String(120), unique=True)
    head: Mapped[int] = mapped_column(default=0)
    """Number of the revision that is the draft now."""
    last: Mapped[int] = mapped_column(default=0)
    """The highest number given out, to revisions beside the draft too."""
    deployment_id: Mapped[int | None] = mapped_column(ForeignKey("deployment.id"), index=True)
    """The version that the draft goes back to; null: the folder had none."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    created_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    deployment: Mapped[Deployment | None] = relationship()


class WorkspaceRevision(Base):
    """One state of a draft, whole. Never changed; of autosaves that follow one another closely the last one stays.

    `kind`: begun, saved, added, removed, renamed, imported, restored, followed (a newer version was taken over), aside.
    """

    __tablename__ = "workspace_revision"
    __table_args__ = (UniqueConstraint("workspace_id", "number"), Index(None, "workspace_id", "aside"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    number: Mapped[int]
    kind: Mapped[str] = mapped_column(String(20))
    aside: Mapped[bool] = mapped_column(default=False)
    """It never was the draft: what somebody wanted to save when another had been faster, or what came in from outside."""
    name: Mapped[str | None] = mapped_column(String(300))
    """The file that this is about; null: several."""
    detail: Mapped[dict[str, Any]] = mapped_column(Json)
    tree: Mapped[dict[str, str]] = mapped_column(Json)
    """File name -> SHA-256 of its content."""
    digest: Mapped[str] = mapped_column(String(64))
    """As Deployment.digest, over the files that would be deployed."""
    began_at: Mapped[datetime] = mapped_column(Instant)
    """When the first of the autosaves was made for which this one stands."""
    at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: a program."""
    brought: Mapped[bool] = mapped_column(default=False)
    """Whether the content of `name` was new to the workspace: nothing earlier needs it."""
    kept: Mapped[bool] = mapped_column(default=False)
    """It stays, also when the next autosave follows closely."""
    user: Mapped[User | None] = relationship()


class WorkspaceContent(Base):
    """The bytes of a file of a draft, once for all revisions that have them. Compressed."""

    __tablename__ = "workspace_content"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    size: Mapped[int]
    packed: Mapped[bytes] = mapped_column(LargeBinary, deferred=True)


class WorkspaceLock(Base):
    """Who edits a file of a draft. Over when `until` has passed."""

    __tablename__ = "workspace_lock"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    name: Mapped[str] = mapped_column(String(300), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    since: Mapped[datetime] = mapped_column(Instant)
    until: Mapped[datetime] = mapped_column(Instant)
    user: Mapped[User] = relationship()


class Rehearsal(Base):
    """What one person tries out on the draft of one folder: a scenario with the steps taken so far (engine.rehearsals)."""

    __tablename__ = "rehearsal"
    __table_args__ = (UniqueConstraint("workspace_id", "user_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    version: Mapped[int]
    """One more with every change: who saw an older one is told so."""
    scenario: Mapped[dict[str, Any]] = mapped_column(Json)
    changed_at: Mapped[datetime] = mapped_column(Instant)


class Verdict(Base):
    """How a kept scenario ended on one content of a draft. `key`: digest of both; the same content is not run again."""

    __tablename__ = "verdict"
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id"), primary_key=True)
    key: Mapped[str] = mapped_column(String(64), primary_key=True)
    report: Mapped[dict[str, Any]] = mapped_column(Json)
    ran_at: Mapped[datetime] = mapped_column(Instant, index=True)
