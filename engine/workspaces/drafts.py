"""Workspaces themselves: begin one, find it, put the next revision on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from engine import db
from engine.errors import Invalid, NotFound
from engine.models import Deployment, Resource, User, Workspace, WorkspaceRevision
from engine.workspaces import content, names


def find(session: Session, folder: str) -> Workspace | None:
    """The draft of `folder`, if somebody has begun one."""
    return session.scalar(select(Workspace).where(Workspace.folder == folder))


def open(session: Session, folder: str, user: User | None = None) -> Workspace:
    """The draft of `folder`: the one there is, or a new one with the files of the newest deployment.

    A draft that nobody has changed goes along to a newer deployment by itself. Raises NotFound when there is neither.
    """
    workspace, last = find(session, folder), newest(session, folder)
    if workspace is None:
        if last is None:
            raise NotFound(what="process folder", id=folder)
        return begin(session, folder, _deployed(session, last), user, last)
    if last is not None and last.id != workspace.deployment_id:
        _go_along(session, workspace, last)
    return workspace


def begin(
    session: Session, folder: str, files: Mapping[str, bytes], user: User | None = None, deployment: Deployment | None = None
) -> Workspace:
    """A draft of a folder that has none; whoever begins the same at the same time gets the one that was first. Raises Invalid."""
    names.checked_folder(folder)
    db.alone(session, "workspace")
    present = find(session, folder)
    if present is not None:
        return present
    workspace = Workspace(
        folder=folder,
        deployment_id=deployment.id if deployment else None,
        created_at=db.now(session),
        created_by_id=user.id if user else None,
    )
    session.add(workspace)
    session.flush()
    detail = {"version": deployment.number} if deployment else {}
    save(session, workspace, "begun", _stored(session, workspace, files), user, detail=detail)
    return workspace


def head(session: Session, workspace: Workspace) -> WorkspaceRevision:
    """The revision that is the draft now."""
    query = select(WorkspaceRevision).where(WorkspaceRevision.workspace_id == workspace.id, WorkspaceRevision.number == workspace.head)
    return session.scalars(query).one()


def change(
    session: Session,
    workspace: Workspace,
    changes: Mapping[str, bytes | None],
    user: User | None,
    kind: str = "imported",
    detail: Mapping[str, Any] | None = None,
) -> WorkspaceRevision:
    """Put several files into the draft at once, as they are; None removes one. Raises FileRejected, Invalid."""
    held(session, workspace)
    former = head(session, workspace)
    put = {names.checked(name): data for name, data in changes.items() if data is not None}
    tree = {name: sha for name, sha in former.tree.items() if name not in changes} | {n: content.sha256(data) for n, data in put.items()}
    fits(session, workspace, tree, put)
    if tree == former.tree:
        return former
    content.keep(session, workspace, {content.sha256(data): data for data in put.values()})
    name = next(iter(changes)) if len(changes) == 1 else None
    return save(session, workspace, kind, tree, user, name=name, detail={"names": sorted(changes), **(detail or {})})


def save(
    session: Session,
    workspace: Workspace,
    kind: str,
    tree: Mapping[str, str],
    user: User | None,
    *,
    name: str | None = None,
    detail: Mapping[str, Any] | None = None,
    aside: bool = False,
    brought: bool = False,
) -> WorkspaceRevision:
    """Add a revision whose contents are stored; unless `aside` it is the draft from now on. The caller holds the workspace's row."""
    now = db.now(session)
    workspace.last += 1
    revision = WorkspaceRevision(
        workspace_id=workspace.id,
        number=workspace.last,
        kind=kind,
        aside=aside,
        name=name,
        detail=dict(detail or {}),
        tree=dict(tree),
        digest=content.digest(tree),
        began_at=now,
        at=now,
        user_id=user.id if user else None,
        brought=brought,
        kept=False,
    )
    session.add(revision)
    if not aside:
        workspace.head = revision.number
    session.flush()
    return revision


def held(session: Session, workspace: Workspace) -> None:
    """Hold the row of `workspace`, with its newest numbers, until this transaction ends: revisions come one after another."""
    session.refresh(workspace, with_for_update=True)


def changed(session: Session, workspace: Workspace) -> bool:
    """Whether the draft says anything else than the version that it goes back to."""
    last = session.get(Deployment, workspace.deployment_id) if workspace.deployment_id else None
    return last is None or head(session, workspace).digest != last.digest


def behind(session: Session, workspace: Workspace) -> Deployment | None:
    """The newest version of the folder, where the draft goes back to an earlier one."""
    last = newest(session, workspace.folder)
    return last if last is not None and last.id != workspace.deployment_id else None


def follow(session: Session, workspace: Workspace, deployment: Deployment, user: User | None) -> WorkspaceRevision:
    """Make the draft what `deployment` is; files that are never deployed stay. The former draft stays in the history."""
    held(session, workspace)
    former = head(session, workspace)
    workspace.deployment_id = max(deployment.id, workspace.deployment_id or 0)
    tree = names.beside(former.tree) | _stored(session, workspace, _deployed(session, deployment))
    if tree == former.tree:
        return former
    return save(session, workspace, "followed", tree, user, detail={"version": deployment.number})


def _go_along(session: Session, workspace: Workspace, last: Deployment) -> None:
    former = head(session, workspace)
    if former.digest == last.digest:
        # It was released as it stands, here or elsewhere.
        workspace.deployment_id = last.id
        session.flush()
    elif not changed(session, workspace):
        follow(session, workspace, last, None)


def newest(session: Session, folder: str) -> Deployment | None:
    """The version that the next one comes after: the last that was deployed and not withdrawn, though its time may not have come yet."""
    query = select(Deployment).where(Deployment.folder == folder, Deployment.withdrawn_at.is_(None))
    return session.scalar(query.order_by(Deployment.number.desc()).limit(1))


def _deployed(session: Session, deployment: Deployment) -> dict[str, bytes]:
    # Not through engine.contents: that parses them, and what an older release took may not be readable any more.
    query = select(Resource).where(Resource.deployment_id == deployment.id).options(undefer(Resource.content))
    return {resource.name: resource.content for resource in session.scalars(query)}


def _stored(session: Session, workspace: Workspace, files: Mapping[str, bytes]) -> dict[str, str]:
    content.keep(session, workspace, {content.sha256(data): data for data in files.values()})
    return {name: content.sha256(data) for name, data in files.items()}


def fits(session: Session, workspace: Workspace, tree: Mapping[str, str], put: Mapping[str, bytes]) -> None:
    """Raises FileRejected or Invalid when the draft would be no folder, or too large."""
    if not tree:
        raise Invalid(expected="at least one file in a draft", found="none")
    names.distinct(tree)
    names.bounded(content.sizes(session, workspace, tree) | {name: len(data) for name, data in put.items()})
