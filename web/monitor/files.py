"""The list of cases as a file: a short one at once, a long one made by the workers while the page tells how far it is."""

from __future__ import annotations

import hashlib

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import exports
from engine.errors import Invalid, NotFound
from engine.models import Export
from engine.sentences import say
from web import spreadsheet
from web.casefilter import Filter
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.monitor import bp, columns
from web.paging import paginate
from web.sessions import me

AT_ONCE = 2_000
"""Cases that are written while the person waits."""


@bp.app_template_global()
def written_at_once() -> int:
    """AT_ONCE, for the page."""
    return AT_ONCE


def _ids(filter_: Filter) -> list[int]:
    """The cases that the filter leaves, in its order. A filter that cannot be read leaves none: it would mean all instead of few."""
    cases = filter_.ids()
    return [] if filter_.errors else list(db.session.scalars(cases))


def _at_once(format_: str) -> ResponseReturnValue:
    filter_ = Filter.read(request.args)
    ids = _ids(filter_)
    if len(ids) > AT_ONCE:
        flash(_("Danh sách dài (%(count)s hồ sơ): tệp được lập dần, bấm “Lập tệp” ở cuối phần bộ lọc.", count=len(ids)), "info")
        return redirect(url_for("monitor.cases", **filter_.address()))  # type: ignore[arg-type]
    arguments = columns.of_file(filter_)
    return spreadsheet.file("ho-so", format_, exports.write(format_, arguments, exports.lines(db.session(), ids, arguments, me())))


@bp.get("/giam-sat/ho-so.csv")
def cases_file() -> ResponseReturnValue:
    """All cases that the filter leaves, not only those of one page."""
    return _at_once(exports.CSV)


@bp.get("/giam-sat/ho-so.xlsx")
def cases_workbook() -> ResponseReturnValue:
    """The same for Excel."""
    return _at_once(exports.XLSX)


@bp.get("/giam-sat/tep")
def file_list() -> ResponseReturnValue:
    """The user's own files, newest first."""
    return render_template("monitor/files.html", page=paginate(exports.mine(me())))


@bp.post("/giam-sat/tep")
def make_file() -> ResponseReturnValue:
    """Have the list of the address made into a file."""
    filter_ = Filter.read(request.args)
    try:
        ids = _ids(filter_)
        if not ids:
            raise Invalid(expected="a filter that can be read and leaves cases", found="none")
        export = exports.ask(db.session(), me(), request.form.get("format", ""), "ho-so", ids, columns.of_file(filter_))
    except Invalid as error:
        flash(say(error, locale()), "late")
        return redirect(url_for("monitor.cases", **filter_.address()))  # type: ignore[arg-type]
    return redirect(url_for("monitor.file_page", export_id=export.id))


def _told(export: Export) -> dict[str, object]:
    return {"export": export, "stuck": exports.stuck(db.session(), export), "busy": export.state == exports.MAKING}


@bp.get("/giam-sat/tep/<id:export_id>")
def file_page(export_id: int) -> ResponseReturnValue:
    return render_template("monitor/file.html", **_told(exports.get(db.session(), export_id, me())))


@bp.get("/giam-sat/tep/<id:export_id>/tien-do")
def file_progress(export_id: int) -> Response:
    """The part of the page that follows the work."""
    text = render_template("monitor/file_progress.html", **_told(exports.get(db.session(), export_id, me())))
    response = make_response(text)
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response


@bp.get("/giam-sat/tep/<id:export_id>/tai")
def download_file(export_id: int) -> Response:
    export = exports.get(db.session(), export_id, me())
    content = db.session.scalar(select(Export.content).where(Export.id == export.id))
    if content is None:
        raise NotFound(what="export", id=export_id)
    return spreadsheet.file(export.name, export.format, content)


@bp.post("/giam-sat/tep/<id:export_id>/bo")
def remove_file(export_id: int) -> ResponseReturnValue:
    exports.remove(db.session(), export_id, me())
    flash(_("Đã bỏ tệp."), "done")
    return redirect(url_for("monitor.file_list"))
