"""Weeks, as the database counts them: each is called by its Monday, here and not in Greenwich."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import Dialect, String, TypeDecorator
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from web.words import local


class _Day(TypeDecorator[str]):
    """The day of a moment, which one database gives as such and the other as text."""

    impl = String
    cache_ok = True

    def process_result_value(self, value: datetime | str | None, dialect: Dialect) -> str | None:
        return local(value).date().isoformat() if isinstance(value, datetime) else value


class monday(GenericFunction[str]):  # small letters: it is read as a function in queries
    """The Monday before a moment, as ISO text."""

    type = _Day()
    inherit_cache = True
    name = "monday"


@compiles(monday, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    # Weeks of seven days from some Monday on, since there is no summer time here: a third of what a calendar of zones takes for each row.
    return f"date_bin('7 days', {compiler.process(element.clauses, **options)}, timestamptz '2001-01-01 00:00+07')"


@compiles(monday, "sqlite")
def _sqlite(element: Any, compiler: Any, **options: Any) -> str:
    # No summer time here: the zone is always seven hours ahead. The Sunday that comes, or is today, less six days.
    inner = compiler.process(element.clauses, **options)
    return f"date({inner}, '+7 hours', 'weekday 0', '-6 days')"


def weeks(now: datetime, days: int) -> list[date]:
    """The Mondays of the weeks that a period of so many days touches, this week's last."""
    last = local(now).date()
    last -= timedelta(days=last.weekday())
    first = local(now).date() - timedelta(days=days)
    first -= timedelta(days=first.weekday())
    return [first + timedelta(weeks=number) for number in range((last - first).days // 7 + 1)]
