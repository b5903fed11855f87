"""The pages of deputies: appointing one, taking tasks in another's name, and what the history says of it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import user_tasks
from engine.models import Deputy, HistoryEvent, User, UserTask
from tests.web.conftest import Browser
from tests.web.supervised import counted, started
from web import deputising
from web.words import today

DAY = "%d/%m/%Y"


def appointed(browser: Browser, **changes: str) -> str:
    """Bình (or who is logged in) names Chi for three days; the page that comes back."""
    given = {"nguoi": "chi", "tu": f"{today():{DAY}}", "den": f"{today() + timedelta(days=2):{DAY}}", "ly_do": "đi công tác"} | changes
    return browser.post("/tai-khoan/nguoi-thay", given, follow_redirects=True).text


def held_by(store: sessionmaker[Session], case: int, username: str) -> int:
    """The open task of the case, claimed by `username`."""
    with store.begin() as session:
        task = session.scalars(select(UserTask).where(UserTask.instance_id == case, UserTask.state == "open")).one()
        user_tasks.claim(session, task.id, session.scalars(select(User).where(User.username == username)).one())
        return task.id


def withdrawn(store: sessionmaker[Session], browser: Browser) -> None:
    """Whoever stands in, does so no more."""
    with store() as session:
        numbers = session.scalars(select(Deputy.id).where(Deputy.ended_at.is_(None))).all()
    for number in numbers:
        browser.post(f"/tai-khoan/nguoi-thay/{number}/thoi")


def test_a_colleague_takes_over_and_the_history_says_for_whom(
    store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]
) -> None:
    task = held_by(store, case, "binh")
    chi = log_in("chi")
    assert "Làm thay" not in chi.get("/").text
    assert "Trần Thị Chi làm thay đồng chí" in appointed(log_in("binh"))
    assert "Làm thay" in chi.get("/").text
    listed = chi.get("/lam-thay").text
    assert "Thay Nguyễn Văn Bình" in listed
    assert f"task-{task}" in listed
    page = chi.post(f"/lam-thay/{task}", follow_redirects=True).text
    assert "Trần Thị Chi làm thay Nguyễn Văn Bình." in page
    with store() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "task.claimed").order_by(HistoryEvent.id.desc())).first()
        assert event is not None
        assert event.detail["for_name"] == "Nguyễn Văn Bình"
    assert "Trần Thị Chi, thay Nguyễn Văn Bình" in chi.get(f"/ho-so/{case}/nhat-ky").text


def test_beside_the_holder_stands_who_acts_for_him_while_he_is_away(
    store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]
) -> None:
    held_by(store, case, "binh")
    binh = log_in("binh")
    words = f"Nguyễn Văn Bình (vắng; Trần Thị Chi làm thay đến hết {today() + timedelta(days=2):{DAY}})"
    assert words not in binh.get(f"/ho-so/{case}/viec").text
    appointed(binh, tu=f"{today() + timedelta(days=1):{DAY}}")
    assert "vắng;" not in binh.get(f"/ho-so/{case}/viec").text, "his deputy begins tomorrow"
    withdrawn(store, binh)
    appointed(binh)
    assert words in binh.get(f"/ho-so/{case}/viec").text
    withdrawn(store, binh)
    assert "vắng;" not in binh.get(f"/ho-so/{case}/viec").text


def test_who_stands_in_is_asked_once_for_a_list_however_long(
    app: Flask, store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]
) -> None:
    held_by(store, case, "binh")
    appointed(log_in("binh"))
    giang, address = log_in("giang"), "/giam-sat/ho-so?cols=title,step,holder"
    told = "Nguyễn Văn Bình (vắng; Trần Thị Chi làm thay đến hết"
    assert giang.get(address).text.count(told) == 3, "the step with its title, and the holder"
    with counted(app) as few:
        giang.get(address)
    for number in range(5):
        held_by(store, started(store, f"số {number}"), "binh")
    with counted(app) as many:
        assert giang.get(address).text.count(told) == 18
    assert len(many) == len(few)


def test_pressing_twice_is_no_error(store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]) -> None:
    task = held_by(store, case, "binh")
    appointed(log_in("binh"))
    chi = log_in("chi")
    assert [chi.post(f"/lam-thay/{task}").status_code for _ in range(2)] == [302, 302]


def test_who_is_no_deputy_is_told_nothing(store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]) -> None:
    task = held_by(store, case, "binh")
    appointed(log_in("binh"))
    em = log_in("em")
    refused, missing = em.post(f"/lam-thay/{task}"), em.post("/lam-thay/999999")
    assert (refused.status_code, missing.status_code) == (404, 404)
    assert "Hôm nay đồng chí không làm thay ai." in em.get("/lam-thay").text
    with store() as session:
        number = session.scalars(select(Deputy.id)).one()
    assert em.post(f"/tai-khoan/nguoi-thay/{number}/thoi").status_code == 404


def test_what_is_wrong_comes_back_with_what_was_typed(store: sessionmaker[Session], log_in: Callable[[str], Browser]) -> None:
    binh = log_in("binh")
    page = appointed(binh, den="ngày mai")
    assert "thấy “ngày mai”" in page
    assert 'value="đi công tác"' in page
    assert "một đồng nghiệp đang làm việc trong cùng cơ quan" in appointed(binh, nguoi="em")
    assert "Ngày cuối phải từ ngày đầu trở đi" in appointed(binh, den=f"{today() - timedelta(days=1):{DAY}}")
    assert "Cần lý do" in appointed(binh, ly_do=" ")
    with store() as session:
        assert session.scalars(select(Deputy)).all() == []


def test_either_of_the_two_ends_it(store: sessionmaker[Session], case: int, log_in: Callable[[str], Browser]) -> None:
    task = held_by(store, case, "binh")
    binh, chi = log_in("binh"), log_in("chi")
    appointed(binh)
    with store() as session:
        number = session.scalars(select(Deputy.id)).one()
    assert "Đã thôi làm thay" in chi.post(f"/tai-khoan/nguoi-thay/{number}/thoi", follow_redirects=True).text
    assert chi.post(f"/lam-thay/{task}").status_code == 404
    assert "Chưa có ai." in binh.get("/tai-khoan/nguoi-thay").text


def test_the_operator_appoints_for_who_fell_ill(store: sessionmaker[Session], database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUANCHUYEN_DATABASE_URL", database_url)
    monkeypatch.setenv("LUANCHUYEN_SECRET_KEY", "x" * 40)
    last = f"{today() + timedelta(days=5):{DAY}}"

    def run(*words: str) -> str:
        result = CliRunner().invoke(deputising.deputy, words, catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    number = run("appoint", "binh", "chi", "--until", last, "--reason", "ốm").strip()
    assert run("list").startswith(f"{number}\tbinh\tchi\t")
    run("withdraw", number)
    assert run("list") == ""
