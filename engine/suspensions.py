"""Suspensions: a version of a process rests, or all of them. None of its cases runs, none starts, and nothing is lost.

The jobs of its cases are taken out of the due ones in one statement; those that come up afterwards are parked by the executor, which
looks at the version under the lock of the case. Due times stay: what became due meanwhile runs when the version is activated.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from engine import bell, db, executions, jobs
from engine.errors import Invalid, NotFound
from engine.models import DefinitionEvent, Job, ProcessDefinition, ProcessInstance, User


def suspend(session: Session, key: str, user: User | None, reason: str, version: int | None = None) -> list[ProcessDefinition]:
    """Let `version` of process `key` rest, or all its versions. Those that did not before. Raises NotFound, Invalid.

    A version that is released later does not rest. `user` None: who operates the installation.
    """
    changed = _change(session, key, user, reason, version, suspended=True)
    ids = [definition.id for definition in changed]
    for mine in _jobs(ids):
        # What somebody has in his hands at this moment is left to him: waiting for it could be waiting for each other.
        free = select(Job.id).where(mine, Job.kind != jobs.CANCEL, Job.next_at.is_not(None)).with_for_update(skip_locked=True)
        rest = update(Job).where(Job.id.in_(free)).values(next_at=None, owner=None)
        session.execute(rest.execution_options(synchronize_session=False))
    return changed


def activate(session: Session, key: str, user: User | None, reason: str, version: int | None = None) -> list[ProcessDefinition]:
    """Let them go on; what became due in the meantime is due now. Cases that are suspended themselves stay so. Raises NotFound, Invalid."""
    changed = _change(session, key, user, reason, version, suspended=False)
    ids = [definition.id for definition in changed]
    for mine in _jobs(ids):
        go_on = update(Job).where(mine, Job.next_at.is_(None), Job.retries > 0, Job.suspended.is_(False)).values(next_at=Job.due_at)
        session.execute(go_on.execution_options(synchronize_session=False))
    bell.announce(session)
    return changed


def resting(session: Session, definition_id: int) -> bool:
    """Whether a version rests, and stays as it is until this transaction ends."""
    query = select(ProcessDefinition.suspended).where(ProcessDefinition.id == definition_id).with_for_update(read=True)
    return bool(session.scalar(query))


def latest(session: Session, definition: ProcessDefinition) -> DefinitionEvent | None:
    """Who suspended or activated this version last."""
    query = select(DefinitionEvent).where(DefinitionEvent.definition_id == definition.id)
    return session.scalar(query.order_by(DefinitionEvent.id.desc()).limit(1))


def _jobs(ids: Collection[int]) -> Sequence[ColumnElement[bool]]:
    """Those of the cases of these versions, and those that start cases of them: asked apart, each by an index of its own."""
    cases = select(ProcessInstance.id).where(ProcessInstance.definition_id.in_(ids), ProcessInstance.state == executions.ACTIVE)
    return Job.instance_id.in_(cases), Job.definition_id.in_(ids)


def _change(session: Session, key: str, user: User | None, reason: str, version: int | None, *, suspended: bool) -> list[ProcessDefinition]:
    if not reason.strip():
        raise Invalid(expected="a reason", found="none")
    query = select(ProcessDefinition).where(ProcessDefinition.key == key).order_by(ProcessDefinition.id)
    if version is not None:
        query = query.where(ProcessDefinition.version == version)
    # In the order of their ids, as everybody who holds several. Not for what only refers to them: cases may start of other versions.
    found = list(session.scalars(query.with_for_update(key_share=True).execution_options(populate_existing=True)))
    if not found:
        raise NotFound(what="process", id=key if version is None else f"{key} ({version})")
    changed = [definition for definition in found if definition.suspended is not suspended]
    if not changed:
        state = "suspended" if suspended else "active"
        raise Invalid(expected=f"a version of {key} that is not {state} yet", found="none")
    kind, now = "suspended" if suspended else "activated", db.now(session)
    for definition in changed:
        definition.suspended = suspended
        actor = user.id if user else None
        session.add(DefinitionEvent(definition_id=definition.id, at=now, kind=kind, actor_id=actor, reason=reason.strip()))
    session.flush()
    return changed
