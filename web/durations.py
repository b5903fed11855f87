"""How long cases stay at each step and which way they go, from their history."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from engine import db
from engine.models import HistoryEvent, ProcessDefinition, ProcessInstance
from web.language import gettext as _
from web.language import locale

PERIODS = (30, 90, 365)
"""Days that may be asked for."""
USUAL = 90
MOST = 10_000
"""Passages that are read at most, the newest ones: when a step was entered stands in the event's detail, which is never queried into."""


@dataclass(frozen=True)
class Spent:
    """Seconds between entering a step and leaving it, over `count` passages."""

    count: int
    median: float
    ninetieth: float


@dataclass(frozen=True)
class Durations:
    """By element. `whole`: whether all passages of the period went in. `flows`: how often each sequence flow was taken."""

    by_element: dict[str, Spent]
    whole: bool
    flows: Counter[str]
    passed: Counter[str]
    """How often each element was left, gateways and events too."""


def read(session: Session, definition: ProcessDefinition, days: int, *mine: ColumnElement[bool]) -> Durations:
    """Of steps that were completed within the last `days` in cases that `mine` leaves: those that the user may count."""
    since = db.now(session) - timedelta(days=days)
    # The newest of them are chosen out of one index, and only those that were chosen are read.
    newest = (
        select(HistoryEvent.id)
        .join(ProcessInstance, ProcessInstance.id == HistoryEvent.instance_id)
        .where(ProcessInstance.definition_id == definition.id, HistoryEvent.kind == "element.completed", HistoryEvent.at >= since, *mine)
        .order_by(HistoryEvent.at.desc(), HistoryEvent.id.desc())
        .limit(MOST + 1)
    )
    query = select(HistoryEvent.element_id, HistoryEvent.at, HistoryEvent.detail).where(HistoryEvent.id.in_(newest))
    seconds: dict[str, list[float]] = {}
    flows, passed = Counter[str](), Counter[str]()
    count = 0
    # Row by row, and not kept: thousands of details that live at once have the garbage collector look at everything again and again.
    for element_id, at, detail in session.connection().execute(query):
        count += 1
        if count > MOST:
            break
        flows.update(detail.get("via", ()))
        passed[element_id] += 1
        entered = detail.get("entered_at")
        if element_id and entered:
            seconds.setdefault(element_id, []).append(max(0.0, (at - datetime.fromisoformat(entered)).total_seconds()))
    return Durations({element_id: spent(values) for element_id, values in seconds.items()}, count <= MOST, flows, passed)


def spent(seconds: Sequence[float]) -> Spent:
    """Median and 90th percentile (nearest rank: a time that really occurred)."""
    ordered = sorted(seconds)
    return Spent(len(ordered), median(ordered), ordered[math.ceil(0.9 * len(ordered)) - 1])


def words(seconds: float) -> str:
    """`2,5 ngày`, `3 giờ`, `20 phút`."""
    if seconds < 60:
        return _("dưới 1 phút")
    if seconds < 3_600:
        return _("%(count)s phút", count=round(seconds / 60))
    if seconds < 86_400:
        return _("%(count)s giờ", count=_number(seconds / 3_600))
    return _("%(count)s ngày", count=_number(seconds / 86_400))


def _number(value: float) -> str:
    text = f"{value:.1f}".removesuffix(".0")
    return text.replace(".", ",") if locale() == "vi" else text
