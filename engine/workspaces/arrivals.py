"""What comes into a draft from outside: kept beside it byte for byte, and put in when somebody says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.models import User, Workspace, WorkspaceRevision
from engine.workspaces import content, drafts, names
from engine.workspaces.history import restore, revision


def put_aside(
    session: Session, folder: str, files: Mapping[str, bytes], user: User | None = None, note: str = ""
) -> tuple[Workspace, WorkspaceRevision]:
    """Keep a whole drawing that came in from outside: as the draft where nobody has changed that, else beside it.

    Raises FileRejected, Invalid.
    """
    named = {names.plain(name): data for name, data in files.items()}
    if drafts.find(session, folder) is None and drafts.newest(session, folder) is None:
        names.distinct(named)
        names.bounded({name: len(data) for name, data in named.items()})
        workspace = drafts.begin(session, folder, named, user)
        return workspace, drafts.head(session, workspace)
    workspace = drafts.open(session, folder, user)
    drafts.held(session, workspace)
    former = drafts.head(session, workspace)
    tree = names.beside(former.tree) | {name: content.sha256(data) for name, data in named.items()}
    drafts.fits(session, workspace, tree, named)
    if tree == former.tree:
        return workspace, former
    detail = {"names": sorted(named), "note": note}
    return workspace, _keep(session, workspace, tree, named, user, detail, aside=drafts.changed(session, workspace))


def put_beside(session: Session, workspace: Workspace, files: Mapping[str, bytes], user: User) -> WorkspaceRevision:
    """Keep some files beside the draft, for take_in(). Raises FileRejected, Invalid when the draft could not take them."""
    named = {names.checked(name): data for name, data in files.items()}
    drafts.held(session, workspace)
    tree = {name: content.sha256(data) for name, data in named.items()}
    drafts.fits(session, workspace, drafts.head(session, workspace).tree | tree, named)
    return _keep(session, workspace, tree, named, user, {"names": sorted(named), "part": True}, aside=True)


def _keep(
    session: Session,
    workspace: Workspace,
    tree: Mapping[str, str],
    files: Mapping[str, bytes],
    user: User | None,
    detail: Mapping[str, Any],
    *,
    aside: bool,
) -> WorkspaceRevision:
    content.keep(session, workspace, {content.sha256(data): data for data in files.values()})
    return drafts.save(session, workspace, "imported", tree, user, detail=detail, aside=aside)


def take_in(session: Session, workspace: Workspace, number: int, user: User) -> WorkspaceRevision:
    """Put the files that revision `number` keeps beside the draft into it. The former draft stays in the history.

    Raises NotFound, Invalid.
    """
    drafts.held(session, workspace)
    kept = _beside(session, workspace, number)
    former = drafts.head(session, workspace)
    if not kept.detail.get("part"):
        return restore(session, workspace, number, user)
    tree = former.tree | kept.tree
    drafts.fits(session, workspace, tree, {})
    taken = former if tree == former.tree else drafts.save(session, workspace, "imported", tree, user, detail={"names": sorted(kept.tree)})
    # The draft has them now; listed once is enough.
    session.delete(kept)
    session.flush()
    return taken


def forget(session: Session, workspace: Workspace, number: int) -> None:
    """Take files that are kept beside the draft off the list. Raises NotFound."""
    drafts.held(session, workspace)
    kept = _beside(session, workspace, number)
    wanted = set(kept.tree.values())
    session.delete(kept)
    session.flush()
    for tree in session.scalars(select(WorkspaceRevision.tree).where(WorkspaceRevision.workspace_id == workspace.id)):
        wanted -= set(tree.values())
    for sha in wanted:
        content.drop(session, workspace, sha)


def _beside(session: Session, workspace: Workspace, number: int) -> WorkspaceRevision:
    kept = revision(session, workspace, number)
    if not kept.aside or kept.kind != "imported":
        raise NotFound(what="draft", id=number)
    return kept
