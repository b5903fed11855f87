"""Downloading a file of a case."""

from __future__ import annotations

import io
from collections.abc import Callable

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Document, HistoryEvent
from tests.web.conftest import Browser

Enter = Callable[[str], Browser]
PDF = b"%PDF-1.7\nnoi dung"


@pytest.fixture
def document(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Callable[[int, str], int]) -> int:
    binh, task = log_in("binh"), task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    binh.post(f"/viec/{task}/sua", {"_attach": "giay_to", "giay_to": (io.BytesIO(PDF), "Giấy khám bệnh.pdf")})
    with store() as session:
        return session.scalars(select(Document.id)).one()


def test_it_is_saved_never_shown_and_the_reading_is_recorded(store: sessionmaker[Session], log_in: Enter, document: int) -> None:
    said = log_in("an").get(f"/van-ban/{document}")
    assert said.data == PDF
    assert said.headers["Content-Disposition"].startswith("attachment")
    assert "Gi%E1%BA%A5y%20kh%C3%A1m%20b%E1%BB%87nh.pdf" in said.headers["Content-Disposition"]
    assert said.headers["Content-Security-Policy"].startswith("sandbox")
    assert said.headers["X-Content-Type-Options"] == "nosniff"
    with store() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "document.read")).one()
        assert event.actor is not None
        assert event.actor.username == "an"


def test_it_is_not_there_for_who_may_not_see_the_case(log_in: Enter, document: int) -> None:
    for who in ("em", "duc"):
        assert log_in(who).get(f"/van-ban/{document}").status_code == 404
    assert log_in("em").get("/van-ban/9999").status_code == 404
