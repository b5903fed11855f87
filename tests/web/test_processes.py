"""Processes: the list, the legal basis, starting a case."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, executions
from engine.models import Document, ProcessInstance
from tests.engine.cast import bpmn, flow
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


def test_it_stores_the_files_of_the_start_form_with_the_case_or_not_at_all(store: sessionmaker[Session], log_in: Enter) -> None:
    asked = (
        '{"type":"default","id":"don","schemaVersion":16,"components":[{"type":"textfield","key":"ly_do","label":"Lý do",'
        '"validate":{"required":true}},{"type":"filepicker","key":"kem","label":"Tài liệu kèm","multiple":true}]}'
    )
    body = '<startEvent id="s" camunda:formRef="don"/><userTask id="t" name="Việc" camunda:candidateGroups="@so_a"/>' + flow("s", "t")
    with store.begin() as session:
        diagram = bpmn(body, key="co_tep", process='camunda:candidateStarterUsers="an"')
        deployments.deploy(session, "co_tep", {"p.bpmn": diagram, "forms/don.form": asked.encode()})
    an = log_in("an")
    address = "/quy-trinh/co_tep/khoi-tao"

    def send(reason: str, name: str, content: bytes) -> Any:
        return an.post(address, {"ly_do": reason, "kem": (BytesIO(content), name)}, page=address)

    refused = send("", "đơn.txt", "nội dung".encode())
    assert refused.status_code == 422
    assert "Hãy chọn lại tệp" in refused.text
    disguised = send("việc nhà", "đơn.pdf", b"MZ not a pdf")
    assert disguised.status_code == 422
    with store() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.scalars(select(ProcessInstance)).all() == []
    assert send("việc nhà", "đơn.txt", "nội dung".encode()).status_code == 302
    with store() as session:
        document = session.scalars(select(Document)).one()
        case = session.scalars(select(ProcessInstance)).one()
        assert (document.name, document.instance_id) == ("đơn.txt", case.id)
        assert executions.load(session, case).variables["kem"] == [document.id]
    assert an.get(f"/van-ban/{document.id}").data == "nội dung".encode()
