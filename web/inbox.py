"""What waits for me and for my bodies, and what I have done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from flask import Blueprint, Response, flash, g, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select

from engine import identity, user_tasks
from engine.models import Organisation, ProcessDefinition, ProcessInstance, UserTask
from engine.statements import Question
from web.database import db
from web.language import gettext as _
from web.paging import PER_PAGE, Page, placed
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


class Case(NamedTuple):
    """What a row shows of the case."""

    title: str
    business_key: str


class Body(NamedTuple):
    """What a row shows of the body that is asked."""

    name: str


class Row(NamedTuple):
    """What the list shows of one task, by the names that the task itself has for it."""

    id: int
    name: str
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    reminded: int
    reminded_at: datetime | None
    instance: Case
    organisation: Body | None


# No column more: fifty rows are read for every look at the list.
_SHOWN = (
    *(UserTask.id, UserTask.name, UserTask.created_at, UserTask.due_at, UserTask.ended_at, UserTask.reminded, UserTask.reminded_at),
    *(ProcessInstance.title, ProcessInstance.business_key, Organisation.name),
)
WHOSE: dict[str, tuple[ColumnElement[bool], ...]] = {
    "mine": (UserTask.state == user_tasks.OPEN, UserTask.assignee_id == identity.ME),
    "bodies": (UserTask.state == user_tasks.OPEN, UserTask.assignee_id.is_(None), identity.IS_CANDIDATE),
    "done": (UserTask.state == user_tasks.COMPLETED, UserTask.ended_by_id == identity.ME),
}
"""By tab: open tasks that I hold; open tasks that nobody holds and I may claim; tasks that I completed."""


def _of(tab: str, rows: Select[Any]) -> Select[Any]:
    rows = rows.join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
    return rows.outerjoin(Organisation, Organisation.id == UserTask.organisation_id).where(*WHOSE[tab])


def _order(tab: str, sort: str) -> Any:
    default = (UserTask.ended_at.desc(), UserTask.id.desc()) if tab == "done" else SORTS["due"]
    return SORTS.get(sort, default)


@cache
def _question(tab: str, sort: str) -> Question:
    """Made once for each: every look at the list asks it. `sort`: one of SORTS, or empty."""
    limits = {name: bindparam(name, type_=Integer) for name in ("limit", "offset")}
    return Question(*_SHOWN, of=lambda rows: _of(tab, rows).order_by(*_order(tab, sort)).limit(limits["limit"]).offset(limits["offset"]))


def _row(values: Sequence[Any]) -> Row:
    *own, title, key, body = values
    return Row._make((*own, Case(title, key), None if body is None else Body(body)))


def _page(tab: str, sort: str, words: str) -> Page:
    session, given = db.session(), identity.given(me())
    if not words:
        place = placed(counts()[tab] if tab in counts() else session.scalar(_COMPLETED, given) or 0)
        rows = _question(tab, sort if sort in SORTS else "").ask(session, {**given, "limit": PER_PAGE, "offset": place.offset})
        return place.page([_row(one) for one in rows])
    query: Select[Any] = select(*_SHOWN)  # type: ignore[assignment]  # of these columns
    query = _of(tab, query).join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
    query = query.where(
        matches(words, UserTask.name, ProcessInstance.title, ProcessInstance.business_key, ProcessDefinition.name, Organisation.name)
    )
    place = placed(session.scalar(select(func.count()).select_from(query.subquery()), given) or 0)
    found = session.execute(query.order_by(*_order(tab, sort)).limit(PER_PAGE).offset(place.offset), given)
    return place.page([_row(one) for one in found])


# Made once: every page with a bar asks them. By the tables alone that say who has or may have a task.
_COUNTED = {tab: select(func.count(UserTask.id)).where(*which) for tab, which in WHOSE.items()}
_COUNTS = Question(_COUNTED["mine"].scalar_subquery(), _COUNTED["bodies"].scalar_subquery(), of=lambda rows: rows)
_COMPLETED = _COUNTED["done"]


def counts() -> dict[str, int]:
    """How many open tasks are mine, and how many my bodies'. Asked once per request."""
    if "inbox_counts" not in g:
        held, free = _COUNTS.ask(db.session(), identity.given(me()))[0]
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


def grouped(rows: Iterable[Row]) -> list[tuple[str, str, list[Row]]]:
    """(key, heading, tasks), in the order of urgency; without empty groups."""
    groups: dict[str, list[Row]] = {key: [] for key in GROUPS}
    for task in rows:
        groups[group_of(task.due_at)].append(task)
    return [(key, str(GROUPS[key]), tasks) for key, tasks in groups.items() if tasks]


@bp.get("/")
def mine() -> ResponseReturnValue:
    return _list("mine")


@bp.get("/viec-don-vi")
def bodies() -> ResponseReturnValue:
    return _list("bodies")


@bp.get("/viec-da-lam")
def done() -> ResponseReturnValue:
    return _list("done")


def _list(tab: str) -> Response:
    words, sort = request.args.get("q", "").strip()[:200], request.args.get("sort", "")
    page = _page(tab, sort, words)
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


def _groups(page: Page, by_due: bool) -> list[tuple[str, str, list[Row]]]:
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
