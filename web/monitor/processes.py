"""Processes: all of them with their counts, and one with its diagram that counts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import and_, case, func, select

from engine import db as clock
from engine import deployments, standing
from engine.models import ProcessDefinition, ProcessInstance
from web import durations, spreadsheet, supervision
from web.casefilter import Filter
from web.database import db
from web.kept import COUNTS, kept
from web.language import gettext as _
from web.monitor import answers, bp, paths, visits
from web.monitor.cases import listed
from web.monitor.view import View
from web.picture import TYPES

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
    rows, since = kept(COUNTS, "overview", count=_overview), visits.look()
    if answers.is_poll():
        return answers.tagged(render_template("monitor/overview.html", rows=rows, since=since))
    return render_template("monitor/list.html", rows=rows, since=since)


def _overview() -> list[Process]:
    """Every supervised process with its counts, by name."""
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
    return sorted(rows.values(), key=lambda row: row.name)


@dataclass(frozen=True)
class Step:
    """One row of the table beside the diagram."""

    id: str
    name: str
    kind: str
    cases: int
    late: int
    spent: durations.Spent | None


def _standing(view: View) -> dict[str, standing.Count]:
    def count() -> dict[str, standing.Count]:
        return standing.counts(db.session(), view.definition, *view.conditions())

    return kept(COUNTS, "standing", view.definition.id, view.body, count=count)


def _steps(view: View, spent: durations.Durations) -> list[Step]:
    """Named steps in the order of the file, and unnamed ones where cases stand."""
    definition, session = view.definition, db.session()
    counts = _standing(view)
    found = []
    for node in deployments.diagram(session, definition).flow_nodes(definition.key):
        count = counts.get(node.id, standing.Count(0, 0))
        stays = node.type not in ("startEvent", "endEvent", "boundaryEvent") and not node.type.endswith("Gateway")
        if count.cases or (node.name and stays):
            kind = str(TYPES.get(node.type, node.type))
            found.append(Step(node.id, node.name or node.id, kind, count.cases, count.late, spent.by_element.get(node.id)))
    return found


@bp.get("/giam-sat/quy-trinh/<key>")
def process(key: str) -> ResponseReturnValue:
    """The diagram with its counts, the same as a table, and under them the cases, of the step that was clicked."""
    view = View.read(key)
    filter_ = Filter.read(request.args, process=key, version=view.definition.version)
    found = listed(filter_) | {"fixed": ("process", "version", "step")}
    if answers.is_poll():
        return answers.tagged(render_template("monitor/live_rows.html", **found))
    spent = paths.read(view)
    return render_template(
        "monitor/process.html",
        view=view,
        definition=view.definition,
        running=_running(key),
        steps=_steps(view, spent),
        paths=paths.table(view, spent),
        whole=spent.whole,
        periods=durations.PERIODS,
        words=durations.words,
        **found,
    )


def _running(key: str) -> dict[int, int]:
    """Version -> how many supervised cases run on it."""
    return kept(COUNTS, "running", key, count=lambda: _count_running(key))


def _count_running(key: str) -> dict[int, int]:
    query = (
        select(ProcessDefinition.version, func.count(ProcessInstance.id))
        .join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
        .where(ProcessDefinition.key == key, ProcessInstance.state.in_(supervision.RUNNING), supervision.mine())
        .group_by(ProcessDefinition.version)
    )
    return {version: count for version, count in db.session.execute(query)}  # noqa: C416 - dict() of rows is not typed


@bp.get("/giam-sat/quy-trinh/<key>/buoc.csv")
def steps_file(key: str) -> Response:
    view = View.read(key)
    heads = (_("Bước"), _("Loại"), _("Hồ sơ"), _("Quá hạn"), _("Lượt qua"), _("Trung vị (giờ)"), _("9/10 lượt xong trong (giờ)"))
    rows = [(one.name, one.kind, one.cases, one.late, *_hours(one.spent)) for one in _steps(view, paths.read(view))]
    return spreadsheet.answer(f"buoc-{key}-{view.definition.version}", heads, rows)


def _hours(spent: durations.Spent | None) -> tuple[object, ...]:
    return (spent.count, round(spent.median / 3_600, 2), round(spent.ninetieth / 3_600, 2)) if spent else (0, None, None)


@bp.get("/giam-sat/quy-trinh/<key>/duong-di.csv")
def paths_file(key: str) -> Response:
    view = View.read(key)
    heads = (_("Từ"), _("Đến"), _("Nhánh"), _("Lượt"), _("Phần trăm trong các nhánh cùng chỗ"))
    rows = [(one.source, one.target, one.name, one.count, one.share) for one in paths.table(view, paths.read(view))]
    return spreadsheet.answer(f"duong-di-{key}-{view.definition.version}", heads, rows)


@bp.get("/giam-sat/quy-trinh/<key>/so-do.bpmn")
def diagram(key: str) -> Response:
    response = make_response(deployments.diagram(db.session(), View.read(key).definition).source)
    response.mimetype = "application/xml"
    return response


@bp.get("/giam-sat/quy-trinh/<key>/so-do.json")
def diagram_state(key: str) -> Response:
    """What is drawn upon the diagram: how often each way was taken; or how many cases stand where, and a link to those that are late."""
    view = View.read(key)
    return answers.state(paths.picture(view) if view.paths else _counts(view))


def _counts(view: View) -> dict[str, Any]:
    counts = _standing(view)
    late = {id_: count.late for id_, count in counts.items() if count.late}

    def address(step: str) -> str:
        return url_for("monitor.process", **view.address(step=step, late=1, _anchor="ho-so"))

    return {
        "passed": {},
        "flows": [],
        "active": {id_: count.cases for id_, count in counts.items()},
        "failed": sorted(late),
        "calls": {id_: {"label": _("trễ %(count)s", count=count), "address": address(id_)} for id_, count in late.items()},
    }
