"""Finds the user tasks of which somebody is to be reminded, by indexed queries; each stage once for each due date.

A task whose due date is new is planned first: when its next reminder is due is kept in its row. The mark that a stage is done and its
letters are written in one transaction, under the lock of the case: of several who come at once, all but one find it done.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.orm import Session, selectinload, sessionmaker

from engine import db, deployments, executions, history, working_time
from engine.expressions import Calendar
from engine.models import Organisation, ProcessInstance, Reminder, UserTask
from engine.models.work import REMINDED, UNPLANNED
from engine.reminders import letters, rules

log = structlog.get_logger(__name__)

CHUNK = 200
MOST = 2_000
"""Tasks of one turn; the rest has the next."""
GRACE = timedelta(days=3)
"""A stage that should have come longer ago is not made up for: whoever turns reminders on is not flooded with old ones."""
RESTS = timedelta(hours=1)
"""Until a task of a case that rests is looked at again."""


def take(sessions: sessionmaker[Session], heads: Collection[str]) -> int:
    """One turn of the chore. `heads`: roles whose holders are heads of their bodies. How many were reminded."""
    for _ in range(MOST // CHUNK):
        with sessions.begin() as session:
            if _plan(session) < CHUNK:
                break
    with sessions() as session:
        due = select(UserTask.id, UserTask.instance_id).where(text(REMINDED), UserTask.remind_at <= db.now(session))
        found = session.execute(due.order_by(UserTask.remind_at).limit(MOST)).all()
    reminded = 0
    for task_id, instance_id in found:
        try:
            with sessions.begin() as session:
                reminded += remind(session, instance_id, task_id, heads)
        except Exception as error:
            # The others have their turn; this one comes again with the next.
            log.warning("task.not_reminded", task=task_id, instance=instance_id, error=type(error).__name__)
    return reminded


def _plan(session: Session) -> int:
    """Say for the next tasks when their first reminder is due. How many."""
    now, calendar = db.now(session), working_time.calendar(session)
    query = select(UserTask).where(text(UNPLANNED)).order_by(UserTask.due_at).limit(CHUNK)
    query = query.options(selectinload(UserTask.organisation), selectinload(UserTask.instance).selectinload(ProcessInstance.definition))
    # Rows that somebody works with at this moment are left to the next turn: nobody waits for anybody who has more than one of them.
    tasks = session.scalars(query.with_for_update(of=UserTask, skip_locked=True)).all()
    rows = []
    for task in tasks:
        following = _following(_plans(session, task, calendar), now)
        rows.append({"id": task.id, "planned_for": task.due_at, "remind_at": following.at if following else None})
    if rows:
        session.execute(update(UserTask), rows)
    return len(rows)


@dataclass(frozen=True)
class Stage:
    """A stage of a task's reminders, and when it is due."""

    name: str
    at: datetime


def _plans(session: Session, task: UserTask, calendar: Calendar) -> list[Stage]:
    if task.due_at is None:
        return []
    diagram = deployments.diagram(session, task.instance.definition)
    element = diagram.elements.get(task.element_id)
    if element is None:
        return []
    body = task.organisation.code if isinstance(task.organisation, Organisation) else ""
    rule = rules.of(diagram, element, task.instance.definition.key)
    try:
        return [Stage(name, at) for name, at in rule.moments(task.due_at, task.created_at, calendar.of(body))]
    except ValueError:
        # Beyond what the calendar counts.
        return []


def _following(stages: list[Stage], now: datetime) -> Stage | None:
    """The first that is still worth doing."""
    return next((one for one in stages if one.at > now - GRACE), None)


def remind(session: Session, instance_id: int, task_id: int, heads: Collection[str]) -> bool:
    """The stage of a task whose time has come, if it still has: mark it, post its letters, and plan the next one."""
    instance = executions.lock(session, instance_id)
    task: Any = session.get(UserTask, task_id, populate_existing=True)
    now = db.now(session)
    if task is None or task.state != "open" or task.due_at is None or task.remind_at is None or task.remind_at > now:
        return False
    if not executions.runs(instance):
        task.remind_at = now + RESTS
        return False
    done = set(session.scalars(select(Reminder.stage).where(Reminder.user_task_id == task.id, Reminder.due_at == task.due_at)))
    stages = [one for one in _plans(session, task, working_time.calendar(session)) if one.name not in done]
    # Only the last of those that have come meanwhile: it says what the others would have said.
    come = [one for one in stages if now - GRACE < one.at <= now]
    later = [one for one in stages if one.at > now]
    task.planned_for, task.remind_at = task.due_at, later[0].at if later else None
    return bool(come) and _do(session, instance, task, come[-1].name, heads)


def _do(session: Session, instance: ProcessInstance, task: UserTask, stage: str, heads: Collection[str]) -> bool:
    """False: there is nobody to write to."""
    due = task.due_at or db.now(session)
    count = letters.post(session, task, stage, due, heads)
    if not count:
        return False
    element = deployments.diagram(session, instance.definition).elements.get(task.element_id)
    detail = {"stage": stage, "letters": count, "due": due.isoformat()}
    history.record(session, instance.id, "task.reminded", element=element, user_task_id=task.id, detail=detail)
    return True
