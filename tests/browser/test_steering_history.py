"""A supervisor in Chromium takes complete files away, has the history looked at, and starts ended cases again; no page has a barrier."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from sqlalchemy import update
from sqlalchemy.orm import Session, sessionmaker

from engine import seals
from engine.models import HistoryEvent
from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.test_steering import Visit
from tests.browser.working import working
from tests.web.supervised import started

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Store = sessionmaker[Session]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_files_are_taken_checked_and_the_history_looked_at(
    visit: Visit, store: Store, app: Flask, viewport: dict[str, int], tmp_path: Path
) -> None:
    cases = [started(store, f"số {number}") for number in range(3)]
    seals.seal_all(store, seals.key("test"))
    page = visit("giang", viewport=viewport)

    def judge(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name

    page.goto("/giam-sat/ho-so")
    for case in cases[:2]:
        page.locator(f'input[name=instance][value="{case}"]').check()
    judge("list")
    page.get_by_role("button", name="Trích xuất trọn bộ các hồ sơ này").click()
    expect(page.locator("#file-progress")).to_contain_text("0 trên 2 hồ sơ")
    judge("file-asked")
    with working(store, app):
        expect(page.locator("#file-progress[data-ended]")).to_contain_text("Tệp đã xong", timeout=60_000)
        judge("file-ready")
        with page.expect_download() as download:
            page.get_by_role("link", name="Tải tệp về").click()
        taken = tmp_path / "ho-so.zip"
        download.value.save_as(taken)
        with zipfile.ZipFile(taken) as whole:
            assert len([name for name in whole.namelist() if name.endswith(".zip")]) == 2
        page.goto(f"/giam-sat/ho-so/{cases[0]}/luot-xem")
        expect(page.get_by_role("row").filter(has_text="trọn bộ hồ sơ")).to_have_count(1)
        judge("accesses")
        page.goto("/kiem-tra-lich-su")
        judge("audit-none")
        page.get_by_label("Tệp ZIP (bắt buộc)").set_input_files(taken)
        page.get_by_role("button", name="Kiểm tra tệp").click()
        expect(page.get_by_text("nguyên vẹn như lúc ký")).to_have_count(2)
        judge("audit-file")
        with store.begin() as session:
            session.execute(update(HistoryEvent).where(HistoryEvent.instance_id == cases[2], HistoryEvent.number == 1).values(kind="x.y"))
        page.get_by_role("button", name="Kiểm tra mọi hồ sơ").click()
        expect(page.get_by_role("row").filter(has_text="mục này đã bị sửa")).to_contain_text("số 2", timeout=60_000)
        judge("audit-found")
        page.goto(f"/ho-so/{cases[0]}/nhat-ky")
        judge("log")
        page.get_by_role("button", name="Kiểm tra lịch sử của hồ sơ này").click()
        expect(page.locator("#audit-progress[data-ended]")).to_contain_text("Tất cả đúng như đã ghi.", timeout=60_000)
        judge("audit-one")


def run(page: Page, done: str) -> None:
    page.locator(".do-batch .btn-primary").click()
    expect(page.locator("#batch-progress[data-ended]")).to_contain_text(done, timeout=60_000)


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_ticked_cases_are_cancelled_and_started_again(visit: Visit, store: Store, app: Flask, viewport: dict[str, int]) -> None:
    cases = [started(store, f"số {number}") for number in range(2)]
    page = visit("giang", viewport=viewport)
    with working(store, app):
        for kind in ("cancel", "restart"):
            page.goto("/giam-sat/ho-so?all=1")
            page.get_by_label("Việc phải làm (bắt buộc)").select_option(kind)
            page.get_by_label("Lý do (bắt buộc)").fill("xét lại từ đầu")
            page.get_by_role("button", name="Xem trước", exact=True).click()
            if kind == "restart":
                page.get_by_label("Bước bắt đầu lại").select_option("y_te")
                assert violations(page) == []
                page.get_by_role("button", name="Xem trước", exact=True).click()
            run(page, "2 trên 2, đã xong")
        # The page of a batch that has just ended loads its last state by itself.
        page.wait_for_load_state("networkidle")
        page.reload()
        expect(page.locator(".changed ins")).to_have_text(["“Ý kiến y tế”"] * 2)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        page.goto("/giam-sat/hang-loat")
        assert violations(page) == []
    page.goto(f"/ho-so/{cases[0]}/nhat-ky")
    expect(page.get_by_role("row").filter(has_text="Mở lại hồ sơ")).to_contain_text("127.0.0.1")
