"""What a draft was: who changed what when, and going back."""

from __future__ import annotations

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from engine import workspaces
from engine.models import User, Workspace, WorkspaceRevision
from engine.workspaces import Entry
from web.database import db
from web.language import gettext as _
from web.sessions import me
from web.studio import bp, drafts

MOST = 50
KINDS = {
    "begun": _l("Bắt đầu bản nháp"),
    "saved": _l("Sửa"),
    "added": _l("Thêm tệp"),
    "removed": _l("Xóa tệp"),
    "renamed": _l("Đổi tên tệp"),
    "imported": _l("Nhập tệp"),
    "restored": _l("Khôi phục"),
    "followed": _l("Lấy theo phiên bản đã phát hành"),
    "aside": _l("Giữ riêng: người khác đã lưu trước"),
}


@bp.get("/<folder>/lich-su")
def history(folder: str) -> ResponseReturnValue:
    draft = drafts.begun(folder)
    before = drafts.asked_number("truoc")
    entries = workspaces.revisions(db.session(), draft, before=before, most=MOST)
    more = entries[-1].revision.number if len(entries) == MOST and entries[-1].revision.number > 1 else None
    return render_template("studio/history.html", folder=folder, draft=draft, entries=entries, more=more, paged=before is not None)


@bp.get("/<folder>/lich-su/<id:number>")
def revision(folder: str, number: int) -> ResponseReturnValue:
    """One state of the draft, with what going back to it would change."""
    draft = drafts.begun(folder)
    then, head = workspaces.revision(db.session(), draft, number), workspaces.head(db.session(), draft)
    part = (then.name is not None and then.aside) or bool(then.detail.get("part"))
    names = sorted(then.tree if part else then.tree | head.tree)
    sizes = workspaces.sizes(db.session(), draft, then.tree)
    rows = [(name, sizes.get(name), _compared(then.tree.get(name), head.tree.get(name))) for name in names]
    return render_template("studio/revision.html", folder=folder, draft=draft, revision=then, rows=rows, part=part)


def _compared(then: str | None, now: str | None) -> str:
    """What going back means for a file: same, changed, again (it was removed since), new (it came since)."""
    if then == now:
        return "same"
    return "again" if now is None else "new" if then is None else "changed"


@bp.post("/<folder>/lich-su/<id:number>/khoi-phuc")
def restore(folder: str, number: int) -> ResponseReturnValue:
    """Make the draft, or its file `tep`, what it was."""
    draft = drafts.workspace(folder)
    name = request.form.get("tep") or None
    workspaces.restore(db.session(), draft, number, me(), name)
    if name:
        flash(_("Đã khôi phục tệp %(name)s. Bản nháp trước đó còn trong lịch sử.", name=name), "done")
    else:
        flash(_("Đã khôi phục bản nháp. Bản nháp trước đó còn trong lịch sử."), "done")
    return redirect(url_for("studio.show", folder=folder))


@bp.post("/<folder>/theo-phien-ban")
def follow(folder: str) -> ResponseReturnValue:
    """Take over the newest version, which came from elsewhere since the draft was begun."""
    draft = drafts.workspace(folder)
    newest = workspaces.behind(db.session(), draft)
    if newest is not None:
        workspaces.follow(db.session(), draft, newest, me())
        flash(_("Bản nháp nay là bản %(number)s. Bản nháp trước đó còn trong lịch sử.", number=newest.number), "done")
    return redirect(url_for("studio.show", folder=folder))


def last_changes(draft: Workspace) -> dict[str, WorkspaceRevision]:
    """File name -> the revision that changed it last, of the newest hundred."""
    found: dict[str, WorkspaceRevision] = {}
    for entry in workspaces.revisions(db.session(), draft, most=100):
        if not entry.revision.aside:
            for name in entry.names:
                found.setdefault(name, entry.revision)
    return found


def words(entry: Entry) -> str:
    """What a revision did, in words."""
    revision = entry.revision
    what = str(KINDS.get(revision.kind, revision.kind))
    if revision.kind in ("begun", "followed") and "version" in revision.detail:
        return _("%(what)s, từ bản %(number)s", what=what, number=revision.detail["version"])
    if revision.kind == "restored":
        return _("%(what)s lần lưu %(number)s", what=what, number=revision.detail.get("from", "?"))
    if revision.kind == "imported" and revision.aside:
        note = revision.detail.get("note")
        return _("Tệp gửi đến, chưa nhập vào bản nháp") + (f": {note}" if note else "")
    return what


def who(user: User | None) -> str:
    """The name of a person, or that it was a program."""
    return user.name if user else _("một chương trình")


@bp.context_processor
def _words() -> dict[str, Any]:
    return {"revision_words": words, "revision_who": who}
