"""Pieces of pages that are drawn once for what they show."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

import pytest
from flask import Flask
from jinja2 import DictLoader
from sqlalchemy.orm import Session, sessionmaker

from engine.models import ProcessInstance
from tests.web.conftest import Browser
from tests.web.supervised import counted
from web.language import COOKIE
from web.pieces import piece, pieces

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]


@pytest.fixture
def bare(app: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application with one template that shows a word, and where it is in the address and in which language."""
    source = "{{ word }} {{ url_for('inbox.mine') }} {{ locale() }}"
    monkeypatch.setattr(app.jinja_env, "loader", DictLoader({"mot.html": source}))
    return app


def drawn(app: Flask, word: str, **request: object) -> str:
    with app.test_request_context(**request):  # type: ignore[arg-type]  # what werkzeug's builder takes
        return str(piece("mot.html", word=word))


def test_it_is_drawn_once_for_what_it_shows(bare: Flask) -> None:
    draw = bare.extensions["pieces"]
    assert isinstance(draw, type(lru_cache(lambda: None)))
    assert drawn(bare, "một") == drawn(bare, "một")
    assert drawn(bare, "hai") != drawn(bare, "một")
    assert draw.cache_info()[:2] == (2, 2)


def test_it_goes_by_the_language_and_by_where_the_application_is_mounted(bare: Flask) -> None:
    assert drawn(bare, "một") == "một / vi"
    assert drawn(bare, "một", headers={"Cookie": f"{COOKIE}=en"}) == "một / en"
    assert drawn(bare, "một", base_url="http://x.example/quy-trinh") == "một /quy-trinh/ vi"


def test_several_are_drawn_one_after_another_each_once(bare: Flask) -> None:
    with bare.test_request_context():
        assert pieces("mot.html", "word", ["một", "<b>", "một"]) == "một / vi&lt;b&gt; / vimột / vi"
        assert piece("mot.html", word="một") == "một / vi"
    assert bare.extensions["pieces"].cache_info()[:2] == (2, 2)


def test_what_it_shows_is_escaped(bare: Flask) -> None:
    assert drawn(bare, "<b>").startswith("&lt;b&gt;")


def test_a_row_of_the_inbox_says_what_has_changed_since(log_in: Enter, store: sessionmaker[Session], case: int, task_of: Find) -> None:
    binh, chi = log_in("binh"), log_in("chi")
    assert "ĐN 01/2026" in binh.get("/viec-don-vi").text
    with store.begin() as session:
        session.get_one(ProcessInstance, case).title = "Đơn của <An>"
    assert "Đơn của &lt;An&gt;" in binh.get("/viec-don-vi").text
    chi.client.set_cookie(COOKIE, "en")
    page = chi.get("/viec-don-vi").text
    assert "Đơn của &lt;An&gt;" in page and "Nhận việc" not in page
    chi.post(f"/viec/{task_of(case, 'xet')}/nhan")
    assert "Đơn của" not in binh.get("/viec-don-vi").text


def test_the_bar_counts_what_was_claimed_a_moment_ago(log_in: Enter, case: int, task_of: Find) -> None:
    binh, mark = log_in("binh"), '<span class="count num">1</span>'
    assert mark not in binh.get("/").text
    binh.post(f"/viec/{task_of(case, 'xet')}/nhan")
    assert mark in binh.get("/").text
    assert mark in binh.get("/ho-so").text


def test_the_bar_leads_each_where_he_may_go(log_in: Enter, case: int) -> None:
    pages = {name: log_in(name).get("/").text for name in ("binh", "giang")}
    assert "/giam-sat" not in pages["binh"] and "/giam-sat" in pages["giang"]


def test_the_inbox_asks_once_for_its_rows_their_number_and_what_the_bar_says(app: Flask, log_in: Enter, case: int) -> None:
    binh = log_in("binh")
    # The calendar of working days, which the words of a deadline go by, is kept for a while.
    binh.get("/viec-don-vi")
    for address in ("/", "/viec-don-vi", "/viec-da-lam"):
        with counted(app) as statements:
            assert binh.get(address).status_code == 200
        # Who asks; the list.
        assert len([one for one in statements if one.startswith("SELECT")]) == 2, statements
