"""How far a case is and how it came there, for the pages of tasks and cases."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from engine import deployments, handed_over, identity, user_tasks
from engine.diagram import Element
from engine.forms import Form
from engine.models import Document, HistoryEvent, ProcessInstance, User, UserTask
from web.database import db
from web.reading import Reader, Shown, of_contents


def sees_whole_case(instance_id: int, user: User) -> bool:
    """Whether `user` may read the case's history, data, documents and diagram."""
    query = select(ProcessInstance.id).where(ProcessInstance.id == instance_id, identity.may_see_whole_case(user))
    return db.session.scalar(query) is not None


def handed_in(task: UserTask) -> Mapping[str, Any]:
    """What was entered when `task` was completed; empty for one that never was."""
    query = select(HistoryEvent.detail).where(HistoryEvent.user_task_id == task.id, HistoryEvent.kind == "task.completed")
    detail = db.session.scalar(query)
    return detail.get("data", {}) if detail else {}


def completed(instance_id: int, most: int) -> list[UserTask]:
    """The last `most` completed user tasks of a case, in the order in which they ended. For who sees the whole case."""
    query = _tasks(instance_id, user_tasks.COMPLETED).order_by(UserTask.ended_at.desc(), UserTask.id.desc())
    return list(db.session.scalars(query.limit(most)))[::-1]


def opened(instance_id: int) -> Select[UserTask]:
    """The open user tasks of a case. For who sees the whole case."""
    return _tasks(instance_id, user_tasks.OPEN).order_by(UserTask.id)


def _tasks(instance_id: int, state: str) -> Select[UserTask]:
    query = select(UserTask).where(UserTask.instance_id == instance_id, UserTask.state == state)
    return query.options(joinedload(UserTask.ended_by), joinedload(UserTask.assignee), joinedload(UserTask.organisation))


def documents(instance: ProcessInstance) -> list[Document]:
    """All files of a case. For who sees the whole case."""
    return list(db.session.scalars(select(Document).where(Document.instance_id == instance.id).order_by(Document.id)))


def form_of(instance: ProcessInstance, event: HistoryEvent) -> Form | None:
    """The form that was handed in at `event`, where it was one that brought data."""
    if not event.detail.get("data"):
        return None
    element = deployments.diagram(db.session(), instance.definition).elements.get(event.element_id or "")
    if element is None:
        return None
    contents = deployments.contents(db.session(), instance.definition.deployment)
    return contents.form(element.camunda("formRef") or element.camunda("formKey"))


def reader(instance: ProcessInstance, files: list[Document]) -> Reader:
    """Labels and words for the data of `instance`, and `files` for the ids in it."""
    session = db.session()
    return of_contents(deployments.contents(session, instance.definition.deployment), user_tasks.choices(session), files)


def handed(task: UserTask, element: Element, seen: Mapping[str, Any]) -> list[Shown]:
    """What the task hands over to its holder: labelled values and files."""
    given = handed_over.variables(element, seen)
    files = handed_over.documents(db.session(), task, given)
    return reader(task.instance, files).all(given) if given else []
