"""Messages and signals between cases. A message has exactly one receiver; a signal reaches everybody who waits for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select
from sqlalchemy.orm import Session, joinedload

from engine import db, deployments, executions, history, instances, jobs, start_events, validity, wait_states
from engine.errors import Invalid, MessageNotCorrelated, NotWaiting, Stale
from engine.expressions import from_json, to_json
from engine.models import BufferedMessage, Job, MessageSubscription, ProcessDefinition, ProcessInstance, User

KEPT = timedelta(days=7)
"""How long a message that nobody waits for is kept."""

MESSAGE, SIGNAL = "message", "signal"


def correlate(
    session: Session,
    name: str,
    *,
    business_key: str | None = None,
    keys: Mapping[str, Any] | None = None,
    variables: Mapping[str, Any] | None = None,
    user: User | None = None,
    keep: bool = False,
) -> ProcessInstance | None:
    """Give a message to the one case that waits for it, or start the case that it starts.

    A subscription with correlation keys wants all of them to match; one without wants the business key, when the message has one. Nobody
    waits: with `keep` the message is kept for a time and None returned, else MessageNotCorrelated; so also when several wait.
    """
    waiting = [found for found in _subscriptions(session, MESSAGE, name) if _matches(found, business_key, keys or {})]
    cases = [found for found in waiting if found[1] is not None]
    # One that rests is given its message when it goes on: until then whoever sent it is told that it does not run.
    chosen = [found for found in cases if found[1] is not None and executions.runs(found[1])] or cases or waiting
    if len(chosen) == 1:
        return _deliver(session, chosen[0][0], business_key, variables or {}, user)
    if chosen or not keep:
        raise MessageNotCorrelated(name=name, count=len(chosen))
    db.alone(session, jobs.keeping(name))
    kept = _keep(session, name, business_key, keys or {}, variables or {})
    # Whoever has come to wait since we looked did not see it: from here on nobody else can.
    for found in _subscriptions(session, MESSAGE, name):
        if found[1] is not None and _matches(found, business_key, keys or {}):
            jobs.post_buffered(session, found[1].id, kept.id)
    return None


def _subscriptions(
    session: Session, kind: str, name: str, *more: ColumnElement[bool]
) -> list[tuple[MessageSubscription, ProcessInstance | None]]:
    query = (
        select(MessageSubscription, ProcessInstance)
        .outerjoin(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
        .where(MessageSubscription.kind == kind, MessageSubscription.name == name, *more)
        .where(or_(ProcessInstance.id.is_(None), ProcessInstance.state.in_((executions.ACTIVE, executions.SUSPENDED))))
        .where(or_(MessageSubscription.definition_id.is_(None), _starts(db.now(session))))
        .order_by(MessageSubscription.id)
    )
    return [(subscription, instance) for subscription, instance in session.execute(query)]


def _starts(at: datetime) -> ColumnElement[bool]:
    """Of start events only those of the version in force."""
    return exists(select(ProcessDefinition.id).where(ProcessDefinition.id == MessageSubscription.definition_id, validity.in_force(at)))


def _matches(found: tuple[MessageSubscription, ProcessInstance | None], business_key: str | None, keys: Mapping[str, Any]) -> bool:
    subscription, instance = found
    if instance is None:
        return True
    if subscription.keys:
        return all(key in keys and to_json(keys[key]) == value for key, value in subscription.keys.items())
    return business_key is None or business_key == instance.business_key


def _deliver(
    session: Session, subscription: MessageSubscription, business_key: str | None, variables: Mapping[str, Any], user: User | None
) -> ProcessInstance:
    if subscription.definition_id is not None:
        definition = _definition(session, subscription.definition_id)
        return instances.start(session, definition, variables, business_key=business_key or "", start_event=subscription.element_id)
    assert subscription.instance_id is not None  # noqa: S101 - a subscription has a definition or an instance
    return receive(session, subscription.instance_id, subscription.wait_id or "", subscription.name, variables, user)


def _definition(session: Session, definition_id: int) -> ProcessDefinition:
    options = [joinedload(ProcessDefinition.deployment)]
    return session.get_one(ProcessDefinition, definition_id, options=options)


def receive(
    session: Session, instance_id: int, wait_id: str, name: str, variables: Mapping[str, Any], user: User | None = None
) -> ProcessInstance:
    """Let the place `wait_id` of a case receive message `name`. Raises NotWaiting when the case has gone on."""
    instance = executions.lock_active(session, instance_id)
    execution = executions.load(session, instance)
    wait = execution.waits.get(wait_id)
    if wait is None:
        raise NotWaiting(element=name, instance=instance.business_key)
    element = deployments.diagram(session, instance.definition).elements[wait.element_id]
    execution.receive_message(wait_id, variables)
    detail = {"name": name, "variables": to_json(dict(variables))}
    history.record(session, instance.id, "message.received", actor=user, element=element, wait_id=wait_id, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)
    return instance


def _keep(session: Session, name: str, business_key: str | None, keys: Mapping[str, Any], variables: Mapping[str, Any]) -> BufferedMessage:
    now = db.now(session)
    session.execute(delete(BufferedMessage).where(BufferedMessage.expires_at <= now))
    kept = BufferedMessage(
        name=name,
        business_key=business_key,
        keys=to_json(dict(keys)),
        variables=to_json(dict(variables)),
        arrived_at=now,
        expires_at=now + KEPT,
    )
    session.add(kept)
    session.flush()
    return kept


def send(session: Session, job: Job) -> None:
    """Execute a job of kind message: what a case threw. Raises Stale when its receiver has gone on meanwhile: look for one again."""
    thrown = from_json(job.payload)
    name, key = thrown["name"], thrown["business_key"]
    try:
        correlate(session, name, business_key=key, keys=thrown["keys"], variables=thrown["variables"], keep=True)
    except NotWaiting as gone:
        # To an executor this means that the job's own case has gone on, and that the job may be dropped: the message would be lost.
        raise Stale(instance=key) from gone


def receive_buffered(session: Session, job: Job) -> None:
    """Execute a job of kind buffered: a message arrived before its receiver was ready; now somebody waits."""
    kept = session.get(BufferedMessage, job.payload["buffered_id"])
    if kept is None or kept.expires_at <= db.now(session):
        return
    running = [
        found
        for found in _subscriptions(session, MESSAGE, kept.name, MessageSubscription.instance_id == job.instance_id)
        if _matches(found, kept.business_key, from_json(kept.keys))
    ]
    if running:
        session.delete(kept)
        subscription = running[0][0]
        receive(session, subscription.instance_id or 0, subscription.wait_id or "", kept.name, from_json(kept.variables))


def broadcast(session: Session, name: str, variables: Mapping[str, Any], *, thrower_id: int | None = None) -> int:
    """Send signal `name` to every case and start event that waits for it, but the case that threw it, which has had it. How many."""
    receivers: set[int] = set()
    started = 0
    for subscription, _ in _subscriptions(session, SIGNAL, name):
        if subscription.definition_id is not None:
            definition = _definition(session, subscription.definition_id)
            if definition.suspended:
                start_events.postpone(session, definition, subscription.element_id, variables)
            else:
                instances.start(session, definition, variables, start_event=subscription.element_id)
            started += 1
        elif subscription.instance_id is not None and subscription.instance_id != thrower_id:
            receivers.add(subscription.instance_id)
    for instance_id in sorted(receivers):
        jobs.post(session, jobs.SIGNAL, instance_id=instance_id, payload={"name": name, "variables": to_json(dict(variables))})
    return len(receivers) + started


def send_signal(session: Session, job: Job) -> None:
    """Execute a job of kind signal: without a case it goes to everybody, with one it is received there."""
    thrown = from_json(job.payload)
    if job.instance_id is None:
        broadcast(session, thrown["name"], thrown["variables"], thrower_id=thrown.get("from"))
        return
    instance = executions.lock_active(session, job.instance_id)
    execution = executions.load(session, instance)
    execution.receive_signal(thrown["name"], thrown["variables"])
    history.record(session, instance.id, "signal.received", detail={"name": thrown["name"]})
    wait_states.mirror(session, instance, execution)


def by_hand(
    session: Session, instance_id: int, user: User, kind: str, name: str, variables: Mapping[str, Any], reason: str
) -> ProcessInstance:
    """Hand a message or a signal to one case that waits for it. For its supervisors, with a reason. Raises Invalid, NotWaiting."""
    if not reason.strip():
        raise Invalid(expected="a reason for this change", found="none")
    instance = instances.steered(session, instance_id, user, "hand this case a message")
    if not executions.runs(instance):
        raise executions.not_active(instance)
    execution = executions.load(session, instance)
    waiting = [wait for wait in execution.waits.values() if (str(wait.kind), wait.name) == (kind, name)]
    if not waiting:
        raise NotWaiting(element=name, instance=instance.business_key)
    element = deployments.diagram(session, instance.definition).elements[waiting[0].element_id]
    if kind == MESSAGE:
        execution.receive_message(waiting[0].id, variables)
    else:
        execution.receive_signal(name, variables)
    detail = {"name": name, "variables": to_json(dict(variables)), "reason": reason.strip(), "by_hand": True}
    history.record(session, instance.id, f"{kind}.received", actor=user, element=element, wait_id=waiting[0].id, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)
    return instance
