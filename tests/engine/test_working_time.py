"""The calendar of working days: public holidays, days of this installation and of single bodies, hours."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy.orm import Session

from engine import working_time
from engine.errors import Invalid, NotFound
from engine.expressions import ZONE, evaluate, feel, run_script
from engine.working_time import Change
from tests.engine.cast import people


@pytest.fixture
def session(session: Session) -> Session:
    session.info["clock"] = lambda: datetime(2026, 11, 23, 2, tzinfo=UTC)
    people(session)
    return session


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


@pytest.mark.parametrize(
    ("year", "first", "last"),
    [
        (2024, date(2024, 2, 8), date(2024, 2, 14)),
        (2025, date(2025, 1, 27), date(2025, 1, 31)),
        (2026, date(2026, 2, 16), date(2026, 2, 20)),
        (2027, date(2027, 2, 5), date(2027, 2, 10)),
        (2028, date(2028, 1, 25), date(2028, 1, 28)),
        (2029, date(2029, 2, 12), date(2029, 2, 16)),
        (2030, date(2030, 2, 1), date(2030, 2, 6)),
    ],
)
def test_it_knows_tet_of_every_year(year: int, first: date, last: date) -> None:
    off = {one.day for one in working_time.public(year) if not one.works}
    weekdays = [day for step in range((last - first).days + 1) if (day := first + timedelta(days=step)).weekday() < 5]
    assert off >= set(weekdays)
    assert {date(year, 1, 1), date(year, 4, 30), date(year, 5, 1), date(year, 9, 2)} <= off


def test_it_knows_the_working_days_in_exchange_that_were_announced() -> None:
    assert [one.day for one in working_time.public(2026) if one.works] == [date(2026, 8, 22)]


def test_it_counts_working_days_over_tet(session: Session) -> None:
    calendar = working_time.calendar(session)
    assert calendar.days_after(date(2026, 2, 13), 1) == date(2026, 2, 23)
    assert calendar.days_between(date(2026, 2, 13), date(2026, 2, 24)) == 2
    assert calendar.days_between(date(2026, 2, 24), date(2026, 2, 13)) == -2
    assert calendar.days_after(date(2026, 2, 24), -2) == date(2026, 2, 13)
    assert calendar.days_after(date(2026, 2, 14), 0) == date(2026, 2, 23)


def test_it_counts_working_hours_over_lunch_and_night(session: Session) -> None:
    calendar = working_time.calendar(session)
    assert calendar.after_hours(at("2026-11-23T11:00"), 1) == at("2026-11-23T13:30")
    assert calendar.after_hours(at("2026-11-23T16:30"), 1) == at("2026-11-25T08:30"), "24/11 is a day off"
    assert calendar.after_hours(at("2026-11-22T10:00"), 0) == at("2026-11-23T08:00")
    assert calendar.hours_between(at("2026-11-23T11:00"), at("2026-11-25T08:30")) == 5
    assert calendar.hours_between(at("2026-11-25T08:30"), at("2026-11-23T11:00")) == 0


def test_it_lets_an_installation_swap_days_and_one_body_have_days_of_its_own(session: Session) -> None:
    changes = [
        Change(date(2026, 12, 5), True, "Làm bù"),
        Change(date(2026, 12, 4), False),
        Change(date(2026, 12, 7), False, "Lễ hội", "so_a"),
    ]
    working_time.change(session, changes)
    calendar = working_time.calendar(session)
    assert calendar.days_after(date(2026, 12, 3), 1) == date(2026, 12, 5)
    assert calendar.days_after(date(2026, 12, 5), 1) == date(2026, 12, 7)
    assert calendar.of("so_a").days_after(date(2026, 12, 5), 1) == date(2026, 12, 8)
    assert calendar.of("so_b") is calendar


def test_it_replaces_what_was_said_of_a_day_and_forgets_it(session: Session) -> None:
    working_time.change(session, [Change(date(2026, 12, 4), False, "Nghỉ")])
    working_time.change(session, [Change(date(2026, 12, 4), False, "Nghỉ bão")])
    (own,) = [one for one in working_time.days(session, 2026) if one.own]
    assert (own.day, own.name) == (date(2026, 12, 4), "Nghỉ bão")
    working_time.forget(session, own.own or 0)
    assert working_time.calendar(session).works(date(2026, 12, 4))
    with pytest.raises(NotFound):
        working_time.forget(session, own.own or 0)


def test_it_lets_a_public_holiday_be_worked(session: Session) -> None:
    working_time.change(session, [Change(date(2026, 11, 24), True)])
    assert working_time.calendar(session).works(date(2026, 11, 24))
    assert [one.works for one in working_time.days(session, 2026) if one.day == date(2026, 11, 24)] == [True]


def test_it_says_what_is_wrong_with_a_day(session: Session) -> None:
    with pytest.raises(Invalid, match="so_xyz"):
        working_time.change(session, [Change(date(2026, 12, 4), False, "", "so_xyz")])
    with pytest.raises(Invalid, match="0026-12-04"):
        working_time.change(session, [Change(date(26, 12, 4), False)])


def test_it_sets_hours_of_work(session: Session) -> None:
    working_time.set_hours(session, range(6), "7:30-11:30, 13:30-17:00")
    calendar = working_time.calendar(session)
    assert calendar.works(date(2026, 12, 5))
    assert calendar.after_hours(at("2026-12-05T07:00"), 4.5) == at("2026-12-05T14:00")
    assert working_time.hours(session)[0] == frozenset(range(6))


@pytest.mark.parametrize("text", ["", "8-11", "08:00-07:00", "08:00-12:00 11:00-17:00", "08:00-25:00", "sáng 08:00-11:30"])
def test_it_refuses_hours_that_are_none(session: Session, text: str) -> None:
    with pytest.raises(Invalid):
        working_time.set_hours(session, range(5), text)
    with pytest.raises(Invalid):
        working_time.set_hours(session, [], "08:00-11:30")


def test_it_reads_a_table_of_days_and_names_the_wrong_line() -> None:
    rows = [{"ngay": "31/12/2026", "lam_viec": "khong", "ten": "Nghỉ"}, {"ngay": "2027-01-02", "lam_viec": "Có", "to_chuc": "so_a"}]
    assert working_time.read_changes(rows) == [
        Change(date(2026, 12, 31), False, "Nghỉ"),
        Change(date(2027, 1, 2), True, "", "so_a"),
    ]
    with pytest.raises(Invalid, match="line 3: 31/02/2026"):
        working_time.read_changes([rows[0], {"ngay": "31/02/2026", "lam_viec": "co"}])


def test_it_answers_expressions_scripts_and_decision_tables_alike(session: Session) -> None:
    told = {"_now": datetime(2026, 11, 23, 2, tzinfo=UTC), "_lich": lambda: working_time.plain(session)}
    assert evaluate("${sau_ngay_lam_viec(1)}", told) == at("2026-11-25T17:00")
    assert feel("sau_ngay_lam_viec(1)", told) == at("2026-11-25T17:00")
    assert run_script("han = sau_ngay_lam_viec(1)", told) == {"han": at("2026-11-25T17:00")}
    assert run_script("cac = [so_ngay_lam_viec(date('2026-11-30')) for i in range(2)]", told) == {"cac": [4, 4]}
    assert evaluate("${la_ngay_lam_viec(date('2026-11-24'))}", told) is False
    assert evaluate("${sau_gio_lam_viec(1, '2026-11-23T16:30')}", told) == at("2026-11-25T08:30")


def test_it_counts_for_a_body_in_expressions(session: Session) -> None:
    working_time.change(session, [Change(date(2026, 11, 25), False, "", "so_a")])
    told = {"_now": datetime(2026, 11, 23, 2, tzinfo=UTC), "_lich": lambda: working_time.plain(session)}
    assert evaluate("${sau_ngay_lam_viec(1, today(), 'so_a')}", told) == at("2026-11-26T17:00")
    assert evaluate("${sau_ngay_lam_viec(1, today(), 'so_b')}", told) == at("2026-11-25T17:00")


def test_it_is_not_asked_for_by_an_expression_that_counts_no_working_days() -> None:
    def calendar() -> None:
        raise AssertionError

    assert evaluate("${1 + 1}", {"_lich": calendar}) == 2


def test_a_variable_of_the_calendars_name_is_named_and_breaks_nothing_else() -> None:
    from engine.errors import ExpressionError

    for say in (lambda: evaluate("${sau_ngay_lam_viec(1)}", {"_lich": {"off": 3}}), lambda: feel("sau_ngay_lam_viec(1)", {"_lich": "x"})):
        with pytest.raises(ExpressionError, match="_lich"):
            say()
