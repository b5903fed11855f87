"""The figures of a process: cases started and finished by week, work by body and by person, what was on time. Each one statement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, select

from engine import db as clock
from engine.models import Organisation, ProcessInstance, User, UserTask
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
    return view.chosen(), *view.conditions()


def _cases(view: View, column: Any, since: datetime) -> Select[str, int]:
    week = monday(column)
    query = select(week, func.count()).select_from(ProcessInstance)
    return query.where(column >= since, *_of_process(view)).group_by(week)


def _counted(query: Select[str, int]) -> dict[str, int]:
    return {week: count for week, count in db.session.execute(query)}  # noqa: C416 - dict() of rows is not typed


def _tasks(view: View, *columns: Any) -> Select[Any]:
    body = () if view.body is None else (UserTask.organisation_id == view.body,)
    query = select(*columns).select_from(UserTask).join(UserTask.instance)
    return query.where(*body, *_of_process(view))


def _on_time(view: View, since: datetime) -> tuple[dict[str, int], dict[str, int]]:
    week, kept = monday(UserTask.ended_at), func.count(case((UserTask.ended_at <= UserTask.due_at, 1)))
    query = _tasks(view, week, kept, func.count()).group_by(week)
    done = query.where(UserTask.state == "completed", UserTask.ended_at >= since, UserTask.due_at.is_not(None))
    rows = list(db.session.execute(done))
    return {row[0]: row[1] for row in rows}, {row[0]: row[2] for row in rows}


def work(view: View) -> tuple[list[Work], list[Work], dict[str, str]]:
    """Bodies that are asked, and persons who hold open tasks or handed tasks in; those with most work first. And all such bodies by name.

    All come from the same two statements, of which each is answered out of one index.
    """
    now, since = _period(view)
    bodies, persons = _Tally(), _Tally()
    opened = _tasks(view, UserTask.organisation_id, UserTask.assignee_id, func.count(), func.count(case((UserTask.due_at <= now, 1))))
    opened = opened.where(UserTask.state == "open").group_by(UserTask.organisation_id, UserTask.assignee_id)
    for body, person, count, late in db.session.execute(opened):
        bodies.add(body, count, late, 0)
        persons.add(person, count, late, 0)
    done = _tasks(view, UserTask.organisation_id, UserTask.ended_by_id, func.count())
    done = done.where(UserTask.state == "completed", UserTask.ended_at >= since)
    for body, person, count in db.session.execute(done.group_by(UserTask.organisation_id, UserTask.ended_by_id)):
        bodies.add(body, 0, 0, count)
        persons.add(person, 0, 0, count)
    names = bodies.names(Organisation)
    by_name = sorted(names.items(), key=lambda one: one[1])
    return bodies.most(names), persons.most(persons.names(User, MOST)), {str(number): name for number, name in by_name}


class _Tally(dict[int, tuple[int, int, int]]):
    """Number of a body or person -> open, late, done."""

    def add(self, number: int | None, open_: int, late: int, done: int) -> None:
        if number is not None:
            before = self.get(number, (0, 0, 0))
            self[number] = before[0] + open_, before[1] + late, before[2] + done

    def first(self, most: int | None = None) -> list[int]:
        """Those with most work."""
        return sorted(self, key=lambda number: (-self[number][0] - self[number][2], number))[:most]

    def names(self, model: type[Organisation] | type[User], most: int | None = None) -> dict[int, str]:
        query = select(model.id, model.name).where(model.id.in_(self.first(most)))
        return {row[0]: row[1] for row in db.session.execute(query)}

    def most(self, names: Mapping[int, str]) -> list[Work]:
        return [Work(names[number], *self[number]) for number in self.first(MOST)]


def _period(view: View) -> tuple[datetime, datetime]:
    now = clock.now(db.session())
    return now, datetime.combine(weeks(now, view.days)[0], time.min, HOME)
