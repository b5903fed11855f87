"""Timers that are due: those of a case's execution, and those of start events."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from sqlalchemy.orm import Session, joinedload

from engine import deployments, executions, history, instances, start_events, validity, wait_states
from engine.errors import NotWaiting
from engine.expressions import from_json
from engine.models import Job, ProcessDefinition
from engine.spiff import moments

Kind = Literal["due", "date", "duration", "cycle"]
"""What a text may say: a task's due date (a date, or a duration from now), or one of a timer's three."""


def fire(session: Session, job: Job) -> None:
    """Kind timer: the time has come. Raises NotWaiting when the case went on before."""
    instance = executions.lock_active(session, job.instance_id or 0)
    execution = executions.load(session, instance)
    wait_id = job.wait_id or ""
    if wait_id not in execution.waits:
        raise NotWaiting(element=job.element_id, instance=instance.business_key)
    element = deployments.diagram(session, instance.definition).elements[execution.waits[wait_id].element_id]
    execution.fire_timer(wait_id)
    history.record(session, instance.id, "timer.fired", element=element, wait_id=wait_id, detail={"due_at": job.due_at.isoformat()})
    wait_states.mirror(session, instance, execution)


def start(session: Session, job: Job) -> None:
    """Kind start_timer: start a case, and wait for the next time if the timer is a cycle; a version that was over by then does neither."""
    options = [joinedload(ProcessDefinition.deployment)]
    definition = session.get_one(ProcessDefinition, job.definition_id, options=options)
    if validity.superseded(session, definition, job.due_at):
        return
    instances.start(session, definition, from_json(job.payload.get("variables", {})), start_event=job.element_id)
    start_events.next_time(session, definition, job)


def dates(kind: Kind, text: str, now: datetime, most: int = 5) -> list[datetime]:
    """When what a diagram says would be due if it began `now`; of a cycle the first `most` times. Raises ExpressionError."""
    if kind == "due":
        return [moments.deadline(text, now)]
    if kind == "duration":
        return [moments.duration(text).after(now)]
    if kind == "date":
        return [moments.moment(text)]
    cycle = moments.cycle(text)
    found = [cycle.first or cycle.interval.after(now)]
    while len(found) < min(most, cycle.times or most):
        found.append(cycle.interval.after(found[-1]))
    return found
