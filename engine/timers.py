"""Timers that are due: those of a case's execution, and those of start events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Literal

from sqlalchemy.orm import Session, joinedload

from engine import deployments, executions, history, instances, start_events, validity, wait_states
from engine.errors import NotWaiting
from engine.expressions import CALENDAR, NOW, evaluate, from_json
from engine.models import Job, ProcessDefinition
from engine.spiff import deadlines, moments

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


def dates(
    kind: Kind, text: str, now: datetime, most: int = 5, *, lich: str = "", calendar: Mapping[str, Any] | None = None
) -> list[datetime]:
    """When what a diagram says would be due if it began `now`; of a cycle the first `most` times. Raises ExpressionError.

    `lich`: the element's property of that name; `calendar`: plain data (engine.working_time). Expressions may count with it alone.
    """
    view = {NOW: now, CALENDAR: calendar}
    if kind == "cycle":
        cycle = moments.cycle(text)
        found = [cycle.first or deadlines.after(cycle.interval, now, lich, view)[0]]
        while len(found) < min(most, cycle.times or most):
            found.append(deadlines.after(cycle.interval, found[-1], lich, view)[0])
        return found
    value = evaluate(text, view) if "${" in text else text
    if not lich and isinstance(value, str):
        if kind == "duration":
            return [moments.duration(value).after(now)]
        if kind == "date":
            return [moments.moment(value)]
    found_, _ = deadlines.settled(value, text, view, lich, "due" if kind == "due" else "point")
    return [found_ or moments.point(value, now)]
