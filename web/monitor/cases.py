"""The list of cases with its filters."""

from __future__ import annotations

from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from werkzeug.datastructures import MultiDict

from engine import exports, standing
from engine.exports import VARIABLE
from engine.forecasts import cases as forecasts
from engine.forecasts.cases import Outlook
from engine.models import ProcessInstance
from web import casefilter, searchable
from web.casefilter import Filter
from web.database import db
from web.monitor import answers, bp, columns, saved
from web.paging import Page, paginate


@bp.get("/giam-sat/ho-so")
def cases() -> ResponseReturnValue:
    found = listed(Filter.read(request.args))
    if answers.is_poll():
        return answers.tagged(render_template("monitor/live_rows.html", **found))
    return render_template("monitor/cases.html", kept=saved.visible(), **found)


def listed(filter_: Filter) -> dict[str, Any]:
    """What the list of cases with its filters needs."""
    page = _page(filter_)
    shown = columns.all_of(filter_)
    return {
        "filter": filter_,
        "page": page,
        "places": standing.of_cases(db.session(), page.rows),
        "failing": _failing(page.rows),
        "expected": _expected(page.rows, shown),
        "options": casefilter.options(filter_),
        "states": casefilter.STATES,
        "nobody": casefilter.NOBODY,
        "news": casefilter.NEWS,
        "columns": shown,
        "usual": not filter_.get("cols"),
        "sortable": columns.SORTABLE,
        "variables": _variables(page.rows, shown),
        "list_address": urlencode({**filter_.address(), **({"page": page.number} if page.number > 1 else {})}),
        "filter_address": urlencode(filter_.address()),
    }


def _page(filter_: Filter) -> Page:
    """Found, counted and sorted by their numbers alone; only those that are shown are read whole."""
    page = paginate(filter_.ids())
    rows = {row.id: row for row in db.session.scalars(filter_.of(page.rows))}
    return replace(page, rows=[rows[number] for number in page.rows if number in rows])


def _failing(rows: list[ProcessInstance]) -> set[int]:
    return set(db.session.scalars(select(ProcessInstance.id).where(ProcessInstance.id.in_([row.id for row in rows]), standing.failing())))


def _expected(rows: list[ProcessInstance], shown: list[columns.Column]) -> dict[int, Outlook]:
    """When the running ones are expected to end, where the list shows that."""
    asked = any(one.key == "expected" and one.chosen for one in shown)
    return forecasts.known(db.session(), [row.id for row in rows if row.state == "active"]) if asked else {}


def _variables(rows: list[ProcessInstance], shown: list[columns.Column]) -> dict[int, dict[str, str]]:
    """Case -> name of the column -> words, for the columns that show variables."""
    chosen = {one.key: one.variable for one in shown if one.chosen and one.variable}
    if not chosen:
        return {}
    names = searchable.names_of_codes() if any(one.of_bodies for one in chosen.values()) else {}
    found = exports.read_keywords(db.session(), [row.id for row in rows], [one.name for one in chosen.values()])
    return {
        number: {VARIABLE + name: _words(chosen[VARIABLE + name], value, names) for name, value in values.items()}
        for number, values in found.items()
    }


def _words(variable: searchable.Searchable, value: str, names: dict[str, str]) -> str:
    if variable.kind == searchable.DATE and len(value) >= 10:
        return f"{value[8:10]}/{value[5:7]}/{value[:4]}"
    return variable.options.get(value) or (names.get(value, value) if variable.of_bodies else value)


@bp.app_template_global()
def back_to_list() -> str:
    """For the page of a case: the parameters of the list that it was opened from, only those that a list knows; empty: none."""
    pairs = parse_qsl(request.args.get("ds", "")[:2_000], max_num_fields=40)
    asked = Filter.read(MultiDict(pairs)).address()
    number = dict(pairs).get("page", "")
    return urlencode({**asked, **({"page": number} if number.isdecimal() else {})})
