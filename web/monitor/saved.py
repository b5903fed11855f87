"""Filters that supervisors keep under a name, for themselves or for those who supervise in the same role."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import flash, redirect, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import exists, or_, select
from sqlalchemy.orm import joinedload
from werkzeug.datastructures import MultiDict

from engine import db as clock
from engine import identity
from engine.errors import NotFound
from engine.models import Organisation, Participant, SavedFilter
from web.casefilter import Filter
from web.database import db
from web.language import gettext as _
from web.monitor import bp
from web.sessions import me

MOST = 100
"""Filters of one person."""


def visible() -> list[SavedFilter]:
    """The user's own, and those that were shared with a role of his; by name."""
    mine = or_(SavedFilter.user_id == me().id, SavedFilter.shared_with.in_(identity.principals(me())))
    query = select(SavedFilter).where(mine).options(joinedload(SavedFilter.user)).order_by(SavedFilter.name, SavedFilter.id)
    return list(db.session.scalars(query))


@bp.app_template_global()
def supervising_as() -> list[tuple[str, str]]:
    """For templates: the principals by which the user supervises, except his account alone, with their words."""
    held = sorted(one for one in identity.principals(me()) if not one.startswith("user:"))
    # Asked one by one: each is found by the first entry of the index, however many cases there are.
    asked = [exists(select(Participant.id).where(Participant.principal == one, Participant.scope == identity.SUPERVISE)) for one in held]
    found = [one for one, does in zip(held, db.session.execute(select(*asked)).one(), strict=True) if does] if held else []
    names = {code: name for code, name in db.session.execute(select(Organisation.code, Organisation.name))}  # noqa: C416
    return [(one, _words(one, names)) for one in found]


def _words(principal: str, names: dict[str, str]) -> str:
    role, _at, body = principal.partition("@")
    return " · ".join(part for part in (role, names.get(body, body)) if part)


@bp.get("/giam-sat/ho-so/bo-loc/<id:filter_id>")
def saved_filter(filter_id: int) -> ResponseReturnValue:
    """Leads to the list as it was saved."""
    found = next((one for one in visible() if one.id == filter_id), None)
    if found is None:
        raise NotFound(what="filter", id=filter_id)
    return redirect(f"{url_for('monitor.cases')}?{found.address}")


@bp.post("/giam-sat/ho-so/bo-loc")
def save_filter() -> ResponseReturnValue:
    """Keep the filter of the address. The name of one of his own replaces that one."""
    asked = Filter.read(MultiDict(parse_qsl(request.form.get("address", "")[:2_000], max_num_fields=40)))
    back = redirect(url_for("monitor.cases", **asked.address()))  # type: ignore[arg-type]
    name = request.form.get("name", "").strip()[:100]
    shared = request.form.get("shared_with", "")
    if not name:
        flash(_("Cần đặt tên cho bộ lọc."), "late")
        return back
    own = list(db.session.scalars(select(SavedFilter).where(SavedFilter.user_id == me().id)))
    found = next((one for one in own if one.name == name), None)
    if found is None and len(own) >= MOST:
        flash(_("Mỗi người giữ tối đa %(most)s bộ lọc. Hãy bỏ bớt trước khi lưu thêm.", most=MOST), "late")
        return back
    if found is None:
        found = SavedFilter(user_id=me().id, name=name)
        db.session.add(found)
    found.address, found.saved_at = urlencode(asked.address()), clock.now(db.session())
    found.shared_with = shared if shared in dict(supervising_as()) else None
    flash(_("Đã lưu bộ lọc “%(name)s”.", name=name), "done")
    return back


@bp.post("/giam-sat/ho-so/bo-loc/<id:filter_id>/bo")
def remove_filter(filter_id: int) -> ResponseReturnValue:
    """Only one's own; that of somebody else is not there."""
    found = db.session.scalar(select(SavedFilter).where(SavedFilter.id == filter_id, SavedFilter.user_id == me().id))
    if found is None:
        raise NotFound(what="filter", id=filter_id)
    db.session.delete(found)
    flash(_("Đã bỏ bộ lọc “%(name)s”.", name=found.name), "done")
    return redirect(url_for("monitor.cases"))
