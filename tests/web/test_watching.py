"""Who reads a case, exports cases, or is refused them, is recorded; an answer does not tell whether a case exists."""

from __future__ import annotations

import re

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from engine import audit, seals
from engine import db as engine_db
from engine.models import CaseAccess, HistoryEvent, User
from tests.web.test_monitor import Enter, Find, Store
from web import watching

TOKEN = re.compile(r'name="csrf_token" value="[^"]*"')


def accessed(store: Store, kind: str) -> list[tuple[str, str, int | None]]:
    with store() as session:
        query = select(User.username, CaseAccess.what, CaseAccess.case_number).join(User, User.id == CaseAccess.user_id)
        return [(name, what, case) for name, what, case in session.execute(query.where(CaseAccess.kind == kind).order_by(CaseAccess.id))]


def fail(*_: object, **__: object) -> None:
    raise OperationalError("", None, Exception("đĩa đầy"))


def test_reading_a_case_is_recorded_once_in_a_while(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang = log_in("giang")
    for _ in range(3):
        assert giang.get(f"/ho-so/{case}").status_code == 200
    giang.get(f"/ho-so/{case}/du-lieu")
    giang.get(f"/ho-so/{case}/so-do.bpmn")
    giang.get(f"/ho-so/{case}/so-do.json")
    assert accessed(store, "read") == [("giang", what, case) for what in ("cases.show", "cases.data", "cases.diagram")]


def test_a_task_is_recorded_as_read_of_its_case(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    task = task_of(case, "xet")
    assert log_in("binh").get(f"/viec/{task}").status_code == 200
    assert accessed(store, "read") == [("binh", "tasks.show", case)]


def test_every_export_is_recorded_with_its_filter(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    for _ in range(2):
        assert giang.get("/giam-sat/ho-so.csv?q=an").status_code == 200
    assert giang.get("/giam-sat/quy-trinh/don_nghi/nhat-ky").status_code == 200
    whats = [what for _, what, _ in accessed(store, "exported")]
    assert whats == ["monitor.cases_file"] * 2 + ["eventlogs.download"]
    with store() as session:
        first = session.scalars(select(CaseAccess).order_by(CaseAccess.id).limit(1)).one()
        assert (first.filter, first.address) == ("q=an", "127.0.0.1")


def test_refusals_are_recorded_and_do_not_tell_whether_the_case_exists(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    em = log_in("em")
    addresses = ["/ho-so/{}", "/ho-so/{}/du-lieu", "/ho-so/{}/so-do.json", "/giam-sat/ho-so/{}/luot-xem", "/viec/{}"]
    numbers = {address: task_of(case, "xet") if address == "/viec/{}" else case for address in addresses}
    for address, number in numbers.items():
        there, not_there = em.get(address.format(number)), em.get(address.format(999_999))
        assert (there.status_code, not_there.status_code) == (404, 404)
        # The token of the session is signed with the second in which the page was made.
        shown, shown_instead = (TOKEN.sub("", page.text) for page in (there, not_there))
        assert shown == shown_instead.replace("999999", str(number))
    found = {(what, number) for _, what, number in accessed(store, "refused")}
    assert {(f"/ho-so/{case}", case), ("/ho-so/999999", 999_999), (f"/viec/{numbers['/viec/{}']}", case)} <= found
    assert len(found) == 2 * len(addresses)


def test_a_refused_act_is_recorded_at_once(log_in: Enter, store: Store, case: int) -> None:
    """It would wait for itself, had its page still the lock."""
    em = log_in("em")
    assert em.post(f"/giam-sat/ho-so/{case}/huy", {"reason": "x"}).status_code == 404
    assert em.post(f"/ho-so/{case}/huy", {"reason": "x"}).status_code == 404
    assert [what for _, what, _ in accessed(store, "refused")] == [f"/giam-sat/ho-so/{case}/huy", f"/ho-so/{case}/huy"]


def test_strange_addresses_are_recorded_too(log_in: Enter, store: Store, case: int) -> None:
    assert log_in("em").get("/giam-sat/quy-trinh/%00%ff/nhat-ky?x=%00").status_code == 404
    assert len(accessed(store, "refused")) == 1


def test_who_refuses_himself_nothing_does_not_fill_the_table(
    log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watching, "MANY", 5)
    em = log_in("em")
    for number in range(1_000, 1_010):
        em.get(f"/ho-so/{number}")
    assert len(accessed(store, "refused")) == 5


def test_a_file_is_not_handed_out_unless_it_was_recorded(log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    giang = log_in("giang")
    with monkeypatch.context() as patch:
        patch.setattr("web.watching.accesses.record", fail)
        refused = giang.get("/giam-sat/ho-so.csv")
        assert (refused.status_code, refused.mimetype) == (503, "text/html")
    assert giang.get("/giam-sat/ho-so.csv").status_code == 200
    assert len(accessed(store, "exported")) == 1


def test_a_page_is_read_whoever_writes_and_recorded_with_the_next(
    log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    giang = log_in("giang")
    with monkeypatch.context() as patch:
        patch.setattr("web.watching.accesses.record", fail)
        assert giang.get(f"/ho-so/{case}").status_code == 200
        assert giang.get(f"/ho-so/{case}/viec").status_code == 200
    assert accessed(store, "read") == []
    assert giang.get(f"/ho-so/{case}/du-lieu").status_code == 200
    assert [what for _, what, _ in accessed(store, "read")] == ["cases.show", "cases.work", "cases.data"]


def test_what_waits_to_be_recorded_is_bounded(log_in: Enter, store: Store, case: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watching, "MANY", 1)
    giang = log_in("giang")
    with monkeypatch.context() as patch:
        patch.setattr("web.watching.accesses.record", fail)
        assert giang.get(f"/ho-so/{case}").status_code == 200
        assert giang.get(f"/ho-so/{case}/viec").status_code == 503
    assert giang.get(f"/ho-so/{case}/viec").status_code == 200
    assert [what for _, what, _ in accessed(store, "read")] == ["cases.show", "cases.work"]


def test_supervisors_see_who_has_read_a_case(log_in: Enter, store: Store, case: int) -> None:
    log_in("em").get(f"/ho-so/{case}")
    an = log_in("an")
    an.get(f"/ho-so/{case}")
    giang = log_in("giang")
    page = giang.get(f"/giam-sat/ho-so/{case}/luot-xem").text
    assert "Lê Thị An" in page
    assert "bị từ chối" in page
    assert f"/giam-sat/ho-so/{case}/luot-xem" in giang.get(f"/ho-so/{case}").text
    assert an.get(f"/giam-sat/ho-so/{case}/luot-xem").status_code == 404
    assert "luot-xem" not in an.get(f"/ho-so/{case}").text


def test_acts_are_written_with_the_address_they_came_from(app: Flask, log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    log_in("binh").post(f"/viec/{task_of(case, 'xet')}/nhan")
    with store() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "task.claimed")).one()
        assert event.address == "127.0.0.1"
        engine = session.get_bind().engine
    seals.seal_all(store, b"k")
    with engine_db.snapshot(engine) as connection:
        assert list(audit.verify(connection, [b"k"])) == []
