"""The page on which supervisors and administrators have the history looked at, and signed files of cases checked."""

from __future__ import annotations

import hashlib
from typing import Any

from flask import Blueprint, Response, current_app, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import select

from engine import identity
from engine.audit import runs
from engine.errors import FileRejected, NotFound
from engine.models import AuditFinding, AuditRun, ProcessInstance
from engine.sentences import say
from web import supervision
from web.casefile import file, signatures
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.paging import paginate
from web.sessions import me

bp = Blueprint("auditing", __name__, url_prefix="/kiem-tra-lich-su")
LARGEST = 200_000_000
"""Bytes of a file that is brought back to be checked. Larger ones: luanchuyen verify."""
WORDS = {
    "altered": _l("mục này đã bị sửa"),
    "continues": _l("mục này không nối tiếp mục trước: một trong hai đã bị sửa"),
    "missing": _l("thiếu mục này"),
    "inserted": _l("mục chèn thêm"),
    "moved": _l("mục bị đổi chỗ"),
    "rows": _l("số dòng của các mục đến mục này đã bị đổi"),
    "head": _l("dòng hồ sơ ghi mục cuối khác với nhật ký"),
    "sealed": _l("mục này khác với lúc niêm phong"),
    "gone": _l("cả hồ sơ không còn"),
    "seal_missing": _l("thiếu niêm phong này"),
    "seal_altered": _l("niêm phong đã bị sửa"),
    "seal_chain": _l("niêm phong không nối tiếp niêm phong trước"),
    "seal_mark": _l("niêm phong không mang dấu của hệ thống này"),
    "seal_noted": _l("niêm phong khác với bản đã ghi lại"),
    "read_altered": _l("lượt xem đã bị sửa"),
    "reads": _l("các lượt xem thuộc niêm phong này đã bị sửa, xóa hoặc thêm"),
}


@bp.app_template_global()
def audits() -> bool:
    """For templates: whether the user may have the history looked at."""
    return bool(me().administrator or supervision.supervises())


@bp.url_value_preprocessor
def _larger(endpoint: str | None, _values: dict[str, Any] | None) -> None:
    # Before the form is read for the first time, and only for who has logged in.
    if endpoint == "auditing.check" and session.get("_user_id"):
        request.max_content_length = LARGEST


@bp.before_request
def _guard() -> None:
    """For others these pages do not exist."""
    if not audits():
        raise NotFound(what="page", id="")


def _page(status: int = 200, **data: Any) -> ResponseReturnValue:
    whole = runs.visible(me()).where(AuditRun.case_number.is_(None))
    page = paginate(runs.visible(me()))
    last = db.session.scalar(whole.where(AuditRun.state == runs.ENDED).limit(1))
    titles = _cases([one.case_number for one in page.rows])
    counts = {one.id: _count(one) for one in (*page.rows, *([last] if last else []))}
    text = render_template("auditing/list.html", page=page, last=last, cases=titles, counts=counts, **data)
    return make_response(text, status)


def _count(run: AuditRun) -> int:
    """How much of what was found the user is shown."""
    if me().administrator or not run.found:
        return run.found
    return len(db.session.scalars(runs.findings(run, me()).with_only_columns(AuditFinding.number)).all())


def _cases(numbers: list[int | None]) -> dict[int, ProcessInstance]:
    """Those of them that the user supervises."""
    wanted = {number for number in numbers if number is not None}
    query = select(ProcessInstance).where(ProcessInstance.id.in_(wanted), identity.may_supervise(me()))
    return {case.id: case for case in db.session.scalars(query)} if wanted else {}


@bp.get("")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("")
def ask() -> ResponseReturnValue:
    """Have the history of all cases looked at."""
    return redirect(url_for("auditing.show", run_id=runs.ask(db.session(), me()).id))


@bp.post("/ho-so/<id:instance_id>")
def ask_one(instance_id: int) -> ResponseReturnValue:
    """Have the history of one case looked at."""
    return redirect(url_for("auditing.show", run_id=runs.ask(db.session(), me(), supervision.case(instance_id)).id))


def _run(run_id: int) -> AuditRun:
    found = db.session.scalar(runs.visible(me()).where(AuditRun.id == run_id))
    if found is None:
        raise NotFound(what="look at the history", id=run_id)
    return found


def _told(run: AuditRun) -> dict[str, Any]:
    page = paginate(runs.findings(run, me()))
    cases = _cases([run.case_number, *(one.case_number for one in page.rows)])
    stuck = runs.stuck(db.session(), run)
    return {"run": run, "page": page, "cases": cases, "words": WORDS, "stuck": stuck, "busy": run.state != runs.ENDED and not stuck}


@bp.get("/<id:run_id>")
def show(run_id: int) -> ResponseReturnValue:
    return render_template("auditing/show.html", **_told(_run(run_id)))


@bp.get("/<id:run_id>/tien-do")
def progress(run_id: int) -> Response:
    """The part of the page that follows the work. When that has ended the whole page is asked for again: what was found stands there."""
    told = _told(_run(run_id))
    text = render_template("auditing/progress.html", **told)
    response = make_response(text)
    if not told["busy"]:
        response.headers["HX-Refresh"] = "true"
    response.set_etag(hashlib.sha256(text.encode()).hexdigest()[:32])
    response.make_conditional(request)
    return response


@bp.post("/tep")
def check() -> ResponseReturnValue:
    """Whether a complete file of a case (or one that holds several) is as this installation signed it."""
    given = request.files.get("tep")
    if given is None or not given.filename:
        return _page(422, error=_("Cần chọn tệp ZIP đã trích xuất."))
    secrets = (current_app.config["SECRET_KEY"], *current_app.config["SECRET_KEY_FALLBACKS"])
    try:
        results = file.check_all(given.stream, given.filename[:120], {signatures.public(secret) for secret in secrets})
    except FileRejected as error:
        results = [(given.filename[:120], error)]
    told = [(name, one, say(one, locale()) if isinstance(one, FileRejected) else "") for name, one in results]
    return _page(checked=told, checked_name=given.filename[:120])
