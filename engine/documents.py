"""Documents of a case: attached to the form of a user task, or made by a handler."""

from __future__ import annotations

import hashlib

from sqlalchemy import delete, or_, select
from sqlalchemy.orm import Session

from engine import db, history, identity
from engine.errors import Conflict, Forbidden, NotFound
from engine.models import Document, DocumentContent, ProcessInstance, User, UserTask


def add(
    session: Session,
    instance_id: int,
    name: str,
    content: bytes,
    media_type: str,
    *,
    user: User | None = None,
    task: UserTask | None = None,
    element_id: str | None = None,
    wait_id: str | None = None,
) -> Document:
    """Store a document of a case. With `task`, it belongs to what is handed in there."""
    document = Document(
        instance_id=instance_id,
        user_task_id=task.id if task else None,
        element_id=task.element_id if task else element_id,
        wait_id=task.wait_id if task else wait_id,
        name=name[:300],
        media_type=media_type,
        size=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        created_at=db.now(session),
        created_by_id=user.id if user else None,
    )
    session.add(document)
    session.flush()
    session.add(DocumentContent(document_id=document.id, content=content))
    detail = {"document_id": document.id, "name": document.name, "size": document.size, "sha256": document.sha256}
    history.record(session, instance_id, "document.added", actor=user, user_task_id=task.id if task else None, detail=detail)
    return document


def attach(session: Session, task_id: int, user: User, name: str, content: bytes, media_type: str) -> Document:
    """Attach a file to an open user task that is `user`'s, or that he may claim."""
    task = session.scalar(select(UserTask).where(UserTask.id == task_id, identity.is_concerned(user)))
    if task is None:
        raise NotFound(what="user task", id=task_id)
    if task.state != "open":
        raise Conflict()
    if task.assignee_id not in (None, user.id):
        raise Forbidden(action="attach a file to this user task", reason="it is assigned to somebody else")
    return add(session, task.instance_id, name, content, media_type, user=user, task=task)


def detach(session: Session, document_id: int, user: User) -> None:
    """Take back a file that oneself attached to a task that is still open."""
    query = (
        select(Document)
        .join(UserTask, UserTask.id == Document.user_task_id)
        .where(Document.id == document_id, Document.created_by_id == user.id, UserTask.state == "open")
    )
    document = session.scalar(query)
    if document is None:
        raise NotFound(what="document", id=document_id)
    detail = {"document_id": document.id, "name": document.name}
    history.record(session, document.instance_id, "document.removed", actor=user, user_task_id=document.user_task_id, detail=detail)
    session.execute(delete(DocumentContent).where(DocumentContent.document_id == document.id))
    session.delete(document)
    session.flush()


def of_task(session: Session, task_id: int) -> list[int]:
    """Ids of the files attached to a user task."""
    return list(session.scalars(select(Document.id).where(Document.user_task_id == task_id).order_by(Document.id)))


def of_instance(session: Session, instance_id: int, user: User) -> list[Document]:
    """Documents of a case that `user` may read, oldest first."""
    query = select(Document).where(Document.instance_id == instance_id, _readable(user)).order_by(Document.id)
    return list(session.scalars(query))


def _readable(user: User):  # type: ignore[no-untyped-def]  # a boolean clause whose exact type SQLAlchemy leaves open
    """Those of cases he sees whole, and those of his own tasks there."""
    whole = select(ProcessInstance.id).where(ProcessInstance.id == Document.instance_id, identity.may_see_whole_case(user))
    mine = select(UserTask.id).where(UserTask.id == Document.user_task_id, identity.is_concerned(user))
    return or_(whole.exists(), mine.exists())


def read(session: Session, document_id: int, user: User) -> tuple[Document, bytes]:
    """A document and its bytes, for who may read it; that he did is recorded. Raises NotFound."""
    document = session.scalar(select(Document).where(Document.id == document_id, _readable(user)))
    if document is None:
        raise NotFound(what="document", id=document_id)
    content = session.scalar(select(DocumentContent.content).where(DocumentContent.document_id == document_id))
    if content is None:
        raise NotFound(what="content of document", id=document_id)
    detail = {"document_id": document.id, "name": document.name}
    history.record(session, document.instance_id, "document.read", actor=user, user_task_id=document.user_task_id, detail=detail)
    return document, content
