"""A process is suspended and activated from its page by those who may release versions."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from engine.models import DefinitionEvent, Incident, Membership, ProcessDefinition, User
from tests.web.conftest import Browser
from tests.web.test_monitor import break_down

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]


@pytest.fixture
def key(store: Store, case: int) -> str:
    """Giang supervises and may release now."""
    with store.begin() as session:
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        session.add(Membership(user_id=giang.id, organisation_id=giang.memberships[0].organisation_id, role="ban_hanh"))
        return session.scalars(select(ProcessDefinition.key).limit(1)).one()


def test_it_is_suspended_and_activated_with_a_reason(log_in: Enter, store: Store, key: str, case: int) -> None:
    giang = log_in("giang")
    page = f"/giam-sat/quy-trinh/{key}"
    assert "Tạm dừng quy trình" in giang.get(page).text
    answer = giang.post(f"{page}/ban/1/tam-dung", {"reason": "chờ nghị định mới", "which": "all"})
    assert answer.status_code == 302
    said = giang.get(page).text
    assert "đang tạm dừng" in said and "chờ nghị định mới" in said and "Cho quy trình chạy tiếp" in said
    assert "Quy trình của hồ sơ này đang tạm dừng" in giang.get(f"/ho-so/{case}").text
    # Pressed twice: it is so already, and that is said.
    giang.post(f"{page}/ban/1/tam-dung", {"reason": "lần nữa", "which": "one"})
    assert giang.post(f"{page}/ban/1/chay-tiep", {"reason": "đã có", "which": "one"}).status_code == 302
    assert "Tạm dừng quy trình" in giang.get(page).text
    with store() as session:
        events = session.execute(select(DefinitionEvent.kind, DefinitionEvent.reason).order_by(DefinitionEvent.id)).all()
        assert [tuple(event) for event in events] == [("suspended", "chờ nghị định mới"), ("activated", "đã có")]


def test_it_wants_a_reason(log_in: Enter, store: Store, key: str) -> None:
    giang = log_in("giang")
    giang.post(f"/giam-sat/quy-trinh/{key}/ban/1/tam-dung", {"reason": " "})
    assert "Cần nêu lý do." in giang.get(f"/giam-sat/quy-trinh/{key}").text
    with store() as session:
        assert not session.scalar(select(ProcessDefinition.suspended).limit(1))


def test_who_may_not_release_neither_sees_nor_does_it(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    with store() as session:
        key = session.scalars(select(ProcessDefinition.key).limit(1)).one()
    assert "Tạm dừng quy trình" not in giang.get(f"/giam-sat/quy-trinh/{key}").text
    assert giang.post(f"/giam-sat/quy-trinh/{key}/ban/1/tam-dung", {"reason": "x"}).status_code == 404
    assert log_in("em").post(f"/giam-sat/quy-trinh/{key}/ban/1/tam-dung", {"reason": "x"}).status_code == 404
    with store() as session:
        assert not session.scalar(select(ProcessDefinition.suspended).limit(1))


def test_incidents_are_told_in_the_language_of_the_page(log_in: Enter, store: Store, case: int) -> None:
    break_down(store, case)
    with store.begin() as session:
        session.execute(update(Incident).values(message="No handler is installed for topic gui_thu."))
    giang = log_in("giang")
    for page in (f"/ho-so/{case}", f"/giam-sat/ho-so/{case}", "/giam-sat/su-co"):
        assert "Chưa cài đặt bộ xử lý cho chủ đề gui_thu." in giang.get(page).text, page
