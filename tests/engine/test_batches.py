"""One act on many cases: looked at first, then done to each wholly or not at all, whatever happens in between."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import batches, candidates, instances, jobs, migration
from engine.errors import Forbidden, Invalid, NotFound
from engine.models import Batch, BatchItem, HistoryEvent, Job, ProcessDefinition, ProcessInstance
from tests.engine.cast import flow
from tests.engine.stage import PLAIN, Stage, drain, drawn, task

RENAMED = PLAIN.replace(b'name="a"', b'name="A"')


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def moving(first: ProcessDefinition, second: ProcessDefinition, **mapping: str) -> dict[str, Any]:
    return {"from": first.id, "to": second.id, "mapping": mapping, "without": []}


def states(session: Session, batch: Batch) -> list[str]:
    query = select(BatchItem.state).where(BatchItem.batch_id == batch.id).order_by(BatchItem.instance_id, BatchItem.id)
    return list(session.scalars(query))


def told(session: Session, batch: Batch) -> list[str]:
    query = select(BatchItem).where(BatchItem.batch_id == batch.id).order_by(BatchItem.instance_id, BatchItem.id)
    return [problem["vi"] for item in session.scalars(query) for problem in item.problems]


def carry_out(stage: Stage, sessions: sessionmaker[Session], batch: Batch) -> Batch:
    batches.start(stage.session, batch.id, stage.cast["giang"])
    return finish(stage, sessions, batch)


def finish(stage: Stage, sessions: sessionmaker[Session], batch: Batch) -> Batch:
    stage.session.commit()
    drain(sessions)
    stage.session.expire_all()
    assert stage.session.scalars(select(Job.id).where(Job.kind == jobs.BATCH)).all() == []
    return batch


def events(session: Session, kind: str) -> Counter[int]:
    return Counter(session.scalars(select(HistoryEvent.instance_id).where(HistoryEvent.kind == kind)))


# --- looking at it first ---


def test_a_dry_run_tells_what_moves_what_needs_a_decision_and_what_cannot_and_touches_nothing(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(4)]
    stage.do(cases[1], "a")
    instances.suspend(session, cases[2].id, stage.cast["giang"], "chờ")
    with_new = drawn(
        '<startEvent id="dau"/>' + "".join(map(task, ("a", "moi", "c"))) + '<endEvent id="het"/>' + flow("dau", "a", "moi", "c", "het")
    )
    stage.do(cases[3], "a")
    stage.do(cases[3], "b")
    second = stage.version(with_new)
    batch = batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "quy định mới")
    assert states(session, batch) == ["goes", "decision", "cannot", "decision"]
    assert told(session, batch) == [
        "Hồ sơ đang ở “b”, bước này không có trong bản mới. Hãy chọn bước tương ứng.",
        f"Hồ sơ {cases[2].business_key} phải đang thực hiện, nhưng hiện đang tạm dừng.",
        "Hồ sơ đã qua chỗ của bước mới “moi”. Nếu chuyển, bước này sẽ không được thực hiện.",
    ]
    assert {case.definition_id for case in cases} == {first.id}
    assert (events(session, "instance.migrated"), session.scalars(select(Job.id)).all()) == ({}, [])


def test_it_shows_and_takes_only_cases_that_are_supervised(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    mine, others = stage.start(first), stage.start(first)
    candidates.entrust(session, others, ())
    second = stage.version(RENAMED)
    for ids in (None, [mine.id, others.id]):
        batch = batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "x", ids=ids)
        assert session.scalars(select(BatchItem.instance_id).where(BatchItem.batch_id == batch.id)).all() == [mine.id]
    suspend = batches.prepare(session, "suspend", {}, stage.cast["giang"], "x", ids=[mine.id, others.id])
    assert session.scalars(select(BatchItem.instance_id).where(BatchItem.batch_id == suspend.id)).all() == [mine.id]
    assert states(session, batches.prepare(session, "suspend", {}, stage.cast["an"], "x", ids=[mine.id])) == []


def test_a_batch_is_only_for_who_asked_for_it_and_needs_a_reason_and_something_to_do(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    giang, chi = stage.cast["giang"], stage.cast["chi"]
    with pytest.raises(Invalid):
        batches.prepare(session, "suspend", {}, giang, "  ", ids=[case.id])
    batch = batches.prepare(session, "suspend", {}, giang, "chờ", ids=[case.id])
    for verb in (batches.get, batches.start, batches.stop):
        with pytest.raises(NotFound):
            verb(session, batch.id, chi)
    nothing = batches.prepare(session, "activate", {}, giang, "chờ", ids=[case.id])
    with pytest.raises(Invalid):
        batches.start(session, nothing.id, giang)


def test_what_nobody_started_is_forgotten_after_a_day(stage: Stage, session: Session) -> None:
    case, giang = stage.start(stage.version(PLAIN)), stage.cast["giang"]
    batches.prepare(session, "suspend", {}, giang, "cũ", ids=[case.id])
    stage.now += timedelta(days=2)
    batches.prepare(session, "suspend", {}, giang, "mới", ids=[case.id])
    assert session.scalars(batches.mine(giang).with_only_columns(Batch.reason)).all() == ["mới"]
    assert len(session.scalars(select(BatchItem.id)).all()) == 1


# --- doing it ---


def test_it_moves_those_that_go_but_not_those_left_out(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(5)]
    second = stage.version(RENAMED)
    batch = batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "quy định mới")
    items = session.scalars(select(BatchItem.id).order_by(BatchItem.id)).all()
    batches.choose(session, batch.id, stage.cast["giang"], items[1:3], wanted=False)
    batches.choose(session, batch.id, stage.cast["giang"], items[2:3], wanted=True)
    carry_out(stage, sessions, batch)
    assert states(session, batch) == ["done", "left_out", "done", "done", "done"]
    assert [case.definition_id == second.id for case in cases] == [True, False, True, True, True]
    assert batches.progress(session, batch.id) == {"done": 4, "left_out": 1}
    event = session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "instance.migrated").limit(1)).one()
    assert (event.actor_id, event.detail["reason"]) == (stage.cast["giang"].id, "quy định mới")


def test_starting_it_twice_does_it_once(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    first = stage.version(PLAIN)
    case = stage.start(first)
    batch = batches.prepare(session, "migrate", moving(first, stage.version(RENAMED)), stage.cast["giang"], "x")
    batches.start(session, batch.id, stage.cast["giang"])
    carry_out(stage, sessions, batch)
    assert events(session, "instance.migrated") == {case.id: 1}


def test_what_has_changed_since_is_refused_with_a_sentence_and_the_others_go_on(
    stage: Stage, session: Session, sessions: sessionmaker[Session]
) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(4)]
    second = stage.version(PLAIN.replace(b'"b"', b'"b2"'))
    batch = batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "x")
    stage.do(cases[0], "a")
    instances.suspend(session, cases[1].id, stage.cast["giang"], "chờ")
    stage.move(cases[2], stage.version(RENAMED))
    carry_out(stage, sessions, batch)
    assert states(session, batch) == ["refused", "refused", "refused", "done"]
    assert told(session, batch) == [
        "Hồ sơ đang ở “b”, bước này không có trong bản mới. Hãy chọn bước tương ứng.",
        f"Hồ sơ {cases[1].business_key} phải đang thực hiện, nhưng hiện đang tạm dừng.",
        "Cần hồ sơ của bản 1, nhưng nhận được hồ sơ của bản 3.",
    ]


@pytest.mark.parametrize("lost", ["right", "account"])
def test_rights_are_those_of_the_moment_in_which_it_is_done(
    stage: Stage, session: Session, sessions: sessionmaker[Session], lost: str
) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(2)]
    giang = stage.cast["giang"]
    batch = batches.prepare(session, "migrate", moving(first, stage.version(RENAMED)), giang, "x")
    batches.start(session, batch.id, giang)
    if lost == "right":
        giang.memberships = []
    else:
        giang.active = False
    finish(stage, sessions, batch)
    assert states(session, batch) == ["refused", "refused"]
    assert (
        told(session, batch)[0]
        == {
            "right": "Đồng chí không được thay đổi hồ sơ này: đồng chí không còn giám sát hồ sơ này.",
            "account": "Đồng chí không được thay đổi hồ sơ này: tài khoản đã bị khóa.",
        }[lost]
    )
    assert {case.definition_id for case in cases} == {first.id}


def test_an_error_that_nobody_thought_of_costs_one_case_and_leaves_it_whole(
    stage: Stage, session: Session, sessions: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(3)]
    second = stage.version(RENAMED)
    real, unlucky = migration.wait_states.mirror, cases[1].id

    def fail(session: Session, instance: ProcessInstance, *given: Any, **more: Any) -> None:
        if instance.id == unlucky:
            session.flush()
            raise ZeroDivisionError
        real(session, instance, *given, **more)

    monkeypatch.setattr(migration.wait_states, "mirror", fail)
    batch = carry_out(stage, sessions, batches.prepare(session, "migrate", moving(first, second), stage.cast["giang"], "x"))
    assert states(session, batch) == ["done", "failed", "done"]
    assert told(session, batch) == ["Lỗi ngoài dự kiến (ZeroDivisionError). Hồ sơ giữ nguyên."]
    assert (cases[1].definition_id, stage.open(cases[1])["a"].name) == (first.id, "a")


def test_the_rest_can_be_stopped_and_what_is_done_stays_done(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(4)]
    batch = batches.prepare(session, "migrate", moving(first, stage.version(RENAMED)), stage.cast["giang"], "x")
    batches.start(session, batch.id, stage.cast["giang"])
    assert batches.advance(session, batch.id)
    batches.stop(session, batch.id, stage.cast["giang"])
    finish(stage, sessions, batch)
    assert (batch.state, states(session, batch)) == ("stopped", ["done", "left", "left", "left"])
    assert [case.definition_id == first.id for case in cases] == [False, True, True, True]


def test_moving_is_undone_for_those_that_can_go_back(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    first = stage.version(PLAIN)
    cases = [stage.start(first) for _ in range(3)]
    stage.do(cases[2], "a")
    steps = "".join(map(task, ("moi", "b2", "c")))
    second = stage.version(drawn(f'<startEvent id="dau"/>{steps}<endEvent id="het"/>' + flow("dau", "moi", "b2", "c", "het")))
    arguments = moving(first, second, a="moi", b="b2")
    batch = carry_out(stage, sessions, batches.prepare(session, "migrate", arguments, stage.cast["giang"], "quy định mới"))
    assert states(session, batch) == ["done"] * 3
    instances.cancel(session, cases[0].id, stage.cast["giang"], "rút")
    back = batches.undo(session, batch.id, stage.cast["giang"], "nhầm")
    assert (back.undoes_id, states(session, back)) == (batch.id, ["cannot", "goes", "goes"])
    carry_out(stage, sessions, back)
    assert [case.definition_id == first.id for case in cases] == [False, True, True]
    assert [set(stage.open(case)) for case in cases[1:]] == [{"a"}, {"b"}]
    cancelled = batches.prepare(session, "cancel", {}, stage.cast["giang"], "x", ids=[cases[1].id])
    with pytest.raises(Forbidden):
        batches.undo(session, cancelled.id, stage.cast["giang"], "nhầm")
