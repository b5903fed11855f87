"""What the properties panel offers, and the dates it shows."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.web.conftest import Browser
from web import accounts

API = "/thiet-ke/don_nghi/api"
Enter = Callable[[str], Browser]


@pytest.fixture
def phuc(store: sessionmaker[Session], password_hash: str, log_in: Enter) -> Browser:
    with store.begin() as session:
        user = accounts.add(session, "phuc", "Hồ Thiên Phúc", "mat-khau-thu-nghiem", roles=("phan_tich@phong_a",))
        user.password_hash = password_hash
    return log_in("phuc")


def said(browser: Browser, **body: str) -> dict[str, Any]:
    answer: dict[str, Any] = browser.client.post(
        f"{API}/hen-gio", json=body, headers={"X-CSRFToken": browser.token("/tai-khoan")}
    ).get_json()
    return answer


def test_it_offers_what_exists_here_and_in_the_draft(phuc: Browser) -> None:
    offered = phuc.get(f"{API}/tu-vung").get_json()
    assert {"code": "truong_phong"} in offered["roles"]
    assert {"code": "phong_a", "name": "Phòng A"} in offered["organisations"]
    assert {"username": "phuc", "name": "Hồ Thiên Phúc"} in offered["users"]
    assert all(set(user) == {"username", "name"} for user in offered["users"])
    assert {form["id"] for form in offered["forms"]} == {"don", "xet", "y_te"}
    assert "don_nghi" in {process["id"] for process in offered["processes"]}
    assert "so_ngay" in offered["variables"]
    letters = next(topic for topic in offered["topics"] if topic["topic"] == "thu_dien_tu")
    assert {"name": "nguoi_nhan", "required": False} in letters["takes"]


def test_it_is_not_there_for_those_who_may_not_edit(log_in: Enter) -> None:
    assert log_in("an").get(f"{API}/tu-vung").status_code == 404


@pytest.mark.parametrize(
    ("kind", "value", "dates"),
    [
        ("due", "P10D", ["Thứ Năm 12/03/2026, 08:00"]),
        ("due", "2026-03-31", ["Thứ Ba 31/03/2026, 23:59"]),
        ("duration", "PT4H", ["Thứ Hai 02/03/2026, 12:00"]),
        ("date", "2026-12-31T08:00:00+07:00", ["Thứ Năm 31/12/2026, 08:00"]),
        ("cycle", "R2/P1D", ["Thứ Ba 03/03/2026, 08:00", "Thứ Tư 04/03/2026, 08:00"]),
    ],
)
def test_it_says_when_a_text_would_be_due(phuc: Browser, kind: str, value: str, dates: list[str]) -> None:
    assert said(phuc, kind=kind, value=value, now="2026-03-02T01:00:00Z") == {"dates": dates}


@pytest.mark.parametrize(
    ("kind", "value", "lich", "dates"),
    [
        ("due", "P2D", "ngay_lam_viec", ["Thứ Năm 26/11/2026, 17:00"]),
        ("duration", "PT8H", "ngay_lam_viec", ["Thứ Tư 25/11/2026, 09:30"]),
        ("due", "${sau_ngay_lam_viec(2)}", "", ["Thứ Năm 26/11/2026, 17:00"]),
        ("cycle", "R2/P1D", "ngay_lam_viec", ["Thứ Tư 25/11/2026, 17:00", "Thứ Năm 26/11/2026, 17:00"]),
    ],
)
def test_it_counts_working_days(phuc: Browser, kind: str, value: str, lich: str, dates: list[str]) -> None:
    assert said(phuc, kind=kind, value=value, lich=lich, now="2026-11-23T02:00:00Z") == {"dates": dates}


@pytest.mark.parametrize(
    ("value", "lich"), [("P1M", "ngay_lam_viec"), ("P1D", "nghi"), ("${so_ngay}", ""), ("${sau_ngay_lam_viec(n)}", "")]
)
def test_it_says_that_it_cannot_count(phuc: Browser, value: str, lich: str) -> None:
    assert "error" in said(phuc, kind="due", value=value, lich=lich, now="2026-11-23T02:00:00Z")


def test_it_shows_the_first_times_of_a_cycle_without_end(phuc: Browser) -> None:
    assert len(said(phuc, kind="cycle", value="R/P1M", now="2026-03-02T01:00:00Z")["dates"]) == 5


@pytest.mark.parametrize("kind", ["due", "date", "duration", "cycle"])
@pytest.mark.parametrize("value", ["mười ngày", "P999999999Y", "R3/-P1D", ""])
def test_it_says_what_it_expected_instead(phuc: Browser, kind: str, value: str) -> None:
    answer = said(phuc, kind=kind, value=value, now="không biết")
    assert answer["error"].startswith("Cần một ")
    assert f"“{value}”" in answer["error"]
