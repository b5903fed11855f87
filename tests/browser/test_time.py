"""Working time in a real browser: the calendar that moves deadlines, reminders, expected ends, and cases that are held."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Forecast, ProcessInstance, StepTime, User, UserTask
from tests.browser.conftest import NARROW, WIDE, violations
from web import accounts

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Open = Callable[..., Page]
Store = sessionmaker[Session]


@pytest.fixture
def reminded(store: Store, case: int) -> int:
    """A case whose task is late and was reminded of, of a process of which 23 cases have ended. giang may change the calendar."""
    now = datetime.now(UTC)
    with store.begin() as session:
        instance = session.get_one(ProcessInstance, case)
        task = session.scalars(select(UserTask).where(UserTask.instance_id == case)).one()
        task.due_at, task.reminded, task.reminded_at = now - timedelta(days=3), 2, now - timedelta(days=1)
        key = instance.definition.key
        session.add(StepTime(process_key=key, element_id="", count=23, median=90.0, stay=90.0, rest=0.0, computed_at=now))
        session.add(
            Forecast(
                instance_id=case, version=instance.version, expected_at=now + timedelta(days=20), basis=23, tardy=True, computed_at=now
            )
        )
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        giang.memberships.append(accounts._membership(session, "ban_hanh@van_phong"))
    return case


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_what_working_time_says_is_readable_for_all(visit: Open, reminded: int, viewport: dict[str, int], tmp_path: Path) -> None:
    page, wrong = visit("giang", viewport), list[str]()
    page.goto("/lich-lam-viec")
    page.get_by_label("Ngày (bắt buộc)").fill("30/12/2026")
    page.get_by_label("Tên").fill("Nghỉ bão")
    page.get_by_role("button", name="Ghi vào lịch").click()
    expect(page.locator("#da-doi")).to_contain_text("Lịch được đổi lần cuối")
    page.goto(f"/giam-sat/ho-so/{reminded}")
    expect(page.locator("#du-kien")).to_contain_text("theo trung vị của 23 hồ sơ đã xong")
    expect(page.locator(".open-task")).to_contain_text("đã nhắc 2 lần")
    page.get_by_text("Giữ lại, không xóa").click()
    page.locator("#reason-hold").fill("đang có đơn thư")
    page.get_by_role("button", name="Giữ hồ sơ").click()
    expect(page.get_by_text("Hồ sơ đang được giữ, không bị xóa")).to_be_visible()
    page.get_by_role("link", name="Các hồ sơ đang giữ").click()
    expect(page.get_by_role("table")).to_contain_text("đang có đơn thư")
    for name, address in {
        "calendar": "/lich-lam-viec", "held": "/giam-sat/dang-giu", "case": f"/giam-sat/ho-so/{reminded}",
        "list": "/giam-sat/ho-so?cols=title,due,expected&tardy=1&sort=expected", "tasks": "/giam-sat/viec",
    }.items():  # fmt: skip
        page.goto(address)
        page.wait_for_load_state("networkidle")
        page.screenshot(path=tmp_path / f"{name}.png", full_page=True)
        wrong += [f"{name}: {one}" for one in violations(page)]
        if (width := page.evaluate("document.documentElement.scrollWidth")) > viewport["width"]:
            wrong.append(f"{name}: {width} px wide")
    assert wrong == []
