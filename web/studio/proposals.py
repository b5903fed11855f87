"""Proposals of releases: looking at one, and deciding about it."""

from __future__ import annotations

from flask import flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from engine import releases
from engine.errors import Conflict, EngineError, Forbidden, Invalid, Refused
from engine.models import Release
from engine.releases import Seen
from engine.sentences import say
from web.assets import icon
from web.database import db, writing
from web.errors import status_of
from web.language import gettext as _
from web.language import locale
from web.rights import may_release
from web.sessions import me
from web.studio import bp, versions
from web.studio.api import known_topics
from web.studio.release import MOST, checklist_of, edited_since, whole_number

STATES = {
    releases.PROPOSED: (_l("đang chờ duyệt"), "hourglass-split"),
    releases.RELEASED: (_l("đã phát hành"), "check-circle-fill"),
    releases.REFUSED: (_l("đã từ chối"), "x-lg"),
    releases.WITHDRAWN: (_l("đã rút"), "slash-circle"),
}


@bp.app_template_global()
def release_state(name: str) -> Markup:
    """The state of a proposal as shape and word."""
    word, shape = STATES[name]
    return Markup('<span class="state">{} {}</span>').format(icon(shape), word)


@bp.get("/<folder>/phat-hanh/de-nghi/<id:release_id>")
@writing
def proposal(folder: str, release_id: int) -> ResponseReturnValue:
    return _proposal(releases.get(db.session(), folder, release_id))


def _proposal(made: Release, refused: EngineError | None = None) -> ResponseReturnValue:
    release_id, folder, number = made.id, made.folder, made.revision
    checklist = checklist_of(folder, versions.side(folder, f"de-nghi-{release_id}"))
    made = releases.get(db.session(), folder, release_id)
    page = render_template(
        "studio/release_proposal.html",
        folder=folder,
        release=made,
        checklist=checklist,
        seen=releases.seen(db.session(), folder).number or 0,
        coming=[one for one in versions.all_(folder) if one.state == "coming"],
        edited=edited_since(folder, number),
        refused=say(refused, locale()) if refused else "",
        mine=made.proposed_by_id == me().id,
        may_release=may_release(me()),
    )
    return page, status_of(refused) if refused else 200


@bp.post("/<folder>/phat-hanh/de-nghi/<id:release_id>/<any(duyet, 'tu-choi', rut):act>")
def decide(folder: str, release_id: int, act: str) -> ResponseReturnValue:
    """Approve (`duyet`), refuse (`tu-choi`) or withdraw (`rut`; also a version whose date has not come)."""
    made = releases.get(db.session(), folder, release_id)
    if not may_release(me()) and not (act == "rut" and made.proposed_by_id == me().id):
        raise Forbidden(action="decide about this release", reason="you do not hold a role that releases processes")
    reason = request.form.get("ly_do", "").strip()[:MOST]
    try:
        words = _decided(made, act, reason)
    except (Conflict, Invalid, Refused) as refused:
        db.session.rollback()
        return _proposal(releases.get(db.session(), folder, release_id), refused)
    flash(words, "done")
    return redirect(url_for("studio.release", folder=folder))


def _decided(made: Release, act: str, reason: str) -> str:
    session, number = db.session(), made.id
    if act == "duyet":
        seen = Seen(whole_number(request.form.get("da_xem", "")) or None)
        done = releases.approve(session, made.id, me(), topics=known_topics(), seen=seen)
        return _("Đã duyệt và phát hành bản %(number)s.", number=done.deployment.number if done.deployment else 0)
    if act == "tu-choi":
        releases.refuse(session, made.id, me(), reason)
        return _("Đã từ chối đề nghị phát hành số %(number)s.", number=number)
    was_released = made.deployment is not None
    done = releases.withdraw(session, made.id, me(), reason)
    if was_released and done.deployment:
        return _("Đã thu hồi bản %(number)s trước ngày có hiệu lực.", number=done.deployment.number)
    return _("Đã rút đề nghị phát hành số %(number)s.", number=number)
