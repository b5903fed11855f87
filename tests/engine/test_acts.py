"""What can be done to many cases at once, beside moving them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import batches, executions, instances, user_tasks
from engine.errors import Forbidden, Invalid
from engine.models import Batch, BatchItem, HistoryEvent, Incident
from engine.reminders import by_hand
from tests.engine.cast import flow
from tests.engine.stage import PLAIN, Stage, drawn, task
from tests.engine.test_batches import carry_out, events, states, told


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_cases_are_suspended_activated_and_cancelled(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    cases = [stage.start(stage.version(PLAIN)) for _ in range(3)]
    ids = [case.id for case in cases]
    for kind, state in (("suspend", "suspended"), ("activate", "active"), ("cancel", "cancelled")):
        batch = carry_out(stage, sessions, batches.prepare(session, kind, {}, stage.cast["giang"], "lý do", ids=ids))
        assert states(session, batch) == ["done"] * 3
        assert {case.state for case in cases} == {state}
        again = batches.prepare(session, kind, {}, stage.cast["giang"], "lý do", ids=ids)
        assert states(session, again) == ["cannot"] * 3
    assert set(events(session, "instance.suspended").values()) == {1}


def test_tasks_are_given_to_another_and_get_another_date_and_priority(
    stage: Stage, session: Session, sessions: sessionmaker[Session]
) -> None:
    cases = [stage.start(stage.version(PLAIN)) for _ in range(3)]
    tasks = [stage.open(case)["a"] for case in cases]
    user_tasks.complete(session, tasks[0].id, stage.cast["an"], {})
    due = datetime(2026, 5, 4, 10, tzinfo=UTC)
    asked: dict[str, dict[str, Any]] = {
        "assign": {"assignee": stage.cast["chi"].id},
        "set_due_date": {"due": due.isoformat()},
        "set_priority": {"priority": 80},
    }
    for kind, arguments in asked.items():
        batch = batches.prepare(session, kind, arguments, stage.cast["giang"], "an nghỉ", ids=[one.id for one in tasks])
        assert told(session, batch) == ["Cần việc đang mở, nhưng nhận được việc đã kết thúc."]
        assert states(session, carry_out(stage, sessions, batch)) == ["cannot", "done", "done"]
    assert {(one.assignee_id, one.due_at, one.priority) for one in tasks[1:]} == {(stage.cast["chi"].id, due, 80)}
    kinds = ("task.assigned", "task.due_date_set", "task.priority_set")
    details = [session.scalars(select(HistoryEvent.detail).where(HistoryEvent.kind == kind).limit(1)).one() for kind in kinds]
    assert [detail["reason"] for detail in details] == ["an nghỉ"] * 3
    with pytest.raises(Invalid):
        user_tasks.set_priority(session, tasks[1].id, stage.cast["giang"], 101, "x")
    with pytest.raises(Forbidden):
        user_tasks.set_due_date(session, tasks[1].id, stage.cast["chi"], None, "x")


def test_no_task_is_given_to_an_account_that_was_closed_meanwhile(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    case, chi = stage.start(stage.version(PLAIN)), stage.cast["chi"]
    batch = batches.prepare(session, "assign", {"assignee": chi.id}, stage.cast["giang"], "x", ids=[stage.open(case)["a"].id])
    chi.active = False
    assert states(session, carry_out(stage, sessions, batch)) == ["refused"]


def test_incidents_are_tried_again(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    gate = (
        '<startEvent id="dau"/><exclusiveGateway id="re" name="Rẽ" default="re_c"/>'
        + task("b")
        + task("c")
        + flow("dau", "re")
        + flow("re", "c")
    )
    when = '<sequenceFlow id="f" sourceRef="re" targetRef="b"><conditionExpression>${khong_co > 1}</conditionExpression></sequenceFlow>'
    definition = stage.version(drawn(gate + when))
    cases = [stage.start(definition) for _ in range(2)]
    instances.set_variables(session, cases[0].id, stage.cast["giang"], {"khong_co": 2}, "thiếu")
    ids = session.scalars(select(Incident.id).order_by(Incident.id)).all()
    batch = batches.prepare(session, "retry", {}, stage.cast["giang"], "đã sửa", ids=ids)
    assert session.scalars(select(BatchItem.name)).all() == ["Rẽ", "Rẽ"]
    assert states(session, carry_out(stage, sessions, batch)) == ["done", "done"]
    assert set(stage.open(cases[0])) == {"b"}
    assert session.scalars(select(Incident.instance_id).where(Incident.resolved_at.is_(None))).all() == [cases[1].id]


def undo(stage: Stage, session: Session, sessions: sessionmaker[Session], batch: Batch) -> list[str]:
    back = batches.undo(session, batch.id, stage.cast["giang"], "nhầm")
    planned = states(session, back)
    return planned if "goes" not in planned else states(session, carry_out(stage, sessions, back))


def test_what_was_set_on_tasks_is_taken_back_one_by_one(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    cast = stage.cast
    cases = [stage.start(stage.version(PLAIN)) for _ in range(3)]
    tasks = [stage.open(case)["a"] for case in cases]
    user_tasks.claim(session, tasks[0].id, cast["an"])
    given: dict[str, dict[str, Any]] = {
        "assign": {"assignee": cast["chi"].id},
        "set_due_date": {"due": datetime(2026, 5, 4, 10, tzinfo=UTC).isoformat()},
        "set_priority": {"priority": 80},
    }
    for kind, arguments in given.items():
        batch = carry_out(stage, sessions, batches.prepare(session, kind, arguments, cast["giang"], "x", ids=[one.id for one in tasks]))
        if kind == "assign":
            user_tasks.assign(session, tasks[2].id, cast["giang"], cast["binh"], "việc của Bình")
        expected = ["done", "done", "cannot" if kind == "assign" else "done"]
        assert undo(stage, session, sessions, batch) == expected
    assert [(one.assignee_id, one.due_at, one.priority) for one in tasks] == [
        (cast["an"].id, None, 50),
        (None, None, 50),
        (cast["binh"].id, None, 50),
    ]


def test_data_and_places_of_many_cases_are_changed_and_taken_back(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    giang = stage.cast["giang"]
    cases = [stage.start(stage.version(PLAIN), x=number) for number in range(3)]
    ids = [case.id for case in cases]
    wrong = batches.prepare(session, "set_variables", {"variables": {"x": "chữ"}}, giang, "sửa", ids=ids)
    assert states(session, wrong) == ["cannot"] * 3
    data = carry_out(stage, sessions, batches.prepare(session, "set_variables", {"variables": {"x": 9}}, giang, "sửa", ids=ids))
    assert [executions.load(session, case).variables["x"] for case in cases] == [9, 9, 9]
    assert undo(stage, session, sessions, data) == ["done"] * 3
    assert [executions.load(session, case).variables["x"] for case in cases] == [0, 1, 2]
    stage.do(cases[0], "a")
    moved = batches.prepare(session, "modify", {"ends": ["a"], "starts": ["c"]}, giang, "gộp", ids=ids)
    assert states(session, moved) == ["cannot", "goes", "goes"]
    assert "Hồ sơ không đứng ở bước" in told(session, moved)[0]
    carry_out(stage, sessions, moved)
    assert [list(stage.open(case)) for case in cases] == [["b"], ["c"], ["c"]]
    assert undo(stage, session, sessions, moved) == ["done"] * 2
    assert [list(stage.open(case)) for case in cases] == [["b"], ["a"], ["a"]]


def test_only_the_cases_at_one_step_are_kept_in(stage: Stage, session: Session) -> None:
    cases = [stage.start(stage.version(PLAIN)) for _ in range(3)]
    stage.do(cases[1], "a")
    batch = batches.prepare(session, "suspend", {}, stage.cast["giang"], "x", ids=[case.id for case in cases])
    batches.only_at(session, batch.id, stage.cast["giang"], "b")
    assert states(session, batch) == ["left_out", "goes", "left_out"]


def test_the_holder_is_reminded_once_in_an_hour(stage: Stage, session: Session) -> None:
    case, giang = stage.start(stage.version(PLAIN)), stage.cast["giang"]
    task = stage.open(case)["a"]
    with pytest.raises(Invalid):
        by_hand.remind(session, task.id, giang, "gấp")
    user_tasks.claim(session, task.id, stage.cast["an"])
    by_hand.remind(session, task.id, giang, "gấp")
    with pytest.raises(Forbidden):
        by_hand.remind(session, task.id, giang, "gấp")
    stage.now += timedelta(minutes=61)
    by_hand.remind(session, task.id, giang, "gấp")
    assert events(session, "task.reminded") == {case.id: 2}


def test_a_message_and_a_signal_are_handed_to_one_case(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    giang = stage.cast["giang"]
    for kind, name in (("message", "tra_loi"), ("signal", "bao_dong")):
        event = f'<{kind}EventDefinition {kind}Ref="m"/>'
        body = f'<startEvent id="dau"/><intermediateCatchEvent id="doi">{event}</intermediateCatchEvent>' + task("a")
        version = stage.version(drawn(body + flow("dau", "doi", "a"), f'<{kind} id="m" name="{name}"/>'))
        one, two = stage.start(version), stage.start(version)
        arguments = {"kind": kind, "name": name, "variables": {"ket_qua": "tốt"}}
        batch = carry_out(stage, sessions, batches.prepare(session, "message", arguments, giang, "gọi điện", ids=[one.id]))
        assert states(session, batch) == ["done"]
        assert (list(stage.open(one)), list(stage.open(two))) == (["a"], [])
        assert states(session, batches.prepare(session, "message", arguments, giang, "nữa", ids=[one.id])) == ["cannot"]
    detail = session.scalars(select(HistoryEvent.detail).where(HistoryEvent.kind == "signal.received")).one()
    assert (detail["reason"], detail["by_hand"]) == ("gọi điện", True)
