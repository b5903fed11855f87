"""The tables. One class per noun; docs/glossary.md has the words, docs/architecture.md the picture.

The execution of a case is one compressed blob (`Execution`); rows of tasks, jobs, subscriptions and incidents mirror the places where it
waits (`wait_id` ties a row to its place) and change in the same transaction.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.chores import Chore as Chore  # a table of its own that stands beside its verbs
from engine.db import Base, Id, Instant, Json


class Organisation(Base):
    """A body that takes part in procedures. `code` is what diagrams and case data name it by."""

    __tablename__ = "organisation"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    code: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)


class User(Base):
    """An account of a person."""

    __tablename__ = "user"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(80), unique=True)
    name: Mapped[str] = mapped_column(String(200))
    position: Mapped[str] = mapped_column(String(200), default="")
    email: Mapped[str] = mapped_column(String(200), default="")
    password_hash: Mapped[str] = mapped_column(String(200), default="")
    active: Mapped[bool] = mapped_column(default=True)
    administrator: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime] = mapped_column(Instant)
    memberships: Mapped[list[Membership]] = relationship(back_populates="user", cascade="all, delete-orphan")


class Membership(Base):
    """`user` acts for `organisation` in `role` (a word of the diagrams: `tham_muu`, `noi_di`)."""

    __tablename__ = "membership"
    __table_args__ = (UniqueConstraint("user_id", "organisation_id", "role"), Index(None, "role", "organisation_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"), index=True)
    organisation_id: Mapped[int] = mapped_column(ForeignKey("organisation.id"))
    role: Mapped[str] = mapped_column(String(80))
    user: Mapped[User] = relationship(back_populates="memberships")
    organisation: Mapped[Organisation] = relationship()


class LoginAttempt(Base):
    """A failed attempt to log in: the throttle counts them, in the database, so that all web processes see the same."""

    __tablename__ = "login_attempt"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    username: Mapped[str] = mapped_column(String(80), index=True)
    address: Mapped[str] = mapped_column(String(64), index=True)
    at: Mapped[datetime] = mapped_column(Instant, index=True)


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


class ProcessInstance(Base):
    """A case. `state`: active, suspended, completed, cancelled, failed (an error that nothing caught)."""

    __tablename__ = "process_instance"
    __table_args__ = (Index(None, "definition_id", "state"), Index(None, "state", "id"))
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
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    end_reason: Mapped[str] = mapped_column(Text, default="")
    version: Mapped[int] = mapped_column(default=1)
    definition: Mapped[ProcessDefinition] = relationship()
    started_by: Mapped[User | None] = relationship()
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012 - SQLAlchemy declares it on the instance


class Execution(Base):
    """The state of a case: zstd(orjson) of engine.spiff.Execution.dump(). A table of its own, so that lists never read it."""

    __tablename__ = "execution"
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"), primary_key=True)
    state: Mapped[bytes] = mapped_column(LargeBinary)


class UserTask(Base):
    """Work that waits for a person. `state`: open, completed, cancelled."""

    __tablename__ = "user_task"
    __table_args__ = (
        Index(None, "instance_id", "state"),
        Index(None, "assignee_id", "state", "due_at"),
        UniqueConstraint("instance_id", "wait_id"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    wait_id: Mapped[str] = mapped_column(String(64))
    element_id: Mapped[str] = mapped_column(String(200))
    name: Mapped[str] = mapped_column(String(300))
    state: Mapped[str] = mapped_column(String(20), default="open")
    form: Mapped[str | None] = mapped_column(String(300))
    """Resource name of its form in the case's deployment."""
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    """The body that is asked, where its candidate groups name exactly one."""
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    follow_up_at: Mapped[datetime | None] = mapped_column(Instant)
    scope: Mapped[str] = mapped_column(String(20), default="case")
    """What its holder sees: `case`, or `task` (only this request and what it hands over, not the rest of the case)."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    instance: Mapped[ProcessInstance] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
    organisation: Mapped[Organisation | None] = relationship()
    candidates: Mapped[list[Candidate]] = relationship(cascade="all, delete-orphan")


class Candidate(Base):
    """A principal (engine.identity) that may claim a user task."""

    __tablename__ = "candidate"
    __table_args__ = (Index(None, "principal", "user_task_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_task_id: Mapped[int] = mapped_column(ForeignKey("user_task.id"), index=True)
    principal: Mapped[str] = mapped_column(String(200))


class Draft(Base):
    """What a person has typed into the form of a user task and not yet handed in."""

    __tablename__ = "draft"
    __table_args__ = (UniqueConstraint("user_task_id", "user_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    user_task_id: Mapped[int] = mapped_column(ForeignKey("user_task.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("user.id"))
    data: Mapped[dict[str, Any]] = mapped_column(Json)
    saved_at: Mapped[datetime] = mapped_column(Instant)


class Participant(Base):
    """A principal that may see a case. `scope`: `case`, `task` (only its own tasks there), `supervise`."""

    __tablename__ = "participant"
    __table_args__ = (UniqueConstraint("instance_id", "principal", "scope"), Index(None, "principal", "scope", "instance_id"))
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    principal: Mapped[str] = mapped_column(String(200))
    scope: Mapped[str] = mapped_column(String(20))


class Job(Base):
    """Work that happens by itself. `kind`: service, timer, message, signal, return (a called case has ended), start_timer.

    Leased: an executor sets `owner` and moves `next_at` to the end of its lease. Due: `next_at <= now`; null: retries used up or suspended.
    """

    __tablename__ = "job"
    __table_args__ = (
        # Steps of the engine and jobs of handlers are leased apart (jobs.Lane), each in order of priority and time.
        *(
            Index(f"ix_job_{lane}", "priority", "next_at", "id", sqlite_where=text(which), postgresql_where=text(which))
            for lane, which in (("steps", "topic IS NULL"), ("services", "topic IS NOT NULL"))
        ),
        UniqueConstraint("instance_id", "wait_id", "kind", "key"),
    )
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("process_definition.id"), index=True)
    wait_id: Mapped[str | None] = mapped_column(String(64))
    key: Mapped[str | None] = mapped_column(String(200))
    """Tells apart several jobs for one place (a message to it, a called case's return)."""
    kind: Mapped[str] = mapped_column(String(20))
    element_id: Mapped[str | None] = mapped_column(String(200))
    topic: Mapped[str | None] = mapped_column(String(200))
    due_at: Mapped[datetime] = mapped_column(Instant)
    """When it should happen. Stays, while `next_at` moves with leases and retries."""
    next_at: Mapped[datetime | None] = mapped_column(Instant)
    owner: Mapped[str | None] = mapped_column(String(80))
    retries: Mapped[int] = mapped_column(default=3)
    suspended: Mapped[bool] = mapped_column(default=False)
    priority: Mapped[int] = mapped_column(default=0)
    payload: Mapped[dict[str, Any]] = mapped_column(Json)
    error: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)


class MessageSubscription(Base):
    """A case (or, without an instance, a start event) that waits for a message or a signal."""

    __tablename__ = "message_subscription"
    __table_args__ = (Index(None, "kind", "name"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    kind: Mapped[str] = mapped_column(String(10))
    name: Mapped[str] = mapped_column(String(200))
    instance_id: Mapped[int | None] = mapped_column(ForeignKey("process_instance.id"), index=True)
    definition_id: Mapped[int | None] = mapped_column(ForeignKey("process_definition.id"), index=True)
    wait_id: Mapped[str | None] = mapped_column(String(64))
    element_id: Mapped[str] = mapped_column(String(200))
    keys: Mapped[dict[str, Any]] = mapped_column(Json)
    """Correlation keys that a message must carry, all of them. Empty: the business key alone decides."""


class BufferedMessage(Base):
    """A message that arrived before anybody waited for it, kept until `expires_at`."""

    __tablename__ = "buffered_message"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    name: Mapped[str] = mapped_column(String(200), index=True)
    business_key: Mapped[str | None] = mapped_column(String(200))
    keys: Mapped[dict[str, Any]] = mapped_column(Json)
    variables: Mapped[dict[str, Any]] = mapped_column(Json)
    arrived_at: Mapped[datetime] = mapped_column(Instant)
    expires_at: Mapped[datetime] = mapped_column(Instant, index=True)


class Incident(Base):
    """Something failed and waits to be mended: which element, what was said, in which line. `resolved_at` null: still open."""

    __tablename__ = "incident"
    __table_args__ = (Index(None, "instance_id", "resolved_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id"))
    wait_id: Mapped[str | None] = mapped_column(String(64))
    job_id: Mapped[int | None] = mapped_column(Id)
    element_id: Mapped[str] = mapped_column(String(200))
    kind: Mapped[str] = mapped_column(String(40))
    message: Mapped[str] = mapped_column(Text)
    line: Mapped[int | None]
    raised_at: Mapped[datetime] = mapped_column(Instant)
    resolved_at: Mapped[datetime | None] = mapped_column(Instant)
    resolved_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class HistoryEvent(Base):
    """Who did what when, on which element, with what. Rows are added and never changed.

    `kind`: instance.started .completed .cancelled .failed .suspended .activated .migrated; variables.set; element.completed .cancelled
    .failed; task.claimed .unclaimed .assigned .completed; timer.fired; message.received; signal.received; job.failed;
    incident.raised .resolved; document.added .removed .read; notification.sent .not_sent.
    """

    __tablename__ = "history_event"
    __table_args__ = (Index(None, "instance_id", "id"),)
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
