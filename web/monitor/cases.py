"""The list of cases with its filters, and the same as a file."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import standing
from engine.models import ProcessInstance
from engine.standing import Place
from web import casefilter, spreadsheet
from web.casefilter import Filter
from web.database import db
from web.language import gettext as _
from web.monitor import bp
from web.paging import Page, paginate
from web.words import STATES, write_moment


@bp.get("/giam-sat/ho-so")
def cases() -> ResponseReturnValue:
    return render_template("monitor/cases.html", **listed(Filter.read(request.args)))


def listed(filter_: Filter) -> dict[str, Any]:
    """What the list of cases with its filters needs."""
    page: Page = paginate(filter_.ordered())
    return {
        "filter": filter_,
        "page": page,
        "places": standing.of_cases(db.session(), page.rows),
        "failing": _failing(page.rows),
        "options": casefilter.options(filter_),
        "states": casefilter.STATES,
        "nobody": casefilter.NOBODY,
    }


def _failing(rows: list[ProcessInstance]) -> set[int]:
    return set(db.session.scalars(select(ProcessInstance.id).where(ProcessInstance.id.in_([row.id for row in rows]), standing.failing())))


@bp.get("/giam-sat/ho-so.csv")
def cases_file() -> Response:
    """All cases that the filter leaves, not only those of one page."""
    rows = list(db.session.scalars(Filter.read(request.args).ordered()))
    places: dict[int, list[Place]] = {}
    for start in range(0, len(rows), 5_000):
        # A list of ids has its limits in both databases.
        places |= standing.of_cases(db.session(), rows[start : start + 5_000])
    heads = (
        _("Hồ sơ"), _("Mã"), _("Quy trình"), _("Bản"), _("Trạng thái"), _("Đang ở bước"), _("Cơ quan"), _("Người giữ"), _("Hạn"),
        _("Bắt đầu"), _("Kết thúc"),
    )  # fmt: skip
    return spreadsheet.answer("ho-so", heads, (_line(row, places.get(row.id, [])) for row in rows))


def _line(instance: ProcessInstance, places: list[Place]) -> tuple[object, ...]:
    tasks = [task for place in places for task in place.tasks]
    dues: list[datetime] = [task.due_at for task in tasks if task.due_at]
    return (
        instance.title,
        instance.business_key,
        instance.definition.name,
        instance.definition.version,
        str(STATES[instance.state][0]),
        "; ".join(place.name for place in places),
        "; ".join(sorted({task.organisation.name for task in tasks if task.organisation})),
        "; ".join(sorted({task.assignee.name for task in tasks if task.assignee})),
        write_moment(min(dues, default=None)),
        write_moment(instance.started_at),
        write_moment(instance.ended_at),
    )
