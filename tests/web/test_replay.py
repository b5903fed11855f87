"""The slider of a case: one answer with every moment, small, tagged, for who sees the whole case."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, instances, user_tasks
from engine.models import HistoryEvent, ProcessInstance, User, UserTask
from tests.engine.cast import bpmn, flow
from tests.engine.stage import drain
from tests.web.supervised import Enter, Find, Store, counted, same
from tests.web.test_watching import accessed


def address(case: int) -> str:
    return f"/ho-so/{case}/dien-lai.json"


@contextmanager
def at(store: Store, hours: float) -> Iterator[Session]:
    """A session whose clock stands so many hours before now."""
    moment = datetime.now(UTC) - timedelta(hours=hours)
    with store.begin() as session:
        session.info["clock"] = lambda: moment
        yield session


def person(session: Session, username: str) -> User:
    return session.scalars(select(User).where(User.username == username)).one()


def an_old_case(store: Store) -> int:
    """Started two hours ago, claimed by bình an hour ago, suspended by giang now."""
    with at(store, 2) as session:
        definition = deployments.latest(session, "don_nghi")
        case = instances.start(session, definition, {"ly_do": "về quê", "so_ngay": 3}, user=person(session, "an"), business_key="ĐN 02").id
    with at(store, 1) as session:
        task = session.scalars(select(UserTask).where(UserTask.instance_id == case)).one()
        user_tasks.claim(session, task.id, person(session, "binh"))
    with at(store, 0) as session:
        instances.suspend(session, case, person(session, "giang"), "chờ ý kiến")
    return case


def test_every_moment_says_what_it_changes(log_in: Enter, store: Store) -> None:
    found = log_in("giang").get(address(an_old_case(store))).json
    assert found is not None
    names = found["names"]
    first, second, third = found["moments"]
    assert {names[int(id_)]: count for id_, count in first["active"].items()} == {"xet": 1}
    assert [moment.get("state") for moment in found["moments"]] == ["đang thực hiện", None, "tạm dừng"]
    assert not {"active", "passed", "flows", "failed"} & (set(second) | set(third))
    told = [(found["words"][word], found["people"][person]) for moment in (second, third) for word, person in moment["said"]]
    assert told == [("Nhận việc: Xét đơn", "Nguyễn Văn Bình"), ("Tạm dừng hồ sơ: chờ ý kiến", "Vũ Hoàng Giang")]


def test_what_has_not_changed_is_not_sent_again(log_in: Enter, case: int) -> None:
    giang = log_in("giang")
    tag = giang.get(address(case)).headers["ETag"]
    again = giang.get(address(case), headers={"If-None-Match": tag})
    assert (again.status_code, again.data) == (304, b"")


def test_a_thousand_entries_stay_below_a_hundred_kilobytes(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    task = task_of(case, "xet")
    with store.begin() as session:
        instance, row = session.get_one(ProcessInstance, case), session.get_one(UserTask, task)
        values = {"instance_id": case, "element_id": "xet", "element_name": row.name, "element_type": "userTask"}
        for number in range(1_000):
            at = instance.started_at + timedelta(hours=number + 1)
            kind = ("task.claimed", "task.unclaimed", "element.completed", "element.cancelled")[number % 4]
            detail = {"entered_at": (at - timedelta(hours=3)).isoformat(), "via": []} if kind.startswith("element") else {}
            session.add(HistoryEvent(at=at, kind=kind, actor_id=instance.started_by_id, detail=detail, **values))
    answer = log_in("giang").get(address(case))
    assert len(answer.json["moments"]) == 1_001  # type: ignore[index]
    assert len(answer.data) < 100_000


def test_statements_do_not_grow_with_the_history(app: Flask, log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    giang.get(address(case))
    with counted(app) as few:
        giang.get(address(case))
    with store.begin() as session:
        for number in range(30):
            session.add(
                HistoryEvent(
                    instance_id=case,
                    at=session.get_one(ProcessInstance, case).started_at,
                    kind="document.read",
                    detail={"name": str(number)},
                )
            )
    with counted(app) as many:
        giang.get(address(case))
    assert len(few) == len(many)


def test_it_is_for_who_sees_the_whole_case_and_does_not_tell_others_that_there_is_one(log_in: Enter, store: Store, case: int) -> None:
    em = log_in("em")
    there, not_there = em.get(address(case)), em.get(address(999_999))
    assert (there.status_code, same(there.text)) == (404, same(not_there.text.replace("999999", str(case))))
    assert log_in("an").get(address(case)).status_code == 200
    assert ("em", address(case), case) in accessed(store, "refused")


def test_only_diagrams_of_versions_that_the_case_ran_are_given(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    now = giang.get(f"/ho-so/{case}/so-do.bpmn?ban=1")
    assert (now.status_code, now.data) == (200, giang.get(f"/ho-so/{case}/so-do.bpmn").data)
    assert [giang.get(f"/ho-so/{case}/so-do.bpmn?ban={wrong}").status_code for wrong in (2, 99999999999)] == [404, 404]


def test_the_page_has_the_slider(log_in: Enter, case: int) -> None:
    assert f'data-replay="{address(case)}"' in log_in("giang").get(f"/ho-so/{case}").text


def test_called_cases_stand_at_the_step_that_called_them_from_then_on(log_in: Enter, store: Store) -> None:
    head = '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties>'
    body = f'{head}</extensionElements><startEvent id="dau"/><userTask id="soan" name="Soạn" camunda:candidateGroups="nhan_vien"/>'
    called = bpmn(body + flow("dau", "soan"), key="con")
    caller = bpmn(body + '<callActivity id="goi" name="Gọi" calledElement="con"/>' + flow("dau", "soan", "goi"), key="me")
    with at(store, 2) as session:
        for key, diagram in (("con", called), ("me", caller)):
            deployments.store(session, key, {f"{key}.bpmn": diagram})
        case = instances.start(session, deployments.latest(session, "me"), {}).id
    with at(store, 1) as session:
        task = session.scalars(select(UserTask).where(UserTask.instance_id == case)).one()
        user_tasks.complete(session, task.id, person(session, "an"), {})
    drain(store)
    found = log_in("giang").get(address(case)).json
    assert found is not None
    first, second = found["moments"]
    ((element, (label, link)),) = second["calls"].items()
    assert "calls" not in first
    assert found["names"][int(element)] == "goi"
    with store() as session:
        child = session.scalars(select(ProcessInstance).where(ProcessInstance.parent_id == case)).one()
        assert (label, link) == (child.title or child.business_key, f"/ho-so/{child.id}")
    assert log_in("giang").get(address(child.id)).status_code == 200
