"""What a case waits for: tasks, jobs, messages, incidents."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.cases import ProcessInstance
from engine.models.people import Organisation, User

_OPEN = "state = 'open'"
_SHOWN = ("instance_id", "element_id", "due_at", "organisation_id", "assignee_id")
"""What lists and counts of running cases ask of open tasks: all of it stands in one index."""
_COMPLETED = "state = 'completed'"
_COUNTED = ("ended_at", "instance_id", "due_at", "organisation_id", "ended_by_id")
"""What the figures of a period ask of tasks that were handed in."""
_TAKEN = "on_behalf_of_id IS NOT NULL"
UNPLANNED = "state = 'open' AND due_at IS NOT NULL AND (planned_for IS NULL OR planned_for <> due_at)"
"""Open tasks whose reminders are still to be planned, or planned anew since their due date has moved: the condition of a partial index."""
REMINDED = "state = 'open' AND remind_at IS NOT NULL"


class UserTask(Base):
    """Work that waits for a person. `state`: open, completed, cancelled."""

    __tablename__ = "user_task"
    __table_args__ = (
        Index(None, "instance_id", "state"),
        Index(None, "assignee_id", "state", "due_at"),
        Index("ix_user_task_completed", *_COUNTED, sqlite_where=text(_COMPLETED), postgresql_where=text(_COMPLETED)),
        Index(None, "organisation_id", "instance_id"),
        Index(None, "ended_by_id", "ended_at"),
        Index("ix_user_task_open", *_SHOWN, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
        Index(None, "on_behalf_of_id", sqlite_where=text(_TAKEN), postgresql_where=text(_TAKEN)),
        Index("ix_user_task_unplanned", "state", "due_at", sqlite_where=text(UNPLANNED), postgresql_where=text(UNPLANNED)),
        Index(None, "state", "remind_at", sqlite_where=text(REMINDED), postgresql_where=text(REMINDED)),
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
    organisation_id: Mapped[int | None] = mapped_column(ForeignKey("organisation.id"))
    """The body that is asked, where its candidate groups name exactly one."""
    priority: Mapped[int] = mapped_column(default=50)
    created_at: Mapped[datetime] = mapped_column(Instant)
    due_at: Mapped[datetime | None] = mapped_column(Instant)
    follow_up_at: Mapped[datetime | None] = mapped_column(Instant)
    scope: Mapped[str] = mapped_column(String(20), default="case")
    """What its holder sees: `case`, or `task` (only this request and what it hands over, not the rest of the case)."""
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    ended_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    on_behalf_of_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """In whose name its holder, a deputy, took it."""
    planned_for: Mapped[datetime | None] = mapped_column(Instant)
    """The due date for which `remind_at` was computed (engine.reminders)."""
    remind_at: Mapped[datetime | None] = mapped_column(Instant)
    """When somebody is to be reminded next; null: never, or not planned yet."""
    reminded: Mapped[int] = mapped_column(server_default="0")
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    """How often and when last somebody was reminded of it."""
    instance: Mapped[ProcessInstance] = relationship()
    assignee: Mapped[User | None] = relationship(foreign_keys=[assignee_id])
    ended_by: Mapped[User | None] = relationship(foreign_keys=[ended_by_id])
    on_behalf_of: Mapped[User | None] = relationship(foreign_keys=[on_behalf_of_id])
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
        Index(None, "kind", "due_at"),
        Index(None, "element_id"),
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
    __table_args__ = (Index(None, "kind", "name"), Index(None, "element_id"))
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
    __table_args__ = (Index(None, "instance_id", "resolved_at"), Index(None, "resolved_at", "raised_at"))
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
