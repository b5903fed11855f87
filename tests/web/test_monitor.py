"""What supervisors see; and that nobody else sees anything of it."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update

from engine import db as engine_db
from engine.models import HistoryEvent, ProcessInstance, User, UserTask
from tests.web.supervised import Enter, Find, Store, break_down, counted, make_late, same, started, table, unsupervise, user_id
from web import durations, spreadsheet
from web.words import local

PAGES = ("", "/quy-trinh/don_nghi", "/quy-trinh/don_nghi/so-do.bpmn", "/quy-trinh/don_nghi/so-do.json", "/quy-trinh/don_nghi/buoc.csv")
LISTS = ("/ho-so", "/ho-so.csv", "/viec", "/su-co")
ACTS = ("/su-co/thu-lai", "/viec/giao")
CASE_ACTS = ("/tam-dung", "/tiep-tuc", "/huy", "/giao", "/thu-lai")


def holder_of(store: Store, task: int) -> str | None:
    with store() as session:
        return session.scalar(select(User.username).join(UserTask, UserTask.assignee_id == User.id).where(UserTask.id == task))


# --- rights ---


@pytest.mark.parametrize("username", ["an", "binh", "duc", "em"])
def test_it_does_not_exist_for_who_supervises_nothing(log_in: Enter, case: int, username: str) -> None:
    browser = log_in(username)
    assert "Giám sát" not in browser.get("/").text
    unknown = same(browser.get("/khong-co").text)
    for address in (*PAGES, *LISTS, f"/ho-so/{case}", "/ho-so/99999"):
        said = browser.get(f"/giam-sat{address}")
        assert said.status_code == 404, address
        assert same(said.text) == unknown, address
    for address in (*ACTS, *(f"/ho-so/{case}{act}" for act in CASE_ACTS)):
        said = browser.post(f"/giam-sat{address}", {"reason": "thử", "task": "1", "incident": "1", "assignee": "1"})
        assert said.status_code == 404, address
        assert same(said.text) == unknown, address


def test_a_supervisor_is_told_the_same_of_foreign_cases_as_of_none(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    mine = started(store, "việc riêng")
    unsupervise(store, case)
    incident, task = break_down(store, case), task_of(case, "xet")
    giang = log_in("giang")
    assert "Giám sát" in giang.get("/").text
    assert giang.get(f"/giam-sat/ho-so/{mine}").status_code == 200
    assert giang.get(f"/giam-sat/ho-so/{case}").status_code == 404
    assert same(giang.get(f"/giam-sat/ho-so/{case}").text) == same(giang.get("/giam-sat/ho-so/99999").text)
    assert giang.get("/giam-sat/quy-trinh/khac").status_code == 404
    for act in CASE_ACTS:
        fields = {"reason": "thử", "task": str(task), "incident": str(incident), "assignee": str(user_id(store, "chi"))}
        said = giang.post(f"/giam-sat/ho-so/{case}{act}", fields)
        assert (said.status_code, same(said.text)) == (404, same(giang.post(f"/giam-sat/ho-so/99999{act}", fields).text)), act
        # Nor by way of a case that is his own.
        if act in ("/giao", "/thu-lai"):
            assert giang.post(f"/giam-sat/ho-so/{mine}{act}", fields).status_code == 404


def test_foreign_cases_are_in_no_list_count_or_export(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    started(store, "việc riêng")
    make_late(store, task_of(case, "xet"))
    incident = break_down(store, case)
    unsupervise(store, case)
    giang = log_in("giang")
    for address in LISTS:
        text = giang.get(f"/giam-sat{address}").get_data(as_text=True)
        assert "Bình Định" not in text, address
        assert "biểu thức sai" not in text, address
    assert giang.get("/giam-sat/quy-trinh/don_nghi/so-do.json").json == {
        "passed": {}, "flows": [], "active": {"xet": 1}, "failed": [], "calls": {},
    }  # fmt: skip
    assert [row["Hồ sơ"] for row in table(giang.get("/giam-sat/quy-trinh/don_nghi/buoc.csv").data)] == ["1", "0", "0"]
    fields = {"reason": "thử", "incident": str(incident), "task": str(task_of(case, "xet")), "assignee": str(user_id(store, "chi"))}
    for address in ACTS:
        look = giang.get(giang.post(f"/giam-sat{address}", fields).location).text
        assert "Không có hồ sơ nào thực hiện được." in look, address
        assert "Bình Định" not in look, address
    assert holder_of(store, task_of(case, "xet")) is None


# --- overview and process ---


def test_it_counts_what_runs_is_late_fails_and_has_ended(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    late, broken, ended = started(store, "muộn"), started(store, "hỏng"), started(store, "xong")
    make_late(store, task_of(late, "xet"))
    break_down(store, broken)
    giang = log_in("giang")
    giang.post(f"/giam-sat/ho-so/{ended}/huy", {"reason": "thử"})
    row = giang.get("/giam-sat").text.split("<tbody>")[1]
    assert re.findall(r'class="num">(\d+)<', row) == ["3", "1", "1", "1"]


def test_the_diagram_and_its_table_count_the_same(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    make_late(store, task_of(started(store, "muộn"), "xet"))
    giang = log_in("giang")
    state = giang.get("/giam-sat/quy-trinh/don_nghi/so-do.json")
    assert state.json["active"] == {"xet": 2}
    assert state.json["failed"] == ["xet"]
    assert state.json["calls"]["xet"]["label"] == "trễ 1"
    tag = state.headers["ETag"]
    assert giang.get("/giam-sat/quy-trinh/don_nghi/so-do.json", headers={"If-None-Match": tag}).status_code == 304
    steps = {row["Bước"]: (row["Hồ sơ"], row["Quá hạn"]) for row in table(giang.get("/giam-sat/quy-trinh/don_nghi/buoc.csv").data)}
    assert steps == {"Xét đơn": ("2", "1"), "Ý kiến y tế": ("0", "0"), "Báo kết quả": ("0", "0")}
    # What a badge leads to is what it counted.
    assert "1 hồ sơ" in giang.get(state.json["calls"]["xet"]["address"].partition("#")[0]).text


def test_a_step_is_a_link_that_filters_the_list_under_the_diagram(log_in: Enter, case: int) -> None:
    giang = log_in("giang")
    page = giang.get("/giam-sat/quy-trinh/don_nghi").text
    link = re.search(r'id="step-xet" href="([^"]+)"', page)
    assert link
    assert "về quê Bình Định" in giang.get(link[1].replace("&amp;", "&").partition("#")[0]).text
    assert "Không có hồ sơ nào khớp." in giang.get("/giam-sat/quy-trinh/don_nghi?step=y_te").text


def test_the_list_under_the_diagram_asks_again_for_itself_alone(log_in: Enter, store: Store, case: int) -> None:
    giang, address = log_in("giang"), "/giam-sat/quy-trinh/don_nghi?step=xet"
    assert f'hx-get="{address}"' in giang.get(address).text
    rows = giang.get(address, headers={"HX-Request": "true"})
    assert rows.text.startswith('<div id="list-rows"') and "1 hồ sơ" in rows.text and "<html" not in rows.text
    assert giang.get(address, headers={"HX-Request": "true", "If-None-Match": rows.headers["ETag"]}).status_code == 304
    started(store, "thêm một")
    assert "2 hồ sơ" in giang.get(address, headers={"HX-Request": "true", "If-None-Match": rows.headers["ETag"]}).text


def test_it_says_how_long_cases_stay_at_a_step(log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        now = engine_db.now(session)
        for hours in (1, 2, 3, 4, 50):
            detail = {"entered_at": (now - timedelta(hours=hours)).isoformat(), "via": []}
            session.add(HistoryEvent(instance_id=case, at=now, kind="element.completed", element_id="xet", detail=detail))
        old = now - timedelta(days=40)
        detail = {"entered_at": (old - timedelta(days=300)).isoformat(), "via": []}
        session.add(HistoryEvent(instance_id=case, at=old, kind="element.completed", element_id="xet", detail=detail))
    giang = log_in("giang")
    row = table(giang.get("/giam-sat/quy-trinh/don_nghi/buoc.csv?days=30").data)[0]
    assert (row["Lượt qua"], row["Trung vị (giờ)"], row["9/10 lượt xong trong (giờ)"]) == ("5", "3.0", "50.0")
    assert table(giang.get("/giam-sat/quy-trinh/don_nghi/buoc.csv?days=90").data)[0]["Lượt qua"] == "6"
    page = giang.get("/giam-sat/quy-trinh/don_nghi?days=30").text
    assert "3 giờ" in page
    assert "2,1 ngày" in page


def test_the_ninetieth_percentile_is_a_time_that_occurred() -> None:
    assert durations.spent([5.0]) == durations.Spent(1, 5.0, 5.0)
    assert durations.spent([float(n) for n in range(10, 0, -1)]) == durations.Spent(10, 5.5, 9.0)


# --- the list ---


def test_each_filter_finds_its_case_and_no_other(log_in: Enter, store: Store, task_of: Find) -> None:
    names = ("Nguyễn", "muộn", "hỏng", "dừng", "cũ")
    _plain, late, broken, paused, old = (started(store, name, 100 if name == "cũ" else 0) for name in names)
    make_late(store, task_of(late, "xet"))
    break_down(store, broken)
    giang, chi = log_in("giang"), log_in("chi")
    giang.post(f"/giam-sat/ho-so/{paused}/tam-dung", {"reason": "chờ"})
    chi.post(f"/viec/{task_of(old, 'xet')}/nhan")
    with store() as session:
        instance, task = session.get_one(ProcessInstance, old), session.scalars(select(UserTask).where(UserTask.instance_id == old)).one()
        day, body = f"{local(instance.started_at) + timedelta(days=1):%d/%m/%Y}", task.organisation_id
    found = {
        "q=nguyen": {"Nguyễn"},
        "late=1": {"muộn"},
        "incident=1": {"hỏng"},
        "state=suspended": {"dừng"},
        "state=running&late=1&incident=1": set(),
        f"holder={user_id(store, 'chi')}": {"cũ"},
        "holder=-": set(names) - {"cũ"},
        f"to={day.replace('/', '%2F')}": {"cũ"},
        f"from={day.replace('/', '%2F')}": set(names) - {"cũ"},
        f"organisation={body}": set(names),
        "process=don_nghi&version=1&step=xet": set(names),
        "step=y_te": set(),
        "process=khac": set(),
        "state=ended": set(),
        "version=2": set(),
    }
    for query, expected in found.items():
        rows = table(giang.get(f"/giam-sat/ho-so.csv?{query}").data)
        assert {row["Hồ sơ"].removeprefix("Đơn nghỉ: ") for row in rows} == expected, query
        page = giang.get(f"/giam-sat/ho-so?{query}").text
        assert f">{len(expected)} hồ sơ<" in page, query


def test_a_date_that_cannot_be_read_is_said_and_kept(log_in: Enter, case: int) -> None:
    page = log_in("giang").get("/giam-sat/ho-so?from=2026-11-01").text
    assert "Cần ngày dạng dd/mm/yyyy, nhưng đã nhập “2026-11-01”." in page
    assert 'value="2026-11-01"' in page


def test_it_sorts_both_ways_and_what_has_no_deadline_comes_last(log_in: Enter, store: Store, task_of: Find) -> None:
    for name in ("b", "a", "c"):
        started(store, name)
    giang = log_in("giang")

    def order(sort: str) -> str:
        return "".join(row["Hồ sơ"][-1] for row in table(giang.get(f"/giam-sat/ho-so.csv?sort={sort}").data))

    assert order("title") == "abc"
    assert order("-title") == "cba"
    with store.begin() as session:
        first = session.scalars(select(ProcessInstance.id).where(ProcessInstance.title == "Đơn nghỉ: c")).one()
        session.execute(update(UserTask).where(UserTask.instance_id == first).values(due_at=None))
    assert order("due")[-1] == "c"
    assert order("-due")[-1] == "c"


def test_the_export_holds_no_formula_and_opens_with_its_marks(log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        session.get_one(ProcessInstance, case).title = "=HYPERLINK(1)"
    said = log_in("giang").get("/giam-sat/ho-so.csv")
    assert said.data.startswith(b"\xef\xbb\xbf")
    assert said.headers["Content-Disposition"].startswith('attachment; filename="ho-so-')
    assert [row["Hồ sơ"] for row in table(said.data)] == ["'=HYPERLINK(1)"]


@pytest.mark.parametrize("text", ["=1", "+1", "-1", "@a", "\t=1", "  =1", "\r=1", "＝1", "\u00a0@a"])
def test_no_cell_is_taken_for_a_formula(text: str) -> None:
    assert spreadsheet.cell(text) == "'" + text.replace("\0", "")


def test_numbers_stay_numbers_in_a_cell() -> None:
    assert spreadsheet.cell(-3) == -3
    assert spreadsheet.cell("3 ngày") == "3 ngày"


@pytest.mark.parametrize("address", ["", "/quy-trinh/don_nghi", "/ho-so", "/ho-so.csv", "/viec", "/su-co"])
def test_a_page_costs_the_same_statements_however_many_cases(app: Flask, log_in: Enter, store: Store, case: int, address: str) -> None:
    giang = log_in("giang")
    break_down(store, case)
    giang.get(f"/giam-sat{address}")
    with counted(app) as few:
        giang.get(f"/giam-sat{address}")
    for number in range(12):
        break_down(store, started(store, f"số {number}"))
    with counted(app) as many:
        giang.get(f"/giam-sat{address}")
    assert len(many) == len(few)
    assert len(few) < 30, few
