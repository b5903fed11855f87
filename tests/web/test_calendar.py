"""The calendar of working days on its page and on the command line."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from engine import working_time
from engine.models import CalendarDay, Job, User
from tests.web.conftest import Browser
from web import accounts
from web.cli import cli
from web.words import due_words, local, today

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]


@pytest.fixture
def releaser(log_in: Enter, store: Store) -> Browser:
    """giang, who may release as well."""
    with store.begin() as session:
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        giang.memberships.append(accounts._membership(session, "ban_hanh@van_phong"))
    return log_in("giang")


def days(store: Store) -> list[tuple[date, bool, str, str]]:
    with store() as session:
        return [(row.day, row.works, row.name, row.body) for row in session.scalars(select(CalendarDay).order_by(CalendarDay.day))]


def jobs(store: Store) -> int:
    with store() as session:
        return len(session.scalars(select(Job).where(Job.kind == "calendar")).all())


def test_everybody_sees_the_days_off_and_only_some_may_change_them(log_in: Enter, store: Store) -> None:
    an = log_in("an")
    page = an.get("/lich-lam-viec?nam=2026").text
    assert "17/02/2026" in page and "Giỗ Tổ Hùng Vương" in page and "08:00-11:30, 13:00-17:00" in page
    assert "Ghi vào lịch" not in page
    for address in ("/lich-lam-viec/ngay", "/lich-lam-viec/gio", "/lich-lam-viec/ngay/1/bo"):
        assert an.post(address, {"tu": "31/12/2026"}).status_code == 404
    assert days(store) == []


def test_it_says_that_a_later_year_is_reckoned(log_in: Enter) -> None:
    assert "dự tính" in log_in("an").get(f"/lich-lam-viec?nam={today().year + 2}").text
    assert "dự tính" not in log_in("an").get("/lich-lam-viec?nam=2025").text
    assert log_in("an").get("/lich-lam-viec?nam=abc").status_code == 200


def test_it_keeps_several_days_and_counts_deadlines_again(releaser: Browser, store: Store) -> None:
    said = releaser.post(
        "/lich-lam-viec/ngay", {"tu": "30/12/2026", "den": "31/12/2026", "loai": "nghi", "ten": "Nghỉ bão"}, follow_redirects=True
    )
    assert "Đã ghi 2 ngày vào lịch" in said.text and "Nghỉ bão" in said.text
    assert days(store) == [(date(2026, 12, 30), False, "Nghỉ bão", ""), (date(2026, 12, 31), False, "Nghỉ bão", "")]
    assert jobs(store) == 1


def test_it_keeps_a_day_of_one_body_and_takes_it_back(releaser: Browser, store: Store) -> None:
    releaser.post("/lich-lam-viec/ngay", {"tu": "05/12/2026", "loai": "lam", "to_chuc": "phong_a"})
    assert days(store) == [(date(2026, 12, 5), True, "", "phong_a")]
    with store() as session:
        number = session.scalars(select(CalendarDay.id)).one()
    assert "Phòng A" in releaser.get("/lich-lam-viec?nam=2026").text
    for said in ("lịch chung có hiệu lực", "đã được bỏ khỏi lịch trước đó"):
        assert said in releaser.post(f"/lich-lam-viec/ngay/{number}/bo", {"nam": "2026"}, follow_redirects=True).text
    assert days(store) == []


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"tu": "31/02/2026"}, "Cần một ngày như 31/12/2026, nhưng thấy “31/02/2026”"),
        ({"tu": "01/12/2026", "den": "mai"}, "nhưng thấy “mai”"),
        ({"tu": "02/12/2026", "den": "01/12/2026"}, "Ngày cuối phải từ ngày đầu trở đi"),
        ({"tu": "02/12/2026", "den": "01/12/2028"}, "nhiều nhất 62 ngày"),
        ({"tu": "02/12/2026", "to_chuc": "khong_co"}, "khong_co"),
        ({"tu": "02/12/1926"}, "từ năm 2000 đến năm 2100"),
    ],
)
def test_it_says_what_is_wrong_and_keeps_what_was_typed(releaser: Browser, store: Store, typed: dict[str, str], said: str) -> None:
    answer = releaser.post("/lich-lam-viec/ngay", {"ten": "Nghỉ bù <b>", **typed})
    assert answer.status_code == 422
    assert said in answer.text and "Nghỉ bù &lt;b&gt;" in answer.text
    assert days(store) == [] and jobs(store) == 0


def test_it_changes_hours_of_work(releaser: Browser, store: Store) -> None:
    said = releaser.post(
        "/lich-lam-viec/gio", {"gio": "7:30-11:30 13:30-17:00", "thu": ["0", "1", "2", "3", "4", "5"]}, follow_redirects=True
    )
    assert "07:30-11:30, 13:30-17:00" in said.text
    assert jobs(store) == 1
    wrong = releaser.post("/lich-lam-viec/gio", {"gio": "sáng", "thu": ["0"]})
    assert wrong.status_code == 422 and "giờ làm việc theo thứ tự" in wrong.text and 'value="sáng"' in wrong.text
    assert "ít nhất một ngày trong tuần" in releaser.post("/lich-lam-viec/gio", {"gio": "08:00-17:00"}).text


def test_pages_count_the_distance_to_a_due_date_by_the_calendar(app: Flask, store: Store) -> None:
    from datetime import datetime, timedelta

    due = local(datetime.now().astimezone()) + timedelta(days=20)
    with store() as session:
        left = working_time.calendar(session).days_between(today(), due.date())
    with app.test_request_context():
        assert f"còn {left} ngày làm việc" in due_words(due)
        assert due_words(due.replace(year=9000)).startswith("còn ")


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., tuple[int, str]]:
    for name, value in {"DATABASE_URL": database_url, "FOLDER": str(tmp_path / "var"), "SECRET_KEY": "x" * 32}.items():
        monkeypatch.setenv(f"LUANCHUYEN_{name}", value)

    def words(*given: str) -> tuple[int, str]:
        found = CliRunner().invoke(cli, given)
        return found.exit_code, found.output + (str(found.exception) if found.exception else "")

    return words


def test_it_reads_days_from_a_table_all_or_none(run: Callable[..., tuple[int, str]], store: Store, tmp_path: Path) -> None:
    table = tmp_path / "ngay.csv"
    table.write_text("ngay;lam_viec;ten;to_chuc\n31/12/2026;khong;Nghỉ cuối năm;\n2027-01-02;co;Làm bù;phong_a\n", "utf-8-sig")
    assert run("calendar", "import", str(table)) == (0, "2\n")
    assert days(store) == [(date(2026, 12, 31), False, "Nghỉ cuối năm", ""), (date(2027, 1, 2), True, "Làm bù", "phong_a")]
    assert jobs(store) == 1
    assert "31/12/2026\tkhong\tNghỉ cuối năm\t\town" in run("calendar", "show", "2026")[1]
    table.write_text("ngay,lam_viec\n30/12/2026,khong\n32/12/2026,khong\n", "utf-8")
    code, said = run("calendar", "import", str(table))
    assert code == 1 and "line 3: 32/12/2026" in said
    table.write_text("day\n1\n", "utf-8")
    assert "expected the columns ngay" in run("calendar", "import", str(table))[1]
    table.write_bytes("ngày\n".encode("utf-16"))
    assert "UTF-8" in run("calendar", "import", str(table))[1]
    assert len(days(store)) == 2


def test_it_tells_who_changed_it_last_and_how_many_deadlines_moved(releaser: Browser, store: Store, log_in: Enter) -> None:
    assert "đổi lần cuối" not in releaser.get("/lich-lam-viec").text
    said = releaser.post("/lich-lam-viec/ngay", {"tu": "31/12/2026", "loai": "nghi"}, follow_redirects=True).text
    assert "Lịch được đổi lần cuối" in said and "0 việc dời hạn" in said and "Đang tính lại" in said
    with store.begin() as session:
        session.execute(delete(Job))
    said = releaser.get("/lich-lam-viec").text
    assert "Đã tính lại xong" in said and "Giang)" in said
    assert "đổi lần cuối" not in log_in("an").get("/lich-lam-viec").text
