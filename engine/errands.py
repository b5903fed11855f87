"""Errands: work of no one case that takes a while, carried on bit by bit by whoever executes jobs: batches, exports, looks at the history.

An errand owns its transactions, each short; what is slow is done between them. The job goes back to the end of the queue until it is done,
and a process that dies repeats at most the bit that it was at.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session, sessionmaker

from engine import audit, batches, db, exports, jobs, seals
from engine.audit import runs
from engine.errors import Stale
from engine.models import Job

SLICE = 0.3
"""Seconds for which an errand goes on before other jobs have their turn."""


@dataclass
class Turn:
    """One turn of an errand: its job is leased to `owner`. `work`: what the job holds."""

    sessions: sessionmaker[Session]
    job_id: int
    owner: str
    work: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        with self.reading() as session:
            self.work = self._job(session).payload

    def _job(self, session: Session) -> Job:
        job = session.get(Job, self.job_id)
        if job is None or job.owner != self.owner:
            raise Stale(instance=f"job {self.job_id}")
        return job

    def reading(self) -> Session:
        """A session that only reads: on SQLite it does not wait for the writers."""
        session = self.sessions()
        session.connection(execution_options={"reading": True})
        return session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction in which the job is surely ours. Raises Stale: somebody else has it, or it is gone."""
        with self.sessions.begin() as session:
            self._job(session)
            yield session

    def again(self, session: Session) -> None:
        """Let others have their turn; there is more to do."""
        jobs.release(session, (self.job_id,), self.owner)

    def finish(self, session: Session) -> None:
        """There is nothing more to do."""
        jobs.finish(session, self.job_id, self.owner)


Errand = Callable[[Turn], None]
"""Takes one turn. Raises what a job may raise: then it is tried again."""


def carry_on(turn: Turn, advance: Callable[[Session, Mapping[str, Any]], bool]) -> bool:
    """One bit after another, each in a transaction of its own. Whether all is done; else the job has gone back to the queue."""
    until = time.monotonic() + SLICE
    while True:
        with turn.writing() as session:
            if not advance(session, turn.work):
                return True
            if over := time.monotonic() > until:
                turn.again(session)
        if over:
            return False


def batch(turn: Turn) -> None:
    """One case of a batch after another."""
    if carry_on(turn, lambda session, work: batches.advance(session, work["batch"])):
        with turn.writing() as session:
            turn.finish(session)


def export(turn: Turn) -> None:
    """One part of a list after another, then the file, put together outside of any transaction that writes."""
    if carry_on(turn, exports.advance):
        with turn.reading() as session:
            content = exports.assemble(session, turn.work)
        with turn.writing() as session:
            turn.finish(session)
            exports.store(session, turn.work, content)


def look(settings: Mapping[str, Any]) -> Errand:
    """The look at the history that somebody asked for. `settings`: with the secrets by which seals are known."""
    secrets = (settings.get("SECRET_KEY"), *settings.get("SECRET_KEY_FALLBACKS", ()))
    keys = [seals.key(secret) for secret in secrets if secret]

    def take(turn: Turn) -> None:
        number = turn.work["run"]

        def tell(done: int) -> None:
            with turn.writing() as session:
                runs.tell(session, number, done)

        with turn.writing() as session:
            case = runs.begin(session, number)
            engine = session.get_bind().engine
        with db.snapshot(engine) as connection:
            found = runs.Found.gather(audit.verify(connection, keys, progress=tell, case=case))
        with turn.writing() as session:
            runs.end(session, number, found)
            turn.finish(session)

    return take


def known(settings: Mapping[str, Any]) -> dict[str, Errand]:
    """The errands of the engine, by kind of job."""
    return {jobs.BATCH: batch, jobs.EXPORT: export, jobs.AUDIT: look(settings)}
