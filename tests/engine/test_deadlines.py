"""Deadlines counted in working time, in diagrams; and how they follow when the calendar changes."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from threading import Event, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deadlines, deployments, instances, user_tasks, working_time
from engine.expressions import ZONE
from engine.models import Deadline, HistoryEvent, Job, ProcessInstance, User, UserTask
from engine.worker import Worker
from engine.working_time import Change
from tests.engine.cast import bpmn, flow, people
from tests.engine.clocks import Clock

MONDAY = datetime(2026, 11, 23, 2, tzinfo=UTC)
"""9 o'clock in Vietnam; Tuesday is a public holiday."""
LICH = (
    '<extensionElements><camunda:properties><camunda:property name="lich" value="ngay_lam_viec"/></camunda:properties></extensionElements>'
)
GIAM_SAT = LICH.replace('"lich"', '"giam_sat"').replace("ngay_lam_viec", "giam_sat")


@pytest.fixture
def clock(sessions: sessionmaker[Session]) -> Clock:
    clock = Clock(MONDAY)
    sessions.configure(info={"clock": clock})
    with sessions.begin() as session:
        people(session)
    return clock


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZONE)


def task(due: str, extra: str = "", follow_up: str = "") -> bytes:
    body = (
        '<startEvent id="dau"/><userTask id="viec" name="Việc" camunda:candidateGroups="viet"'
        f' camunda:dueDate="{due}" camunda:followUpDate="{follow_up}">{extra}</userTask><endEvent id="xong"/>'
    )
    return bpmn(GIAM_SAT + body + flow("dau", "viec", "xong"))


def timer(definition: str, extra: str = LICH) -> bytes:
    body = (
        '<startEvent id="dau"/><intermediateCatchEvent id="cho">'
        f"{extra}<timerEventDefinition>{definition}</timerEventDefinition></intermediateCatchEvent>"
        '<userTask id="viec" name="Việc" camunda:candidateGroups="viet"/>'
    )
    return bpmn(GIAM_SAT + body + flow("dau", "cho", "viec"))


def start(sessions: sessionmaker[Session], diagram: bytes, variables: dict[str, Any] | None = None) -> int:
    with sessions.begin() as session:
        deployments.deploy(session, "p", {"p.bpmn": diagram})
        definition = deployments.latest(session, "p")
        return instances.start(session, definition, variables or {}).id


def drain(sessions: sessionmaker[Session]) -> None:
    worker = Worker(sessions, {})
    while worker.run_due():
        pass


def swap(sessions: sessionmaker[Session], *changes: Change) -> None:
    with sessions.begin() as session:
        working_time.change(session, changes)
        deadlines.follow(session)
    drain(sessions)


def giang(session: Session) -> User:
    return session.scalars(select(User).where(User.username == "giang")).one()


def due(sessions: sessionmaker[Session]) -> datetime | None:
    with sessions() as session:
        return session.scalars(select(UserTask.due_at)).one()


def timers(sessions: sessionmaker[Session]) -> list[tuple[datetime, datetime | None]]:
    with sessions() as session:
        rows = session.execute(select(Job.due_at, Job.next_at).where(Job.kind == "timer").order_by(Job.id))
        return [(due_at, next_at) for due_at, next_at in rows]


WEDNESDAY = Change(date(2026, 11, 25), False, "Nghỉ bão")


@pytest.mark.parametrize(
    ("written", "extra", "expected"),
    [
        ("${sau_ngay_lam_viec(2)}", "", "2026-11-26T17:00"),
        ("P2D", LICH, "2026-11-26T17:00"),
        ("PT4H", LICH, "2026-11-23T14:30"),
        ("2026-11-28", LICH, "2026-11-30T17:00"),
        ("2026-11-27T10:00:00", LICH, "2026-11-27T10:00"),
        ("${han}", LICH, "2026-11-27T17:00"),
        ("P2D", LICH.replace("ngay_lam_viec", "ngay_lam_viec@${noi}"), "2026-11-27T17:00"),
        ("P2D", "", "2026-11-25T09:00"),
    ],
)
def test_it_is_due_when_work_ends(sessions: sessionmaker[Session], clock: Clock, written: str, extra: str, expected: str) -> None:
    with sessions.begin() as session:
        working_time.change(session, [Change(date(2026, 11, 25), False, "", "so_a")])
    start(sessions, task(written, extra), {"han": "P3D", "noi": "so_a"})
    assert due(sessions) == at(expected)


def test_it_lets_a_timer_wait_for_working_days(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, timer("<timeDuration>P1D</timeDuration>"))
    clock.now = at("2026-11-25T16:59")
    drain(sessions)
    with sessions() as session:
        assert session.scalars(select(UserTask)).all() == []
    clock.now = at("2026-11-25T17:00")
    drain(sessions)
    with sessions() as session:
        assert session.scalars(select(UserTask.element_id)).all() == ["viec"]


def test_it_repeats_a_cycle_on_working_days(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, timer("<timeCycle>R3/P1D</timeCycle>"))
    found = []
    for _ in range(3):
        ((moment, _next),) = timers(sessions)
        found.append(moment)
        clock.now = moment
        drain(sessions)
    assert found == [at("2026-11-25T17:00"), at("2026-11-26T17:00"), at("2026-11-27T17:00")]


def test_it_follows_when_the_calendar_changes(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, task("${sau_ngay_lam_viec(so_ngay)}", follow_up="${sau_ngay_lam_viec(1)}"), {"so_ngay": 2})
    clock.now = MONDAY + timedelta(hours=3)
    swap(sessions, WEDNESDAY)
    assert due(sessions) == at("2026-11-27T17:00")
    with sessions() as session:
        assert session.scalars(select(UserTask.follow_up_at)).one() == at("2026-11-26T17:00")
        told = [event.detail for event in session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "task.due_date_moved"))]
    assert {"field": "due", "from": "2026-11-26T10:00:00+00:00", "due": "2026-11-27T17:00:00+07:00"} in told
    assert len(told) == 2


def test_a_timer_follows_when_the_calendar_changes(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, timer("<timeDuration>P1D</timeDuration>"))
    swap(sessions, WEDNESDAY)
    assert timers(sessions) == [(at("2026-11-26T17:00"), at("2026-11-26T17:00"))]
    with sessions() as session:
        assert session.scalars(select(HistoryEvent.element_id).where(HistoryEvent.kind == "timer.moved")).all() == ["cho"]


def test_it_follows_what_the_rule_read_then_and_not_what_variables_are_now(sessions: sessionmaker[Session], clock: Clock) -> None:
    case = start(sessions, task("${sau_ngay_lam_viec(so_ngay)}"), {"so_ngay": 2})
    with sessions.begin() as session:
        instances.set_variables(session, case, giang(session), {"so_ngay": 9}, "sửa")
    swap(sessions, WEDNESDAY)
    assert due(sessions) == at("2026-11-27T17:00")


def test_what_was_set_by_hand_stays(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, task("P2D", LICH))
    with sessions.begin() as session:
        open_ = session.scalars(select(UserTask)).one()
        user_tasks.set_due_date(session, open_.id, giang(session), at("2026-12-24T17:00"), "gia hạn")
    swap(sessions, WEDNESDAY)
    assert due(sessions) == at("2026-12-24T17:00")


def test_what_counts_plain_days_is_not_kept_and_does_not_move(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, task("P2D"))
    with sessions() as session:
        assert session.scalars(select(Deadline)).all() == []
    swap(sessions, WEDNESDAY)
    assert due(sessions) == at("2026-11-25T09:00")


def test_it_hands_out_all_cases_a_part_at_a_time(sessions: sessionmaker[Session], clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "CHUNK", 2)
    start(sessions, task("P2D", LICH))
    with sessions.begin() as session:
        for _ in range(4):
            instances.start(session, deployments.latest(session, "p"), {})
    swap(sessions, WEDNESDAY)
    with sessions() as session:
        assert session.scalars(select(UserTask.due_at)).all() == [at("2026-11-27T17:00")] * 5
        assert session.scalars(select(Job)).all() == []


def test_it_forgets_what_has_closed_and_moves_a_case_that_rests(sessions: sessionmaker[Session], clock: Clock) -> None:
    case = start(sessions, timer("<timeDuration>P1D</timeDuration>"))
    with sessions.begin() as session:
        instances.suspend(session, case, giang(session), "nghỉ")
    swap(sessions, WEDNESDAY)
    assert timers(sessions) == [(at("2026-11-26T17:00"), None)]
    with sessions.begin() as session:
        instances.activate(session, case, giang(session), "làm tiếp")
    assert timers(sessions) == [(at("2026-11-26T17:00"), at("2026-11-26T17:00"))]
    clock.now = at("2026-11-26T17:00")
    drain(sessions)
    swap(sessions, Change(date(2026, 11, 26), False))
    with sessions() as session:
        assert session.scalars(select(Deadline)).all() == []


@pytest.mark.stalls
@pytest.mark.parametrize("lich", ["nam_lam_viec", "ngay_lam_viec"])
def test_what_cannot_be_counted_is_an_incident_that_says_why(sessions: sessionmaker[Session], clock: Clock, lich: str) -> None:
    start(sessions, task("${han}", LICH.replace("ngay_lam_viec", "${lich}")), {"han": "P1M", "lich": lich})
    with sessions() as session:
        case = session.scalars(select(ProcessInstance)).one()
        message = session.scalars(select(HistoryEvent.detail).where(HistoryEvent.kind == "incident.raised")).one()["message"]
    assert case.state == "active"
    assert "to be ngay_lam_viec or" in message if lich == "nam_lam_viec" else "days and hours" in message


def test_it_tells_what_the_last_change_has_moved(sessions: sessionmaker[Session], clock: Clock) -> None:
    with sessions() as session:
        assert deadlines.followed(session) is None
    start(sessions, task("P2D", LICH, "P1D"))
    with sessions.begin() as session:
        deployments.deploy(session, "q", {"q.bpmn": timer("<timeDuration>P1D</timeDuration>").replace(b'id="p"', b'id="q"')})
        instances.start(session, deployments.latest(session, "q"), {})
        instances.start(session, deployments.latest(session, "p"), {})
        working_time.change(session, [WEDNESDAY])
        deadlines.follow(session, giang(session))
    with sessions() as session:
        told = deadlines.followed(session)
        assert told is not None and (told.tasks, told.timers, told.left) == (0, 0, 1)
    drain(sessions)
    with sessions() as session:
        told = deadlines.followed(session)
        assert told is not None and told.change.user is not None
        assert (told.tasks, told.timers, told.left, told.change.user.username) == (2, 1, 0, "giang")
    clock.now += timedelta(minutes=1)
    swap(sessions, Change(date(2027, 1, 4), False))
    with sessions() as session:
        told = deadlines.followed(session)
        assert told is not None and (told.tasks, told.timers, told.change.user) == (0, 0, None)


def test_a_completion_that_read_the_calendar_before_it_changed_is_not_overlooked(sessions: sessionmaker[Session], clock: Clock) -> None:
    """The task that it opens is counted by the former calendar, and nobody who looks for deadlines sees it yet."""
    body = (
        '<startEvent id="dau"/><userTask id="soan" name="Soạn" camunda:candidateGroups="viet"/>'
        f'<userTask id="viec" name="Việc" camunda:candidateGroups="viet" camunda:dueDate="P2D">{LICH}</userTask>'
    )
    start(sessions, bpmn(GIAM_SAT + body + flow("dau", "soan", "viec")))
    with sessions() as session:
        first = session.scalars(select(UserTask.id)).one()
    completed, looked = Event(), Event()

    def change() -> None:
        completed.wait(20)
        with sessions.begin() as session:
            working_time.change(session, [WEDNESDAY])
            deadlines.follow(session)
        drain(sessions)
        looked.set()

    thread = Thread(target=change)
    thread.start()
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        user_tasks.claim(session, first, an)
        user_tasks.complete(session, first, an, {})
        completed.set()
        # On SQLite the change waits for this transaction, on PostgreSQL only those who look for deadlines do.
        looked.wait(0.5)
    thread.join(20)
    assert not thread.is_alive()
    drain(sessions)
    with sessions() as session:
        assert session.scalars(select(UserTask.due_at).where(UserTask.element_id == "viec")).one() == at("2026-11-27T17:00")


def test_a_deadline_moves_or_its_task_is_done_whoever_is_first(sessions: sessionmaker[Session], clock: Clock) -> None:
    start(sessions, task("P2D", LICH))
    with sessions.begin() as session:
        for _ in range(7):
            instances.start(session, deployments.latest(session, "p"), {})
    with sessions.begin() as session:
        working_time.change(session, [WEDNESDAY])
        deadlines.follow(session)
    with sessions() as session:
        tasks = list(session.scalars(select(UserTask.id)))
    failed: list[Exception] = []

    def hand_in() -> None:
        try:
            for number in reversed(tasks):
                with sessions.begin() as session:
                    an = session.scalars(select(User).where(User.username == "an")).one()
                    user_tasks.claim(session, number, an)
                    user_tasks.complete(session, number, an, {})
        except Exception as error:
            failed.append(error)

    thread = Thread(target=hand_in)
    thread.start()
    drain(sessions)
    thread.join(60)
    drain(sessions)
    assert failed == []
    with sessions() as session:
        assert session.scalars(select(UserTask.state)).all() == ["completed"] * 8
        assert session.scalars(select(Job)).all() == []
        assert set(session.scalars(select(UserTask.due_at))) <= {at("2026-11-26T17:00"), at("2026-11-27T17:00")}
        assert session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "job.failed")).all() == []
