"""The list of cases: variables, columns, kept filters, files."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import quote

import pytest
from sqlalchemy import select, update

from engine import exports
from engine.db import now
from engine.models import Export, ExportPart, Job, ProcessInstance, SavedFilter, User
from engine.worker import Worker
from tests.web.supervised import Enter, Find, Store, started, table, unsupervise
from web.accounts import _membership
from web.monitor import files

LIST = "/giam-sat/ho-so"
HERE = "process=don_nghi"


def titles(giang: object, query: str) -> set[str]:
    rows = table(giang.get(f"{LIST}.csv?{query}").data)  # type: ignore[attr-defined]
    return {row["Hồ sơ"].removeprefix("Đơn nghỉ: ") for row in rows}


def asked(name: str, value: str) -> str:
    return f"{HERE}&{quote(name)}={quote(value)}"


# --- variables ---


def test_it_finds_cases_by_the_variables_that_the_process_names(log_in: Enter, store: Store) -> None:
    for reason, days in (("về quê Đắk Lắk", 3), ("đi học", 12)):
        started(store, reason, so_ngay=days)
    giang = log_in("giang")
    found = {
        asked("v:ly_do", "dak lak"): {"về quê Đắk Lắk"},
        asked("v:ly_do", "không có"): set(),
        asked("tu:so_ngay", "10"): {"đi học"},
        asked("den:so_ngay", "11,5"): {"về quê Đắk Lắk"},
        asked("tu:so_ngay", "3") + "&" + quote("den:so_ngay") + "=3": {"về quê Đắk Lắk"},
        asked("v:ket_luan", "dong_y"): set(),
        asked("v:ly_do", "100%"): set(),
    }
    for query, expected in found.items():
        assert titles(giang, query) == expected, query
    page = giang.get(f"{LIST}?{HERE}").text
    assert 'name="v:ly_do"' in page
    assert 'name="tu:so_ngay"' in page
    assert "Không đồng ý" in page


def test_a_variable_follows_the_case(log_in: Enter, store: Store, case: int, task_of: Find) -> None:
    log_in("binh").post(f"/viec/{task_of(case, 'xet')}/nhan")
    assert titles(log_in("giang"), asked("v:ket_luan", "dong_y")) == set()
    log_in("binh").post(f"/viec/{task_of(case, 'xet')}", {"ket_luan": "dong_y"})
    assert titles(log_in("giang"), asked("v:ket_luan", "dong_y")) == {"về quê Bình Định"}


def test_a_number_that_is_none_is_said_and_kept(log_in: Enter, case: int) -> None:
    page = log_in("giang").get(f"{LIST}?{asked('tu:so_ngay', 'nhiều')}").text
    assert "nhưng đã nhập “nhiều”" in page
    assert 'value="nhiều"' in page


def test_it_finds_by_the_days_of_ending_and_of_deadlines(log_in: Enter, store: Store, task_of: Find) -> None:
    soon, over = started(store, "sắp"), started(store, "xong")
    giang = log_in("giang")
    giang.post(f"{LIST}/{over}/huy", {"reason": "thử"})
    with store.begin() as session:
        day = now(session)
        session.execute(update(ProcessInstance).where(ProcessInstance.id == over).values(ended_at=day - timedelta(days=30)))
    assert soon
    assert titles(giang, f"ended_to={day - timedelta(days=20):%d/%m/%Y}") == {"xong"}
    assert titles(giang, f"ended_from={day - timedelta(days=20):%d/%m/%Y}") == set()
    assert titles(giang, f"due_from={day:%d/%m/%Y}&due_to={day + timedelta(days=9):%d/%m/%Y}") == {"sắp"}
    assert titles(giang, f"due_to={day - timedelta(days=1):%d/%m/%Y}") == set()


# --- columns, order, the way back ---


def test_chosen_columns_stand_in_the_address_the_list_and_the_file(log_in: Enter, case: int) -> None:
    giang = log_in("giang")
    page = giang.get(f"{LIST}?{HERE}&col=title&col=holder&col=v%3Aso_ngay").text
    head = page.split("<thead>")[1].split("</thead>")[0]
    assert re.findall(r"<th[^>]*>(?:<a[^>]*>)?([^<]+)", head) == ["Hồ sơ", "Người giữ", "Số ngày"]
    assert "cols=title%2Cholder%2Cv%3Aso_ngay" in page
    row = table(giang.get(f"{LIST}.csv?{HERE}&cols=title,holder,v:so_ngay").data)[0]
    assert row == {"Hồ sơ": "Đơn nghỉ: về quê Bình Định", "Người giữ": "", "Số ngày": "3"}
    assert giang.get(f"{LIST}?cols=nonsense,%22%3E").status_code == 200


def test_the_page_of_a_case_leads_back_to_the_same_place(log_in: Enter, case: int) -> None:
    giang = log_in("giang")
    page = giang.get(f"{LIST}?q=binh+dinh&sort=-title&late=&{HERE}").text
    link = re.search(rf'href="({LIST}/{case}[^"]*)"', page)
    assert link
    shown = giang.get(link[1].replace("&amp;", "&")).text
    assert f'href="{LIST}?q=binh+dinh&amp;process=don_nghi&amp;sort=-title#hs-{case}"' in shown
    evil = giang.get(f"{LIST}/{case}?ds={quote('next=//evil.example&q=a')}").text
    assert "evil" not in evil


# --- kept filters ---


def save(browser: object, name: str, address: str, shared: str = "") -> object:
    return browser.post(f"{LIST}/bo-loc", {"name": name, "address": address, "shared_with": shared})  # type: ignore[attr-defined]


def filters(store: Store) -> dict[str, tuple[str, str | None]]:
    with store() as session:
        return {one.name: (one.address, one.shared_with) for one in session.scalars(select(SavedFilter))}


@pytest.fixture
def hoa(store: Store, password_hash: str) -> None:
    """hoa supervises as giang does."""
    with store.begin() as session:
        user = User(username="hoa", name="Lê Hoa", password_hash=password_hash, created_at=now(session))
        user.memberships = [_membership(session, "giam_sat@van_phong")]
        session.add(user)


def test_a_filter_is_kept_renamed_by_saving_again_and_removed(log_in: Enter, store: Store, case: int) -> None:
    giang = log_in("giang")
    save(giang, "Của Bình", "q=binh&sort=-title&next=evil&page=3")
    assert filters(store) == {"Của Bình": ("q=binh&sort=-title", None)}
    save(giang, "Của Bình", "late=1")
    assert filters(store) == {"Của Bình": ("late=1", None)}
    assert "Của Bình" in giang.get(LIST).text
    with store() as session:
        number = session.scalars(select(SavedFilter.id)).one()
    assert giang.get(f"{LIST}/bo-loc/{number}").headers["Location"].endswith(f"{LIST}?late=1")
    giang.post(f"{LIST}/bo-loc/{number}/bo")
    assert filters(store) == {}
    save(giang, " ", "late=1")
    assert filters(store) == {}


def test_a_shared_filter_is_for_those_who_supervise_in_that_role(log_in: Enter, store: Store, case: int, hoa: None) -> None:
    giang, other = log_in("giang"), log_in("hoa")
    save(giang, "Riêng", "q=a")
    save(giang, "Chung", "q=b", "giam_sat")
    save(giang, "Không được", "q=c", "truong_phong@phong_a")
    assert filters(store)["Không được"] == ("q=c", None)
    page = other.get(LIST).text
    assert "Chung" in page
    assert "Riêng" not in page
    with store() as session:
        numbers = {one.name: one.id for one in session.scalars(select(SavedFilter))}
    assert other.get(f"{LIST}/bo-loc/{numbers['Chung']}").status_code == 302
    assert other.get(f"{LIST}/bo-loc/{numbers['Riêng']}").status_code == 404
    assert other.post(f"{LIST}/bo-loc/{numbers['Chung']}/bo").status_code == 404
    assert len(filters(store)) == 3


# --- files ---


def cells(content: bytes) -> str:
    with zipfile.ZipFile(io.BytesIO(content)) as book:
        return "".join(book.read(name).decode() for name in book.namelist() if name.startswith("xl/worksheets/sheet") or "shared" in name)


def test_a_workbook_holds_dates_as_dates_and_no_formula(log_in: Enter, store: Store, case: int) -> None:
    with store.begin() as session:
        session.get_one(ProcessInstance, case).title = '=HYPERLINK("http://x")'
    said = log_in("giang").get(f"{LIST}.xlsx")
    assert said.headers["Content-Disposition"].endswith('.xlsx"')
    text = cells(said.data)
    assert "=HYPERLINK" in text
    assert "<f>" not in text
    assert "hyperlink" not in text
    assert re.search(r'<c r="J2" s="\d+"><v>4\d{4}\.', text)


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Lists are long from three cases on, and are read two at a time."""
    monkeypatch.setattr(files, "AT_ONCE", 2)
    monkeypatch.setattr(exports, "CHUNK", 2)
    yield


def work(store: Store) -> None:
    worker = Worker(store, {})
    while worker.run_due():
        pass


@pytest.mark.parametrize("format_", ["csv", "xlsx"])
def test_a_long_list_is_made_into_a_file_by_the_workers(log_in: Enter, store: Store, few: None, format_: str) -> None:
    for n in range(5):
        started(store, f"số {n}")
    giang = log_in("giang")
    assert giang.get(f"{LIST}.csv").status_code == 302
    address = giang.post("/giam-sat/tep?sort=title", {"format": format_}).headers["Location"]
    assert "0 trên 5 hồ sơ" in giang.get(address).text
    assert giang.get(f"{address}/tai").status_code == 404
    work(store)
    page = giang.get(address).text
    assert "Tệp đã xong, 5 hồ sơ." in page
    content = giang.get(f"{address}/tai").data
    if format_ == "csv":
        assert [row["Hồ sơ"][-1] for row in table(content)] == ["0", "1", "2", "3", "4"]
    else:
        assert cells(content).count("<row ") == 6
    with store() as session:
        assert session.scalars(select(ExportPart)).all() == []
    assert "CSV" in giang.get("/giam-sat/tep").text or format_ == "xlsx"
    tag = giang.get(f"{address}/tien-do").headers["ETag"]
    assert giang.get(f"{address}/tien-do", headers={"If-None-Match": tag}).status_code == 304
    giang.post(f"{address}/bo")
    assert giang.get(address).status_code == 404


def test_a_file_is_read_in_the_right_of_its_owner_and_seen_by_nobody_else(log_in: Enter, store: Store, few: None, hoa: None) -> None:
    cases = [started(store, f"số {n}") for n in range(4)]
    giang = log_in("giang")
    address = giang.post("/giam-sat/tep", {"format": "csv"}).headers["Location"]
    unsupervise(store, cases[1])
    work(store)
    assert "đồng chí không còn giám sát" in giang.get(address).text
    assert "số 1" not in giang.get(f"{address}/tai").get_data(as_text=True)
    other = log_in("hoa")
    for way in ("", "/tai", "/tien-do"):
        assert other.get(address + way).status_code == 404
    assert other.post(f"{address}/bo").status_code == 404


def test_files_are_forgotten_after_a_day_and_few_at_a_time(log_in: Enter, store: Store, few: None) -> None:
    for n in range(3):
        started(store, f"số {n}")
    giang = log_in("giang")
    for _ in range(exports.AT_ONCE):
        assert "/tep/" in giang.post("/giam-sat/tep", {"format": "csv"}).headers["Location"]
    assert "/tep/" not in giang.post("/giam-sat/tep", {"format": "csv"}).headers["Location"]
    with store.begin() as session:
        session.execute(update(Export).values(created_at=now(session) - timedelta(days=2)))
    exports.tidy(store)
    with store() as session:
        assert session.scalars(select(Export)).all() == []
        assert session.scalars(select(Job).where(Job.kind == "export")).all() == []


def test_a_filter_that_cannot_be_read_makes_no_file(log_in: Enter, store: Store, few: None, case: int) -> None:
    assert "/tep/" not in log_in("giang").post("/giam-sat/tep?from=heute", {"format": "csv"}).headers["Location"]
    assert table(log_in("giang").get(f"{LIST}.csv?from=heute").data) == []


def test_a_file_that_cannot_be_made_is_said(log_in: Enter, store: Store, few: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for n in range(3):
        started(store, f"số {n}")

    def broken(*_given: object) -> bytes:
        raise OSError("disk full")

    monkeypatch.setattr(exports, "write", broken)
    giang = log_in("giang")
    address = giang.post("/giam-sat/tep", {"format": "csv"}).headers["Location"]
    for _ in range(5):
        work(store)
        with store.begin() as session:
            session.execute(update(Job).where(Job.next_at.is_not(None)).values(next_at=now(session)))
    assert "Không lập được tệp." in giang.get(address).text
