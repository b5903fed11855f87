"""When a timer is due: ISO 8601 durations, dates and cycles, or the values an expression gave instead."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from engine.errors import ExpressionError
from engine.expressions import YearsMonths

ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
"""Zone of a date that names none: the zone the people who draw the diagrams live in."""

_DURATION = re.compile(
    r"^(?P<sign>[-+]?)P(?:(?P<years>[\d.,]+)Y)?(?:(?P<months>[\d.,]+)M)?(?:(?P<weeks>[\d.,]+)W)?(?:(?P<days>[\d.,]+)D)?"
    r"(?:T(?:(?P<hours>[\d.,]+)H)?(?:(?P<minutes>[\d.,]+)M)?(?:(?P<seconds>[\d.,]+)S)?)?$"
)


@dataclass(frozen=True)
class Duration:
    """Months are kept apart: how long they are depends on where they are counted from."""

    months: int
    rest: timedelta

    def after(self, start: datetime) -> datetime:
        """`start` plus this duration; the 31st plus one month is the last day of the next. Raises ExpressionError beyond the calendar."""
        try:
            if self.months:
                index = start.year * 12 + start.month - 1 + self.months
                year, month = divmod(index, 12)
                day = min(start.day, calendar.monthrange(year, month + 1)[1])
                start = start.replace(year=year, month=month + 1, day=day)
            return start + self.rest
        except (OverflowError, ValueError):
            raise ExpressionError(f"{self.months} months, {self.rest}", "this is beyond the end of the calendar") from None


@dataclass(frozen=True)
class Cycle:
    """`times` firings (None: without end), the first at `first` or one interval after the start."""

    times: int | None
    first: datetime | None
    interval: Duration


def duration(text: str) -> Duration:
    """`P1Y2M3DT4H5M6S`, `P2W`. Raises ExpressionError."""
    match = _DURATION.match(text.strip())
    if match is None or text.strip()[-1] in "PT+-":
        raise ExpressionError(text, "expected an ISO 8601 duration such as P3D or PT2H")
    sign = -1 if match["sign"] == "-" else 1
    try:
        parts = {name: float(value.replace(",", ".")) for name, value in match.groupdict().items() if value and name != "sign"}
    except ValueError:
        raise ExpressionError(text, "expected an ISO 8601 duration such as P3D or PT2H") from None
    months = parts.pop("years", 0) * 12 + parts.pop("months", 0)
    if months != int(months):
        raise ExpressionError(text, "a part of a month has no length: expected whole months")
    try:
        return Duration(sign * int(months), sign * timedelta(**parts))
    except OverflowError:
        raise ExpressionError(text, "this is longer than the calendar") from None


def moment(text: str) -> datetime:
    """A date or a date with time, in ZONE when it names none. Raises ExpressionError."""
    try:
        found = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ExpressionError(text, "expected an ISO 8601 date such as 2026-03-31T17:00:00+07:00") from None
    return found if found.tzinfo else found.replace(tzinfo=ZONE)


def cycle(text: str) -> Cycle:
    """`R3/PT1H`, `R/P1D`, `R3/<start>/P1D`, `R3/P1D/<end>`. Raises ExpressionError."""
    parts = text.strip().split("/")
    if not re.fullmatch(r"R\d*", parts[0]) or len(parts) not in (2, 3):
        raise ExpressionError(text, "expected an ISO 8601 cycle such as R3/PT1H (cron is not understood: it names no first firing)")
    times = int(parts[0][1:]) if parts[0] != "R" else None
    if times == 0:
        raise ExpressionError(text, "R0 never fires: expected at least one repetition")
    if len(parts) == 2:
        return Cycle(times, None, _interval(parts[1]))
    if parts[1].startswith(("P", "-P", "+P")):
        every, end = _interval(parts[1]), moment(parts[2])
        if times is None:
            raise ExpressionError(text, "expected a number of repetitions in a cycle that is counted back from its end")
        try:
            return Cycle(times, Duration(-every.months * (times - 1), -every.rest * (times - 1)).after(end), every)
        except OverflowError:
            raise ExpressionError(text, "this begins before the calendar") from None
    return Cycle(times, moment(parts[1]), _interval(parts[2]))


def _interval(text: str) -> Duration:
    """The time between two firings: a cycle without any would fire for ever at once."""
    found = duration(text)
    if found.months < 0 or found.rest < timedelta() or (not found.months and found.rest < timedelta(seconds=1)):
        raise ExpressionError(text, "expected an interval of at least one second between two firings")
    return found


def deadline(value: object, now: datetime) -> datetime:
    """Like point(), for people: a date without a time lasts to its end."""
    day = isinstance(value, date) and not isinstance(value, datetime)
    if day or (isinstance(value, str) and re.fullmatch(r"\d{4}-\d\d-\d\d", value.strip())):
        return point(value, now) + timedelta(hours=23, minutes=59, seconds=59)
    return point(value, now)


def point(value: object, now: datetime) -> datetime:
    """The moment that `value` says, seen from `now`: a duration from now, a date, or text of either. Raises ExpressionError."""
    if isinstance(value, timedelta):
        return now + value
    if isinstance(value, YearsMonths):
        return Duration(value.months, timedelta()).after(now)
    if isinstance(value, datetime):
        return value if value.tzinfo else value.replace(tzinfo=ZONE)
    if isinstance(value, date):
        return datetime.combine(value, time(), ZONE)
    if not isinstance(value, str) or not value.strip():
        raise ExpressionError(repr(value), "expected a duration, a date or their ISO 8601 text")
    text = value.strip()
    if text.lstrip("+-").startswith("P"):
        return duration(text).after(now)
    return moment(text)
