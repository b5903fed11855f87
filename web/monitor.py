"""What a supervisor sees: his processes, each with its diagram that counts, and his cases."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, case, func, select

from engine import db as clock
from engine import deployments
from engine.models import ProcessDefinition, ProcessInstance
from web import casefilter, durations, spreadsheet, standing, supervision
from web.casefilter import Filter
from web.database import db
from web.language import gettext as _
from web.paging import Page, paginate
from web.picture import TYPES
from web.standing import Place
from web.words import STATES, write_moment

bp = Blueprint("monitor", __name__)
bp.before_request(supervision.guard)
bp.add_app_template_global(supervision.supervises)
bp.add_app_template_global(supervision.open_incidents)
RECENTLY = timedelta(days=30)


@dataclass
class Process:
    """One line of the overview."""

    key: str
    name: str
    active: int = 0
    late: int = 0
    failing: int = 0
    ended: int = 0


@bp.get("/giam-sat")
def index() -> ResponseReturnValue:
    rows: dict[str, Process] = {}
    for definition in supervision.versions():
        rows.setdefault(definition.key, Process(definition.key, definition.name))
    now = clock.now(db.session())
    running = ProcessInstance.state.in_(supervision.RUNNING)
    counted = (
        select(
            ProcessDefinition.key,
            func.count(case((running, 1))),
            func.count(case((and_(running, standing.late(now)), 1))),
            func.count(case((and_(running, standing.failing()), 1))),
            func.count(case((ProcessInstance.ended_at.is_not(None), 1))),
        )
        .join(ProcessInstance.definition)
        .where(running | (ProcessInstance.ended_at >= now - RECENTLY), supervision.mine())
        .group_by(ProcessDefinition.key)
    )
    for key, active, late, failing, ended in db.session.execute(counted):
        row = rows[key]
        row.active, row.late, row.failing, row.ended = active, late, failing, ended
    return render_template("monitor/list.html", rows=sorted(rows.values(), key=lambda row: row.name))


@dataclass(frozen=True)
class Step:
    """One row of the table beside the diagram."""

    id: str
    name: str
    kind: str
    cases: int
    late: int
    spent: durations.Spent | None


def _days() -> int:
    asked = request.args.get("days", "")
    return int(asked) if asked in map(str, durations.PERIODS) else 90


def _version() -> int | None:
    asked = request.args.get("version", "")
    return int(asked[:9]) if asked.isdecimal() else None


def _steps(definition: ProcessDefinition, days: int) -> tuple[list[Step], bool]:
    """Named steps in the order of the file, and unnamed ones where cases stand; and whether all passages of the period went in."""
    session, mine = db.session(), supervision.mine()
    counts, spent = standing.counts(session, definition, mine), durations.read(session, definition, mine, days)
    found = []
    for node in deployments.diagram(session, definition).flow_nodes(definition.key):
        count = counts.get(node.id, standing.Count(0, 0))
        stays = node.type not in ("startEvent", "endEvent", "boundaryEvent") and not node.type.endswith("Gateway")
        if count.cases or (node.name and stays):
            kind = str(TYPES.get(node.type, node.type))
            found.append(Step(node.id, node.name or node.id, kind, count.cases, count.late, spent.by_element.get(node.id)))
    return found, spent.whole


@bp.get("/giam-sat/quy-trinh/<key>")
def process(key: str) -> ResponseReturnValue:
    """The diagram with its counts, the same as a table, and under them the cases, of the step that was clicked."""
    definition, versions = supervision.definition(key, _version())
    steps, whole = _steps(definition, _days())
    filter_ = Filter.read(request.args, process=key, version=definition.version)
    return render_template(
        "monitor/process.html",
        definition=definition,
        versions=versions,
        running=_running(key),
        steps=steps,
        whole=whole,
        days=_days(),
        periods=durations.PERIODS,
        words=durations.words,
        **_listed(filter_),
    )


def _running(key: str) -> dict[int, int]:
    """Version -> how many supervised cases run on it."""
    query = (
        select(ProcessDefinition.version, func.count(ProcessInstance.id))
        .join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
        .where(ProcessDefinition.key == key, ProcessInstance.state.in_(supervision.RUNNING), supervision.mine())
        .group_by(ProcessDefinition.version)
    )
    return {version: count for version, count in db.session.execute(query)}  # noqa: C416 - dict() of rows is not typed


@bp.get("/giam-sat/quy-trinh/<key>/buoc.csv")
def steps_file(key: str) -> Response:
    definition, _versions = supervision.definition(key, _version())
    steps, _whole = _steps(definition, _days())
    heads = (_("Bước"), _("Loại"), _("Hồ sơ"), _("Quá hạn"), _("Lượt qua"), _("Trung vị (giờ)"), _("9/10 lượt xong trong (giờ)"))
    rows = [(one.name, one.kind, one.cases, one.late, *_hours(one.spent)) for one in steps]
    return spreadsheet.answer(f"buoc-{definition.key}-{definition.version}", heads, rows)


def _hours(spent: durations.Spent | None) -> tuple[object, ...]:
    return (spent.count, round(spent.median / 3_600, 2), round(spent.ninetieth / 3_600, 2)) if spent else (0, None, None)


@bp.get("/giam-sat/quy-trinh/<key>/so-do.bpmn")
def diagram(key: str) -> Response:
    definition, _versions = supervision.definition(key, _version())
    response = make_response(deployments.diagram(db.session(), definition).source)
    response.mimetype = "application/xml"
    return response


@bp.get("/giam-sat/quy-trinh/<key>/so-do.json")
def diagram_state(key: str) -> Response:
    """What is drawn upon the diagram: how many cases stand where, and a link to those that are late."""
    definition, _versions = supervision.definition(key, _version())
    counts = standing.counts(db.session(), definition, supervision.mine())
    late = {id_: count.late for id_, count in counts.items() if count.late}
    body = orjson.dumps(
        {
            "passed": {},
            "flows": [],
            "active": {id_: count.cases for id_, count in counts.items()},
            "failed": sorted(late),
            "calls": {
                id_: {
                    "label": _("trễ %(count)s", count=count),
                    "address": url_for("monitor.process", key=key, version=definition.version, step=id_, late=1, _anchor="ho-so"),
                }
                for id_, count in late.items()
            },
        }
    )
    response = make_response(body)
    response.mimetype = "application/json"
    response.set_etag(hashlib.sha256(body).hexdigest()[:32])
    response.make_conditional(request)
    return response


@bp.get("/giam-sat/ho-so")
def cases() -> ResponseReturnValue:
    return render_template("monitor/cases.html", **_listed(Filter.read(request.args)))


def _listed(filter_: Filter) -> dict[str, Any]:
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
