"""The worker: leases due jobs from the table and executes them, in threads.

One thread executes only the engine's own steps, so that slow handlers never hold up timers and messages; the others take steps in batches
and handlers one at a time.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy.orm import Session, sessionmaker

from engine import chores, deputies, exports, jobs, retention, seals, topics, watchdog
from engine.bell import Bell
from engine.chores import Duty
from engine.errands import Errand
from engine.executor import Executor, Observe
from engine.forecasts import cases as forecasts
from engine.forecasts import figures
from engine.jobs import Lane
from engine.reminders import turns

log = structlog.get_logger(__name__)

BATCH = {Lane.STEPS: 10, Lane.SERVICES: 1}
QUICK = 0.25
"""Seconds of handlers' work that one thread may have leased ahead."""
POLL = 2.0
"""Seconds between looks at the table when nobody woke the worker."""
WATCH = timedelta(minutes=5)
"""Between two looks of the watchdog, whichever worker takes it."""
SEAL = timedelta(minutes=5)
"""Between two seals over the history."""
RETURN = timedelta(minutes=1)
"""Between two looks for tasks of deputies whose time is over."""
REMIND = timedelta(minutes=5)
"""Between two looks for user tasks of which somebody is to be reminded."""
MEASURE = timedelta(hours=6)
"""Between two looks at how long finished cases took."""
FORESEE = timedelta(minutes=5)
"""Between two looks for cases whose expected end has to be computed again."""
TIDY = timedelta(hours=1)
"""Between two rounds of archiving and purging."""


def duties(sessions: sessionmaker[Session], settings: Mapping[str, Any], watch: timedelta = WATCH) -> list[Duty]:
    """The chores of whoever executes jobs, be it a worker or what a queue feeds."""
    found = [Duty(chores.WATCHDOG, watch, partial(watchdog.watch, sessions, settings.get("LEASE", jobs.LEASE)))]
    key = seals.key(settings["SECRET_KEY"]) if settings.get("SECRET_KEY") else None
    found.append(Duty(chores.SEAL, SEAL, partial(seals.seal_all, sessions, key)))
    found.append(Duty(chores.DEPUTIES, RETURN, partial(deputies.tidy, sessions)))
    found.append(Duty(chores.EXPORTS, TIDY, partial(exports.tidy, sessions)))
    found.append(Duty(chores.FIGURES, MEASURE, partial(figures.refresh, sessions)))
    found.append(Duty(chores.FORECASTS, FORESEE, partial(forecasts.renew, sessions)))
    if settings.get("MAIL_HOST") and settings.get("REMINDERS"):
        found.append(Duty(chores.REMINDERS, REMIND, partial(turns.take, sessions, settings.get("HEAD_ROLES", ()))))
    if rules := settings.get("RETENTION"):
        found.append(Duty(chores.RETENTION, TIDY, partial(retention.tidy, sessions, rules, Path(settings["ARCHIVE_FOLDER"]))))
    return found


class Worker(Executor):
    """Executes jobs from the table. `run_due()` does so in the calling thread, `start()` in threads of its own until `stop()`."""

    def __init__(
        self,
        session_factory: sessionmaker[Session],
        handlers: Mapping[str, topics.Handler],
        settings: Mapping[str, Any] | None = None,
        threads: int = 2,
        lease: timedelta = jobs.LEASE,
        observe: Observe | None = None,
        watch: timedelta = WATCH,
        more: Mapping[str, Errand] | None = None,
    ) -> None:
        super().__init__(session_factory, handlers, settings, lease, observe, more)
        self._bell = Bell()
        self._pace = threading.local()
        self._stopping = threading.Event()
        lanes = [(Lane.SERVICES, Lane.STEPS) if n or threads == 1 else (Lane.STEPS,) for n in range(threads)]
        self._lanes = lanes
        self._threads = [threading.Thread(target=self._loop, args=(own,), name=f"worker-{n}", daemon=True) for n, own in enumerate(lanes)]
        turns = (session_factory, duties(session_factory, self._settings, watch), self._stopping)
        beside = (("leases", self.keep_leases, (self._stopping,)), ("chores", chores.take_turns, turns), ("bell", self._listen, ()))
        self._threads += [threading.Thread(target=does, args=given, name=f"worker-{name}", daemon=True) for name, does, given in beside]

    def start(self) -> None:
        """Begin, in threads; commits that post jobs wake them."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 30) -> None:
        """Finish the jobs under way within `timeout` seconds, take no more, and give back those that were leased and not begun."""
        self._stopping.set()
        self._bell.ring()
        end = time.monotonic() + timeout
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0, end - time.monotonic()))

    def _listen(self) -> None:
        with self.sessions() as session:
            engine = session.get_bind().engine
        self._bell.listen(engine, self._stopping.is_set)

    def _loop(self, lanes: Sequence[Lane]) -> None:
        while not self._stopping.is_set():
            heard = self._bell.rings
            try:
                # Handlers first: the steps have a thread of their own, or their turn as soon as one handler has had his.
                worked = self.run_due(lanes) if len(self._lanes) == 1 else next(filter(None, map(self._run_lane, lanes)), 0)
            except Exception as error:
                # The database may be away for a while; the worker must outlive that.
                log.warning("worker.interrupted", error=type(error).__name__)
                worked = 0
                self._stopping.wait(POLL)
            if not worked and not self._stopping.is_set():
                self._bell.wait(heard, POLL)

    def run_due(self, lanes: Sequence[Lane] = tuple(Lane)) -> int:
        """Lease a batch of due jobs of each lane and execute it. How many there were; more may be due as long as it is not 0."""
        return sum(self._run_lane(lane) for lane in lanes)

    def _run_lane(self, lane: Lane) -> int:
        with self.sessions.begin() as session:
            batch = jobs.acquire(session, self.owner, self._most(lane), self.lease, lane)
        ids = [job.id for job in batch]
        self.hold(ids)
        began = time.monotonic()
        try:
            for number, job in enumerate(batch):
                if self._stopping.is_set():
                    with self.sessions.begin() as session:
                        jobs.release(session, ids[number:], self.owner)
                    break
                self.execute_leased(job)
        finally:
            # Those that were not reached because the database failed must run out, or nobody would ever take them.
            self.let_go(ids)
        if batch and lane is Lane.SERVICES:
            self._pace.seconds = (time.monotonic() - began) / len(batch)
        return len(batch)

    def _most(self, lane: Lane) -> int:
        """How many jobs to lease at once. Handlers one at a time, so that a slow one holds up no other; more where the last were quick."""
        if lane is Lane.STEPS:
            return BATCH[lane]
        seconds: float = getattr(self._pace, "seconds", QUICK)
        return max(BATCH[lane], min(BATCH[Lane.STEPS], int(QUICK / max(seconds, 0.001))))
