"""Running cases are moved to another version: looked at first, by those who supervise them."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine import batches
from engine import db as clock
from engine.models import Batch, Deployment, HistoryEvent, Job
from tests.web.conftest import Browser
from tests.web.moving import ADDRESS, second_version, three_cases, versions, work
from tests.web.test_monitor import counted, started, unsupervise, user_id

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]
PAIR = f"{ADDRESS}?from=1&to=2"
CHOSEN = {"from": "1", "to": "2", "reason": "quy định mới"}


@pytest.fixture
def cases(store: Store) -> list[int]:
    """Before the new step, at the renamed one, behind the new one."""
    found = three_cases(store)
    second_version(store)
    return found


def look(browser: Browser, **fields: str) -> TestResponse:
    said = browser.post(ADDRESS, {**CHOSEN, **fields}, page="/tai-khoan")
    assert said.status_code == 302, said.text
    return browser.get(said.location)


def number(page: TestResponse) -> int:
    return int(page.request.path.rpartition("/")[2])


def test_it_shows_which_cases_run_which_version_and_where_they_stand(log_in: Enter, cases: list[int]) -> None:
    page = log_in("giang").get(f"{ADDRESS}?from=1").text
    assert re.findall(r"</span> (\d)</th>", page) == ["2", "1"]
    assert "Thêm bước thẩm tra" in page
    stand = page.split('class="stand"')[1].split("</p>")[0]
    assert [name in stand for name in ("Xét đơn", "Ý kiến y tế", "Báo kết quả")] == [True] * 3


def test_it_proposes_what_was_renamed_and_says_what_is_new(log_in: Enter, cases: list[int]) -> None:
    page = log_in("giang").get(PAIR).text
    (row,) = re.findall(r'<tr data-element="y_te".*?</tr>', page, re.DOTALL)
    assert 'value="tram" selected' in row
    assert "đề xuất, hãy kiểm tra" in row
    assert 'class="open"' not in re.findall(r'<tr data-element="xet".*?>', page)[0]
    assert 'name="without" value="tham_tra"' in page


def test_a_dry_run_says_it_for_each_case_and_moves_none(log_in: Enter, store: Store, cases: list[int]) -> None:
    page = look(log_in("giang"))
    assert re.findall(r'<span class="num">(\d)</span> (thực hiện được|cần quyết định)', page.text) == [
        ("2", "thực hiện được"),
        ("1", "cần quyết định"),
    ]
    assert "Hồ sơ đã qua chỗ của bước mới “Thẩm tra”. Nếu chuyển, bước này sẽ không được thực hiện." in page.text
    assert versions(store, cases) == [1, 1, 1]
    with store() as session:
        assert session.scalars(select(Job.id).where(Job.kind == "batch")).all() == []


def test_it_moves_shows_progress_and_the_result_and_takes_it_back(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    address = look(giang).request.path
    page = giang.post(f"{address}/chay", follow_redirects=True).text
    assert 'hx-trigger="every 2s"' in page
    assert "0 trên 2" in page
    work(store)
    part = giang.get(f"{address}/tien-do")
    assert "2 trên 2, đã xong" in part.text
    assert "hx-get" not in part.text
    assert giang.get(f"{address}/tien-do", headers={"If-None-Match": part.headers["ETag"]}).status_code == 304
    assert versions(store, cases) == [2, 2, 1]
    with store() as session:
        reasons = [one.detail["reason"] for one in session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "instance.migrated"))]
    assert reasons == ["quy định mới"] * 2
    assert giang.post(f"{address}/hoan-tac", {"reason": " "}).status_code == 422
    back = giang.post(f"{address}/hoan-tac", {"reason": "nhầm"}).location
    assert "từ bản 2 sang bản 1" in giang.get(back).text
    giang.post(f"{back}/chay")
    work(store)
    assert versions(store, cases) == [1, 1, 1]
    assert "đã hoàn tác" in giang.get(address).text
    listed = giang.get("/giam-sat/hang-loat").text
    assert listed.count("Chuyển hồ sơ sang bản khác") == 2


def test_the_mapping_and_the_missed_step_are_decided_and_kept_for_the_next_dry_run(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    page = look(giang, **{"to:y_te": "-"})
    assert "Hồ sơ đang ở “Ý kiến y tế”, bước này không có trong bản mới. Hãy chọn bước tương ứng." in page.text
    (again,) = re.findall(r'href="([^"]*batch=\d+)"', page.text)
    corrected = giang.get(again.replace("&amp;", "&")).text
    assert 'value="-" selected' in re.findall(r'<tr data-element="y_te".*?</tr>', corrected, re.DOTALL)[0]
    assert 'value="quy định mới"' in corrected
    decided = look(giang, **{"to:y_te": "tram", "without": "tham_tra"})
    giang.post(f"{decided.request.path}/chay")
    work(store)
    assert versions(store, cases) == [2, 2, 2]


def test_cases_are_left_out_and_taken_in_again(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    page = look(giang)
    items = re.findall(r'name="item" value="(\d+)"', page.text)
    address = page.request.path
    giang.post(f"{address}/chon", {"item": items, "wanted": "0"})
    assert "Không có hồ sơ nào thực hiện được." in giang.get(address).text
    giang.post(f"{address}/chon", {"item": items[1:], "wanted": "1"})
    giang.post(f"{address}/chay")
    work(store)
    assert versions(store, cases) == [1, 2, 1]


def test_the_rest_is_stopped(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    address = look(giang).request.path
    giang.post(f"{address}/chay")
    with store.begin() as session:
        batches.advance(session, number(giang.get(address)))
    page = giang.post(f"{address}/dung", follow_redirects=True).text
    work(store)
    assert "2 trên 2, đã dừng" in page, page
    assert versions(store, cases) == [2, 1, 1]


def test_one_case_is_moved_alone(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    assert "Xem trước cho hồ sơ" in giang.get(f"{PAIR}&case={cases[1]}").text
    address = look(giang, case=str(cases[1])).request.path
    giang.post(f"{address}/chay")
    work(store)
    assert versions(store, cases) == [1, 2, 1]


def test_nothing_happens_without_a_reason_or_a_second_version(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    for fields, words in (({"reason": " "}, "Cần nêu lý do."), ({"to": "1"}, "Cần chọn bản đang chạy"), ({"to": "x"}, "Cần chọn bản")):
        said = giang.post(ADDRESS, {**CHOSEN, **fields})
        assert said.status_code == 422
        assert words in said.text or fields.get("to")
    with store() as session:
        assert session.scalars(select(Batch.id)).all() == []


def test_a_version_is_no_target_before_its_date(log_in: Enter, store: Store, cases: list[int]) -> None:
    with store.begin() as session:
        session.execute(update(Deployment).where(Deployment.number == 2).values(valid_from=clock.now(session) + timedelta(days=3)))
    giang = log_in("giang")
    assert "Mới có một bản." in giang.get(ADDRESS).text
    assert giang.post(ADDRESS, CHOSEN).status_code == 422


def test_analysts_see_the_mapping_but_no_case_and_move_none(log_in: Enter, store: Store, analysts: None, cases: list[int]) -> None:
    phuc = log_in("phuc")
    page = phuc.get(PAIR).text
    assert "Chỉ người giám sát hồ sơ mới thấy số hồ sơ" in page
    assert 'data-element="y_te"' in page
    assert "Hồ sơ đang ở:" not in page
    assert "Chạy thử cho" not in page
    assert phuc.post(ADDRESS, CHOSEN).status_code == 404
    assert phuc.get("/giam-sat/hang-loat").status_code == 404


def test_strangers_and_other_supervisors_are_told_that_nothing_is_there(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang, em, stranger = log_in("giang"), log_in("em"), user_id(store, "em")
    address = look(giang).request.path
    for page in (ADDRESS, PAIR, "/thiet-ke/khong_co/chuyen-ho-so", address, f"{address}/tien-do"):
        assert em.get(page).status_code == 404, page
    assert em.post(ADDRESS, CHOSEN).status_code == 404
    with store.begin() as session:
        session.execute(update(Batch).values(user_id=stranger))
    assert giang.get(address).status_code == 404
    for act in ("chay", "dung", "chon", "hoan-tac"):
        assert giang.post(f"{address}/{act}", {"reason": "x"}).status_code == 404


def test_it_counts_and_moves_only_what_is_supervised(log_in: Enter, store: Store, cases: list[int]) -> None:
    unsupervise(store, cases[0])
    giang = log_in("giang")
    assert "Xem trước cho 2 hồ sơ" in giang.get(PAIR).text
    giang.post(f"{look(giang).request.path}/chay")
    work(store)
    assert versions(store, cases) == [1, 2, 1]


def test_names_of_cases_that_are_supervised_no_longer_are_not_shown(log_in: Enter, store: Store, cases: list[int]) -> None:
    giang = log_in("giang")
    address = look(giang).request.path
    assert "Đơn nghỉ: số 0" in giang.get(address).text
    unsupervise(store, cases[0])
    page = giang.get(address).text
    assert "Đơn nghỉ: số 0" not in page
    assert "Đơn nghỉ: số 1" in page


@pytest.mark.parametrize("address", [ADDRESS, f"{ADDRESS}?from=2&to=1", "/giam-sat/hang-loat", "batch"])
def test_a_page_costs_the_same_statements_however_many_cases(
    app: Flask, log_in: Enter, store: Store, cases: list[int], address: str
) -> None:
    giang = log_in("giang")

    def cost() -> list[str]:
        back = look(giang, **{"from": "2", "to": "1"}).request.path
        with counted(app) as statements:
            giang.get(back if address == "batch" else address)
        return statements

    started(store, "một")
    cost()
    few = cost()
    for count in range(10):
        started(store, f"thêm {count}")
    many = cost()
    assert len(many) == len(few) <= 25, "\n".join(many)


def test_the_page_of_a_process_and_of_a_case_lead_there(log_in: Enter, cases: list[int]) -> None:
    giang = log_in("giang")
    assert f"{ADDRESS}?" in giang.get("/giam-sat/quy-trinh/don_nghi").text
    assert f"case={cases[0]}" in giang.get(f"/giam-sat/ho-so/{cases[0]}").text
