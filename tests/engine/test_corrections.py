"""The data of a case is mended by hand, held to what the forms of its version say, with before and after."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session

from engine import corrections, executions
from engine.errors import EngineError, Forbidden, FormInvalid, Invalid, NotFound, Stale
from tests.engine.cast import flow
from tests.engine.stage import Stage, drawn, task

FORM = (
    '{"type":"default","id":"don","components":['
    '{"type":"number","key":"so_ngay","label":"Số ngày","validate":{"max":30}},'
    '{"type":"select","key":"loai","label":"Loại","values":[{"value":"a","label":"A"},{"value":"b","label":"B"}],'
    '"conditional":{"hide":"=true"},"disabled":true},'
    '{"type":"datetime","subtype":"date","key":"ngay","dateLabel":"Ngày"},'
    '{"type":"filepicker","key":"tep","label":"Tệp"}]}'
).encode()
BODY = '<startEvent id="dau"/>' + task("a", more='camunda:formRef="don"') + task("b") + flow("dau", "a", "b")


@pytest.fixture
def stage(session: Session) -> Stage:
    return Stage(session)


def test_values_are_held_to_the_forms_and_recorded_before_and_after(stage: Stage, session: Session) -> None:
    case, giang = stage.start(stage.version(drawn(BODY), don=FORM), so_ngay=3, ghi_chu="cũ"), stage.cast["giang"]
    event = corrections.correct(session, case.id, giang, {"so_ngay": 5, "loai": "b", "ghi_chu": "mới"}, "nhập nhầm")
    variables = executions.load(session, case).variables
    assert {name: variables[name] for name in ("so_ngay", "loai", "ghi_chu")} == {"so_ngay": 5, "loai": "b", "ghi_chu": "mới"}
    assert (event.kind, event.actor_id) == ("variables.set", giang.id)
    assert event.detail == {
        "reason": "nhập nhầm",
        "before": {"so_ngay": 3, "loai": None, "ghi_chu": "cũ"},
        "after": {"so_ngay": 5, "loai": "b", "ghi_chu": "mới"},
    }


@pytest.mark.parametrize(
    ("values", "error"),
    [
        ({"so_ngay": "nhiều"}, FormInvalid),
        ({"so_ngay": 31}, FormInvalid),
        ({"loai": "c"}, FormInvalid),
        ({"ngay": "30/2/2026"}, FormInvalid),
        ({"bat": "có"}, FormInvalid),
        ({"khong_co": 1}, Invalid),
        ({"tep": [1]}, Invalid),
        ({"danh_sach": [1]}, Invalid),
        ({}, Invalid),
    ],
)
def test_other_kinds_are_refused_and_nothing_is_written(
    stage: Stage, session: Session, values: dict[str, Any], error: type[EngineError]
) -> None:
    case = stage.start(stage.version(drawn(BODY), don=FORM), so_ngay=3, bat=True, danh_sach=[1])
    version, before = case.version, executions.load(session, case).variables
    with pytest.raises(error):
        corrections.correct(session, case.id, stage.cast["giang"], values, "thử")
    assert (case.version, executions.load(session, case).variables) == (version, before)


def test_only_supervisors_with_a_reason_and_as_they_saw_it(stage: Stage, session: Session) -> None:
    case = stage.start(stage.version(drawn(BODY), don=FORM), so_ngay=3)
    cases: list[tuple[str, str, int | None, type[EngineError]]] = [
        ("an", "x", None, Forbidden),
        ("chi", "x", None, NotFound),
        ("giang", " ", None, Invalid),
        ("giang", "x", case.version - 1, Stale),
    ]
    for name, reason, seen, error in cases:
        with pytest.raises(error):
            corrections.correct(session, case.id, stage.cast[name], {"so_ngay": 4}, reason, seen=seen)


def test_a_condition_that_waits_looks_at_what_was_mended(stage: Stage, session: Session) -> None:
    condition = "<conditionalEventDefinition><condition>${so_ngay > 5}</condition></conditionalEventDefinition>"
    wait = f'<intermediateCatchEvent id="doi">{condition}</intermediateCatchEvent>'
    case = stage.start(stage.version(drawn('<startEvent id="dau"/>' + wait + task("a") + flow("dau", "doi", "a"))), so_ngay=3)
    corrections.correct(session, case.id, stage.cast["giang"], {"so_ngay": 6}, "sửa")
    assert list(stage.open(case)) == ["a"]
