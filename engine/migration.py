"""Migration: running cases go over to another version of their process, each all or nothing."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.orm import Session

from engine import candidates, db, deployments, executions, history, identity, jobs, missed_steps, wait_states, working_time
from engine.counterparts import propose
from engine.errors import EngineError, Forbidden, Invalid, NotFound, NotMovable
from engine.missed_steps import MissedSteps
from engine.models import Document, Incident, Job, MessageSubscription, ProcessDefinition, ProcessInstance, User, UserTask
from engine.models import Execution as StoredExecution
from engine.sentences import say
from engine.spiff import Execution, Move, Obstacle

__all__ = ["Obstacle", "inverse", "migrate", "plan", "propose"]
AT_ONCE = 500
"""Cases of which plan() holds the state in memory."""


def inverse(mapping: Mapping[str, str]) -> dict[str, str]:
    """The mapping that moves back. What two elements have become cannot be told apart any more and is not in it, unless one kept its id."""
    sources: dict[str, list[str]] = {}
    for old, new in mapping.items():
        sources.setdefault(new, []).append(old)
    return {new: new if new in olds else olds[0] for new, olds in sources.items() if new and (new in olds or len(olds) == 1)}


# --- looking ---


class _Way:
    """From one version to another, and what stands in the way of a case."""

    def __init__(
        self, session: Session, old: ProcessDefinition, new: ProcessDefinition, mapping: Mapping[str, str], without: Collection[str] | None
    ) -> None:
        if new.key != old.key or new.id == old.id:
            raise Invalid(expected=f"another version of process {old.key}", found=f"version {new.version} of process {new.key}")
        if new.deployment.valid_from is not None and new.deployment.valid_from > db.now(session):
            raise Invalid(
                expected="a version whose time has come", found=f"version {new.version}, valid from {new.deployment.valid_from:%d/%m/%Y}"
            )
        self.move = Move(deployments.program(session, old), deployments.program(session, new), mapping)
        self._missed = MissedSteps(deployments.diagram(session, old), deployments.diagram(session, new), old.key, mapping)
        self._without = without
        self._session = session

    def obstacles(self, states: Mapping[int, Mapping[str, Any]]) -> dict[int, list[Obstacle]]:
        """Of each case (id -> stored state) what stands in its way."""
        found = {id_: self.move.obstacles(state) for id_, state in states.items()}
        if self._without is None or not self._missed.new:
            return found
        missed = {
            id_: [one for one in self._missed.at(self.move.places(state)) if one.id not in self._without] for id_, state in states.items()
        }
        concerned = [id_ for id_, steps in missed.items() if steps]
        done = missed_steps.passed(self._session, concerned, {one.id for one in self._missed.new}) if concerned else set()
        for id_ in concerned:
            found[id_] += [_missing(step.id, step.name or step.id) for step in missed[id_] if (id_, step.id) not in done]
        return found


def _missing(element_id: str, name: str) -> Obstacle:
    return Obstacle(
        element_id,
        f"Hồ sơ đã qua chỗ của bước mới “{name}”. Nếu chuyển, bước này sẽ không được thực hiện.",
        f"The case has gone past the place of the new step “{name}”. Moved, it would never do it.",
        kind="missed",
    )


def plan(
    session: Session,
    definition_from: ProcessDefinition,
    definition_to: ProcessDefinition,
    mapping: Mapping[str, str],
    user: User,
    *,
    ids: Sequence[int] | None = None,
    without: Collection[str] | None = (),
) -> Iterator[tuple[int, list[Obstacle]]]:
    """A dry run: (id of a case that `user` supervises, what stands in its way), in the order of their ids, read in portions.

    All that run in `definition_from`, or those of `ids`. `without`: new steps that a case may have gone past; None: any. Raises Invalid.
    """
    way = _Way(session, definition_from, definition_to, mapping, without)
    seen: Any = select(ProcessInstance.id, ProcessInstance.business_key, ProcessInstance.state, ProcessInstance.definition_id)
    seen = seen.where(identity.may_supervise(user)).order_by(ProcessInstance.id)
    for query in _portions(seen, definition_from, ids):
        last = 0
        while rows := session.execute(query.where(ProcessInstance.id > last).limit(AT_ONCE)).all():
            last = rows[-1].id
            told = {row.id: _not_here(session, row, definition_from) for row in rows}
            going = [id_ for id_, obstacles in told.items() if not obstacles]
            states = select(StoredExecution.instance_id, StoredExecution.state).where(StoredExecution.instance_id.in_(going))
            told |= way.obstacles({id_: executions.unpack(packed) for id_, packed in session.execute(states)})
            yield from told.items()


def _portions(seen: Select[Any], definition: ProcessDefinition, ids: Sequence[int] | None) -> Iterator[Select[Any]]:
    if ids is None:
        yield seen.where(
            ProcessInstance.definition_id == definition.id, ProcessInstance.state.in_((executions.ACTIVE, executions.SUSPENDED))
        )
        return
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), AT_ONCE):
        yield seen.where(ProcessInstance.id.in_(ordered[start : start + AT_ONCE]))


def _not_here(session: Session, row: Any, definition: ProcessDefinition) -> list[Obstacle]:
    error: EngineError | None = None
    if row.state != executions.ACTIVE:
        error = executions.not_active(row)
    elif row.definition_id != definition.id:
        error = _elsewhere(definition, session.get_one(ProcessDefinition, row.definition_id))
    return [Obstacle("", say(error, "vi"), say(error, "en"))] if error else []


def _elsewhere(definition: ProcessDefinition, found: ProcessDefinition) -> Invalid:
    return Invalid(expected=f"a case of version {definition.version}", found=f"one of version {found.version}")


# --- moving ---


def migrate(
    session: Session,
    instance_id: int,
    definition_to: ProcessDefinition,
    mapping: Mapping[str, str],
    user: User,
    reason: str,
    *,
    definition_from: ProcessDefinition | None = None,
    without: Collection[str] | None = (),
) -> ProcessInstance:
    """Move a case to `definition_to`. For its supervisors, with a reason. Open tasks keep their holders, drafts and files.

    `definition_from`: the version that `mapping` is about, where it must still be. `without`: as plan().
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
    former = instance.definition
    if definition_from is not None and former.id != definition_from.id:
        raise _elsewhere(definition_from, former)
    way = _Way(session, former, definition_to, mapping, without)
    packed = session.scalar(select(StoredExecution.state).where(StoredExecution.instance_id == instance.id))
    if packed is None:
        raise NotFound(what="execution of case", id=instance.id)
    state = executions.unpack(packed)
    if obstacles := way.obstacles({instance.id: state})[instance.id]:
        raise NotMovable(instance.business_key, definition_to.version, obstacles)
    decide = deployments.contents(session, definition_to.deployment).decide
    calendar = partial(working_time.plain, session)
    execution = way.move.execute(state, now=db.now(session), decide=decide, calendar=calendar)
    instance.definition = definition_to
    _follow(session, instance, way.move, execution)
    candidates.supervise(session, instance, execution.variables)
    detail: dict[str, Any] = {"from": former.version, "to": definition_to.version, "reason": reason.strip()}
    detail["mapping"] = {old: new for old, new in mapping.items() if old != new}
    history.record(session, instance.id, "instance.migrated", actor=user, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)
    # Taken out of the due ones while the former version rests; if the new one rests, the executor parks them again.
    jobs.resume(session, instance.id)
    return instance


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
