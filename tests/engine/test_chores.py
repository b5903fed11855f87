"""Chores: one of all processes takes each turn, and one that fails does not end the others."""

from __future__ import annotations

import threading
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy.orm import Session, sessionmaker

from engine import chores, retention
from engine.chores import Duty
from engine.worker import duties


def test_of_several_that_ask_at_once_one_does_it(sessions: sessionmaker[Session]) -> None:
    done: list[str] = []
    stopping, ready = threading.Event(), threading.Barrier(3)
    hourly = timedelta(hours=1)

    def take(name: str) -> None:
        ready.wait()
        once = threading.Event()
        mine = [Duty("thử", hourly, lambda: done.append(name)), Duty("nhịp", timedelta(milliseconds=20), once.set)]
        threading.Timer(1.0, stopping.set).start()
        chores.take_turns(sessions, mine, stopping)

    threads = [threading.Thread(target=take, args=(name,)) for name in "abc"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1


def test_one_that_fails_does_not_stop_the_others(sessions: sessionmaker[Session]) -> None:
    done, stopping = [], threading.Event()

    def broken() -> None:
        raise ValueError("hỏng")

    def well() -> None:
        done.append(1)
        if len(done) == 2:
            stopping.set()

    tick = timedelta(milliseconds=10)
    chores.take_turns(sessions, [Duty("hỏng", tick, broken), Duty("tốt", tick, well)], stopping)
    assert len(done) == 2


def test_whoever_executes_jobs_tidies_where_a_rule_says_so(
    sessions: sessionmaker[Session], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert chores.RETENTION not in {duty.name for duty in duties(sessions, {})}
    asked: list[object] = []
    monkeypatch.setattr(retention, "tidy", lambda *given: asked.append(given))
    found = {duty.name: duty for duty in duties(sessions, {"RETENTION": {"p": 1}, "ARCHIVE_FOLDER": str(tmp_path)})}
    found[chores.RETENTION].do()
    assert asked == [(sessions, {"p": 1}, tmp_path)]
