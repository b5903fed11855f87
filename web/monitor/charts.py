"""Charts of a process, each drawn from the table that stands beside it; and the tables as files."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from flask import Response, render_template
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l

from engine import deployments
from engine.errors import NotFound
from web import durations, spreadsheet
from web.database import db
from web.kept import FIGURES, kept
from web.language import gettext as _
from web.language import locale
from web.monitor import bp, figures, paths
from web.monitor.view import View
from web.words import write_date

Works = tuple[list[figures.Work], list[figures.Work], dict[str, str]]
"""What figures.work() gives."""


@dataclass(frozen=True)
class Chart:
    """One table and how it is drawn: `bar`, `lying` (bars from the left, for names) or `line`. `unit` stands behind each number."""

    key: str
    title: str
    kind: str
    heads: Sequence[str]
    rows: list[tuple[Any, ...]]
    unit: str = ""
    drawn: tuple[int, ...] = (1, 2)
    """Columns that the picture shows."""
    paints: tuple[str, ...] = ("waiting", "done")
    """Their colours, each that of a state (theme.css)."""


KEYS = {
    "ho-so": _l("Hồ sơ bắt đầu và kết thúc theo tuần"),
    "dung-han": _l("Việc xong đúng hạn theo tuần"),
    "thoi-gian": _l("Thời gian ở từng bước"),
    "co-quan": _l("Việc theo cơ quan"),
    "nguoi": _l("Việc theo người"),
}


def _charts(view: View) -> list[Chart]:
    asked = (view.definition.id, view.whole, view.days, view.body, locale())
    works, charts = kept(FIGURES, "charts", *asked, count=lambda: _counted(view))
    if view.body is None:
        # The bodies that can be chosen were counted with them.
        view.bodies = works[2]
    return charts


def _counted(view: View) -> tuple[Works, list[Chart]]:
    works = figures.work(view)
    return works, list(_all(view, works))


def _all(view: View, works: Works) -> Iterable[Chart]:
    weeks = figures.by_week(view)
    named = [(write_date(week.monday), week) for week in weeks]
    cases = [(day, week.started, week.finished) for day, week in named]
    yield _chart("ho-so", "bar", (_("Tuần từ ngày"), _("Bắt đầu"), _("Kết thúc")), cases)
    kept = [(day, week.share, week.on_time, week.due) for day, week in named]
    heads = (_("Tuần từ ngày"), _("Tỷ lệ đúng hạn (%)"), _("Xong đúng hạn"), _("Xong, có hạn"))
    yield _chart("dung-han", "line", heads, kept, unit="%", drawn=(1,), paints=("done",))
    heads = (_("Bước"), _("Trung vị (giờ)"), _("9/10 lượt xong trong (giờ)"), _("Lượt qua"))
    yield _chart("thoi-gian", "lying", heads, list(_steps(view)), unit=_("giờ"), paints=("waiting", "muted"))
    heads = (_("Cơ quan"), _("Đang mở"), _("Xong trong kỳ"), _("Quá hạn"))
    bodies, persons, _names = works
    yield _chart("co-quan", "lying", heads, _work(bodies), drawn=(1, 3, 2), paints=("active", "late", "done"))
    heads = (_("Người"), *heads[1:])
    yield _chart("nguoi", "lying", heads, _work(persons), drawn=(1, 3, 2), paints=("active", "late", "done"))


def _chart(key: str, kind: str, heads: Sequence[str], rows: list[tuple[Any, ...]], **more: Any) -> Chart:
    return Chart(key, str(KEYS[key]), kind, heads, rows, **more)


def _steps(view: View) -> Iterable[tuple[Any, ...]]:
    spent = paths.read(view).by_element
    for node in deployments.diagram(db.session(), view.definition).flow_nodes(view.definition.key):
        if node.id in spent and node.name and node.type.endswith(("Task", "task", "callActivity", "subProcess", "CatchEvent")):
            one = spent[node.id]
            yield node.name, round(one.median / 3_600, 1), round(one.ninetieth / 3_600, 1), one.count


def _work(found: list[figures.Work]) -> list[tuple[Any, ...]]:
    return [(one.name, one.open, one.done, one.late) for one in found]


@bp.get("/giam-sat/quy-trinh/<key>/bieu-do")
def charts(key: str) -> ResponseReturnValue:
    view = View.read(key)
    return render_template(
        "monitor/charts.html", view=view, definition=view.definition, charts=_charts(view), periods=durations.PERIODS, most=figures.MOST
    )


@bp.get("/giam-sat/quy-trinh/<key>/bieu-do/<any('ho-so','dung-han','thoi-gian','co-quan','nguoi'):chart>.csv")
def chart_file(key: str, chart: str) -> Response:
    found = next((one for one in _charts(View.read(key)) if one.key == chart), None)
    if found is None:
        raise NotFound(what="process", id=key)
    return spreadsheet.answer(f"{chart}-{key}", found.heads, found.rows)
