"""The complete files of cases, for their supervisors to take away: asked for, made by the workers, fetched when they are ready."""

from __future__ import annotations

import csv
import io
import re
import tempfile
import zipfile
from typing import IO, cast

from flask import Blueprint, Response, flash, redirect, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine import casefiles, exports
from engine.casefiles import Made
from engine.errors import EngineError, NotFound
from engine.models import Export
from engine.sentences import say
from web import asking, steering, supervision, watching
from web.casefile.making import IN_MEMORY
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.sessions import me
from web.words import today

bp = Blueprint("casefile", __name__)
bp.before_request(supervision.guard)


@bp.post("/giam-sat/ho-so/<id:instance_id>/trich-xuat")
def ask_one(instance_id: int) -> ResponseReturnValue:
    """Have the file of one case made."""
    instance = supervision.case(instance_id)
    return _ask(re.sub(r"[^\w.-]+", "_", instance.business_key)[:80] or str(instance.id), [instance.id])


@bp.post("/giam-sat/ho-so/trich-xuat")
def ask() -> ResponseReturnValue:
    """Have the files of the ticked cases made, or of all that the filter of the address leaves."""
    try:
        ids = list(db.session.scalars(asking.chosen("case")))
    except asking.Incomplete as incomplete:
        return steering.sent_back(str(incomplete))
    return _ask("ho-so", ids) if ids else steering.sent_back(_("Cần chọn ít nhất một dòng của danh sách."))


def _ask(name: str, ids: list[int]) -> ResponseReturnValue:
    try:
        export = casefiles.ask(db.session(), me(), name, ids, {"language": locale()})
    except EngineError as error:
        sentence = say(error, locale())
        if len(ids) > 1 or "instance_id" not in (request.view_args or {}):
            return steering.sent_back(sentence)
        flash(sentence, "late")
        return redirect(url_for("cases.show", instance_id=ids[0]))
    return redirect(url_for("monitor.file_page", export_id=export.id))


@bp.app_template_global()
def made_files(export: Export) -> list[Made]:
    """For templates: what became of each case."""
    return casefiles.made(db.session(), export) if export.format == exports.CASEFILE else []


@bp.get("/giam-sat/tep/<id:export_id>/ho-so")
def download(export_id: int) -> Response:
    """The file of one case; of several, one file that holds them all, and a list. Recorded for each case."""
    session = db.session()
    export = exports.get(session, export_id, me())
    files = [one for one in casefiles.made(session, export) if one.name]
    if export.format != exports.CASEFILE or export.state != exports.READY or not files:
        raise NotFound(what="export", id=export_id)
    stream = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 the answer closes it
    try:
        if export.total == 1:
            stream.writelines(casefiles.read(session, export, 0))
        else:
            _together(session, export, stream)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    watching.exported([one.case for one in files])
    return send_file(
        stream, mimetype="application/zip", as_attachment=True, download_name=f"{export.name}-{today():%Y%m%d}.zip", etag=False
    )


def _together(session: Session, export: Export, stream: IO[bytes]) -> None:
    """One file of all: as they are, since they are packed already."""
    listed = io.StringIO()
    table = csv.writer(listed)
    table.writerow([_("Hồ sơ"), _("Tệp"), _("Vì sao không")])
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_STORED) as whole:
        for one in casefiles.made(session, export):
            table.writerow([one.case, one.name, " ".join(why.get(locale(), why["vi"]) for why in one.problems)])
            if one.name:
                with whole.open(one.name, "w", force_zip64=True) as member:
                    for piece in casefiles.read(session, export, one.part):
                        member.write(piece)
        whole.writestr("danh-sach.csv", listed.getvalue().encode("utf-8-sig"))
