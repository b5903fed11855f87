"""Comparing and releasing in Chromium: both diagrams go together, the table leads to them, nothing is told by colour alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from engine.models import User
from tests.browser.conftest import NARROW, WIDE, violations
from tests.web.conftest import FOLDER, analysts

__all__ = ["analysts"]

Visit = Callable[..., Page]
PAGE = "/thiet-ke/don_nghi/so-sanh"

# The database makes no difference to what is tested here.
pytestmark = [pytest.mark.usefixtures("analysts"), pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)]


@pytest.fixture
def edited(store: sessionmaker[Session]) -> None:
    text = (FOLDER / "don_nghi.bpmn").read_text()
    form = (FOLDER / "forms/don.form").read_text()
    assert 'name="Xét đơn"' in text
    with store.begin() as session:
        phuc = session.scalars(select(User).where(User.username == "phuc")).one()
        draft = workspaces.open(session, "don_nghi", phuc)
        changed = {
            "don_nghi.bpmn": text.replace('name="Xét đơn"', 'name="Xem xét đơn"').encode(),
            "forms/don.form": form.replace('"required": true', '"required": false').encode(),
        }
        workspaces.change(session, draft, changed, phuc)


def boxes(page: Page) -> list[list[float]]:
    """What part each of the two halves shows: scale and offset."""
    written = page.locator(".half .viewport").evaluate_all("all => all.map((one) => one.getAttribute('transform'))")
    return [[round(float(number), 1) for number in re.findall(r"-?[\d.]+", one)] for one in written]


def open_(page: Page) -> None:
    page.goto(PAGE)
    page.locator("[data-pair]").scroll_into_view_if_needed()
    expect(page.locator("[data-pair]")).to_have_attribute("data-ready", "true")


@pytest.mark.parametrize("size", [WIDE, NARROW], ids=["wide", "narrow"])
def test_it_is_readable_by_everybody_on_every_screen(visit: Visit, edited: None, size: dict[str, int]) -> None:
    page = visit("ngoc", size)
    open_(page)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    page.goto("/thiet-ke/don_nghi/phat-hanh")
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]


def test_it_marks_both_sides_with_a_sign_and_not_only_a_colour(visit: Visit, edited: None) -> None:
    page = visit("phuc")
    open_(page)
    assert page.locator(".half .flag.changed").all_inner_texts() == ["~", "~"]
    expect(page.locator("tr[data-kind=changed]")).to_contain_text("sửa")


def test_it_pans_and_zooms_both_together(visit: Visit, edited: None) -> None:
    page = visit("phuc")
    open_(page)
    before = boxes(page)
    assert before[0] == before[1]
    page.get_by_role("button", name="Phóng to").first.click()
    after = boxes(page)
    assert after[0] == after[1] != before[0]
    half = page.locator(".half .canvas").nth(1).bounding_box()
    assert half
    page.mouse.move(half["x"] + 200, half["y"] + 300)
    page.mouse.down()
    page.mouse.move(half["x"] + 120, half["y"] + 250, steps=4)
    page.mouse.up()
    dragged = boxes(page)
    assert dragged[0] == dragged[1] != after[0]


def test_it_leads_from_the_table_to_the_element_by_keyboard(visit: Visit, edited: None) -> None:
    page = visit("phuc")
    open_(page)
    page.get_by_role("button", name="Xem xét đơn").focus()
    page.keyboard.press("Enter")
    expect(page.locator(".half .djs-element.found-here")).to_have_count(2)
    expect(page.locator("tr.found")).to_contain_text("Xem xét đơn")
    page.locator(".half .djs-element.changed").last.click()
    expect(page.locator("tr.found")).to_be_in_viewport()


def test_it_says_so_when_a_diagram_cannot_be_loaded(visit: Visit, edited: None) -> None:
    page = visit("phuc")
    page.route("**/so-sanh/tep/**", lambda route: route.abort())
    open_(page)
    expect(page.locator(".half .said").first).to_have_text("Không tải được sơ đồ. Bảng bên dưới có cùng nội dung.")
    expect(page.get_by_role("button", name="Xem xét đơn")).to_be_visible()


def test_it_releases_by_keyboard_and_says_what_is_missing(visit: Visit, edited: None) -> None:
    page = visit("ngoc")
    page.goto("/thiet-ke/don_nghi/phat-hanh")
    page.get_by_role("button", name="Xem lại trước khi phát hành").press("Enter")
    expect(page.get_by_text("Hãy ghi nội dung thay đổi.")).to_be_visible()
    expect(page.get_by_label("Thay đổi những gì")).to_be_focused()
    assert violations(page) == []
    page.get_by_label("Thay đổi những gì").fill("Đổi tên bước xét đơn.")
    page.get_by_label("Căn cứ").fill("Điều 3")
    page.get_by_role("button", name="Xem lại trước khi phát hành").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Xem lại trước khi phát hành")
    assert violations(page) == []
    page.get_by_role("button", name="Phát hành", exact=True).press("Enter")
    expect(page.get_by_role("status").first).to_contain_text("Đã phát hành bản 2")
    assert violations(page) == []
