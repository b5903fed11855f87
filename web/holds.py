"""Legal holds: a supervisor keeps a case from being purged, whatever the rules of retention say, and lets them apply again."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine import retention
from engine.errors import Invalid, NotFound
from engine.models import LegalHold, ProcessInstance
from engine.sentences import say
from web import supervision
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.paging import paginate
from web.sessions import me

bp = Blueprint("holds", __name__)
bp.before_request(supervision.guard)


@bp.get("/giam-sat/dang-giu")
def index() -> ResponseReturnValue:
    """The held cases that the user supervises, those held last first."""
    query = select(LegalHold).join(ProcessInstance, ProcessInstance.id == LegalHold.instance_id).where(supervision.mine())
    query = query.options(joinedload(LegalHold.placed_by)).order_by(LegalHold.placed_at.desc(), LegalHold.instance_id)
    page = paginate(query)
    mine = select(ProcessInstance).where(ProcessInstance.id.in_([row.instance_id for row in page.rows]), supervision.mine())
    cases = {case.id: case for case in db.session.scalars(mine.options(joinedload(ProcessInstance.definition)))}
    return render_template("holds/list.html", page=page, cases=cases)


@bp.post("/giam-sat/ho-so/<id:instance_id>/giu")
def hold(instance_id: int) -> ResponseReturnValue:
    return _change(instance_id, retention.hold, _("Đã giữ hồ sơ: hồ sơ không bị xóa cho tới khi thôi giữ."))


@bp.post("/giam-sat/ho-so/<id:instance_id>/thoi-giu")
def release(instance_id: int) -> ResponseReturnValue:
    return _change(instance_id, retention.release, _("Đã thôi giữ hồ sơ: thời hạn lưu giữ lại được áp dụng."))


def _change(instance_id: int, act: Callable[..., None], done: str) -> ResponseReturnValue:
    supervision.case(instance_id)
    reason = request.form.get("reason", "").strip()[:2_000]
    back = redirect(url_for("steering.case", instance_id=instance_id) + "#giu")
    if not reason:
        flash(_("Cần nêu lý do."), "late")
        return back
    try:
        with db.session.begin_nested():
            act(db.session(), instance_id, me(), reason)
    except (Invalid, NotFound) as error:
        # The button was pressed twice, or somebody else was faster.
        flash(say(error, locale()), "late")
        return back
    flash(done, "done")
    return back


@bp.app_template_global()
def held(instance: ProcessInstance) -> LegalHold | None:
    """For templates: who holds this case, since when and why."""
    query = select(LegalHold).where(LegalHold.instance_id == instance.id)
    return db.session.scalar(query.options(joinedload(LegalHold.placed_by)))
