"""Trying a draft out in the studio: for who may edit, with forms as staff see them, and nothing of it in the database but the steps."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine import verdicts, workspaces
from engine.models import HistoryEvent, Job, ProcessInstance, Rehearsal, User, UserTask
from tests.engine.cast import bpmn, flow
from tests.web.conftest import Browser
from web import accounts

HERE = "/thiet-ke/don_nghi/chay-thu"
APPLICATION = {"ly_do": "về quê Bình Định", "so_ngay": "3", "_ngay": "05/01/2026", "_dung": "1"}
LogIn = Callable[[str], Browser]


@pytest.fixture
def analyst(store: sessionmaker[Session], log_in: LogIn) -> Browser:
    """an, who may edit, in her browser."""
    return _editor(store, log_in, "an")


def _editor(store: sessionmaker[Session], log_in: LogIn, username: str) -> Browser:
    with store.begin() as session:
        user = session.scalars(select(User).where(User.username == username)).one()
        user.memberships.append(accounts._membership(session, "phan_tich@van_phong"))
    return log_in(username)


def post(browser: Browser, address: str, data: dict[str, Any] | None = None) -> TestResponse:
    """As the page of the try-out would: with the version that it shows."""
    page = browser.get(HERE, follow_redirects=True).text
    version = re.search(r'name="_version" value="(\d+)"', page)
    return browser.post(address, {"_version": version[1] if version else "", **(data or {})}, follow_redirects=True)


@pytest.fixture
def begun(analyst: Browser) -> Browser:
    said = analyst.post(f"{HERE}/bat-dau", APPLICATION)
    assert said.status_code == 302, said.text
    return analyst


def task_address(page: str) -> str:
    found = re.search(rf'href="({HERE}/viec/\d+)[?"]', page)
    assert found, page
    return found[1]


def rows(store: sessionmaker[Session]) -> list[int]:
    with store() as session:
        return [session.scalar(select(func.count()).select_from(table)) or 0 for table in (ProcessInstance, UserTask, Job, HistoryEvent)]


def test_it_is_not_there_for_who_may_not_edit(log_in: LogIn) -> None:
    browser = log_in("binh")
    for address in (HERE, f"{HERE}/bat-dau", f"{HERE}/viec/1", "/thiet-ke/don_nghi/kich-ban", f"{HERE}/trang-thai.json"):
        assert browser.get(address).status_code == 404
    for address in (f"{HERE}/bat-dau", f"{HERE}/buoc", f"{HERE}/lui", f"{HERE}/giu", "/thiet-ke/don_nghi/kich-ban/x.json/chay"):
        assert browser.post(address).status_code == 404


def test_it_begins_with_the_start_form_and_its_refusals(analyst: Browser) -> None:
    page = analyst.get(HERE, follow_redirects=True).text
    assert "Bắt đầu chạy thử" in page
    assert 'name="ly_do"' in page
    refused = analyst.post(f"{HERE}/bat-dau", {**APPLICATION, "ly_do": ""})
    assert refused.status_code == 422
    assert "Có 1 chỗ chưa đúng" in refused.text
    assert 'value="3"' in refused.text
    wrong_day = analyst.post(f"{HERE}/bat-dau", {**APPLICATION, "_ngay": "32/13/2026"})
    assert (wrong_day.status_code, "ngày bắt đầu viết theo dạng ngày/tháng/năm" in wrong_day.text) == (422, True)


def test_it_shows_the_task_as_staff_see_it_and_completes_it(begun: Browser, store: sessionmaker[Session]) -> None:
    before = rows(store)
    page = begun.get(HERE).text
    assert "Thứ Hai 05/01/2026 08:00" in page
    address = task_address(page)
    assert "Phòng A" in begun.get(address).text
    refused = post(begun, address, {"y_kien": "chưa chọn"})
    assert (refused.status_code, "chưa chọn" in refused.text) == (422, True)
    done = post(begun, address, {"ket_luan": "dong_y"})
    assert "Đã hoàn thành “Xét đơn” trong lượt chạy thử." in done.text
    assert rows(store) == before


def test_it_counts_nothing_of_real_cases_and_shows_none(begun: Browser, case: int) -> None:
    assert "ĐN 01/2026" not in begun.get(HERE).text
    assert begun.get("/ho-so").text.count("về quê") == begun.get("/ho-so").text.count("ĐN 01/2026")


def test_time_passes_a_step_back_and_over_again(begun: Browser) -> None:
    later = post(begun, f"{HERE}/buoc", {"cho": "gio:P3D"})
    assert "Thời gian trôi thêm 3 ngày." in later.text
    assert "Thứ Năm 08/01/2026 08:00" in later.text
    day = post(begun, f"{HERE}/buoc", {"cho": "gio:ngay", "ngay": "01/02/2026"})
    assert "01/02/2026 08:00" in day.text
    earlier = post(begun, f"{HERE}/buoc", {"cho": "gio:ngay", "ngay": "01/01/2026"})
    assert "thời điểm sau" in earlier.text
    assert "ngày viết theo dạng ngày/tháng/năm" in post(begun, f"{HERE}/buoc", {"cho": "gio:ngay", "ngay": "mai"}).text
    back = post(begun, f"{HERE}/lui")
    assert "Thứ Năm 08/01/2026 08:00" in back.text
    assert "Bắt đầu chạy thử" in post(begun, f"{HERE}/bo").text


def test_a_second_window_is_told_that_the_first_went_on(begun: Browser) -> None:
    page = begun.get(HERE).text
    version = re.search(r'name="_version" value="(\d+)"', page)
    assert version
    post(begun, f"{HERE}/buoc", {"cho": "gio:P1D"})
    late = begun.post(f"{HERE}/buoc", {"_version": version[1], "cho": "gio:P1D"})
    assert (late.status_code, "đã đi tiếp ở một cửa sổ khác" in late.text) == (409, True)
    assert "06/01/2026" in begun.get(HERE).text


def test_everybody_has_a_try_out_of_his_own(begun: Browser, store: sessionmaker[Session], log_in: LogIn) -> None:
    binh = _editor(store, log_in, "binh")
    assert "Bắt đầu chạy thử" in binh.get(HERE, follow_redirects=True).text
    with store() as session:
        assert len(list(session.scalars(select(Rehearsal)))) == 1


def test_strange_steps_are_refused_and_change_nothing(begun: Browser) -> None:
    for data in (
        {},
        {"cho": "task:1"},
        {"cho": "service:99"},
        {"cho": "service:x"},
        {"cho": "ten:", "ten": ""},
        {"cho": "ten:", "ten": "x", "bien": "1 = 2"},
    ):
        said = post(begun, f"{HERE}/buoc", data)
        assert said.status_code == 200
        assert "notice-late" in said.text
    with pytest.raises(AssertionError):
        task_address(begun.get(f"{HERE}/viec/99").text)
    assert begun.get(f"{HERE}/viec/99").status_code == 404


def test_a_draft_with_errors_is_not_run_and_says_which(begun: Browser, store: sessionmaker[Session]) -> None:
    _change(store, "don_nghi.bpmn", lambda data: data.replace(b'sourceRef="', b'sourceRef="khong_co_', 1))
    for address in (HERE, f"{HERE}/bat-dau"):
        page = begun.get(address)
        assert (page.status_code, "Bản nháp có lỗi nên chưa chạy thử được" in page.text) == (200, True)
        assert "/thiet-ke/don_nghi/tep/don_nghi.bpmn" in page.text
    assert "lỗi nên kịch bản chưa chạy được" in begun.get("/thiet-ke/don_nghi/kich-ban").text


def _renamed(data: bytes) -> bytes:
    """The task has another id; its form has not."""
    return data.replace(b'"xet"', b'"xem_xet"').replace(b">xet<", b">xem_xet<").replace(b'formRef="xem_xet"', b'formRef="xet"')


def _change(store: sessionmaker[Session], name: str, change: Callable[[bytes], bytes]) -> None:
    with store.begin() as session:
        user = session.scalars(select(User).where(User.username == "an")).one()
        draft = workspaces.open(session, "don_nghi", user)
        files = workspaces.files(session, draft)
        name = name if name in files else next(one for one in files if one.endswith(".bpmn"))
        workspaces.change(session, draft, {name: change(files[name])}, user, "saved")


def test_a_step_that_the_changed_draft_no_longer_takes_is_named(begun: Browser, store: sessionmaker[Session]) -> None:
    post(begun, task_address(begun.get(HERE).text), {"ket_luan": "dong_y"})
    _change(store, "don_nghi.bpmn", _renamed)
    page = begun.get(HERE).text
    assert "không thực hiện được nữa" in page
    assert "Làm tiếp" in page
    assert "không thực hiện được nữa" not in post(begun, f"{HERE}/lui", {"tu": "0"}).text


def test_it_is_kept_as_a_scenario_that_tells_when_a_change_breaks_it(begun: Browser, store: sessionmaker[Session]) -> None:
    post(begun, task_address(begun.get(HERE).text), {"ket_luan": "dong_y"})
    kept = post(begun, f"{HERE}/giu", {"ten": "Đơn được duyệt"})
    assert "Đã giữ kịch bản “Đơn được duyệt” trong bản nháp." in kept.text
    with store() as session:
        draft = workspaces.find(session, "don_nghi")
        assert draft
        files = workspaces.files(session, draft)
    scenario = json.loads(files["scenarios/don_duoc_duyet.json"])
    assert (scenario["name"], list(scenario["organisations"])) == ("Đơn được duyệt", [])
    run = begun.post("/thiet-ke/don_nghi/kich-ban/don_duoc_duyet.json/chay", headers={"Accept": "application/json"})
    assert run.json
    assert (run.json["verdict"], run.json["told"]) == ("passed", [])
    page = begun.get("/thiet-ke/don_nghi/kich-ban").text
    assert "đúng như mong đợi" in page
    state = begun.get("/thiet-ke/don_nghi/kich-ban/phu/don_nghi.json").json
    assert state and state["passed"]["xet"] == 1
    assert "xet" not in state["unpassed"]
    _change(store, "don_nghi.bpmn", _renamed)
    assert "chưa chạy với nội dung này" in begun.get("/thiet-ke/don_nghi/kich-ban").text
    begun.post("/thiet-ke/don_nghi/kich-ban/chay-het")
    page = begun.get("/thiet-ke/don_nghi/kich-ban").text
    assert "Dừng ở bước 1" in page
    opened = begun.post("/thiet-ke/don_nghi/kich-ban/don_duoc_duyet.json/mo", follow_redirects=True)
    assert "không thực hiện được nữa" in opened.text
    dropped = begun.post("/thiet-ke/don_nghi/kich-ban/don_duoc_duyet.json/bo", follow_redirects=True)
    assert "Bản nháp chưa có kịch bản nào." in dropped.text


def test_a_new_end_can_be_accepted(begun: Browser, store: sessionmaker[Session]) -> None:
    post(begun, f"{HERE}/giu", {"ten": "Vừa nộp"})
    with store.begin() as session:
        user = session.scalars(select(User).where(User.username == "an")).one()
        draft = workspaces.open(session, "don_nghi", user)
        (one,) = verdicts.scenarios(workspaces.files(session, draft))
        other = {**one.scenario, "expect": {"state": "completed"}}
        workspaces.change(session, draft, {one.file: json.dumps(other).encode()}, user, "saved")
    begun.post("/thiet-ke/don_nghi/kich-ban/chay-het")
    page = begun.get("/thiet-ke/don_nghi/kich-ban").text
    assert "mong đợi đã hoàn thành, nhưng là đang thực hiện" in page
    begun.post("/thiet-ke/don_nghi/kich-ban/vua_nop.json/mong-doi")
    begun.post("/thiet-ke/don_nghi/kich-ban/chay-het")
    assert "đúng như mong đợi" in begun.get("/thiet-ke/don_nghi/kich-ban").text


@pytest.mark.parametrize("data", [b"{", b"[]", b'{"process": 1}', b'{"process": "p", "steps": [1]}', b'{"process": "khong_co"}'])
def test_a_file_that_is_no_scenario_is_said_to_be_none(analyst: Browser, store: sessionmaker[Session], data: bytes) -> None:
    with store.begin() as session:
        user = session.scalars(select(User).where(User.username == "an")).one()
        workspaces.change(session, workspaces.open(session, "don_nghi", user), {"scenarios/hong.json": data}, user, "imported")
    assert analyst.get("/thiet-ke/don_nghi/kich-ban").status_code == 200
    analyst.post("/thiet-ke/don_nghi/kich-ban/hong.json/chay")
    assert "không đúng" in analyst.get("/thiet-ke/don_nghi/kich-ban").text
    assert analyst.post("/thiet-ke/don_nghi/kich-ban/hong.json/mo", follow_redirects=True).status_code == 200
    assert analyst.get(f"{HERE}/bat-dau").status_code == 200


def test_the_same_name_twice_makes_two_scenarios(begun: Browser) -> None:
    post(begun, f"{HERE}/giu", {"ten": "Vừa nộp"})
    page = post(begun, f"{HERE}/giu", {"ten": "Vừa nộp"}).text
    assert "vua_nop_2.json" in page
    assert "chỗ trống" in post(begun, f"{HERE}/giu", {"ten": " "}).text


def test_a_file_that_is_attached_is_stored_nowhere(begun: Browser, store: sessionmaker[Session]) -> None:
    before = rows(store)
    address = task_address(begun.get(HERE).text)
    file = (io.BytesIO(b"%PDF-1.4"), "don.pdf")
    said = begun.post(f"{address}/sua", {"_attach": "tep", "tep": file}, content_type="multipart/form-data")
    assert (said.status_code, "don.pdf" in said.text) == (200, False)
    assert rows(store) == before


WAITING = bpmn(
    '<startEvent id="dau"/><serviceTask id="gui" name="Gửi thư" camunda:type="external" camunda:topic="thu_dien_tu">'
    '<extensionElements><camunda:inputOutput><camunda:inputParameter name="nguoi_nhan">an@so.example</camunda:inputParameter>'
    '<camunda:inputParameter name="tieu_de">Mời họp</camunda:inputParameter>'
    '<camunda:inputParameter name="noi_dung">Kính mời</camunda:inputParameter></camunda:inputOutput></extensionElements></serviceTask>'
    '<intermediateCatchEvent id="cho" name="Chờ trả lời"><messageEventDefinition messageRef="m"/></intermediateCatchEvent>'
    '<endEvent id="xong"/>' + flow("dau", "gui", "cho", "xong"),
    key="don_nghi",
).replace(b"<process", b'<message id="m" name="tra_loi"/><process')


def test_failures_and_messages_are_put_in_by_hand(analyst: Browser, store: sessionmaker[Session]) -> None:
    _change(store, "don_nghi.bpmn", lambda _: WAITING)
    analyst.post(f"{HERE}/bat-dau", {"_ngay": "05/01/2026", "_dung": "1"})
    page = analyst.get(HERE).text
    (place,) = set(re.findall(r'value="(service:\d+)"', page))
    failed = post(analyst, f"{HERE}/buoc", {"cho": place, "ket-qua": "hong", "vi-sao": "máy chủ thư tắt"})
    assert "máy chủ thư tắt" in failed.text
    post(analyst, f"{HERE}/lui")
    sent = post(analyst, f"{HERE}/buoc", {"cho": place, "ket-qua": "xong"}).text
    (waiting,) = set(re.findall(r'value="(message:\d+)"', sent))
    ended = post(analyst, f"{HERE}/buoc", {"cho": waiting, "bien": "y_kien = đồng ý"}).text
    assert "tra_loi" in ended
    assert "đồng ý" in ended
    assert 'value="message:' not in ended
