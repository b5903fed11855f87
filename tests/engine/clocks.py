"""A clock that a test sets."""

from __future__ import annotations

from datetime import UTC, datetime


class Clock:
    """What sessions ask for the time: 02/03/2026, a Monday, until a test moves `now`."""

    def __init__(self, now: datetime = datetime(2026, 3, 2, 1, tzinfo=UTC)) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now
