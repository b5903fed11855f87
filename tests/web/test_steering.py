"""What supervisors do: each act asks for a reason and is recorded with it."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import HistoryEvent, Incident, User
from tests.web.conftest import Browser
from tests.web.moving import work
from tests.web.test_monitor import break_down, holder_of, started, user_id

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
State = Callable[[int], str]
Store = sessionmaker[Session]


def recorded(store: Store, case: int, kind: str) -> list[str]:
    with store() as session:
        query = select(HistoryEvent.detail).where(HistoryEvent.instance_id == case, HistoryEvent.kind == kind)
        return [detail.get("reason", "") for detail in session.scalars(query)]


def test_it_suspends_activates_and_cancels_with_a_reason(log_in: Enter, store: Store, case: int, case_state: State) -> None:
    giang = log_in("giang")
    address = f"/giam-sat/ho-so/{case}"
    assert giang.post(f"{address}/tam-dung", {"reason": "chờ kết luận"}).status_code == 302
    assert case_state(case) == "suspended"
    assert "Cho hồ sơ chạy tiếp" in giang.get(address).text
    assert giang.post(f"{address}/tiep-tuc", {"reason": "đã có kết luận"}).status_code == 302
    assert case_state(case) == "active"
    assert giang.post(f"{address}/huy", {"reason": "rút đơn"}).status_code == 302
    assert case_state(case) == "cancelled"
    page = giang.get(address).text
    assert "rút đơn" in page
    assert "Hủy hồ sơ này" not in page
    kinds = ("instance.suspended", "instance.activated", "instance.cancelled")
    assert [recorded(store, case, kind) for kind in kinds] == [["chờ kết luận"], ["đã có kết luận"], ["rút đơn"]]


def test_it_does_nothing_without_a_reason_and_says_so(log_in: Enter, store: Store, case: int, task_of: Find, case_state: State) -> None:
    giang, task, incident = log_in("giang"), task_of(case, "xet"), break_down(store, case)
    person = str(user_id(store, "chi"))
    for act in ("tam-dung", "huy", "giao", "thu-lai"):
        fields = {"reason": "  ", "task": str(task), "incident": str(incident), "assignee": person}
        said = giang.post(f"/giam-sat/ho-so/{case}/{act}", fields)
        assert said.status_code == 422, act
        assert "nêu lý do." in said.text, act
        assert f'<option value="{person}" selected>' in said.text or act != "giao"
    assert giang.post("/giam-sat/viec/giao", {"task": str(task), "assignee": person}).status_code == 422
    assert giang.post("/giam-sat/su-co/thu-lai", {"incident": str(incident)}).status_code == 422
    assert case_state(case) == "active"
    assert holder_of(store, task) is None
    assert recorded(store, case, "incident.resolved") == []


def test_it_gives_a_task_to_somebody_else_who_can_then_open_it(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    giang, em, task = log_in("giang"), log_in("em"), task_of(case, "xet")
    assert em.get(f"/viec/{task}").status_code == 404
    fields = {"task": str(task), "assignee": str(user_id(store, "em")), "reason": "bình nghỉ ốm"}
    assert giang.post(f"/giam-sat/ho-so/{case}/giao", fields).status_code == 302
    assert holder_of(store, task) == "em"
    assert em.get(f"/viec/{task}").status_code == 200
    assert recorded(store, case, "task.assigned") == ["bình nghỉ ốm"]


def test_it_gives_all_ticked_tasks_of_one_person_to_another_and_tells_each_result(log_in: Enter, store: Store, task_of: Find) -> None:
    cases = [started(store, f"số {number}") for number in range(4)]
    tasks = [task_of(case, "xet") for case in cases]
    giang, binh = log_in("giang"), log_in("binh")
    for task in tasks[:3]:
        binh.post(f"/viec/{task}/nhan")
    page = giang.get(f"/giam-sat/viec?holder={user_id(store, 'binh')}").text
    assert [f'value="{task}"' in page.split("<tbody>")[1].split("</tbody>")[0] for task in tasks] == [True, True, True, False]
    giang.post(f"/giam-sat/ho-so/{cases[1]}/tam-dung", {"reason": "chờ"})
    fields = {"task": [str(task) for task in [*tasks[:3], 99999]], "assignee": str(user_id(store, "chi")), "reason": "bình chuyển đi"}
    look = giang.post("/giam-sat/viec/giao", fields).location
    page = giang.get(look).text
    assert "Thực hiện với 2 mục" in page
    assert "không thực hiện được" in page
    assert [holder_of(store, task) for task in tasks] == ["binh", "binh", "binh", None]
    giang.post(f"{look}/chay")
    work(store)
    assert [holder_of(store, task) for task in tasks] == ["chi", "binh", "chi", None]
    assert [recorded(store, case, "task.assigned") for case in cases] == [["bình chuyển đi"], [], ["bình chuyển đi"], []]


def test_it_gives_no_task_to_an_account_that_is_closed(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    with store.begin() as session:
        session.scalars(select(User).where(User.username == "chi")).one().active = False
    giang, chi = log_in("giang"), str(user_id(store, "chi"))
    assert f'<option value="{chi}"' not in giang.get(f"/giam-sat/ho-so/{case}").text
    fields = {"task": str(task_of(case, "xet")), "assignee": chi, "reason": "thử"}
    assert giang.post(f"/giam-sat/ho-so/{case}/giao", fields).status_code == 422


def test_incidents_are_listed_with_sentence_and_line_and_tried_again(log_in: Enter, store: Store, case: int) -> None:
    other = started(store, "số 2")
    incidents = [break_down(store, case), break_down(store, other)]
    giang = log_in("giang")
    page = giang.get("/giam-sat/su-co").text
    for word in ("biểu thức sai", "dòng 7", "Xét đơn", "về quê Bình Định"):
        assert word in page
    look = giang.post("/giam-sat/su-co/thu-lai", {"incident": [str(id_) for id_ in incidents], "reason": "đã sửa"}).location
    assert recorded(store, case, "incident.resolved") == []
    giang.post(f"{look}/chay")
    work(store)
    assert "Không có sự cố nào." in giang.get("/giam-sat/su-co").text
    assert recorded(store, case, "incident.resolved") == ["đã sửa"]
    with store() as session:
        assert all(one.resolved_at is not None for one in session.scalars(select(Incident)))


def test_an_incident_is_tried_again_on_the_page_of_its_case(log_in: Enter, store: Store, case: int) -> None:
    giang, incident = log_in("giang"), break_down(store, case)
    assert "biểu thức sai" in giang.get(f"/giam-sat/ho-so/{case}").text
    assert giang.post(f"/giam-sat/ho-so/{case}/thu-lai", {"incident": str(incident), "reason": "đã sửa"}).status_code == 302
    assert "biểu thức sai" not in giang.get(f"/giam-sat/ho-so/{case}").text
    assert recorded(store, case, "incident.resolved") == ["đã sửa"]


def test_a_task_that_is_over_meanwhile_is_told_in_the_results(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    task = task_of(case, "xet")
    giang = log_in("giang")
    giang.post(f"/giam-sat/ho-so/{case}/huy", {"reason": "rút đơn"})
    look = giang.post("/giam-sat/viec/giao", {"task": str(task), "assignee": str(user_id(store, "chi")), "reason": "x"}).location
    assert "Không có hồ sơ nào thực hiện được." in giang.get(look).text


def test_all_tasks_of_a_page_can_be_ticked_at_once(log_in: Enter, store: Store) -> None:
    for number in range(3):
        started(store, f"số {number}")
    giang = log_in("giang")
    page = giang.get("/giam-sat/viec").text
    assert "all=1#giao" in page
    assert 'value="1" checked' not in page
    rows = giang.get("/giam-sat/viec?all=1").text.split("<tbody>")[1].split("</tbody>")[0]
    assert (rows.count('name="task"'), rows.count(" checked ")) == (3, 3)


def test_all_tasks_of_a_person_are_given_away_after_a_look(log_in: Enter, store: Store, task_of: Find) -> None:
    cases = [started(store, f"số {number}") for number in range(3)]
    tasks = [task_of(case, "xet") for case in cases]
    giang, binh = log_in("giang"), log_in("binh")
    for task in tasks[:2]:
        binh.post(f"/viec/{task}/nhan")
    fields = {"holder": str(user_id(store, "binh")), "everything": "1", "assignee": str(user_id(store, "chi")), "reason": "bình chuyển đi"}
    look = giang.post("/giam-sat/viec/giao", fields).location
    assert [holder_of(store, task) for task in tasks] == ["binh", "binh", None]
    assert "cho Trần Thị Chi" in giang.get(look).text
    giang.post(f"{look}/chay")
    work(store)
    assert [holder_of(store, task) for task in tasks] == ["chi", "chi", None]


def test_all_cases_that_a_filter_leaves_are_suspended_after_a_look(log_in: Enter, store: Store, case_state: State) -> None:
    cases = [started(store, words) for words in ("cưới", "ốm", "ốm")]
    giang = log_in("giang")
    assert "Cả 2 hồ sơ của danh sách này" in giang.get("/giam-sat/ho-so?q=ốm").text
    look = giang.post("/giam-sat/hang-loat/hoi?q=ốm", {"kind": "suspend", "reason": "chờ", "filtered": "1"}).location
    giang.post(f"{look}/chay")
    work(store)
    assert [case_state(case) for case in cases] == ["active", "suspended", "suspended"]
    for address, fields in (
        ("?q=ốm", {"kind": "migrate", "reason": "x"}),
        ("?from=32/13/2026", {"kind": "cancel", "reason": "x"}),
    ):
        assert "/giam-sat/ho-so" in giang.post(f"/giam-sat/hang-loat/hoi{address}", {"filtered": "1", **fields}).location
    assert "Cần nêu lý do." in giang.post("/giam-sat/hang-loat/xem?q=ốm", {"kind": "cancel", "_reason": " ", "filtered": "1"}).text
    assert case_state(cases[0]) == "active"
    assert log_in("em").post("/giam-sat/hang-loat/hoi", {"kind": "cancel", "reason": "x"}).status_code == 404


def test_all_incidents_that_a_search_finds_are_tried_again_and_no_other(log_in: Enter, store: Store) -> None:
    found = [started(store, words) for words in ("cưới", "ốm", "ốm")]
    for case in found:
        break_down(store, case)
    giang = log_in("giang")
    assert 'action="/giam-sat/su-co/thu-lai?q=om"' in giang.get("/giam-sat/su-co?q=om").text
    look = giang.post("/giam-sat/su-co/thu-lai?q=om", {"everything": "1", "reason": "đã sửa"}).location
    giang.post(f"{look}/chay")
    work(store)
    assert [recorded(store, case, "incident.resolved") for case in found] == [[], ["đã sửa"], ["đã sửa"]]
