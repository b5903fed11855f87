"""Several acts are gathered and applied together or not at all."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import candidates, executions, instances, pending_changes
from engine.errors import Halted, Invalid
from engine.models import HistoryEvent, PendingChange
from engine.sentences import say
from tests.engine.stage import PLAIN, Stage


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_acts_on_several_cases_are_applied_together(stage: Stage, session: Session) -> None:
    version, giang, chi = stage.version(PLAIN), stage.cast["giang"], stage.cast["chi"]
    one, two = stage.start(version, x=1), stage.start(version)
    task = stage.open(one)["a"]
    pending_changes.add(session, giang, "set_variables", {"variables": {"x": 2}}, [one.id])
    pending_changes.add(session, giang, "assign", {"assignee": chi.id}, [task.id])
    pending_changes.add(session, giang, "modify", {"ends": ["a"], "starts": ["c"]}, [two.id])
    assert [change.kind for change in session.scalars(pending_changes.mine(giang))] == ["set_variables", "assign", "modify"]
    assert session.scalars(pending_changes.mine(chi)).all() == []
    assert (executions.load(session, one).variables["x"], task.assignee_id, list(stage.open(two))) == (1, None, ["a"])
    assert pending_changes.apply(session, giang, "sắp xếp lại") == 3
    assert (executions.load(session, one).variables["x"], task.assignee_id, list(stage.open(two))) == (2, chi.id, ["c"])
    assert session.scalars(select(PendingChange.id)).all() == []
    kinds = ("variables.set", "task.assigned", "instance.modified")
    reasons = [session.scalars(select(HistoryEvent).where(HistoryEvent.kind == kind)).one().detail["reason"] for kind in kinds]
    assert reasons == ["sắp xếp lại"] * 3


def test_none_is_applied_when_a_case_has_gone_on_since(stage: Stage, session: Session, sessions: sessionmaker[Session]) -> None:
    version, giang = stage.version(PLAIN), stage.cast["giang"]
    one, two = stage.start(version), stage.start(version)
    for case in (one, two):
        pending_changes.add(session, giang, "modify", {"ends": ["a"], "starts": ["c"]}, [case.id])
    stage.do(two, "a")
    session.commit()
    with pytest.raises(Halted) as told:
        pending_changes.apply(session, giang, "gộp")
    session.rollback()
    assert "Thay đổi thứ 2" in say(told.value, "vi")
    assert "đã đi tiếp" in say(told.value, "vi") or "đã thay đổi" in say(told.value, "vi")
    assert (list(stage.open(one)), list(stage.open(two))) == (["a"], ["b"])
    assert len(session.scalars(pending_changes.mine(giang)).all()) == 2


def test_none_is_applied_when_the_last_cannot_be(stage: Stage, session: Session) -> None:
    version, giang = stage.version(PLAIN), stage.cast["giang"]
    case = stage.start(version, x=1)
    pending_changes.add(session, giang, "modify", {"ends": ["a"], "starts": ["c"]}, [case.id])
    pending_changes.add(session, giang, "modify", {"ends": ["a"], "starts": ["b"]}, [case.id])
    session.commit()
    with pytest.raises(Halted):
        pending_changes.apply(session, giang, "hai lần")
    session.rollback()
    assert list(stage.open(case)) == ["a"]


def test_what_cannot_be_done_is_not_gathered_and_the_list_is_short(stage: Stage, session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    version, giang = stage.version(PLAIN), stage.cast["giang"]
    case = stage.start(version)
    with pytest.raises(Invalid):
        pending_changes.add(session, giang, "modify", {"ends": ["c"], "starts": ["b"]}, [case.id])
    monkeypatch.setattr(pending_changes, "MOST", 1)
    pending_changes.add(session, giang, "suspend", {}, [case.id])
    with pytest.raises(Invalid):
        pending_changes.add(session, giang, "suspend", {}, [case.id])
    for reason, left in (("  ", 1), ("x", 0)):
        if left:
            with pytest.raises(Invalid):
                pending_changes.apply(session, giang, reason)
        else:
            pending_changes.remove(session, giang, [one.id for one in session.scalars(pending_changes.mine(giang))])
            with pytest.raises(Invalid):
                pending_changes.apply(session, giang, reason)


def test_rights_are_those_of_the_moment(stage: Stage, session: Session) -> None:
    giang = stage.cast["giang"]
    case = stage.start(stage.version(PLAIN))
    pending_changes.add(session, giang, "cancel", {}, [case.id])
    candidates.entrust(session, case, ())
    session.flush()
    with pytest.raises(Invalid):
        pending_changes.apply(session, giang, "x")
    assert case.state == "active"
    assert instances.get(session, case.id, stage.cast["an"]) == case
