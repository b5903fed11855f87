"""What waits for me and for my bodies, and what I have done."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple, cast

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Integer, Select, bindparam, func, select, true

from engine import identity, user_tasks
from engine.models import Organisation, ProcessDefinition, ProcessInstance, UserTask
from engine.statements import Question
from web import bar
from web.database import db
from web.language import gettext as _
from web.listing import Listing
from web.paging import PER_PAGE, Page, asked, placed
from web.search import matches
from web.sessions import local, me
from web.words import due_words, is_late, today
from web.words import local as local_time

bp = Blueprint("inbox", __name__)

SORTS: dict[str, Any] = {
    "due": UserTask.due_at,
    "task": UserTask.name,
    "case": ProcessInstance.title,
    "body": Organisation.name,
    "since": UserTask.created_at,
    "ended": UserTask.ended_at,
}
USUAL = {"mine": "due", "bodies": "due", "done": "-ended"}
"""The order of a list while none was chosen."""
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
    """What the list shows of one task, by the names that the task itself has for it; `left`: how long it has, in words."""

    id: int
    name: str
    created_at: datetime
    due_at: datetime | None
    ended_at: datetime | None
    reminded: int
    reminded_at: datetime | None
    instance: Case
    organisation: Body | None
    left: str
    late: bool


# No column more: fifty rows are read for every look at the list.
_SHOWN = (
    *(UserTask.id, UserTask.name, UserTask.created_at, UserTask.due_at, UserTask.ended_at, UserTask.reminded, UserTask.reminded_at),
    *(ProcessInstance.title, ProcessInstance.business_key, Organisation.name),
)
_DUE = Row._fields.index("due_at")
DONE = (UserTask.state == user_tasks.COMPLETED, UserTask.ended_by_id == identity.ME)
WHOSE: dict[str, tuple[ColumnElement[bool], ...]] = {"mine": bar.MINE, "bodies": bar.FREE, "done": DONE}
"""By tab: open tasks that I hold; open tasks that nobody holds and I may claim; tasks that I completed."""
_TOTAL: dict[str, Any] = {
    "mine": bar.STANDING.c.mine,
    "bodies": bar.STANDING.c.bodies,
    "done": select(func.count()).select_from(UserTask).where(*DONE).scalar_subquery(),
}


def _order(sort: str) -> tuple[Any, ...]:
    """What has no deadline or no body comes last both ways; of what is due at once, the more important first."""
    key, down = sort.lstrip("-"), sort.startswith("-")
    column = SORTS[key]
    empty_last = (column.is_(None),) if key in ("due", "body") else ()
    beside = (UserTask.priority.desc(),) if key == "due" else ()
    return (*empty_last, column.desc() if down else column, *beside, UserTask.id.desc() if down else UserTask.id)


def _with_cases(rows: Any) -> Any:
    rows = rows.outerjoin(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
    return rows.outerjoin(Organisation, Organisation.id == UserTask.organisation_id)


@cache
def _question(tab: str, sort: str) -> Question:
    """One page of a list, and beside each row how many there are and what the bar says: one journey for all. Made once for each list.

    Without a row it is one of nulls, so that the counts are told all the same.
    `sort`: one of SORTS, with `-` in front for the other way round.
    """
    order, limits = _order(sort), {name: bindparam(name, type_=Integer) for name in ("limit", "offset")}
    ids = select(UserTask.id).where(*WHOSE[tab])
    # The case and the body are looked up for those alone that are shown, unless they say which these are.
    ids = _with_cases(ids) if sort.lstrip("-") in ("case", "body") else ids
    page = ids.order_by(*order).limit(limits["limit"]).offset(limits["offset"]).subquery("page")

    def of(rows: Select[Any]) -> Select[Any]:
        rows = rows.select_from(bar.STANDING).outerjoin(page, true()).outerjoin(UserTask, UserTask.id == page.c.id)
        return cast("Select[Any]", _with_cases(rows).order_by(*order))

    return Question(_TOTAL[tab], *bar.STANDING.c, *_SHOWN, of=of)


def _row(values: Sequence[Any]) -> Row:
    *own, title, key, body = values
    due = own[_DUE]
    return Row._make((*own, Case(title, key), None if body is None else Body(body), due_words(due), is_late(due)))


def _page(tab: str, sort: str) -> Page:
    question, offset = _question(tab, sort), (asked() - 1) * PER_PAGE
    values = {**identity.given(me()), "limit": PER_PAGE}
    while True:
        found = question.ask(db.session(), {**values, "offset": offset})
        total, *standing = found[0][:4]
        bar.known(*standing)
        place = placed(total)
        if place.offset == offset:
            return place.page([_row(one[4:]) for one in found if one[4] is not None])
        # Beyond the last page: what is shown instead is the last one of this moment.
        offset = place.offset


def _found(tab: str, sort: str, words: str) -> Page:
    query: Select[Any] = _with_cases(select(*_SHOWN))
    query = query.join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id).where(*WHOSE[tab])
    query = query.where(
        matches(words, UserTask.name, ProcessInstance.title, ProcessInstance.business_key, ProcessDefinition.name, Organisation.name)
    )
    given = identity.given(me())
    place = placed(db.session.scalar(select(func.count()).select_from(query.subquery()), given) or 0)
    found = db.session.execute(query.order_by(*_order(sort)).limit(PER_PAGE).offset(place.offset), given)
    return place.page([_row(one) for one in found])


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
    listing = Listing.read(SORTS, USUAL[tab])
    words, sort = listing.get("q"), listing.get("sort") or listing.usual
    page = _found(tab, sort, words) if words else _page(tab, sort)
    data = {"tab": tab, "page": page, "groups": _groups(page, sort == "due"), "counts": bar.of_me(), "words": words, "listing": listing}
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
