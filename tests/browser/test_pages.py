"""The pages in a real browser, as staff use them. On SQLite: what the databases do is tested without a browser."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE, log_in, violations

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
Find = Callable[[int, str], int]


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_barrier_or_is_wider_than_the_screen(visit: Visit, case: int, task_of: Find, viewport: dict[str, int]) -> None:
    stranger = visit(viewport=viewport)
    stranger.goto("/dang-nhap")
    assert violations(stranger) == []
    page = visit("binh", viewport=viewport)
    task = task_of(case, "xet")
    addresses = ["/", "/viec-don-vi", "/viec-da-lam", f"/viec/{task}", "/ho-so", f"/ho-so/{case}", f"/ho-so/{case}/viec"]
    addresses += [f"/ho-so/{case}/du-lieu", f"/ho-so/{case}/nhat-ky", "/quy-trinh", "/quy-trinh/don_nghi"]
    addresses += ["/quy-trinh/don_nghi/can-cu", "/tai-khoan", "/tai-khoan/nguoi-thay", "/lam-thay", "/khong-co"]
    for address in addresses:
        page.goto(address)
        if page.locator("[data-xml]").count():
            page.wait_for_selector("[data-ready]", state="attached")
        assert violations(page) == [], address
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], address


def test_the_inbox_follows_what_others_do_and_keeps_ticks_and_focus(visit: Visit, case: int, task_of: Find) -> None:
    task = task_of(case, "xet")
    binh = visit("binh")
    binh.clock.install()
    binh.goto("/viec-don-vi")
    binh.check(f"#tick-{task}")
    binh.focus(f"#open-{task}")
    with binh.expect_response(lambda response: "viec-don-vi" in response.url):
        binh.clock.run_for(13_000)
    expect(binh.locator(f"#tick-{task}")).to_be_checked()
    expect(binh.locator(f"#open-{task}")).to_be_focused()
    chi = visit("chi")
    chi.goto("/viec-don-vi")
    chi.get_by_role("button", name="Nhận việc").click()
    chi.wait_for_url(f"**/viec/{task}")
    with binh.expect_response(lambda response: "viec-don-vi" in response.url):
        binh.clock.run_for(13_000)
    expect(binh.locator(f"#task-{task}")).to_have_count(0)


def test_claiming_filling_in_and_sending_with_mouse_and_keyboard(visit: Visit, case: int, task_of: Find) -> None:
    page = visit("binh")
    page.goto("/viec-don-vi")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/viec/{task_of(case, 'xet')}")
    page.get_by_role("button", name="Nhận việc").click()
    page.get_by_label("Ý kiến").fill("Chưa chọn kết luận")
    page.get_by_role("button", name="Hoàn thành việc này").click()
    expect(page.locator(".error-summary")).to_be_focused()
    expect(page.get_by_label("Ý kiến")).to_have_value("Chưa chọn kết luận")
    page.get_by_role("link", name="Cần chọn “Kết luận”").click()
    page.get_by_label("Đồng ý", exact=True).check()
    page.get_by_role("button", name="Hoàn thành việc này").click()
    expect(page.get_by_text("Đã gửi “Xét đơn”.")).to_be_visible()


def test_a_draft_is_saved_while_typing_and_is_there_again_later(visit: Visit, case: int, task_of: Find) -> None:
    page, task = visit("binh"), task_of(case, "xet")
    page.goto(f"/viec/{task}")
    page.get_by_role("button", name="Nhận việc").click()
    page.get_by_label("Ý kiến").fill("Mới viết được nửa câu")
    expect(page.locator("[data-draft-said]")).to_contain_text("Đã lưu nháp lúc")
    later = visit("binh")
    later.goto(f"/viec/{task}")
    expect(later.get_by_label("Ý kiến")).to_have_value("Mới viết được nửa câu")


def test_what_is_typed_survives_an_expired_session(app: Flask, visit: Visit, case: int, task_of: Find) -> None:
    page, task = visit("binh"), task_of(case, "xet")
    page.goto(f"/viec/{task}")
    page.get_by_role("button", name="Nhận việc").click()
    expect(page.get_by_role("button", name="Hoàn thành việc này")).to_be_visible()
    # An answer still on its way would bring the session's cookie back.
    page.wait_for_load_state("networkidle")
    page.context.clear_cookies()
    page.get_by_label("Ý kiến").fill("Viết khi phiên đã hết hạn")
    page.get_by_label("Đồng ý", exact=True).check()
    page.get_by_role("link", name="Đăng nhập lại").click()
    log_in(page, "binh")
    page.wait_for_url(f"**/viec/{task}")
    expect(page.get_by_label("Ý kiến")).to_have_value("Viết khi phiên đã hết hạn")
    expect(page.get_by_label("Đồng ý", exact=True)).to_be_checked()
    expect(page.get_by_text("Đã khôi phục nội dung gõ trước khi phiên làm việc hết hạn.")).to_be_visible()
    expect(page.locator("[data-draft-said]")).to_contain_text("Đã lưu nháp lúc")


def test_a_file_goes_to_the_server_when_it_is_chosen(visit: Visit, case: int, task_of: Find) -> None:
    page, task = visit("binh"), task_of(case, "xet")
    page.goto(f"/viec/{task}")
    page.get_by_role("button", name="Nhận việc").click()
    page.get_by_label("Ý kiến").fill("Kèm giấy khám")
    page.set_input_files("input[type=file]", {"name": "Giấy khám.pdf", "mimeType": "application/pdf", "buffer": b"%PDF-1.7"})
    expect(page.get_by_role("link", name="Giấy khám.pdf")).to_be_visible()
    expect(page.get_by_label("Ý kiến")).to_have_value("Kèm giấy khám")
    page.get_by_role("button", name="Bỏ tệp").click()
    expect(page.get_by_role("link", name="Giấy khám.pdf")).to_have_count(0)
    expect(page.get_by_label("Ý kiến")).to_have_value("Kèm giấy khám")


def test_the_diagram_shows_where_the_case_stands_and_keeps_its_mark(visit: Visit, case: int, task_of: Find) -> None:
    page = visit("an")
    page.goto(f"/ho-so/{case}")
    page.wait_for_selector("[data-ready]")
    expect(page.locator('[data-element-id="xet"].active')).to_have_count(1)
    expect(page.locator('[data-element-id="bat_dau"].done')).to_have_count(1)
    expect(page.locator('[data-element-id="f1"].done')).to_have_count(1)
    expect(page.locator(".token")).to_have_text("1")
    mark = page.locator(".bjs-powered-by").bounding_box()
    assert mark
    top = page.evaluate("([x, y]) => document.elementFromPoint(x, y).closest('.bjs-powered-by') !== null", [mark["x"] + 5, mark["y"] + 5])
    assert top


def test_keys_lead_to_places(visit: Visit) -> None:
    page = visit("an")
    page.keyboard.press("g")
    page.keyboard.press("h")
    page.wait_for_url("**/ho-so")
    page.keyboard.press("/")
    expect(page.locator("[data-search]")).to_be_focused()
    page.keyboard.type("ghq?")
    expect(page.locator("[data-search]")).to_have_value("ghq?")
    page.locator("h1").click()
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()
