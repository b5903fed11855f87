"""Tokens are moved by hand: what it would do is seen first, what it did is recorded, and it can be taken back."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import executions, instances, jobs, modifications, user_tasks
from engine.errors import EngineError, Forbidden, Invalid, NotFound, NotModifiable, Stale
from engine.models import HistoryEvent, Incident, Job, ProcessInstance, UserTask
from engine.modifications import Change, Wish
from engine.sentences import say
from tests.engine.cast import flow, only_task
from tests.engine.stage import MANY, PLAIN, Stage, drawn, fork, inside, task, timer


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def stands(stage: Stage, case: ProcessInstance) -> list[str]:
    return sorted(stage.open(case))


def place(stage: Stage, case: ProcessInstance, element: str) -> str:
    found = [one.id for one in executions.load(stage.session, case).places if one.element_id == element]
    assert len(found) == 1
    return found[0]


def move(stage: Stage, case: ProcessInstance, ends: list[str], starts: list[str], skips: tuple[str, ...] = ()) -> HistoryEvent:
    change = Change(tuple(place(stage, case, one) for one in ends), tuple(starts), tuple(place(stage, case, one) for one in skips))
    return modifications.modify(stage.session, case.id, stage.cast["giang"], change, "làm lại")


def refused(stage: Stage, case: ProcessInstance, ends: list[str], starts: list[str], skips: tuple[str, ...] = ()) -> str:
    with pytest.raises(NotModifiable) as told:
        move(stage, case, ends, starts, skips)
    return say(told.value, "vi")


def test_a_case_goes_back_two_steps_and_the_history_says_so(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.do(case, "a")
    stage.do(case, "b")
    event = move(stage, case, ["c"], ["a"])
    assert stands(stage, case) == ["a"]
    assert session.scalars(select(UserTask.state).where(UserTask.element_id == "c")).all() == ["cancelled"]
    assert (event.kind, event.actor_id, event.detail["reason"]) == ("instance.modified", stage.cast["giang"].id, "làm lại")
    assert [[element for _place, element in event.detail[name]] for name in ("before", "after")] == [["c"], ["a"]]
    for step in ("a", "b", "c"):
        stage.do(case, step)
    assert case.state == "completed"


def test_looking_first_changes_nothing_and_says_what_would_come(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    version = case.version
    seen = modifications.plan(session, case, Change((place(stage, case, "a"),), ("c",)))
    assert [[one.element_id for one in places] for places in (seen.before, seen.after)] == [["a"], ["c"]]
    assert [[wait.element_id for wait in waits] for waits in (seen.effects.closed, seen.effects.opened)] == [["a"], ["c"]]
    ended = modifications.plan(session, case, Change((place(stage, case, "a"),), ("het",)))
    assert (ended.state, ended.after) == ("completed", [])
    assert (case.version, stands(stage, case)) == (version, ["a"])


def test_a_step_is_skipped_without_what_it_would_have_brought(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    event = move(stage, case, [], [], ("a",))
    assert stands(stage, case) == ["b"]
    assert event.detail["skipped"] == ["a"]
    kinds = session.scalars(select(HistoryEvent.kind).where(HistoryEvent.element_id == "a")).all()
    assert kinds == ["element.skipped"]


def test_a_wait_for_time_is_skipped(stage: Stage, session: Session) -> None:
    due = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"
    wait = f'<intermediateCatchEvent id="doi">{due}</intermediateCatchEvent>'
    case = stage.start(stage.version(drawn('<startEvent id="dau"/>' + wait + task("a") + flow("dau", "doi", "a"))))
    assert list(stage.timers(case)) == ["doi"]
    move(stage, case, [], [], ("doi",))
    assert (stands(stage, case), stage.timers(case)) == (["a"], {})


def test_boundary_timers_go_and_come_with_their_step(stage: Stage) -> None:
    body = '<startEvent id="dau"/>' + task("a") + task("b") + task("d") + timer("nhac", "a", "P2D")
    body += flow("dau", "a", "b") + flow("nhac", "d")
    case = stage.start(stage.version(drawn(body)))
    move(stage, case, ["a"], ["b"])
    assert stage.timers(case) == {}
    move(stage, case, ["b"], ["a"])
    assert list(stage.timers(case)) == ["nhac"]


def test_what_failed_is_skipped_or_left_and_its_incident_is_over(stage: Stage, session: Session) -> None:
    script = '<scriptTask id="s" scriptFormat="starlark"><script>x = khong_co + 1</script></scriptTask>'
    version = stage.version(drawn('<startEvent id="dau"/>' + task("a") + script + task("b") + flow("dau", "a", "s", "b")))
    skipped, moved = stage.start(version), stage.start(version)
    for case in (skipped, moved):
        stage.do(case, "a")
        assert [one.failed for one in executions.load(session, case).places] == [True]
    move(stage, skipped, [], [], ("s",))
    move(stage, moved, ["s"], ["a"])
    session.expire_all()
    assert (stands(stage, skipped), stands(stage, moved)) == (["b"], ["a"])
    assert session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all() == []


def test_a_branch_moves_and_the_others_stay(stage: Stage) -> None:
    case = stage.start(stage.version(fork()))
    stage.do(case, "a")
    assert sorted(one.element_id for one in executions.load(stage.session, case).places) == ["b", "gop"]
    assert "đợi nhiều nhánh" in refused(stage, case, ["b"], ["gop"])
    move(stage, case, ["gop"], ["a"])
    assert stands(stage, case) == ["a", "b"]
    stage.do(case, "a")
    stage.do(case, "b")
    assert stands(stage, case) == ["c"]


def test_both_branches_go_to_one_step_behind_the_join_and_back(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(fork()))
    event = move(stage, case, ["a", "b"], ["c"])
    assert stands(stage, case) == ["c"]
    modifications.undo(session, case.id, stage.cast["giang"], event.id, "nhầm")
    assert stands(stage, case) == ["a", "b"]
    stage.do(case, "a")
    stage.do(case, "b")
    assert stands(stage, case) == ["c"]


def test_a_case_leaves_a_sub_process_and_comes_into_the_middle_of_it(stage: Stage) -> None:
    case = stage.start(stage.version(inside(">")))
    move(stage, case, ["a"], ["c"])
    assert stands(stage, case) == ["c"]
    move(stage, case, ["c"], ["b"])
    assert stands(stage, case) == ["b"]
    assert executions.load(stage.session, case).places[0].within == ("quanh",)
    move(stage, case, ["b"], ["a"])
    stage.do(case, "a")
    stage.do(case, "b")
    assert stands(stage, case) == ["c"]


def test_instances_of_a_sub_process_move_one_by_one_and_are_left_together(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(inside(MANY)), ds=["x", "y"])
    first, second = executions.load(session, case).places
    assert (first.element_id, second.element_id) == ("a", "a")
    giang = stage.cast["giang"]
    modifications.modify(session, case.id, giang, Change((first.id,), ("b",)), "lượt này xong rồi")
    assert sorted(one.element_id for one in executions.load(session, case).places) == ["a", "b"]
    with pytest.raises(NotModifiable):
        modifications.modify(session, case.id, giang, Change((), ("b",)), "lượt nào?")
    modifications.modify(session, case.id, giang, Change((second.id,), ("c",)), "thôi tất cả")
    assert stands(stage, case) == ["c"]


def test_a_step_for_many_moves_and_is_skipped_as_a_whole(stage: Stage, session: Session) -> None:
    body = '<startEvent id="dau"/>' + task("a", inner=MANY[1:]) + task("b") + flow("dau", "a", "b")
    version = stage.version(drawn(body))
    case = stage.start(version, ds=[1, 2, 3])
    (found,) = executions.load(session, case).places
    assert (found.element_id, found.count) == ("a", 3)
    user_tasks.complete(session, stage.open(case)["a"].id, stage.cast["an"], {})
    move(stage, case, [], [], ("a",))
    assert stands(stage, case) == ["b"]
    assert executions.load(session, case).variables["ra"] == [{}]
    move(stage, case, ["b"], ["a"])
    assert session.scalars(select(UserTask.id).where(UserTask.state == "open")).all().__len__() == 3


def test_nothing_starts_where_the_diagram_would_not_carry_it(stage: Stage) -> None:
    case = stage.start(stage.version(inside(MANY)), ds=["x"])
    stage.do(case, "a")
    stage.do(case, "b")
    assert "Hãy chọn cả nhóm" in refused(stage, case, ["c"], ["b"])
    assert "không phải một bước" in refused(stage, case, ["c"], ["dau"])
    assert "Sơ đồ không có bước" in refused(stage, case, ["c"], ["la"])
    assert "Chưa chọn bước" in refused(stage, case, ["c"], [])
    assert stands(stage, case) == ["c"]
    move(stage, case, ["c"], ["quanh"])
    assert stands(stage, case) == ["a"]


def test_it_is_undone_with_holder_draft_and_only_while_the_case_has_not_gone_on(stage: Stage, session: Session) -> None:
    case, an, giang = stage.start(stage.version(PLAIN)), stage.cast["an"], stage.cast["giang"]
    stage.do(case, "a")
    held = user_tasks.claim(session, stage.open(case)["b"].id, an)
    user_tasks.save_draft(session, held.id, an, {"noi_dung": "đang viết"})
    event = move(stage, case, ["b"], ["a"])
    assert modifications.last(session, case.id, giang) == event
    modifications.undo(session, case.id, giang, event.id, "nhầm hồ sơ")
    again = stage.open(case)["b"]
    draft = user_tasks.draft(session, again.id, an)
    assert (again.id != held.id, again.assignee_id, draft and draft.data) == (True, an.id, {"noi_dung": "đang viết"})
    assert modifications.last(session, case.id, giang) is None
    event = move(stage, case, ["b"], ["a"])
    stage.do(case, "a")
    with pytest.raises(NotModifiable, match="gone on since"):
        modifications.undo(session, case.id, giang, event.id, "muộn")


def test_a_case_that_was_moved_to_its_end_comes_back(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    event = move(stage, case, ["a"], ["het"])
    assert case.state == "completed"
    modifications.undo(session, case.id, stage.cast["giang"], event.id, "nhầm")
    assert (case.state, case.ended_at, stands(stage, case)) == ("active", None, ["a"])


def test_a_case_that_has_ended_starts_again_with_number_history_and_data(stage: Stage, session: Session) -> None:
    version, giang = stage.version(PLAIN), stage.cast["giang"]
    done, cancelled = stage.start(version, x=1), stage.start(version, x=2)
    for step in ("a", "b", "c"):
        stage.do(done, step)
    instances.cancel(session, cancelled.id, giang, "nhầm")
    keys = [done.business_key, cancelled.business_key]
    for case in (done, cancelled):
        assert [one.element_id for one in modifications.plan_restart(session, case, ["b"]).after] == ["b"]
        modifications.restart(session, case.id, giang, ["b"], "xem xét lại")
        session.expire_all()
        assert (case.state, case.ended_at, case.end_reason, stands(stage, case)) == ("active", None, "", ["b"])
        stage.do(case, "b")
        stage.do(case, "c")
        assert case.state == "completed"
    assert [done.business_key, cancelled.business_key] == keys
    assert executions.load(session, cancelled).variables["x"] == 2
    with pytest.raises(NotModifiable):
        modifications.restart(session, stage.start(version).id, giang, ["b"], "chưa kết thúc")


def test_a_called_case_is_ended_with_the_step_that_called_it_and_never_started_alone(stage: Stage, session: Session) -> None:
    called = '<process id="con" name="con" isExecutable="true"><startEvent id="d"/>' + task("x") + flow("d", "x") + "</process>"
    body = '<startEvent id="dau"/><callActivity id="goi" calledElement="con"/>' + task("a") + flow("dau", "goi", "a")
    case = stage.start(stage.version(drawn(body, called)))
    move(stage, case, ["goi"], ["a"])
    assert session.scalars(select(Job.id).where(Job.instance_id == case.id, Job.kind == jobs.CALL)).all() == []
    child = instances.create(session, case.definition, parent=case, parent_wait_id="w1")
    child.state = "completed"
    instances.begin(session, child, {})
    child.state = "completed"
    found = modifications.plan_restart(session, child, ["a"]).obstacles
    assert "do một hồ sơ khác gọi" in found[0].vi


def test_only_supervisors_may_and_only_with_a_reason_and_as_they_saw_it(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    change = Change((place(stage, case, "a"),), ("b",))
    refusals: list[tuple[str, str, int | None, type[EngineError]]] = [
        ("an", "x", None, Forbidden),
        ("chi", "x", None, NotFound),
        ("giang", "  ", None, Invalid),
        ("giang", "x", case.version - 1, Stale),
    ]
    for name, reason, seen, error in refusals:
        with pytest.raises(error):
            modifications.modify(session, case.id, stage.cast[name], change, reason, seen=seen)
    instances.suspend(session, case.id, stage.cast["giang"], "chờ")
    with pytest.raises(EngineError):
        modifications.modify(session, case.id, stage.cast["giang"], change, "x")
    assert stands(stage, case) == ["a"]


def test_many_cases_are_asked_by_element(stage: Stage, session: Session) -> None:
    version, giang = stage.version(PLAIN), stage.cast["giang"]
    here, elsewhere = stage.start(version), stage.start(version)
    stage.do(elsewhere, "a")
    wish = Wish(ends=["a"], starts=["c"])
    modifications.wished(session, here.id, giang, wish, "gộp bước")
    assert only_task(session, here).element_id == "c"
    with pytest.raises(NotModifiable) as told:
        modifications.wished(session, elsewhere.id, giang, wish, "gộp bước")
    assert "không đứng ở bước “a”" in say(told.value, "vi")


def test_a_changed_case_is_stored_and_loaded_as_it_is(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(inside(">")))
    move(stage, case, ["a"], ["b"])
    execution = executions.load(session, case)
    assert {wait.id for wait in execution.waits.values()} == {stage.open(case)["b"].wait_id}
    state = execution.dump()
    session.expire_all()
    assert executions.load(session, case).dump() == state


def test_a_case_that_was_moved_by_hand_still_goes_over_to_another_version(stage: Stage) -> None:
    first = stage.version(inside(">"))
    case = stage.start(first)
    move(stage, case, ["a"], ["b"])
    second = stage.version(inside(">", a="a", b="b2"))
    stage.move(case, second, b="b2")
    assert stands(stage, case) == ["b2"]
    move(stage, case, ["b2"], ["a"])
    stage.do(case, "a")
    stage.do(case, "b2")
    assert stands(stage, case) == ["c"]


def test_an_incident_is_gone_and_comes_back_with_the_step_that_fails(stage: Stage, session: Session) -> None:
    script = '<scriptTask id="s" scriptFormat="starlark"><script>x = khong_co + 1</script></scriptTask>'
    case = stage.start(stage.version(drawn('<startEvent id="dau"/>' + task("a") + script + task("b") + flow("dau", "a", "s", "b"))))
    seen = modifications.plan(session, case, Change((place(stage, case, "a"),), ("s",)))
    assert [(one.element_id, one.failed) for one in seen.after] == [("s", True)]
    assert [one.element_id for one in seen.effects.failures] == ["s"]
    event = move(stage, case, ["a"], ["s"])
    assert len(session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all()) == 1
    modifications.undo(session, case.id, stage.cast["giang"], event.id, "nhầm")
    session.expire_all()
    assert (stands(stage, case), session.scalars(select(Incident.id).where(Incident.resolved_at.is_(None))).all()) == (["a"], [])
