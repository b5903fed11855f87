"""What may be written about reminders, and when they are off."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import ExpressionError
from engine.models.work import REMINDED, UNPLANNED
from engine.reminders import rules
from engine.worker import duties


@pytest.mark.parametrize("written", ["P1M", "P2W", "P-1D", "-P1D", "mai", "P400D", "P1D,P2D,P3D,P4D"])
def test_it_refuses_what_is_no_working_time(written: str) -> None:
    with pytest.raises(ExpressionError):
        rules.read("P1D", written)


def test_it_is_off_unless_mail_is_set_up(sessions: sessionmaker[Session]) -> None:
    def names(**settings: Any) -> list[str]:
        return [duty.name for duty in duties(sessions, settings)]

    assert "reminders" not in names(REMINDERS=True)
    assert "reminders" in names(MAIL_HOST="thu.example", REMINDERS=True)
    assert "reminders" not in names(MAIL_HOST="thu.example", REMINDERS=False)


def test_it_finds_what_is_due_by_its_indexes(sessions: sessionmaker[Session]) -> None:
    with sessions() as session:
        sqlite = session.get_bind().dialect.name == "sqlite"
        if not sqlite:
            # It decides by the number of rows, of which there are none here.
            session.execute(text("SET LOCAL enable_seqscan = off"))
        asked = (
            ("ix_user_task_unplanned", f"{UNPLANNED} ORDER BY due_at"),
            ("ix_user_task_state_remind_at", f"{REMINDED} AND remind_at <= '2026-01-01' ORDER BY remind_at"),
        )
        for index, condition in asked:
            explain = "EXPLAIN QUERY PLAN" if sqlite else "EXPLAIN"
            plan = str(session.execute(text(f"{explain} SELECT * FROM user_task WHERE {condition}")).all())
            assert index in plan and "TEMP B-TREE" not in plan and "Sort" not in plan
