"""Taking back what a batch did, case by case: only where nobody has changed it since."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine import corrections, executions, identity, modifications, user_tasks
from engine.acts.outlook import AT_ONCE, Arguments, Outlook, refusal
from engine.errors import EngineError, Invalid, NotFound
from engine.models import Batch, BatchItem, ProcessDefinition, ProcessInstance, User, UserTask

_ON_TASKS = {"assign": "assignee_id", "set_due_date": "due_at", "set_priority": "priority"}


def of(batch: Batch) -> tuple[str, dict[str, Any]]:
    """The act that takes `batch` back."""
    return "put_back", {"batch": batch.id, "kind": batch.kind}


def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    """`ids`: of the items that were done."""
    loaded = joinedload(BatchItem.instance).joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment)
    query = select(BatchItem).join(BatchItem.instance).join(BatchItem.batch).options(loaded).order_by(BatchItem.instance_id, BatchItem.id)
    query = query.where(Batch.user_id == user.id, BatchItem.batch_id == arguments["batch"], identity.may_supervise(user))
    ordered = sorted(set(ids or ()))
    for start in range(0, len(ordered), AT_ONCE):
        for item in session.scalars(query.where(BatchItem.id.in_(ordered[start : start + AT_ONCE]))).all():
            try:
                _look(session, arguments["kind"], item)
                yield Outlook(item.instance_id, subject_id=item.id, name=item.name)
            except EngineError as error:
                yield refusal(item.instance_id, error, item.id, item.name)


def _look(session: Session, kind: str, item: BatchItem) -> None:
    """Raises why it cannot be taken back."""
    done: dict[str, Any] = item.before or {}
    if kind in _ON_TASKS:
        if not executions.runs(item.instance):
            raise executions.not_active(item.instance)
        task = session.get(UserTask, item.subject_id)
        if task is None or task.state != user_tasks.OPEN:
            raise Invalid(expected="an open user task", found="one that is over")
        _same(_plain(getattr(task, _ON_TASKS[kind])), done.get("after"))
    elif kind == "set_variables":
        variables = executions.load(session, item.instance).variables
        _same({name: variables.get(name) for name in done.get("after", {})}, done.get("after"))
    elif kind == "modify":
        modifications.back(session, item.instance, done.get("event", 0))


def _same(found: Any, expected: Any) -> None:
    if found != expected:
        raise Invalid(expected="what this batch has set", found="another value, which was set since")


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, datetime) else value


def do(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    found = session.get(BatchItem, item.subject_id)
    if found is None or found.batch_id != arguments["batch"] or found.before is None:
        raise NotFound(what="batch", id=arguments["batch"])
    executions.lock(session, found.instance_id)
    _look(session, arguments["kind"], found)
    _put(session, arguments["kind"], found, user, reason)


def _put(session: Session, kind: str, item: BatchItem, user: User, reason: str) -> None:
    done: dict[str, Any] = item.before or {}
    task_id, former = item.subject_id or 0, done.get("before")
    if kind == "assign":
        holder = session.get(User, former) if former is not None else None
        if former is not None and (holder is None or not holder.active):
            raise NotFound(what="account", id=former)
        user_tasks.give_back(session, task_id, user, holder, reason)
    elif kind == "set_due_date":
        user_tasks.set_due_date(session, task_id, user, datetime.fromisoformat(former) if former else None, reason)
    elif kind == "set_priority":
        user_tasks.set_priority(session, task_id, user, int(former or 0), reason)
    elif kind == "set_variables":
        corrections.put_back(session, item.instance_id, user, former or {}, reason)
    elif kind == "modify":
        modifications.undo(session, item.instance_id, user, done["event"], reason)
