"""One file of a draft as a thing: new, renamed, removed, brought out of the studio; and whole drafts and versions as zips."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import undefer

from engine import workspaces
from engine.errors import Invalid, NotFound
from engine.models import Deployment, Resource
from web.database import db
from web.language import gettext as _
from web.sessions import me
from web.studio import archives, blanks, bp, drafts

MEDIA = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
    ".zip": "application/zip",
}


def download(name: str, data: bytes) -> Response:
    """A file as it is. Never shown by the browser: it may be anybody's."""
    response = make_response(data)
    response.headers["Content-Type"] = next((kind for ending, kind in MEDIA.items() if name.endswith(ending)), "application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name.rpartition("/")[2])
    return response


@bp.get("/<folder>/tai-ve")
def export(folder: str) -> ResponseReturnValue:
    """The draft as a zip; `lan`: as it was at that revision."""
    draft = drafts.begun(folder)
    number = drafts.asked_number("lan")
    files = workspaces.files(db.session(), draft, number)
    return download(f"{folder}-nhap-{number or draft.head}.zip", archives.pack(files))


@bp.get("/<folder>/tai-ve/<path:name>")
def export_file(folder: str, name: str) -> ResponseReturnValue:
    """One file of the draft; `lan`: as it was at that revision."""
    draft = drafts.begun(folder)
    return download(name, workspaces.read(db.session(), draft, name, drafts.asked_number("lan")))


@bp.get("/<folder>/phien-ban/<id:number>/tai-ve")
def export_version(folder: str, number: int) -> ResponseReturnValue:
    """A deployed version as a zip."""
    files = {resource.name: resource.content for resource in _resources(folder, number)}
    return download(f"{folder}-ban-{number}.zip", archives.pack(files))


@bp.get("/<folder>/phien-ban/<id:number>/tai-ve/<path:name>")
def export_version_file(folder: str, number: int, name: str) -> ResponseReturnValue:
    for resource in _resources(folder, number, name):
        return download(name, resource.content)
    raise NotFound(what="file", id=name)


def _resources(folder: str, number: int, name: str | None = None) -> list[Resource]:
    query = select(Resource).join(Resource.deployment).where(Deployment.folder == folder, Deployment.number == number)
    if name is not None:
        query = query.where(Resource.name == name)
    found = list(db.session.scalars(query.options(undefer(Resource.content))))
    if not found:
        raise NotFound(what="version", id=number)
    return found


@bp.post("/<folder>/tep-moi")
def new(folder: str) -> ResponseReturnValue:
    """An empty diagram, table or form under a title; its file name is made of that."""
    draft = drafts.workspace(folder)
    title = " ".join(request.form.get("ten", "").split())[:120]
    if not title:
        raise Invalid(expected="a title for the new file", found="none")
    name, data = blanks.blank(request.form.get("loai", ""), title)
    workspaces.add(db.session(), draft, name, data, me())
    return redirect(url_for("studio.editor", folder=folder, name=name))


@bp.get("/<folder>/ve-tep/<path:name>")
def about(folder: str, name: str) -> ResponseReturnValue:
    """Where a file is renamed or removed."""
    draft = drafts.begun(folder)
    if name not in workspaces.head(db.session(), draft).tree:
        raise NotFound(what="file", id=name)
    lock = next((lock for lock in workspaces.holders(db.session(), draft) if lock.name == name and lock.user_id != me().id), None)
    entries = [entry for entry in workspaces.revisions(db.session(), draft, most=100) if name in entry.names][:20]
    return render_template("studio/file.html", folder=folder, name=name, lock=lock, entries=entries)


@bp.post("/<folder>/doi-ten/<path:name>")
def rename(folder: str, name: str) -> ResponseReturnValue:
    wanted = request.form.get("ten_moi", "").strip()
    workspaces.rename(db.session(), drafts.workspace(folder), name, wanted, me())
    flash(_("Đã đổi tên %(name)s thành %(new)s.", name=name, new=wanted), "done")
    return redirect(url_for("studio.show", folder=folder))


@bp.post("/<folder>/xoa/<path:name>")
def remove(folder: str, name: str) -> ResponseReturnValue:
    workspaces.remove(db.session(), drafts.workspace(folder), name, me())
    flash(_("Đã xóa %(name)s khỏi bản nháp. Tệp còn trong lịch sử và lấy lại được.", name=name), "done")
    return redirect(url_for("studio.show", folder=folder))
