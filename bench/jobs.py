"""How fast work that happens by itself is done: service tasks and due timers a second, while 100,000 timers wait.

    .venv/bin/python -m bench.jobs                       SQLite, and PostgreSQL if it is installed
    .venv/bin/python -m bench.jobs --due 1000 --waiting 1000 --threads 2 --processes 2

One line each, with machine and versions; and the ratio of due timers while few (`--few`) and many (`--waiting`) wait. A case of the load:
start event, timer or service task, end event. The timers that wait, and the due ones, are rows like those of real cases, of one case each,
copied from one case that was really started.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import sqlalchemy
from sqlalchemy import func, insert, select, text
from sqlalchemy.orm import Session, sessionmaker

from engine import db, deployments, instances, jobs
from engine.models import Base, Execution, Job, ProcessDefinition, ProcessInstance
from engine.topics import Handler
from engine.worker import Worker
from tests import postgresql
from tests.postgresql import Cluster

HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'targetNamespace="x">'
    '<process id="{key}" isExecutable="true"><startEvent id="dau"/>{middle}<endEvent id="het"/><sequenceFlow id="a" sourceRef="dau" '
    'targetRef="giua"/><sequenceFlow id="b" sourceRef="giua" targetRef="het"/></process></definitions>'
)
TIMER = (
    '<intermediateCatchEvent id="giua"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    "</intermediateCatchEvent>"
)
SERVICE = '<serviceTask id="giua" camunda:type="external" camunda:topic="khong_lam_gi"/>'
BATCH = 2_000


def fill(sessions: sessionmaker[Session], key: str, middle: str, number: int, due: datetime) -> None:
    """`number` cases that wait; made from one real one, so that filling takes less time than measuring."""
    with sessions.begin() as session:
        deployments.store(session, key, {f"{key}.bpmn": HEAD.format(key=key, middle=middle).encode()})
        model = instances.start(session, deployments.latest(session, key), {"so": 1})
        session.flush()
        state = session.scalars(select(Execution.state).where(Execution.instance_id == model.id)).one()
        job = session.scalars(select(Job).where(Job.instance_id == model.id)).one()
        case = {c.name: getattr(model, c.name) for c in ProcessInstance.__table__.columns if c.name != "id"}
        row = {c.name: getattr(job, c.name) for c in Job.__table__.columns if c.name != "id"} | {"next_at": due, "due_at": due}
        first = (session.scalar(select(func.max(ProcessInstance.id))) or 0) + 1
        # The model itself takes no part.
        model.state = "cancelled"
        session.delete(job)
    for start in range(first, first + number, BATCH):
        ids = range(start, min(start + BATCH, first + number))
        with sessions.begin() as session:
            session.execute(insert(ProcessInstance), [{**case, "id": n, "root_id": n, "business_key": f"{key}-{n}"} for n in ids])
            session.execute(insert(Execution), [{"instance_id": n, "state": state} for n in ids])
            session.execute(insert(Job), [{**row, "instance_id": n} for n in ids])
    if sessions.kw["bind"].dialect.name == "postgresql":
        with sessions.begin() as session:
            session.execute(text("SELECT setval(pg_get_serial_sequence('process_instance', 'id'), (SELECT max(id) FROM process_instance))"))
            session.execute(text("ANALYZE"))


def left(sessions: sessionmaker[Session], key: str) -> int:
    """Cases of the load that still run: counted by an index, so that what waits does not slow the measure itself."""
    with sessions() as session:
        session.connection(execution_options={"reading": True})
        load = select(ProcessDefinition.id).where(ProcessDefinition.key == key).scalar_subquery()
        running = (ProcessInstance.definition_id == load, ProcessInstance.state == "active")
        return session.scalar(select(func.count()).select_from(ProcessInstance).where(*running)) or 0


taken: list[float] = []
"""Seconds of each job that this process has executed."""


def worker(url: str, threads: int) -> Worker:
    return Worker(
        sessionmaker(db.create_engine(url, pool_size=threads + 5)),
        {"khong_lam_gi": Handler("khong_lam_gi", lambda: None)},
        threads=threads,
        observe=lambda _kind, _topic, _outcome, seconds: taken.append(seconds),
    )


@contextmanager
def working(url: str, threads: int, processes: int) -> Iterator[None]:
    """Workers at work: threads of this process, or processes of their own."""
    if processes == 1:
        running = worker(url, threads)
        running.start()
        yield
        running.stop()
        return
    command = [sys.executable, "-m", "bench.jobs", "--work", url, "--threads", str(threads)]
    started = [subprocess.Popen(command, cwd=Path(__file__).parents[1]) for _ in range(processes)]
    yield
    for process in started:
        process.terminate()
        process.wait()


def measure(sessions: sessionmaker[Session], url: str, key: str, threads: int, processes: int) -> tuple[float, float]:
    """Jobs a second until no case of `key` runs, and milliseconds of this process's processor for each."""
    number, began, used = left(sessions, key), time.monotonic(), time.process_time()
    with working(url, threads, processes):
        while left(sessions, key):
            time.sleep(0.1)
        elapsed, used = time.monotonic() - began, time.process_time() - used
    return number / elapsed, used / number * 1000


def _slowest() -> str:
    times = sorted(taken)
    return f"99 of 100 within {times[len(times) * 99 // 100] * 1000:.0f} ms, the slowest {times[-1] * 1000:.0f} ms"


def acquiring(sessions: sessionmaker[Session]) -> float:
    """Milliseconds of one look at the table when nothing is due."""
    began = time.monotonic()
    for _ in range(50):
        with sessions.begin() as session:
            jobs.acquire(session, "bench", 10)
    return (time.monotonic() - began) / 50 * 1000


def run(name: str, url: str, waiting: int, given: argparse.Namespace, say: Callable[[str], None], *, services: bool) -> tuple[float, float]:
    """Measure on an empty database, while `waiting` timers wait. Gives due timers a second, and milliseconds of processor for each."""
    engine = db.create_engine(url)
    Base.metadata.create_all(engine)
    sessions = sessionmaker(engine)
    later, now = datetime.now(UTC) + timedelta(days=30), datetime.now(UTC)
    fill(sessions, "cho", TIMER, waiting, later)
    say(f"{name}: one look while {waiting:,} timers wait: {acquiring(sessions):.1f} ms")
    rates: list[tuple[float, float]] = []
    for what, middle in (("due timers", TIMER), ("service tasks", SERVICE))[: 2 if services else 1]:
        key = what.replace(" ", "_")
        fill(sessions, key, middle, given.due, now)
        taken.clear()
        rate, cost = measure(sessions, url, key, given.threads, given.processes)
        rates.append((rate, cost))
        say(
            f"{name}: {given.due:,} {what}, {given.processes} x {given.threads} threads: {rate:.0f} a second"
            + (f", {cost:.1f} ms of processor each, {_slowest()}" if given.processes == 1 else "")
        )
    with sessions() as session:
        ended = session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "completed"))
    if ended != len(rates) * given.due:
        raise SystemExit(f"Expected {len(rates) * given.due} cases to have ended, but found {ended}")
    engine.dispose()
    return rates[0]


def compare(name: str, database: Callable[[], AbstractContextManager[str]], given: argparse.Namespace) -> None:
    """While many wait; and while few and while many wait, a little of each in turn, so that a changing load falls on both."""
    with database() as crowded:
        run(name, crowded, given.waiting, given, print, services=not given.timers)
        if not given.few:
            return
        with database() as empty:
            engine = db.create_engine(empty)
            Base.metadata.create_all(engine)
            sides = [(empty, sessionmaker(engine)), (crowded, sessionmaker(db.create_engine(crowded)))]
            fill(sides[0][1], "cho", TIMER, given.few, datetime.now(UTC) + timedelta(days=30))
            light, heavy = in_turns(sides, max(200, given.due // 5))
            for _, sessions in sides:
                sessions.kw["bind"].dispose()
    print(f"{name}: due timers a second while {given.waiting:,} wait, against {given.few:,}, in turns: {light[0] / heavy[0]:.2f}")
    print(f"{name}: processor for each, the same way: {heavy[1] / light[1]:.2f}")


def in_turns(sides: list[tuple[str, sessionmaker[Session]]], due: int) -> list[tuple[float, float]]:
    """Seconds, and seconds of this process's processor, that each side takes for `due` timers, ten batches at a time."""
    workers = []
    for url, sessions in sides:
        fill(sessions, "luan_phien", TIMER, due, datetime.now(UTC))
        workers.append(worker(url, 1))
    found = [(0.0, 0.0) for _ in sides]
    working = [True for _ in sides]
    while any(working):
        for number, one in enumerate(workers):
            began, used = time.monotonic(), time.process_time()
            working[number] = sum(one.run_due((jobs.Lane.STEPS,)) for _ in range(10)) > 0
            if working[number]:
                seconds, processor = found[number]
                found[number] = seconds + time.monotonic() - began, processor + time.process_time() - used
    for one in workers:
        one.sessions.kw["bind"].dispose()
    return found


def without_turns() -> None:
    """As if engine.db let SQLite's own waiting keep the threads apart: what its lock is worth."""

    def begin(self: Any, _file: str) -> None:
        self.execute("BEGIN IMMEDIATE")

    db._Connection.begin = begin  # type: ignore[method-assign]


@contextmanager
def file() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder:
        yield f"sqlite:///{folder}/d.sqlite"


@contextmanager
def database_of(cluster: Cluster) -> Iterator[str]:
    with cluster.database() as name:
        yield cluster.url(name)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, number in (("due", 10_000), ("waiting", 100_000), ("few", 1_000), ("threads", 2), ("processes", 1)):
        options.add_argument(f"--{option}", type=int, default=number)
    options.add_argument("--only", choices=("sqlite", "postgresql"))
    options.add_argument("--no-turns", action="store_true", help="SQLite: without the lock between threads of engine.db")
    options.add_argument("--timers", action="store_true", help="leave the service tasks out")
    options.add_argument("--work", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.no_turns:
        without_turns()
    if given.work:
        running = worker(given.work, given.threads)
        running.start()
        time.sleep(3600)
    versions = f"Python {platform.python_version()}, SQLAlchemy {sqlalchemy.__version__}"
    print(f"{datetime.now(UTC):%d/%m/%Y %H:%M} UTC, {os.cpu_count()} cores, {versions}")
    if given.only != "postgresql":
        compare("SQLite", file, given)
    if given.only != "sqlite":
        try:
            with postgresql.running() as cluster:
                compare("PostgreSQL", partial(database_of, cluster), given)
        except postgresql.Unavailable as reason:
            print(f"PostgreSQL: {reason}")


if __name__ == "__main__":
    main()
