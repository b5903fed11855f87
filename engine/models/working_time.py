"""When people work, what their deadlines were computed from, who was reminded, how long steps take, and when cases may end."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Float, ForeignKey, Index, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from engine.db import Base, Id, Instant, Json
from engine.models.people import User


class CalendarDay(Base):
    """A day that is not what the general calendar says: a swapped working day, a day off of one place."""

    __tablename__ = "calendar_day"
    __table_args__ = (UniqueConstraint("day", "body"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    day: Mapped[date]
    body: Mapped[str] = mapped_column(String(80), default="")
    """Code of the body whose day it is; empty: everybody's."""
    works: Mapped[bool]
    name: Mapped[str] = mapped_column(String(200), default="")
    changed_at: Mapped[datetime] = mapped_column(Instant)
    changed_by_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))


class WorkingHours(Base):
    """When people of a body work (body empty: everybody). Without a row: engine.expressions.workdays."""

    __tablename__ = "working_hours"
    body: Mapped[str] = mapped_column(String(80), primary_key=True)
    weekdays: Mapped[str] = mapped_column(String(7))
    """`01234`: Monday to Friday."""
    hours: Mapped[str] = mapped_column(String(200))
    """`08:00-11:30 13:00-17:00`"""


class CalendarChange(Base):
    """That the calendar was changed, and by whom: the deadlines counted with it follow. Rows are added, never changed."""

    __tablename__ = "calendar_change"
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    user_id: Mapped[int | None] = mapped_column(ForeignKey("user.id"))
    """Null: who operates the installation."""
    user: Mapped[User | None] = relationship()


class Deadline(Base):
    """What a due date or a timer was computed from, where the calendar had a say (engine.spiff.deadlines)."""

    __tablename__ = "deadline"
    __table_args__ = (UniqueConstraint("instance_id", "wait_id", "field"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"))
    wait_id: Mapped[str] = mapped_column(String(64))
    field: Mapped[str] = mapped_column(String(20))
    """due, follow_up"""
    rule: Mapped[dict[str, Any]] = mapped_column(Json)
    due_at: Mapped[datetime] = mapped_column(Instant)
    """What the rule gave. The task or timer says otherwise when somebody has set it by hand."""


class Reminder(Base):
    """A user task of which somebody was reminded; each stage once for each due date."""

    __tablename__ = "reminder"
    __table_args__ = (UniqueConstraint("user_task_id", "stage", "due_at"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), index=True)
    user_task_id: Mapped[int] = mapped_column(ForeignKey("user_task.id", ondelete="CASCADE"))
    stage: Mapped[str] = mapped_column(String(20))
    """before, late, head, supervisor; hand: a supervisor asked for it"""
    due_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime] = mapped_column(Instant)


class StepTime(Base):
    """How long a step took in finished cases of a process: in working hours. `element_id` empty: the whole case."""

    __tablename__ = "step_time"
    __table_args__ = (UniqueConstraint("process_key", "element_id"),)
    id: Mapped[int] = mapped_column(Id, primary_key=True)
    process_key: Mapped[str] = mapped_column(String(200))
    element_id: Mapped[str] = mapped_column(String(200))
    count: Mapped[int]
    """Cases that the figures come from."""
    median: Mapped[float] = mapped_column(Float)
    """For a step: from entering it until the end of its case. For the whole: from start to end."""
    stay: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    """From entering the step until leaving it."""
    rest: Mapped[float] = mapped_column(Float, default=0.0, server_default="0")
    """From leaving the step until the end of its case."""
    computed_at: Mapped[datetime] = mapped_column(Instant)


class Forecast(Base):
    """When a running case is expected to end (engine.forecasts), as lists show and sort it. Computed again when the case has gone on."""

    __tablename__ = "forecast"
    __table_args__ = (Index(None, "expected_at"),)
    instance_id: Mapped[int] = mapped_column(ForeignKey("process_instance.id", ondelete="CASCADE"), primary_key=True, autoincrement=False)
    version: Mapped[int]
    """Of the case, when this was computed."""
    expected_at: Mapped[datetime | None] = mapped_column(Instant)
    """Null: there is too little to go by."""
    basis: Mapped[int] = mapped_column(default=0)
    """Finished cases that it comes from."""
    tardy: Mapped[bool] = mapped_column(Boolean, default=False)
    """An open task is expected to end after it is due."""
    computed_at: Mapped[datetime] = mapped_column(Instant)
