"""Files that an analyst brings: kept as they came in, shown beside what they would replace, and put into the draft when he says so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import workspaces
from engine.errors import FileRejected, Invalid, NotFound
from engine.models import Workspace, WorkspaceLock, WorkspaceRevision
from web import incoming
from web.database import db
from web.language import gettext as _
from web.sessions import me
from web.studio import archives, bp, drafts, hostile
from web.studio.history import last_changes


@dataclass(frozen=True)
class Arrival:
    """A file that came in, and what there is under its name."""

    name: str
    size: int
    what: str
    """new, replaces, same."""
    last: WorkspaceRevision | None
    lock: WorkspaceLock | None


def received() -> dict[str, bytes]:
    """The files of this request byte for byte, those of zips by their paths in it. Raises FileRejected, Invalid."""
    found: dict[str, bytes] = {}
    for stored in request.files.getlist("tep"):
        name = (stored.filename or "").replace("\\", "/")
        data = stored.stream.read()
        if not name:
            continue
        parts = archives.unpack(data, name) if name.lower().endswith(".zip") else {name.rpartition("/")[2]: data}
        for path, content in parts.items():
            if found.setdefault(workspaces.checked(path), content) != content:
                raise FileRejected(file=path, expected="each file once", found="two of that name")
    if not found:
        raise Invalid(expected="a file to import", found="none")
    for name, data in found.items():
        hostile.refuse(name, data)
    return found


def placed(files: Mapping[str, bytes], tree: Mapping[str, str]) -> dict[str, bytes]:
    """`files` under the names that they get in the draft: one without a folder takes the place of the only file there of that name."""
    try:
        return {target: files[name] for name, target in incoming.placed(list(files), tree).items()}
    except incoming.Unwanted as error:
        raise Invalid(expected="names that are clear", found=str(error)) from None


@bp.post("/<folder>/nhap")
def bring(folder: str) -> ResponseReturnValue:
    """Keep the files beside the draft, and show what they would do to it."""
    draft = drafts.workspace(folder)
    tree = workspaces.head(db.session(), draft).tree
    kept = workspaces.put_beside(db.session(), draft, placed(received(), tree), me())
    return redirect(url_for("studio.arrival", folder=folder, number=kept.number))


@bp.get("/<folder>/nhap/<id:number>")
def arrival(folder: str, number: int) -> ResponseReturnValue:
    draft = drafts.begun(folder)
    kept = _kept(draft, number)
    return render_template("studio/import.html", folder=folder, kept=kept, arrivals=_arrivals(draft, kept))


@bp.post("/<folder>/nhap/<id:number>")
def take(folder: str, number: int) -> ResponseReturnValue:
    draft = drafts.workspace(folder)
    kept = _kept(draft, number)
    count = len(kept.tree)
    workspaces.take_in(db.session(), draft, number, me())
    flash(_("Đã nhập %(count)s tệp. Bản nháp trước đó còn trong lịch sử.", count=count), "done")
    return redirect(url_for("studio.show", folder=folder))


@bp.post("/<folder>/nhap/<id:number>/bo")
def drop(folder: str, number: int) -> ResponseReturnValue:
    """Forget files that were brought and not put in. Only who brought them may."""
    draft = drafts.workspace(folder)
    kept = _kept(draft, number)
    if kept.user_id != me().id:
        raise NotFound(what="draft", id=number)
    workspaces.forget(db.session(), draft, number)
    flash(_("Đã bỏ các tệp vừa gửi lên. Bản nháp giữ nguyên."), "done")
    return redirect(url_for("studio.show", folder=folder))


def _kept(draft: Workspace, number: int) -> WorkspaceRevision:
    kept = workspaces.revision(db.session(), draft, number)
    if not kept.aside or kept.kind != "imported":
        raise NotFound(what="draft", id=number)
    return kept


def _arrivals(draft: Workspace, kept: WorkspaceRevision) -> list[Arrival]:
    tree = workspaces.head(db.session(), draft).tree
    sizes = workspaces.sizes(db.session(), draft, kept.tree)
    changes = last_changes(draft)
    locks = {lock.name: lock for lock in workspaces.holders(db.session(), draft) if lock.user_id != me().id}
    return [
        Arrival(
            name,
            sizes[name],
            "new" if name not in tree else "same" if tree[name] == sha else "replaces",
            changes.get(name),
            locks.get(name),
        )
        for name, sha in sorted(kept.tree.items())
    ]
