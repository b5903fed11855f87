"""A supervisor holds a case, so that it is not deleted, and lifts the hold: with a reason, recorded."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import HistoryEvent, LegalHold
from tests.web.conftest import Browser

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]


def test_a_supervisor_holds_a_case_and_lets_it_go(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    assert "Không có hồ sơ nào đang giữ" in giang.get("/giam-sat/dang-giu").text
    said = giang.post(f"/giam-sat/ho-so/{case}/giu", {"reason": "đang có <đơn thư>"}, follow_redirects=True).text
    assert "đang được giữ, không bị xóa" in said and "đang có &lt;đơn thư&gt;" in said
    assert "đang có &lt;đơn thư&gt;" in giang.get("/giam-sat/dang-giu").text
    # Pressed twice: it is so already, and that is said.
    giang.post(f"/giam-sat/ho-so/{case}/giu", {"reason": "lần nữa"})
    with store() as session:
        assert session.scalars(select(LegalHold.reason)).all() == ["đang có <đơn thư>"]
    for _ in range(2):
        assert "Giữ lại, không xóa" in giang.post(f"/giam-sat/ho-so/{case}/thoi-giu", {"reason": "xong"}, follow_redirects=True).text
    with store() as session:
        assert session.scalars(select(LegalHold)).all() == []
        kinds = select(HistoryEvent.kind).where(HistoryEvent.kind.in_(("instance.held", "instance.released"))).order_by(HistoryEvent.id)
        assert session.scalars(kinds).all() == ["instance.held", "instance.released"]


def test_a_hold_wants_a_reason(log_in: Enter, store: Store, case: int) -> None:
    said = log_in("giang").post(f"/giam-sat/ho-so/{case}/giu", {"reason": " "}, follow_redirects=True).text
    assert "Cần nêu lý do." in said
    with store() as session:
        assert session.scalars(select(LegalHold)).all() == []


def test_for_others_there_is_no_such_page(log_in: Enter, store: Store, case: int) -> None:
    for username in ("an", "em"):
        somebody = log_in(username)
        assert somebody.get("/giam-sat/dang-giu").status_code == 404
        for act in ("giu", "thoi-giu"):
            assert somebody.post(f"/giam-sat/ho-so/{case}/{act}", {"reason": "tò mò"}).status_code == 404
    with store() as session:
        assert session.scalars(select(LegalHold)).all() == []
