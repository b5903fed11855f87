"""The only writer of the rows that mirror where an execution waits: user tasks, jobs, subscriptions, incidents; and of its history.

mirror() stores the execution and everything that happened in it since it was loaded, in the caller's transaction. What concerns another
case (called cases, messages) leaves as a job, so that one transaction holds the lock of one case.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import orjson
from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value
from sqlalchemy.orm.exc import StaleDataError

from engine import candidates, chain, db, deadlines, deployments, executions, history, jobs, keywords
from engine.errors import Stale
from engine.expressions import evaluate, to_json
from engine.models import BufferedMessage, HistoryEvent, Incident, Job, MessageSubscription, ProcessInstance, User, UserTask
from engine.models import Execution as StoredExecution
from engine.pipeline import Pipeline
from engine.spiff import Effects, Execution, Failure, Passage, Thrown, Wait, WaitKind
from engine.statements import insertion

LONGEST = 20_000
LEFT_OUT = "_bytes"
"""Stands in the history for a value of more than LONGEST bytes, with how many it has."""
_OPENED_AS_JOB = {WaitKind.JOB: jobs.SERVICE, WaitKind.TIMER: jobs.TIMER, WaitKind.CALL: jobs.CALL}
_WRITTEN = (HistoryEvent, Job, MessageSubscription)
"""Rows that nobody asks for once they are written."""
_HEAD = ("history_count", "history_head")
_WHOLE = (*_HEAD, "root_id", "business_key", "title", "state", "ended_at", "end_reason", "keywords", "supervisors", "folded")
_MOVED, _CHANGED = (
    update(ProcessInstance)
    .where(ProcessInstance.id == bindparam("id"), ProcessInstance.version == bindparam("version"))
    # Bumped by every step, also by one that changes no other column of the row: a stale writer must notice.
    .values(version=ProcessInstance.version + 1, **{name: bindparam(name) for name in names})
    for names in (_HEAD, _WHOLE)
)
_MENDED = (
    update(Incident).where(Incident.instance_id == bindparam("number"), Incident.resolved_at.is_(None)).values(resolved_at=bindparam("now"))
)
_STORED = update(StoredExecution).where(StoredExecution.instance_id == bindparam("number")).values(state=bindparam("state"))


def mirror(
    session: Session,
    instance: ProcessInstance,
    execution: Execution,
    *,
    actor: User | None = None,
    completed: str | None = None,
    together: Pipeline | None = None,
    new: bool = False,
) -> None:
    """Write what happened in `execution` since it was loaded. The case's row is locked by the caller, or new. Raises Stale.

    `completed`: the place of the user task whose row the caller has closed. `together`: what the caller writes with it. `new`: nothing of
    the execution is stored yet.
    """
    together = together or Pipeline(session)
    effects = execution.collect()
    if closed := [wait for wait in effects.closed if wait.id != completed]:
        _close(session, instance, closed)
    _record(session, together, instance, effects.passages, actor)
    _open(session, together, instance, effects.opened)
    _withdraw(session, instance, [*effects.withdrawn, *_taken_away(effects)])
    _fail(session, instance, effects.failures, effects.wrote)
    _fail(session, instance, [_deadlock(element_id) for element_id in execution.stuck])
    _post(session, instance, effects.thrown)
    _settle(session, together, instance, execution, effects)
    keywords.write(session, instance, deployments.diagram(session, instance.definition), execution.variables)
    if (title := _title(session, instance, execution)) != instance.title:
        instance.title, instance.folded = title, keywords.fold(f"{title}\n{instance.business_key}")
    chain.settle(session, instance)
    together.add_rows([row for row in session.new if isinstance(row, _WRITTEN)])
    moved = _move(session, instance, together)
    state = executions.pack(execution.dump())
    if new:
        together.add(insertion(StoredExecution), {"instance_id": instance.id, "state": state})
    else:
        together.add(_STORED, {"number": instance.id, "state": state})
    try:
        rows = together.send()
    except StaleDataError as error:
        raise Stale(instance=instance.business_key) from error
    if rows[moved] != 1:
        raise Stale(instance=instance.business_key)
    set_committed_value(instance, "version", instance.version + 1)


def _move(session: Session, instance: ProcessInstance, together: Pipeline) -> int:
    """The case's row with what has changed of it, at once with all else and not by the session. Its place in what send() gives."""
    names = _WHOLE if instance in session.dirty else _HEAD
    values = {name: getattr(instance, name) for name in names}
    for name, value in values.items():
        set_committed_value(instance, name, value)
    return together.add(_CHANGED if names is _WHOLE else _MOVED, {"id": instance.id, "version": instance.version, **values})


def _close(session: Session, instance: ProcessInstance, waits: Sequence[Wait]) -> None:
    """Rows of places that wait no more. What is still open of them was cancelled."""
    if tasks := [wait.id for wait in waits if wait.kind is WaitKind.USER_TASK]:
        session.execute(
            update(UserTask)
            .where(UserTask.instance_id == instance.id, UserTask.wait_id.in_(tasks), UserTask.state == "open")
            .values(state="cancelled", ended_at=db.now(session))
            .execution_options(synchronize_session=False)
        )
    if working := [wait.id for wait in waits if wait.kind in _OPENED_AS_JOB]:
        kinds = tuple(_OPENED_AS_JOB.values())
        session.execute(delete(Job).where(Job.instance_id == instance.id, Job.wait_id.in_(working), Job.kind.in_(kinds)))
    if listening := [wait.id for wait in waits if wait.kind in (WaitKind.MESSAGE, WaitKind.SIGNAL)]:
        mine = (MessageSubscription.instance_id == instance.id, MessageSubscription.wait_id.in_(listening))
        session.execute(delete(MessageSubscription).where(*mine))
    if calling := [wait.id for wait in waits if wait.kind is WaitKind.CALL]:
        _abandon(session, instance, calling)


def _abandon(session: Session, instance: ProcessInstance, calling: Sequence[str]) -> None:
    """Called cases that still run although their call activity is over."""
    running = (executions.ACTIVE, executions.SUSPENDED)
    called = select(ProcessInstance.id).where(
        ProcessInstance.parent_id == instance.id, ProcessInstance.parent_wait_id.in_(calling), ProcessInstance.state.in_(running)
    )
    for child_id in session.scalars(called):
        jobs.post(session, jobs.CANCEL, instance_id=child_id, payload={"reason": instance.business_key})


def _record(session: Session, together: Pipeline, instance: ProcessInstance, passages: Iterable[Passage], actor: User | None) -> None:
    elements = deployments.diagram(session, instance.definition).elements
    for passage in passages:
        element = elements[passage.element_id]
        detail: dict[str, Any] = {"entered_at": passage.entered_at.isoformat(), "via": list(passage.via), **passage.detail}
        if passage.wrote:
            detail["wrote"] = _shortened(passage.wrote)
        kind, at = f"element.{passage.state}", passage.left_at
        said = {"actor": actor, "element": element, "wait_id": passage.wait_id, "at": at, "detail": to_json(detail)}
        history.put(session, together, instance.id, kind, **said)


def _shortened(wrote: Mapping[str, Any]) -> dict[str, Any]:
    """What the history keeps of values that something automatic wrote: nothing that would make it as large as the case."""
    plain: dict[str, Any] = to_json(dict(wrote))
    sizes = {name: len(orjson.dumps(value)) for name, value in plain.items()}
    return {name: value if sizes[name] <= LONGEST else {LEFT_OUT: sizes[name]} for name, value in plain.items()}


def _open(session: Session, together: Pipeline, instance: ProcessInstance, waits: Sequence[Wait]) -> None:
    candidates.open_tasks(session, together, instance, [wait for wait in waits if wait.kind is WaitKind.USER_TASK])
    _subscribe(session, instance, [wait for wait in waits if wait.kind in (WaitKind.MESSAGE, WaitKind.SIGNAL)])
    deadlines.remember(session, instance, waits)
    for wait in waits:
        if wait.kind in _OPENED_AS_JOB:
            jobs.schedule(session, instance, wait, _OPENED_AS_JOB[wait.kind])


def _subscribe(session: Session, instance: ProcessInstance, waits: Sequence[Wait]) -> None:
    if not waits:
        return
    for wait in waits:
        session.add(
            MessageSubscription(
                kind=str(wait.kind),
                name=wait.name,
                instance_id=instance.id,
                wait_id=wait.id,
                element_id=wait.element_id,
                keys=to_json(dict(wait.keys)),
            )
        )
    names = {wait.name for wait in waits if wait.kind is WaitKind.MESSAGE}
    for name in sorted(names):
        # Who keeps a message of this name at this moment, since he sees nobody who waits, must be seen here, or see what waits here.
        db.together(session, jobs.keeping(name))
    early = select(BufferedMessage.id).where(BufferedMessage.name.in_(names), BufferedMessage.expires_at > db.now(session))
    for buffered_id in session.scalars(early.order_by(BufferedMessage.id)) if names else ():
        jobs.post_buffered(session, instance.id, buffered_id)


def _deadlock(element_id: str) -> Failure:
    """Tokens stand before a gateway, and nothing in the case can bring the ones that are missing. It must not go unnoticed."""
    message = "the gateway waits for tokens that can no longer come, and nothing else in the case goes on"
    return Failure(retry="", element_id=element_id, kind="deadlock", message=message)


def _taken_away(effects: Effects) -> list[str]:
    """Places whose job may have failed, and whose element was cancelled: nothing is left to be tried again there."""
    cancelled = {passage.wait_id for passage in effects.passages if passage.state == "cancelled"}
    return [wait.id for wait in effects.closed if wait.kind in _OPENED_AS_JOB and wait.id in cancelled]


def _withdraw(session: Session, instance: ProcessInstance, failures: Sequence[str]) -> None:
    """Incidents of elements that were cancelled before anybody mended them."""
    if failures:
        session.execute(
            update(Incident)
            .where(Incident.instance_id == instance.id, Incident.wait_id.in_(failures), Incident.resolved_at.is_(None))
            .values(resolved_at=db.now(session))
            .execution_options(synchronize_session=False)
        )


def _fail(session: Session, instance: ProcessInstance, failures: Iterable[Failure], wrote: Mapping[str, Any] | None = None) -> None:
    for failure in failures:
        incident = Incident(
            instance_id=instance.id,
            wait_id=failure.retry or None,
            element_id=failure.element_id,
            kind=failure.kind,
            message=failure.message,
            line=failure.line,
            raised_at=db.now(session),
        )
        session.add(incident)
        element = deployments.diagram(session, instance.definition).elements.get(failure.element_id)
        detail: dict[str, Any] = {"message": failure.message, "line": failure.line}
        if wrote:
            detail, wrote = {**detail, "wrote": _shortened(wrote)}, None
        history.record(session, instance.id, "incident.raised", element=element, detail=detail)


def _post(session: Session, instance: ProcessInstance, thrown: Iterable[Thrown]) -> None:
    """Messages and signals go to whoever waits; an escalation goes to the case that called this one."""
    for item in thrown:
        payload = {"name": item.name, "variables": to_json(dict(item.variables)), "from": instance.id, "element": item.element_id}
        if item.kind == WaitKind.MESSAGE:
            payload |= {"business_key": item.business_key or instance.business_key, "keys": to_json(dict(item.keys))}
            jobs.post(session, jobs.MESSAGE, payload=payload)
        elif item.kind == WaitKind.SIGNAL:
            jobs.post(session, jobs.SIGNAL, payload=payload)
        elif instance.parent_id is not None:
            jobs.post(session, jobs.ESCALATION, instance_id=instance.parent_id, wait_id=instance.parent_wait_id, payload=payload)


def _settle(session: Session, together: Pipeline, instance: ProcessInstance, execution: Execution, effects: Effects) -> None:
    """The case's own state; and word to the case that called it."""
    if execution.state == executions.ACTIVE:
        return
    instance.state = execution.state
    instance.ended_at = db.now(session)
    if execution.state != "cancelled":
        instance.end_reason = f"BPMN error {effects.unhandled_error}" if effects.unhandled_error is not None else ""
        history.put(session, together, instance.id, f"instance.{execution.state}", detail={"error": effects.unhandled_error})
    together.add(_MENDED, {"number": instance.id, "now": db.now(session)})
    if instance.parent_id is not None:
        payload = {"instance_id": instance.id, "state": execution.state, "error": effects.unhandled_error}
        jobs.post(session, jobs.RETURN, instance_id=instance.parent_id, wait_id=instance.parent_wait_id, payload=payload)


def _title(session: Session, instance: ProcessInstance, execution: Execution) -> str:
    """What process property `ten_ho_so` makes of the case's variables; the former title while they are not there yet."""
    elements = deployments.diagram(session, instance.definition).elements
    source = elements[instance.definition.key].properties.get("ten_ho_so")
    if not source:
        return instance.title
    try:
        return str(evaluate(source, execution.variables) or "")[:300]
    except Exception:
        return instance.title
