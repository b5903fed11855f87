"""Automatic work, timers and incidents as lists of the supervisors; and what will be late."""

from __future__ import annotations

from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import db as engine_db
from engine import jobs
from engine.models import Job, ProcessInstance, UserTask
from tests.web.supervised import Enter, Find, Store, break_down, counted, started, unsupervise
from tests.web.test_case_data import the_job, waiting_case
from web.calendar import current

JOBS, TIMERS, INCIDENTS = "/giam-sat/viec-tu-dong", "/giam-sat/hen-gio", "/giam-sat/su-co"


def add(session: Session, case: int, kind: str, key: str, days: float = 1, **values: object) -> Job:
    now = engine_db.now(session)
    due = now + timedelta(days=days)
    given = {"instance_id": case, "kind": kind, "key": key, "element_id": "xet", "payload": {}, "due_at": due, "next_at": due, **values}
    job = Job(created_at=now, **given)
    session.add(job)
    return job


def test_automatic_work_and_timers_have_a_list_each(log_in: Enter, store: Store) -> None:
    waiting_case(store)
    giang = log_in("giang")
    work, timers = giang.get(JOBS).text, giang.get(TIMERS).text
    assert ("Gửi thư" in work, "thu_dien_tu" in work, "Đợi một tuần" in work) == (True, True, False)
    assert ("Gửi thư" in timers, "Đợi một tuần" in timers) == (False, True)


@pytest.mark.parametrize("address", [JOBS, TIMERS, INCIDENTS])
def test_an_empty_list_says_what_would_be_there(log_in: Enter, case: int, address: str) -> None:
    assert 'class="empty"' in log_in("giang").get(address).text


@pytest.mark.parametrize("address", [JOBS, TIMERS, INCIDENTS])
def test_what_one_does_not_supervise_is_not_listed(log_in: Enter, store: Store, case: int, address: str) -> None:
    with store.begin() as session:
        add(session, case, jobs.SERVICE, "a")
        add(session, case, jobs.TIMER, "b")
    break_down(store, case)
    giang = log_in("giang")
    assert "về quê Bình Định" in giang.get(address).text
    started(store, "khác")
    unsupervise(store, case)
    for more in ("", "?q=binh+dinh", "?process=don_nghi", "?sort=-case", "?all=1"):
        assert "Bình Định" not in giang.get(address + more).text
    assert log_in("an").get(address).status_code == 404


@pytest.mark.parametrize(
    ("state", "values"),
    [
        ("stopped", {"retries": 0}),
        ("failing", {"error": "không trả lời", "retries": 2}),
        ("resting", {"suspended": True, "retries": 2}),
        ("running", {"owner": "máy 1", "retries": 2}),
        ("late", {"days": -1, "retries": 2}),
        ("waiting", {"retries": 2}),
    ],
)
def test_each_state_can_be_asked_for_and_is_the_one_that_is_shown(
    log_in: Enter, store: Store, case: int, state: str, values: dict[str, object]
) -> None:
    with store.begin() as session:
        add(session, case, jobs.SERVICE, "a", **values)  # type: ignore[arg-type]
    giang = log_in("giang")
    found = {
        one: "Xét đơn" in giang.get(f"{JOBS}?state={one}").text for one in ("stopped", "failing", "resting", "running", "late", "waiting")
    }
    assert [one for one, there in found.items() if there] == [state]
    with store.begin() as session:
        from web import waits

        job = session.scalars(select(Job).where(Job.instance_id == case, Job.kind == jobs.SERVICE)).one()
        assert waits.state_of(job, session.get_one(ProcessInstance, case), engine_db.now(session)) == state


@pytest.mark.parametrize("key", ["due", "case", "tries", "kind"])
def test_lists_are_sorted_both_ways(log_in: Enter, store: Store, key: str) -> None:
    cases = [started(store, reason) for reason in ("ba", "dê")]
    with store.begin() as session:
        add(session, cases[0], jobs.CALL, "a", days=1, retries=1)
        add(session, cases[1], jobs.SERVICE, "b", days=2, retries=3)
    giang = log_in("giang")

    def first(sort: str) -> str:
        page = giang.get(f"{JOBS}?sort={sort}").text
        return "ba" if page.index("nghỉ: ba") < page.index("nghỉ: dê") else "dê"

    up = "dê" if key == "kind" and jobs.SERVICE < jobs.CALL else "ba"
    assert (first(key), first(f"-{key}")) == (up, "dê" if up == "ba" else "ba")
    assert 'aria-sort="descending"' in giang.get(f"{JOBS}?sort=-{key}").text


def test_timers_of_the_next_working_days_are_found(app: Flask, log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        add(session, case, jobs.TIMER, "gan", days=0)
        add(session, case, jobs.TIMER, "xa", days=60, element_id="bao")
    giang = log_in("giang")
    page = giang.get(f"{TIMERS}?soon=1").text
    assert ("Xét đơn" in page, "Báo kết quả" in page) == (True, False)
    assert "Báo kết quả" in giang.get(f"{TIMERS}?soon=khong").text


def test_what_will_be_late_within_some_working_days_is_a_filter_of_the_cases(
    app: Flask, log_in: Enter, store: Store, task_of: Find
) -> None:
    near, far, late = (started(store, reason) for reason in ("gần", "xa", "trễ"))
    with app.app_context():
        day = current().days_after(engine_db.now(store()).date(), 2)
    for case, days in ((near, (day - engine_db.now(store()).date()).days), (far, 40), (late, -1)):
        with store.begin() as session:
            due = engine_db.now(session) + timedelta(days=days)
            session.execute(update(UserTask).where(UserTask.id == task_of(case, "xet")).values(due_at=due))
    page = log_in("giang").get("/giam-sat/ho-so?soon=5").text
    assert ("nghỉ: gần" in page, "nghỉ: xa" in page, "nghỉ: trễ" in page) == (True, False, False)


def test_incidents_are_searched_without_marks_and_say_what_to_do(log_in: Enter, store: Store, case: int) -> None:
    break_down(store, case)
    giang = log_in("giang")
    found = giang.get(f"{INCIDENTS}?q=binh+dinh").text
    assert "chuyển bước bằng tay" in found
    assert "Không có dòng nào khớp" in giang.get(f"{INCIDENTS}?q=ha+noi").text


def test_ticked_lines_are_handed_to_the_acts_on_their_cases(log_in: Enter, store: Store) -> None:
    case = waiting_case(store)
    giang = log_in("giang")
    page = giang.get(f"{JOBS}?all=1").text
    assert f'name="instance" value="{case}" checked' in page
    asked = giang.post("/giam-sat/hang-loat/hoi", {"kind": "suspend", "instance": str(case), "reason": "chờ"}, page=JOBS)
    assert asked.status_code in (200, 302), asked.text


def test_statements_do_not_grow_with_the_lines(app: Flask, log_in: Enter, store: Store) -> None:
    case = waiting_case(store)
    giang = log_in("giang")

    def asked() -> list[int]:
        found = []
        for address in (JOBS, TIMERS, INCIDENTS):
            giang.get(address)
            with counted(app) as statements:
                giang.get(address)
            found.append(len(statements))
        return found

    with store.begin() as session:
        the_job(session, case)
    break_down(store, started(store, "một"))
    few = asked()
    for number in range(30):
        other = started(store, f"số {number}")
        break_down(store, other)
        with store.begin() as session:
            add(session, other, jobs.SERVICE, "a")
            add(session, other, jobs.TIMER, "b")
    assert asked() == few
