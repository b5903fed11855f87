"""Moving steps, correcting data, acts that ask for more, and the list of pending changes: each looked at first."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import executions
from engine.models import HistoryEvent, PendingChange, ProcessInstance, UserTask
from tests.web.conftest import Browser
from tests.web.moving import three_cases, work
from tests.web.supervised import break_down, same, started, unsupervise, user_id

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
State = Callable[[int], str]
Store = sessionmaker[Session]


def stands(store: Store, case: int) -> list[str]:
    with store() as session:
        return sorted(session.scalars(select(UserTask.element_id).where(UserTask.instance_id == case, UserTask.state == "open")))


def variables(store: Store, case: int) -> dict[str, object]:
    with store() as session:
        return executions.load(session, session.get_one(ProcessInstance, case)).variables


def kinds(store: Store, case: int) -> list[str]:
    with store() as session:
        query = select(HistoryEvent.kind).where(HistoryEvent.instance_id == case).order_by(HistoryEvent.id)
        return [kind for kind in session.scalars(query) if not kind.startswith(("element.", "instance.started"))]


def place(page: str) -> str:
    found = re.search(r'name="place" value="([^"]+)"', page)
    assert found
    return found[1]


def fields(page: str, **more: str) -> dict[str, str]:
    seen = re.search(r'name="seen" value="(\d+)"', page)
    assert seen
    return {"place": place(page), "seen": seen[1], "way": "chuyen", **more}


# --- steps ---


def test_a_case_goes_two_steps_back_after_a_look_and_the_way_back_is_offered(log_in: Enter, store: Store) -> None:
    case = three_cases(store)[2]
    giang, address = log_in("giang"), f"/giam-sat/ho-so/{case}/chuyen-buoc"
    given = fields(giang.get(address).text, target="xet", reason="làm lại từ đầu")
    look = giang.post(f"{address}/xem", given).text
    for words in (
        "Xem trước: sẽ xảy ra gì",
        "Việc “Báo kết quả” bị bỏ.",
        "Việc mới “Xét đơn”, giao cho Phòng A (truong_phong)",
        "làm lại từ đầu",
    ):
        assert words in look
    assert stands(store, case) == ["bao"]
    assert giang.post(address, given).status_code == 302
    assert stands(store, case) == ["xet"]
    page = giang.get(address).text
    event = re.search(r'name="event" value="(\d+)"', page)
    assert event
    assert giang.post(f"/giam-sat/ho-so/{case}/hoan-tac", {"event": event[1], "reason": "nhầm"}).status_code == 302
    assert stands(store, case) == ["bao"]
    assert kinds(store, case)[-2:] == ["instance.modified", "instance.modified"]
    log = giang.get(f"/ho-so/{case}/nhat-ky").text
    assert log.count("Chuyển bước bằng tay") == 2


def test_a_step_is_skipped_and_a_finished_case_starts_again(log_in: Enter, store: Store, case_state: State) -> None:
    case = three_cases(store)[2]
    giang, address = log_in("giang"), f"/giam-sat/ho-so/{case}/chuyen-buoc"
    given = fields(giang.get(address).text, reason="báo miệng rồi") | {"way": "bo_qua"}
    assert "Hồ sơ kết thúc." in giang.post(f"{address}/xem", given).text
    giang.post(address, given)
    assert case_state(case) == "completed"
    assert "Mở lại hồ sơ từ một bước" in giang.get(f"/giam-sat/ho-so/{case}").text
    again = {"target": "y_te", "reason": "xem xét lại"}
    assert "Việc mới “Ý kiến y tế”" in giang.post(f"{address}/xem", again).text
    giang.post(address, again)
    assert (case_state(case), stands(store, case)) == ("active", ["y_te"])


def test_what_is_missing_or_gone_is_said_and_nothing_is_done(log_in: Enter, store: Store, case: int) -> None:
    giang, address = log_in("giang"), f"/giam-sat/ho-so/{case}/chuyen-buoc"
    given = fields(giang.get(address).text, target="bao", reason="gấp")
    for changed, sentence in (
        ({"reason": " "}, "Cần nêu lý do."),
        ({"target": ""}, "Cần chọn bước để bắt đầu."),
        ({"place": ""}, "không còn đứng ở chỗ đã chọn"),
        ({"target": "bat_dau"}, "không phải một bước"),
        ({"target": "<script>"}, "Sơ đồ không có bước"),
    ):
        for where in ("", "/xem"):
            said = giang.post(address + where, {**given, **changed})
            assert (said.status_code, sentence in said.text) == (422, True), (changed, where)
            assert "<script>" not in said.text.split("<main", 1)[1]
    giang.post(f"/giam-sat/ho-so/{case}/tam-dung", {"reason": "chờ"})
    assert giang.post(address, given).status_code == 422
    giang.post(f"/giam-sat/ho-so/{case}/tiep-tuc", {"reason": "xong"})
    # Pressed a second time, or the case went on meanwhile.
    given = fields(giang.get(address).text, target="bao", reason="gấp")
    assert giang.post(address, given).status_code == 302
    assert giang.post(address, given).status_code == 422
    assert stands(store, case) == ["bao"]


# --- data ---


def test_data_is_corrected_in_the_fields_of_its_forms(log_in: Enter, store: Store, case: int) -> None:
    giang, address = log_in("giang"), f"/giam-sat/ho-so/{case}/sua-du-lieu"
    page = giang.get(address).text
    assert 'name="so_ngay"' in page
    entered = {"so_ngay": "5", "ly_do": "về quê Bình Định", "_reason": "nhập nhầm"}
    look = giang.post(address, entered).text
    assert "Xem trước: dữ liệu sẽ đổi" in look
    assert variables(store, case)["so_ngay"] == 3
    assert giang.post(address, {**entered, "_confirm": "1"}).status_code == 302
    assert variables(store, case)["so_ngay"] == 5
    for wrong, sentence in (
        ({"so_ngay": "nhiều"}, "Có 1 chỗ chưa đúng"),
        ({"_reason": ""}, "Cần nêu lý do."),
        ({"so_ngay": "5"}, "khác trước"),
    ):
        said = giang.post(address, {**entered, "so_ngay": "6", **wrong, "_confirm": "1"})
        assert (said.status_code, sentence in said.text) == (422, True), wrong
    assert variables(store, case)["so_ngay"] == 5
    stale = giang.post(address, {**entered, "so_ngay": "7", "_confirm": "1", "_seen": "1"})
    assert (stale.status_code, variables(store, case)["so_ngay"]) == (422, 5)


# --- many ---


def test_data_is_corrected_and_incidents_are_tried_again_for_many(log_in: Enter, store: Store) -> None:
    cases = [started(store, f"số {number}") for number in range(3)]
    incidents = [str(break_down(store, case)) for case in cases]
    giang = log_in("giang")
    asked = {"kind": "set_variables", "incidents": "1", "incident": incidents}
    assert "Số ngày" in giang.post("/giam-sat/hang-loat/hoi", asked).text
    given = {**asked, "variable": "so_ngay", "so_ngay": "9", "_reason": "nhập nhầm"}
    assert 'name="so_ngay"' in giang.post("/giam-sat/hang-loat/xem", {**given, "choose": "1"}).text
    assert "Có 1 chỗ chưa đúng" in giang.post("/giam-sat/hang-loat/xem", {**given, "so_ngay": "nhiều"}).text
    for look in (
        giang.post("/giam-sat/hang-loat/xem", given).location,
        giang.post("/giam-sat/su-co/thu-lai", {"incident": incidents, "reason": "đã sửa"}).location,
    ):
        giang.post(f"{look}/chay")
        work(store)
        assert "xong" in giang.get(look).text
    assert [variables(store, case)["so_ngay"] for case in cases] == [9, 9, 9]
    assert "Không có sự cố nào." in giang.get("/giam-sat/su-co").text


def test_many_cases_at_one_step_move_and_come_back(log_in: Enter, store: Store) -> None:
    cases = three_cases(store)
    giang = log_in("giang")
    asked = {"kind": "modify", "filtered": "1"}
    page = giang.post("/giam-sat/hang-loat/hoi", asked).text
    assert "Xét đơn" in page
    assert "1 hồ sơ" in page
    given = {**asked, "here": ["xet", "y_te"], "target": "bao", "_reason": "gộp bước"}
    look = giang.post("/giam-sat/hang-loat/xem", given).location
    page = giang.get(look).text
    assert "từ “Xét đơn”, “Ý kiến y tế” đến “Báo kết quả”" in page
    # A case that stands at one of the two only cannot leave both.
    assert page.count("không đứng ở bước") == 0 or "không thực hiện được" in page
    one = giang.post("/giam-sat/hang-loat/xem", {**given, "here": ["xet"]}).location
    giang.post(f"{one}/chay")
    work(store)
    assert [stands(store, case) for case in cases] == [["bao"], ["y_te"], ["bao"]]
    back = giang.post(f"{one}/hoan-tac", {"reason": "nhầm"}).location
    giang.post(f"{back}/chay")
    work(store)
    assert [stands(store, case) for case in cases] == [["xet"], ["y_te"], ["bao"]]


def test_tasks_get_another_date_and_priority_and_their_holder_is_reminded(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang, binh, task = log_in("giang"), log_in("binh"), task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    for kind, more in (
        ("set_due_date", {"due": "04/05/2026 16:30"}),
        ("set_priority", {"priority": "80"}),
        ("remind", {}),
    ):
        assert giang.post("/giam-sat/hang-loat/hoi", {"kind": kind, "task": str(task)}).status_code == 200
        look = giang.post("/giam-sat/hang-loat/xem", {"kind": kind, "task": str(task), "_reason": "gấp", **more}).location
        giang.post(f"{look}/chay")
        work(store)
    with store() as session:
        row = session.get_one(UserTask, task)
        assert (row.due_at, row.priority) == (datetime.fromisoformat("2026-05-04T16:30:00+07:00"), 80)
    assert kinds(store, case)[-3:] == ["task.due_date_set", "task.priority_set", "task.reminded"]
    for kind, more in (("set_due_date", {"due": "32/13/2026"}), ("set_priority", {"priority": "101"}), ("assign", {"assignee": "x"})):
        said = giang.post("/giam-sat/hang-loat/xem", {"kind": kind, "task": str(task), "_reason": "gấp", **more})
        assert said.status_code == 422, kind


# --- pending ---


def test_changes_are_gathered_and_applied_together(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    other = started(store, "số 2")
    giang, address = log_in("giang"), f"/giam-sat/ho-so/{case}/chuyen-buoc"
    given = fields(giang.get(address).text, target="bao", reason="gấp")
    assert giang.post(address, {**given, "later": "1"}).location == "/giam-sat/cho-ap-dung"
    fields_ = {"kind": "assign", "task": str(task_of(other, "xet")), "assignee": str(user_id(store, "chi")), "later": "1"}
    assert giang.post("/giam-sat/hang-loat/xem", fields_).location == "/giam-sat/cho-ap-dung"
    page = giang.get("/giam-sat/cho-ap-dung").text
    for words in ("từ “Xét đơn” đến “Báo kết quả”", "cho Trần Thị Chi", "Áp dụng cả 2 thay đổi"):
        assert words in page
    assert stands(store, case) == ["xet"]
    assert giang.post("/giam-sat/cho-ap-dung/ap-dung", {"reason": " "}).status_code == 422
    assert giang.post("/giam-sat/cho-ap-dung/ap-dung", {"reason": "sắp xếp"}).status_code == 302
    assert stands(store, case) == ["bao"]
    assert "Danh sách trống." in giang.get("/giam-sat/cho-ap-dung").text


def test_none_is_applied_when_one_case_has_gone_on(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    other = started(store, "số 2")
    giang, binh = log_in("giang"), log_in("binh")
    for one in (case, other):
        address = f"/giam-sat/ho-so/{one}/chuyen-buoc"
        giang.post(address, {**fields(giang.get(address).text, target="bao", reason="gấp"), "later": "1"})
    task = task_of(other, "xet")
    binh.post(f"/viec/{task}/nhan")
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y"})
    assert stands(store, other) == ["y_te"]
    said = giang.post("/giam-sat/cho-ap-dung/ap-dung", {"reason": "sắp xếp"})
    assert said.status_code == 422
    assert "chưa áp dụng thay đổi nào" in said.text
    assert "hồ sơ đã đi tiếp" in said.text
    assert stands(store, case) == ["xet"]
    with store() as session:
        moved = session.scalars(select(PendingChange.id).where(PendingChange.instance_id == other)).one()
    giang.post("/giam-sat/cho-ap-dung/bo", {"change": str(moved)})
    assert giang.post("/giam-sat/cho-ap-dung/ap-dung", {"reason": "sắp xếp"}).status_code == 302
    assert stands(store, case) == ["bao"]


# --- rights ---

PAGES = ("/ho-so/{case}/chuyen-buoc", "/ho-so/{case}/sua-du-lieu", "/cho-ap-dung")
ACTS = (
    "/ho-so/{case}/chuyen-buoc", "/ho-so/{case}/chuyen-buoc/xem", "/ho-so/{case}/hoan-tac", "/ho-so/{case}/sua-du-lieu",
    "/hang-loat/hoi", "/hang-loat/xem", "/hang-loat/1/chi-o-buoc", "/cho-ap-dung/bo", "/cho-ap-dung/ap-dung",
)  # fmt: skip


@pytest.mark.parametrize("username", ["an", "em"])
def test_the_pages_do_not_exist_for_who_supervises_nothing(log_in: Enter, case: int, username: str) -> None:
    browser = log_in(username)
    unknown = same(browser.get("/khong-co").text)
    for address in PAGES:
        for number in (case, 99999):
            said = browser.get("/giam-sat" + address.format(case=number))
            assert (said.status_code, same(said.text)) == (404, unknown), address
    for address in ACTS:
        for number in (case, 99999):
            given = {"reason": "x", "_reason": "x", "kind": "cancel", "instance": str(number), "event": "1", "change": "1", "target": "bao"}
            said = browser.post("/giam-sat" + address.format(case=number), given)
            assert (said.status_code, same(said.text)) == (404, unknown), address


def test_a_supervisor_gets_nothing_of_foreign_cases_by_whatever_parameter(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    started(store, "việc riêng")
    incident, task = break_down(store, case), task_of(case, "xet")
    unsupervise(store, case)
    giang, before = log_in("giang"), kinds(store, case)
    for address in PAGES[:2]:
        said = [giang.get("/giam-sat" + address.format(case=number)) for number in (case, 99999)]
        assert [one.status_code for one in said] == [404, 404], address
        assert same(said[0].text) == same(said[1].text), address
    for kind, on in (
        ("cancel", "instance"),
        ("set_variables", "instance"),
        ("modify", "instance"),
        ("message", "instance"),
        ("remind", "task"),
        ("retry", "incident"),
    ):
        numbers = {"instance": case, "task": task, "incident": incident}
        for act in ("hoi", "xem"):
            answers = []
            for number in (numbers[on], 99999):
                given = {
                    "kind": kind,
                    on: str(number),
                    "reason": "x",
                    "_reason": "x",
                    "here": "xet",
                    "target": "bao",
                    "message": "message|m",
                }
                answers.append(giang.post(f"/giam-sat/hang-loat/{act}", given))
            assert answers[0].status_code == answers[1].status_code, (kind, act)
            assert "Bình Định" not in answers[0].text
            assert same(answers[0].text).replace(str(numbers[on]), "#") == same(answers[1].text).replace("99999", "#").replace(
                str(numbers[on]), "#"
            ), (kind, act)
    assert kinds(store, case) == before
    assert stands(store, case) == ["xet"]
