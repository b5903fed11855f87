"""Jobs carried by a real Redis and a real Celery worker: loss and repetition harm nothing."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances
from engine.executor import Executor
from engine.feeder import Feeder
from engine.jobs import Leased
from engine.models import HistoryEvent, Job, ProcessInstance
from engine.topics import Handler
from tests.engine.cast import bpmn, flow
from tests.proof import broker as brokers

DIAGRAM = bpmn(
    '<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="thu_dien_tu"/><intermediateCatchEvent id="cho">'
    "<timerEventDefinition><timeDuration>PT0S</timeDuration></timerEventDefinition></intermediateCatchEvent>"
    '<endEvent id="het"/>' + flow("dau", "goi", "cho", "het")
)


def begin(sessions: sessionmaker[Session], cases: int) -> None:
    with sessions.begin() as session:
        deployments.store(session, "p", {"p.bpmn": DIAGRAM})
        for _ in range(cases):
            instances.start(session, deployments.latest(session, "p"), {})


def ended(sessions: sessionmaker[Session]) -> int:
    with sessions() as session:
        return session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "completed")) or 0


def until(condition: Callable[[], bool], seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.05)


class Paper:
    """A queue of the test's own: what was handed on, to be executed, lost or repeated."""

    def __init__(self, sessions: sessionmaker[Session]) -> None:
        self.executor = Executor(sessions, {"thu_dien_tu": Handler("thu_dien_tu", self.work)})
        self.sent: list[tuple[Leased, str]] = []
        self.worked = 0

    def work(self) -> None:
        self.worked += 1

    def send(self, job: Leased, token: str) -> None:
        self.sent.append((job, token))

    def deliver(self) -> int:
        number, self.sent = 0, [*self.sent]
        while self.sent:
            job, token = self.sent.pop(0)
            if self.executor.take_over(job.id, token):
                self.executor.execute(job.id)
                number += 1
        return number


def test_it_executes_what_comes_twice_once(sessions: sessionmaker[Session]) -> None:
    begin(sessions, 3)
    paper = Paper(sessions)
    feeder = Feeder(sessions, paper.send)
    while feeder.feed():
        paper.sent += paper.sent
        paper.deliver()
    assert (ended(sessions), paper.worked) == (3, 3)


def test_it_hands_on_again_what_was_lost(sessions: sessionmaker[Session]) -> None:
    begin(sessions, 2)
    paper = Paper(sessions)
    feeder = Feeder(sessions, paper.send, lease=timedelta(milliseconds=50))
    assert feeder.feed() == 2
    late, paper.sent = paper.sent, []
    time.sleep(0.1)
    other = Feeder(sessions, paper.send)
    assert other.feed() == 2
    assert paper.deliver() == 2
    paper.sent = late
    assert paper.deliver() == 0
    assert paper.worked == 2


def test_it_does_not_pile_up_what_nobody_takes(sessions: sessionmaker[Session]) -> None:
    begin(sessions, 8)
    paper = Paper(sessions)
    feeder = Feeder(sessions, paper.send, limit=5)
    assert [feeder.feed(), feeder.feed()] == [5, 0]
    paper.deliver()
    assert feeder.feed() == 5


def test_it_hands_on_again_what_was_lost_even_when_its_queue_was_full(sessions: sessionmaker[Session]) -> None:
    begin(sessions, 4)
    paper = Paper(sessions)
    feeder = Feeder(sessions, paper.send, lease=timedelta(milliseconds=50), limit=3)
    assert feeder.feed() == 3
    paper.sent.clear()
    time.sleep(0.1)
    assert feeder.feed() == 3


def test_it_gives_back_what_the_queue_does_not_take(sessions: sessionmaker[Session]) -> None:
    def refuse(_job: Leased, _token: str) -> None:
        raise ConnectionError("broker")

    begin(sessions, 2)
    with pytest.raises(ConnectionError):
        Feeder(sessions, refuse).feed()
    with sessions() as session:
        assert set(session.scalars(select(Job.owner))) == {None}


@pytest.fixture
def redis() -> Iterator[tuple[str, Any]]:
    """A server of the test's own, and a client."""
    with ExitStack() as stack:
        try:
            broker = stack.enter_context(brokers.running())
        except brokers.Unavailable as reason:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(reason))
        yield broker.url, stack.enter_context(broker.client())


def test_it_carries_jobs_through_redis_and_loses_none_when_it_is_emptied(
    sessions: sessionmaker[Session], database_url: str, redis: tuple[str, Any], tmp_path: Path
) -> None:
    broker, client = redis
    root = Path(__file__).parents[2]
    environment = {
        **os.environ, "LUANCHUYEN_DATABASE_URL": database_url, "LUANCHUYEN_FOLDER": str(tmp_path), "LUANCHUYEN_BROKER": broker,
        "LUANCHUYEN_MAIL_HOST": "",
    }  # fmt: skip
    command = [
        sys.executable,
        "-m",
        "celery",
        "-A",
        "web.queue",
        "worker",
        "-Q",
        "luanchuyen,luanchuyen.services",
        "-P",
        "threads",
        "-c",
        "2",
    ]
    begin(sessions, 12)
    from web import queue

    feeder = Feeder(sessions, queue.sender(queue.make(broker), {}), lease=timedelta(seconds=2), limit=6)
    assert feeder.feed() == 6
    client.flushall()
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with subprocess.Popen([*command, "--without-gossip", "--without-mingle"], cwd=root, env=environment, **quiet) as worker:
        try:

            def go_on() -> bool:
                feeder.feed()
                return ended(sessions) == 12

            until(go_on)
        finally:
            worker.send_signal(signal.SIGTERM)
            assert worker.wait(30) == 0
    with sessions() as session:
        assert session.scalar(select(func.count(Job.id))) == 0
        passed = select(func.count(HistoryEvent.id)).where(HistoryEvent.kind == "element.completed", HistoryEvent.element_id == "goi")
        assert session.scalar(passed) == 12
