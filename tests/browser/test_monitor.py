"""The supervisors' pages before a real browser."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import corrections, db
from engine.models import ProcessInstance, Visit
from tests.browser.conftest import NARROW, WIDE, violations
from tests.web.supervised import started
from tests.web.test_monitor_statements import fill
from tests.web.test_replay import an_old_case, person

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Open = Callable[..., Page]
Store = sessionmaker[Session]


def test_the_slider_shows_the_case_as_it_was(visit: Open, store: Store, tmp_path: Path) -> None:
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


def test_a_link_leads_to_the_case_as_it_was_then(visit: Open, store: Store) -> None:
    case = an_old_case(store)
    with store() as session:
        at = int(session.get_one(ProcessInstance, case).started_at.timestamp())
    page = visit("giang")
    page.goto(f"/ho-so/{case}?luc={at + 60}")
    expect(page.locator("[data-told]")).to_contain_text("thời điểm 1 trên 3")


def test_a_lost_connection_is_said_and_the_slider_comes_when_it_is_back(visit: Open, case: int) -> None:
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


PAGES = {
    "overview": "/giam-sat", "list": "/giam-sat/ho-so", "soon": "/giam-sat/ho-so?soon=5&late=1", "process": "/giam-sat/quy-trinh/don_nghi",
    "charts": "/giam-sat/quy-trinh/don_nghi/bieu-do", "incidents": "/giam-sat/su-co", "jobs": "/giam-sat/viec-tu-dong",
    "timers": "/giam-sat/hen-gio?soon=3", "tasks": "/giam-sat/viec", "nothing": "/giam-sat/viec-tu-dong?q=khongco",
    "case": "/ho-so/1", "waits": "/ho-so/1/viec", "data": "/ho-so/1/du-lieu", "log": "/ho-so/1/nhat-ky",
    "looks": "/giam-sat/ho-so/1/luot-xem",
}  # fmt: skip


@pytest.fixture
def busy(store: Store, task_of: Callable[[int, str], int]) -> int:
    """Eight cases, late and broken; the first was corrected twice. giang looked two hours ago."""
    fill(store, task_of, 8)
    with store.begin() as session:
        case = session.scalars(select(ProcessInstance.id).order_by(ProcessInstance.id)).first()
        assert case is not None
        giang = person(session, "giang")
        corrections.correct(session, case, giang, {"so_ngay": 5}, "nhập nhầm")
        corrections.correct(session, case, giang, {"ly_do": "về quê chăm mẹ ốm, xin nghỉ thêm " * 6}, "bổ sung lý do")
        seen = db.now(session) - timedelta(hours=2)
        session.add(Visit(user_id=giang.id, at=seen, before=seen, seen_at=seen))
        return case


@pytest.mark.stalls
@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_every_page_is_readable_for_all_in_both_widths(visit: Open, busy: int, viewport: dict[str, int], tmp_path: Path) -> None:
    page, wrong = visit("giang", viewport), list[str]()
    for name, address in PAGES.items():
        page.goto(address.replace("/1", f"/{busy}"))
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        wrong += [f"{name}: {one}" for one in violations(page)]
        if (width := page.evaluate("document.documentElement.scrollWidth")) > viewport["width"]:
            wrong.append(f"{name}: {width} px wide")
    assert wrong == []


@pytest.mark.stalls
def test_what_changed_since_the_last_visit_leads_to_the_cases(visit: Open, busy: int) -> None:
    page = visit("giang")
    page.goto("/giam-sat")
    page.get_by_role("link", name="8 hồ sơ có sự cố mới").click()
    expect(page.get_by_text("Hồ sơ có sự cố mới")).to_be_visible()
    expect(page.locator("#list-rows tbody tr")).to_have_count(8)


@pytest.mark.stalls
def test_lists_are_used_with_the_keyboard_alone(visit: Open, busy: int) -> None:
    page = visit("giang")
    page.goto("/giam-sat/hen-gio")
    page.keyboard.press("/")
    expect(page.get_by_label("Tìm hẹn giờ")).to_be_focused()
    page.keyboard.type("cham me")
    page.keyboard.press("Enter")
    expect(page.locator("main tbody tr")).to_have_count(1)
    page.get_by_role("link", name="Đến giờ", exact=True).focus()
    page.keyboard.press("Enter")
    expect(page.locator("th[aria-sort=descending]")).to_contain_text("Đến giờ")
    page.get_by_role("link", name="Bỏ mọi điều kiện").focus()
    page.keyboard.press("Enter")
    expect(page.locator("main tbody tr")).to_have_count(8)


@pytest.mark.stalls
def test_the_list_shows_what_comes_while_somebody_looks_and_rests_in_a_hidden_tab(visit: Open, busy: int, store: Store) -> None:
    page = visit("giang")
    page.clock.install()
    page.goto("/giam-sat/ho-so")
    expect(page.locator("#list-rows tbody tr")).to_have_count(8)
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    started(store, "vừa đến")
    page.clock.run_for(40_000)
    assert [one for one in asked if one.endswith("/giam-sat/ho-so")] == []
    page.evaluate("Object.defineProperty(document, 'hidden', {configurable: true, get: () => false})")
    page.clock.run_for(20_000)
    expect(page.locator("#list-rows tbody tr")).to_have_count(9)


@pytest.mark.stalls
def test_pages_are_printed_without_what_only_a_screen_needs(visit: Open, busy: int, tmp_path: Path) -> None:
    page = visit("giang")
    page.emulate_media(media="print")
    for name in ("list", "case", "data", "jobs", "charts"):
        page.goto(PAGES[name].replace("/1", f"/{busy}"))
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        for part in ("header.bar", ".tabs", ".filters", "form.steer, fieldset.steer, details.steer"):
            assert not any(one.is_visible() for one in page.locator(part).all()), (name, part)
