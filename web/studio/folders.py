"""The process folders: what there is, and what stands in each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload, undefer

from engine import reader, workspaces
from engine.errors import Finding, Invalid, NotFound
from engine.models import Deployment, ProcessDefinition, Resource, User, Workspace, WorkspaceLock, WorkspaceRevision
from web.database import db
from web.language import gettext as _
from web.rights import may_release
from web.sessions import me
from web.studio import blanks, bp, drafts, imports, text
from web.studio.api import known_topics
from web.studio.history import last_changes

RESERVED = ("quy-tac",)
"""Addresses of the studio that are no folders."""
GROUPS = (
    (_l("Sơ đồ"), (".bpmn", ".bpmn20.xml")),
    (_l("Bảng quyết định"), (".dmn",)),
    (_l("Biểu mẫu"), (".form",)),
    (_l("Mẫu văn bản"), (".docx",)),
    (_l("Tệp khác"), ("",)),
)


@dataclass
class Folder:
    """A process folder as the list shows it."""

    name: str
    titles: list[str] = field(default_factory=list)
    """Names of its processes, that of the process called as the folder first."""
    version: Deployment | None = None
    draft: Workspace | None = None
    head: WorkspaceRevision | None = None
    locks: list[WorkspaceLock] = field(default_factory=list)

    @property
    def title(self) -> str:
        return self.titles[0] if self.titles else self.name

    @property
    def state(self) -> str:
        """none (no draft), same (as the newest version), new (there is no version), changed."""
        if self.draft is None or self.head is None:
            return "none"
        if self.version is None:
            return "new"
        # One that nobody has changed goes along to the newest version by itself.
        base = self.draft.deployment.digest if self.draft.deployment else ""
        return "same" if self.head.digest in (base, self.version.digest) else "changed"

    @property
    def tree(self) -> dict[str, str] | None:
        """The files of the draft; None: they are those of the newest version."""
        return dict(self.head.tree) if self.head is not None and self.state in ("new", "changed") else None

    @property
    def at(self) -> datetime:
        moments = [self.head.at if self.head else None, self.version.deployed_at if self.version else None]
        return max(moment for moment in moments if moment is not None)


@bp.get("")
def index() -> ResponseReturnValue:
    return render_template("studio/list.html", folders=_folders())


def _folders() -> list[Folder]:
    """All folders, the one changed last first."""
    newest = (
        select(Deployment.folder, func.max(Deployment.number).label("number"))
        .where(Deployment.withdrawn_at.is_(None))
        .group_by(Deployment.folder)
        .subquery()
    )
    at = (Deployment.folder == newest.c.folder) & (Deployment.number == newest.c.number)
    found = {version.folder: Folder(version.folder, version=version) for version in db.session.scalars(select(Deployment).join(newest, at))}
    for draft, head in db.session.execute(_heads()):
        folder = found.setdefault(draft.folder, Folder(draft.folder))
        folder.draft, folder.head = draft, head
    for lock in workspaces.holders(db.session(), *[folder.draft for folder in found.values() if folder.draft]):
        next(folder for folder in found.values() if folder.draft and folder.draft.id == lock.workspace_id).locks.append(lock)
    for name, title in _titles([folder.version.id for folder in found.values() if folder.version]):
        found[name].titles.append(title)
    return sorted(found.values(), key=lambda folder: folder.at, reverse=True)


def _heads() -> Select[Workspace, WorkspaceRevision]:
    """Every draft with its newest revision."""
    at = (WorkspaceRevision.workspace_id == Workspace.id) & (WorkspaceRevision.number == Workspace.head)
    query = select(Workspace, WorkspaceRevision).join(WorkspaceRevision, at)
    return query.options(joinedload(WorkspaceRevision.user), joinedload(Workspace.deployment))


def _titles(deployments: list[int]) -> list[tuple[str, str]]:
    """(folder, name of a process) for these deployments."""
    query = select(Deployment.folder, ProcessDefinition.name).join(ProcessDefinition.deployment).where(Deployment.id.in_(deployments))
    main = (ProcessDefinition.key == Deployment.folder).desc()
    return [(folder, name) for folder, name in db.session.execute(query.order_by(main, ProcessDefinition.id))]


@bp.post("")
def begin() -> ResponseReturnValue:
    """A new folder: with the files that were brought, or with an empty diagram."""
    name = request.form.get("ten", "").strip()
    title = " ".join(request.form.get("tieu_de", "").split())[:120]
    if not name:
        name = blanks.slug(title) if title else ""
    if name in RESERVED or workspaces.find(db.session(), name) or workspaces.newest(db.session(), name):
        raise Invalid(expected="a folder name that is free", found=name)
    brought = imports.received() if any(stored.filename for stored in request.files.getlist("tep")) else {}
    if not brought:
        file, data = blanks.blank("bpmn", title or name, id_=name)
        brought = {file: data}
    workspaces.begin(db.session(), name, brought, me())
    flash(_("Đã tạo bản nháp %(name)s.", name=name), "done")
    return redirect(url_for("studio.show", folder=name))


@bp.get("/<folder>")
def show(folder: str) -> ResponseReturnValue:
    """The folder's page. A folder without a draft shows its newest version; the draft begins with the first change."""
    draft = workspaces.find(db.session(), folder)
    version = workspaces.newest(db.session(), folder)
    if draft is None and version is None:
        raise NotFound(what="process folder", id=folder)
    page = Folder(folder, [title for _name, title in _titles([version.id] if version else [])], version, draft)
    page.head = workspaces.head(db.session(), draft) if draft else None
    page.locks = workspaces.holders(db.session(), draft) if draft else []
    return render_template(
        "studio/folder.html",
        folder=folder,
        page=page,
        behind=workspaces.behind(db.session(), draft) if draft and page.state == "changed" else None,
        entries=workspaces.revisions(db.session(), draft, most=8) if draft else [],
        versions=_versions(folder),
        may_release=may_release(me()),
        kinds=blanks.KINDS,
        **_files(page),
    )


def _files(page: Folder) -> dict[str, object]:
    """The files of a folder in groups, with what has changed since the newest version."""
    before = _deployed(page) if page.version else {}
    tree = page.tree if page.tree is not None else before
    groups: list[tuple[str, list[str]]] = []
    left = sorted(tree)
    for label, endings in GROUPS:
        groups.append((str(label), [name for name in left if name.endswith(endings)]))
        left = [name for name in left if not name.endswith(endings)]
    return {
        "groups": [(label, names) for label, names in groups if names],
        "changes": {name: _change(name, sha, before) for name, sha in workspaces.deployable(tree).items()} if page.version else {},
        "gone": sorted(before.keys() - tree.keys()),
        "last": last_changes(page.draft) if page.draft else {},
        "locks": {lock.name: lock for lock in page.locks},
    }


def _change(name: str, sha: str, before: dict[str, str]) -> str:
    return "new" if name not in before else "" if before[name] == sha else "changed"


def _deployed(page: Folder) -> dict[str, str]:
    """File name -> SHA-256 in the newest version."""
    if page.draft is not None and page.version is not None:
        same = (WorkspaceRevision.workspace_id == page.draft.id) & (WorkspaceRevision.digest == page.version.digest)
        known = db.session.scalar(select(WorkspaceRevision.tree).where(same).order_by(WorkspaceRevision.number.desc()).limit(1))
        if known is not None:
            return workspaces.deployable(known)
    query = select(Resource).where(Resource.deployment == page.version).options(undefer(Resource.content))
    return {resource.name: text.sha256(resource.content) for resource in db.session.scalars(query)}


def _versions(folder: str) -> list[tuple[Deployment, User | None]]:
    query = select(Deployment, User).outerjoin(User, User.id == Deployment.deployed_by_id).where(Deployment.folder == folder)
    return [(deployment, user) for deployment, user in db.session.execute(query.order_by(Deployment.number.desc()).limit(20))]


@bp.get("/<folder>/kiem-tra")
def findings(folder: str) -> ResponseReturnValue:
    """What the rules say about the draft, as part of the folder's page. `gon`: only how many, for the list."""
    draft = drafts.begun(folder)
    files = workspaces.deployable(workspaces.files(db.session(), draft))
    db.session.rollback()  # Reading takes seconds: outside any transaction.
    found = reader.check(files, known_topics())
    template = "studio/counts.html" if "gon" in request.args else "studio/findings.html"
    return render_template(template, folder=folder, found=found, counts=counted(found))


def counted(found: Iterable[Finding]) -> Counter[str]:
    """How many findings of each severity."""
    return Counter(one.severity.value for one in found)
