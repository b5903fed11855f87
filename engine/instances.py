"""Process instances, which people call cases: start and cancel."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from functools import partial
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine import (
    candidates,
    chain,
    db,
    deployments,
    documents,
    executions,
    history,
    identity,
    jobs,
    keywords,
    user_tasks,
    wait_states,
    working_time,
)
from engine.errors import DefinitionSuspended, ExpressionError, Forbidden, Invalid, NotFound
from engine.expressions import evaluate, to_json
from engine.models import ProcessDefinition, ProcessInstance, User
from engine.pipeline import Pipeline
from engine.spiff import Execution
from engine.statements import insert
from engine.topics import Attachment


def start(
    session: Session,
    definition: ProcessDefinition,
    variables: Mapping[str, Any],
    *,
    user: User | None = None,
    business_key: str = "",
    start_event: str | None = None,
    files: Mapping[int, Attachment] | None = None,
) -> ProcessInstance:
    """Start a case by hand (`user` must be a candidate starter) or from a start event.

    With a user, `variables` are what he entered into the start form, and are validated against it. `files` came with the form; its file
    fields name them by these numbers, which the numbers of the stored documents replace. Raises Forbidden, FormInvalid.
    """
    files = files or {}
    if definition.suspended:
        raise DefinitionSuspended(process=definition.name)
    if user is not None:
        if not identity.may_start(user, definition):
            raise Forbidden(action="start this process", reason="it does not name you among those who may start it")
        variables = _entered(session, definition, variables, files)
    instance = create(session, definition, user=user, business_key=business_key or _key(session, definition, variables))
    if files:
        variables = _stored(session, instance, variables, files, user)
    begin(session, instance, variables, user=user, start_event=start_event)
    return instance


def _entered(session: Session, definition: ProcessDefinition, data: Mapping[str, Any], files: Collection[int]) -> dict[str, Any]:
    form = deployments.contents(session, definition.deployment).form(definition.start_form)
    if form is not None:
        return form.validate(data, user_tasks.choices(session) if form.reads & user_tasks.CHOICES else {}, documents=files)
    if data:
        raise Invalid(expected="no data, since the process has no start form", found=", ".join(sorted(data)))
    return {}


def _stored(
    session: Session, instance: ProcessInstance, data: Mapping[str, Any], files: Mapping[int, Attachment], user: User | None
) -> dict[str, Any]:
    """Store the files of the start form as documents of the case. Gives the data with the documents' numbers."""
    form = deployments.contents(session, instance.definition.deployment).form(instance.definition.start_form)
    numbers = {n: documents.add(session, instance.id, f.name, f.content, f.media_type, user=user).id for n, f in files.items()}
    found = dict(data)
    for field in form.fields if form else ():
        holder = found
        *path, name = field.path.split(".")
        for part in path:
            holder = holder.get(part) or {}
        if field.type == "filepicker" and isinstance(holder.get(name), list):
            holder[name] = [numbers.get(number, number) for number in holder[name]]
    return found


def _key(session: Session, definition: ProcessDefinition, variables: Mapping[str, Any]) -> str:
    """What process property `ma_ho_so` makes of the variables that the case starts with; empty where it says nothing."""
    source = deployments.diagram(session, definition).elements[definition.key].properties.get("ma_ho_so", "")
    try:
        return str(evaluate(source, variables) or "").strip()[:200]
    except ExpressionError:
        return ""


def create(
    session: Session,
    definition: ProcessDefinition,
    *,
    user: User | None = None,
    business_key: str = "",
    parent: ProcessInstance | None = None,
    parent_wait_id: str | None = None,
) -> ProcessInstance:
    """The row of a new case, not yet begun."""
    values = {
        "definition_id": definition.id,
        "root_id": parent.root_id if parent else None,
        "parent_id": parent.id if parent else None,
        "parent_wait_id": parent_wait_id,
        "depth": parent.depth + 1 if parent else 0,
        "business_key": business_key or (parent.business_key if parent else ""),
        "started_at": db.now(session),
        "started_by_id": user.id if user else None,
    }
    instance = insert(session, ProcessInstance, values)
    set_committed_value(instance, "definition", definition)
    chain.held(session, instance)
    instance.root_id = instance.root_id or instance.id
    if not instance.business_key:
        # Readable, and unique because it ends in the case's own number.
        instance.business_key = f"{definition.key}-{instance.started_at.year}-{instance.id:04d}"
    instance.folded = keywords.fold(instance.business_key)
    return instance


def begin(
    session: Session,
    instance: ProcessInstance,
    variables: Mapping[str, Any],
    *,
    user: User | None = None,
    start_event: str | None = None,
) -> None:
    """Let a created case run until it waits."""
    definition = instance.definition
    contents = deployments.contents(session, definition.deployment)
    together = Pipeline(session)
    history.put(session, together, instance.id, "instance.started", actor=user, detail={"variables": to_json(dict(variables))})
    if user is not None:
        candidates.admit(session, instance.id, {(identity.account(user.username), identity.CASE)}, together)
    execution = Execution.start(
        contents.program(definition.key),
        now=db.now(session),
        variables=variables,
        business_key=instance.business_key,
        start_event=start_event,
        decide=contents.decide,
        calendar=partial(working_time.plain, session),
    )
    candidates.supervise(session, instance, execution.variables, together)
    wait_states.mirror(session, instance, execution, actor=user, together=together, new=True)


def get(session: Session, instance_id: int, user: User) -> ProcessInstance:
    """A case that `user` may see whole. Raises NotFound, the same for one that is not there and one that is not for him."""
    query = (
        select(ProcessInstance)
        .where(ProcessInstance.id == instance_id, identity.may_see_whole_case(user))
        .options(joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment), joinedload(ProcessInstance.started_by))
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound(what="case", id=instance_id)
    return found


def may_cancel(session: Session, instance: ProcessInstance, user: User) -> bool:
    """Its supervisors, and who started it."""
    supervised = select(ProcessInstance.id).where(ProcessInstance.id == instance.id, identity.may_supervise(user))
    return instance.started_by_id == user.id or session.scalar(supervised) is not None


def cancel(session: Session, instance_id: int, user: User, reason: str) -> None:
    """End a case and all it called, here and now. `reason` is asked for and recorded."""
    if not reason.strip():
        raise Invalid(expected="a reason for cancelling", found="none")
    if not may_cancel(session, get(session, instance_id, user), user):
        raise Forbidden(action="cancel this case", reason="only its supervisors and who started it may")
    end(session, executions.lock_active(session, instance_id), reason.strip(), actor=user)


def suspend(session: Session, instance_id: int, user: User, reason: str) -> None:
    """Stop a case for a while: nobody can work on it and nothing runs. Due times are kept. For its supervisors."""
    instance = steered(session, instance_id, user, "suspend this case")
    if instance.state != executions.ACTIVE:
        raise executions.not_active(instance)
    instance.state = executions.SUSPENDED
    jobs.pause(session, instance.id)
    history.record(session, instance.id, "instance.suspended", actor=user, detail={"reason": reason})


def activate(session: Session, instance_id: int, user: User, reason: str) -> None:
    """Let a suspended case go on; what became due in the meantime is due now. For its supervisors."""
    instance = steered(session, instance_id, user, "activate this case")
    if instance.state != executions.SUSPENDED:
        raise Invalid(expected="a suspended case", found=f"one that is {instance.state}")
    instance.state = executions.ACTIVE
    jobs.resume(session, instance.id)
    history.record(session, instance.id, "instance.activated", actor=user, detail={"reason": reason})


def set_variables(session: Session, instance_id: int, user: User, variables: Mapping[str, Any], reason: str) -> None:
    """Mend the data of a case: for its supervisors, with a reason; before and after are recorded. Conditional events look again."""
    instance = steered(session, instance_id, user, "change the data of this case")
    if not executions.runs(instance):
        raise executions.not_active(instance)
    execution = executions.load(session, instance)
    before = {name: execution.variables.get(name) for name in variables}
    execution.set_variables(variables)
    detail = {"reason": reason, "before": to_json(before), "after": to_json(dict(variables))}
    history.record(session, instance.id, "variables.set", actor=user, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)


def steered(session: Session, instance_id: int, user: User, action: str) -> ProcessInstance:
    """A case that `user` supervises, with its row locked. Raises NotFound, Forbidden."""
    get(session, instance_id, user)
    if session.scalar(select(ProcessInstance.id).where(ProcessInstance.id == instance_id, identity.may_supervise(user))) is None:
        raise Forbidden(action=action, reason="only its supervisors may")
    return executions.lock(session, instance_id)


def end(session: Session, instance: ProcessInstance, reason: str, actor: User | None = None) -> None:
    """Cancel a case whose row is locked."""
    execution = executions.load(session, instance)
    execution.cancel()
    instance.end_reason = reason
    history.record(session, instance.id, "instance.cancelled", actor=actor, detail={"reason": reason})
    wait_states.mirror(session, instance, execution, actor=actor)
