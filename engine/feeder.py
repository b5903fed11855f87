"""The feeder: leases due jobs and hands their numbers on to a queue, whose workers execute them anywhere.

The row stays the truth. A number that is lost runs out with its lease and is handed on again; one that comes twice finds the job taken
over or gone. Any number of feeders may run; none is the leader.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import db, jobs
from engine.bell import Bell
from engine.executor import owner_name
from engine.jobs import Lane, Leased
from engine.models import Job

log = structlog.get_logger(__name__)

Send = Callable[[Leased, str], None]
"""Hands a job on, with the token that proves the lease. Raises when the queue does not take it."""

LEASE = timedelta(minutes=1)
"""How long a job may lie in the queue before it is handed on again."""
LIMIT = 200
"""Jobs in the queue that nobody has begun: more would only wait there instead of in the table."""
AT_ONCE = 50
POLL = 2.0


class Feeder:
    """Hands due jobs on. `feed()` does so once, `run()` until `stop()`."""

    def __init__(self, session_factory: sessionmaker[Session], send: Send, lease: timedelta = LEASE, limit: int = LIMIT) -> None:
        self.token = f"queue-{owner_name()}"
        self._sessions = session_factory
        self._send = send
        self._lease = lease
        self._limit = limit
        self._queued: set[int] = set()
        self._bell = Bell()
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Hand on no more. What is in the queue is executed."""
        self._stopping.set()
        self._bell.ring()

    def run(self) -> None:
        """Hand on what is due, until stop()."""
        with self._sessions() as session:
            engine = session.get_bind().engine
        threading.Thread(target=self._bell.listen, args=(engine, self._stopping.is_set), name="feeder-bell", daemon=True).start()
        while not self._stopping.is_set():
            heard, fed = self._bell.rings, 0
            try:
                fed = self.feed()
            except Exception as error:
                # The database or the queue is away: what was leased is given back, or runs out.
                log.warning("feeder.interrupted", error=type(error).__name__)
                self._stopping.wait(POLL)
            if not fed and not self._stopping.is_set():
                # A full queue rings no bell when it empties.
                self._bell.wait(heard, 0.1 if self._queued else POLL)

    def feed(self) -> int:
        """Lease what is due and hand it on. How many jobs that were."""
        fed = 0
        for lane in Lane:
            with self._sessions.begin() as session:
                room = min(AT_ONCE, self._limit - self._waiting(session))
                batch = jobs.acquire(session, self.token, room, self._lease, lane) if room > 0 else []
            self._hand_on(batch)
            fed += len(batch)
        return fed

    def _waiting(self, session: Session) -> int:
        """Jobs that were handed on and nobody has begun. Those whose lease has run out were lost on the way."""
        if self._queued:
            ours = (Job.id.in_(self._queued), Job.owner == self.token, Job.next_at > db.now(session))
            self._queued = set(session.scalars(select(Job.id).where(*ours)))
        return len(self._queued)

    def _hand_on(self, batch: list[Leased]) -> None:
        for number, job in enumerate(batch):
            try:
                self._send(job, self.token)
            except Exception:
                with self._sessions.begin() as session:
                    jobs.release(session, [left.id for left in batch[number:]], self.token, timedelta(seconds=1))
                raise
            self._queued.add(job.id)
