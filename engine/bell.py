"""The bell that wakes whoever waits for jobs: rung by commits of this process, and through PostgreSQL by those of all others.

NOTIFY travels in the transaction that posts the job, so it is heard exactly when the job can be seen. A bell that is not heard (SQLite of
another process, a connection that broke) costs the pause between two looks at the table, never a job.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

log = structlog.get_logger(__name__)

CHANNEL = "luanchuyen_jobs"
_POSTED = "jobs_posted"
_LISTENING = 0.5
"""Seconds after which a listening thread looks whether it should stop."""

_bells: weakref.WeakSet[Bell] = weakref.WeakSet()


def announce(session: Session) -> None:
    """Ring when `session` commits: it posts a job that is due."""
    session.info[_POSTED] = True


@event.listens_for(Session, "before_commit")
def _notify(session: Session) -> None:
    if session.info.get(_POSTED) and session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"NOTIFY {CHANNEL}"))


@event.listens_for(Session, "after_commit")
def _ring(session: Session) -> None:
    if session.info.pop(_POSTED, False):
        for bell in list(_bells):
            bell.ring()


class Bell:
    """Counts its rings: who remembers the count from before his look at the table misses none that came while he looked."""

    def __init__(self) -> None:
        self._condition = threading.Condition()
        self._rings = 0
        _bells.add(self)

    @property
    def rings(self) -> int:
        return self._rings

    def ring(self) -> None:
        """Wake everybody who waits."""
        with self._condition:
            self._rings += 1
            self._condition.notify_all()

    def wait(self, seen: int, timeout: float) -> None:
        """Until there are more rings than `seen`, at most `timeout` seconds."""
        with self._condition:
            self._condition.wait_for(lambda: self._rings != seen, timeout)

    def listen(self, engine: Engine, stopped: Callable[[], bool]) -> None:
        """Ring for commits of other processes as well, until `stopped`. Returns at once where the database cannot notify."""
        if engine.dialect.name != "postgresql":
            return
        while not stopped():
            try:
                self._hear(engine, stopped)
            except Exception as error:
                log.info("bell.deaf", error=type(error).__name__)
                self.wait(self._rings, 2)

    def _hear(self, engine: Engine, stopped: Callable[[], bool]) -> None:
        # A connection of its own: one that goes back into the pool would go on listening for somebody else.
        pooled = engine.raw_connection()
        connection: Any = pooled.driver_connection
        pooled.detach()
        try:
            connection.autocommit = True
            connection.execute(f"LISTEN {CHANNEL}")
            # What was posted before we listened was not heard.
            self.ring()
            while not stopped():
                for _ in connection.notifies(timeout=_LISTENING, stop_after=1):
                    self.ring()
        finally:
            connection.close()
