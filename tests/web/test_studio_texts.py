"""Texts and Word templates of a draft."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from docx import Document
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from engine.errors import FileRejected
from engine.models import User, Workspace
from tests.web.test_studio import Editor, Enter
from web.studio.templates import slots

ROOT = Path(__file__).parents[2]
LETTER = ROOT / "bpmn/luan_chuyen_can_bo/documents/cong_van_tham_dinh.docx"
PLACE = "/thiet-ke/don_nghi/tep/documents/thu.docx"
REPLACE = "/thiet-ke/don_nghi/thay-van-ban/documents/thu.docx"


def word(*paragraphs: str) -> bytes:
    made, file = Document(), io.BytesIO()
    for paragraph in paragraphs:
        made.add_paragraph(paragraph)
    made.save(file)
    return file.getvalue()


@pytest.fixture
def editor(analysts: None, log_in: Enter, store: sessionmaker[Session]) -> Editor:
    """phuc, whose draft has a Word template."""
    phuc = Editor(log_in("phuc"))
    phuc.load()
    with store.begin() as session:
        draft = session.query(Workspace).one()
        user = session.query(User).filter_by(username="phuc").one()
        workspaces.add(session, draft, "documents/thu.docx", word("Kính gửi {{ ten_noi_di }}", "Về {{ ho_ten }}"), user)
    return phuc


def content(store: sessionmaker[Session]) -> bytes:
    with store() as session:
        return workspaces.read(session, session.query(Workspace).one(), "documents/thu.docx")


def test_it_names_the_places_of_a_template() -> None:
    found = {slot.written: slot for slot in slots(LETTER.read_bytes())}
    assert found["{{ can_bo.ngay_sinh | ngay }}"].names == ("can_bo",)
    assert found["{{ ten_noi_tham_dinh or noi_tham_dinh }}"].names == ("ten_noi_tham_dinh", "noi_tham_dinh")
    assert found["{{ tham_dinh.co_quan_gui }}"].count == 2


def test_it_reads_a_place_that_word_has_cut_into_pieces() -> None:
    made, file = Document(), io.BytesIO()
    paragraph = made.add_paragraph("{{ ho")
    paragraph.add_run("_ten }}").bold = True
    made.save(file)
    assert [slot.written for slot in slots(file.getvalue())] == ["{{ ho_ten }}"]


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"<a/>"])
def test_what_is_no_word_file_is_refused(data: bytes) -> None:
    with pytest.raises(FileRejected):
        slots(data)


def test_a_part_that_grows_without_end_is_refused() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("word/document.xml", b"<a>" + b" " * 11 * 2**20 + b"</a>")
    with pytest.raises(FileRejected):
        slots(file.getvalue())


def test_the_page_of_a_template_lists_its_places_and_replaces_it(editor: Editor, store: sessionmaker[Session]) -> None:
    page = editor.browser.get(PLACE).text
    assert "{{ ho_ten }}" in page and "ten_noi_di" in page
    base = page.split('name="base" value="')[1].split('"')[0]
    new = word("Chỉ còn {{ so_ho_so }}")
    said = editor.browser.post(REPLACE, {"tep": (io.BytesIO(new), "ban_moi.docx"), "base": base}, follow_redirects=True)
    assert "Đã thay documents/thu.docx." in said.text and "so_ho_so" in said.text and content(store) == new


def test_another_s_newer_template_is_not_lost(editor: Editor, log_in: Enter, store: sessionmaker[Session]) -> None:
    base = editor.browser.get(PLACE).text.split('name="base" value="')[1].split('"')[0]
    first, second = word("một"), word("hai")
    log_in("oanh").post(REPLACE, {"tep": (io.BytesIO(first), "a.docx"), "base": base})
    said = editor.browser.post(REPLACE, {"tep": (io.BytesIO(second), "b.docx"), "base": base}, follow_redirects=True)
    assert "Vũ Kim Oanh đã thay tệp này trước" in said.text and content(store) == first


def test_what_is_no_word_file_replaces_nothing(editor: Editor, store: sessionmaker[Session]) -> None:
    before = content(store)
    for name, data in (("a.docx", b"MZ..."), ("a.pdf", b"%PDF-1.7"), ("", b"")):
        said = editor.browser.post(REPLACE, {"tep": (io.BytesIO(data), name), "base": ""})
        assert said.status_code == 422
    assert content(store) == before


def test_a_file_that_is_not_there_cannot_be_replaced(editor: Editor) -> None:
    address = REPLACE.replace("thu.docx", "khac.docx")
    assert editor.browser.post(address, {"tep": (io.BytesIO(word("x")), "a.docx"), "base": ""}).status_code == 404


def test_the_legal_basis_opens_as_a_table_and_other_texts_as_they_are(editor: Editor) -> None:
    assert 'data-kind="law"' in editor.browser.get("/thiet-ke/don_nghi/tep/van_ban.json").text
    page = editor.browser.get("/thiet-ke/don_nghi/tep/van_ban.json")
    assert "style-src-attr" not in page.headers["Content-Security-Policy"], "only editors that need it are let off"


@pytest.mark.parametrize("address", [PLACE, REPLACE])
def test_strangers_do_not_find_it(editor: Editor, log_in: Enter, address: str) -> None:
    stranger = log_in("an")
    said = stranger.get(address) if address == PLACE else stranger.post(address, {"base": ""})
    assert said.status_code == 404
