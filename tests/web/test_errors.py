"""Whatever goes wrong is a page in Vietnamese with the right status; never a traceback."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import Connection, event, select
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError, PendingRollbackError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.orm import Session, sessionmaker

from engine import user_tasks
from engine.errors import EngineError, Stale
from engine.models import HistoryEvent, UserTask
from tests.web.conftest import Browser
from web.database import db
from web.errors import ENGINE, status_of

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]


def test_every_error_of_the_engine_has_a_status() -> None:
    def walk(kind: type[EngineError]) -> list[type[EngineError]]:
        return [kind, *(inner for child in kind.__subclasses__() for inner in walk(child))]

    for kind in walk(EngineError):
        error = kind.__new__(kind)
        assert status_of(error) in (403, 404, 409, 422, 500), kind
    assert ENGINE[-1][0] is EngineError


def test_an_unknown_address_and_a_wrong_method_are_pages(log_in: Enter) -> None:
    an = log_in("an")
    assert (an.get("/khong-co").status_code, "Không tìm thấy" in an.get("/khong-co").text) == (404, True)
    said = an.get("/dang-xuat")
    assert (said.status_code, "không nhận thao tác đó" in said.text) == (405, True)
    assert an.get("/viec/99999999999999999999999").status_code == 404


def test_a_form_without_the_token_is_refused_and_shown_for_copying(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    said = binh.client.post(f"/viec/{task}", data={"y_kien": "Tôi đã gõ", "csrf_token": "sai"})
    assert said.status_code == 400
    assert "Trang đã cũ" in said.text
    assert "Tôi đã gõ" in said.text
    assert task_of(case, "xet") == task


def test_passwords_are_never_shown_again(app: Flask, store: sessionmaker[Session]) -> None:
    said = app.test_client().post("/dang-nhap", data={"username": "an", "password": "bi-mat-cua-an", "csrf_token": "sai"})
    assert said.status_code == 400
    assert "bi-mat-cua-an" not in said.text


def test_too_large_an_upload_says_how_much_is_allowed(app: Flask, log_in: Enter, case: int, task_of: Find) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 200_000
    binh, task = log_in("binh"), task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    said = binh.post(f"/viec/{task}/sua", {"_attach": "giay_to", "giay_to": (io.BytesIO(b"%PDF-" + b"x" * 300_000), "to.pdf")})
    assert said.status_code == 413
    assert "200 KB" in said.text


@pytest.mark.parametrize(
    ("raised", "status", "sentence"),
    [
        (RuntimeError("bí mật nội bộ"), 500, "Hệ thống gặp lỗi"),
        (OperationalError("INSERT bí mật", {}, Exception("database or disk is full")), 507, "hết dung lượng đĩa"),
        (OperationalError("SELECT bí mật", {}, Exception("server closed the connection")), 503, "Cơ sở dữ liệu đang bận"),
        (InterfaceError("SELECT bí mật", {}, Exception("connection is closed")), 503, "Cơ sở dữ liệu đang bận"),
        (DBAPIError("SELECT bí mật", {}, Exception("gone"), connection_invalidated=True), 503, "Cơ sở dữ liệu đang bận"),
        (PoolTimeout("bí mật: QueuePool limit reached"), 503, "Cơ sở dữ liệu đang bận"),
        (PendingRollbackError("bí mật: the transaction is gone"), 503, "Cơ sở dữ liệu đang bận"),
        (DBAPIError("SELECT bí mật", {}, Exception("wrong")), 500, "Hệ thống gặp lỗi"),
        (Stale(instance="ĐN 01/2026"), 409, "Hồ sơ ĐN 01/2026 đã thay đổi"),
    ],
)
def test_a_failure_is_a_sentence_without_secrets_and_nothing_is_half_done(
    monkeypatch: pytest.MonkeyPatch,
    log_in: Enter,
    store: sessionmaker[Session],
    case: int,
    task_of: Find,
    raised: Exception,
    status: int,
    sentence: str,
) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    real = user_tasks.claim

    def claim_then_fail(*arguments: object) -> UserTask:
        real(*arguments)  # type: ignore[arg-type]
        raise raised

    monkeypatch.setattr(user_tasks, "claim", claim_then_fail)
    said = binh.post(f"/viec/{task}/nhan")
    assert said.status_code == status
    assert sentence in said.text
    assert "bí mật" not in said.text
    assert "Traceback" not in said.text
    with store() as session:
        assert session.get_one(UserTask, task).assignee_id is None


def test_every_answer_carries_the_headers_that_bind_the_browser(log_in: Enter) -> None:
    an = log_in("an")
    for address in ("/", "/khong-co", "/dang-nhap"):
        headers = an.get(address).headers
        assert "script-src 'self';" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Cache-Control"] == "no-store, private"
    page = an.get("/").text
    assert not re.search(r"<script(?![^>]*src=)", page)
    assert not re.search(r"\son\w+=|\sstyle=", page)


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(app: Flask, store: sessionmaker[Session]) -> None:
    cookie = app.test_client().get("/dang-nhap").headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_disk_that_is_really_full_loses_nothing_and_leaves_nothing_half_done(
    app: Flask, log_in: Enter, store: sessionmaker[Session], case: int, task_of: Find
) -> None:
    """SQLite is given no more pages: the file cannot grow, as on a full disk."""
    binh, task = log_in("binh"), task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    pages = {"most": 0}
    with app.app_context():
        engine = db.engine

    @event.listens_for(engine, "checkout")
    def _limit(connection: Any, *_: object) -> None:
        connection.execute(f"PRAGMA max_page_count={pages['most'] or 1_000_000_000}")

    with store() as session:
        pages["most"] = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
    opinion = "Đồng ý cho nghỉ. " * 500
    said = binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": opinion})
    assert said.status_code == 507
    assert "hết dung lượng đĩa" in said.text
    assert opinion[:200] in said.text
    with store() as session:
        assert session.get_one(UserTask, task).state == "open"
        assert "task.completed" not in session.scalars(select(HistoryEvent.kind)).all()
    pages["most"] = 0
    assert binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": opinion}).status_code == 302


@pytest.mark.parametrize("database_url", [pytest.param("postgresql", marks=pytest.mark.postgresql)], indirect=True)
def test_a_server_that_dies_while_it_commits_leaves_open_whether_it_did(app: Flask, log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    with app.app_context():
        engine = db.engine

    def die(connection: Connection) -> None:
        number = connection.exec_driver_sql("SELECT pg_backend_pid()").scalar_one()
        with engine.connect() as other:
            other.exec_driver_sql(f"SELECT pg_terminate_backend({number}, 5000)")

    event.listen(engine, "commit", die, once=True)
    said = binh.post(f"/viec/{task}/nhan")
    assert said.status_code == 503
    assert "Không rõ đã ghi hay chưa" in said.text
    assert "Không có thay đổi nào được lưu" not in said.text
    assert binh.post(f"/viec/{task}/nhan").status_code == 302
