"""What has changed since a supervisor looked last, and pages that ask again."""

from __future__ import annotations

import re
from datetime import timedelta

from flask import Flask
from sqlalchemy import select, update

from engine import db as engine_db
from engine import instances
from engine.models import ProcessInstance, UserTask, Visit
from tests.web.supervised import Enter, Find, Store, break_down, counted, started, unsupervise, user_id
from tests.web.test_replay import person

AGAIN = {"HX-Request": "true"}


def looked(store: Store, hours: float) -> None:
    """giang's visits lie so many hours back."""
    with store.begin() as session:
        for visit in session.scalars(select(Visit)):
            visit.at, visit.before, visit.seen_at = (moment - timedelta(hours=hours) for moment in (visit.at, visit.before, visit.seen_at))


def new(page: str) -> dict[str, str]:
    """The words of the line -> where they lead."""
    line = page.partition('id="moi"')[2].partition("</p>")[0]
    return {words: address.replace("&amp;", "&") for address, words in re.findall(r'<a href="([^"]+)">([^<]+)</a>', line)}


def test_the_first_visit_has_nothing_to_compare_with(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    for _ in range(2):
        assert "Từ lần xem trước" not in giang.get("/giam-sat").text


def test_what_came_since_is_counted_and_each_leads_to_those_cases(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang = log_in("giang")
    giang.get("/giam-sat")
    with store.begin() as session:
        session.execute(update(ProcessInstance).values(started_at=ProcessInstance.started_at))
        old = engine_db.now(session) - timedelta(days=9)
        session.execute(update(ProcessInstance).where(ProcessInstance.id == case).values(started_at=old))
    looked(store, 2)
    broken, overdue = started(store, "hỏng"), started(store, "trễ")
    break_down(store, broken)
    with store.begin() as session:
        due = engine_db.now(session) - timedelta(minutes=10)
        session.execute(update(UserTask).where(UserTask.id == task_of(overdue, "xet")).values(due_at=due))
        instances.cancel(session, case, person(session, "giang"), "thôi")
    found = new(giang.get("/giam-sat").text)
    assert list(found) == ["1 hồ sơ kết thúc", "1 hồ sơ có sự cố mới", "1 hồ sơ có việc mới quá hạn", "2 hồ sơ mới"]
    for words, address in found.items():
        page = giang.get(address).text
        assert f">{words.split()[0]} hồ sơ</span>" in page, words
    assert "về quê Bình Định" in giang.get(found["1 hồ sơ kết thúc"]).text
    assert "nghỉ: hỏng" in giang.get(found["1 hồ sơ có sự cố mới"]).text


def test_the_line_stays_while_the_visit_lasts_and_begins_anew_with_the_next(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    giang.get("/giam-sat")
    looked(store, 2)
    started(store, "mới")
    first = new(giang.get("/giam-sat").text)
    assert new(giang.get("/giam-sat").text) == first != {}
    looked(store, 2)
    with store.begin() as session:
        earlier = engine_db.now(session) - timedelta(hours=3)
        session.execute(update(ProcessInstance).values(started_at=earlier))
    assert "chưa có gì mới" in giang.get("/giam-sat").text


def test_what_one_does_not_supervise_is_not_counted(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    giang.get("/giam-sat")
    looked(store, 2)
    unsupervise(store, started(store, "của người khác"))
    assert [words for words in new(giang.get("/giam-sat").text) if "mới" in words] == ["1 hồ sơ mới"]


def test_marks_are_each_persons_own(log_in: Enter, store: Store, case: int) -> None:
    log_in("giang").get("/giam-sat")
    log_in("an").get("/giam-sat")
    giang = user_id(store, "giang")
    with store() as session:
        assert session.scalars(select(Visit.user_id)).all() == [giang]


def test_overview_and_list_are_asked_again_with_a_tag(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    for address, part in (("/giam-sat", "overview"), ("/giam-sat/ho-so?sort=due", "list-rows")):
        assert f'id="{part}" data-poll hx-get="{address}"' in giang.get(address).text
        first = giang.get(address, headers=AGAIN)
        assert (first.status_code, "<html" in first.text) == (200, False)
        again = giang.get(address, headers={**AGAIN, "If-None-Match": first.headers["ETag"]})
        assert (again.status_code, again.data) == (304, b"")
    started(store, "vừa đến")
    tagged = giang.get("/giam-sat/ho-so?sort=due", headers={**AGAIN, "If-None-Match": first.headers["ETag"]})
    assert (tagged.status_code, "vừa đến" in tagged.text) == (200, True)


def test_the_page_of_a_case_says_that_it_went_on(log_in: Enter, case: int) -> None:
    page = log_in("giang").get(f"/ho-so/{case}").text
    assert "data-went-on hidden" in page
    assert "data-live" in page


def test_a_moment_that_cannot_be_read_is_no_filter(log_in: Enter, case: int) -> None:
    giang = log_in("giang")
    for strange in ("news=ended&since=x", "news=x&since=1", "since=99999999999999", "news=ended"):
        assert "về quê Bình Định" in giang.get(f"/giam-sat/ho-so?{strange}").text


def test_statements_do_not_grow_with_what_is_new(app: Flask, log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    giang.get("/giam-sat")
    looked(store, 2)
    giang.get("/giam-sat")

    def asked() -> int:
        with counted(app) as statements:
            giang.get("/giam-sat")
        return len(statements)

    few = asked()
    for number in range(10):
        break_down(store, started(store, str(number)))
    assert asked() == few
