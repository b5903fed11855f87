"""Who is reminded of a user task and when: once each, whoever looks, and nothing of the case in the letters."""

from __future__ import annotations

import smtplib
from datetime import UTC, datetime, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, deputies, instances, jobs, topics, user_tasks, working_time
from engine.expressions import ZONE
from engine.models import HistoryEvent, Job, Membership, Reminder, User, UserTask
from engine.reminders import by_hand, turns
from engine.worker import Worker
from engine.working_time import Change
from tests.engine.cast import bpmn, flow, people
from tests.engine.clocks import Clock

FRIDAY = datetime(2026, 11, 13, 2, tzinfo=UTC)
"""9 o'clock in Vietnam. Due is Friday a week later, 17:00."""
HEADS = ("lanh_dao",)


class Post:
    """Where letters go to. `refuse`: the server is away."""

    def __init__(self) -> None:
        self.letters: list[tuple[str, str, str]] = []
        self.refuse = False

    def handler(self) -> dict[str, topics.Handler]:
        def send(job: topics.Job, nguoi_nhan: str, tieu_de: str, noi_dung: str) -> None:
            if self.refuse:
                raise smtplib.SMTPServerDisconnected("away")
            self.letters.append((nguoi_nhan, tieu_de, noi_dung))
            job.record("notification.sent", to=nguoi_nhan)

        return {"thu_dien_tu": topics.Handler("thu_dien_tu", send)}


@pytest.fixture
def clock(sessions: sessionmaker[Session]) -> Clock:
    clock = Clock(FRIDAY)
    sessions.configure(info={"clock": clock})
    with sessions.begin() as session:
        cast = people(session)
        for user in cast.values():
            user.email = f"{user.username}@so.example"
        body = cast["an"].memberships[0].organisation
        cast["dung"].memberships.append(Membership(role="lanh_dao", organisation=body))
    return clock


@pytest.fixture
def post() -> Post:
    return Post()


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=ZONE)


def properties(**values: str) -> str:
    inner = "".join(f'<camunda:property name="{name}" value="{value}"/>' for name, value in values.items())
    return f"<extensionElements><camunda:properties>{inner}</camunda:properties></extensionElements>"


def start(sessions: sessionmaker[Session], due: str = "2026-11-20T17:00:00", on_task: str = "", **on_process: str) -> int:
    body = (
        properties(giam_sat="giam_sat", **on_process)
        + '<startEvent id="dau"/><userTask id="viec" name="Xét tội của ông Mật" camunda:candidateGroups="viet@so_a"'
        f' camunda:dueDate="{due}">{on_task}</userTask><endEvent id="xong"/>'
    )
    with sessions.begin() as session:
        deployments.deploy(session, "p", {"p.bpmn": bpmn(body + flow("dau", "viec", "xong"))})
        return instances.start(session, deployments.latest(session, "p"), {}, business_key="MẬT 7").id


def turn(sessions: sessionmaker[Session], post: Post, **settings: Any) -> int:
    count = turns.take(sessions, HEADS)
    worker = Worker(sessions, post.handler(), settings)
    while worker.run_due():
        pass
    return count


def claim(sessions: sessionmaker[Session], username: str = "an") -> int:
    with sessions.begin() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        return user_tasks.claim(session, session.scalars(select(UserTask.id)).one(), user).id


def giang(session: Session) -> User:
    return session.scalars(select(User).where(User.username == "giang")).one()


def stages(sessions: sessionmaker[Session]) -> list[str]:
    with sessions() as session:
        return list(session.scalars(select(Reminder.stage).order_by(Reminder.id)))


def test_it_reminds_holder_then_head_then_supervisor(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    task = claim(sessions)
    expected = [
        ("2026-11-17T16:00", []),
        ("2026-11-18T08:01", ["an@so.example"]),
        ("2026-11-20T16:59", []),
        ("2026-11-20T17:01", ["an@so.example"]),
        ("2026-11-23T12:00", []),
        # Tuesday 24 November is a public holiday: two working days after Friday are Monday and Wednesday.
        ("2026-11-25T08:01", ["dung@so.example"]),
        ("2026-11-30T08:01", ["giang@so.example"]),
        ("2026-12-20T08:00", []),
    ]
    for moment, receivers in expected:
        clock.now = at(moment)
        post.letters.clear()
        turn(sessions, post, TASK_ADDRESS="https://nha.example/viec/{task}")
        assert turn(sessions, post) == 0
        assert [letter[0] for letter in post.letters] == receivers, moment
        for _, subject, words in post.letters:
            assert "Mật" not in subject + words and "MẬT" not in subject + words and "https://nha.example" in words
            assert f"/viec/{task}" in words or receivers == ["dung@so.example"]
    assert stages(sessions) == ["before", "late", "head", "supervisor"]
    with sessions() as session:
        row = session.scalars(select(UserTask)).one()
        assert (row.reminded, row.reminded_at, row.remind_at) == (4, at("2026-11-30T08:01"), None)
        kinds = session.scalars(select(HistoryEvent.kind).where(HistoryEvent.user_task_id == task)).all()
        assert kinds.count("task.reminded") == 4 and kinds.count("notification.sent") == 4


@pytest.mark.parametrize(("processes", "receivers"), [((), ["an@so.example", "binh@so.example"]), (("khac",), ["an@so.example"])])
def test_it_tells_who_stands_in_for_the_holder(
    sessions: sessionmaker[Session], clock: Clock, post: Post, processes: tuple[str, ...], receivers: list[str]
) -> None:
    start(sessions)
    claim(sessions)
    with sessions.begin() as session:
        deployments.deploy(session, "khac", {"khac.bpmn": bpmn('<startEvent id="a"/><endEvent id="b"/>' + flow("a", "b"), key="khac")})
        an, binh = (session.scalars(select(User).where(User.username == name)).one() for name in ("an", "binh"))
        deputies.appoint(session, an, binh, clock.now, clock.now + timedelta(days=30), processes=processes, reason="đi học", by=an)
    clock.now = at("2026-11-18T08:01")
    turn(sessions, post)
    assert [letter[0] for letter in post.letters] == receivers


def test_it_asks_all_who_may_take_a_task_that_nobody_holds(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    clock.now = at("2026-11-18T09:00")
    assert turn(sessions, post) == 1
    assert sorted(letter[0] for letter in post.letters) == ["an@so.example", "binh@so.example"]


def test_it_names_the_group_when_nobody_of_it_has_an_address(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    with sessions.begin() as session:
        for user in session.scalars(select(User)):
            user.email = ""
    start(sessions)
    clock.now = at("2026-11-18T09:00")
    turn(sessions, post)
    assert [letter[0] for letter in post.letters] == ["viet@so_a"]


@pytest.mark.parametrize(
    ("task", "process", "expected"),
    [
        ({"nhac_truoc": "P1D", "bao_tre": "khong"}, {}, [("before", "2026-11-19T08:00")]),
        ({"nhac_truoc": "khong", "bao_tre": ",P1D"}, {}, [("head", "2026-11-23T08:00")]),
        ({"nhac_truoc": "PT4H"}, {"bao_tre": "PT2H"}, [("before", "2026-11-20T13:00"), ("late", "2026-11-23T10:00")]),
        ({}, {"nhac_truoc": "P3D", "bao_tre": "P1DT1H"}, [("before", "2026-11-17T08:00"), ("late", "2026-11-23T09:00")]),
        ({"nhac_truoc": "P60D", "bao_tre": "khong"}, {}, []),
    ],
)
def test_it_keeps_to_the_rule_of_the_task_or_of_its_process(
    sessions: sessionmaker[Session], clock: Clock, task: dict[str, str], process: dict[str, str], expected: list[tuple[str, str]]
) -> None:
    start(sessions, on_task=properties(**task), **process)
    with sessions() as session:
        row = session.scalars(select(UserTask)).one()
        found = turns._plans(session, row, working_time.calendar(session))
    assert [(one.name, one.at) for one in found][: len(expected)] == [(name, at(moment)) for name, moment in expected]
    assert expected or found == []


def test_it_does_not_remind_of_what_was_done_or_put_off_meanwhile(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    task = claim(sessions)
    clock.now = at("2026-11-18T09:00")
    post.refuse = True
    turn(sessions, post)
    with sessions.begin() as session:
        user_tasks.set_due_date(session, task, giang(session), at("2026-12-18T17:00"), "gia hạn")
    post.refuse, clock.now = False, at("2026-11-18T09:20")
    turn(sessions, post)
    assert post.letters == []
    clock.now = at("2026-12-16T08:00")
    turn(sessions, post)
    assert len(post.letters) == 1
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        user_tasks.complete(session, task, an, {})
    clock.now = at("2027-01-16T08:00")
    assert turn(sessions, post) == 0
    with sessions() as session:
        assert session.scalars(select(Job)).all() == []


def test_a_mail_server_that_is_away_is_tried_for_a_day_and_is_no_incident(
    sessions: sessionmaker[Session], clock: Clock, post: Post
) -> None:
    start(sessions)
    claim(sessions)
    clock.now = at("2026-11-18T09:00")
    post.refuse = True
    turn(sessions, post)
    with sessions() as session:
        assert session.scalars(select(Job.next_at)).all() == [at("2026-11-18T09:10")]
    clock.now = at("2026-11-19T09:30")
    turn(sessions, post)
    with sessions() as session:
        assert session.scalars(select(Job)).all() == []
        told = session.scalars(select(HistoryEvent.detail).where(HistoryEvent.kind == "notification.not_sent")).one()
        assert told["to"] == "an@so.example" and "SMTPServerDisconnected" in told["reason"]
        assert session.scalars(select(HistoryEvent.id).where(HistoryEvent.kind == "incident.raised")).all() == []


def test_each_stage_is_done_once_by_many_workers(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    with sessions.begin() as session:
        for _ in range(9):
            instances.start(session, deployments.latest(session, "p"), {})
    clock.now = at("2026-11-18T09:00")
    together, counts = Barrier(4), []

    def work() -> None:
        together.wait(20)
        counts.append(turns.take(sessions, HEADS))

    threads = [Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    # Rows that another was planning were left to the next turn.
    counts.append(turns.take(sessions, HEADS))
    assert sum(counts) == 10
    assert stages(sessions) == ["before"] * 10
    with sessions() as session:
        assert len(session.scalars(select(Job.id).where(Job.kind == jobs.LETTER)).all()) == 20


def test_neither_mark_nor_letter_is_there_when_the_process_dies(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    case = start(sessions)
    task = claim(sessions)
    clock.now = at("2026-11-18T09:00")
    with sessions.begin() as session:
        turns._plan(session)
    with pytest.raises(KeyboardInterrupt), sessions.begin() as session:
        assert turns.remind(session, case, task, HEADS)
        raise KeyboardInterrupt
    assert stages(sessions) == []
    turn(sessions, post)
    assert (stages(sessions), len(post.letters)) == (["before"], 1)


def test_it_does_not_make_up_for_what_is_long_past(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    claim(sessions)
    clock.now = at("2027-03-01T09:00")
    assert turn(sessions, post) == 0
    clock.now = at("2027-03-02T09:00")
    assert turn(sessions, post) == 0


def test_a_stage_that_has_nobody_is_passed_over(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    task = claim(sessions, "binh")
    clock.now = at("2026-11-25T09:00")
    turns.take(sessions, ("vai_tro_khac",))
    with sessions() as session:
        assert session.get_one(UserTask, task).reminded == 0
    assert (turn(sessions, post), stages(sessions)) == (0, ["head"])


def test_after_a_pause_it_says_only_the_last_thing(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    claim(sessions)
    clock.now = at("2026-11-20T18:00")
    turn(sessions, post)
    assert stages(sessions) == ["late"]


def test_a_case_that_rests_reminds_nobody_until_it_goes_on(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    case = start(sessions)
    claim(sessions)
    with sessions.begin() as session:
        instances.suspend(session, case, giang(session), "chờ")
    clock.now = at("2026-11-18T09:00")
    assert turn(sessions, post) == 0
    with sessions.begin() as session:
        instances.activate(session, case, giang(session), "tiếp")
    clock.now += timedelta(hours=2)
    assert turn(sessions, post) == 1


def test_it_is_planned_anew_when_the_calendar_moves_the_due_date(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    from engine import deadlines

    start(sessions, due="P5D", on_task=properties(lich="ngay_lam_viec"))
    turn(sessions, post)
    with sessions.begin() as session:
        assert session.scalars(select(UserTask.remind_at)).one() == at("2026-11-18T08:00")
        working_time.change(session, [Change(FRIDAY.date() + timedelta(days=6), False)])
        deadlines.follow(session)
    turn(sessions, post)
    turn(sessions, post)
    with sessions() as session:
        assert session.scalars(select(UserTask.remind_at)).one() == at("2026-11-19T08:00") - timedelta(days=1)


def test_a_reminder_by_hand_sends_a_letter_too(sessions: sessionmaker[Session], clock: Clock, post: Post) -> None:
    start(sessions)
    task = claim(sessions)
    with sessions.begin() as session:
        by_hand.remind(session, task, giang(session), "gấp")
    turn(sessions, post)
    assert [letter[0] for letter in post.letters] == ["an@so.example"]
    assert "gấp" not in "".join(post.letters[0])
    assert stages(sessions) == ["hand"]
