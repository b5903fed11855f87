"""That somebody was reminded is seen where the task is seen; a reminder by hand sends a letter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import HistoryEvent, Job, User, UserTask
from engine.reminders import by_hand
from tests.web.conftest import Browser
from web.words import event_words

Enter = Callable[[str], Browser]
Store = sessionmaker[Session]
Find = Callable[[int, str], int]


def person(session: Session, username: str) -> User:
    return session.scalars(select(User).where(User.username == username)).one()


def test_it_is_seen_by_the_holder_and_the_supervisor(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    binh, giang = log_in("binh"), log_in("giang")
    binh.post(f"/viec/{task_of(case, 'xet')}/nhan")
    for page in (binh.get("/"), giang.get("/giam-sat/viec"), giang.get(f"/giam-sat/ho-so/{case}"), giang.get(f"/ho-so/{case}/viec")):
        assert page.status_code == 200 and "đã nhắc" not in page.text
    with store.begin() as session:
        task = session.get_one(UserTask, task_of(case, "xet"))
        task.reminded, task.reminded_at = 2, datetime(2026, 11, 20, 3, tzinfo=UTC)
    assert "đã nhắc 2 lần" in binh.get("/").text
    for address in (f"/viec/{task_of(case, 'xet')}",):
        assert "đã nhắc 2 lần, lần cuối 20/11" in binh.get(address).text
    for address in ("/giam-sat/viec", f"/giam-sat/ho-so/{case}", f"/ho-so/{case}/viec"):
        assert "đã nhắc 2 lần, lần cuối 20/11" in giang.get(address).text


def test_a_reminder_by_hand_posts_a_letter_once_an_hour(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    log_in("binh").post(f"/viec/{task_of(case, 'xet')}/nhan")
    with store.begin() as session:
        person(session, "binh").email = "binh@co-quan.example"
    with store.begin() as session:
        by_hand.remind(session, task_of(case, "xet"), person(session, "giang"), "gấp")
    with store() as session:
        assert [job.payload["to"] for job in session.scalars(select(Job).where(Job.kind == "letter"))] == ["binh@co-quan.example"]
    page = log_in("giang").get(f"/giam-sat/ho-so/{case}").text
    assert f"đã nhắc 1 lần, lần cuối {datetime.now(UTC) + timedelta(hours=7):%d/%m}" in page


def test_the_log_says_who_was_told(app: Flask) -> None:
    with app.test_request_context():
        told = {stage: event_words(HistoryEvent(kind="task.reminded", detail={"stage": stage})) for stage in ("before", "head")}
        assert told == {"before": "Nhắc trước hạn", "head": "Báo người đứng đầu cơ quan: việc quá hạn"}
        assert event_words(HistoryEvent(kind="task.reminded", detail={"reason": "gấp"})) == "Nhắc người giữ việc: gấp"
