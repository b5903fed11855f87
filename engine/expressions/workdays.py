"""Working days and hours: a calendar of plain data, so that it can be handed into a sandbox, and what expressions ask of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

from engine.expressions.values import ZONE, aware, parse_datetime
from engine.expressions.vocabulary import CALENDAR

HOURS = ((time(8), time(11, 30)), (time(13), time(17)))
WEEKDAYS = frozenset(range(5))
_MOST_DAYS = 5_000
_MOST_HOURS = 20_000


@dataclass(frozen=True)
class Calendar:
    """`off`: days off that would be working days; `on`: working days that would not be. `bodies`: calendars of bodies with days of their
    own, by code. Days are those of ZONE."""

    off: frozenset[date] = frozenset()
    on: frozenset[date] = frozenset()
    weekdays: frozenset[int] = WEEKDAYS
    hours: tuple[tuple[time, time], ...] = HOURS
    bodies: Mapping[str, Calendar] = field(default_factory=dict)

    def of(self, body: str | None) -> Calendar:
        """The calendar of a body: its own, or this one."""
        return self.bodies.get(body or "", self)

    def works(self, day: date) -> bool:
        """Whether people work on `day`."""
        return day in self.on or (day.weekday() in self.weekdays and day not in self.off)

    def days_after(self, start: date, count: int) -> date:
        """The `count`th working day after `start`, which is not counted itself; before it when negative; with 0 the first from `start` on.

        ValueError beyond what can be counted.
        """
        if abs(count) > _MOST_DAYS:
            raise ValueError(f"expected at most {_MOST_DAYS} working days, found {count}")
        step = timedelta(days=-1 if count < 0 else 1)
        day, left = (start, 1) if count == 0 else (_moved(start, step), abs(count))
        for _ in range(8 * (left + 60)):
            if self.works(day):
                left -= 1
                if left == 0:
                    return day
            day = _moved(day, step)
        raise ValueError("expected a calendar with working days")

    def end_of(self, day: date) -> datetime:
        """When work ends on `day`."""
        return datetime.combine(day, self.hours[-1][1], ZONE)

    def after_days(self, start: datetime, count: int) -> datetime:
        """The end of work on the `count`th working day after the day of `start`."""
        return self.end_of(self.days_after(start.astimezone(ZONE).date(), count))

    def after_hours(self, start: datetime, hours: float) -> datetime:
        """`start` plus so many working hours. ValueError for a negative number, or beyond what can be counted."""
        if not 0 <= hours <= _MOST_HOURS:
            raise ValueError(f"expected 0 to {_MOST_HOURS} working hours, found {hours:g}")
        left, moment = timedelta(hours=hours), start.astimezone(ZONE)
        for begin, end in self._shifts(moment.date()):
            at = max(moment, begin)
            if at <= end and at + left <= end:
                return at + left
            left -= max(end - at, timedelta())
        raise ValueError("expected a calendar with working hours")

    def _shifts(self, first: date) -> Iterator[tuple[datetime, datetime]]:
        day = first
        for _ in range(8 * _MOST_DAYS):
            if self.works(day):
                yield from ((datetime.combine(day, begin, ZONE), datetime.combine(day, end, ZONE)) for begin, end in self.hours)
            day = _moved(day, timedelta(days=1))

    def days_between(self, first: date, last: date) -> int:
        """Working days after `first` up to `last`; negative when `last` comes before. ValueError over too long a time."""
        if last < first:
            return -self.days_between(last, first)
        length = (last - first).days
        if length > 8 * _MOST_DAYS:
            raise ValueError("expected two days that lie less than a century apart")
        return sum(self.works(first + timedelta(days=step)) for step in range(1, length + 1))

    def hours_between(self, first: datetime, last: datetime) -> float:
        """Working hours from `first` to `last`; none when `last` comes before."""
        total = timedelta()
        if last > first:
            for begin, end in self._shifts(first.astimezone(ZONE).date()):
                if begin >= last:
                    break
                total += max(min(end, last) - max(begin, first), timedelta())
        return total.total_seconds() / 3600

    def day_length(self) -> float:
        """Working hours of a working day."""
        day = date(2000, 1, 1)
        return sum((datetime.combine(day, end) - datetime.combine(day, begin)).total_seconds() for begin, end in self.hours) / 3600


def _moved(day: date, step: timedelta) -> date:
    try:
        return day + step
    except OverflowError:
        raise ValueError("this is beyond the end of the calendar") from None


def to_plain(calendar: Calendar) -> dict[str, Any]:
    """`calendar` in JSON's words."""
    return {
        "off": [day.isoformat() for day in sorted(calendar.off)],
        "on": [day.isoformat() for day in sorted(calendar.on)],
        "weekdays": sorted(calendar.weekdays),
        "hours": [[f"{begin:%H:%M}", f"{end:%H:%M}"] for begin, end in calendar.hours],
        "bodies": {code: to_plain(own) for code, own in calendar.bodies.items()},
    }


def from_plain(plain: Mapping[str, Any]) -> Calendar:
    """What to_plain() gave."""
    return Calendar(
        frozenset(date.fromisoformat(day) for day in plain["off"]),
        frozenset(date.fromisoformat(day) for day in plain["on"]),
        frozenset(plain["weekdays"]),
        tuple((time.fromisoformat(begin), time.fromisoformat(end)) for begin, end in plain["hours"]),
        {code: from_plain(own) for code, own in plain["bodies"].items()},
    )


def told_calendar(variables: Mapping[str, Any]) -> dict[str, Any]:
    """The calendar of an evaluation as plain data: what `_lich` holds, or gives when it is called; else weekends alone are days off."""
    found = variables.get(CALENDAR)
    plain: dict[str, Any] | None = found() if callable(found) else found
    return to_plain(Calendar()) if plain is None else plain


# --- what expressions call. The clock and the calendar are handed in by the evaluator, the rest by the analyst.


def days_from(now: object, plain: Mapping[str, Any], count: object, start: object = None, body: object = None) -> datetime:
    """`sau_ngay_lam_viec(5)`: the end of work on the fifth working day after today, or after `start`."""
    return _of(plain, body).after_days(_moment(now if start is None else start), _whole(count))


def hours_from(now: object, plain: Mapping[str, Any], count: object, start: object = None, body: object = None) -> datetime:
    """`sau_gio_lam_viec(4)`: four working hours after now, or after `start`."""
    return _of(plain, body).after_hours(_moment(now if start is None else start), float(_number(count)))


def is_working(now: object, plain: Mapping[str, Any], day: object = None, body: object = None) -> bool:
    """`la_ngay_lam_viec(ngay)`: whether people work on that day, or today."""
    return _of(plain, body).works(_moment(now if day is None else day).astimezone(ZONE).date())


def count_days(now: object, plain: Mapping[str, Any], first: object, last: object = None, body: object = None) -> int:
    """`so_ngay_lam_viec(tu, den)`: working days after `tu` up to `den`; with one date, from today up to it."""
    first, last = (now, first) if last is None else (first, last)
    begin, end = _moment(first).astimezone(ZONE).date(), _moment(last).astimezone(ZONE).date()
    return _of(plain, body).days_between(begin, end)


FUNCTIONS: dict[str, tuple[Callable[..., Any], int, int]] = {
    "sau_ngay_lam_viec": (days_from, 1, 3),
    "sau_gio_lam_viec": (hours_from, 1, 3),
    "la_ngay_lam_viec": (is_working, 0, 2),
    "so_ngay_lam_viec": (count_days, 1, 3),
}
"""By the name that analysts write, with the least and the most that they may write between the brackets."""


def _of(plain: Mapping[str, Any], body: object) -> Calendar:
    if body is not None and not isinstance(body, str):
        raise ValueError(f"expected the code of a body, found {body!r:.40}")
    try:
        # Only one of all is read.
        return from_plain({**(plain["bodies"].get(body or "") or plain), "bodies": {}})
    except (KeyError, TypeError, AttributeError):
        # A variable of the case has the calendar's name.
        raise ValueError("expected no variable _lich: it is the name of the calendar") from None


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        return aware(value)
    if isinstance(value, date):
        return datetime.combine(value, time(), ZONE)
    if isinstance(value, str):
        return parse_datetime(value.strip())
    raise ValueError(f"expected a date, found {value!r:.40}")


def _number(value: Any) -> Any:
    if isinstance(value, bool) or not hasattr(value, "__float__"):
        raise ValueError(f"expected a number, found {value!r:.40}")
    return value


def _whole(value: Any) -> int:
    if _number(value) != int(value):
        raise ValueError(f"expected a whole number of working days, found {value}")
    return int(value)
