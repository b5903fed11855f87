"""The watchdog: finds cases that run and yet wait for nothing and nobody, and raises an incident, so that a person hears of it.

No case should ever be found. It looks for what must not happen: an execution whose tokens wait for something that cannot come, and an
execution that waits although the row that would wake it is gone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session, aliased, sessionmaker

from engine import db, deployments, executions, history, jobs
from engine.models import Incident, Job, MessageSubscription, ProcessInstance, UserTask

log = structlog.get_logger(__name__)

STALLED = "stalled"
"""Kind of the incidents that are raised here."""
AT_ONCE = 500


@dataclass(frozen=True)
class Stall:
    """Case `instance_id` cannot go on: `reason`, at element `element_id` where that is known."""

    instance_id: int
    element_id: str
    reason: str


def stalled(session: Session, limit: int = AT_ONCE) -> list[Stall]:
    """Cases that cannot go on by anything that anybody does. Those with an open incident are known already."""
    found: list[Stall] = []
    suspicious = select(ProcessInstance.id).where(_nothing_open()).order_by(ProcessInstance.id).limit(limit)
    for instance_id in session.scalars(suspicious).all():
        if stall := _look(session, session.get_one(ProcessInstance, instance_id)):
            found.append(stall)
    return found


def watch(sessions: sessionmaker[Session], lease: timedelta = jobs.LEASE) -> int:
    """Raise an incident for every stalled case, once. How many there were. Leases that a wrong clock took are set right beside."""
    with sessions.begin() as session:
        jobs.reclaim(session, lease)
    with sessions() as session:
        session.connection(execution_options={"reading": True})
        found = stalled(session)
    return sum(_report(sessions, stall.instance_id) for stall in found)


def _report(sessions: sessionmaker[Session], instance_id: int) -> bool:
    with sessions.begin() as session:
        # Looked at again under the lock: it may have gone on, and another worker may have reported it.
        instance = executions.lock(session, instance_id)
        if session.scalar(select(ProcessInstance.id).where(ProcessInstance.id == instance_id, _nothing_open())) is None:
            return False
        stall = _look(session, instance)
        if stall is None:
            return False
        log.error("case.stalled", instance=instance_id, element=stall.element_id)
        element = deployments.diagram(session, instance.definition).elements.get(stall.element_id)
        session.add(
            Incident(
                instance_id=instance_id,
                element_id=stall.element_id,
                kind=STALLED,
                message=stall.reason,
                raised_at=db.now(session),
            )
        )
        history.record(session, instance_id, "incident.raised", element=element, detail={"message": stall.reason})
        return True


def _nothing_open() -> ColumnElement[bool]:
    """The case runs, and no row of it can make it go on. Every part of it is one look into an index."""
    called = aliased(ProcessInstance)
    running = (executions.ACTIVE, executions.SUSPENDED)
    return (
        (ProcessInstance.state == executions.ACTIVE)
        & ~exists(select(UserTask.id).where(UserTask.instance_id == ProcessInstance.id, UserTask.state == "open"))
        & ~exists(select(Job.id).where(Job.instance_id == ProcessInstance.id))
        & ~exists(select(MessageSubscription.id).where(MessageSubscription.instance_id == ProcessInstance.id))
        & ~exists(select(Incident.id).where(Incident.instance_id == ProcessInstance.id, Incident.resolved_at.is_(None)))
        & ~exists(select(called.id).where(called.parent_id == ProcessInstance.id, called.state.in_(running)))
    )


def _look(session: Session, instance: ProcessInstance) -> Stall | None:
    """What is wrong with a case without open rows; None when a change of its data can still wake it (a conditional event)."""
    execution = executions.load(session, instance)
    if execution.state != executions.ACTIVE:
        return Stall(instance.id, "", f"Expected the case to be {execution.state} as its execution is, but found it {instance.state}.")
    for wait in execution.waits.values():
        return Stall(instance.id, wait.element_id, f"Expected a row for the {wait.kind} that it waits for, but found none.")
    for failure in execution.failures.values():
        return Stall(instance.id, failure.element_id, f"Expected an open incident for element {failure.element_id}, but found none.")
    if execution.listens:
        return None
    places = ", ".join(execution.stuck)
    at = f"its tokens wait at {places}" if places else "no token of it is anywhere"
    return Stall(instance.id, next(iter(execution.stuck), ""), f"Expected the case to wait for something, but {at}: nothing can wake it.")
