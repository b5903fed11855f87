"""What waits for me and for my bodies, and what I have done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import Select, func, select
from sqlalchemy.orm import contains_eager, load_only

from engine import identity, user_tasks
from engine.models import Organisation, ProcessDefinition, ProcessInstance, User, UserTask
from web.database import db
from web.language import gettext as _
from web.paging import Page, paginate
from web.search import matches
from web.sessions import local, me
from web.words import local as local_time
from web.words import today

bp = Blueprint("inbox", __name__)

SORTS: dict[str, Any] = {
    "due": (UserTask.due_at.is_(None), UserTask.due_at, UserTask.priority.desc(), UserTask.id),
    "task": (UserTask.name, UserTask.id),
    "case": (ProcessInstance.title, UserTask.id),
    "body": (Organisation.name, UserTask.id),
    "since": (UserTask.created_at.desc(), UserTask.id.desc()),
}
_TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')
GROUPS = {
    "late": _l("Quá hạn"),
    "today": _l("Hôm nay"),
    "week": _l("Tuần này"),
    "later": _l("Sau tuần này"),
    "never": _l("Không hạn"),
}


def _tasks() -> Select[UserTask]:
    """What a row shows, and no column more: fifty rows are read for every look at the list."""
    return (
        select(UserTask)
        .join(UserTask.instance)
        .outerjoin(Organisation, Organisation.id == UserTask.organisation_id)
        .options(
            load_only(UserTask.name, UserTask.created_at, UserTask.due_at, UserTask.ended_at, UserTask.priority),
            load_only(UserTask.reminded, UserTask.reminded_at),
            contains_eager(UserTask.instance).load_only(ProcessInstance.title, ProcessInstance.business_key),
            contains_eager(UserTask.organisation).load_only(Organisation.name),
        )
    )


def mine_query(user: User) -> Select[UserTask]:
    """Open tasks that `user` holds."""
    return _tasks().where(UserTask.state == user_tasks.OPEN, UserTask.assignee_id == user.id)


def bodies_query(user: User) -> Select[UserTask]:
    """Open tasks that nobody holds and `user` may claim."""
    return _tasks().where(UserTask.state == user_tasks.OPEN, UserTask.assignee_id.is_(None), identity.is_candidate(user))


def done_query(user: User) -> Select[UserTask]:
    """Tasks that `user` completed."""
    return _tasks().where(UserTask.state == user_tasks.COMPLETED, UserTask.ended_by_id == user.id)


# Made once: every page with a bar asks them. By the tables alone that say who has or may have a task.
_OPEN = select(func.count(UserTask.id)).where(UserTask.state == user_tasks.OPEN)
_COUNTS = select(
    _OPEN.where(UserTask.assignee_id == identity.ME).scalar_subquery(),
    _OPEN.where(UserTask.assignee_id.is_(None), identity.IS_CANDIDATE).scalar_subquery(),
)


def counts() -> dict[str, int]:
    """How many open tasks are mine, and how many my bodies'. Asked once per request."""
    if "inbox_counts" not in g:
        held, free = db.session.execute(_COUNTS, identity.given(me())).one()
        g.inbox_counts = {"mine": held, "bodies": free}
    found: dict[str, int] = g.inbox_counts
    return found


@bp.app_template_global()
def my_open_tasks() -> int:
    """For the bar of every page."""
    return counts()["mine"]


def group_of(due: datetime | None) -> str:
    """Which heading a task due then stands under."""
    if due is None:
        return "never"
    if due <= datetime.now(due.tzinfo):
        return "late"
    day, now = local_time(due).date(), today()
    if day == now:
        return "today"
    return "week" if day <= now + timedelta(days=6 - now.weekday()) else "later"


def grouped(rows: Iterable[UserTask]) -> list[tuple[str, str, list[UserTask]]]:
    """(key, heading, tasks), in the order of urgency; without empty groups."""
    groups: dict[str, list[UserTask]] = {key: [] for key in GROUPS}
    for task in rows:
        groups[group_of(task.due_at)].append(task)
    return [(key, str(GROUPS[key]), tasks) for key, tasks in groups.items() if tasks]


@bp.get("/")
def mine() -> ResponseReturnValue:
    return _list("mine", mine_query(me()))


@bp.get("/viec-don-vi")
def bodies() -> ResponseReturnValue:
    return _list("bodies", bodies_query(me()))


@bp.get("/viec-da-lam")
def done() -> ResponseReturnValue:
    return _list("done", done_query(me()))


def _list(tab: str, query: Select[UserTask]) -> Response:
    words, sort = request.args.get("q", "").strip()[:200], request.args.get("sort", "")
    if words:
        columns = (UserTask.name, ProcessInstance.title, ProcessInstance.business_key, ProcessDefinition.name, Organisation.name)
        query = query.join(ProcessInstance.definition).where(matches(words, *columns))
    default = (UserTask.ended_at.desc(), UserTask.id.desc()) if tab == "done" else SORTS["due"]
    page = paginate(query.order_by(*SORTS.get(sort, default)), total=None if words else counts().get(tab))
    by_due = tab != "done" and sort in ("", "due")
    data = {"tab": tab, "page": page, "groups": _groups(page, by_due), "counts": counts(), "words": words, "sort": sort, "grouped": by_due}
    # A page that polls asks for the rows alone, and is told when they are what it shows already.
    part = request.headers.get("HX-Request") == "true"
    response = make_response(render_template("inbox/rows.html" if part else "inbox/list.html", **data))
    if part:
        # The token of the session is signed anew each time, and tells nothing about the rows.
        rows = _TOKEN.sub("", response.get_data(as_text=True))
        response.set_etag(hashlib.sha256(rows.encode()).hexdigest()[:32])
        response.make_conditional(request)
    return response


def _groups(page: Page, by_due: bool) -> list[tuple[str, str, list[UserTask]]]:
    return grouped(page.rows) if by_due else [("", "", page.rows)]


@bp.post("/viec/<id:task_id>/nhan")
def claim(task_id: int) -> ResponseReturnValue:
    task = user_tasks.claim(db.session(), task_id, me())
    return redirect(local(request.form.get("next")) or url_for("tasks.show", task_id=task.id))


@bp.post("/viec/<id:task_id>/tra")
def put_back(task_id: int) -> ResponseReturnValue:
    task = user_tasks.unclaim(db.session(), task_id, me())
    flash(_("Đã trả việc “%(task)s” lại cho đơn vị.", task=task.name), "done")
    return redirect(local(request.form.get("next")) or url_for("inbox.bodies"))


@bp.post("/viec/nhan")
def claim_ticked() -> ResponseReturnValue:
    """Claim all ticked tasks, or none: the first that somebody else has taken is named."""
    ticked = [int(text) for text in request.form.getlist("task") if text.isdecimal()]
    for task_id in ticked:
        user_tasks.claim(db.session(), task_id, me())
    if ticked:
        flash(_("Đã nhận %(count)s việc.", count=len(ticked)), "done")
    return redirect(url_for("inbox.mine") if ticked else url_for("inbox.bodies"))
