"""The studio's pages: folders, files, import and export, the history of a draft."""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine import contents, deployments, workspaces
from engine.models import Workspace
from tests.web.conftest import FOLDER, Browser
from tests.web.test_studio import editor

pytestmark = pytest.mark.usefixtures("analysts")
Enter = Callable[[str], Browser]
HOME = "/thiet-ke/don_nghi"
FILES = contents.read_folder(FOLDER)
DIAGRAM = FILES["don_nghi.bpmn"]


def zipped(files: Mapping[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return stream.getvalue()


def unzipped(said: TestResponse) -> dict[str, bytes]:
    assert said.status_code == 200
    with zipfile.ZipFile(io.BytesIO(said.data)) as archive:
        return {entry.filename: archive.read(entry) for entry in archive.infolist()}


def bring(browser: Browser, *files: tuple[str, bytes], address: str = f"{HOME}/nhap", **more: str) -> TestResponse:
    return browser.post(address, {"tep": [(io.BytesIO(data), name) for name, data in files], **more})


def draft_of(store: sessionmaker[Session], folder: str = "don_nghi") -> dict[str, bytes]:
    with store() as session:
        draft = workspaces.find(session, folder)
        return workspaces.files(session, draft) if draft else {}


def test_it_lists_folders_with_their_version_and_draft(log_in: Enter) -> None:
    phuc = editor(log_in, "phuc")
    page = phuc.browser.get("/thiet-ke").text
    assert "don_nghi" in page
    assert "bản 1" in page
    got = phuc.load()
    phuc.save(got["content"].replace("Xét đơn", "Xem đơn"), got["sha256"])
    page = log_in("oanh").get("/thiet-ke").text
    assert re.search(r"sửa \d\d/\d\d/\d{4} \d\d:\d\d</span> <small[^>]*>Hồ Thiên Phúc", page)
    assert "Hồ Thiên Phúc</span>" in page  # the file is being edited


def test_it_begins_a_new_folder_with_an_empty_diagram(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = log_in("phuc")
    said = phuc.post("/thiet-ke", {"tieu_de": "Đề nghị đi học", "ten": ""})
    assert said.location == "/thiet-ke/de_nghi_di_hoc"
    assert list(draft_of(store, "de_nghi_di_hoc")) == ["de_nghi_di_hoc.bpmn"]
    page = phuc.get(said.location).text
    assert "chưa phát hành lần nào" in page
    again = phuc.post("/thiet-ke", {"tieu_de": "Đề nghị đi học"})
    assert again.status_code == 422
    assert "de_nghi_di_hoc" in again.text
    for name in ("quy-tac", "../x", "có dấu", "a/b", ".x", ""):
        assert phuc.post("/thiet-ke", {"ten": name}).status_code == 422


def test_a_new_folder_takes_the_files_that_were_brought(log_in: Enter, store: sessionmaker[Session]) -> None:
    said = bring(log_in("phuc"), ("cu.zip", zipped({f"nghi/{n}": d for n, d in FILES.items()})), address="/thiet-ke", ten="nghi_cu")
    assert said.location == "/thiet-ke/nghi_cu"
    assert draft_of(store, "nghi_cu") == FILES


def test_a_folder_shows_files_findings_and_what_changed(log_in: Enter) -> None:
    phuc = editor(log_in, "phuc")
    assert "Giống bản 1 đã phát hành" in phuc.browser.get(HOME).text
    got = phuc.load()
    phuc.save(got["content"].replace('camunda:formRef="xet"', 'camunda:formRef="khong_co"'), got["sha256"])
    page = phuc.browser.get(HOME).text
    assert "Bản nháp khác bản 1 đã phát hành" in page
    assert "đã sửa" in page
    found = phuc.browser.get(f"{HOME}/kiem-tra", headers={"HX-Request": "true"}).text
    assert f'href="{HOME}/tep/don_nghi.bpmn?chon=xet"' in found
    assert "Chưa phát hành được" in found
    assert "<html" not in found
    assert "1 lỗi" in phuc.browser.get(f"{HOME}/kiem-tra?gon=1").text


def test_an_import_is_shown_before_it_replaces_anything(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = log_in("phuc")
    mine = DIAGRAM.replace("Xét đơn".encode(), "Xem đơn".encode())
    said = bring(phuc, ("don_nghi.bpmn", mine), ("xet.form", FILES["forms/xet.form"]), ("bang.dmn", b"<d/>"))
    assert draft_of(store) == FILES
    page = phuc.get(said.location).text
    assert re.search(r"don_nghi\.bpmn</th>.*?thay tệp đang có", page, re.DOTALL)
    assert re.search(r"forms/xet\.form</th>.*?giống hệt", page, re.DOTALL)
    assert re.search(r"bang\.dmn</th>.*?thêm mới", page, re.DOTALL)
    assert "1 tệp của bản nháp sẽ bị thay" in page
    assert phuc.post(said.location).location == HOME
    assert draft_of(store) == {**FILES, "don_nghi.bpmn": mine, "bang.dmn": b"<d/>"}


def test_an_import_can_be_dropped_by_who_brought_it(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc, oanh = log_in("phuc"), log_in("oanh")
    said = bring(phuc, ("bang.dmn", b"<d/>"))
    assert oanh.get(said.location).status_code == 200
    assert oanh.post(f"{said.location}/bo").status_code == 404
    assert phuc.post(f"{said.location}/bo").location == HOME
    assert phuc.get(said.location).status_code == 404
    assert draft_of(store) == FILES


def test_what_goes_in_comes_out_byte_for_byte(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = log_in("phuc")
    odd = {
        "don_nghi.bpmn": DIAGRAM.replace(b"\n", b"\r\n").replace("Xét".encode(), "Xét".encode()),
        "utf16.dmn": '<?xml version="1.0" encoding="UTF-16"?><a>ế</a>'.encode("utf-16"),
        "forms/lạ tên.form": b"\xef\xbb\xbf{ not json",
    }
    said = bring(phuc, ("tat_ca.zip", zipped(odd)))
    phuc.post(said.location)
    assert draft_of(store) == {**FILES, **odd}
    assert unzipped(phuc.get(f"{HOME}/tai-ve")) == {**FILES, **odd}
    one = phuc.get(f"{HOME}/tai-ve/utf16.dmn")
    assert one.data == odd["utf16.dmn"]
    assert one.headers["Content-Disposition"].startswith("attachment")
    assert unzipped(phuc.get(f"{HOME}/phien-ban/1/tai-ve")) == FILES
    assert phuc.get(f"{HOME}/phien-ban/1/tai-ve/don_nghi.bpmn").data == DIAGRAM
    assert unzipped(phuc.get(f"{HOME}/tai-ve?lan=1")) == FILES
    assert phuc.get(f"{HOME}/phien-ban/9/tai-ve").status_code == 404


def test_the_editor_normalises_what_it_saves_and_nothing_else(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = editor(log_in, "phuc")
    raw = '<?xml version="1.0" encoding="UTF-16"?><a>e\u0302\u0301</a>'
    said = bring(phuc.browser, ("a.dmn", raw.encode("utf-16")))
    phuc.browser.post(said.location)
    got = phuc.load(f"{HOME}/api/tep/a.dmn")
    assert got["content"] == raw
    phuc.save(got["content"] + "\n", got["sha256"], f"{HOME}/api/tep/a.dmn")
    assert draft_of(store)["a.dmn"] == '<?xml version="1.0" encoding="UTF-8"?><a>ế</a>\n'.encode()


def bomb() -> bytes:
    return zipped({"bom.json": b"0" * (60 * 2**20)})


def linked() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        entry = zipfile.ZipInfo("a.json")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    return stream.getvalue()


def twice() -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("a.json", "1")
        archive.writestr("a.json", "2")
    return stream.getvalue()


ENTITIES = b'<?xml version="1.0"?><!-- x --><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'
HOSTILE: dict[str, Callable[[], tuple[str, bytes]]] = {
    "bomb": lambda: ("a.zip", bomb()),
    "link": lambda: ("a.zip", linked()),
    "twice": lambda: ("a.zip", twice()),
    "damaged": lambda: ("a.zip", zipped({"a.json": b"1"})[:-30]),
    "empty": lambda: ("a.zip", zipped({})),
    "many": lambda: ("a.zip", zipped({f"{n}.json": b"" for n in range(1001)})),
    "outside": lambda: ("a.zip", zipped({"../a.json": b"1"})),
    "absolute": lambda: ("a.zip", zipped({"/etc/a.json": b"1"})),
    "backslash": lambda: ("a.zip", zipped({"..\\..\\a.json": b"1"})),
    "hidden": lambda: ("a.zip", zipped({".ssh/a.json": b"1"})),
    "program": lambda: ("a.exe", b"MZ"),
    "program inside": lambda: ("a.zip", zipped({"a.py": b"import os"})),
    "entities": lambda: ("a.bpmn", ENTITIES),
    "entities in UTF-16": lambda: ("a.bpmn", '<?xml version="1.0" encoding="UTF-16"?><!DOCTYPE a><a/>'.encode("utf-16")),
    "entities after white space": lambda: ("a.dmn", b" " * 10_000 + b"<!DOCTYPE a><a/>"),
    "no encoding": lambda: ("a.bpmn", b'<?xml version="1.0" encoding="klingon"?><a/>'),
    "no document": lambda: ("a.docx", b"not a document"),
    "document with macros": lambda: ("a.docx", zipped({"[Content_Types].xml": b"", "word/document.xml": b"", "word/vbaProject.bin": b""})),
    "document as a bomb": lambda: ("a.docx", zipped({"[Content_Types].xml": b"", "word/document.xml": b"0" * (101 * 2**20)})),
    "direction": lambda: ("gpj.\u202enpmb.bpmn", b"<a/>"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_it_refuses_hostile_files_in_a_sentence(log_in: Enter, store: sessionmaker[Session], kind: str) -> None:
    phuc = log_in("phuc")
    name, data = HOSTILE[kind]()
    said = bring(phuc, ("tot.json", b"{}"), (name, data))
    assert said.status_code == 422, said.text
    assert "Traceback" not in said.text
    assert re.search(r"cần .+, nhưng|nhưng", said.text)
    assert draft_of(store) in ({}, FILES)
    assert not [e for e in entries(store) if e.kind == "imported"]


def entries(store: sessionmaker[Session]) -> list[Any]:
    with store() as session:
        draft = session.scalar(select(Workspace))
        return [entry.revision for entry in workspaces.revisions(session, draft)] if draft else []


def test_no_import_of_nothing(log_in: Enter) -> None:
    assert log_in("phuc").post(f"{HOME}/nhap", {}).status_code == 422


def test_it_makes_renames_and_removes_files(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = log_in("phuc")
    for kind, name in (("form", "forms/phieu_tham_dinh.form"), ("dmn", "phieu_tham_dinh.dmn"), ("bpmn", "phieu_tham_dinh.bpmn")):
        said = phuc.post(f"{HOME}/tep-moi", {"loai": kind, "ten": "Phiếu thẩm định"})
        assert said.location == f"{HOME}/tep/{name}"
        assert phuc.get(said.location).status_code == 200
    assert phuc.post(f"{HOME}/tep-moi", {"loai": "form", "ten": "Phiếu thẩm định"}).status_code == 422
    assert phuc.post(f"{HOME}/tep-moi", {"loai": "exe", "ten": "x"}).status_code == 422
    assert phuc.post(f"{HOME}/tep-moi", {"loai": "form", "ten": " "}).status_code == 422
    assert phuc.get(f"{HOME}/ve-tep/phieu_tham_dinh.dmn").status_code == 200
    phuc.post(f"{HOME}/doi-ten/phieu_tham_dinh.dmn", {"ten_moi": "bang/moi.dmn"})
    assert phuc.post(f"{HOME}/doi-ten/bang/moi.dmn", {"ten_moi": "../x.dmn"}).status_code == 422
    phuc.post(f"{HOME}/xoa/forms/phieu_tham_dinh.form")
    assert set(draft_of(store)) - set(FILES) == {"bang/moi.dmn", "phieu_tham_dinh.bpmn"}
    assert phuc.post(f"{HOME}/xoa/khong_co.form").status_code == 404


def test_what_another_is_editing_is_not_removed(log_in: Enter) -> None:
    phuc, oanh = editor(log_in, "phuc"), log_in("oanh")
    phuc.post(f"{HOME}/api/khoa/don_nghi.bpmn")
    said = oanh.post(f"{HOME}/xoa/don_nghi.bpmn")
    assert said.status_code == 409
    assert "Hồ Thiên Phúc" in said.text


def test_the_history_shows_every_state_and_brings_it_back(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc, oanh = editor(log_in, "phuc"), editor(log_in, "oanh")
    got = phuc.load()
    phuc.save(got["content"] + "<!-- phuc -->", got["sha256"])
    kept = oanh.save(got["content"] + "<!-- oanh -->", got["sha256"]).get_json()["kept"]
    page = oanh.browser.get(f"{HOME}/lich-su").text
    assert "Giữ riêng: người khác đã lưu trước" in page
    aside = oanh.browser.get(f"{HOME}/lich-su/{kept}")
    assert "được giữ riêng và chưa vào bản nháp" in aside.text
    assert b"<!-- oanh -->" in oanh.browser.get(f"{HOME}/tai-ve/don_nghi.bpmn?lan={kept}").data
    oanh.browser.post(f"{HOME}/lich-su/{kept}/khoi-phuc")
    assert draft_of(store)["don_nghi.bpmn"].endswith(b"<!-- oanh -->")
    oanh.browser.post(f"{HOME}/lich-su/1/khoi-phuc", {"tep": "don_nghi.bpmn"})
    assert draft_of(store) == FILES
    assert oanh.browser.get(f"{HOME}/lich-su/99").status_code == 404
    assert oanh.browser.post(f"{HOME}/lich-su/99/khoi-phuc").status_code == 404


def test_it_says_when_a_newer_version_came_from_elsewhere(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    phuc.save(got["content"] + "<!-- phuc -->", got["sha256"])
    newer = {**FILES, "don_nghi.bpmn": DIAGRAM.replace("Xét đơn".encode(), "Xem đơn".encode())}
    with store.begin() as session:
        deployments.deploy(session, "don_nghi", newer)
    assert "Bản 2 đã được phát hành từ nơi khác" in phuc.browser.get(HOME).text
    assert draft_of(store)["don_nghi.bpmn"].endswith(b"<!-- phuc -->")
    phuc.browser.post(f"{HOME}/theo-phien-ban")
    assert draft_of(store) == newer
    assert "Giống bản 2 đã phát hành" in phuc.browser.get(HOME).text


def test_it_explains_a_rule(log_in: Enter) -> None:
    page = log_in("phuc").get("/thiet-ke/quy-tac/timer").text
    assert "Sửa thế nào" in page
    assert "<code>P3D</code>" in page
    for name in ("khong-co", "../README", "README", "timer.md"):
        assert log_in("phuc").get(f"/thiet-ke/quy-tac/{name}").status_code == 404
