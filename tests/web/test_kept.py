"""Figures that took long to count are kept for a while, each for those who may count the same cases."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import User
from web import kept as kept_
from web.database import db
from web.kept import kept

Counted = Callable[[str], int]


@pytest.fixture
def counted(app: Flask, store: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch) -> Counted:
    """Counts as this person; gives how often that was really done by now."""
    monkeypatch.setattr(kept_, "SLOW", 0.0)
    app.config["FIGURES_KEPT"] = 600
    times: list[float] = []

    def count(username: str) -> int:
        with app.test_request_context():
            user = db.session.scalars(select(User).where(User.username == username)).one()
            monkeypatch.setattr(kept_, "me", lambda: user)
            kept(60.0, "test", id(times), count=lambda: times.append(time.monotonic()))
        return len(times)

    return count


def test_what_took_long_is_counted_once(counted: Counted) -> None:
    assert [counted("giang"), counted("giang")] == [1, 1]


def test_it_is_kept_for_nobody_with_other_roles(counted: Counted) -> None:
    assert [counted("giang"), counted("an"), counted("giang")] == [1, 2, 2]


def test_what_was_quick_is_counted_every_time(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_, "SLOW", 3_600.0)
    assert [counted("giang"), counted("giang")] == [1, 2]


def test_it_can_be_switched_off(counted: Counted, app: Flask) -> None:
    app.config["FIGURES_KEPT"] = 0
    assert [counted("giang"), counted("giang")] == [1, 2]
