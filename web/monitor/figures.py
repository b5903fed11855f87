"""The figures of a process: cases started and finished by week, work by body and by person, what was on time. Each one statement."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, select

from engine import db as clock
from engine.models import Organisation, ProcessDefinition, ProcessInstance, User, UserTask
from web.database import db
from web.monitor.view import View
from web.monitor.weeks import monday, weeks
from web.words import HOME

MOST = 50
"""Bodies or persons that are listed, those with most work."""


@dataclass(frozen=True)
class Week:
    """One week, called by its Monday."""

    monday: date
    started: int
    finished: int
    on_time: int
    due: int

    @property
    def share(self) -> int | None:
        """Per cent of the tasks with a deadline that were handed in before it."""
        return round(100 * self.on_time / self.due) if self.due else None


@dataclass(frozen=True)
class Work:
    """What one body or person has to do, what of it is late, and what was done in the period."""

    name: str
    open: int
    late: int
    done: int


def by_week(view: View) -> list[Week]:
    """Every week of the period, those in which nothing happened too."""
    mondays = weeks(clock.now(db.session()), view.days)
    since = datetime.combine(mondays[0], time.min, HOME)
    started = _counted(_cases(view, ProcessInstance.started_at, since))
    finished = _counted(_cases(view, ProcessInstance.ended_at, since))
    on_time, due = _on_time(view, since)
    keys = [(one, one.isoformat()) for one in mondays]
    return [Week(one, started.get(key, 0), finished.get(key, 0), on_time.get(key, 0), due.get(key, 0)) for one, key in keys]


def _of_process(view: View) -> tuple[ColumnElement[bool], ...]:
    version = () if view.whole else (ProcessDefinition.version == view.definition.version,)
    return (ProcessDefinition.key == view.definition.key, *version, *view.conditions())


def _cases(view: View, column: Any, since: datetime) -> Select[str, int]:
    week = monday(column)
    query = select(week, func.count()).select_from(ProcessInstance).join(ProcessInstance.definition)
    return query.where(column >= since, *_of_process(view)).group_by(week)


def _counted(query: Select[str, int]) -> dict[str, int]:
    return {week: count for week, count in db.session.execute(query)}  # noqa: C416 - dict() of rows is not typed


def _tasks(view: View, *columns: Any) -> Select[Any]:
    body = () if view.body is None else (UserTask.organisation_id == view.body,)
    query = select(*columns).select_from(UserTask).join(UserTask.instance).join(ProcessInstance.definition)
    return query.where(*body, *_of_process(view))


def _on_time(view: View, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
    week, kept = monday(UserTask.ended_at), func.count(case((UserTask.ended_at <= UserTask.due_at, 1)))
    query = _tasks(view, week, kept, func.count()).group_by(week)
    done = query.where(UserTask.state == "completed", UserTask.ended_at >= since, UserTask.due_at.is_not(None))
    rows = list(db.session.execute(done))
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def by_body(view: View) -> list[Work]:
    """Bodies that are asked, those with most work first."""
    now, since = _period(view)
    counts = _open(), _late(now), _done(since)
    query = _tasks(view, Organisation.name, *counts).join(Organisation, Organisation.id == UserTask.organisation_id)
    query = query.where(_concerns(since)).group_by(Organisation.id, Organisation.name)
    return [Work(*row) for row in db.session.execute(_most(query, *counts))]


def by_person(view: View) -> list[Work]:
    """Who holds open tasks, and who handed tasks in; those with most work first."""
    now, since = _period(view)
    counts = _open(), _late(now), _done(since)
    who = User.id == case((UserTask.state == "open", UserTask.assignee_id), else_=UserTask.ended_by_id)
    query = _tasks(view, User.name, *counts).join(User, who).where(_concerns(since)).group_by(User.id, User.name)
    return [Work(*row) for row in db.session.execute(_most(query, *counts))]


def _period(view: View) -> tuple[datetime, datetime]:
    now = clock.now(db.session())
    return now, datetime.combine(weeks(now, view.days)[0], time.min, HOME)


def _open() -> Any:
    return func.count(case((UserTask.state == "open", 1)))


def _late(now: datetime) -> Any:
    return func.count(case((and_(UserTask.state == "open", UserTask.due_at <= now), 1)))


def _done(since: datetime) -> Any:
    return func.count(case((and_(UserTask.state == "completed", UserTask.ended_at >= since), 1)))


def _concerns(since: datetime) -> ColumnElement[bool]:
    return (UserTask.state == "open") | and_(UserTask.state == "completed", UserTask.ended_at >= since)


def _most(query: Select[Any], *counts: Any) -> Select[Any]:
    return query.order_by((counts[0] + counts[2]).desc()).limit(MOST)
