"""A supervisor mends in Chromium: 40 cases of a person who left, 15 incidents after a corrected variable, one case two steps back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import user_tasks
from engine.models import Incident, User, UserTask
from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.working import working
from tests.web.moving import three_cases
from tests.web.supervised import break_down, started, user_id

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
Store = sessionmaker[Session]


def held(store: Store, number: int) -> None:
    """Cases whose task bình holds."""
    cases = [started(store, f"số {one}") for one in range(number)]
    with store.begin() as session:
        binh = session.scalars(select(User).where(User.username == "binh")).one()
        for task in session.scalars(select(UserTask.id).where(UserTask.instance_id.in_(cases))).all():
            user_tasks.claim(session, task, binh)


def count_of(store: Store, username: str) -> int:
    with store() as session:
        query = select(func.count()).select_from(UserTask).join(User, User.id == UserTask.assignee_id)
        return session.scalar(query.where(User.username == username, UserTask.state == "open")) or 0


def run(page: Page, button: str, done: str) -> None:
    page.get_by_role("button", name=button).click()
    expect(page.locator("#batch-progress[data-ended]")).to_contain_text(done, timeout=60_000)


def test_all_tasks_of_a_person_who_left_are_given_to_another_and_back(visit: Visit, store: Store) -> None:
    held(store, 40)
    page = visit("giang")
    page.goto("/giam-sat/viec")
    page.get_by_label("Người giữ việc").select_option(str(user_id(store, "binh")))
    page.get_by_role("button", name="Xem", exact=True).click()
    expect(page.get_by_label("Người giữ việc")).to_contain_text("Nguyễn Văn Bình (40)")
    everything = page.get_by_label("Giao cả 40 việc của danh sách")
    if everything.count():
        everything.check()
    else:
        page.get_by_role("link", name="Chọn mọi việc của trang này").click()
    page.get_by_label("Người nhận (bắt buộc)").select_option(str(user_id(store, "chi")))
    page.get_by_label("Lý do (bắt buộc)").fill("đồng chí Bình chuyển công tác")
    page.get_by_role("button", name="Xem trước việc giao").click()
    with working(store):
        run(page, "Thực hiện với 40 mục", "40 trên 40, đã xong")
        assert (count_of(store, "binh"), count_of(store, "chi")) == (0, 40)
        page.locator("summary", has_text="Hoàn tác").click()
        page.get_by_label("Lý do (bắt buộc)").fill("nhầm người nhận")
        page.get_by_role("button", name="Xem thử việc hoàn tác").click()
        run(page, "Thực hiện với 40 mục", "40 trên 40, đã xong")
    assert (count_of(store, "binh"), count_of(store, "chi")) == (40, 0)


def test_incidents_are_tried_again_after_a_variable_was_corrected(visit: Visit, store: Store) -> None:
    for number in range(15):
        break_down(store, started(store, f"số {number}"))
    page = visit("giang")
    page.goto("/giam-sat/su-co?all=1")
    page.get_by_role("button", name="Sửa dữ liệu của các hồ sơ này").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Sửa dữ liệu của hồ sơ")
    page.get_by_label("Số ngày").check()
    page.get_by_role("button", name="Nhập giá trị mới").click()
    page.get_by_label("Số ngày").fill("9")
    page.get_by_label("Lý do sửa dữ liệu (bắt buộc)").fill("nhập nhầm số ngày")
    page.get_by_role("button", name="Xem trước", exact=True).last.click()
    with working(store):
        run(page, "Thực hiện với 15 hồ sơ", "15 trên 15, đã xong")
        page.goto("/giam-sat/su-co?all=1")
        page.get_by_label("Lý do (bắt buộc)").fill("đã sửa số ngày")
        page.get_by_role("button", name="Xem trước việc thử lại").click()
        run(page, "Thực hiện với 15 mục", "15 trên 15, đã xong")
    with store() as session:
        assert session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all() == []


def click(page: Page, element: str) -> None:
    page.locator(f'[data-steering] [data-element-id="{element}"] .djs-hit').first.click()


def test_a_case_goes_two_steps_back_on_its_diagram_and_returns(visit: Visit, store: Store) -> None:
    case = three_cases(store)[2]
    page = visit("giang")
    page.goto(f"/giam-sat/ho-so/{case}")
    page.get_by_role("link", name="Chuyển bước, bỏ qua bước").click()
    page.wait_for_selector("[data-steering][data-ready]")
    expect(page.locator('[data-element-id="bao"].gone')).to_have_count(1)
    click(page, "bat_dau")
    expect(page.locator("[data-picking]")).to_contain_text("Không bắt đầu ở đó được.")
    click(page, "xet")
    expect(page.locator('[data-element-id="xet"].added')).to_have_count(1)
    expect(page.get_by_label("Bước cần đến", exact=True)).to_have_value("xet")
    page.get_by_label("Lý do (bắt buộc)").last.fill("xét lại từ đầu")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Việc mới “Xét đơn”")).to_be_visible()
    expect(page.get_by_text("Việc “Báo kết quả” bị bỏ.")).to_be_visible()
    page.get_by_role("button", name="Chuyển bước", exact=True).click()
    expect(page.get_by_role("status").first).to_contain_text("Đã chuyển bước.")
    page.goto(f"/ho-so/{case}/nhat-ky")
    expect(page.get_by_role("row").filter(has_text="Chuyển bước bằng tay")).to_contain_text("Vũ Hoàng Giang")
    page.goto(f"/giam-sat/ho-so/{case}/chuyen-buoc")
    page.locator("summary", has_text="Hoàn tác lần chuyển bước").click()
    page.locator("#reason-undo").fill("nhầm hồ sơ")
    page.get_by_role("button", name="Hoàn tác", exact=True).click()
    expect(page.get_by_label("Báo kết quả")).to_be_checked()


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_no_page_has_a_barrier_or_is_wider_than_the_screen(visit: Visit, store: Store, viewport: dict[str, int], tmp_path: Path) -> None:
    case = three_cases(store)[2]
    page = visit("giang", viewport=viewport)

    def judge(name: str) -> None:
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        assert violations(page) == [], name
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"], name

    page.goto("/giam-sat/cho-ap-dung")
    judge("pending-empty")
    page.goto(f"/giam-sat/ho-so/{case}")
    judge("case")
    page.goto(f"/giam-sat/ho-so/{case}/chuyen-buoc")
    page.wait_for_selector("[data-steering][data-ready]")
    page.get_by_label("Bước cần đến", exact=True).select_option("xet")
    page.get_by_label("Lý do (bắt buộc)").last.fill("xét lại")
    judge("move")
    page.get_by_role("button", name="Xem trước", exact=True).click()
    page.wait_for_selector("[data-steering][data-ready]")
    judge("move-look")
    page.get_by_role("button", name="Đưa vào danh sách chờ áp dụng").click()
    page.wait_for_url("**/cho-ap-dung")
    judge("pending")
    page.goto(f"/giam-sat/ho-so/{case}/sua-du-lieu")
    judge("data")
    page.get_by_label("Số ngày").fill("8")
    page.get_by_label("Lý do sửa dữ liệu (bắt buộc)").fill("nhập nhầm")
    page.get_by_role("button", name="Xem trước", exact=True).last.click()
    judge("data-look")
    page.goto("/giam-sat/viec?all=1")
    judge("tasks")
    page.get_by_role("button", name="Đổi hạn").click()
    judge("due")
    page.locator("#reason").fill("gấp")
    page.get_by_label("Hạn mới").fill("32/13/2026")
    page.get_by_role("button", name="Xem trước", exact=True).click()
    judge("due-wrong")
