"""The page of a case: how its data came to be, what it waits for, and what to do about what failed."""

from __future__ import annotations

from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import corrections, deployments, instances, jobs
from engine import db as engine_db
from engine.models import Job
from tests.engine.cast import bpmn, flow
from tests.web.supervised import Enter, Find, Store, break_down, counted
from tests.web.test_replay import person

WAITING = {
    "cho.bpmn": bpmn(
        '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/></camunda:properties>'
        '</extensionElements><startEvent id="dau"/><scriptTask id="tinh" name="Tính mức" scriptFormat="starlark">'
        "<script>muc = luong * 2</script></scriptTask>"
        '<parallelGateway id="tach"/><serviceTask id="gui" name="Gửi thư" camunda:type="external" camunda:topic="thu_dien_tu"/>'
        '<intermediateCatchEvent id="doi" name="Đợi một tuần"><timerEventDefinition><timeDuration>P7D</timeDuration></timerEventDefinition>'
        '</intermediateCatchEvent><receiveTask id="nghe" name="Chờ phúc đáp" messageRef="m"/>'
        + flow("dau", "tinh", "tach", "gui")
        + flow("tach", "doi")
        + flow("tach", "nghe"),
        key="cho",
    ).replace(b"<process ", b'<message id="m" name="phuc_dap"/><process ', 1)
}


def waiting_case(store: Store) -> int:
    with store.begin() as session:
        deployments.store(session, "cho", WAITING)
        return instances.start(session, deployments.latest(session, "cho"), {"luong": 21}).id


def the_job(session: Session, case: int) -> Job:
    return session.scalars(select(Job).where(Job.instance_id == case, Job.kind == jobs.SERVICE)).one()


def test_a_value_tells_who_gave_it_when_and_in_which_step(log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        corrections.correct(session, case, person(session, "giang"), {"so_ngay": 5}, "nhập nhầm")
    page = log_in("giang").get(f"/ho-so/{case}/du-lieu").text
    assert "2 lần ghi" in page
    assert "Sửa dữ liệu: nhập nhầm" in page
    assert "Vũ Hoàng Giang" in page
    here = page[page.index("Các lần ghi: Số ngày") :]
    assert here.index("Sửa dữ liệu: nhập nhầm") < here.index("<td>Khởi tạo hồ sơ</td>")


def test_what_a_script_wrote_is_told_as_the_systems(log_in: Enter, store: Store) -> None:
    case = waiting_case(store)
    page = log_in("giang").get(f"/ho-so/{case}/du-lieu").text
    assert "Qua bước: Tính mức" in page
    assert "<td>hệ thống</td>" in page


def test_a_long_value_is_folded(log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        corrections.correct(session, case, person(session, "giang"), {"ly_do": "về quê " * 50}, "bổ sung")
    page = log_in("giang").get(f"/ho-so/{case}/du-lieu").text
    assert "<summary>xem</summary>" in page


def test_the_data_are_for_who_sees_the_whole_case(log_in: Enter, case: int) -> None:
    assert log_in("em").get(f"/ho-so/{case}/du-lieu").status_code == 404


def test_what_a_case_waits_for_is_said_with_when_and_what_to_do(log_in: Enter, store: Store) -> None:
    case = waiting_case(store)
    page = log_in("giang").get(f"/ho-so/{case}/viec").text
    for word in ("Gửi thư", "thu_dien_tu", "Đợi một tuần", "tự chạy khi đến giờ", "Chờ phúc đáp", "phuc_dap", "nhập bằng tay"):
        assert word in page, word


def test_a_job_that_failed_says_when_it_is_tried_again_and_one_that_stopped_what_to_do(log_in: Enter, store: Store) -> None:
    case = waiting_case(store)
    with store.begin() as session:
        job = the_job(session, case)
        job.error, job.retries, job.next_at = "dịch vụ không trả lời", 2, engine_db.now(session) + timedelta(minutes=5)
    giang = log_in("giang")
    page = giang.get(f"/ho-so/{case}/viec").text
    for word in ("dịch vụ không trả lời", "còn 2 lần thử", "Hệ thống tự thử lại lúc", "lỗi, sẽ thử lại"):
        assert word in page, word
    with store.begin() as session:
        job = the_job(session, case)
        job.retries, job.next_at = 0, None
    assert "Đã thử hết số lần" in giang.get(f"/ho-so/{case}/viec").text


def test_an_incident_says_the_step_the_line_and_what_to_do(log_in: Enter, store: Store, case: int) -> None:
    break_down(store, case)
    page = log_in("giang").get(f"/ho-so/{case}").text
    assert "Sự cố tại bước Xét đơn: biểu thức sai" in page
    assert "dòng 7" in page
    assert "chuyển bước bằng tay" in page


def test_statements_do_not_grow_with_the_changes_nor_with_what_is_waited_for(
    app: Flask, log_in: Enter, store: Store, case: int, task_of: Find
) -> None:
    giang = log_in("giang")

    def asked() -> list[int]:
        found = []
        for part in ("du-lieu", "viec"):
            giang.get(f"/ho-so/{case}/{part}")
            with counted(app) as statements:
                giang.get(f"/ho-so/{case}/{part}")
            found.append(len(statements))
        return found

    few = asked()
    for number in range(10):
        with store.begin() as session:
            corrections.correct(session, case, person(session, "giang"), {"so_ngay": 10 + number}, "thử")
            values = {"instance_id": case, "kind": jobs.TIMER, "key": str(number), "element_id": "xet", "payload": {}}
            now = engine_db.now(session)
            session.add(Job(due_at=now, next_at=None, created_at=now, **values))
    assert asked() == few
