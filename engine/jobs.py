"""Jobs: work that happens by itself. The row is the truth; it is inserted and deleted in the transaction of the state change it belongs to.

Life: post -> acquire (a lease: `owner` is set and `next_at` moves to the end of the lease) -> done (deleted by its owner), or fail (retried
later), or stopped (retries used up: `next_at` is null and an incident stands for it).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import db, history
from engine.diagram import Element
from engine.errors import Stale
from engine.expressions import to_json
from engine.models import Incident, Job, ProcessInstance
from engine.spiff import Wait

SERVICE, TIMER, CALL, RETURN, CANCEL = "service", "timer", "call", "return", "cancel"
MESSAGE, BUFFERED, SIGNAL, ESCALATION, START_TIMER = "message", "buffered", "signal", "escalation", "start_timer"

RETRIES = 3
LEASE = timedelta(minutes=5)
BACK_OFF = timedelta(seconds=10)


def post(
    session: Session,
    kind: str,
    *,
    payload: Mapping[str, Any],
    instance_id: int | None = None,
    definition_id: int | None = None,
    wait_id: str | None = None,
    key: str | None = None,
    element_id: str | None = None,
    topic: str | None = None,
    due: datetime | None = None,
    priority: int = 0,
) -> Job:
    """Add a job, due at once unless `due` says otherwise."""
    now = db.now(session)
    job = Job(
        kind=kind,
        instance_id=instance_id,
        definition_id=definition_id,
        wait_id=wait_id,
        key=key,
        element_id=element_id,
        topic=topic,
        due_at=due or now,
        next_at=due or now,
        owner=None,
        retries=RETRIES,
        priority=priority,
        payload=dict(payload),
        error="",
        created_at=now,
    )
    session.add(job)
    session.info["jobs_posted"] = True
    return job


def schedule(session: Session, instance: ProcessInstance, wait: Wait, kind: str) -> Job:
    """The job of a place that waits: a service task, a timer, a call."""
    payload: dict[str, Any] = {"retry_cycle": wait.retry_cycle} if wait.retry_cycle else {}
    if kind == CALL:
        payload = {
            "called": wait.called,
            "version": wait.called_version,
            "business_key": wait.business_key,
            "variables": to_json(dict(wait.variables)),
        }
    return post(
        session,
        kind,
        instance_id=instance.id,
        wait_id=wait.id,
        element_id=wait.element_id,
        topic=wait.topic,
        due=wait.due if kind == TIMER else None,
        priority=wait.priority or 0,
        payload=payload,
    )


def acquire(session: Session, owner: str, limit: int, lease: timedelta = LEASE) -> list[Job]:
    """Lease up to `limit` due jobs, earliest first, at most one per case. Commit before you execute them."""
    now = db.now(session)
    other = aliased(Job)
    busy = exists(
        select(other.id).where(other.instance_id == Job.instance_id, other.id != Job.id, other.owner.is_not(None), other.next_at > now)
    )
    due = (
        select(Job)
        .where(Job.next_at <= now, or_(Job.instance_id.is_(None), ~busy))
        .order_by(Job.next_at, Job.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
        .execution_options(populate_existing=True)
    )
    taken: list[Job] = []
    instances: set[int] = set()
    for job in session.scalars(due):
        if job.instance_id is not None:
            if job.instance_id in instances:
                continue
            instances.add(job.instance_id)
        job.owner = owner
        job.next_at = now + lease
        taken.append(job)
    session.flush()
    return taken


def extend(session: Session, job_ids: Collection[int], owner: str, lease: timedelta = LEASE) -> None:
    """Move the end of the leases of those jobs that are still `owner`'s."""
    if job_ids:
        mine = update(Job).where(Job.id.in_(job_ids), Job.owner == owner)
        session.execute(mine.values(next_at=db.now(session) + lease).execution_options(synchronize_session=False))


def finish(session: Session, job_id: int, owner: str) -> None:
    """Delete a job that is done. Raises Stale when it is no longer `owner`'s: roll back, somebody else has done it."""
    deleted = session.connection().execute(delete(Job).where(Job.id == job_id, Job.owner == owner))
    if deleted.rowcount != 1:
        raise Stale(instance=f"job {job_id}")


def release(session: Session, job_id: int, owner: str) -> None:
    """Give a leased job back, due at once and with its retries: it met a conflict, not a failure."""
    mine = update(Job).where(Job.id == job_id, Job.owner == owner)
    session.execute(mine.values(owner=None, next_at=db.now(session)).execution_options(synchronize_session=False))


def pause(session: Session, instance_id: int) -> None:
    """Take the jobs of a suspended case out of the due ones. `due_at` stays; those stopped by an incident stay so: no retries."""
    session.execute(
        update(Job)
        .where(Job.instance_id == instance_id, Job.kind != CANCEL, Job.next_at.is_not(None))
        .values(next_at=None, owner=None)
        .execution_options(synchronize_session=False)
    )


def resume(session: Session, instance_id: int) -> None:
    """Put them back, each at its own time."""
    session.execute(
        update(Job)
        .where(Job.instance_id == instance_id, Job.next_at.is_(None), Job.retries > 0)
        .values(next_at=Job.due_at)
        .execution_options(synchronize_session=False)
    )
    session.info["jobs_posted"] = True


def fail(session: Session, job_id: int, owner: str, message: str, line: int | None, element: Element | None) -> None:
    """A try failed: later again, or, when that was the last one, never until its incident is resolved."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.owner != owner:
        return
    job.owner = None
    job.error = message
    job.retries -= 1
    if job.instance_id is not None:
        detail = {"message": message, "line": line, "retries": job.retries, "topic": job.topic}
        history.record(session, job.instance_id, "job.failed", element=element, wait_id=job.wait_id, detail=detail)
    if job.retries > 0:
        job.next_at = db.now(session) + back_off(job)
        return
    job.next_at = None
    if job.instance_id is not None:
        session.add(
            Incident(
                instance_id=job.instance_id,
                wait_id=job.wait_id,
                job_id=job.id,
                element_id=job.element_id or "",
                kind=f"job.{job.kind}",
                message=message,
                line=line,
                raised_at=db.now(session),
            )
        )


_CYCLE = re.compile(r"R(?P<times>\d+)/PT?(?:(?P<hours>\d+)H)?(?:(?P<minutes>\d+)M)?(?:(?P<seconds>\d+)S)?")


def back_off(job: Job) -> timedelta:
    """How long to wait before the next try: what `camunda:failedJobRetryTimeCycle` says (`R5/PT10M`), else doubling from ten seconds."""
    match = _CYCLE.fullmatch(job.payload.get("retry_cycle") or "")
    if match:
        parts = {unit: int(amount) for unit, amount in match.groupdict().items() if amount and unit != "times"}
        return timedelta(**parts)
    return BACK_OFF * (1 << max(0, RETRIES - job.retries - 1))
