"""The server's process is killed while an analyst draws: a process of its own, as `luanchuyen serve` starts it, on SQLite."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import urlsplit

from playwright.sync_api import Browser, expect

from tests.browser.drawing import Drawing
from tests.browser.serving import load_demo, started
from web.demo import PASSWORD

PLAN, STEP = "luan_chuyen_can_bo.bpmn", "ra_soat_doi_ngu"


def test_nothing_that_was_drawn_is_lost(chromium: Browser, tmp_path: Path) -> None:
    """What was saved is in the draft of the next process; what was not goes there by itself, in the same page and session."""
    load_demo(tmp_path)
    with started(tmp_path) as (address, server):
        page = chromium.new_page(base_url=address)
        page.goto("/dang-nhap")
        page.fill("#username", "phuc")
        page.fill("#password", PASSWORD)
        page.click("main .btn-primary")
        expect(page.get_by_role("banner")).to_contain_text("Hồ Thiên Phúc")
        drawing = Drawing(page, PLAN).open(STEP)
        drawing.entry("general", "name").fill("Đã lưu trước khi máy chủ chết")
        drawing.saved()
        server.kill()
        server.wait(timeout=30)
    drawing.entry("studio-deadline", "dueDate").fill("P10D")
    expect(drawing.notice("offline")).to_be_visible()
    with started(tmp_path, urlsplit(address).port or 0):
        expect(drawing.notice("offline")).to_have_count(0)
        drawing.saved()
        kept = drawing.text()
        page.context.close()
    assert 'name="Đã lưu trước khi máy chủ chết"' in kept
    assert 'camunda:dueDate="P10D"' in kept
