"""When a case is expected to end: from finished cases of its process, said only where there are enough of them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import deadlines, deployments, instances, user_tasks, working_time
from engine.expressions import ZONE, Calendar
from engine.forecasts import cases, figures
from engine.forecasts.ruler import Ruler
from engine.models import Forecast, ProcessInstance, StepTime, User, UserTask
from engine.working_time import Change
from tests.engine.cast import bpmn, flow, people
from tests.engine.clocks import Clock

MONDAY = datetime(2026, 6, 1, 1, tzinfo=UTC)
"""8 o'clock in Vietnam."""


@pytest.fixture
def clock(sessions: sessionmaker[Session]) -> Clock:
    clock = Clock(MONDAY)
    sessions.configure(info={"clock": clock})
    with sessions.begin() as session:
        people(session)
        body = (
            '<startEvent id="dau"/><userTask id="soan" name="Soạn" camunda:candidateGroups="viet"/>'
            '<userTask id="duyet" name="Duyệt" camunda:candidateGroups="viet" camunda:dueDate="${han}"/><endEvent id="xong"/>'
        )
        deployments.deploy(session, "p", {"p.bpmn": bpmn(body + flow("dau", "soan", "duyet", "xong"))})
    return clock


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


def start(sessions: sessionmaker[Session], han: str = "P60D") -> int:
    with sessions.begin() as session:
        return instances.start(session, deployments.latest(session, "p"), {"han": han}).id


def hand_in(sessions: sessionmaker[Session], case: int) -> None:
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        task = session.scalars(select(UserTask.id).where(UserTask.instance_id == case, UserTask.state == "open")).one()
        user_tasks.claim(session, task, an)
        user_tasks.complete(session, task, an, {})


def finished(sessions: sessionmaker[Session], clock: Clock, *days: tuple[int, int]) -> None:
    """A case each: days in the first step and in the second, all on weekdays of one week from MONDAY on."""
    for first, second in days:
        clock.now = MONDAY
        case = start(sessions)
        clock.now += timedelta(days=first)
        hand_in(sessions, case)
        clock.now += timedelta(days=second)
        hand_in(sessions, case)


def look(sessions: sessionmaker[Session], case: int) -> cases.Outlook | None:
    with sessions() as session:
        return cases.of(session, session.get_one(ProcessInstance, case))


def told(sessions: sessionmaker[Session]) -> dict[int, Any]:
    with sessions() as session:
        return {row.instance_id: row for row in session.scalars(select(Forecast))}


FIVE = ((1, 1), (1, 2), (2, 1), (1, 3), (1, 1))


def test_it_says_when_a_case_ends_by_the_median_of_those_that_ended(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    assert figures.refresh(sessions) == 1
    with sessions() as session:
        found = {row.element_id: (row.count, row.median, row.stay, row.rest) for row in session.scalars(select(StepTime))}
    day = Calendar().day_length()
    assert found == {
        "": (5, 3 * day, 3 * day, 0.0),
        "soan": (5, 3 * day, day, day),
        "duyet": (5, day, day, 0.0),
    }
    clock.now = at("2026-06-15T08:00")
    case = start(sessions)
    assert look(sessions, case) == cases.Outlook(at("2026-06-17T17:00"), 5, False)
    # It has stood there for longer than most: what comes after this step still takes its time.
    clock.now = at("2026-06-19T08:00")
    assert look(sessions, case) == cases.Outlook(at("2026-06-19T17:00"), 5, False)
    hand_in(sessions, case)
    assert look(sessions, case) == cases.Outlook(at("2026-06-19T17:00"), 5, False)
    hand_in(sessions, case)
    assert look(sessions, case) is None


def test_it_says_nothing_on_a_thin_basis(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE[:4])
    assert figures.refresh(sessions) == 0
    case = start(sessions)
    cases.renew(sessions)
    assert look(sessions, case) is None and told(sessions) == {}


def test_it_keeps_forecasts_and_renews_those_that_went_on(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    case, other = start(sessions), start(sessions)
    assert (cases.renew(sessions), cases.renew(sessions)) == (2, 0)
    assert {row.expected_at for row in told(sessions).values()} == {at("2026-06-17T17:00")}
    hand_in(sessions, case)
    assert cases.renew(sessions) == 1
    assert told(sessions)[case].expected_at == at("2026-06-15T17:00")
    clock.now = at("2026-06-18T08:00")
    # Both should have ended before today.
    assert cases.renew(sessions) == 2
    hand_in(sessions, case)
    cases.renew(sessions)
    assert list(told(sessions)) == [other]
    with sessions() as session:
        assert list(cases.known(session, [case, other])) == [other]


def test_it_foresees_nothing_that_is_past_on_a_day_off(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    hand_in(sessions, start(sessions))
    # A Sunday: all that comes after this step takes no time.
    clock.now = at("2026-06-21T10:00")
    assert cases.renew(sessions) == 1
    assert [row.expected_at for row in told(sessions).values()] == [clock.now]
    clock.now = at("2026-06-21T15:00")
    assert cases.renew(sessions) == 0


def test_it_computes_again_when_the_calendar_changes(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    case = start(sessions)
    cases.renew(sessions)
    clock.now = at("2026-06-15T09:00")
    with sessions.begin() as session:
        working_time.change(session, [Change(date(2026, 6, 16), False)])
        deadlines.follow(session)
    assert cases.renew(sessions) == 1
    assert told(sessions)[case].expected_at == at("2026-06-18T17:00")


def test_it_computes_again_when_the_figures_change(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    start(sessions)
    cases.renew(sessions)
    clock.now = at("2026-06-15T09:00")
    assert (figures.refresh(sessions), cases.renew(sessions)) == (0, 0)
    finished(sessions, clock, *((4, 4),) * 6)
    clock.now = at("2026-06-15T10:00")
    assert (figures.refresh(sessions), cases.renew(sessions)) == (1, 1)
    assert all(row.basis == 11 for row in told(sessions).values())


def test_it_finds_what_will_be_late_and_not_what_is(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *((1, 4),) * 5)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    soon, far = start(sessions, han="P2D"), start(sessions, han="P60D")
    for case in (soon, far):
        hand_in(sessions, case)
    cases.renew(sessions)
    with sessions() as session:
        assert session.scalars(select(ProcessInstance.id).where(cases.tardy())).all() == [soon]
    clock.now = at("2026-06-18T08:00")
    with sessions() as session:
        assert cases.of(session, session.get_one(ProcessInstance, soon)).tardy is False  # type: ignore[union-attr]


def test_it_asks_the_same_few_statements_however_many_cases(sessions: sessionmaker[Session], clock: Clock) -> None:
    finished(sessions, clock, *FIVE)
    figures.refresh(sessions)
    clock.now = at("2026-06-15T08:00")
    counts = []
    with sessions() as session:
        engine = session.get_bind()
    for number in (1, 8):
        for _ in range(number):
            start(sessions)
        asked: list[str] = []

        def count(_connection: Any, _cursor: Any, statement: str, *_: Any, seen: list[str] = asked) -> None:
            seen.append(statement)

        event.listen(engine, "before_cursor_execute", count)
        assert cases.renew(sessions) == number
        event.remove(engine, "before_cursor_execute", count)
        counts.append(len(asked))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("start_", ["2026-06-01T08:00", "2026-06-01T12:00", "2026-06-05T16:59", "2026-06-06T10:00", "2026-06-01T05:00"])
@pytest.mark.parametrize("hours", [0.5, 3.5, 7.5, 20, 100])
def test_the_ruler_counts_as_the_calendar_does(start_: str, hours: float) -> None:
    calendar = Calendar(off=frozenset({date(2026, 6, 3)}), on=frozenset({date(2026, 6, 7)}))
    ruler = Ruler(calendar, date(2026, 5, 20), date(2026, 8, 1))
    begin = at(start_)
    end = calendar.after_hours(begin, hours)
    assert ruler.at(end) - ruler.at(begin) == pytest.approx(calendar.hours_between(begin, end)) == pytest.approx(hours)
    assert calendar.hours_between(begin, ruler.moment(ruler.at(begin) + hours)) == pytest.approx(hours)
