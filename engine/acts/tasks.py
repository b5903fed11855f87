"""Acts on open tasks and open incidents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions, incidents, user_tasks
from engine.acts.outlook import GOES, Arguments, Outlook, portions, refusal
from engine.errors import EngineError, InstanceNotActive, Invalid, NotFound
from engine.models import BatchItem, Incident, ProcessInstance, User, UserTask
from engine.reminders import by_hand


def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    columns: Any = select(UserTask.id, UserTask.instance_id, UserTask.name, UserTask.state, ProcessInstance.state.label("running"))
    columns = columns.add_columns(ProcessInstance.business_key).join(UserTask.instance).order_by(UserTask.instance_id, UserTask.id)
    for query in portions(columns, UserTask.id, ids, user):
        for row in session.execute(query):
            why: EngineError | None = None
            if row.state != user_tasks.OPEN:
                why = Invalid(expected="an open user task", found="one that is over")
            elif row.running != executions.ACTIVE:
                why = InstanceNotActive(instance=row.business_key, state=row.running)
            yield refusal(row.instance_id, why, row.id, row.name) if why else Outlook(row.instance_id, subject_id=row.id, name=row.name)


def task_of(item: BatchItem) -> int:
    if item.subject_id is None:
        raise NotFound(what="user task", id="")
    return item.subject_id


def _former(session: Session, item: BatchItem, name: str) -> Any:
    """What a task has at this moment, under the lock of its case."""
    executions.lock(session, item.instance_id)
    return session.scalar(select(getattr(UserTask, name)).where(UserTask.id == task_of(item)))


def assign(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> dict[str, Any]:
    assignee = session.get(User, arguments["assignee"])
    if assignee is None or not assignee.active:
        raise NotFound(what="account", id=arguments["assignee"])
    former = _former(session, item, "assignee_id")
    user_tasks.assign(session, task_of(item), user, assignee, reason)
    return {"before": former, "after": assignee.id}


def set_due_date(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> dict[str, Any]:
    due = datetime.fromisoformat(arguments["due"]) if arguments["due"] else None
    former: datetime | None = _former(session, item, "due_at")
    user_tasks.set_due_date(session, task_of(item), user, due, reason)
    return {"before": former and former.isoformat(), "after": due and due.isoformat()}


def set_priority(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> dict[str, Any]:
    former = _former(session, item, "priority")
    user_tasks.set_priority(session, task_of(item), user, arguments["priority"], reason)
    return {"before": former, "after": arguments["priority"]}


def plan_reminders(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    """As plan(), and there must be somebody who holds the task and was not reminded just now."""
    for outlook in plan(session, arguments, ids, user):
        try:
            if outlook.state == GOES:
                holder = session.scalar(select(UserTask.assignee_id).where(UserTask.id == outlook.subject_id))
                by_hand.fit(session, outlook.subject_id or 0, holder)
            yield outlook
        except EngineError as error:
            yield refusal(outlook.instance_id, error, outlook.subject_id, outlook.name)


def remind(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    by_hand.remind(session, task_of(item), user, reason)


# --- incidents ---


def plan_incidents(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    columns: Any = select(Incident, ProcessInstance).join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
    for query in portions(columns.order_by(Incident.instance_id, Incident.id), Incident.id, ids, user):
        for incident, instance in session.execute(query):
            element = deployments.diagram(session, instance.definition).elements.get(incident.element_id)
            name = element.name or incident.element_id if element else incident.element_id
            why: EngineError | None = None
            if incident.resolved_at is not None:
                why = NotFound(what="incident", id=incident.id)
            elif instance.state != executions.ACTIVE:
                why = executions.not_active(instance)
            yield refusal(instance.id, why, incident.id, name) if why else Outlook(instance.id, subject_id=incident.id, name=name)


def retry(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    incidents.resolve(session, item.subject_id or 0, user, reason)
