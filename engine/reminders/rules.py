"""When somebody is reminded of a user task: properties `nhac_truoc` and `bao_tre` of the task, or of its process, in working time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from engine.diagram import Diagram, Element
from engine.errors import ExpressionError
from engine.expressions import ZONE, Calendar
from engine.spiff import moments

BEFORE, LATE, HEAD, SUPERVISOR, HAND = "before", "late", "head", "supervisor", "hand"
STAGES = (BEFORE, LATE, HEAD, SUPERVISOR)
"""In their order. HAND is a reminder that a supervisor asked for."""
AHEAD, BEHIND = "nhac_truoc", "bao_tre"
USUAL = {AHEAD: "P2D", BEHIND: "P0D, P2D, P5D"}
NONE = "khong"
LONGEST = timedelta(days=366)


@dataclass(frozen=True)
class Rule:
    """How long before the deadline its holder is reminded, and how long after it he, the head and the supervisors are; None: never."""

    before: timedelta | None
    late: timedelta | None = None
    head: timedelta | None = None
    supervisor: timedelta | None = None

    def moments(self, due: datetime, created: datetime, calendar: Calendar) -> Iterator[tuple[str, datetime]]:
        """The stages in their order, each with its time. What would come before the task was there is left out."""
        if self.before is not None and (early := _ahead(due, self.before, calendar)) > created:
            yield BEFORE, early
        for stage, length in ((LATE, self.late), (HEAD, self.head), (SUPERVISOR, self.supervisor)):
            if length is not None:
                yield stage, _behind(due, length, calendar)


def of(diagram: Diagram, element: Element, process: str) -> Rule:
    """The rule of a user task: its own properties, else those of its process, else USUAL. What cannot be read is as usual."""
    places = [element, *(one for one in (diagram.elements.get(process),) if one is not None)]
    found = {name: next((one.properties[name] for one in places if name in one.properties), usual) for name, usual in USUAL.items()}
    try:
        return read(found[AHEAD], found[BEHIND])
    except ExpressionError:
        return read(USUAL[AHEAD], USUAL[BEHIND])


def read(ahead: str, behind: str) -> Rule:
    """`P2D` and `P0D, P2D, P5D` (holder, head, supervisors; a part may be empty). `khong`: not at all. Raises ExpressionError."""
    parts = [] if behind.strip() in ("", NONE) else behind.split(",")
    if len(parts) > 3:
        raise ExpressionError(behind, "expected at most three durations: for the holder, the head and the supervisors")
    lengths = [_length(part) for part in parts] + [None] * (3 - len(parts))
    return Rule(_length(ahead), *lengths)


def _length(text: str) -> timedelta | None:
    if text.strip() in ("", NONE):
        return None
    found = moments.duration(text)
    if found.months or "W" in text or not timedelta() <= found.rest <= LONGEST:
        raise ExpressionError(text, "expected working days or hours, at most 366 days, such as P2D or PT4H")
    return found.rest


def _ahead(due: datetime, length: timedelta, calendar: Calendar) -> datetime:
    """Whole days: when work begins on that day. Hours are counted off as they are."""
    if not length.days:
        return due - length
    return _morning(due, -length.days, calendar) - timedelta(seconds=length.seconds)


def _behind(due: datetime, length: timedelta, calendar: Calendar) -> datetime:
    start = _morning(due, length.days, calendar) if length.days else due
    return calendar.after_hours(start, length.seconds / 3600) if length.seconds else start


def _morning(due: datetime, days: int, calendar: Calendar) -> datetime:
    """When work begins so many working days after (or before) the day of `due`."""
    return datetime.combine(calendar.days_after(due.astimezone(ZONE).date(), days), calendar.hours[0][0], ZONE)
