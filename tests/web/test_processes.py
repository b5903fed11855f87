"""Processes: the list, the legal basis, starting a case."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import ProcessInstance
from tests.web.conftest import Browser

Enter = Callable[[str], Browser]


def test_it_offers_to_start_only_to_those_whom_the_process_names(log_in: Enter) -> None:
    assert "Khởi tạo hồ sơ" in log_in("an").get("/quy-trinh").text
    binh = log_in("binh")
    assert "Khởi tạo hồ sơ" not in binh.get("/quy-trinh").text
    assert binh.get("/quy-trinh/don_nghi/khoi-tao").status_code == 404
    assert binh.post("/quy-trinh/don_nghi/khoi-tao", {"ly_do": "x", "so_ngay": "1"}).status_code == 404


def test_it_starts_a_case_from_its_form(store: sessionmaker[Session], log_in: Enter) -> None:
    an = log_in("an")
    said = an.post("/quy-trinh/don_nghi/khoi-tao", {"ly_do": "việc nhà", "so_ngay": "2", "_ma_ho_so": "ĐN 02"})
    with store() as session:
        case = session.scalars(select(ProcessInstance)).one()
    assert said.location == f"/ho-so/{case.id}"
    assert (case.title, case.business_key) == ("Đơn nghỉ: việc nhà", "ĐN 02")
    assert "Đã khởi tạo hồ sơ" in an.get(said.location).text


def test_it_keeps_what_was_typed_when_something_is_wrong(store: sessionmaker[Session], log_in: Enter) -> None:
    said = log_in("an").post("/quy-trinh/don_nghi/khoi-tao", {"ly_do": "việc nhà", "so_ngay": "nhiều", "_ma_ho_so": "ĐN 03"})
    assert said.status_code == 422
    assert "việc nhà" in said.text
    assert "nhiều" in said.text
    assert "ĐN 03" in said.text
    with store() as session:
        assert session.scalars(select(ProcessInstance)).all() == []


def test_it_sets_the_sentences_of_the_law_beside_the_elements_that_carry_them(log_in: Enter) -> None:
    page = log_in("an").get("/quy-trinh/don_nghi/can-cu").text
    carried, missing = page.split("Điều 6")[0], page.split("Điều 6")[1]
    assert "Trưởng phòng xét đơn nghỉ của nhân viên trong ba ngày." in carried
    assert "Xét đơn" in carried
    assert "không có phần tử nào" in missing.split("</tr>")[0]
    assert "Nội quy, Điều 5" in page


def test_its_page_lists_the_steps(log_in: Enter) -> None:
    page = log_in("em").get("/quy-trinh/don_nghi").text
    assert "Ý kiến y tế" in page
    assert log_in("em").get("/quy-trinh/khong_co").status_code == 404
    assert log_in("em").get("/quy-trinh/don_nghi/so-do.bpmn").status_code == 200
