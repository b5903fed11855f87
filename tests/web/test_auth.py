"""Logging in and out."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session, sessionmaker

from engine.models import LoginAttempt, User
from tests.web.conftest import PASSWORD, Browser

Enter = Callable[[str], Browser]


def attempt(app: Flask, username: str, password: str) -> int:
    return Browser(app.test_client()).post("/dang-nhap", {"username": username, "password": password}, page="/dang-nhap").status_code


def test_it_asks_a_stranger_to_log_in_and_then_goes_where_he_wanted(app: Flask, store: sessionmaker[Session]) -> None:
    browser = Browser(app.test_client())
    asked = browser.get("/ho-so?q=abc")
    assert (asked.status_code, asked.location) == (302, "/dang-nhap?next=/ho-so?q%3Dabc")
    said = browser.post("/dang-nhap", {"username": "an", "password": PASSWORD, "next": "/ho-so?q=abc"}, page="/dang-nhap")
    assert said.location == "/ho-so?q=abc"


@pytest.mark.parametrize("address", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "/\tx"])
def test_it_never_leads_elsewhere_after_logging_in(app: Flask, store: sessionmaker[Session], address: str) -> None:
    browser = Browser(app.test_client())
    said = browser.post("/dang-nhap", {"username": "an", "password": PASSWORD, "next": address}, page="/dang-nhap")
    assert said.location == "/"


def test_it_says_the_same_for_a_wrong_password_and_an_unknown_name(app: Flask, store: sessionmaker[Session]) -> None:
    pages = []
    for username in ("an", "khong_co"):
        browser = Browser(app.test_client())
        said = browser.post("/dang-nhap", {"username": username, "password": "sai"}, page="/dang-nhap")
        assert said.status_code == 401
        pages.append(re.sub(r'value="[^"]*"', "", said.text))
    assert pages[0] == pages[1]


def test_it_stops_guessing_after_five_wrong_passwords_even_with_the_right_one(app: Flask, store: sessionmaker[Session]) -> None:
    assert [attempt(app, "an", f"sai {n}") for n in range(5)] == [401] * 5
    assert attempt(app, "AN", PASSWORD) == 429
    assert attempt(app, "binh", PASSWORD) == 302
    with store.begin() as session:
        assert session.scalar(select(func.count()).select_from(LoginAttempt)) == 5
        session.execute(update(LoginAttempt).values(at=LoginAttempt.at))
        for row in session.scalars(select(LoginAttempt)):
            row.at -= timedelta(minutes=16)
    assert attempt(app, "an", PASSWORD) == 302


def test_it_forgets_wrong_passwords_after_a_right_one(app: Flask, store: sessionmaker[Session]) -> None:
    assert [attempt(app, "an", "sai") for _ in range(4)] == [401] * 4
    assert attempt(app, "an", PASSWORD) == 302
    assert [attempt(app, "an", "sai") for _ in range(4)] == [401] * 4


def test_it_lets_no_closed_account_in_and_ends_its_sessions(app: Flask, store: sessionmaker[Session], log_in: Enter) -> None:
    an = log_in("an")
    with store.begin() as session:
        session.execute(update(User).where(User.username == "an").values(active=False))
    assert an.get("/").status_code == 302
    assert attempt(app, "an", PASSWORD) == 401


def test_it_ends_a_session_that_was_not_used_for_too_long(app: Flask, log_in: Enter) -> None:
    an = log_in("an")
    assert an.get("/").status_code == 200
    with an.client.session_transaction() as session:
        session["seen"] -= 9 * 3600
    assert an.get("/").status_code == 302


def test_polling_does_not_keep_a_session_alive(app: Flask, log_in: Enter) -> None:
    an = log_in("an")
    with an.client.session_transaction() as session:
        session["seen"] -= 7 * 3600
        before = session["seen"]
    assert an.get("/", headers={"HX-Request": "true"}).status_code == 200
    with an.client.session_transaction() as session:
        assert session["seen"] == before
    an.get("/")
    with an.client.session_transaction() as session:
        assert session["seen"] > before


def test_the_cookie_is_sent_again_only_when_it_says_something_new(log_in: Enter) -> None:
    binh = log_in("binh")
    binh.get("/")  # The token against forgery is new with the first page.
    assert "Set-Cookie" not in binh.get("/").headers
    with binh.client.session_transaction() as session:
        session["seen"] -= 61
    assert "phien=" in binh.get("/").headers["Set-Cookie"]


def test_it_logs_out(log_in: Enter) -> None:
    an = log_in("an")
    assert an.post("/dang-xuat").location == "/dang-nhap"
    assert an.get("/").status_code == 302


def test_a_poll_without_session_is_told_so_in_its_status(app: Flask, store: sessionmaker[Session]) -> None:
    assert app.test_client().get("/", headers={"HX-Request": "true"}).status_code == 401
