"""The inbox: whose work stands where, claiming, putting back, searching, polling."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from engine.models import User, UserTask
from tests.web.conftest import Browser
from web.inbox import group_of

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]


def test_it_offers_a_task_to_everybody_of_the_body_and_to_nobody_else(log_in: Enter, case: int) -> None:
    assert "Xét đơn" in log_in("binh").get("/viec-don-vi").text
    assert "Xét đơn" in log_in("chi").get("/viec-don-vi").text
    for other in ("an", "duc", "em", "giang"):
        assert "Xét đơn" not in log_in(other).get("/viec-don-vi").text


def test_a_claimed_task_is_mine_and_no_longer_offered_to_others(log_in: Enter, case: int, task_of: Find) -> None:
    binh, chi = log_in("binh"), log_in("chi")
    task = task_of(case, "xet")
    assert binh.post(f"/viec/{task}/nhan").location == f"/viec/{task}"
    assert "Xét đơn" in binh.get("/").text
    assert "Xét đơn" not in chi.get("/viec-don-vi").text
    said = chi.post(f"/viec/{task}/nhan")
    assert said.status_code == 409
    assert "đang do Nguyễn Văn Bình giữ" in said.text


def test_it_puts_a_task_back(log_in: Enter, case: int, task_of: Find) -> None:
    binh, chi = log_in("binh"), log_in("chi")
    task = task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    assert binh.post(f"/viec/{task}/tra").status_code == 302
    assert "Xét đơn" in chi.get("/viec-don-vi").text
    assert "Xét đơn" not in binh.get("/").text.split("inbox-rows")[1]


def test_it_claims_all_ticked_tasks_or_none(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    assert binh.post("/viec/nhan", {"task": [str(task), "999"]}).status_code == 404
    assert "Xét đơn" in binh.get("/viec-don-vi").text
    assert binh.post("/viec/nhan", {"task": [str(task)]}).location == "/"
    assert "Xét đơn" in binh.get("/").text


def test_it_finds_without_marks_and_whatever_the_case(log_in: Enter, case: int) -> None:
    binh = log_in("binh")
    for words in ("binh dinh", "BÌNH ĐỊNH", "don xet", "đn 01/2026", "phong a"):
        assert "Xét đơn" in binh.get("/viec-don-vi", query_string={"q": words}).text, words
    for words in ("binh dinhh", "%", "x_t", "'"):
        page = binh.get("/viec-don-vi", query_string={"q": words})
        assert "Không có việc nào khớp" in page.text, words


def names_of(page: str) -> list[str]:
    return re.findall(r'class="main"[^>]*>([^<]+)<', page)


def test_a_second_click_on_a_head_turns_the_order_round(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    with store.begin() as session:
        first = session.get_one(UserTask, task_of(case, "xet"))
        binh_ = session.scalars(select(User.id).where(User.username == "binh")).one()
        for name, hours in (("B", 2), ("A", 1), ("C", None)):
            due = None if hours is None else first.created_at + timedelta(days=30, hours=hours)
            session.add(
                UserTask(
                    instance_id=case, wait_id=name, element_id="xet", name=name, created_at=first.created_at, due_at=due,
                    candidates=[], scope="case", state="open", priority=50, assignee_id=binh_,
                )
            )  # fmt: skip
    binh = log_in("binh")
    page = binh.get("/").text
    assert names_of(page) == ["A", "B", "C"] and 'aria-sort="ascending"><a class="sort" href="/?sort=-due"' in page
    for address, names in (("-due", "BAC"), ("task", "ABC"), ("-task", "CBA"), ("-since", "CAB")):
        page = binh.get(f"/?sort={address}").text
        assert "".join(names_of(page)) == names, address
        assert f'aria-sort="{"descending" if address[0] == "-" else "ascending"}"' in page


def test_it_sorts_by_every_column_and_survives_nonsense_in_the_address(log_in: Enter, case: int) -> None:
    binh = log_in("binh")
    for address in (
        "?sort=task",
        "?sort=case",
        "?sort=body",
        "?sort=since",
        "?sort=-since",
        "?sort=-body",
        "?sort=ended",
        "?sort=due",
        "?sort=; DROP",
        "?page=99",
        "?page=-1",
        "?page=x",
    ):
        page = binh.get(f"/viec-don-vi{address}")
        assert (page.status_code, "Xét đơn" in page.text) == (200, True), address


def test_it_groups_by_urgency(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    with store.begin() as session:
        session.execute(update(UserTask).where(UserTask.id == task).values(due_at=datetime.now(UTC) - timedelta(days=2)))
    page = binh.get("/viec-don-vi").text
    assert "Quá hạn" in page
    assert "trễ 2 ngày" in page
    assert group_of(None) == "never"
    assert group_of(datetime.now(UTC) + timedelta(days=30)) == "later"


def test_polling_gets_the_rows_alone_and_not_again_while_nothing_changes(log_in: Enter, case: int, task_of: Find) -> None:
    binh = log_in("binh")
    first = binh.get("/viec-don-vi", headers={"HX-Request": "true"})
    assert "<html" not in first.text
    assert "Xét đơn" in first.text
    tag = first.headers["ETag"]
    assert binh.get("/viec-don-vi", headers={"HX-Request": "true", "If-None-Match": tag}).status_code == 304
    log_in("chi").post(f"/viec/{task_of(case, 'xet')}/nhan")
    changed = binh.get("/viec-don-vi", headers={"HX-Request": "true", "If-None-Match": tag})
    assert (changed.status_code, "Xét đơn" in changed.text) == (200, False)


def test_it_shows_many_tasks_by_pages(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    with store.begin() as session:
        first = session.get_one(UserTask, task_of(case, "xet"))
        binh = session.scalars(select(User.id).where(User.username == "binh")).one()
        for number in range(120):
            session.add(
                UserTask(
                    instance_id=case, wait_id=f"more {number}", element_id="xet", name=f"Việc {number:03}", created_at=first.created_at,
                    candidates=[], scope="case", state="open", priority=50, assignee_id=binh,
                )
            )  # fmt: skip
    page = log_in("binh").get("/?page=3").text
    assert "Trang 3 trên 3" in page
    assert page.count('class="main"') == 20
