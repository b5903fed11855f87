"""What the engine's tests share: a clock for all sessions."""

from __future__ import annotations

import pytest
from sqlalchemy.orm import Session, sessionmaker

from tests.engine.clocks import Clock


@pytest.fixture
def clock(sessions: sessionmaker[Session]) -> Clock:
    """The time of every session of this test."""
    clock = Clock()
    sessions.configure(info={"clock": clock})
    return clock
