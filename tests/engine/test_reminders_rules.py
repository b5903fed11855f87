"""What may be written about reminders, and when they are off."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy.orm import Session, sessionmaker

from engine.errors import ExpressionError
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
