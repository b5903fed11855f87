"""A version that is valid from a date: until then the older one starts, from then on the new one, whoever is awake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, instances, messages
from engine.errors import NotFound
from engine.models import Job, ProcessInstance
from tests.engine.cast import bpmn, flow
from tests.engine.test_releases import FIRST, MONDAY, Clock, clock, drain, files, latest, put, versions
from tests.engine.test_start_events import MESSAGE, SIGNAL, starting

__all__ = ["clock"]


def test_it_keeps_starting_the_older_version_until_the_date(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, files("cũ"))
    put(sessions, files("mới"), valid_from=FIRST)
    assert latest(sessions) == 1
    with sessions() as session:
        assert [one.version for one in deployments.coming(session, "p")] == [2]
    clock.now = FIRST - timedelta(microseconds=1)
    assert latest(sessions) == 1
    clock.now = FIRST
    assert latest(sessions) == 2
    with sessions() as session:
        assert deployments.coming(session, "p") == []


def test_it_is_not_there_before_its_date_when_it_is_the_first(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, files("mới"), valid_from=FIRST)
    with sessions() as session, pytest.raises(NotFound):
        deployments.latest(session, "p")
    clock.now = FIRST
    assert latest(sessions) == 1


def test_it_lets_running_cases_keep_theirs(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, files("cũ"))
    put(sessions, files("mới"), valid_from=FIRST)
    for now in (MONDAY, FIRST):
        clock.now = now
        with sessions.begin() as session:
            instances.start(session, deployments.latest(session, "p"), {})
    assert versions(sessions) == [1, 2]


def test_it_takes_over_from_what_was_released_after_it(sessions: sessionmaker[Session], clock: Clock) -> None:
    """Its date is the later one: the version that mends something until then does not put it off."""
    put(sessions, files("cũ"))
    put(sessions, files("từ tháng sau"), valid_from=FIRST)
    clock.now += timedelta(days=1)
    put(sessions, files("sửa gấp"))
    assert latest(sessions) == 3
    clock.now = FIRST
    assert latest(sessions) == 2


def test_it_gives_a_message_to_the_version_in_force_without_a_worker(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, {"p.bpmn": starting(MESSAGE)})
    put(sessions, {"p.bpmn": starting(MESSAGE, "Việc mới")}, valid_from=FIRST)
    for now in (MONDAY, FIRST):
        clock.now = now
        with sessions.begin() as session:
            messages.correlate(session, "don_moi")
    assert versions(sessions) == [1, 2]


def test_it_gives_a_signal_to_the_version_in_force(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, {"p.bpmn": starting(SIGNAL)})
    put(sessions, {"p.bpmn": starting(SIGNAL, "Việc mới")}, valid_from=FIRST)
    for now in (MONDAY, FIRST):
        clock.now = now
        with sessions.begin() as session:
            assert messages.broadcast(session, "bao_dong", {}) == 1
    assert versions(sessions) == [1, 2]


def daily(name: str) -> dict[str, bytes]:
    return {"p.bpmn": starting("<timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>", name)}


@pytest.mark.parametrize("asleep", [False, True])
def test_it_starts_by_the_clock_with_the_version_of_that_day(sessions: sessionmaker[Session], clock: Clock, asleep: bool) -> None:
    """Also when nobody worked all the time: then it is made up for, each day with its own version."""
    put(sessions, daily("cũ"))
    put(sessions, daily("mới"), valid_from=MONDAY + timedelta(days=3))
    for day in range(1, 7):
        clock.now = MONDAY + timedelta(days=day)
        if not asleep or day == 6:
            drain(sessions)
    assert sorted(versions(sessions)) == [1, 1, 2, 2, 2]
    with sessions() as session:
        assert session.scalar(select(func.count(Job.id))) == 1


def test_it_waits_with_a_fixed_date_until_it_is_in_force(sessions: sessionmaker[Session], clock: Clock) -> None:
    date = (MONDAY + timedelta(days=1)).isoformat().replace("+00:00", "Z")
    once = {"p.bpmn": starting(f"<timerEventDefinition><timeDate>{date}</timeDate></timerEventDefinition>")}
    put(sessions, once, valid_from=FIRST)
    clock.now = FIRST - timedelta(hours=1)
    drain(sessions)
    assert versions(sessions) == []
    clock.now = FIRST
    drain(sessions)
    assert versions(sessions) == [1]


def test_it_starts_a_called_case_with_the_version_in_force(sessions: sessionmaker[Session], clock: Clock) -> None:
    put(sessions, files("cũ"))
    put(sessions, files("mới"), valid_from=FIRST)
    call = '<startEvent id="dau"/><callActivity id="goi" calledElement="p"/><endEvent id="het"/>' + flow("dau", "goi", "het")
    with sessions.begin() as session:
        deployments.deploy(session, "q", {"q.bpmn": bpmn(call, key="q")})
    for now in (MONDAY, FIRST):
        clock.now = now
        with sessions.begin() as session:
            instances.start(session, deployments.latest(session, "q"), {})
        drain(sessions)
    with sessions() as session:
        called = select(ProcessInstance).where(ProcessInstance.parent_id.is_not(None)).order_by(ProcessInstance.id)
        assert [case.definition.version for case in session.scalars(called)] == [1, 2]
