"""Cases: who sees which, and what the page of one says."""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlalchemy.orm import Session, sessionmaker

from engine import documents
from tests.web.conftest import FOLDER, Browser
from tests.web.test_replay import person
from tests.web.test_tasks import same

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
TITLE = "Đơn nghỉ: về quê Bình Định"


def approve(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = log_in("binh"), task_of(case, "xet")
    binh.post(f"/viec/{task}/nhan")
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": "Đồng ý cho nghỉ."})


def test_the_list_has_cases_of_those_who_take_part_or_supervise_and_of_nobody_else(log_in: Enter, case: int) -> None:
    for who in ("an", "binh", "chi", "giang"):
        assert TITLE in log_in(who).get("/ho-so").text, who
    for who in ("duc", "em"):
        assert TITLE not in log_in(who).get("/ho-so").text, who


def test_a_case_that_one_may_not_see_looks_like_none_at_all(log_in: Enter, case: int) -> None:
    em = log_in("em")
    assert same(em.get(f"/ho-so/{case}").text, f"/ho-so/{case}") == same(em.get("/ho-so/99999").text, "/ho-so/99999")
    for address in ("", "/viec", "/van-ban", "/du-lieu", "/nhat-ky", "/so-do.bpmn", "/so-do.json"):
        assert em.get(f"/ho-so/{case}{address}").status_code == 404, address
    assert em.post(f"/ho-so/{case}/huy", {"reason": "x"}).status_code == 404


def test_it_serves_the_diagram_byte_for_byte(log_in: Enter, case: int) -> None:
    said = log_in("an").get(f"/ho-so/{case}/so-do.bpmn")
    assert said.data == (FOLDER / "don_nghi.bpmn").read_bytes()
    assert said.mimetype == "application/xml"


def test_it_says_where_the_case_stands(log_in: Enter, case: int, task_of: Find) -> None:
    an = log_in("an")
    before = an.get(f"/ho-so/{case}/so-do.json")
    assert before.json == {"passed": {"bat_dau": 1}, "flows": ["f1"], "active": {"xet": 1}, "failed": [], "calls": {}}
    tag = before.headers["ETag"]
    assert an.get(f"/ho-so/{case}/so-do.json", headers={"If-None-Match": tag}).status_code == 304
    approve(log_in, case, task_of)
    after = an.get(f"/ho-so/{case}/so-do.json", headers={"If-None-Match": tag})
    assert after.json == {"passed": {"bat_dau": 1, "xet": 1}, "flows": ["f1", "f2"], "active": {"y_te": 1}, "failed": [], "calls": {}}


def test_its_tabs_tell_the_story_the_work_the_data_and_the_log(log_in: Enter, case: int, task_of: Find) -> None:
    approve(log_in, case, task_of)
    an = log_in("an")
    story = an.get(f"/ho-so/{case}").text
    assert "Đồng ý cho nghỉ." in story
    assert "Nguyễn Văn Bình" in story
    assert "Ý kiến y tế" in an.get(f"/ho-so/{case}/viec").text
    data = an.get(f"/ho-so/{case}/du-lieu").text
    assert "Số ngày" in data
    assert "về quê Bình Định" in data
    log = an.get(f"/ho-so/{case}/nhat-ky").text
    assert "Nhận việc" in log
    assert "Chưa có văn bản nào." in an.get(f"/ho-so/{case}/van-ban").text


def test_its_log_names_the_steps_and_keeps_their_ids_for_who_asks(log_in: Enter, case: int, task_of: Find) -> None:
    approve(log_in, case, task_of)
    log = log_in("an").get(f"/ho-so/{case}/nhat-ky").text
    assert '<th scope="row" title="xet">Hoàn thành: Xét đơn' in log and "<code>" not in log


def test_a_long_story_begins_with_what_happened_last(log_in: Enter, store: sessionmaker[Session], case: int) -> None:
    an = log_in("an")
    assert "trang đầu" not in an.get(f"/ho-so/{case}").text
    with store.begin() as session:
        for number in range(1, 251):
            documents.add(session, case, f"lá thư {number:03}.txt", b"x", "text/plain", user=person(session, "an"))
    told = [numbers(an.get(f"/ho-so/{case}?page={page}").text) for page in (1, 2, 3)]
    assert (told[0][0], told[0][-1], told[1][-1], told[2][-1]) == ("151", "250", "150", "050")
    assert "100 sự việc trong 251" in an.get(f"/ho-so/{case}").text


def numbers(page: str) -> list[str]:
    return re.findall(r"lá thư (\d{3})\.", page.split('id="tabs"')[-1])


def test_its_table_says_the_same_as_the_diagram(log_in: Enter, case: int) -> None:
    page = log_in("an").get(f"/ho-so/{case}").text
    table = page.split("Các bước của sơ đồ")[1].split("</table>")[0]
    for name in ("Có đơn", "Xét đơn", "Ý kiến y tế", "Báo kết quả", "Xong"):
        assert name in table


def test_it_is_cancelled_with_a_reason_by_who_started_it(log_in: Enter, case: int, case_state: Callable[[int], str]) -> None:
    an, binh = log_in("an"), log_in("binh")
    assert "Hủy hồ sơ này" not in binh.get(f"/ho-so/{case}").text
    assert binh.post(f"/ho-so/{case}/huy", {"reason": "Thử"}).status_code == 403
    assert an.post(f"/ho-so/{case}/huy", {"reason": "  "}).status_code == 422
    assert case_state(case) == "active"
    assert an.post(f"/ho-so/{case}/huy", {"reason": "Không nghỉ nữa"}).status_code == 302
    assert case_state(case) == "cancelled"
    assert "Không nghỉ nữa" in an.get(f"/ho-so/{case}").text


def test_it_filters_the_list(log_in: Enter, case: int) -> None:
    an = log_in("an")
    assert TITLE in an.get("/ho-so?state=active&process=don_nghi&q=binh+dinh").text
    assert TITLE not in an.get("/ho-so?state=ended").text
    assert TITLE not in an.get("/ho-so?process=khac").text
