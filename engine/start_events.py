"""Start events that wait for a message, a signal or a time: those of the version in force only.

The rows of a version that is valid from a later date are there from its release on. Who reads them asks which version is in force
(engine.validity), so that the new version takes over in the moment its time comes, whether or not a worker is running then.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import db, jobs, validity
from engine.expressions import to_json
from engine.models import Deployment, Job, MessageSubscription, ProcessDefinition
from engine.spiff import Program, moments


def subscribe(session: Session, definition: ProcessDefinition, program: Program) -> None:
    """Let the start events of `definition` wait, each from its validity on, and those of versions that are over no longer."""
    _tidy(session, definition.key)
    for event in program.start_events:
        if event.kind in ("message", "signal"):
            waiting = MessageSubscription(
                kind=event.kind, name=event.name, definition_id=definition.id, element_id=event.element_id, keys={}
            )
            session.add(waiting)
        elif event.kind == "timer":
            _first(session, definition, event.element_id, event.timer)


def unsubscribe(session: Session, definition_ids: list[int]) -> None:
    """Nothing of these versions waits any longer."""
    session.execute(delete(MessageSubscription).where(MessageSubscription.definition_id.in_(definition_ids)))
    session.execute(delete(Job).where(Job.definition_id.in_(definition_ids), Job.kind == jobs.START_TIMER))


def _tidy(session: Session, key: str) -> None:
    """Remove what waits for versions that are over. Times that they have slept through are theirs: those stay until a worker comes."""
    now = db.now(session)
    over = select(ProcessDefinition.id).join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
    over = over.where(ProcessDefinition.key == key, validity.begun(now), ~validity.in_force(now))
    ids = list(session.scalars(over))
    session.execute(delete(MessageSubscription).where(MessageSubscription.definition_id.in_(ids)))
    session.execute(delete(Job).where(Job.definition_id.in_(ids), Job.kind == jobs.START_TIMER, Job.due_at > now))


def _first(session: Session, definition: ProcessDefinition, element_id: str, text: str) -> None:
    """Counted from the moment from which the version is in force."""
    now = max(db.now(session), definition.deployment.valid_from or definition.deployment.deployed_at)
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


def postpone(session: Session, definition: ProcessDefinition, element_id: str, variables: Mapping[str, Any]) -> None:
    """Start a case of a version that rests as soon as it is activated."""
    payload = {"timer": "", "left": 1, "variables": to_json(dict(variables))}
    jobs.post(session, jobs.START_TIMER, definition_id=definition.id, element_id=element_id, payload=payload)


def _schedule(session: Session, definition: ProcessDefinition, element_id: str, text: str, due: datetime, left: int | None) -> None:
    """`left`: how many times are left, this one counted; None: without end."""
    payload = {"timer": text, "left": left}
    job = jobs.post(session, jobs.START_TIMER, definition_id=definition.id, element_id=element_id, due=due, payload=payload)
    if definition.deployment.valid_from is not None:
        # A date before it is in force: as with one that has passed, then at once.
        job.next_at = max(due, definition.deployment.valid_from)
