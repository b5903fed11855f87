"""When a user task is due and a timer fires, in calendar time or in working time; and the same again under another calendar.

Property `lich` of the element says that its days and hours are working days and hours: `ngay_lam_viec`, or `ngay_lam_viec@body` for those
of one body. Expressions may count them as well. Either way the rule goes with the place: what was evaluated, over which values, from
when. So a calendar that changes later moves the deadline, and nothing else does.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from engine import expressions
from engine.diagram import Element
from engine.errors import ExpressionError
from engine.expressions import CALENDAR, NOW, Calendar
from engine.spiff import evaluation, moments

WORKING = "ngay_lam_viec"
PROPERTY = "lich"

Rule = dict[str, Any]
"""JSON values: source, read (due, point), lich, base, given. Empty: the calendar has no say."""


def due(element: Element, source: str, view: Mapping[str, Any], read: str) -> tuple[datetime | None, Rule]:
    """The moment that `source` says, seen from the time of `view`. `read`: due (a day has a last hour) or point. Raises ExpressionError."""
    found, calendar = value(element, source, view)
    return settled(found, source, view, calendar, read)


def value(element: Element, source: str, view: Mapping[str, Any]) -> tuple[Any, str]:
    """What a text gives, and the value of property `lich`. Raises ExpressionError."""
    return evaluation.value(source.strip(), view), evaluation.text(element.properties.get(PROPERTY), view) or ""


def settled(found: object, source: str, view: Mapping[str, Any], calendar: str, read: str) -> tuple[datetime | None, Rule]:
    """The moment that a value says, with the rule that made it; None for nothing. Raises ExpressionError."""
    moment = _moment(found, view, calendar, read)
    return moment, _rule(source, view, calendar, read) if moment is not None else {}


def again(rule: Rule, calendar: Mapping[str, Any]) -> datetime:
    """The moment that a stored rule says under `calendar` (plain data). Raises ExpressionError."""
    view = {**expressions.from_json(rule["given"]), NOW: datetime.fromisoformat(rule["base"]), CALENDAR: dict(calendar)}
    found = _moment(evaluation.value(rule["source"], view), view, rule["lich"], rule["read"])
    if found is None:
        raise ExpressionError(rule["source"], "expected a duration or a date, found nothing")
    return found


def after(interval: moments.Duration, start: datetime, calendar: str, view: Mapping[str, Any]) -> tuple[datetime, Rule]:
    """One interval of a cycle after `start`, in working time where `calendar` (property `lich`) says so. Raises ExpressionError."""
    if not calendar:
        return interval.after(start), {}
    source = expressions.to_text(interval.rest)
    if interval.months:
        raise _months(source)
    counted = {NOW: start, CALENDAR: view.get(CALENDAR)}
    found = working(source, start, calendar, expressions.told_calendar(counted))
    return found, _rule(source, counted, calendar, "point")


def _moment(found: object, view: Mapping[str, Any], calendar: str, read: str) -> datetime | None:
    if found is None or found == "":
        return None
    now: datetime = view[NOW]
    if calendar:
        return working(found, now, calendar, expressions.told_calendar(view))
    return moments.deadline(found, now) if read == "due" else moments.point(found, now)


def _rule(source: str, view: Mapping[str, Any], calendar: str, read: str) -> Rule:
    mixed = "${" in source or "#{" in source
    if not calendar and not (mixed and expressions.uses_calendar(source)):
        return {}
    names = expressions.names(source) if mixed else ()
    given = {name: view[name] for name in names if name in view}
    rule = {"source": source.strip(), "read": read, "lich": calendar, "base": view[NOW].isoformat()}
    return {**rule, "given": expressions.to_json(given)}


def working(found: object, now: datetime, calendar: str, plain: Mapping[str, Any]) -> datetime:
    """`found`, a duration or a date, in working time: days end with work, a date on a day off moves to the next working day."""
    kind, _, body = calendar.partition("@")
    if kind.strip() != WORKING:
        raise ExpressionError(calendar, f"expected property {PROPERTY} to be {WORKING} or {WORKING}@body")
    counted = expressions.from_plain(plain).of(body.strip())
    try:
        if isinstance(found, str) and found.strip().lstrip("+-").startswith("P"):
            length = moments.duration(found)
            if length.months or "W" in found:
                raise _months(found)
            return _after(length.rest, now, counted)
        if isinstance(found, timedelta):
            return _after(found, now, counted)
        return _moved(moments.point(found, now), found, counted)
    except ValueError as error:
        raise ExpressionError(str(found), str(error)) from None


def counts(source: str, kind: str, calendar: str) -> bool:
    """Whether text without expressions can be counted with such a property `lich`. `kind`: timeDuration, timeCycle, dueDate ..."""
    now = datetime(2026, 1, 1, tzinfo=moments.ZONE)
    plain = expressions.to_plain(Calendar())
    try:
        if kind == "timeCycle":
            interval = moments.cycle(source).interval
            after(interval, now, calendar, {NOW: now, CALENDAR: plain})
        else:
            working(source, now, calendar, plain)
    except ExpressionError:
        return False
    return True


def _after(length: timedelta, now: datetime, calendar: Calendar) -> datetime:
    if length < timedelta():
        raise ValueError("expected a duration that is not negative")
    moment = calendar.after_days(now, length.days) if length.days else now
    return calendar.after_hours(moment, length.seconds / 3600) if length.seconds or not length.days else moment


def _moved(moment: datetime, found: object, calendar: Calendar) -> datetime:
    """A moment on a working day stays; a day without a time lasts until work ends."""
    day = moment.astimezone(expressions.ZONE).date()
    whole = (isinstance(found, date) and not isinstance(found, datetime)) or (isinstance(found, str) and len(found.strip()) == 10)
    return moment if calendar.works(day) and not whole else calendar.end_of(calendar.days_after(day, 0))


def _months(source: str) -> ExpressionError:
    return ExpressionError(source, "months, years and weeks have no length in working days: expected days and hours, such as P10D or PT4H")
