"""Pending changes: a person gathers acts on one or more cases and applies them together, all or none.

The one place where a transaction holds several cases: they are locked in the order of their ids, and there are at most MOST changes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Select, delete, func, select
from sqlalchemy.orm import Session, joinedload

from engine import db, executions, identity
from engine.acts import ACTS, CANNOT, Outlook
from engine.errors import EngineError, Forbidden, Halted, Invalid, Stale
from engine.models import BatchItem, PendingChange, ProcessDefinition, ProcessInstance, User

MOST = 50


def mine(user: User) -> Select[PendingChange]:
    """The list of `user`, in the order of adding; only cases that he supervises now."""
    loaded = joinedload(PendingChange.instance).joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment)
    query = select(PendingChange).join(PendingChange.instance).where(PendingChange.user_id == user.id, identity.may_supervise(user))
    return query.options(loaded).order_by(PendingChange.id)


def add(session: Session, user: User, kind: str, arguments: Mapping[str, Any], ids: Sequence[int]) -> list[PendingChange]:
    """Put an act on the list, for each of `ids` (of cases, tasks or incidents) that can be changed like that now.

    Raises Invalid when the list would have more than MOST, and when one of them cannot.
    """
    outlooks = list(ACTS[kind].plan(session, arguments, ids, user))
    if not outlooks or any(one.state == CANNOT for one in outlooks):
        why = next((problem["en"] for one in outlooks for problem in one.problems), "none")
        raise Invalid(expected="cases that can be changed like that", found=why)
    count = session.scalar(select(func.count()).select_from(PendingChange).where(PendingChange.user_id == user.id)) or 0
    if count + len(outlooks) > MOST:
        raise Invalid(expected=f"at most {MOST} pending changes", found=count + len(outlooks))
    changes = [_pending(session, user, kind, arguments, one) for one in outlooks]
    session.add_all(changes)
    session.flush()
    return changes


def _pending(session: Session, user: User, kind: str, arguments: Mapping[str, Any], outlook: Outlook) -> PendingChange:
    return PendingChange(
        user_id=user.id,
        kind=kind,
        arguments=dict(arguments),
        instance_id=outlook.instance_id,
        subject_id=outlook.subject_id,
        name=outlook.name[:300],
        seen=session.scalar(select(ProcessInstance.version).where(ProcessInstance.id == outlook.instance_id)) or 0,
        created_at=db.now(session),
    )


def remove(session: Session, user: User, change_ids: Sequence[int]) -> None:
    """Take changes off the list. Those of others are left."""
    session.execute(delete(PendingChange).where(PendingChange.user_id == user.id, PendingChange.id.in_(list(change_ids))))


def apply(session: Session, user: User, reason: str) -> int:
    """Apply all changes of the list, in their order, and empty it. How many.

    Raises Halted for the first that cannot be applied, also when its case has gone on since: then the caller rolls back, and nothing has
    changed. Raises Invalid without a reason or with an empty list.
    """
    if not reason.strip():
        raise Invalid(expected="a reason for these changes", found="none")
    changes = list(session.scalars(mine(user)))
    if not changes:
        raise Invalid(expected="at least one pending change", found="none")
    first: dict[int, PendingChange] = {}
    for change in changes:
        first.setdefault(change.instance_id, change)
    for instance_id in sorted(first):
        # The order in which everybody who holds several cases takes them: two must not wait for each other.
        instance = executions.lock(session, instance_id)
        moved = [one for one in changes if one.instance_id == instance_id and one.seen != instance.version]
        if moved:
            raise _halted(changes.index(moved[0]) + 1, moved[0], Stale(instance=instance.business_key))
    for number, change in enumerate(changes, 1):
        try:
            _still_may(session, change, user)
            item = BatchItem(instance_id=change.instance_id, subject_id=change.subject_id)
            ACTS[change.kind].do(session, change.arguments, item, user, reason.strip())
        except EngineError as error:
            raise _halted(number, change, error) from error
    remove(session, user, [change.id for change in changes])
    return len(changes)


def _halted(number: int, change: PendingChange, error: EngineError) -> Halted:
    return Halted(number=number, case=change.instance.title or change.instance.business_key, why=error)


def _still_may(session: Session, change: PendingChange, user: User) -> None:
    seen = select(ProcessInstance.id).where(ProcessInstance.id == change.instance_id, identity.may_supervise(user))
    if session.scalar(seen) is None:
        raise Forbidden(action="change this case", reason="you supervise it no longer")
