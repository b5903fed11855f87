"""User tasks: claim, put back, assign, complete. Completing one is three calls deep: complete -> Execution.complete_user_task -> mirror."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from engine import candidates, db, deployments, executions, history, identity, wait_states
from engine import documents as documents_
from engine.diagram import Element
from engine.errors import Forbidden, Invalid, NotFound, UserTaskAssigned, UserTaskNotOpen
from engine.expressions import to_json
from engine.forms import Form
from engine.models import (
    Deployment,
    Deputy,
    Draft,
    Execution,
    Organisation,
    ProcessDefinition,
    ProcessInstance,
    User,
    UserTask,
)
from engine.pipeline import Pipeline
from engine.statements import Question

OPEN, COMPLETED, CANCELLED = "open", "completed", "cancelled"
CHOICES = frozenset({"_to_chuc", "_tai_khoan"})
"""Reserved variables that hold what select fields choose from."""

# Made once, as all that every completion says to the database. The case's row is locked first, as everywhere; the other two are locked so
# that who waited for the case gets all three as they are then.
_TASK = Question(
    *(UserTask, ProcessInstance, ProcessDefinition, Deployment, Execution.state),
    of=lambda rows: (
        rows.join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
        .join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
        .join(Execution, Execution.instance_id == UserTask.instance_id)
        .where(UserTask.id == bindparam("number"), identity.MAY_SEE_TASK)
        .with_for_update(of=(ProcessInstance, UserTask, Execution), key_share=True)
    ),
)
_CLOSED = (
    update(UserTask)
    .where(UserTask.id == bindparam("number"))
    .values({name: bindparam(name) for name in ("state", "ended_at", "ended_by_id", "assignee_id")})
)
_UNTYPED = delete(Draft).where(Draft.user_task_id == bindparam("number"))


def get(session: Session, task_id: int, user: User) -> UserTask:
    """A user task that `user` may see, with its case, definition and people. Raises NotFound."""
    query = (
        select(UserTask)
        .where(UserTask.id == task_id, identity.may_see_task(user))
        .options(
            joinedload(UserTask.assignee),
            joinedload(UserTask.ended_by),
            joinedload(UserTask.organisation),
            joinedload(UserTask.instance).joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment),
        )
    )
    task = session.scalar(query)
    if task is None:
        raise NotFound(what="user task", id=task_id)
    return task


def _lock(session: Session, task_id: int, user: User) -> UserTask:
    """As get(), but with the case's row locked and the task open. Raises UserTaskNotOpen, which tells who was faster."""
    # Its people are read when somebody asks for them, which is when something is wrong.
    given = {"number": task_id, **identity.given(user)}
    # Again for who waited while the case was moved to another version: see executions.lock.
    rows = _TASK.ask(session, given) or _TASK.ask(session, given)
    if not rows:
        raise NotFound(what="user task", id=task_id)
    task: UserTask = rows[0][0]
    _, instance, definition, deployment, packed = rows[0]
    set_committed_value(task, "instance", instance)
    executions.locked(session, instance, definition, deployment)
    executions.remember(session, instance.id, packed)
    if task.state != OPEN:
        actor = task.ended_by.name if task.ended_by else "the case"
        at = f"{task.ended_at:%Y-%m-%dT%H:%M:%SZ}" if task.ended_at else "?"
        raise UserTaskNotOpen(task=task.name, actor=actor, at=at, actor_id=task.ended_by_id, ended_at=task.ended_at)
    if not executions.runs(instance):
        raise executions.not_active(instance)
    return task


def _is_candidate(session: Session, task: UserTask, user: User) -> bool:
    return session.scalar(select(UserTask.id).where(UserTask.id == task.id, identity.is_candidate(user))) is not None


def _must_be_mine(session: Session, task: UserTask, user: User, action: str) -> None:
    if task.assignee_id not in (None, user.id):
        raise UserTaskAssigned(task=task.name, assignee=task.assignee.name if task.assignee else "?")
    if task.assignee_id is None and not _is_candidate(session, task, user):
        raise Forbidden(action=action, reason="neither you nor one of your bodies is asked")
    absent = task.on_behalf_of_id
    if absent is not None and all(one.absent_id != absent for one in identity.deputyships(user)):
        raise Forbidden(action=action, reason="you took it as a deputy, and are none any more")


def _element(session: Session, task: UserTask) -> Element:
    return deployments.diagram(session, task.instance.definition).elements[task.element_id]


def claim(session: Session, task_id: int, user: User) -> UserTask:
    """Take a task of one's bodies upon oneself. Claiming one's own again is no error."""
    task = _lock(session, task_id, user)
    _must_be_mine(session, task, user, "claim this user task")
    if task.assignee_id is None:
        task.assignee_id = user.id
        history.record(session, task.instance_id, "task.claimed", actor=user, element=_element(session, task), user_task_id=task.id)
    session.flush()
    return task


def stand_in(session: Session, task_id: int, deputyship: Deputy) -> UserTask:
    """Take a task in the name of who is absent: the deputy has it from now on, and sees of its case what its holder sees.

    Which tasks a deputy may take says engine.deputies. Raises NotFound, UserTaskNotOpen, UserTaskAssigned, Forbidden.
    """
    absent, deputy = deputyship.absent, deputyship.deputy
    task = _lock(session, task_id, absent)
    _must_be_mine(session, task, absent, "claim this user task")
    detail = {"for": absent.id, "for_name": absent.name, "from": task.assignee_id}
    task.assignee_id, task.on_behalf_of_id = deputy.id, absent.id
    candidates.admit(session, task.instance_id, {(identity.standing_in(deputyship), task.scope)})
    element = _element(session, task)
    history.record(session, task.instance_id, "task.claimed", actor=deputy, element=element, user_task_id=task.id, detail=detail)
    session.flush()
    return task


def hand_back(session: Session, task: UserTask, actor: User | None, reason: str = "") -> None:
    """Give a task that a deputy took to whom he stood in for, or to the bodies that are asked. Its case's row is locked by the caller."""
    absent = task.on_behalf_of
    if absent is None:
        return
    shared = any(candidate.principal != identity.account(absent.username) for candidate in task.candidates)
    named = {"to": None} if shared else {"to": absent.id, "to_name": absent.name}
    detail = {"from": task.assignee_id, **named} | ({"reason": reason} if reason else {})
    task.assignee_id, task.on_behalf_of_id = None if shared else absent.id, None
    changed(session, task, actor, "task.unclaimed" if shared else "task.assigned", detail)


def unclaim(session: Session, task_id: int, user: User) -> UserTask:
    """Put a task back, so that others of the body can take it; a deputy gives it back to whom he stands in for."""
    task = _lock(session, task_id, user)
    _must_be_mine(session, task, user, "put this user task back")
    if task.on_behalf_of_id is not None:
        hand_back(session, task, user)
        return task
    others = [candidate for candidate in task.candidates if candidate.principal != identity.account(user.username)]
    if not others:
        raise Forbidden(action="put this user task back", reason="nobody else is asked")
    if task.assignee_id is not None:
        task.assignee_id = None
        history.record(session, task.instance_id, "task.unclaimed", actor=user, element=_element(session, task), user_task_id=task.id)
    session.flush()
    return task


def assign(session: Session, task_id: int, user: User, assignee: User, reason: str = "") -> UserTask:
    """Give a task to another person: for its holder among the candidates, for a supervisor to anybody. `reason` is recorded."""
    task = _lock(session, task_id, user)
    supervised = session.scalar(select(ProcessInstance.id).where(ProcessInstance.id == task.instance_id, identity.may_supervise(user)))
    if supervised is None:
        _must_be_mine(session, task, user, "assign this user task")
        if not _is_candidate(session, task, assignee):
            raise Forbidden(action="assign this user task", reason=f"{assignee.name} is not among those who are asked")
    detail = {"from": task.assignee_id, "to": assignee.id, "to_name": assignee.name} | ({"reason": reason} if reason else {})
    task.assignee_id, task.on_behalf_of_id = assignee.id, None
    candidates.admit(session, task.instance_id, {(identity.account(assignee.username), task.scope)})
    element = _element(session, task)
    history.record(session, task.instance_id, "task.assigned", actor=user, element=element, user_task_id=task.id, detail=detail)
    session.flush()
    return task


def give_back(session: Session, task_id: int, user: User, holder: User | None, reason: str) -> UserTask:
    """Take back that a task was given to somebody: `holder` has it again, or nobody. For supervisors of its case, with a reason."""
    task = steered(session, task_id, user, "assign this user task", reason)
    if holder is not None:
        candidates.admit(session, task.instance_id, {(identity.account(holder.username), task.scope)})
    named = {"to": holder.id, "to_name": holder.name} if holder else {"to": None}
    detail = {"from": task.assignee_id, **named, "reason": reason.strip()}
    task.assignee_id, task.on_behalf_of_id = holder.id if holder else None, None
    return changed(session, task, user, "task.assigned" if holder else "task.unclaimed", detail)


def set_due_date(session: Session, task_id: int, user: User, due: datetime | None, reason: str) -> UserTask:
    """Give an open task another due date, or none. For supervisors of its case, with a reason."""
    task = steered(session, task_id, user, "change the due date of this user task", reason)
    detail = {"from": task.due_at and task.due_at.isoformat(), "due": due and due.isoformat(), "reason": reason.strip()}
    task.due_at = due
    return changed(session, task, user, "task.due_date_set", detail)


def set_priority(session: Session, task_id: int, user: User, priority: int, reason: str) -> UserTask:
    """Give an open task another priority, 0 to 100. For supervisors of its case, with a reason. Raises Invalid."""
    if not 0 <= priority <= 100:
        raise Invalid(expected="a priority from 0 to 100", found=priority)
    task = steered(session, task_id, user, "change the priority of this user task", reason)
    detail = {"from": task.priority, "priority": priority, "reason": reason.strip()}
    task.priority = priority
    return changed(session, task, user, "task.priority_set", detail)


def steered(session: Session, task_id: int, user: User, action: str, reason: str) -> UserTask:
    """The open task, its case's row locked, for a supervisor who gives a reason. Raises as _lock(), Invalid, Forbidden."""
    if not reason.strip():
        raise Invalid(expected="a reason for this change", found="none")
    task = _lock(session, task_id, user)
    supervised = select(ProcessInstance.id).where(ProcessInstance.id == task.instance_id, identity.may_supervise(user))
    if session.scalar(supervised) is None:
        raise Forbidden(action=action, reason="only its supervisors may")
    return task


def changed(session: Session, task: UserTask, user: User | None, kind: str, detail: Mapping[str, Any]) -> UserTask:
    element = _element(session, task)
    history.record(session, task.instance_id, kind, actor=user, element=element, user_task_id=task.id, detail=detail)
    session.flush()
    return task


def form(session: Session, task: UserTask) -> Form | None:
    """The form of the very version that the case runs."""
    return deployments.contents(session, task.instance.definition.deployment).form(task.form)


def context(session: Session, task: UserTask) -> dict[str, Any]:
    """Variables that the task's form may show: all that its place sees, and the bodies and accounts to choose from."""
    execution = executions.load(session, task.instance)
    seen = execution.visible(task.wait_id) if task.wait_id in execution.waits else dict(execution.variables)
    return seen | choices(session)


def choices(session: Session) -> dict[str, Any]:
    """Reserved variables for select fields: `_to_chuc`, `_tai_khoan`, lists of {label, value}."""
    bodies = session.execute(select(Organisation.name, Organisation.code).order_by(Organisation.name))
    people = session.execute(select(User.name, User.position, User.username).where(User.active).order_by(User.name))
    return {
        "_to_chuc": [{"label": name, "value": code} for name, code in bodies],
        "_tai_khoan": [{"label": f"{name}, {position}" if position else name, "value": username} for name, position, username in people],
    }


def complete(session: Session, task_id: int, user: User, data: Mapping[str, Any]) -> UserTask:
    """Hand in a user task. `data` is what was entered into its form, and is validated against the form of the case's version.

    Raises NotFound, UserTaskNotOpen, UserTaskAssigned, Forbidden, FormInvalid; by then nothing has been changed.
    """
    return hand_in(session, hold(session, task_id, user), user, data)


def hold(session: Session, task_id: int, user: User) -> UserTask:
    """The open task, which `user` may hand in, with its case's row locked.

    Raises NotFound, UserTaskNotOpen, UserTaskAssigned, Forbidden.
    """
    task = _lock(session, task_id, user)
    _must_be_mine(session, task, user, "complete this user task")
    return task


def hand_in(session: Session, task: UserTask, user: User, data: Mapping[str, Any]) -> UserTask:
    """The second half of complete(): `task` comes from hold()."""
    execution = executions.load(session, task.instance)
    clean = validated(session, task, execution.visible(task.wait_id), data)
    closed = {"state": COMPLETED, "ended_at": db.now(session), "ended_by_id": user.id, "assignee_id": task.assignee_id or user.id}
    for name, value in closed.items():
        # Not by the session: the row is written with all others of this step.
        set_committed_value(task, name, value)
    together = Pipeline(session)
    together.add(_CLOSED, {"number": task.id, **closed})
    together.add(_UNTYPED, {"number": task.id})
    execution.complete_user_task(task.wait_id, clean)
    element = _element(session, task)
    absent = task.on_behalf_of
    detail = {"data": to_json(clean)} | ({"for": absent.id, "for_name": absent.name} if absent else {})
    said: dict[str, Any] = {"actor": user, "element": element, "wait_id": task.wait_id, "user_task_id": task.id, "detail": detail}
    history.put(session, together, task.instance_id, "task.completed", **said)
    wait_states.mirror(session, task.instance, execution, actor=user, completed=task.wait_id, together=together)
    return task


def validated(
    session: Session, task: UserTask, variables: Mapping[str, Any], data: Mapping[str, Any], documents: Collection[int] | None = None
) -> dict[str, Any]:
    """`data` as the form of `task` wants it. `documents`: ids that file fields may name, those attached to the task if not said.

    A task without a form takes no data. Raises FormInvalid, Invalid.
    """
    found = form(session, task)
    if found is None:
        if data:
            raise Invalid(expected="no data, since the user task has no form", found=", ".join(sorted(data)))
        return {}
    if documents is None:
        documents = documents_.of_task(session, task.id) if found.has_files else ()
    known = {**variables, **choices(session)} if found.reads & CHOICES else variables
    return found.validate(data, known, documents=documents)


def save_draft(session: Session, task_id: int, user: User, data: Mapping[str, Any]) -> Draft:
    """Keep what `user` has typed so far, unchecked."""
    get(session, task_id, user)
    draft_ = draft(session, task_id, user)
    if draft_ is None:
        draft_ = Draft(user_task_id=task_id, user_id=user.id)
        session.add(draft_)
    draft_.data = dict(data)
    draft_.saved_at = db.now(session)
    session.flush()
    return draft_


def draft(session: Session, task_id: int, user: User) -> Draft | None:
    """What `user` has typed into the form of a task and not handed in."""
    return session.scalar(select(Draft).where(Draft.user_task_id == task_id, Draft.user_id == user.id))


def drop_draft(session: Session, task_id: int, user: User) -> None:
    """Throw away what `user` has typed."""
    session.execute(delete(Draft).where(Draft.user_task_id == task_id, Draft.user_id == user.id))
