"""A case is shown as it was at any moment: told from its history, and at the end the same as what is drawn of it now."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db, deployments, executions, footprints, incidents, instances, jobs, modifications, replays, wait_states
from engine.models import HistoryEvent, Incident, Job, ProcessInstance
from engine.modifications import Change
from engine.replays import Picture
from tests.engine.cast import flow
from tests.engine.stage import MANY, PLAIN, Stage, drawn, fork, inside, task, timer
from tests.engine.test_modifications import place

SCRIPT = '<scriptTask id="tinh" scriptFormat="starlark"><script>y = x + 1</script></scriptTask>'
DUE = "<timerEventDefinition><timeDuration>P3D</timeDuration></timerEventDefinition>"


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def later(stage: Stage, days: int = 1) -> None:
    stage.now += timedelta(days=days)


def pictures(stage: Stage, case: ProcessInstance) -> list[Picture]:
    """Of every moment; the last is what is drawn of the case as it stands."""
    stage.session.flush()
    stage.session.expire_all()
    found = [moment.picture for moment in replays.of(stage.session, case).moments]
    now = footprints.of(stage.session, case)
    assert (found[-1].active, found[-1].passed, set(found[-1].failed)) == (dict(now.tokens), dict(now.passed), now.failed)
    assert found[-1].flows >= now.flows
    return found


def stood(stage: Stage, case: ProcessInstance) -> list[dict[str, int]]:
    return [dict(picture.active) for picture in pictures(stage, case)]


def test_every_moment_has_its_token_and_its_done_path(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    for step in ("a", "b", "c"):
        later(stage)
        stage.do(case, step)
    found = pictures(stage, case)
    assert [dict(picture.active) for picture in found] == [{"a": 1}, {"b": 1}, {"c": 1}, {}]
    assert [sorted(picture.passed) for picture in found] == [["dau"], ["a", "dau"], ["a", "b", "dau"], ["a", "b", "c", "dau", "het"]]
    assert [sorted(picture.flows) for picture in found[:2]] == [["dau_a"], ["a_b", "dau_a"]]
    assert [picture.state for picture in found] == ["active"] * 3 + ["completed"]


def test_what_happened_is_told_with_the_moment(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    later(stage)
    stage.do(case, "a")
    session.flush()
    moment = replays.of(session, case).moments[-1]
    assert moment.at == stage.now
    told = [(entry.kind, entry.element_id, entry.actor) for entry in moment.entries if entry.kind.startswith("task")]
    assert told == [("task.completed", "a", "Bùi Thị An")]


def test_branches_stand_side_by_side_until_each_is_done(stage: Stage) -> None:
    case = stage.start(stage.version(fork()))
    for step in ("b", "a"):
        later(stage)
        stage.do(case, step)
    assert stood(stage, case) == [{"a": 1, "b": 1}, {"a": 1}, {"c": 1}]


def test_instances_are_counted_and_the_sub_process_around_a_token_is_open_too(stage: Stage) -> None:
    case = stage.start(stage.version(inside(MANY)), ds=["x", "y", "z"])
    later(stage)
    stage.do(case, "a")
    assert stood(stage, case) == [{"quanh": 1, "a": 3}, {"quanh": 1, "a": 2, "b": 1}]


def test_what_only_listens_beside_a_step_is_no_token(stage: Stage) -> None:
    body = '<startEvent id="dau"/>' + task("a") + timer("tre", "a", "P1D") + task("b") + '<endEvent id="het"/>'
    case = stage.start(stage.version(drawn(body + flow("dau", "a", "het") + flow("tre", "b", "het"))))
    later(stage)
    stage.do(case, "a")
    assert stood(stage, case) == [{"a": 1}, {}]


def test_of_events_that_are_waited_for_all_are_shown_until_one_happens(stage: Stage) -> None:
    waits = "".join(f'<intermediateCatchEvent id="{one}">{DUE}</intermediateCatchEvent>' for one in ("som", "muon"))
    body = '<startEvent id="dau"/>' + task("a") + f'<eventBasedGateway id="cho"/>{waits}' + task("b") + task("c")
    case = stage.start(stage.version(drawn(body + flow("dau", "a", "cho", "som", "b") + flow("cho", "muon", "c"))))
    later(stage)
    stage.do(case, "a")
    assert stood(stage, case) == [{"a": 1}, {"som": 1, "muon": 1}]
    later(stage)
    modifications.modify(stage.session, case.id, stage.cast["giang"], Change(ends=(_gateway(stage, case),), starts=("b",)), "x")
    assert stood(stage, case) == [{"a": 1}, {"som": 1, "muon": 1}, {"b": 1}]


def _gateway(stage: Stage, case: ProcessInstance) -> str:
    return place(stage, case, "cho")


def test_a_failure_stands_from_when_it_was_raised_until_it_was_mended(stage: Stage, session: Session) -> None:
    body = '<startEvent id="dau"/>' + task("a") + SCRIPT + task("b") + flow("dau", "a", "tinh", "b")
    case = stage.start(stage.version(drawn(body)))
    later(stage)
    stage.do(case, "a")
    later(stage)
    instances.set_variables(session, case.id, stage.cast["giang"], {"x": 1}, "bổ sung")
    later(stage)
    incidents.resolve(session, session.scalars(select(Incident)).one().id, stage.cast["giang"])
    found = pictures(stage, case)
    assert [set(picture.failed) for picture in found] == [set(), {"tinh"}, {"tinh"}, set()]
    assert [dict(picture.active) for picture in found] == [{"a": 1}, {"tinh": 1}, {"tinh": 1}, {"b": 1}]


def test_a_case_that_was_moved_back_shows_where_it_was_before(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    later(stage)
    stage.do(case, "a")
    later(stage)
    modifications.modify(session, case.id, stage.cast["giang"], Change((place(stage, case, "b"),), ("a",)), "làm lại")
    assert stood(stage, case) == [{"a": 1}, {"b": 1}, {"a": 1}]


def test_a_cancelled_case_stands_nowhere_and_one_that_was_restarted_stands_again(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    later(stage)
    instances.cancel(session, case.id, stage.cast["giang"], "thôi")
    later(stage)
    modifications.restart(session, case.id, stage.cast["giang"], ["c"], "nhầm")
    found = pictures(stage, case)
    assert [(picture.state, dict(picture.active)) for picture in found] == [("active", {"a": 1}), ("cancelled", {}), ("active", {"c": 1})]


def test_a_suspended_case_says_so(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    for act in (instances.suspend, instances.activate):
        later(stage)
        act(session, case.id, stage.cast["giang"], "chờ")
    assert [picture.state for picture in pictures(stage, case)] == ["active", "suspended", "active"]


def test_before_it_was_moved_a_case_stands_on_the_diagram_of_that_time(stage: Stage) -> None:
    case = stage.start(stage.version(PLAIN))
    later(stage)
    stage.do(case, "a")
    later(stage)
    renamed = PLAIN.replace(b'"b"', b'"b2"').replace(b'"a_b"', b'"a_b2"').replace(b'"b_c"', b'"b2_c"')
    case = stage.move(case, stage.version(renamed), a="a", b="b2", c="c")
    later(stage)
    stage.do(case, "b2")
    found = pictures(stage, case)
    assert [(picture.version, dict(picture.active)) for picture in found] == [(1, {"a": 1}), (1, {"b": 1}), (2, {"b2": 1}), (2, {"c": 1})]


def test_clocks_that_differ_neither_lose_nor_move_a_token(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    stage.now -= timedelta(minutes=3)
    stage.do(case, "a")
    later(stage)
    stage.do(case, "b")
    assert stood(stage, case) == [{"a": 1}, {"b": 1}, {"c": 1}]


def test_a_thousand_entries_cost_no_more_statements_than_three(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(PLAIN))
    for number in range(1_000):
        at = stage.now + timedelta(hours=number)
        session.add(HistoryEvent(instance_id=case.id, at=at, kind="document.read", detail={"name": f"văn bản {number}"}))
    session.flush()
    found = replays.of(session, case).moments
    assert len(found) == 1_000
    assert db.now(session) == found[0].at


def test_what_failed_is_over_when_its_step_is_taken_away(stage: Stage, session: Session) -> None:
    service = '<serviceTask id="gui" camunda:type="external" camunda:topic="thu_dien_tu"/>'
    body = '<startEvent id="dau"/>' + service + timer("tre", "gui", "P1D", interrupting=True) + task("b")
    case = stage.start(stage.version(drawn(body + flow("dau", "gui") + flow("tre", "b"))))
    job = session.scalars(select(Job).where(Job.kind == jobs.SERVICE)).one()
    later(stage)
    job.owner, job.retries = "máy", 1
    session.flush()
    jobs.fail(session, job.id, "máy", "không trả lời", None, deployments.diagram(session, case.definition).elements["gui"])
    later(stage)
    due = session.scalars(select(Job).where(Job.kind == jobs.TIMER)).one()
    execution = executions.load(session, executions.lock(session, case.id))
    execution.fire_timer(str(due.wait_id))
    wait_states.mirror(session, case, execution)
    assert [set(picture.failed) for picture in pictures(stage, case)] == [set(), {"gui"}, set()]
