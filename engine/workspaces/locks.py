"""Who edits which file of a draft: a lease that the editor renews, and that runs out when it stops."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, joinedload

from engine import db
from engine.models import User, Workspace, WorkspaceLock

LEASE = timedelta(seconds=90)


def lock(session: Session, workspace: Workspace, name: str, user: User, *, take: bool = False) -> WorkspaceLock:
    """Renew or take the lock of a file; the answer says who has it. `take`: also from somebody who holds it, who is told by this answer."""
    # The row may not be there yet: the workspace's is what two people wait for.
    session.execute(select(Workspace.id).where(Workspace.id == workspace.id).with_for_update())
    now = db.now(session)
    found = _find(session, workspace, name)
    if found is None:
        found = WorkspaceLock(workspace_id=workspace.id, name=name, user=user, user_id=user.id, since=now, until=now + LEASE)
        session.add(found)
    elif found.user_id == user.id:
        found.since = found.since if found.until > now else now
        found.until = now + LEASE
    elif take or found.until <= now:
        found.user, found.since, found.until = user, now, now + LEASE
    session.flush()
    return found


def holder(session: Session, workspace: Workspace, name: str) -> WorkspaceLock | None:
    """The lock of a file, unless it has run out."""
    found = _find(session, workspace, name)
    return found if found is not None and found.until > db.now(session) else None


def holders(session: Session, *workspaces: Workspace) -> list[WorkspaceLock]:
    """All locks of these workspaces that have not run out, with their people, by name of the file."""
    query = select(WorkspaceLock).where(
        WorkspaceLock.workspace_id.in_([workspace.id for workspace in workspaces]), WorkspaceLock.until > db.now(session)
    )
    return list(session.scalars(query.options(joinedload(WorkspaceLock.user)).order_by(WorkspaceLock.name)))


def release(session: Session, workspace: Workspace, name: str, user: User) -> None:
    """Give back the lock of a file, if it is `user`'s."""
    session.execute(
        delete(WorkspaceLock).where(
            WorkspaceLock.workspace_id == workspace.id, WorkspaceLock.name == name, WorkspaceLock.user_id == user.id
        )
    )


def _find(session: Session, workspace: Workspace, name: str) -> WorkspaceLock | None:
    query = select(WorkspaceLock).where(WorkspaceLock.workspace_id == workspace.id, WorkspaceLock.name == name)
    return session.scalar(query.options(joinedload(WorkspaceLock.user)).execution_options(populate_existing=True))
