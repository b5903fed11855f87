"""Chores: what is done every few minutes by whichever worker is there. No leader: who moves the time of the next turn does this one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import structlog
from sqlalchemy import String, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column, sessionmaker

from engine.db import Base, Instant, now

log = structlog.get_logger(__name__)

REMINDERS, FIGURES, FORECASTS = "reminders", "figures", "forecasts"
WATCHDOG, RETENTION, SEAL, EXPORTS, DEPUTIES = "watchdog", "retention", "seal", "exports", "deputies"


AHEAD = timedelta(minutes=5)
"""What the clocks of two machines may differ by, or a process be held up between looking at the clock and writing."""


class Chore(Base):
    """A chore and when its next turn is. `done_at`: when somebody last took a turn, which tells that workers are alive."""

    __tablename__ = "chore"
    name: Mapped[str] = mapped_column(String(40), primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Instant)
    done_at: Mapped[datetime] = mapped_column(Instant)


@dataclass(frozen=True)
class Duty:
    """What is to be done once in `every`, by one of all processes."""

    name: str
    every: timedelta
    do: Callable[[], object]


def take_turns(sessions: sessionmaker[Session], duties: Sequence[Duty], stopping: threading.Event) -> None:
    """Do the chores whose turn it is, until `stopping`. A chore that fails has its next turn as if it had not."""
    while not stopping.wait(min([30.0, *(duty.every.total_seconds() for duty in duties)])):
        for duty in duties:
            try:
                with sessions.begin() as session:
                    mine = claim(session, duty.name, duty.every)
                if mine:
                    duty.do()
            except Exception as error:
                log.warning("chore.interrupted", chore=duty.name, error=type(error).__name__)


def claim(session: Session, name: str, every: timedelta) -> bool:
    """Whether this turn is ours: true for one of all who ask in `every`. Commit before doing it."""
    moment = now(session)
    if session.scalar(select(Chore.name).where(Chore.name == name)) is None:
        try:
            with session.begin_nested():
                session.add(Chore(name=name, next_at=moment + every, done_at=moment))
        except IntegrityError:
            # Another worker has just done the same.
            return False
        return True
    # A turn much further away than a turn can be was set by a clock that was ahead: it must not keep everybody waiting until then.
    # A little further away is one that somebody took since we looked at our clock.
    ours = (Chore.next_at <= moment) | (Chore.next_at > moment + every + AHEAD)
    turn = update(Chore).where(Chore.name == name, ours).values(next_at=moment + every, done_at=moment)
    return session.connection().execute(turn).rowcount == 1
