"""The page of one task: what it shows to whom, drafts, files, handing in, being too late."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Document, Draft, HistoryEvent, UserTask
from tests.web.conftest import Browser

Enter = Callable[[str], Browser]
Find = Callable[[int, str], int]
PDF = b"%PDF-1.7\n%test"


def same(page: str, address: str) -> str:
    """The page without what differs from request to request."""
    return re.sub(r'(name="csrf_token" value=)"[^"]*"', r"\1", page.replace(f'"{address}"', "").replace(f'next={address}"', ""))


def claimed(log_in: Enter, case: int, task_of: Find, who: str = "binh") -> tuple[Browser, int]:
    browser, task = log_in(who), task_of(case, "xet")
    browser.post(f"/viec/{task}/nhan")
    return browser, task


def test_it_says_what_is_asked_and_why(log_in: Enter, case: int, task_of: Find) -> None:
    page = log_in("binh").get(f"/viec/{task_of(case, 'xet')}").text
    assert "Xem lý do và số ngày còn lại." in page
    assert "Nội quy, Điều 5" in page
    assert "Trưởng phòng xét đơn nghỉ của nhân viên trong ba ngày." in page
    assert "Đơn nghỉ: về quê Bình Định" in page


def test_someone_elses_task_looks_like_none_at_all(log_in: Enter, case: int, task_of: Find) -> None:
    em, task = log_in("em"), task_of(case, "xet")
    hidden, unknown = em.get(f"/viec/{task}"), em.get("/viec/999999")
    assert (hidden.status_code, unknown.status_code) == (404, 404)
    assert same(hidden.text, f"/viec/{task}") == same(unknown.text, "/viec/999999")
    for address in ("", "/nhan", "/tra", "/nhap", "/nhap/bo", "/sua"):
        assert em.post(f"/viec/{task}{address}", {"ket_luan": "dong_y"}).status_code == 404, address


def test_it_hands_in_and_leads_to_the_next_task_of_the_case_that_is_mine(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    said = binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": "Được."})
    assert said.location == "/"
    assert "Đã gửi" in binh.get("/").text
    duc, asked = log_in("duc"), task_of(case, "y_te")
    duc.post(f"/viec/{asked}/nhan")
    assert duc.post(f"/viec/{asked}", {"tra_loi": "Khỏe."}).location == "/"
    last = task_of(case, "bao")
    binh.post(f"/viec/{last}/nhan")
    assert binh.post(f"/viec/{last}", {"tra_loi": "Xong."}).location == "/"


def test_it_returns_what_was_typed_with_what_is_wrong(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    said = binh.post(f"/viec/{task}", {"ket_luan": "", "y_kien": "Viết dở <b>"})
    assert said.status_code == 422
    assert "Cần chọn “Kết luận”" in said.text
    assert "Viết dở &lt;b&gt;" in said.text
    assert task_of(case, "xet") == task


def test_it_refuses_fields_that_the_form_does_not_have(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    said = binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "so_ngay": "99"})
    assert said.status_code == 422
    assert "so_ngay" in said.text


def test_the_second_is_told_who_was_faster_and_keeps_what_he_typed(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    chi = log_in("chi")
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y"})
    said = chi.post(f"/viec/{task}", {"ket_luan": "khong", "y_kien": "Ý kiến dài của tôi"})
    assert said.status_code == 409
    assert "Nguyễn Văn Bình" in said.text
    assert "Ý kiến dài của tôi" in said.text


def test_it_tells_who_holds_the_task_to_one_who_did_not_claim_it(log_in: Enter, case: int, task_of: Find) -> None:
    _binh, task = claimed(log_in, case, task_of)
    said = log_in("chi").post(f"/viec/{task}", {"ket_luan": "khong", "y_kien": "Tôi viết"})
    assert said.status_code == 409
    assert "Nguyễn Văn Bình" in said.text
    assert "Tôi viết" in said.text


def test_it_keeps_and_restores_a_draft_that_only_its_writer_sees(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    said = binh.post(f"/viec/{task}/nhap", {"y_kien": "Bản nháp riêng"}, headers={"Accept": "application/json"})
    assert said.json
    assert "Bản nháp riêng" in log_in("binh").get(f"/viec/{task}").text
    assert "Bản nháp riêng" not in log_in("chi").get(f"/viec/{task}").text
    binh.post(f"/viec/{task}/nhap/bo")
    assert "Bản nháp riêng" not in binh.get(f"/viec/{task}").text


def test_a_draft_saved_without_session_is_refused_in_json(app: object, log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    token = binh.token("/tai-khoan")
    binh.post("/dang-xuat")
    said = binh.client.post(f"/viec/{task}/nhap", data={"csrf_token": token, "y_kien": "x"}, headers={"Accept": "application/json"})
    assert said.status_code == 401
    assert said.json


def test_a_form_sent_after_the_session_has_ended_is_shown_again_for_copying(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    binh.post("/dang-xuat")
    said = binh.client.post(f"/viec/{task}", data={"y_kien": "Cả buổi sáng tôi viết", "csrf_token": "cu"})
    assert said.status_code == 401
    assert "Cả buổi sáng tôi viết" in said.text
    assert f"/dang-nhap?next=/viec/{task}" in said.text


def test_it_stores_a_file_at_once_and_keeps_what_is_typed(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    data = {"y_kien": "Đang viết", "_attach": "giay_to", "giay_to": (io.BytesIO(PDF), "Giấy khám.pdf")}
    assert binh.post(f"/viec/{task}/sua", data).status_code == 302
    page = binh.get(f"/viec/{task}").text
    assert "Giấy khám.pdf" in page
    assert "Đang viết" in page
    with store() as session:
        document = session.scalars(select(Document)).one()
        assert (document.user_task_id, document.media_type, document.size) == (task, "application/pdf", len(PDF))
    binh.post(f"/viec/{task}/sua", {"_detach": f"giay_to:{document.id}", "giay_to": str(document.id), "y_kien": "Đang viết"})
    with store() as session:
        assert session.scalars(select(Document)).all() == []
        assert session.scalars(select(Draft)).one().data["giay_to"] == []


def test_a_disguised_file_is_refused_with_a_reason_and_nothing_typed_is_lost(
    store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find
) -> None:
    binh, task = claimed(log_in, case, task_of)
    data = {"y_kien": "Đang viết", "_attach": "giay_to", "giay_to": (io.BytesIO(b"MZ\x90\x00program"), "giay.pdf")}
    assert binh.post(f"/viec/{task}/sua", data).status_code == 302
    page = binh.get(f"/viec/{task}").text
    assert "giay.pdf" in page
    assert "một chương trình" in page
    assert "Đang viết" in page
    with store() as session:
        assert session.scalars(select(Document)).all() == []


def test_files_that_came_with_a_refused_form_stay(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    said = binh.post(f"/viec/{task}", {"ket_luan": "", "giay_to": (io.BytesIO(PDF), "a.pdf")})
    assert said.status_code == 422
    assert "a.pdf" in said.text
    with store() as session:
        number = session.scalars(select(Document.id)).one()
    assert binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "giay_to": str(number)}).status_code == 302


def test_who_is_only_asked_sees_his_request_and_what_is_handed_over_and_nothing_else(
    store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find
) -> None:
    binh, task = claimed(log_in, case, task_of)
    binh.post(f"/viec/{task}/sua", {"_attach": "giay_to", "giay_to": (io.BytesIO(PDF), "kham.pdf")})
    binh.post(f"/viec/{task}/sua", {"_attach": "giay_to", "giay_to": (io.BytesIO(PDF + b"2"), "rieng.pdf")})
    with store() as session:
        shown, kept = session.scalars(select(Document.id).order_by(Document.id)).all()
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": "Không cho bác sĩ xem", "giay_to": str(shown)})
    duc, asked = log_in("duc"), task_of(case, "y_te")
    page = duc.get(f"/viec/{asked}").text
    assert "kham.pdf" in page
    assert "rieng.pdf" not in page
    assert "Không cho bác sĩ xem" not in page
    assert f"/ho-so/{case}" not in page
    assert duc.get(f"/viec/{asked}/tai-lieu/{shown}").data == PDF
    assert duc.get(f"/viec/{asked}/tai-lieu/{kept}").status_code == 404
    assert duc.get(f"/van-ban/{shown}").status_code == 404
    assert duc.get(f"/viec/{task}").status_code == 404
    for address in ("so-do.bpmn", "so-do.json", "viec", "van-ban", "du-lieu", "nhat-ky"):
        assert duc.get(f"/ho-so/{case}/{address}").status_code == 404, address
    assert duc.get(f"/ho-so/{case}").location == f"/viec/{asked}"


def test_a_finished_task_shows_what_was_handed_in(log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": "Đồng ý cho nghỉ."})
    page = log_in("chi").get(f"/viec/{task}").text
    assert "Đồng ý cho nghỉ." in page
    assert "Nguyễn Văn Bình" in page


def test_completing_writes_who_did_what(store: sessionmaker[Session], log_in: Enter, case: int, task_of: Find) -> None:
    binh, task = claimed(log_in, case, task_of)
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": ""})
    with store() as session:
        event = session.scalars(select(HistoryEvent).where(HistoryEvent.kind == "task.completed")).one()
        assert event.actor is not None
        assert (event.actor.username, event.user_task_id) == ("binh", task)
        assert event.detail["data"]["ket_luan"] == "dong_y"
        assert session.get_one(UserTask, task).state == "completed"
