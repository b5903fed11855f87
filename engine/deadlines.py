"""Deadlines that were counted in working time: what they came from is kept, so that they follow when the calendar changes.

A change posts one job that hands out, some hundred cases at a time, a job per case: each moves the deadlines of its case under that case's
lock. What somebody has set by hand since stays.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from engine import db, deployments, executions, history, jobs, working_time
from engine.errors import ExpressionError
from engine.models import CalendarChange, Deadline, HistoryEvent, Job, ProcessInstance, User, UserTask
from engine.spiff import Wait, deadlines

CHUNK = 200
"""Cases that one job hands out."""
TASK_MOVED, TIMER_MOVED = "task.due_date_moved", "timer.moved"
_COLUMNS = {"due": "due_at", "follow_up": "follow_up_at"}


def remember(session: Session, instance: ProcessInstance, waits: Iterable[Wait]) -> None:
    """Keep what the deadlines of places that have just opened were computed from."""
    for wait in waits:
        for field, rule in wait.rules.items():
            moment = wait.due if field == "due" else wait.follow_up
            session.add(Deadline(instance_id=instance.id, wait_id=wait.id, field=field, rule=dict(rule), due_at=moment))


def follow(session: Session, user: User | None = None) -> None:
    """The calendar has changed: all deadlines that were counted with it are counted again. `user` None: who operates the installation."""
    session.add(CalendarChange(at=db.now(session), user_id=user.id if user else None))
    jobs.post(session, jobs.CALENDAR, payload={"after": 0})


@dataclass(frozen=True)
class Followed:
    """What the last change of the calendar has moved so far. `left`: cases still to be looked at, as far as they are known."""

    change: CalendarChange
    tasks: int
    timers: int
    left: int


def followed(session: Session) -> Followed | None:
    """What became of the deadlines since the calendar was changed last; None: it never was."""
    change = session.scalar(select(CalendarChange).options(joinedload(CalendarChange.user)).order_by(CalendarChange.id.desc()).limit(1))
    if change is None:
        return None
    moved = select(HistoryEvent.kind, HistoryEvent.instance_id, HistoryEvent.wait_id).distinct()
    places = moved.where(HistoryEvent.kind.in_((TASK_MOVED, TIMER_MOVED)), HistoryEvent.at >= change.at).subquery()
    counted = session.execute(select(places.c.kind, func.count()).group_by(places.c.kind))
    counts = {kind: count for kind, count in counted}  # noqa: C416 - dict() of rows is not typed
    left = session.scalar(select(func.count(Job.id)).where(Job.kind.in_((jobs.CALENDAR, jobs.DEADLINES))))
    return Followed(change, counts.get(TASK_MOVED, 0), counts.get(TIMER_MOVED, 0), left or 0)


def hand_out(session: Session, job: Job) -> None:
    """Kind calendar: a job for each of the next cases, and one that goes on behind them."""
    if not job.payload["after"]:
        # Who has read the calendar as it was and not committed yet would be overlooked, and keep his deadline.
        db.alone(session, working_time.READING)
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
        TASK_MOVED if task is not None else TIMER_MOVED,
        element=element,
        wait_id=one.wait_id,
        user_task_id=task.id if task is not None else None,
        detail={"field": one.field, "from": former.isoformat(), "due": due.isoformat()},
    )
