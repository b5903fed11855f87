"""Timers that are due: those of a case's execution, and those of start events."""

from __future__ import annotations

from sqlalchemy.orm import Session, joinedload

from engine import deployments, executions, history, instances, start_events, validity, wait_states
from engine.errors import NotWaiting
from engine.expressions import from_json
from engine.models import Job, ProcessDefinition


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
