"""A supervisor moves running cases to another version of their process."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, documents, executions, history, instances, migration, user_tasks
from engine.errors import ExpressionError, Forbidden, InstanceNotActive, Invalid, NotFound, NotMovable
from engine.models import Document, Draft, HistoryEvent, ProcessDefinition, UserTask
from engine.sentences import say
from tests.engine.cast import bpmn, flow, form
from tests.engine.stage import MANY, PLAIN, Stage, drawn, inside, task
from tests.engine.test_races import at_once, who


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_it_takes_an_open_task_along_with_its_draft_its_holder_and_its_files(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    before = stage.open(case)["a"]
    user_tasks.claim(session, before.id, stage.cast["binh"])
    user_tasks.save_draft(session, before.id, stage.cast["binh"], {"noi_dung": "đang viết"})
    documents.attach(session, before.id, stage.cast["binh"], "a.txt", b"x", "text/plain")
    second = stage.version(
        PLAIN.replace(b'name="a"', 'name="Bước mới tên"'.encode()).replace(b'id="a"', b'camunda:formRef="f" id="a"'), f=form("f", "x")
    )
    stage.move(case, second)
    after = stage.open(case)["a"]
    assert (after.id, after.wait_id, after.assignee_id) == (before.id, before.wait_id, stage.cast["binh"].id)
    assert (after.name, after.form, case.definition_id) == ("Bước mới tên", "f.form", second.id)
    assert session.scalars(select(Draft.data).where(Draft.user_task_id == after.id)).one() == {"noi_dung": "đang viết"}
    assert session.scalars(select(Document.name).where(Document.user_task_id == after.id)).one() == "a.txt"
    user_tasks.complete(session, after.id, stage.cast["binh"], {"x": "xong"})
    assert set(stage.open(case)) == {"b"}


def test_it_goes_on_at_a_renamed_element(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.do(case, "a")
    renamed = PLAIN.replace(b'"b"', b'"b2"').replace(b'sourceRef="b"', b'sourceRef="b2"').replace(b'targetRef="b"', b'targetRef="b2"')
    second = stage.version(renamed)
    (obstacle,) = stage.refused(case, second)
    assert (obstacle.element_id, obstacle.vi) == ("b", "Hồ sơ đang ở “b”, bước này không có trong bản mới. Hãy chọn bước tương ứng.")
    stage.move(case, second, b="b2")
    assert set(stage.open(case)) == {"b2"}
    stage.do(case, "b2")
    assert set(stage.open(case)) == {"c"}


def test_it_moves_whatever_was_relabelled_also_steps_that_are_done(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.do(case, "a")
    words = (
        PLAIN.replace(b'name="a"', b'name="A"')
        .replace(b'name="b"', b'name="B"')
        .replace(b"</userTask>", b"<documentation>d</documentation></userTask>")
    )
    moved = stage.move(case, stage.version(words + b"<!-- drawn anew -->"))
    assert set(stage.open(moved)) == {"b"}


def test_it_moves_past_a_step_that_is_done_and_gone(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.do(case, "a")
    without = drawn('<startEvent id="dau"/>' + task("b") + task("c") + '<endEvent id="het"/>' + flow("dau", "b", "c", "het"))
    stage.move(case, stage.version(without))
    stage.do(case, "b")
    stage.do(case, "c")
    assert case.state == "completed"


def test_it_goes_through_a_step_that_was_put_in_before_it(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    steps = "".join(task(step) for step in ("a", "moi", "b", "c"))
    stage.move(case, stage.version(drawn(f'<startEvent id="dau"/>{steps}<endEvent id="het"/>' + flow("dau", "a", "moi", "b", "c", "het"))))
    stage.do(case, "a")
    assert set(stage.open(case)) == {"moi"}


@pytest.mark.parametrize(
    ("body", "vi"),
    [
        ('<receiveTask id="a" messageRef="m"/>', "“a” là userTask, nhưng “a” của bản mới là receiveTask, lặp hoặc chờ theo cách khác."),
        (f'<subProcess id="quanh">{task("a")}</subProcess>', "“a” nằm trong p, nhưng ở bản mới nằm trong quanh."),
    ],
)
def test_it_says_why_a_case_cannot_move(stage: Stage, body: str, vi: str) -> None:
    case = stage.start(stage.version(PLAIN))
    outer = "quanh" if "quanh" in body else "a"
    second = stage.version(drawn(f'<startEvent id="dau"/>{body}' + flow("dau", outer), '<message id="m" name="m"/>'))
    assert [obstacle.vi for obstacle in stage.refused(case, second)] == [vi]


def test_a_refused_case_stays_wholly_as_it_was(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    good, bad = stage.start(first), stage.start(first)
    stage.do(bad, "a")
    second = stage.version(drawn('<startEvent id="dau"/>' + task("a") + flow("dau", "a")))
    session.commit()
    planned = migration.plan(session, first, second, {}, stage.cast["giang"])
    assert {id_: len(obstacles) for id_, obstacles in planned} == {good.id: 0, bad.id: 1}
    with pytest.raises(NotMovable) as told:
        migration.migrate(session, bad.id, second, {}, stage.cast["giang"], "thử")
    assert say(told.value, "vi") == f"Hồ sơ {bad.business_key} chưa chuyển được sang bản 2: có 1 chỗ vướng."
    session.commit()
    assert (bad.definition_id, stage.waits(bad)) == (first.id, {stage.open(bad)["b"].wait_id: "b"})
    assert "instance.migrated" not in set(session.scalars(select(HistoryEvent.kind)))


def test_it_rolls_back_whole_when_the_new_version_cannot_be_evaluated(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    case = stage.start(first)
    second = stage.version(PLAIN.replace(b'name="a"', b'name="${khong_co}"'))
    session.commit()
    with pytest.raises(ExpressionError):
        migration.migrate(session, case.id, second, {}, stage.cast["giang"], "thử")
    session.rollback()
    assert (case.definition_id, stage.open(case)["a"].name) == (first.id, "a")


def test_a_default_of_a_variable_that_is_new_is_set(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN), da_co="x")
    properties = (
        b'<camunda:property name="mac_dinh.so" value="${1 + 1}"/><camunda:property name="mac_dinh.da_co" value="y"/></camunda:properties>'
    )
    stage.move(case, stage.version(PLAIN.replace(b"</camunda:properties>", properties)))
    assert executions.load(stage.session, case).variables == {"da_co": "x", "so": 2}


def test_it_is_undone_by_moving_back(stage: Stage, session: Session) -> None:
    first = stage.version(inside(MANY))
    case = stage.start(first, ds=["x", "y"])
    stage.do(case, "a")
    before = dict(executions.load(session, case).dump())
    stage.move(case, stage.version(inside(MANY, a="a2", b="b2")), a="a2", b="b2")
    stage.move(case, first, a2="a", b2="b")
    assert executions.load(session, case).dump() == before


def test_who_did_it_and_why_is_recorded(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.move(case, stage.version(PLAIN.replace(b'"het"', b'"het2"')), a="a", het="het2")
    event = session.scalars(history.of_instance(case.id, stage.cast["giang"]).where(HistoryEvent.kind == "instance.migrated")).one()
    assert (event.actor_id, event.detail) == (
        stage.cast["giang"].id,
        {"from": 1, "to": 2, "mapping": {"het": "het2"}, "reason": "quy định mới"},
    )


def test_only_supervisors_may(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    case = stage.start(first)
    second = stage.version(PLAIN.replace(b'name="a"', b'name="A"'))
    for username, error in (("an", Forbidden), ("chi", NotFound)):
        with pytest.raises(error):
            migration.migrate(session, case.id, second, {}, stage.cast[username], "thử")
        assert list(migration.plan(session, first, second, {}, stage.cast[username])) == []


def test_it_refuses_what_makes_no_sense(stage: Stage, session: Session) -> None:
    first = stage.version(PLAIN)
    case, giang = stage.start(first), stage.cast["giang"]
    deployments.store(session, "khac", {"q.bpmn": bpmn('<startEvent id="a"/>', key="q")})
    for target, reason in ((first, "thử"), (deployments.latest(session, "q"), "thử"), (stage.version(PLAIN + b" "), " ")):
        with pytest.raises(Invalid):
            migration.migrate(session, case.id, target, {}, giang, reason)
    instances.suspend(session, case.id, giang, "chờ")
    with pytest.raises(InstanceNotActive):
        migration.migrate(session, case.id, deployments.latest(session, "p"), {}, giang, "thử")


def test_moving_and_completing_at_the_same_moment_both_count(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        stage = Stage(session)
        case = stage.start(stage.version(PLAIN))
        second = stage.version(PLAIN.replace(b'name="b"', b'name="B"'))
        task_id, case_id, second_id = stage.open(case)["a"].id, case.id, second.id
    told = at_once(
        sessions,
        [
            lambda s: user_tasks.complete(s, task_id, who(s, "an"), {}),
            lambda s: migration.migrate(s, case_id, s.get_one(ProcessDefinition, second_id), {}, who(s, "giang"), "thử"),
        ],
    )
    assert told == {"done": 2}
    with sessions() as session:
        task_ = session.scalars(select(UserTask).where(UserTask.state == "open")).one()
        assert (task_.element_id, task_.name, task_.instance.definition_id) == ("b", "B", second_id)
