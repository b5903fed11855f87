"""Working time as a line of numbers: hours of work since a first day, so that thousands of distances are subtractions."""

from __future__ import annotations

from bisect import bisect_right
from datetime import date, datetime, time, timedelta

from engine.expressions import ZONE, Calendar


class Ruler:
    """Moments between the days `first` and `last`; one outside is taken for the nearer end."""

    def __init__(self, calendar: Calendar, first: date, last: date) -> None:
        self._first = first
        self._shifts = [(_hours(begin), _hours(end)) for begin, end in calendar.hours]
        length = sum(end - begin for begin, end in self._shifts)
        self._before = [0.0]
        for step in range((last - first).days + 1):
            self._before.append(self._before[-1] + (length if calendar.works(first + timedelta(days=step)) else 0.0))

    def at(self, moment: datetime) -> float:
        """Working hours from the beginning until `moment`."""
        home = moment.astimezone(ZONE)
        number = (home.date() - self._first).days
        if number < 0:
            return 0.0
        if number >= len(self._before) - 1:
            return self._before[-1]
        if self._before[number] == self._before[number + 1]:
            return self._before[number]
        hour = _hours(home.time())
        return self._before[number] + sum(max(0.0, min(end, hour) - begin) for begin, end in self._shifts)

    def moment(self, hours: float) -> datetime:
        """The first moment until which so many hours were worked."""
        number = max(0, bisect_right(self._before, hours - 1e-9) - 1)
        number = min(number, len(self._before) - 2)
        left = hours - self._before[number]
        for begin, end in self._shifts:
            if left <= end - begin + 1e-9:
                return self._on(number, begin + max(0.0, left))
            left -= end - begin
        return self._on(number, self._shifts[-1][1])

    def _on(self, number: int, hour: float) -> datetime:
        start = datetime.combine(self._first + timedelta(days=number), datetime.min.time(), ZONE)
        return start + timedelta(seconds=round(hour * 3600))


def _hours(of: time) -> float:
    return of.hour + of.minute / 60 + of.second / 3600
