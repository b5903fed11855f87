"""The page that has the history looked at: who may, what it finds, and signed files that are brought back."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import update

from engine import jobs, seals
from engine.audit import runs
from engine.errors import FileRejected
from engine.models import AuditRun, HistoryEvent, Job, User
from tests.web.conftest import Browser
from tests.web.moving import work
from tests.web.supervised import Enter, Store, same, started, unsupervise
from web import auditing
from web.casefile import file

PAGE = "/kiem-tra-lich-su"


@pytest.fixture
def damaged(store: Store, case: int) -> int:
    """A case of which an entry was changed by SQL after it was sealed; another that nobody of ours supervises, too."""
    other = started(store, "của nơi khác")
    seals.seal_all(store, seals.key("test"))
    for number in (case, other):
        with store.begin() as session:
            session.execute(update(HistoryEvent).where(HistoryEvent.instance_id == number, HistoryEvent.number == 1).values(kind="x.y"))
    unsupervise(store, other)
    return case


@pytest.fixture
def administrator(store: Store, log_in: Enter) -> Browser:
    with store.begin() as session:
        session.execute(update(User).where(User.username == "em").values(administrator=True))
    return log_in("em")


def looked(browser: Browser, store: Store, app: Flask, address: str = PAGE) -> str:
    """Have it looked at; the page with what was found."""
    page = browser.post(address).location
    assert "0 trên" in browser.get(page).text
    work(store, app)
    return browser.get(page).text


def test_nothing_is_found_where_nothing_was_changed(log_in: Enter, store: Store, app: Flask, case: int) -> None:
    giang = log_in("giang")
    assert "Chưa lần nào kiểm tra mọi hồ sơ." in giang.get(PAGE).text
    assert "tất cả đúng như đã ghi" in looked(giang, store, app)
    listed = giang.get(PAGE).text
    assert "Vũ Hoàng Giang" in listed
    assert "không phát hiện gì" in listed


def test_what_was_changed_is_named_to_who_supervises_it(log_in: Enter, store: Store, app: Flask, damaged: int) -> None:
    page = looked(log_in("giang"), store, app)
    assert "Có 1 điều không đúng như đã ghi." in page
    assert "mục này đã bị sửa" in page
    assert f"/ho-so/{damaged}/nhat-ky" in page
    assert "1 điều phát hiện" in log_in("giang").get(PAGE).text


def test_an_administrator_is_told_of_all_and_shown_nothing_of_the_cases(
    administrator: Browser, store: Store, app: Flask, damaged: int
) -> None:
    page = looked(administrator, store, app)
    assert "Có 2 điều không đúng như đã ghi." in page
    assert f"Hồ sơ {damaged}" in page
    assert "ĐN 01/2026" not in page
    assert "Kiểm tra lịch sử" in administrator.get("/").text
    assert administrator.post(f"{PAGE}/ho-so/{damaged}").status_code == 404


def test_one_case_is_looked_at_from_its_log(log_in: Enter, store: Store, app: Flask, damaged: int, administrator: Browser) -> None:
    giang = log_in("giang")
    assert f"{PAGE}/ho-so/{damaged}" in giang.get(f"/ho-so/{damaged}/nhat-ky").text
    assert f"{PAGE}/ho-so/{damaged}" not in log_in("an").get(f"/ho-so/{damaged}/nhat-ky").text
    page = looked(giang, store, app, f"{PAGE}/ho-so/{damaged}")
    assert "Có 1 điều không đúng như đã ghi." in page
    unsupervise(store, damaged)
    assert giang.get(PAGE).status_code == 404
    with store() as session:
        number = session.query(AuditRun.id).scalar()
    assert administrator.get(f"{PAGE}/{number}").status_code == 200


def test_a_second_press_gives_the_look_that_is_under_way(log_in: Enter, store: Store, app: Flask, case: int) -> None:
    giang = log_in("giang")
    first, second = giang.post(PAGE).location, giang.post(PAGE).location
    assert first == second
    work(store, app)
    progress = giang.get(f"{first}/tien-do")
    assert (progress.headers["HX-Refresh"], "data-poll" in progress.text) == ("true", False)
    assert giang.post(PAGE).location != first


def test_a_look_that_nobody_goes_on_with_says_so_and_another_begins(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    first = giang.post(PAGE).location
    with store.begin() as session:
        session.execute(update(Job).where(Job.kind == jobs.AUDIT).values(next_at=None))
    assert "bị dừng giữa chừng" in giang.get(first).text
    assert giang.post(PAGE).location != first


def test_more_than_is_kept_is_counted(
    administrator: Browser, store: Store, app: Flask, damaged: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runs, "KEPT", 1)
    page = looked(administrator, store, app)
    assert "Có 1 điều không đúng như đã ghi." in page
    assert "Tất cả 2 điều" in page


@pytest.mark.parametrize("username", ["an", "em"])
def test_the_pages_do_not_exist_for_others(log_in: Enter, case: int, username: str) -> None:
    browser = log_in(username)
    unknown = same(browser.get("/khong-co").text)
    for address in (PAGE, f"{PAGE}/1", f"{PAGE}/1/tien-do"):
        said = browser.get(address)
        assert (said.status_code, same(said.text)) == (404, unknown), address
    for address in (PAGE, f"{PAGE}/ho-so/{case}", f"{PAGE}/tep"):
        assert browser.post(address).status_code == 404, address
    assert "Kiểm tra lịch sử" not in browser.get("/").text


# --- files that are brought back ---


@pytest.fixture
def taken(log_in: Enter, store: Store, app: Flask) -> Callable[[list[int]], bytes]:
    def take(cases: list[int]) -> bytes:
        giang = log_in("giang")
        page = giang.post("/giam-sat/ho-so/trich-xuat", {"instance": [str(case) for case in cases]}).location
        work(store, app)
        answer = giang.get(f"{page}/ho-so")
        content = bytes(answer.data)
        answer.close()
        return content

    return take


def brought(browser: Browser, content: bytes, name: str = "ho-so.zip") -> str:
    said = browser.post(f"{PAGE}/tep", {"tep": (io.BytesIO(content), name)}, content_type="multipart/form-data")
    return said.text


def test_a_file_of_ours_is_known_and_a_changed_one_too(log_in: Enter, case: int, taken: Callable[[list[int]], bytes]) -> None:
    giang, content = log_in("giang"), taken([case])
    assert "nguyên vẹn như lúc ký" in brought(giang, content)
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(out, "w") as new:
        for name in old.namelist():
            new.writestr(name, old.read(name).replace(b"instance.started", b"instance.startee"))
    changed = brought(giang, out.getvalue())
    assert "không như lúc ký" in changed
    assert "case.json" in changed


def test_each_of_several_is_checked(log_in: Enter, store: Store, case: int, taken: Callable[[list[int]], bytes]) -> None:
    content = taken([case, started(store, "số 2")])
    assert brought(log_in("giang"), content).count("nguyên vẹn như lúc ký") == 2


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"<script>", b"PK\x05\x06" + b"\0" * 18], ids=["empty", "cut", "other", "none"])
def test_what_is_no_such_file_is_said(log_in: Enter, case: int, content: bytes) -> None:
    said = brought(log_in("giang"), content, "<b>x.zip")
    assert "không như lúc ký" in said
    assert "<b>x" not in said


def test_one_that_would_swell_is_refused_before_it_is_read(log_in: Enter, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file, "LARGEST", 1_000)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr(file.MANIFEST, b"0" * 100_000)
    with pytest.raises(FileRejected, match="bearable"):
        file.check_all(io.BytesIO(out.getvalue()), "x.zip", set())
    assert "không như lúc ký" in brought(log_in("giang"), out.getvalue())


def test_a_large_file_may_be_brought_back_by_who_has_logged_in(log_in: Enter, app: Flask, case: int) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    assert auditing.LARGEST > 10_000
    assert "không như lúc ký" in brought(log_in("giang"), b"x" * 100_000)
    stranger = app.test_client().post(f"{PAGE}/tep", data={"tep": (io.BytesIO(b"x" * 100_000), "a.zip")})
    assert stranger.status_code == 401
