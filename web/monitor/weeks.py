"""Weeks, as the database counts them: each is called by its Monday, here and not in Greenwich."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import String
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from web.words import local


class monday(GenericFunction[str]):  # small letters: it is read as a function in queries
    """The Monday before a moment, as ISO text."""

    type = String()
    inherit_cache = True
    name = "monday"


@compiles(monday, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    inner = compiler.process(element.clauses, **options)
    return f"to_char(date_trunc('week', {inner} AT TIME ZONE 'Asia/Ho_Chi_Minh'), 'YYYY-MM-DD')"


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
