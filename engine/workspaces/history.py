"""What a draft was: its revisions, and going back to one."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine.errors import NotFound
from engine.models import User, Workspace, WorkspaceRevision
from engine.workspaces import drafts, names


@dataclass(frozen=True)
class Entry:
    """A revision as the history shows it, and which files it changed from the one before."""

    revision: WorkspaceRevision
    added: tuple[str, ...]
    changed: tuple[str, ...]
    removed: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        return (*self.added, *self.changed, *self.removed)


def revision(session: Session, workspace: Workspace, number: int) -> WorkspaceRevision:
    """One revision, with who made it. Raises NotFound; a closely following autosave may have taken its place."""
    query = select(WorkspaceRevision).where(WorkspaceRevision.workspace_id == workspace.id, WorkspaceRevision.number == number)
    found = session.scalar(query.options(joinedload(WorkspaceRevision.user)))
    if found is None:
        raise NotFound(what="draft", id=number)
    return found


def revisions(session: Session, workspace: Workspace, *, before: int | None = None, most: int = 50) -> list[Entry]:
    """Up to `most` revisions, newest first, those before number `before`; with those aside."""
    query = select(WorkspaceRevision).where(WorkspaceRevision.workspace_id == workspace.id).options(joinedload(WorkspaceRevision.user))
    if before is not None:
        query = query.where(WorkspaceRevision.number < before)
    # One more than asked: the last one shown is compared with it.
    rows = list(session.scalars(query.order_by(WorkspaceRevision.number.desc()).limit(most + 1)))
    found = [_entry(row, next((r for r in rows[place + 1 :] if not r.aside), None)) for place, row in enumerate(rows)]
    return found[:most]


def _entry(revision: WorkspaceRevision, former: WorkspaceRevision | None) -> Entry:
    old = former.tree if former is not None else {}
    if revision.aside and (revision.name is not None or revision.detail.get("part")):
        # Some files beside the draft: the others are not missing.
        old = {name: sha for name, sha in old.items() if name in revision.tree}
    new = revision.tree
    if former is None and revision.number > 1:
        # What stood before is not known here: everything would look new.
        return Entry(revision, (), tuple(revision.detail.get("names", [revision.name] if revision.name else [])), ())
    return Entry(
        revision,
        tuple(sorted(new.keys() - old.keys())),
        tuple(sorted(name for name in new.keys() & old.keys() if new[name] != old[name])),
        tuple(sorted(old.keys() - new.keys())),
    )


def restore(session: Session, workspace: Workspace, number: int, user: User, name: str | None = None) -> WorkspaceRevision:
    """Make the draft, or only its file `name`, what it was at revision `number`. The former draft stays in the history.

    Raises NotFound; Invalid where the outcome would be no folder.
    """
    drafts.held(session, workspace)
    then, former = revision(session, workspace, number), drafts.head(session, workspace)
    if name is None and then.aside and then.name is not None:
        name = then.name
    if name is None and then.detail.get("part"):
        tree = {**former.tree, **then.tree}
    elif name is None:
        tree = dict(then.tree)
    elif name in then.tree:
        tree = {**former.tree, name: then.tree[name]}
        names.distinct(tree)
    else:
        raise NotFound(what="file", id=name)
    if tree == former.tree:
        return former
    return drafts.save(session, workspace, "restored", tree, user, name=name, detail={"from": number})
