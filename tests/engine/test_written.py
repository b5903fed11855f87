"""What something automatic wrote into a case stands in its history, with the step that wrote it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.models import HistoryEvent, ProcessInstance
from engine.wait_states import LEFT_OUT, LONGEST
from tests.engine.cast import flow, form
from tests.engine.stage import Stage, drawn, task


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def script(text: str) -> bytes:
    body = f'<scriptTask id="tinh" scriptFormat="starlark"><script>{text}</script></scriptTask>'
    return drawn('<startEvent id="dau"/>' + task("a") + body + task("b") + flow("dau", "a", "tinh", "b"))


def wrote(session: Session, case: ProcessInstance) -> dict[str, Any]:
    """Kind and element of every entry that tells of it -> what was written."""
    session.flush()
    query = select(HistoryEvent).where(HistoryEvent.instance_id == case.id).order_by(HistoryEvent.id)
    return {f"{one.kind} {one.element_id}": one.detail["wrote"] for one in session.scalars(query) if "wrote" in one.detail}


def test_a_scripts_writing_is_told_with_its_step_but_not_what_stayed_the_same(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(script("muc = 2\ncu = 1")), cu=1)
    stage.do(case, "a")
    assert wrote(session, case) == {"element.completed tinh": {"muc": 2}}


def test_what_was_handed_in_is_not_told_twice(stage: Stage, session: Session) -> None:
    diagram = script("muc = 2").replace(b'name="a"', b'name="a" camunda:formRef="bieu_mau"')
    case = stage.start(stage.version(diagram, bieu_mau=form("bieu_mau", "ghi_chu")))
    stage.do(case, "a", ghi_chu="xong")
    assert wrote(session, case) == {"element.completed tinh": {"muc": 2}}


def test_what_would_make_the_history_large_is_told_by_its_size(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(script(f"dai = 'x' * {LONGEST}")))
    stage.do(case, "a")
    assert wrote(session, case) == {"element.completed tinh": {"dai": {LEFT_OUT: LONGEST + 2}}}
