"""The calendar of working days: Vietnam's holidays, the days that this installation swaps or adds, and when people work."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from functools import lru_cache
from typing import Any

import holidays
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import db
from engine.errors import Invalid, NotFound
from engine.expressions import ZONE, Calendar, to_plain
from engine.models import CalendarDay, Organisation, User, WorkingHours

BEFORE, AFTER = 3, 6
"""Years of holidays that a calendar holds, around today."""
READING = "calendar"
"""What db.together() is told by who counts deadlines with the calendar, and db.alone() by who looks for those that must follow."""
_HOURS = re.compile(r"(\d{1,2}):(\d\d)\s*-\s*(\d{1,2}):(\d\d)")


@dataclass(frozen=True)
class Day:
    """A day that differs from its weekday, and why. `own`: the row that says so; None for a public holiday."""

    day: date
    works: bool
    name: str
    body: str = ""
    own: int | None = None


@dataclass(frozen=True)
class Change:
    """What a day of the calendar shall be."""

    day: date
    works: bool
    name: str = ""
    body: str = ""


@lru_cache(maxsize=64)
def public(year: int) -> tuple[Day, ...]:
    """Public holidays of a year and the weekend days worked in exchange, as far as they are announced; Tết of later years is reckoned."""
    found = holidays.country_holidays("VN", years=year, language="vi")
    off = [Day(day, False, name) for day, name in found.items() if day.year == year]
    on = [Day(day, True, "Làm bù") for day in getattr(found, "weekend_workdays", ()) if day.year == year]
    return tuple(sorted((*off, *on), key=lambda one: one.day))


def plain(session: Session) -> dict[str, Any]:
    """calendar() as plain data, for expressions. `session.info["calendar"]` stands before it: a stage plays with another database's."""
    given: Callable[[], dict[str, Any]] | None = session.info.get("calendar")
    if given:
        return given()
    db.together(session, READING)
    return to_plain(calendar(session))


def calendar(session: Session) -> Calendar:
    """The calendar of these years: everybody's, and within it those of bodies that have days or hours of their own."""
    year = db.now(session).astimezone(ZONE).year
    with session.no_autoflush:
        rows = session.scalars(select(CalendarDay)).all()
        hours = {row.body: row for row in session.scalars(select(WorkingHours))}
    general = [one for y in range(year - BEFORE, year + AFTER + 1) for one in public(y)]
    whole = _timed(Calendar(), hours.get(""))
    whole = _with(whole, [(one.day, one.works) for one in general] + [(row.day, row.works) for row in rows if not row.body])
    bodies = {row.body for row in rows if row.body} | {body for body in hours if body}
    own = {
        body: _with(_timed(whole, hours.get(body)), [(row.day, row.works) for row in rows if row.body == body]) for body in sorted(bodies)
    }
    return replace(whole, bodies=own)


def _with(base: Calendar, days: Iterable[tuple[date, bool]]) -> Calendar:
    """Later ones win."""
    off, on = set(base.off), set(base.on)
    for day, works in days:
        (on if works else off).add(day)
        (off if works else on).discard(day)
    return replace(base, off=frozenset(off), on=frozenset(on))


def _timed(base: Calendar, row: WorkingHours | None) -> Calendar:
    if row is None:
        return base
    return replace(base, weekdays=frozenset(int(digit) for digit in row.weekdays), hours=read_hours(row.hours))


def read_hours(text: str) -> tuple[tuple[time, time], ...]:
    """`08:00-11:30 13:00-17:00`. Raises Invalid."""
    expected = "working hours in order such as 08:00-11:30 13:00-17:00"
    found = _HOURS.findall(text)
    if not found or re.sub(r"[\s,;]", "", _HOURS.sub("", text)):
        raise Invalid(expected=expected, found=text[:60] or "nothing")
    try:
        shifts = tuple((time(int(a), int(b)), time(int(c), int(d))) for a, b, c, d in found)
    except ValueError:
        raise Invalid(expected=expected, found=text[:60]) from None
    edges = [edge for shift in shifts for edge in shift]
    if edges != sorted(set(edges)):
        raise Invalid(expected=expected, found=text[:60])
    return shifts


def days(session: Session, year: int) -> list[Day]:
    """Every day of `year` that differs from its weekday, with what this installation says of it."""
    own = session.scalars(select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))).all()
    said = [Day(row.day, row.works, row.name, row.body, row.id) for row in own]
    decided = {one.day for one in said if not one.body}
    return sorted([*said, *(one for one in public(year) if one.day not in decided)], key=lambda one: (one.day, one.body))


def change(session: Session, changes: Iterable[Change], user: User | None = None) -> int:
    """Say what days are, all of them or none; what was said of the same day before is replaced. How many. Raises Invalid.

    Deadlines counted with the calendar have to follow: engine.deadlines.follow().
    """
    bodies = set(session.scalars(select(Organisation.code)))
    wanted = {(one.day, one.body): one for one in changes}
    for one in wanted.values():
        if one.body and one.body not in bodies:
            raise Invalid(expected="the code of a body that exists", found=one.body[:80])
        if not 2000 <= one.day.year <= 2100:
            raise Invalid(expected="a day between 2000 and 2100", found=one.day.isoformat())
    existing = {(row.day, row.body): row for row in session.scalars(select(CalendarDay))} if wanted else {}
    for key, one in wanted.items():
        row = existing.get(key)
        if row is None:
            row = CalendarDay(day=one.day, body=one.body)
            session.add(row)
        row.works, row.name = one.works, one.name.strip()[:200]
        row.changed_at, row.changed_by_id = db.now(session), user.id if user else None
    session.flush()
    return len(wanted)


def forget(session: Session, day_id: int) -> None:
    """Take back what was said of a day: it is again what the general calendar says. Raises NotFound."""
    if session.connection().execute(delete(CalendarDay).where(CalendarDay.id == day_id)).rowcount != 1:
        raise NotFound(what="day of the calendar", id=day_id)


def hours(session: Session, body: str = "") -> tuple[frozenset[int], tuple[tuple[time, time], ...]]:
    """Weekdays (Monday 0) and hours of work."""
    found = _timed(Calendar(), session.get(WorkingHours, body) or session.get(WorkingHours, ""))
    return found.weekdays, found.hours


def set_hours(session: Session, weekdays: Iterable[int], text: str, body: str = "") -> None:
    """Say when people work. Raises Invalid."""
    shifts = read_hours(text)
    found = sorted(set(weekdays))
    if not found or not set(found) <= set(range(7)):
        raise Invalid(expected="at least one weekday", found=", ".join(map(str, found)) or "none")
    written = " ".join(f"{begin:%H:%M}-{end:%H:%M}" for begin, end in shifts)
    session.merge(WorkingHours(body=body, weekdays="".join(map(str, found)), hours=written))
    session.flush()


def read_changes(rows: Iterable[Mapping[str, str]]) -> list[Change]:
    """Lines with the columns ngay (dd/mm/yyyy or yyyy-mm-dd), lam_viec (co, khong), ten, to_chuc. Raises Invalid with the line."""
    found = []
    for number, row in enumerate(rows, 2):
        text, works = (row.get("ngay") or "").strip(), (row.get("lam_viec") or "").strip().lower()
        day = read_day(text)
        if day is None or works not in ("co", "khong", "có", "không"):
            expected = "a line with a day such as 31/12/2026 (ngay) and co or khong (lam_viec)"
            raise Invalid(expected=expected, found=f"line {number}: {text[:20]}, {works[:20]}")
        found.append(Change(day, works in ("co", "có"), row.get("ten") or "", (row.get("to_chuc") or "").strip()))
    return found


def read_day(text: str) -> date | None:
    """dd/mm/yyyy or yyyy-mm-dd; None for anything else."""
    for form in ("%d/%m/%Y", "%Y-%m-%d"):
        try:
            return datetime.strptime(text.strip(), form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None
