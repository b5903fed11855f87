"""Start events that wait for a message, a signal or a time: those of the newest version of a process only."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete
from sqlalchemy.orm import Session

from engine import db, jobs
from engine.models import Job, MessageSubscription, ProcessDefinition
from engine.spiff import Program, moments


def subscribe(session: Session, definition: ProcessDefinition, program: Program, former: ProcessDefinition | None) -> None:
    """Let the start events of `definition` wait, and those of the `former` version no longer."""
    if former is not None:
        session.execute(delete(MessageSubscription).where(MessageSubscription.definition_id == former.id))
        session.execute(delete(Job).where(Job.definition_id == former.id, Job.kind == jobs.START_TIMER))
    for event in program.start_events:
        if event.kind in ("message", "signal"):
            waiting = MessageSubscription(
                kind=event.kind, name=event.name, definition_id=definition.id, element_id=event.element_id, keys={}
            )
            session.add(waiting)
        elif event.kind == "timer":
            _first(session, definition, event.element_id, event.timer)


def _first(session: Session, definition: ProcessDefinition, element_id: str, text: str) -> None:
    now = db.now(session)
    if text.strip().startswith("R"):
        cycle = moments.cycle(text)
        _schedule(session, definition, element_id, text, cycle.first or cycle.interval.after(now), cycle.times)
    else:
        _schedule(session, definition, element_id, text, moments.point(text, now), 1)


def next_time(session: Session, definition: ProcessDefinition, job: Job) -> None:
    """After a case was started by a cycle: wait for the next time, counted from the planned one, so that lateness does not add up."""
    left, text = job.payload["left"], job.payload["timer"]
    if left is None or left > 1:
        following = moments.cycle(text).interval.after(job.due_at)
        rest = {**job.payload, "left": None if left is None else left - 1}
        jobs.post(session, jobs.START_TIMER, definition_id=definition.id, element_id=job.element_id, due=following, payload=rest)


def _schedule(session: Session, definition: ProcessDefinition, element_id: str, text: str, due: datetime, left: int | None) -> None:
    """`left`: how many times are left, this one counted; None: without end."""
    payload = {"timer": text, "left": left}
    jobs.post(session, jobs.START_TIMER, definition_id=definition.id, element_id=element_id, due=due, payload=payload)
