"""Jobs: work that happens by itself. The row is the truth; it is inserted and deleted in the transaction of the state change it belongs to.

Life: post -> acquire (a lease: `owner` is set and `next_at` moves to the end of the lease) -> done (deleted by its owner), or fail (retried
later), or stopped (retries used up: `next_at` is null and an incident stands for it), or suspended (`next_at` is null until activated).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, Integer, bindparam, delete, exists, func, or_, select, update
from sqlalchemy.orm import Session, aliased

from engine import bell, db, history
from engine.db import Instant
from engine.diagram import Element
from engine.errors import ExpressionError, NotFound, Stale
from engine.expressions import to_json
from engine.models import Incident, Job, ProcessInstance
from engine.spiff import Wait, moments

SERVICE, TIMER, CALL, RETURN, CANCEL = "service", "timer", "call", "return", "cancel"
MESSAGE, BUFFERED, SIGNAL, ESCALATION, START_TIMER = "message", "buffered", "signal", "escalation", "start_timer"
BATCH, LETTER = "batch", "letter"
EXPORT, CASEFILE = "export", "casefile"
AUDIT = "audit"
CALENDAR, DEADLINES = "calendar", "deadlines"

RETRIES = 3
LEASE = timedelta(minutes=5)
BACK_OFF = timedelta(seconds=10)


class Lane(Enum):
    """Steps of the engine are quick, handlers may take their time: they are leased apart, so that neither waits behind the other."""

    STEPS = "steps"
    SERVICES = "services"


@dataclass(frozen=True)
class Leased:
    """A job that its owner may execute now."""

    id: int
    kind: str
    topic: str | None


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
        suspended=False,
        priority=priority,
        payload=dict(payload),
        error="",
        created_at=now,
    )
    job.retries = tries(job)
    session.add(job)
    if due is None or due <= now:
        bell.announce(session)
    return job


def post_buffered(session: Session, instance_id: int, buffered_id: int) -> Job:
    """The job that looks whether a case waits for a message that was kept."""
    return post(session, BUFFERED, instance_id=instance_id, key=str(buffered_id), payload={"buffered_id": buffered_id})


def keeping(message: str) -> str:
    """What db.alone() and db.together() call it when a message of this name is kept, or a place begins to wait for one."""
    return f"message {message}"


def schedule(session: Session, instance: ProcessInstance, wait: Wait, kind: str) -> Job:
    """The job of a place that waits: a service task, a timer, a call."""
    payload: dict[str, Any] = {"retry_cycle": wait.retry_cycle} if wait.retry_cycle else {}
    if kind == CALL:
        payload = {
            "called": wait.called,
            "version": "deployment" if wait.called_binding == "deployment" else wait.called_version,
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


def acquire(session: Session, owner: str, limit: int, lease: timedelta = LEASE, lane: Lane = Lane.STEPS) -> list[Leased]:
    """Lease up to `limit` due jobs of `lane`: higher priority first, then earlier, at most one per case. Commit before you execute them.

    A case may have one of each lane: a timer at the boundary of a slow service task must be able to interrupt it.
    """
    now = db.now(session)
    taken: list[Leased] = []
    instances: set[int] = set()
    for priority in session.scalars(_PRIORITIES[lane]).all():
        for id_, kind, topic, instance_id in session.execute(_DUE[lane], {"now": now, "priority": priority, "limit": limit - len(taken)}):
            if instance_id not in instances:
                taken.append(Leased(id_, kind, topic))
                if instance_id is not None:
                    instances.add(instance_id)
        if len(taken) == limit:
            break
    if taken:
        mine = update(Job).where(Job.id.in_([job.id for job in taken])).values(owner=owner, next_at=now + lease)
        session.execute(mine.execution_options(synchronize_session=False))
    return taken


def _of(lane: Lane, job: type[Job] = Job) -> ColumnElement[bool]:
    """The condition of the partial indexes of models.Job."""
    return job.topic.is_(None) if lane is Lane.STEPS else job.topic.is_not(None)


def _priorities(lane: Lane) -> Any:
    """The priorities there are, highest first, each found by one look into the index.

    Ordering what is due by priority instead would sort all of it for every batch.
    """
    levels = select(func.max(Job.priority).label("level")).where(_of(lane)).cte("levels", recursive=True)
    other = aliased(Job)
    lower = select(func.max(other.priority)).where(_of(lane, other), other.priority < levels.c.level).scalar_subquery()
    levels = levels.union_all(select(lower).where(levels.c.level.is_not(None)))
    return select(levels.c.level).where(levels.c.level.is_not(None))


def _due(lane: Lane) -> Any:
    other = aliased(Job)
    now = bindparam("now", type_=Instant)
    busy = exists(
        select(other.id).where(
            other.instance_id == Job.instance_id, other.id != Job.id, other.owner.is_not(None), other.next_at > now, _of(lane, other)
        )
    )
    return (
        select(Job.id, Job.kind, Job.topic, Job.instance_id)
        .where(_of(lane), Job.priority == bindparam("priority"), Job.next_at <= now, or_(Job.instance_id.is_(None), ~busy))
        .order_by(Job.next_at, Job.id)
        .limit(bindparam("limit", type_=Integer))
        .with_for_update(skip_locked=True, of=Job)
    )


# Made once: an idle worker asks these all day, and putting them together costs more than answering them.
_PRIORITIES = {lane: _priorities(lane) for lane in Lane}
_DUE = {lane: _due(lane) for lane in Lane}


def take_over(session: Session, job_id: int, former: str, owner: str, lease: timedelta = LEASE) -> bool:
    """Make `owner` the holder of a lease that `former` handed on. False: it was handed on to somebody else, or has run out."""
    handed = update(Job).where(Job.id == job_id, Job.owner == former).values(owner=owner, next_at=db.now(session) + lease)
    return session.connection().execute(handed).rowcount == 1


def extend(session: Session, job_ids: Collection[int], owner: str, lease: timedelta = LEASE) -> None:
    """Move the end of the leases of those jobs that are still `owner`'s."""
    if job_ids:
        mine = update(Job).where(Job.id.in_(job_ids), Job.owner == owner)
        session.execute(mine.values(next_at=db.now(session) + lease).execution_options(synchronize_session=False))


def reclaim(session: Session, lease: timedelta = LEASE) -> int:
    """Leases that end later than any can were taken by a clock that was ahead, since set right: their holders, if they live, get one more.

    How many. Without it, what such a holder has died with would wait until the wrong clock's time has come.
    """
    now = db.now(session)
    wrong = list(session.scalars(select(Job.id).where(Job.owner.is_not(None), Job.next_at > now + 2 * lease)))
    if wrong:
        session.execute(update(Job).where(Job.id.in_(wrong), Job.owner.is_not(None)).values(next_at=now + lease))
    return len(wrong)


def finish(session: Session, job_id: int, owner: str) -> None:
    """Delete a job that is done. Raises Stale when it is no longer `owner`'s: roll back, somebody else has done it."""
    deleted = session.connection().execute(delete(Job).where(Job.id == job_id, Job.owner == owner))
    if deleted.rowcount != 1:
        raise Stale(instance=f"job {job_id}")


# Made once: every job asks it.
_TAKE = (
    delete(Job.__table__)  # type: ignore[arg-type]
    .where(Job.id == bindparam("number"), Job.owner == bindparam("mine"))
    .returning(*Job.__table__.columns)
)


def take(session: Session, job_id: int, owner: str) -> Job:
    """As finish(), and gives what was in the row. Raises Stale."""
    row = session.connection().execute(_TAKE, {"number": job_id, "mine": owner}).one_or_none()
    if row is None:
        raise Stale(instance=f"job {job_id}")
    return Job(**row._mapping)


def release(session: Session, job_ids: Collection[int], owner: str, after: timedelta = timedelta()) -> None:
    """Give leased jobs back with their retries, due `after` from now: they met a conflict, not a failure, or were not begun."""
    mine = update(Job).where(Job.id.in_(job_ids), Job.owner == owner)
    session.execute(mine.values(owner=None, next_at=db.now(session) + after).execution_options(synchronize_session=False))


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
        .where(Job.instance_id == instance_id, Job.next_at.is_(None), Job.retries > 0, Job.suspended.is_(False))
        .values(next_at=Job.due_at)
        .execution_options(synchronize_session=False)
    )
    bell.announce(session)


def suspend(session: Session, job_id: int) -> None:
    """Let one job wait until it is activated. One that is under way is done again then. Raises NotFound."""
    job = _get(session, job_id)
    job.suspended, job.owner, job.next_at = True, None, None


def activate(session: Session, job_id: int) -> None:
    """Let a suspended job go on, at its own time; if its case is suspended, with that. Raises NotFound."""
    job = _get(session, job_id)
    job.suspended = False
    instance = session.get(ProcessInstance, job.instance_id) if job.instance_id is not None else None
    if job.retries > 0 and (instance is None or instance.state == "active"):
        job.next_at = job.due_at
        bell.announce(session)


def retry(session: Session, job: Job) -> None:
    """Try a job that was stopped again, at once and with all its retries."""
    job.retries, job.owner, job.error = tries(job), None, ""
    job.next_at = None if job.suspended else db.now(session)
    bell.announce(session)


def _get(session: Session, job_id: int) -> Job:
    job = session.get(Job, job_id, with_for_update=True)
    if job is None:
        raise NotFound(what="job", id=job_id)
    return job


def fail(session: Session, job_id: int, owner: str, message: str, line: int | None, element: Element | None) -> None:
    """A try failed: later again, or, when that was the last one, never until its incident is resolved."""
    job = session.get(Job, job_id, populate_existing=True)
    if job is None or job.owner != owner:
        return
    job.owner = None
    job.error = message
    job.retries -= 1
    # A message that a case sends is a job of no case, but what goes wrong with it is the sender's incident.
    instance_id = job.instance_id or job.payload.get("from")
    if instance_id is not None:
        detail = {"message": message, "line": line, "retries": job.retries, "topic": job.topic}
        history.record(session, instance_id, "job.failed", element=element, wait_id=job.wait_id, detail=detail)
    if job.retries > 0:
        job.next_at = db.now(session) + back_off(job)
        return
    job.next_at = None
    if instance_id is not None:
        session.add(
            Incident(
                instance_id=instance_id,
                wait_id=job.wait_id,
                job_id=job.id,
                element_id=job.element_id or job.payload.get("element") or "",
                kind=f"job.{job.kind}",
                message=message,
                line=line,
                raised_at=db.now(session),
            )
        )


def _cycle(job: Job) -> moments.Cycle | None:
    text = job.payload.get("retry_cycle") or ""
    try:
        return moments.cycle(text) if text else None
    except ExpressionError:
        # What a deployment of before the rule about it holds must not stop the job.
        return None


def tries(job: Job) -> int:
    """How often a job is tried: what `camunda:failedJobRetryTimeCycle` says (`R5/PT10M`: five times), else RETRIES."""
    cycle = _cycle(job)
    return cycle.times or RETRIES if cycle else RETRIES


def back_off(job: Job) -> timedelta:
    """How long to wait before the next try: the interval of `camunda:failedJobRetryTimeCycle`, else doubling from ten seconds."""
    cycle = _cycle(job)
    if cycle:
        return cycle.interval.rest + timedelta(days=30 * cycle.interval.months)
    return BACK_OFF * (1 << max(0, RETRIES - job.retries - 1))
