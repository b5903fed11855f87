"""The list of changes that wait to be applied together."""

from __future__ import annotations

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import pending_changes
from engine.errors import EngineError, Halted
from engine.models import PendingChange
from engine.sentences import say
from web import supervision
from web.actwords import described
from web.database import db, only_read
from web.language import gettext as _
from web.language import locale
from web.sessions import me

bp = Blueprint("pending", __name__, url_prefix="/giam-sat/cho-ap-dung")
bp.before_request(supervision.guard)


@bp.app_template_global()
def pending_count() -> int:
    """For templates: how many changes the user has gathered."""
    return len(db.session.scalars(pending_changes.mine(me()).with_only_columns(PendingChange.id)).all())


def _page(error: str = "", reason: str = "") -> ResponseReturnValue:
    changes = list(db.session.scalars(pending_changes.mine(me())))
    rows = [(one, *described(one.kind, one.arguments, one.instance), one.seen != one.instance.version) for one in changes]
    cases = len({one.instance_id for one in changes})
    text = render_template("pending/list.html", rows=rows, cases=cases, most=pending_changes.MOST, error=error, reason=reason)
    return make_response(text, 422 if error else 200)


@bp.get("")
def index() -> ResponseReturnValue:
    return _page()


@bp.post("/bo")
def remove() -> ResponseReturnValue:
    ticked = [int(one) for one in request.form.getlist("change") if one.isdecimal() and len(one) <= 18]
    pending_changes.remove(db.session(), me(), ticked)
    return redirect(url_for("pending.index"))


@bp.post("/ap-dung")
def apply() -> ResponseReturnValue:
    """All of them or none."""
    reason = request.form.get("reason", "").strip()[:2_000]
    if not reason:
        return _page(_("Cần nêu lý do."))
    try:
        count = pending_changes.apply(db.session(), me(), reason)
    except EngineError as error:
        sentence = say(error, locale())
        if not isinstance(error, Halted):
            return _page(sentence, reason)
        # What was done before the one that halted is taken back.
        db.session.rollback()
        only_read()
        return _page(sentence, reason)
    flash(_("Đã áp dụng cả %(count)s thay đổi.", count=count), "done")
    return redirect(url_for("pending.index"))
