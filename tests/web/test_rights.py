"""Whoever has no right to a case tries every address and every parameter: refused alike whether it is there or not, told nothing, recorded.

The addresses are read from the application: a new one is tried without a word here; one with an argument that nobody has put on the list
of ARGUMENTS fails.
"""

from __future__ import annotations

import io
import itertools
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from engine import batches, deployments, documents, exports, instances
from engine import db as engine_db
from engine.models import CaseAccess, HistoryEvent, ProcessInstance, SavedFilter, User, UserTask
from tests.engine.cast import bpmn, flow
from tests.web.conftest import Browser, _add
from tests.web.supervised import Enter, Find, Store, break_down, same
from tests.web.test_replay import person

SECRETS = ("Bình Định", "ĐN 01/2026", "ho_so_mat", "Nguyễn Văn Bình", "biểu thức sai", "lọc riêng")
"""Words of the case and of what belongs to it."""
NOWHERE = 987_654
OPEN = {
    "static": "files of the pages, for everybody",
    "processes.show": "the catalogue of processes is for everybody who has an account; it tells of no case",
    "processes.diagram": "as processes.show",
    "processes.law": "as processes.show",
    "processes.start_page": "as processes.show",
    "processes.start": "as processes.show",
    "processes.edit_start": "as processes.show",
    "studio.rule": "what a rule of the diagrams means, for who may edit",
}
"""Rules with an argument that is no case's, whose answer may tell whether it is there."""
FREE = ("health", "auth", "engine_rest", "account")
"""Blueprints of which no refusal is recorded (web/watching.py): they know nothing of cases."""
OWN = ("auditing.", "calendar.")
"""Pages that administrators have for themselves: that the history is looked at, not what stands in it; the calendar of working days."""


@dataclass
class World:
    """What is there for others: argument of an address -> what it is for a thing that exists, and for one that does not."""

    arguments: dict[str, tuple[Any, Any]]
    case: int
    task: int
    incident: int
    holder: int
    body: int


@pytest.fixture
def world(store: Store, case: int, task_of: Find, password_hash: str) -> World:
    """giang's batch, file, filter and document about an's case; khanh supervises a case of another process; quan_tri runs the system."""
    task, incident = task_of(case, "xet"), break_down(store, case)
    with store.begin() as session:
        giang, binh = person(session, "giang"), person(session, "binh")
        session.get_one(UserTask, task).assignee_id = binh.id
        document = documents.add(session, case, "ho_so_mat.txt", b"x", "text/plain", user=giang)
        batch = batches.prepare(session, "suspend", {}, giang, "chờ", ids=[case])
        export = exports.ask(session, giang, "csv", "ho_so_mat", [case], {"columns": [("title", "Hồ sơ")], "states": {}})
        kept = SavedFilter(user_id=giang.id, name="lọc riêng", address="q=binh+dinh", saved_at=engine_db.now(session))
        session.add(kept)
        _add(session, "khanh", "Đinh Quốc Khánh", ("giam_sat_khac@phong_b",), password_hash)
        _add(session, "quan_tri", "Quản trị", ("ky_thuat@phong_b",), password_hash)
        person(session, "quan_tri").administrator = True
        _another(session)
        session.flush()
        body = session.get_one(UserTask, task).organisation_id or 1
        given = {
            "instance_id": case, "task_id": task, "document_id": document.id, "batch_id": batch.id, "export_id": export.id,
            "filter_id": kept.id, "definition_id": session.get_one(ProcessInstance, case).definition_id, "run_id": 1, "number": 1,
            "release_id": 1, "day_id": 1, "version": 1,
        }  # fmt: skip
        arguments: dict[str, tuple[Any, Any]] = {name: (value, NOWHERE) for name, value in given.items()}
        arguments |= {"key": ("don_nghi", "khong_co"), "folder": ("don_nghi", "khong_co"), "name": ("don_nghi.bpmn", "khong_co.bpmn")}
        arguments |= {"chart": ("ho-so", "ho-so"), "act": ("duyet", "duyet"), "filename": ("icon.svg", "khong_co.svg")}
        return World(arguments, case, task, incident, binh.id, body)


def _another(session: Session) -> None:
    """A process with its own supervisors, and a case of it."""
    head = '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat_khac"/></camunda:properties>'
    body = f'{head}</extensionElements><startEvent id="dau"/><userTask id="lam" name="Làm" camunda:candidateGroups="viet"/>'
    deployments.store(session, "khac", {"khac.bpmn": bpmn(body + flow("dau", "lam"), key="khac")})
    instances.start(session, deployments.latest(session, "khac"), {})


def rules(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Every address with an argument, with each of its methods."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda one: one.rule):
        for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
            if rule.arguments and rule.endpoint not in OPEN:
                yield rule, method


def address(rule: Rule, arguments: dict[str, tuple[Any, Any]], which: int) -> str:
    """Of something that is there (0) or not (1)."""
    return re.sub(r"<(?:[^<>]*:)?(\w+)>", lambda match: str(arguments[match[1]][which]), rule.rule)


def ask(browser: Browser, method: str, place: str, data: dict[str, Any], token: str) -> TestResponse:
    return browser.get(place) if method == "GET" else browser.client.open(place, method=method, data={"csrf_token": token, **data})


def told(answer: TestResponse, arguments: dict[str, tuple[Any, Any]]) -> tuple[int, str, str]:
    """An answer without the address that it answers."""
    text = same(answer.text)
    for there, not_there in arguments.values():
        if there != not_there and isinstance(not_there, int):
            text = (
                text.replace(str(not_there), "?").replace(f"/{there}", "/?").replace(f" {there}", " ?").replace(f"&#39;{there}", "&#39;?")
            )
        elif there != not_there:
            text = text.replace(str(not_there), "?").replace(str(there), "?")
    return answer.status_code, answer.headers.get("Location", ""), re.sub(r"\?+", "?", text)


def test_every_argument_of_an_address_is_on_the_list(app: Flask, world: World) -> None:
    unknown = {
        rule.rule: sorted(rule.arguments - set(world.arguments)) for rule, _method in rules(app) if rule.arguments - set(world.arguments)
    }
    assert unknown == {}
    assert set(OPEN) <= {rule.endpoint for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("username", ["em", "quan_tri", "khanh"])
def test_every_address_refuses_alike_tells_nothing_and_is_recorded(
    app: Flask, log_in: Enter, store: Store, world: World, username: str
) -> None:
    browser, wrong, refused = log_in(username), list[str](), set[str]()
    token = browser.token("/tai-khoan")
    before = _state(store, world)
    for rule, method in rules(app):
        if username == "quan_tri" and rule.endpoint.startswith(OWN):
            continue
        data = {"reason": "thử", "seen": "1", "q": "x", "kind": "suspend", "act": "x"}
        answers = [ask(browser, method, address(rule, world.arguments, which), data, token) for which in (0, 1)]
        there, not_there = (told(answer, world.arguments) for answer in answers)
        if there != not_there:
            wrong.append(
                f"{method} {rule.rule}: {there[:2]} is not {not_there[:2]}" + ("" if there[:2] != not_there[:2] else ": other words")
            )
        if there[0] not in (401, 403, 404):
            wrong.append(f"{method} {rule.rule}: answers {there[0]}")
        wrong += [f"{method} {rule.rule}: says {word}" for word in SECRETS if word in answers[0].text]
        if rule.endpoint.partition(".")[0] not in FREE and there[0] in (403, 404):
            refused |= {address(rule, world.arguments, which) for which in (0, 1)}
    assert wrong == []
    assert _state(store, world) == before
    with store() as session:
        query = (
            select(CaseAccess.what).join(User, User.id == CaseAccess.user_id).where(User.username == username, CaseAccess.kind == "refused")
        )
        recorded = set(session.scalars(query))
    assert {place[:120] for place in refused} - recorded == set()


def _state(store: Store, world: World) -> tuple[Any, ...]:
    with store() as session:
        case, task = session.get_one(ProcessInstance, world.case), session.get_one(UserTask, world.task)
        kinds = session.scalars(select(HistoryEvent.kind).where(HistoryEvent.instance_id == world.case)).all()
        return case.state, case.version, task.state, task.assignee_id, task.due_at, len(kinds)


def written(page: TestResponse) -> str:
    """The words of a page, or of a workbook."""
    if not page.data.startswith(b"PK"):
        return page.text
    with zipfile.ZipFile(io.BytesIO(page.data)) as book:
        return "".join(book.read(name).decode() for name in book.namelist())


def parameters(world: World) -> dict[str, tuple[Any, Any]]:
    """Every parameter of a list: for what is there, and for what is not."""
    day = (engine_db.now(Session()) + timedelta(hours=7)).strftime("%d/%m/%Y")
    return {
        "q": ("Bình Định", "Hà Tiên"), "holder": (world.holder, NOWHERE), "organisation": (world.body, NOWHERE),
        "body": (world.body, NOWHERE),
        "process": ("don_nghi", "khong_co"), "step": ("xet", "khong_co"), "from": (day, "01/01/2011"), "incident": (1, ""),
        "late": (1, ""), "v:ly_do": ("về quê Bình Định", "khác"),
        "state": ("active", "completed"), "sort": ("title", "-title"),
        "ds": (f"q={world.case}", "q=x"),
        "instance": (world.case, NOWHERE), "task": (world.task, NOWHERE), "news": ("started", "x"), "since": ("1000000000", "x"),
    }  # fmt: skip


@pytest.mark.parametrize("username", ["em", "quan_tri", "khanh"])
def test_no_parameter_of_a_list_tells_of_a_case(app: Flask, log_in: Enter, store: Store, world: World, username: str) -> None:
    browser, wrong = log_in(username), list[str]()
    lists = [rule for rule in app.url_map.iter_rules() if not rule.arguments and "GET" in (rule.methods or ())]
    for rule, (name, values) in itertools.product(sorted(lists, key=lambda one: one.rule), parameters(world).items()):
        if rule.endpoint.partition(".")[0] in FREE:
            continue
        pages = [browser.get(rule.rule, query_string={name: value}) for value in values]
        for page, value in zip(pages, values, strict=True):
            text = written(page).replace(str(value), "") if isinstance(value, str) else written(page)
            wrong += [f"{rule.rule}?{name}={value} says {word}" for word in ("Bình Định", "ĐN 01/2026", "ho_so_mat") if word in text]
        if len({page.status_code for page in pages}) > 1:
            wrong.append(f"{rule.rule}?{name}: {[page.status_code for page in pages]}")
    assert wrong == []


@pytest.mark.parametrize("username", ["em", "quan_tri", "khanh"])
def test_no_form_takes_what_is_not_ones_own(app: Flask, log_in: Enter, store: Store, world: World, username: str) -> None:
    browser, wrong = log_in(username), list[str]()
    token = browser.token("/tai-khoan")
    before = _state(store, world)
    forms = [rule for rule in app.url_map.iter_rules() if not rule.arguments and "POST" in (rule.methods or ())]
    for rule in sorted(forms, key=lambda one: one.rule):
        if rule.endpoint.partition(".")[0] in FREE:
            continue
        for kind in ("suspend", "cancel", "assign", "retry", "set_variables"):
            common = {"reason": "thử", "kind": kind, "assignee": str(world.holder), "seen": "1", "format": "csv", "name": "x"}
            pair = [
                {"instance": world.case, "task": world.task, "incident": world.incident},
                dict.fromkeys(("instance", "task", "incident"), NOWHERE),
            ]
            answers = [ask(browser, "POST", rule.rule, {**common, **one}, token) for one in pair]
            wrong += [f"{rule.rule}: says {word}" for word in ("Bình Định", "ĐN 01/2026", "ho_so_mat") if word in answers[0].text]
            if len({answer.status_code for answer in answers}) > 1:
                wrong.append(f"{rule.rule} ({kind}): {[answer.status_code for answer in answers]}")
    assert sorted(set(wrong)) == []
    assert _state(store, world) == before
