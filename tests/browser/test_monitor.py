"""The supervisors' pages before a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from engine.models import ProcessInstance
from tests.browser.conftest import NARROW, WIDE, violations
from tests.web.test_replay import an_old_case

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
Store = sessionmaker[Session]


def test_the_slider_shows_the_case_as_it_was(visit: Visit, store: Store, tmp_path: Path) -> None:
    case = an_old_case(store)
    page = visit("giang")
    page.goto(f"/ho-so/{case}")
    page.wait_for_selector(".canvas[data-ready]")
    page.locator("summary", has_text="Xem lại hồ sơ ở từng thời điểm").click()
    told, slider = page.locator("[data-told]"), page.get_by_role("slider", name="Thời điểm")
    expect(told).to_contain_text("thời điểm 3 trên 3")
    expect(told).to_contain_text("Tạm dừng hồ sơ: chờ ý kiến · Vũ Hoàng Giang")
    page.screenshot(path=tmp_path / "now.png", full_page=True)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    expect(told).to_contain_text("Nguyễn Văn Bình")
    expect(told).to_contain_text("đang thực hiện")
    page.keyboard.press("Home")
    expect(told).to_contain_text("thời điểm 1 trên 3")
    expect(slider).to_have_attribute("aria-valuetext", re.compile(r"\d\d/\d\d/\d{4} \d\d:\d\d, thời điểm 1 trên 3"))
    expect(page.locator("[data-element-id=xet].active")).to_have_count(1)
    page.screenshot(path=tmp_path / "then.png", full_page=True)
    assert violations(page) == []
    page.get_by_role("button", name="Thời điểm sau").click()
    expect(told).to_contain_text("thời điểm 2 trên 3")
    page.get_by_role("button", name="Hiện tại").click()
    expect(told).to_contain_text("thời điểm 3 trên 3")
    page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    page.screenshot(path=tmp_path / "narrow.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_link_leads_to_the_case_as_it_was_then(visit: Visit, store: Store) -> None:
    case = an_old_case(store)
    with store() as session:
        at = int(session.get_one(ProcessInstance, case).started_at.timestamp())
    page = visit("giang")
    page.goto(f"/ho-so/{case}?luc={at + 60}")
    expect(page.locator("[data-told]")).to_contain_text("thời điểm 1 trên 3")


def test_a_lost_connection_is_said_and_the_slider_comes_when_it_is_back(visit: Visit, case: int) -> None:
    page = visit("giang", WIDE)
    page.goto(f"/ho-so/{case}")
    page.wait_for_selector(".canvas[data-ready]")
    page.route("**/dien-lai.json", lambda route: route.abort())
    fold = page.locator("summary", has_text="Xem lại hồ sơ ở từng thời điểm")
    fold.click()
    expect(page.locator("[data-told]")).to_contain_text("Không tải được")
    page.unroute("**/dien-lai.json")
    fold.click()
    fold.click()
    expect(page.locator("[data-told]")).to_contain_text("thời điểm 1 trên 1")
