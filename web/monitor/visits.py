"""What has changed since a supervisor looked last: his own mark, and what came after it, each a list of cases."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from engine import db as clock
from engine.models import Visit
from web import casefilter, supervision
from web.database import db
from web.language import ngettext
from web.sessions import me
from web.watching import hurried

log = structlog.get_logger()
AWAY = timedelta(minutes=30)
"""Who has not looked for so long has been away: what came meanwhile is new to him."""
NOTED = timedelta(minutes=5)
"""How exactly it is known when somebody looked last."""


@dataclass(frozen=True)
class New:
    """So many cases; `parameters` ask the list for them."""

    count: int
    words: str
    news: str
    parameters: dict[str, str]


@dataclass(frozen=True)
class Since:
    """When the visit before ended, and what came after it."""

    at: datetime
    found: Sequence[New]


def look() -> Since | None:
    """Note that the user looks now. None for who has never looked before."""
    now, session = clock.now(db.session()), db.session()
    visit = session.get(Visit, me().id)
    if visit is None or visit.seen_at < now - NOTED:
        _note(now)
    if visit is None:
        return None
    if visit.seen_at < now - AWAY:
        return Since(visit.seen_at, _new(visit.seen_at))
    # The first visit has none before it.
    return Since(visit.before, _new(visit.before)) if visit.before < visit.at else None


def _note(now: datetime) -> None:
    """In a transaction of its own: a page is only read. Whoever cannot write at once is noted the next time."""
    user = me().id
    try:
        with hurried() as connection, Session(connection) as own, own.begin():
            visit = own.get(Visit, user, with_for_update=True)
            if visit is None:
                own.add(Visit(user_id=user, at=now, before=now, seen_at=now))
                return
            if visit.seen_at < now - AWAY:
                visit.before, visit.at = visit.seen_at, now
            visit.seen_at = max(now, visit.seen_at)
    except SQLAlchemyError as error:
        log.warning("visit.late", error=type(error).__name__, user=user)


def _new(since: datetime) -> list[New]:
    """All counted in one statement."""
    stamp = str(int(since.timestamp()))
    asked = {news: casefilter.news(news, datetime.fromtimestamp(int(stamp), UTC), clock.now(db.session())) for news in casefilter.NEWS}
    counts = [casefilter.counting(condition).where(supervision.mine()).scalar_subquery() for condition in asked.values()]
    row = db.session.execute(select(*counts)).one()
    return [New(count, _words(news, count), news, {"news": news, "since": stamp}) for news, count in zip(asked, row, strict=True) if count]


def _words(news: str, count: int) -> str:
    return {
        "ended": lambda: ngettext("%(num)s hồ sơ kết thúc", "%(num)s hồ sơ kết thúc", count),
        "incident": lambda: ngettext("%(num)s hồ sơ có sự cố mới", "%(num)s hồ sơ có sự cố mới", count),
        "late": lambda: ngettext("%(num)s hồ sơ có việc mới quá hạn", "%(num)s hồ sơ có việc mới quá hạn", count),
        "started": lambda: ngettext("%(num)s hồ sơ mới", "%(num)s hồ sơ mới", count),
    }[news]()
