"""A supervisor moves running cases in Chromium: by mouse and by keyboard, with a look before, progress, and the way back."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from engine.worker import Worker
from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.working import working
from tests.web.moving import ADDRESS, second_version, three_cases, versions

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
Store = sessionmaker[Session]
PAIR = f"{ADDRESS}?from=1&to=2"


@pytest.fixture
def cases(store: Store) -> list[int]:
    """Before the new step, at the renamed one, behind the new one."""
    found = three_cases(store)
    second_version(store)
    return found


def pair(page: Page, address: str = PAIR) -> Page:
    page.goto(address)
    page.wait_for_selector("[data-moving][data-ready]")
    return page


def step(page: Page, half: int, element: str) -> None:
    page.locator(".pair .canvas").nth(half).locator(f'[data-element-id="{element}"] .djs-hit').first.click()


def test_it_moves_the_one_before_the_new_step_refuses_the_one_behind_it_and_goes_back(visit: Visit, store: Store, cases: list[int]) -> None:
    page = visit("giang")
    page.goto("/giam-sat/quy-trinh/don_nghi?version=1")
    page.get_by_role("link", name="Chuyển hồ sơ sang bản khác").click()
    page.get_by_label("Chuyển sang bản 2").check()
    page.get_by_role("button", name="Xem bước tương ứng").click()
    page.wait_for_selector("[data-moving][data-ready]")
    page.get_by_label("Lý do (bắt buộc)").fill("thêm bước thẩm tra")
    page.get_by_role("button", name="Xem trước cho 3 hồ sơ").click()
    expect(page.get_by_role("row").filter(has_text="số 2")).to_contain_text("Hồ sơ đã qua chỗ của bước mới “Thẩm tra”")
    assert versions(store, cases) == [1, 1, 1]
    page.get_by_role("button", name="Thực hiện với 2 hồ sơ").click()
    expect(page.locator("#batch-progress")).to_contain_text("0 trên 2")
    with working(store):
        # Nobody presses anything: the page follows the work, and is shown anew when it has ended.
        expect(page.locator("#batch-progress[data-ended]")).to_contain_text("2 trên 2, đã xong")
        expect(page.get_by_role("row").filter(has_text="số 0")).to_contain_text("xong")
        assert versions(store, cases) == [2, 2, 1]
        page.locator("summary", has_text="Hoàn tác").click()
        page.get_by_label("Lý do (bắt buộc)").fill("làm nhầm")
        page.get_by_role("button", name="Xem thử việc hoàn tác").click()
        page.get_by_role("button", name="Thực hiện với 2 hồ sơ").click()
        expect(page.locator("#batch-progress[data-ended]")).to_contain_text("2 trên 2, đã xong")
    assert versions(store, cases) == [1, 1, 1]


def test_the_mapping_is_edited_on_the_diagrams(visit: Visit, cases: list[int]) -> None:
    page = pair(visit("giang"))
    field = page.locator("#to-y_te")
    expect(field).to_have_value("tram")
    step(page, 0, "y_te")
    expect(page.locator("[data-picking]")).to_contain_text("Đang chọn bước tương ứng cho “Ý kiến y tế”")
    step(page, 1, "xong")
    expect(page.locator("[data-picking]")).to_contain_text("là loại bước khác")
    step(page, 1, "tham_tra")
    expect(field).to_have_value("tham_tra")
    expect(page.locator("[data-picking]")).to_contain_text("“Ý kiến y tế” chuyển thành “Thẩm tra”.")
    step(page, 0, "y_te")
    page.keyboard.press("Escape")
    expect(page.locator("[data-picking]")).to_be_empty()


def test_the_mapping_is_edited_by_keyboard_and_sent(visit: Visit, store: Store, cases: list[int]) -> None:
    page = pair(visit("giang"))
    page.locator("#to-y_te").focus()
    expect(page.locator('.pair [data-element-id="y_te"].picked')).to_have_count(1)
    page.keyboard.press("Home")
    expect(page.locator("#to-y_te")).to_have_value("-")
    page.locator("#without-tham_tra").focus()
    page.keyboard.press("Space")
    page.locator("#reason").focus()
    page.keyboard.type("quy định mới")
    page.keyboard.press("Enter")
    page.wait_for_url("**/giam-sat/hang-loat/*")
    expect(page.get_by_role("row").filter(has_text="số 1")).to_contain_text("Hãy chọn bước tương ứng.")
    # Nothing stands for its step of the new version any more, so that one is new too; the other was let pass.
    expect(page.get_by_role("row").filter(has_text="số 2")).to_contain_text("bước mới “Ý kiến y tế”")
    expect(page.get_by_role("row").filter(has_text="số 2")).not_to_contain_text("Thẩm tra")
    page.get_by_role("link", name="Sửa bước tương ứng").click()
    page.wait_for_selector("[data-moving][data-ready]")
    expect(page.locator("#to-y_te")).to_have_value("-")
    expect(page.locator("#without-tham_tra")).to_be_checked()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_barrier_or_is_wider_than_the_screen(visit: Visit, store: Store, cases: list[int], viewport: dict[str, int]) -> None:
    page = visit("giang", viewport=viewport)
    page.goto("/giam-sat/hang-loat")
    judge(page, viewport, "list")
    page.goto(ADDRESS)
    judge(page, viewport, "versions")
    pair(page)
    step(page, 0, "y_te")
    judge(page, viewport, "pair")
    page.get_by_label("Lý do (bắt buộc)").fill("thêm bước thẩm tra")
    page.get_by_role("button", name="Xem trước cho 3 hồ sơ").click()
    judge(page, viewport, "look")
    page.get_by_role("button", name="Thực hiện với 2 hồ sơ").click()
    expect(page.locator("#batch-progress")).to_contain_text("0 trên 2")
    judge(page, viewport, "busy")
    worker = threading.Thread(target=lambda: Worker(store, {}).run_due())
    worker.start()
    worker.join()
    expect(page.locator("#batch-progress[data-ended]")).to_be_visible()
    judge(page, viewport, "done")
    page.goto("/giam-sat/hang-loat")
    judge(page, viewport, "list-filled")


def judge(page: Page, viewport: dict[str, int], name: str) -> None:
    assert violations(page) == [], name
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name
