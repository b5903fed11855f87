"""Timers that are due: those of a case's execution, and those of start events."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Session, joinedload

from engine import db, deployments, executions, history, instances, jobs, wait_states
from engine.errors import NotWaiting
from engine.models import Job, ProcessDefinition
from engine.spiff import moments


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


def schedule_start(session: Session, definition: ProcessDefinition, element_id: str, text: str) -> None:
    """A timer start event of a definition that is now the newest: its first time."""
    now = db.now(session)
    if text.strip().startswith("R"):
        cycle = moments.cycle(text)
        left = cycle.times
        due = cycle.first or cycle.interval.after(now)
    else:
        due, left = moments.point(text, now), 1
    _post(session, definition.id, element_id, text, due, left)


def _post(session: Session, definition_id: int, element_id: str, text: str, due: datetime, left: int | None) -> None:
    payload = {"timer": text, "left": left}
    jobs.post(session, jobs.START_TIMER, definition_id=definition_id, element_id=element_id, due=due, payload=payload)


def start(session: Session, job: Job) -> None:
    """Kind start_timer: start a case, and wait for the next time if the timer is a cycle. The next is counted from the planned time."""
    options = [joinedload(ProcessDefinition.deployment)]
    definition = session.get_one(ProcessDefinition, job.definition_id, options=options)
    instances.start(session, definition, {}, start_event=job.element_id)
    left = job.payload["left"]
    if left is None or left > 1:
        text = job.payload["timer"]
        following = moments.cycle(text).interval.after(job.due_at)
        _post(session, definition.id, job.element_id or "", text, following, None if left is None else left - 1)
