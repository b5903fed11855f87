"""An analyst tries the rotation of one person out, in a real browser, and keeps it as a scenario."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import contents, deployments, workspaces
from engine.models import User
from tests.browser.answers import CHECKED, dossier, intended
from tests.browser.conftest import NARROW
from tests.browser.filling import fill
from tests.browser.judging import violations
from web import accounts

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
FOLDER = Path(__file__).parents[2] / "bpmn/luan_chuyen_can_bo"
SCENARIO = "10_khong_trung_cu.json"
HERE = "/thiet-ke/luan_chuyen_can_bo"
PERSON = {
    "Số hồ sơ": "KH 2026/03",
    "Cấp có thẩm quyền": "Ban Thường vụ Tỉnh ủy",
    "Cơ quan tham mưu tổ chức - cán bộ": "Ban Tổ chức Tỉnh ủy",
    "Nhân sự": {
        "Họ và tên khai sinh": "Nguyễn Văn Bình",
        "Tài khoản trong hệ thống": "Nguyễn Văn Bình",
        "Ngày sinh": "02/03/1980",
        "Chức vụ hiện nay": "Phó Giám đốc",
        "Nơi đang công tác (cơ quan nơi đi)": "Sở Nội vụ",
    },
}


@pytest.fixture
def draft(store: sessionmaker[Session]) -> None:
    """The rotation procedure with one of its scenarios, and an, who may edit it."""
    with store.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        an.memberships.append(accounts._membership(session, "phan_tich@van_phong"))
        deployments.store(session, "luan_chuyen_can_bo", contents.read_folder(FOLDER))
        scenario = (FOLDER / "scenarios" / SCENARIO).read_bytes()
        workspaces.change(session, workspaces.open(session, "luan_chuyen_can_bo", an), {f"scenarios/{SCENARIO}": scenario}, an)


def ready(page: Page) -> None:
    page.wait_for_selector("[data-xml][data-ready]", state="attached")


def hand_in(page: Page) -> None:
    page.locator(".actions .btn-primary").click()
    ready(page)
    expect(page.get_by_role("status").filter(has_text="trong lượt chạy thử")).to_be_visible()


def test_a_rotation_is_tried_out_made_to_fail_stepped_back_and_kept(visit: Visit, draft: None, tmp_path: Path) -> None:
    page = visit("an")
    page.goto(f"{HERE}/chay-thu/bat-dau?quy-trinh=luan_chuyen_nhan_su&ten=scenarios/{SCENARIO}")
    assert violations(page) == []
    fill(page, PERSON)
    page.get_by_role("button", name="Bắt đầu chạy thử").click()
    ready(page)
    assert violations(page) == []
    page.get_by_role("link", name="Hoàn thiện hồ sơ nhân sự").click()
    assert violations(page) == []
    page.locator(".actions .btn-primary").click()
    expect(page.locator(".error-summary")).to_be_focused()
    fill(page, dossier("Nguyễn Văn Bình"))
    hand_in(page)
    page.get_by_role("link", name="Rà soát tiêu chuẩn, tiêu chí").click()
    fill(page, CHECKED)
    hand_in(page)
    page.get_by_role("link", name="Dự kiến địa bàn, chức danh, nhân sự").click()
    fill(page, intended("Đảng ủy xã Tân Lập"))
    hand_in(page)
    expect(page.locator(".token")).to_have_text(["1"])
    page.get_by_role("button", name="+3 ngày").click()
    expect(page.get_by_role("status").filter(has_text="Thời gian trôi thêm 3 ngày.")).to_be_visible()
    page.get_by_role("button", name="Đến hẹn giờ kế tiếp").click()
    reminder = page.locator(".try-list li", has_text="thu_dien_tu")
    expect(reminder).to_have_count(1)
    reminder.get_by_text("Kết quả khác, lỗi, hỏng").click()
    reminder.get_by_label("Hỏng: thành sự cố").check()
    reminder.get_by_label("Hỏng vì").fill("máy chủ thư không trả lời")
    reminder.get_by_role("button", name="Kết thúc việc này như vậy").click()
    ready(page)
    expect(page.locator(".notice-late", has_text="máy chủ thư không trả lời")).to_be_visible()
    expect(page.locator(".djs-element.failed")).to_have_count(1)
    page.screenshot(path=tmp_path / "failed.png", full_page=True)
    assert violations(page) == []
    page.get_by_role("button", name="Lùi một bước").click()
    expect(reminder).to_have_count(1)
    reminder.get_by_role("button", name="Cho xong").click()
    expect(reminder).to_have_count(0)
    page.get_by_text("Các bước đã thực hiện").click()
    expect(page.get_by_text("Hoàn thành “Rà soát tiêu chuẩn, tiêu chí”")).to_be_visible()
    page.get_by_label("Tên kịch bản").fill("Đến khi nhắc nơi đi nhận xét")
    page.get_by_role("button", name="Giữ kịch bản").click()
    page.wait_for_url(f"**{HERE}/kich-ban")
    expect(page.get_by_text("đúng như mong đợi")).to_have_count(2)
    ready(page)
    expect(page.get_by_role("link", name="Luân chuyển một nhân sự")).to_have_attribute("aria-current", "page")
    assert page.locator(".djs-element.unpassed").count() > 0
    assert page.locator(".djs-element.done").count() > 20
    page.screenshot(path=tmp_path / "coverage.png", full_page=True)
    assert violations(page) == []


def test_it_goes_on_where_a_lost_browser_stopped_and_fits_a_phone(visit: Visit, draft: None) -> None:
    page = visit("an")
    page.goto(f"{HERE}/kich-ban")
    expect(page.get_by_text("đúng như mong đợi")).to_have_count(1)
    page.get_by_role("button", name="Mở để chạy thử").click()
    page.wait_for_url("**/chay-thu*")
    page.context.close()
    phone = visit("an", viewport=NARROW)
    for address in ("chay-thu", "chay-thu?phu=1", "kich-ban"):
        phone.goto(f"{HERE}/{address}")
        ready(phone)
        assert violations(phone) == [], address
        assert phone.evaluate("document.documentElement.scrollWidth") <= NARROW["width"], address
    steps = len(json.loads((FOLDER / "scenarios" / SCENARIO).read_bytes())["steps"])
    phone.goto(f"{HERE}/chay-thu")
    expect(phone.get_by_text("Các bước đã thực hiện")).to_contain_text(str(steps))


def test_the_keyboard_is_enough(visit: Visit, draft: None) -> None:
    page = visit("an")
    page.goto(f"{HERE}/chay-thu/bat-dau?quy-trinh=luan_chuyen_nhan_su&ten=scenarios/{SCENARIO}")
    fill(page, PERSON)
    page.get_by_label("Đồng hồ giả định bắt đầu").press("Enter")
    ready(page)
    page.get_by_role("button", name="+1 ngày").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").filter(has_text="Thời gian trôi thêm 1 ngày.")).to_be_visible()
    page.get_by_role("link", name="Hoàn thiện hồ sơ nhân sự").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/chay-thu/viec/*")


TYPED = "form => [...new FormData(form)].filter(([name, value]) => typeof value === 'string' && name !== 'csrf_token').map(String)"


def test_what_was_typed_is_there_again_when_the_browser_died(visit: Visit, draft: None) -> None:
    """Also rows that were added: the page that the server gives has none of them. And not in what comes after it is handed in."""
    page = visit("an")
    page.goto(f"{HERE}/chay-thu/bat-dau?quy-trinh=luan_chuyen_nhan_su&ten=scenarios/{SCENARIO}")
    fill(page, PERSON)
    before = page.locator("form[data-typed]").evaluate(TYPED)
    page.close(run_before_unload=False)
    page = page.context.new_page()
    page.goto(f"{HERE}/chay-thu/bat-dau?quy-trinh=luan_chuyen_nhan_su&ten=scenarios/{SCENARIO}")
    expect(page.get_by_role("status").filter(has_text="Đã khôi phục nội dung gõ dở")).to_be_visible()
    assert page.locator("form[data-typed]").evaluate(TYPED) == before
    page.get_by_role("button", name="Bắt đầu chạy thử").click()
    ready(page)
    page.get_by_role("link", name="Hoàn thiện hồ sơ nhân sự").click()
    fill(page, dossier("Nguyễn Văn Bình"))
    before = page.locator("form[data-typed]").evaluate(TYPED)
    assert len(before) > 10
    address = page.url
    page.close(run_before_unload=False)
    page = page.context.new_page()
    page.goto(address)
    expect(page.get_by_role("status").filter(has_text="Đã khôi phục nội dung gõ dở")).to_be_visible()
    assert page.locator("form[data-typed]").evaluate(TYPED) == before
    assert violations(page) == []
    hand_in(page)
    page.get_by_role("link", name="Rà soát tiêu chuẩn, tiêu chí").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Rà soát tiêu chuẩn, tiêu chí")
    expect(page.get_by_text("Đã khôi phục nội dung gõ dở")).to_have_count(0)
