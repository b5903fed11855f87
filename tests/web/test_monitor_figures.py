"""Ways that cases took, and the charts with their tables."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from sqlalchemy import update

from engine import db as engine_db
from engine.models import HistoryEvent, ProcessInstance, UserTask
from tests.web.supervised import Enter, Find, Store, counted, make_late, started, table, unsupervise, user_id
from web import durations
from web.monitor.weeks import weeks

HERE = "/giam-sat/quy-trinh/don_nghi"


def passed(store: Store, case: int, element: str, flow: str, times: int, days_ago: int = 0) -> None:
    with store.begin() as session:
        at = engine_db.now(session) - timedelta(days=days_ago)
        detail = {"entered_at": at.isoformat(), "via": [flow]}
        for _ in range(times):
            session.add(HistoryEvent(instance_id=case, at=at, kind="element.completed", element_id=element, detail=detail))


def handed_in(store: Store, task: int, *, late: bool = False, by: int | None = None) -> None:
    with store.begin() as session:
        now = engine_db.now(session)
        due = now - timedelta(days=1) if late else now + timedelta(days=1)
        change = update(UserTask).where(UserTask.id == task)
        session.execute(change.values(state="completed", ended_at=now, ended_by_id=by, due_at=due))


def test_the_picture_and_the_table_of_ways_count_the_same(log_in: Enter, store: Store, case: int) -> None:
    passed(store, case, "xet", "f1", 30)
    passed(store, case, "y_te", "f2", 3)
    passed(store, case, "y_te", "f2", 9, days_ago=60)
    giang = log_in("giang")
    state = giang.get(f"{HERE}/so-do.json?view=paths&days=30").json
    assert state["heat"] == {"f1": [30, 5], "f2": [3, 2]}
    assert state["steps"] == {"xet": 30, "y_te": 3}
    rows = table(giang.get(f"{HERE}/duong-di.csv?days=30").data)
    assert {(row["Từ"], row["Đến"]): row["Lượt"] for row in rows if row["Lượt"] != "0"} == {
        ("Có đơn", "Xét đơn"): "30",
        ("Xét đơn", "Ý kiến y tế"): "3",
    }
    page = giang.get(f"{HERE}?view=paths&days=30").text
    assert "Các đường dưới dạng bảng" in page
    assert re.search(r"Có đơn</th><td>Xét đơn</td><td></td><td class=\"num\">30</td>", page)
    assert giang.get(f"{HERE}/so-do.json?view=paths&days=90").json["heat"]["f2"][0] == 12


def test_a_body_that_takes_part_in_no_case_is_asked_in_vain(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    passed(store, case, "xet", "f1", 2)
    with store() as session:
        body = session.get_one(UserTask, task_of(case, "xet")).organisation_id
    giang = log_in("giang")
    for number, expected in ((body, {"f1": [2, 3]}), (99_999, {})):
        assert giang.get(f"{HERE}/so-do.json?view=paths&body={number}").json["heat"] == expected
        active = {"xet": 1} if expected else {}
        assert giang.get(f"{HERE}/so-do.json?body={number}").json["active"] == active
        assert (f">{len(expected)} hồ sơ<" in giang.get(f"{HERE}?body={number}").text) is True
    assert '<option value="' + str(body) + '" selected>Phòng A</option>' in giang.get(f"{HERE}?body={body}").text


def test_it_counts_cases_by_the_week_in_which_they_began_and_ended(log_in: Enter, store: Store, case: int) -> None:
    old = started(store, "cũ", days_ago=14)
    giang = log_in("giang")
    giang.post(f"/giam-sat/ho-so/{old}/huy", {"reason": "thử"})
    rows = table(giang.get(f"{HERE}/bieu-do/ho-so.csv?days=30").data)
    assert [(row["Bắt đầu"], row["Kết thúc"]) for row in rows][-3:] == [("1", "0"), ("0", "0"), ("1", "1")]
    assert all(datetime.strptime(row["Tuần từ ngày"], "%d/%m/%Y").replace(tzinfo=UTC).weekday() == 0 for row in rows)


@pytest.mark.parametrize(("hour", "monday"), [(16, "16/11/2026"), (18, "23/11/2026")])
def test_a_week_begins_at_midnight_here(
    log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch, hour: int, monday: str
) -> None:
    with store.begin() as session:
        sunday = datetime(2026, 11, 22, hour, tzinfo=UTC)
        session.execute(update(ProcessInstance).values(started_at=sunday))
    monkeypatch.setattr(engine_db, "now", lambda _session: datetime(2026, 11, 26, tzinfo=UTC))
    rows = table(log_in("giang").get(f"{HERE}/bieu-do/ho-so.csv?days=30").data)
    assert [row["Tuần từ ngày"] for row in rows if row["Bắt đầu"] == "1"] == [monday]


def test_every_week_of_the_period_is_there() -> None:
    found = weeks(datetime(2026, 11, 26, tzinfo=UTC), 30)
    assert [one.isoformat() for one in found] == ["2026-10-26", "2026-11-02", "2026-11-09", "2026-11-16", "2026-11-23"]


@pytest.mark.stalls
def test_it_says_what_was_on_time(log_in: Enter, store: Store, task_of: Find) -> None:
    for name, late in (("a", False), ("b", False), ("c", True)):
        handed_in(store, task_of(started(store, name), "xet"), late=late)
    rows = table(log_in("giang").get(f"{HERE}/bieu-do/dung-han.csv").data)
    assert list(rows[-1].values())[1:] == ["67", "2", "3"]
    assert list(rows[0].values())[1:] == ["", "0", "0"]


@pytest.mark.stalls
def test_it_counts_work_by_body_and_by_person(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    make_late(store, task_of(started(store, "muộn"), "xet"))
    handed_in(store, task_of(started(store, "xong"), "xet"), by=user_id(store, "chi"))
    log_in("binh").post(f"/viec/{task_of(case, 'xet')}/nhan")
    giang = log_in("giang")
    bodies = table(giang.get(f"{HERE}/bieu-do/co-quan.csv").data)
    assert [tuple(row.values()) for row in bodies] == [("Phòng A", "2", "1", "1")]
    people = table(giang.get(f"{HERE}/bieu-do/nguoi.csv").data)
    assert {tuple(row.values()) for row in people} == {("Nguyễn Văn Bình", "1", "0", "0"), ("Trần Thị Chi", "0", "1", "0")}


def test_of_more_passages_than_are_read_the_newest_count_and_the_page_says_so(
    log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    passed(store, case, "xet", "f1", 3)
    passed(store, case, "y_te", "f2", 4, days_ago=5)
    giang = log_in("giang")
    said = "lượt qua bước gần nhất"
    assert said not in giang.get(HERE).text
    monkeypatch.setattr(durations, "MOST", 4)
    heat = giang.get(f"{HERE}/so-do.json?view=paths").json["heat"]
    assert heat["f1"][0] >= 2
    assert heat.get("f2", [0])[0] <= 1, "three of the four older ones are left out"
    assert said in giang.get(HERE).text


def bodies(page: str) -> list[str]:
    """What can be chosen as the body."""
    choice = page.partition('id="body"')[2].partition("</select>")[0]
    return [one.partition("<")[0] for one in choice.split(">") if "Phòng" in one]


@pytest.mark.stalls
@pytest.mark.parametrize("place", ["", "/bieu-do"])
def test_bodies_can_be_chosen_that_had_work_in_the_period_and_the_one_that_is_chosen(
    log_in: Enter, store: Store, task_of: Find, place: str
) -> None:
    task = task_of(started(store, "cũ"), "xet")
    giang = log_in("giang")
    assert bodies(giang.get(f"{HERE}{place}?days=30").text) == ["Phòng A"]
    with store.begin() as session:
        body = session.get_one(UserTask, task).organisation_id
    handed_in(store, task)
    with store.begin() as session:
        long_ago = engine_db.now(session) - timedelta(days=60)
        session.execute(update(UserTask).where(UserTask.id == task).values(ended_at=long_ago))
    assert bodies(giang.get(f"{HERE}{place}?days=30").text) == []
    assert bodies(giang.get(f"{HERE}{place}?days=90").text) == ["Phòng A"]
    assert bodies(giang.get(f"{HERE}{place}?days=30&body={body}").text) == ["Phòng A"]


@pytest.mark.stalls
def test_no_figure_holds_a_case_that_he_does_not_supervise(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    started(store, "của mình")
    passed(store, case, "xet", "f1", 5)
    handed_in(store, task_of(case, "xet"), by=user_id(store, "chi"))
    unsupervise(store, case)
    giang = log_in("giang")
    assert giang.get(f"{HERE}/so-do.json?view=paths").json["heat"] == {}
    assert table(giang.get(f"{HERE}/bieu-do/ho-so.csv").data)[-1]["Bắt đầu"] == "1"
    assert table(giang.get(f"{HERE}/bieu-do/nguoi.csv").data) == []
    assert [row["Xong trong kỳ"] for row in table(giang.get(f"{HERE}/bieu-do/co-quan.csv").data)] == ["0"]
    assert table(giang.get(f"{HERE}/bieu-do/thoi-gian.csv").data) == []
    assert "Trần Thị Chi" not in giang.get(f"{HERE}/bieu-do").text


@pytest.mark.parametrize("address", ["", "?view=paths", "/so-do.json?view=paths", "/bieu-do", "/bieu-do?version=1&body=1"])
def test_figures_cost_the_same_statements_however_many_cases(app: Flask, log_in: Enter, store: Store, case: int, address: str) -> None:
    giang = log_in("giang")
    passed(store, case, "xet", "f1", 1)
    giang.get(HERE + address)
    with counted(app) as few:
        giang.get(HERE + address)
    for number in range(8):
        passed(store, started(store, f"số {number}"), "xet", "f1", 3)
    with counted(app) as many:
        assert giang.get(HERE + address).status_code == 200
    assert len(many) == len(few)
    assert len(few) < 30, few


def test_a_chart_says_when_there_is_nothing_to_show(log_in: Enter, case: int) -> None:
    page = log_in("giang").get(f"{HERE}/bieu-do").text
    assert "Chưa có số liệu trong kỳ này." in page
