"""Who does my work while I am away, and the work that I do for others."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from engine import deployments, deputies, identity
from engine.errors import EngineError, Invalid
from engine.models import Deputy, User, UserTask
from engine.sentences import say
from engine.working_time import read_day
from web import bar
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.paging import paginate
from web.sessions import me
from web.words import today, write_date

bp = Blueprint("deputies", __name__)


@bp.app_template_global()
def stands_in() -> bool:
    """For the tabs of the inbox."""
    return bool(identity.deputyships(me()))


@bp.get("/lam-thay")
def tasks() -> ResponseReturnValue:
    """What may be taken for each of those whom I stand in for."""
    found = [(one, paginate(_waiting(one))) for one in identity.deputyships(me())]
    return render_template(
        "deputies/tasks.html", found=found, counts=bar.of_me(), coming=deputies.of_deputy(db.session(), me()), last_day=last_day
    )


def _waiting(one: Deputy) -> Select[UserTask]:
    query = select(UserTask).where(deputies.may_take(one)).options(joinedload(UserTask.instance), joinedload(UserTask.organisation))
    return query.order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.priority.desc(), UserTask.id)


@bp.post("/lam-thay/<id:task_id>")
def take(task_id: int) -> ResponseReturnValue:
    task = deputies.take(db.session(), task_id, me())
    absent = task.on_behalf_of
    if absent is not None:
        flash(_("Đã nhận việc “%(task)s” để làm thay %(name)s.", task=task.name, name=absent.name), "done")
    return redirect(url_for("tasks.show", task_id=task.id))


@bp.get("/tai-khoan/nguoi-thay")
def index() -> ResponseReturnValue:
    return _page()


def _page(error: str = "", status: int = 200) -> ResponseReturnValue:
    session, user = db.session(), me()
    processes = {one.key: one.name for one in deployments.current(session)}
    shown = render_template(
        "deputies/index.html",
        mine=deputies.of_absent(session, user),
        others=deputies.of_deputy(session, user),
        colleagues=deputies.colleagues(session, user),
        processes=processes,
        last_day=last_day,
        today=write_date(today()),
        error=error,
        typed=request.form,
        chosen=request.form.getlist("quy_trinh"),
    )
    return shown, status


def last_day(one: Deputy) -> str:
    """The last day on which a deputy acts: its end is the midnight after it."""
    return write_date(one.until - timedelta(microseconds=1))


@bp.post("/tai-khoan/nguoi-thay")
def appoint() -> ResponseReturnValue:
    """Whole days, the last one included. From today means from now."""
    session, user = db.session(), me()
    first, last = (read_day(request.form.get(name, "")) for name in ("tu", "den"))
    if first is None or last is None:
        found = request.form.get("tu" if first is None else "den", "")[:40]
        return _page(_("Cần một ngày như 31/12/2026, nhưng thấy “%(found)s”.", found=found), 422)
    if last < first or last < today():
        return _page(_("Ngày cuối phải từ ngày đầu trở đi và chưa qua."), 422)
    since, until = deputies.whole_days(session, first, last)
    deputy = session.scalar(select(User).where(User.username == request.form.get("nguoi", "")[:80]))
    try:
        if deputy is None:
            raise Invalid(expected="an active colleague of one of the same bodies", found=request.form.get("nguoi", "")[:80] or "-")
        with session.begin_nested():
            made = deputies.appoint(
                session,
                user,
                deputy,
                since,
                until,
                processes=request.form.getlist("quy_trinh"),
                reason=request.form.get("ly_do", ""),
                by=user,
            )
    except EngineError as error:
        return _page(say(error, locale()), 422)
    flash(_("%(name)s làm thay đồng chí đến hết ngày %(day)s.", name=deputy.name, day=last_day(made)), "done")
    return redirect(url_for("deputies.index"))


@bp.post("/tai-khoan/nguoi-thay/<id:number>/thoi")
def withdraw(number: int) -> ResponseReturnValue:
    ended = deputies.withdraw(db.session(), number, me())
    flash(
        _(
            "Đã thôi làm thay: %(deputy)s thay %(absent)s. Việc đang làm dở được trả lại trong vài phút.",
            deputy=ended.deputy.name,
            absent=ended.absent.name,
        ),
        "done",
    )
    return redirect(url_for("deputies.index"))
