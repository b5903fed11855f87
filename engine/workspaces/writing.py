"""What an editor does with one file: save it against the state that it read, add, remove, rename it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db
from engine.errors import FileHeld, Invalid, NotFound
from engine.models import User, Workspace, WorkspaceRevision
from engine.workspaces import content, drafts, locks, names

CLOSE = timedelta(minutes=5)
"""Autosaves of one person on one file within this time stand as one revision."""


@dataclass(frozen=True)
class Saved:
    """The file is the draft's now."""

    sha256: str
    revision: int
    at: datetime


@dataclass(frozen=True)
class Aside:
    """The file is not the draft's: somebody was faster. What was handed in is kept as revision `kept`."""

    kept: int
    by: User | None
    """Who was faster; null: a program."""
    at: datetime
    sha256: str | None
    """What the draft has under this name now; null: no file."""


def write(session: Session, workspace: Workspace, name: str, data: bytes, base: str | None, user: User) -> Saved | Aside:
    """Save `data` as file `name`. `base`: SHA-256 of the content that it was made from; None: there was none.

    Saving the same once more is saved. Raises FileRejected, Invalid; never because somebody was faster: that is an answer, and commits.
    """
    name = names.checked(name)
    drafts.held(session, workspace)
    head = drafts.head(session, workspace)
    present, sha = head.tree.get(name), content.sha256(data)
    if present == sha:
        # Nothing changed, or the answer to the first attempt never arrived.
        return Saved(sha, head.number, head.at)
    names.bounded({name: len(data)})
    if present != base:
        return _aside(session, workspace, name, data, user, present)
    locks.lock(session, workspace, name, user)
    tree = {**head.tree, name: sha}
    drafts.fits(session, workspace, tree, {name: data})
    brought = bool(content.keep(session, workspace, {sha: data}))
    former = head if _continues(head, name, user, db.now(session)) else None
    saved = drafts.save(session, workspace, "saved", tree, user, name=name, brought=brought)
    if former is not None:
        _replace(session, workspace, former, saved)
    return Saved(sha, saved.number, saved.at)


def _continues(head: WorkspaceRevision, name: str, user: User, now: datetime) -> bool:
    same = head.kind == "saved" and head.name == name and head.user_id == user.id and not head.kept
    return same and now - head.began_at < CLOSE


def _replace(session: Session, workspace: Workspace, former: WorkspaceRevision, saved: WorkspaceRevision) -> None:
    """Let `saved` stand for `former` too: of one person's typing within minutes, the last state is enough."""
    saved.began_at = former.began_at
    sha = former.tree[former.name or ""]
    # No revision before it has what it brought. Only what was put aside since may have the same.
    if former.brought and sha not in saved.tree.values() and not _is_aside(session, workspace, former, sha):
        content.drop(session, workspace, sha)
    session.delete(former)
    session.flush()


def _is_aside(session: Session, workspace: Workspace, former: WorkspaceRevision, sha: str) -> bool:
    query = select(WorkspaceRevision.tree).where(
        WorkspaceRevision.workspace_id == workspace.id, WorkspaceRevision.aside, WorkspaceRevision.number > former.number
    )
    return any(sha in tree.values() for tree in session.scalars(query))


def _aside(session: Session, workspace: Workspace, name: str, data: bytes, user: User, present: str | None) -> Aside:
    last = _last_change(session, workspace, name, present)
    sha = content.sha256(data)
    # Autosave goes on while a person reads what happened: the newest of his attempts is enough.
    for former in session.scalars(
        select(WorkspaceRevision).where(
            WorkspaceRevision.workspace_id == workspace.id,
            WorkspaceRevision.aside,
            WorkspaceRevision.name == name,
            WorkspaceRevision.user_id == user.id,
            WorkspaceRevision.number > workspace.head,
        )
    ):
        if former.tree == {name: sha}:
            return Aside(former.number, last.user, last.at, present)
    content.keep(session, workspace, {sha: data})
    kept = drafts.save(session, workspace, "aside", {name: sha}, user, name=name, aside=True)
    return Aside(kept.number, last.user, last.at, present)


def _last_change(session: Session, workspace: Workspace, name: str, present: str | None) -> WorkspaceRevision:
    """The revision that made file `name` what it is."""
    query = (
        select(WorkspaceRevision)
        .where(WorkspaceRevision.workspace_id == workspace.id, ~WorkspaceRevision.aside)
        .order_by(WorkspaceRevision.number.desc())
        .limit(200)
    )
    found = drafts.head(session, workspace)
    for revision in session.scalars(query):
        if revision.tree.get(name) != present:
            break
        found = revision
    return found


def add(session: Session, workspace: Workspace, name: str, data: bytes, user: User) -> WorkspaceRevision:
    """A new file. Raises Invalid when there is one of that name, FileRejected."""
    name = names.checked(name)
    drafts.held(session, workspace)
    if name in drafts.head(session, workspace).tree:
        raise Invalid(expected=f"file {name} to be new", found="that the draft has one of that name")
    return drafts.change(session, workspace, {name: data}, user, "added")


def remove(session: Session, workspace: Workspace, name: str, user: User) -> WorkspaceRevision:
    """Take a file out of the draft; earlier revisions have it still. Raises NotFound, Invalid (the last file), Conflict (being edited)."""
    _free(session, workspace, name, user)
    return drafts.change(session, workspace, {name: None}, user, "removed")


def rename(session: Session, workspace: Workspace, name: str, new: str, user: User) -> WorkspaceRevision:
    """Give a file another name, in another sub-folder perhaps. Raises NotFound, Invalid, FileRejected, Conflict (being edited)."""
    new = names.checked(new)
    tree = _free(session, workspace, name, user)
    if new in tree:
        raise Invalid(expected=f"file {new} to be new", found="that the draft has one of that name")
    renamed = {other: sha for other, sha in tree.items() if other != name} | {new: tree[name]}
    names.distinct(renamed)
    locks.release(session, workspace, name, user)
    return drafts.save(session, workspace, "renamed", renamed, user, name=new, detail={"from": name})


def _free(session: Session, workspace: Workspace, name: str, user: User) -> dict[str, str]:
    drafts.held(session, workspace)
    tree: dict[str, str] = drafts.head(session, workspace).tree
    if name not in tree:
        raise NotFound(what="file", id=name)
    holder = locks.holder(session, workspace, name)
    if holder is not None and holder.user_id != user.id:
        raise FileHeld(file=name, holder=holder.user.name)
    return tree
