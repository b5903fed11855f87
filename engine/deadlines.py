"""Deadlines that were counted in working time: what they came from is kept, so that they follow when the calendar changes.

A change posts one job that hands out, some hundred cases at a time, a job per case: each moves the deadlines of its case under that case's
lock. What somebody has set by hand since stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions, history, jobs, working_time
from engine.errors import ExpressionError
from engine.models import Deadline, Job, ProcessInstance, UserTask
from engine.spiff import Wait, deadlines

CHUNK = 200
"""Cases that one job hands out."""
_COLUMNS = {"due": "due_at", "follow_up": "follow_up_at"}


def remember(session: Session, instance: ProcessInstance, waits: Iterable[Wait]) -> None:
    """Keep what the deadlines of places that have just opened were computed from."""
    for wait in waits:
        for field, rule in wait.rules.items():
            moment = wait.due if field == "due" else wait.follow_up
            session.add(Deadline(instance_id=instance.id, wait_id=wait.id, field=field, rule=dict(rule), due_at=moment))


def follow(session: Session) -> None:
    """The calendar has changed: all deadlines that were counted with it are counted again."""
    jobs.post(session, jobs.CALENDAR, payload={"after": 0})


def hand_out(session: Session, job: Job) -> None:
    """Kind calendar: a job for each of the next cases, and one that goes on behind them."""
    running = (executions.ACTIVE, executions.SUSPENDED)
    query = (
        select(Deadline.instance_id)
        .join(ProcessInstance, ProcessInstance.id == Deadline.instance_id)
        .where(Deadline.instance_id > job.payload["after"], ProcessInstance.state.in_(running))
        .order_by(Deadline.instance_id)
        .distinct()
        .limit(CHUNK)
    )
    found = list(session.scalars(query))
    for instance_id in found:
        jobs.post(session, jobs.DEADLINES, instance_id=instance_id, payload={})
    if len(found) == CHUNK:
        jobs.post(session, jobs.CALENDAR, payload={"after": found[-1]})


def move(session: Session, job: Job) -> None:
    """Kind deadlines: count the deadlines of a case again. One that cannot be counted any more stays as it is."""
    instance = executions.lock(session, job.instance_id or 0)
    stored = session.scalars(select(Deadline).where(Deadline.instance_id == instance.id)).all()
    waits = [one.wait_id for one in stored]
    tasks = {
        task.wait_id: task
        for task in session.scalars(
            select(UserTask).where(UserTask.instance_id == instance.id, UserTask.wait_id.in_(waits), UserTask.state == "open")
        )
    }
    timers = {
        timer.wait_id: timer
        for timer in session.scalars(select(Job).where(Job.instance_id == instance.id, Job.wait_id.in_(waits), Job.kind == jobs.TIMER))
    }
    calendar = working_time.plain(session)
    for one in stored:
        task, timer = tasks.get(one.wait_id), timers.get(one.wait_id)
        if task is None and timer is None:
            # Its place has closed.
            session.delete(one)
            continue
        try:
            due = deadlines.again(one.rule, calendar)
        except ExpressionError:
            continue
        if due != one.due_at:
            _set(session, instance, one, due, task, timer)


def _set(session: Session, instance: ProcessInstance, one: Deadline, due: datetime, task: UserTask | None, timer: Job | None) -> None:
    former, one.due_at = one.due_at, due
    subject, column = (task, _COLUMNS[one.field]) if task is not None else (timer, "due_at")
    if subject is None or getattr(subject, column) != former:
        # Somebody has set it by hand.
        return
    setattr(subject, column, due)
    if timer is not None and timer.owner is None and timer.next_at is not None:
        timer.next_at = due
    element = deployments.diagram(session, instance.definition).elements.get(subject.element_id or "")
    history.record(
        session,
        instance.id,
        "task.due_date_moved" if task is not None else "timer.moved",
        element=element,
        wait_id=one.wait_id,
        user_task_id=task.id if task is not None else None,
        detail={"field": one.field, "from": former.isoformat(), "due": due.isoformat()},
    )
