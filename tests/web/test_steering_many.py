"""Acts on ticked cases: starting ended ones again, messages with typed data, what became of each, and once more for what failed."""

from __future__ import annotations

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions, instances
from engine.models import Batch, BatchItem, HistoryEvent, ProcessInstance, UserTask
from tests.engine.cast import bpmn, flow
from tests.web.conftest import Browser
from tests.web.moving import three_cases, work
from tests.web.supervised import Enter, Find, started, user_id
from tests.web.test_steering_pages import State, stands
from web import corrections

Store = sessionmaker[Session]
ASK, LOOK = "/giam-sat/hang-loat/hoi", "/giam-sat/hang-loat/xem"
WAITING = {
    "nghe.bpmn": bpmn(
        '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat@van_phong"/></camunda:properties>'
        '</extensionElements><startEvent id="dau"/><receiveTask id="doi" name="Chờ phúc đáp" messageRef="m"/><userTask id="xem"'
        ' name="Xem phúc đáp" camunda:candidateGroups="truong_phong@phong_a"/>' + flow("dau", "doi", "xem"),
        key="nghe",
    ).replace(b"<process ", b'<message id="m" name="phuc_dap"/><process ', 1)
}


def listening(store: Store, count: int = 2) -> list[int]:
    """Cases that wait for a message."""
    with store.begin() as session:
        deployments.store(session, "nghe", WAITING)
        return [instances.start(session, deployments.latest(session, "nghe"), {"so": number}).id for number in range(count)]


def carry_out(browser: Browser, store: Store, asked: dict[str, object]) -> str:
    """Look at it, start it, let the workers do it; the address of its page."""
    said = browser.post(LOOK, dict(asked))
    assert said.status_code == 302, said.text
    browser.post(f"{said.location}/chay")
    work(store)
    return str(said.location)


def test_the_list_ticks_cases_and_all_of_the_page(log_in: Enter, store: Store, case: int) -> None:
    started(store, "số 2")
    giang = log_in("giang")
    page = giang.get("/giam-sat/ho-so").text
    assert page.count('form="acts" name="instance"') == 2
    assert 'name="instance" value="' in page
    assert " checked aria-label" not in page
    assert giang.get("/giam-sat/ho-so?all=1").text.count(" checked aria-label") == 2
    nothing = giang.post(ASK, {"kind": "suspend", "reason": "x", "filtered": ""})
    assert nothing.location.startswith("/giam-sat/ho-so")


def test_ticked_cases_that_have_ended_start_again_at_a_step(log_in: Enter, store: Store, case_state: State) -> None:
    cases = three_cases(store)
    giang = log_in("giang")
    for case in cases[:2]:
        giang.post(f"/giam-sat/ho-so/{case}/huy", {"reason": "nhầm"})
    asked = {"kind": "restart", "instance": [str(case) for case in cases]}
    page = giang.post(ASK, asked).text
    assert "Bước bắt đầu lại" in page
    assert "Ý kiến y tế" in page
    assert "Cần chọn bước để bắt đầu." in giang.post(LOOK, {**asked, "_reason": "xét lại"}).text
    assert "Cần nêu lý do." in giang.post(LOOK, {**asked, "target": "y_te", "_reason": " "}).text
    address = carry_out(giang, store, {**asked, "target": "y_te", "_reason": "xét lại"})
    assert [case_state(case) for case in cases] == ["active"] * 3
    assert [stands(store, case) for case in cases] == [["y_te"], ["y_te"], ["bao"]]
    page = giang.get(address).text
    assert "mở lại từ “Ý kiến y tế”" in page
    assert "Hồ sơ chưa kết thúc." in page
    assert "<del>đã hủy</del>" in page
    assert "<ins>“Ý kiến y tế”</ins>" in page
    assert "Hoàn tác</summary>" not in page


def test_a_message_is_handed_over_with_typed_data(log_in: Enter, store: Store) -> None:
    cases = listening(store)
    giang = log_in("giang")
    asked = {"kind": "message", "instance": [str(case) for case in cases], "message": "message|phuc_dap", "_reason": "nhận qua điện thoại"}
    page = giang.post(ASK, asked).text
    assert page.count('name="row_name"') == 3
    typed = {
        "row_name": ["dong_y", "so_ngay", "ngay_nhan", "ghi_chu", ""],
        "row_kind": ["boolean", "number", "date", "text", "text"],
        "row_text": ["Có", "2,5", "05/03/2026", "gọi lúc 9 giờ", ""],
    }
    page = giang.post(LOOK, {**asked, **typed, "choose": "1"}).text
    assert 'value="gọi lúc 9 giờ"' in page
    assert page.count('name="row_name"') == 6
    address = carry_out(giang, store, {**asked, **typed})
    for case in cases:
        assert stands(store, case) == ["xem"]
        with store() as session:
            found = executions.load(session, session.get_one(ProcessInstance, case)).variables
            event = session.scalars(
                select(HistoryEvent).where(HistoryEvent.instance_id == case, HistoryEvent.kind == "message.received")
            ).one()
        assert {name: found[name] for name in ("dong_y", "so_ngay", "ngay_nhan", "ghi_chu")} == {
            "dong_y": True,
            "so_ngay": 2.5,
            "ngay_nhan": "2026-03-05",
            "ghi_chu": "gọi lúc 9 giờ",
        }
        assert (event.detail["reason"], event.address) == ("nhận qua điện thoại", "127.0.0.1")
    assert "“phuc_dap” (dong_y" in giang.get(address).text
    log = giang.get(f"/ho-so/{cases[0]}/nhat-ky").text
    assert "nhận qua điện thoại" in log
    assert "<ins>2,5</ins>" in log


@pytest.mark.parametrize(
    ("row", "said"),
    [
        (("số ngày", "text", "x"), "Cần tên dữ liệu"),
        (("", "text", "x"), "Cần tên dữ liệu"),
        (("a", "number", "nhiều"), "cần số"),
        (("a", "number", "1e400"), "cần số"),
        (("a", "boolean", "có lẽ"), "cần có hoặc không"),
        (("a", "date", "31/02/2026"), "cần ngày"),
        (("a", "<b>", "x"), "cần"),
    ],
)
def test_what_cannot_be_read_is_said_and_kept(log_in: Enter, store: Store, row: tuple[str, str, str], said: str) -> None:
    case = listening(store, 1)[0]
    names = ("row_name", "row_kind", "row_text")
    given = {"kind": "message", "instance": str(case), "message": "message|phuc_dap", "_reason": "x", **dict(zip(names, row, strict=True))}
    answer = log_in("giang").post(LOOK, given)
    assert (answer.status_code, said in answer.text) == (422, True)
    assert 'name="row_text" value="' + row[2] in answer.text.replace("&lt;", "<")
    assert "<b>" not in answer.text
    twice = {**given, "row_name": ["a", "a"], "row_kind": ["text", "text"], "row_text": ["1", "2"]}
    assert "có hai dòng" in log_in("giang").post(LOOK, twice).text


def test_the_result_says_for_each_what_changed_and_the_log_too(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang, task = log_in("giang"), str(task_of(case, "xet"))
    chi = str(user_id(store, "chi"))
    for kind, more, before, after in (
        ("assign", {"assignee": chi}, "chưa có người nhận", "Trần Thị Chi"),
        ("set_due_date", {"due": "04/05/2026"}, "không có hạn", "04/05/2026 23:59"),
        ("set_priority", {"priority": "80"}, "50", "80"),
    ):
        address = carry_out(giang, store, {"kind": kind, "task": task, "_reason": "gấp", **more})
        for page in (giang.get(address).text, giang.get(f"/ho-so/{case}/nhat-ky").text):
            assert f"<ins>{after}</ins>" in page, kind
            assert kind == "set_priority" or kind == "set_due_date" or f"<del>{before}</del>" in page, kind
    given = {"kind": "set_variables", "instance": str(case), "variable": "so_ngay", "so_ngay": "9", "_reason": "nhập nhầm"}
    address = carry_out(giang, store, given)
    page = giang.get(address).text
    assert "<del>3</del>" in page
    assert "<ins>9</ins>" in page
    back = giang.post(f"{address}/hoan-tac", {"reason": "không nhầm"}).location
    giang.post(f"{back}/chay")
    work(store)
    assert "<ins>3</ins>" in giang.get(back).text
    giang.post(f"/giam-sat/ho-so/{case}/tam-dung", {"reason": "chờ ý kiến"})
    log = giang.get(f"/ho-so/{case}/nhat-ky").text
    for words in ("<del>đang thực hiện</del>", "<ins>tạm dừng</ins>", "chờ ý kiến", "127.0.0.1", "Lý do: gấp"):
        assert words in log, words


def test_only_those_that_were_not_done_are_tried_again(log_in: Enter, store: Store, case_state: State) -> None:
    cases = [started(store, f"số {number}") for number in range(3)]
    giang = log_in("giang")
    address = giang.post(ASK, {"kind": "suspend", "instance": [str(case) for case in cases], "reason": "chờ"}).location
    assert giang.post(f"{address}/lam-lai").status_code == 422
    giang.post(f"/giam-sat/ho-so/{cases[1]}/tam-dung", {"reason": "trước"})
    giang.post(f"{address}/chay")
    work(store)
    page = giang.get(address).text
    assert "Xem trước lại 1 mục chưa làm được" in page
    giang.post(f"/giam-sat/ho-so/{cases[1]}/tiep-tuc", {"reason": "thôi"})
    once_more = giang.post(f"{address}/lam-lai").location
    with store() as session:
        assert session.scalars(select(BatchItem.instance_id).where(BatchItem.batch_id == int(once_more.rsplit("/", 1)[1]))).all() == [
            cases[1]
        ]
    giang.post(f"{once_more}/chay")
    work(store)
    assert [case_state(case) for case in cases] == ["suspended"] * 3
    assert giang.post(f"{once_more}/lam-lai").status_code == 422
    assert log_in("em").post(f"{address}/lam-lai").status_code == 404


def test_tasks_that_were_not_done_are_tried_again_as_tasks(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang, task = log_in("giang"), task_of(case, "xet")
    address = giang.post(LOOK, {"kind": "set_priority", "task": str(task), "priority": "7", "_reason": "gấp"}).location
    with store.begin() as session:
        session.execute(update(BatchItem).values(state="failed"))
        session.execute(update(Batch).values(state="started"))
    once_more = giang.post(f"{address}/lam-lai").location
    giang.post(f"{once_more}/chay")
    work(store)
    with store() as session:
        assert session.get_one(UserTask, task).priority == 7


def test_who_cannot_be_reminded_is_told_before(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang, task = log_in("giang"), task_of(case, "xet")
    asked = {"kind": "remind", "task": str(task), "_reason": "gấp"}
    page = giang.get(giang.post(LOOK, asked).location).text
    assert "nhưng nhận được việc chưa có ai nhận" in page
    assert "Không có hồ sơ nào thực hiện được." in page
    log_in("binh").post(f"/viec/{task}/nhan")
    carry_out(giang, store, asked)
    assert "Không có hồ sơ nào thực hiện được." in giang.get(giang.post(LOOK, asked).location).text


@pytest.mark.parametrize(
    ("value", "before", "same"),
    [
        ({"ten": "", "nam": None, "con": []}, None, True),
        ({"ten": "", "trong": {"a": False}}, {}, True),
        ({"ten": "x"}, None, False),
        ({"ten": "x", "nam": ""}, {"ten": "x"}, True),
        ([{"a": ""}], [{"a": None}], True),
        ([{"a": ""}, {"a": "x"}], [{"a": None}], False),
        (0, None, False),
        (True, False, False),
    ],
)
def test_fields_that_were_left_empty_are_no_correction(value: object, before: object, same: bool) -> None:
    assert corrections._same(value, before) == same
