"""What a user task hands over to its holder, who may see nothing else of the case: property `tai_lieu_kem`, a list of variables."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions, history, identity
from engine.diagram import Element
from engine.errors import NotFound
from engine.models import Document, DocumentContent, ProcessInstance, User, UserTask

PROPERTY = "tai_lieu_kem"


def variables(element: Element, seen: Mapping[str, Any]) -> dict[str, Any]:
    """The variables that `element` names, as its place sees them; without those that are not there."""
    names = [name.strip() for name in element.properties.get(PROPERTY, "").split(",")]
    return {name: seen[name] for name in names if name in seen}


def documents(session: Session, task: UserTask, given: Mapping[str, Any]) -> list[Document]:
    """The files that variables handed over hold (fields with files keep the ids), of this case or of one around or inside it."""
    ids = set(_numbers(given))
    if not ids:
        return []
    root = select(ProcessInstance.root_id).where(ProcessInstance.id == task.instance_id).scalar_subquery()
    query = (
        select(Document)
        .join(ProcessInstance, ProcessInstance.id == Document.instance_id)
        .where(Document.id.in_(ids), ProcessInstance.root_id == root)
        .order_by(Document.id)
    )
    return list(session.scalars(query))


def _numbers(value: Any) -> Iterator[int]:
    """Whole numbers in lists, however deep: that is how a field with files is kept."""
    if isinstance(value, Mapping):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            if isinstance(inner, int) and not isinstance(inner, bool):
                yield inner
            else:
                yield from _numbers(inner)


def read(session: Session, task_id: int, document_id: int, user: User) -> tuple[Document, bytes]:
    """A file handed over with an open task that is, or may become, `user`'s; that he read it is recorded. Raises NotFound."""
    task = session.scalar(select(UserTask).where(UserTask.id == task_id, UserTask.state == "open", identity.is_concerned(user)))
    if task is None:
        raise NotFound(what="user task", id=task_id)
    execution = executions.load(session, task.instance)
    seen = execution.visible(task.wait_id) if task.wait_id in execution.waits else {}
    element = deployments.diagram(session, task.instance.definition).elements[task.element_id]
    document = next((one for one in documents(session, task, variables(element, seen)) if one.id == document_id), None)
    if document is None:
        raise NotFound(what="document", id=document_id)
    content = session.scalar(select(DocumentContent.content).where(DocumentContent.document_id == document_id))
    if content is None:
        raise NotFound(what="content of document", id=document_id)
    detail = {"document_id": document.id, "name": document.name}
    history.record(session, task.instance_id, "document.read", actor=user, user_task_id=task.id, detail=detail)
    return document, content
