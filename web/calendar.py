"""The calendar of working days: everybody may look; those who may release, and administrators, say what days are."""

from __future__ import annotations

import time
from datetime import date, datetime, timedelta

from flask import Blueprint, current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import deadlines, working_time
from engine.errors import EngineError, NotFound
from engine.expressions import Calendar
from engine.models import Organisation
from engine.sentences import say
from engine.working_time import Change, Day
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.rights import may_release
from web.sessions import me
from web.words import WEEKDAYS, today

bp = Blueprint("calendar", __name__, url_prefix="/lich-lam-viec")

MOST_DAYS = 62
"""Days that one entry may span."""
KEPT = 30.0
"""Seconds for which a process shows distances by the calendar it has read. What is stored is counted with that of the moment."""


def current() -> Calendar:
    """The calendar, as pages show it."""
    read: tuple[float, Calendar] | None = current_app.extensions.get("calendar")
    if read is None or read[0] < time.monotonic() - KEPT:
        read = current_app.extensions["calendar"] = (time.monotonic(), working_time.calendar(db.session()))
    return read[1]


def _may_change() -> bool:
    return me().administrator or may_release(me())


@bp.get("")
def index() -> ResponseReturnValue:
    year = request.args.get("nam", "")
    return _page(int(year) if year.isdecimal() and 2000 <= int(year) <= 2100 else today().year)


def _page(year: int, error: str = "", where: str = "", status: int = 200) -> ResponseReturnValue:
    session = db.session()
    bodies = session.execute(select(Organisation.code, Organisation.name).order_by(Organisation.name)).all()
    weekdays, hours = working_time.hours(session)
    shown = render_template(
        "calendar/index.html",
        year=year,
        announced=year <= today().year,
        years=range(today().year - working_time.BEFORE, today().year + working_time.AFTER + 1),
        days=working_time.days(session, year),
        weekday=lambda one: WEEKDAYS[one.day.weekday()],
        weekdays=weekdays,
        names=WEEKDAYS,
        hours=", ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in hours),
        bodies={code: name for code, name in bodies},  # noqa: C416 - rows are not typed
        may_change=_may_change(),
        followed=deadlines.followed(session) if _may_change() else None,
        error=error,
        where=where,
        typed=request.form,
    )
    return shown, status


@bp.before_request
def _door() -> None:
    if request.method == "POST" and not _may_change():
        raise NotFound(what="page", id="/lich-lam-viec")


@bp.post("/ngay")
def add() -> ResponseReturnValue:
    """One day, or several in a row, off or worked."""
    first = working_time.read_day(request.form.get("tu", ""))
    text = request.form.get("den", "").strip()
    last = working_time.read_day(text) if text else first
    if first is None or last is None:
        found = request.form.get("tu" if first is None else "den", "")[:40]
        return _page(_year(), _("Cần một ngày như 31/12/2026, nhưng thấy “%(found)s”.", found=found), "days", 422)
    if not 0 <= (last - first).days < MOST_DAYS:
        return _page(_year(), _("Ngày cuối phải từ ngày đầu trở đi, và mỗi lần ghi nhiều nhất %(most)s ngày.", most=MOST_DAYS), "days", 422)
    works = request.form.get("loai") == "lam"
    body, name = request.form.get("to_chuc", ""), request.form.get("ten", "")
    changes = [Change(first + timedelta(days=step), works, name, body) for step in range((last - first).days + 1)]
    try:
        with db.session().begin_nested():
            count = working_time.change(db.session(), changes, me())
    except EngineError as error:
        return _page(_year(), say(error, locale()), "days", 422)
    return _changed(_("Đã ghi %(count)s ngày vào lịch. Hạn của việc và hẹn giờ tính theo lịch đang được tính lại.", count=count), first)


@bp.post("/ngay/<int:day_id>/bo")
def remove(day_id: int) -> ResponseReturnValue:
    try:
        working_time.forget(db.session(), day_id)
    except NotFound:
        flash(_("Ngày này đã được bỏ khỏi lịch trước đó."), "info")
        return redirect(url_for("calendar.index", nam=_year()))
    return _changed(_("Đã bỏ ngày này: lịch chung có hiệu lực. Hạn đang được tính lại."), date(_year(), 1, 1))


@bp.post("/gio")
def set_hours() -> ResponseReturnValue:
    weekdays = [int(one) for one in request.form.getlist("thu") if one.isdecimal() and len(one) == 1]
    try:
        with db.session().begin_nested():
            working_time.set_hours(db.session(), weekdays, request.form.get("gio", "")[:200])
    except EngineError as error:
        return _page(_year(), say(error, locale()), "hours", 422)
    return _changed(_("Đã ghi giờ làm việc. Hạn đang được tính lại."), date(_year(), 1, 1))


def _year() -> int:
    text = request.form.get("nam", "")
    return int(text) if text.isdecimal() and 2000 <= int(text) <= 2100 else datetime.now().astimezone().year


def _changed(said: str, shown: date) -> ResponseReturnValue:
    deadlines.follow(db.session(), me())
    current_app.extensions.pop("calendar", None)
    flash(said, "done")
    return redirect(url_for("calendar.index", nam=shown.year))


@bp.app_template_global()
def kind_of_day(one: Day) -> str:
    """What a row of the calendar is, in words."""
    if one.works:
        return _("làm việc")
    return _("nghỉ")
