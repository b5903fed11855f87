"""Migration: running cases go over to another version of their process, each all or nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import candidates, db, deployments, executions, history, identity, jobs, wait_states
from engine.diagram import FLOW_NODES, Diagram, Element
from engine.errors import Forbidden, Invalid, NotFound, NotMovable
from engine.models import Document, Incident, Job, MessageSubscription, ProcessDefinition, ProcessInstance, User, UserTask
from engine.models import Execution as StoredExecution
from engine.spiff import Execution, Move, Obstacle

__all__ = ["Obstacle", "migrate", "plan", "propose"]


# --- which element stands for which ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Node:
    element: Element
    before: frozenset[str]
    after: frozenset[str]
    """Ids of the flow nodes that lead here, and that this one leads to or is the boundary event of."""


def propose(old: Diagram, new: Diagram) -> dict[str, str]:
    """For flow nodes of `old` the one of `new` that takes their place: the same id and type, or, renamed, found by structure.

    By structure: of the same type, around it what stands for what was around it, and either the only one of its name or between the same
    neighbours. Where two would fit equally, none is proposed. Elements that have no counterpart are not in it.
    """
    before, after = _nodes(old), _nodes(new)
    found = {id_: id_ for id_, node in before.items() if id_ in after and after[id_].element.type == node.element.type}
    around = {process.id: process.id for process in old.processes}
    if len(old.executable) == len(new.executable) == 1:
        around[old.executable[0].id] = new.executable[0].id
    while renamed := _renamed(before, after, found, around):
        found |= renamed
    return {id_: found[id_] for id_ in before if id_ in found}


def _nodes(diagram: Diagram) -> dict[str, _Node]:
    ends = [(e.node.get("sourceRef", ""), e.node.get("targetRef", "")) for e in diagram.elements.values() if e.type == "sequenceFlow"]
    ends += [(e.node.get("attachedToRef", ""), e.id) for e in diagram.elements.values() if e.type == "boundaryEvent"]
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for source, target in ends:
        before.setdefault(target, set()).add(source)
        after.setdefault(source, set()).add(target)
    return {
        element.id: _Node(element, frozenset(before.get(element.id, ())), frozenset(after.get(element.id, ())))
        for element in diagram.elements.values()
        if element.type in FLOW_NODES
    }


def _renamed(
    before: Mapping[str, _Node], after: Mapping[str, _Node], found: Mapping[str, str], around: Mapping[str, str]
) -> dict[str, str]:
    """What can be told from `found` about nodes that are not in it: one round."""
    taken = set(found.values())
    places = {**around, **found}
    left = [node for id_, node in before.items() if id_ not in found]
    free = [node for id_, node in after.items() if id_ not in taken]
    fits = {
        (old.element.id, new.element.id): _likeness(old, new, found, taken)
        for old in left
        for new in free
        if old.element.type == new.element.type and places.get(old.element.parent_id or "") == new.element.parent_id
    }
    renamed: dict[str, str] = {}
    for (old_id, new_id), score in fits.items():
        rivals = [other for pair, other in fits.items() if pair != (old_id, new_id) and (pair[0] == old_id or pair[1] == new_id)]
        if score and all(other < score for other in rivals):
            renamed[old_id] = new_id
    return renamed


def _likeness(old: _Node, new: _Node, found: Mapping[str, str], taken: set[str]) -> int:
    """3: name and neighbours, 2: name, 1: neighbours, 0: neither."""
    sides = [({found[id_] for id_ in was if id_ in found}, now & taken) for was, now in ((old.before, new.before), (old.after, new.after))]
    neighbours = all(was == now for was, now in sides) and any(was for was, _ in sides)
    named = bool(old.element.name) and old.element.name.casefold() == new.element.name.casefold()
    return 2 * named + neighbours


# --- moving ------------------------------------------------------------------------------------------------------------------------------


def plan(
    session: Session,
    definition_from: ProcessDefinition,
    definition_to: ProcessDefinition,
    mapping: Mapping[str, str],
    user: User,
) -> list[tuple[ProcessInstance, list[Obstacle]]]:
    """A dry run: the active cases of `definition_from` that `user` supervises, each with what stands in its way. Raises Invalid."""
    move = _move(session, definition_from, definition_to, mapping)
    query = (
        select(ProcessInstance, StoredExecution.state)
        .join(StoredExecution, StoredExecution.instance_id == ProcessInstance.id)
        .where(ProcessInstance.definition_id == definition_from.id, ProcessInstance.state == executions.ACTIVE)
        .where(identity.may_supervise(user))
        .order_by(ProcessInstance.id)
    )
    return [(instance, move.obstacles(executions.unpack(packed))) for instance, packed in session.execute(query)]


def migrate(
    session: Session,
    instance_id: int,
    definition_to: ProcessDefinition,
    mapping: Mapping[str, str],
    user: User,
    reason: str,
) -> ProcessInstance:
    """Move a case to `definition_to`. For its supervisors, with a reason. Open tasks keep their holders, drafts and files.

    Raises NotFound, Forbidden, Invalid, InstanceNotActive, NotMovable with all obstacles, and ExpressionError when something of the new
    version cannot be evaluated over the case's data. Whatever is raised, nothing has moved once the caller rolls back.
    """
    if not reason.strip():
        raise Invalid(expected="a reason for moving the case", found="none")
    _may_steer(session, instance_id, user)
    # One whose version rests may move, most of all to the version that mends what it rests for.
    instance = executions.lock(session, instance_id)
    if instance.state != executions.ACTIVE:
        raise executions.not_active(instance)
    definition_from = instance.definition
    move = _move(session, definition_from, definition_to, mapping)
    packed = session.scalar(select(StoredExecution.state).where(StoredExecution.instance_id == instance.id))
    if packed is None:
        raise NotFound(what="execution of case", id=instance.id)
    state = executions.unpack(packed)
    if obstacles := move.obstacles(state):
        raise NotMovable(instance.business_key, definition_to.version, obstacles)
    execution = move.execute(state, now=db.now(session), decide=deployments.contents(session, definition_to.deployment).decide)
    instance.definition = definition_to
    _follow(session, instance, move, execution)
    candidates.supervise(session, instance, execution.variables)
    detail: dict[str, Any] = {"from": definition_from.version, "to": definition_to.version, "reason": reason.strip()}
    detail["mapping"] = {old: new for old, new in mapping.items() if old != new}
    history.record(session, instance.id, "instance.migrated", actor=user, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)
    # Taken out of the due ones while the former version rests; if the new one rests, the executor parks them again.
    jobs.resume(session, instance.id)
    return instance


def _move(session: Session, old: ProcessDefinition, new: ProcessDefinition, mapping: Mapping[str, str]) -> Move:
    if new.key != old.key or new.id == old.id:
        raise Invalid(expected=f"another version of process {old.key}", found=f"version {new.version} of process {new.key}")
    return Move(deployments.program(session, old), deployments.program(session, new), mapping)


def _may_steer(session: Session, instance_id: int, user: User) -> None:
    seen = select(ProcessInstance.id).where(ProcessInstance.id == instance_id, identity.may_see_whole_case(user))
    if session.scalar(seen) is None:
        raise NotFound(what="case", id=instance_id)
    if session.scalar(seen.where(identity.may_supervise(user))) is None:
        raise Forbidden(action="move this case to another version", reason="only its supervisors may")


def _follow(session: Session, instance: ProcessInstance, move: Move, execution: Execution) -> None:
    """The rows of places that stay open are those of the new version's elements."""
    waits = execution.waits
    contents = deployments.contents(session, instance.definition.deployment)
    for task in session.scalars(select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open")):
        wait = waits.get(task.wait_id)
        if wait is not None:
            form = contents.form(wait.form, instance.definition.key, wait.element_id)
            task.element_id, task.name, task.form = wait.element_id, wait.name or wait.element_id, form.file if form else None
            session.execute(update(Document).where(Document.user_task_id == task.id).values(element_id=wait.element_id))
    for job in session.scalars(select(Job).where(Job.instance_id == instance.id, Job.element_id.is_not(None))):
        job.element_id = move.target(job.element_id or "")
        if job.topic is not None and job.wait_id in waits:
            job.topic = waits[job.wait_id].topic
    _point(session.scalars(select(MessageSubscription).where(MessageSubscription.instance_id == instance.id)), move)
    _point(session.scalars(select(Incident).where(Incident.instance_id == instance.id, Incident.resolved_at.is_(None))), move)
    session.flush()


def _point(rows: Iterable[MessageSubscription | Incident], move: Move) -> None:
    for row in rows:
        row.element_id = move.target(row.element_id)
