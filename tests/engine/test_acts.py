"""What can be done to many cases at once, beside moving them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import batches, instances, user_tasks
from engine.errors import Forbidden, Invalid
from engine.models import BatchItem, HistoryEvent, Incident
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
