"""The page that shows what differs: files, diagrams, forms, tables; who may see it; sides that do not exist."""

from __future__ import annotations

from collections.abc import Callable
from html import unescape
from re import sub

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import deployments, workspaces
from engine.models import User
from tests.web.conftest import FOLDER, Browser
from web.studio.comparewords import property_words

Enter = Callable[[str], Browser]
PAGE = "/thiet-ke/don_nghi/so-sanh"

pytestmark = pytest.mark.usefixtures("analysts")


def words(browser: Browser, address: str = PAGE) -> str:
    """What stands on the page."""
    page = browser.get(address)
    assert page.status_code == 200, page.text
    return " ".join(unescape(sub(r"<[^>]+>", " ", page.text)).split())


def change(store: sessionmaker[Session], **files: bytes | None) -> None:
    with store.begin() as session:
        phuc = session.scalars(select(User).where(User.username == "phuc")).one()
        workspaces.change(session, workspaces.open(session, "don_nghi", phuc), files, phuc)


def test_it_says_that_nothing_differs(log_in: Enter) -> None:
    assert "Không có điểm khác." in words(log_in("phuc"))


def test_it_tells_what_of_a_step_changed_in_words(log_in: Enter, store: sessionmaker[Session]) -> None:
    text = (FOLDER / "don_nghi.bpmn").read_text()
    change(store, **{"don_nghi.bpmn": text.replace('name="Xét đơn"', 'name="Xem xét đơn" camunda:followUpDate="P2D"').encode()})
    said = words(log_in("phuc"))
    assert "Xem xét đơn việc của người" in said
    assert "tên Xét đơn Xem xét đơn" in said
    assert "ngày nhắc chưa có P2D" in said


def test_it_shows_files_that_one_side_has(log_in: Enter, store: sessionmaker[Session]) -> None:
    form = (FOLDER / "forms/don.form").read_bytes()
    change(store, **{"documents/mau.docx": b"PK", "forms/don_moi.form": form, "forms/don.form": None})
    said = words(log_in("phuc"))
    assert "documents/mau.docx thêm" in said
    assert "forms/don.form bỏ" in said
    assert "đổi tên" in said


def test_it_says_when_only_the_writing_differs(log_in: Enter, store: sessionmaker[Session]) -> None:
    change(store, **{"don_nghi.bpmn": (FOLDER / "don_nghi.bpmn").read_bytes().replace(b"><", b">\n<") + b"\n"})
    assert "Chỉ khác cách ghi" in words(log_in("phuc"))


@pytest.mark.parametrize(("name", "content"), [("don_nghi.bpmn", b"<khong"), ("forms/don.form", b"{"), ("van_ban.json", b"[")])
def test_it_says_why_a_file_cannot_be_looked_into(log_in: Enter, store: sessionmaker[Session], name: str, content: bytes) -> None:
    change(store, **{name: content})
    assert "Không xem được bên trong tệp" in words(log_in("phuc"))


def test_it_never_takes_what_a_diagram_says_for_markup(log_in: Enter, store: sessionmaker[Session]) -> None:
    text = (FOLDER / "don_nghi.bpmn").read_text()
    change(store, **{"don_nghi.bpmn": text.replace('name="Xét đơn"', 'name="&lt;script&gt;x()&lt;/script&gt;"').encode()})
    page = log_in("phuc").get(PAGE).text
    assert "<script>x()" not in page
    assert "&lt;script&gt;x()" in page


def test_it_compares_any_two_states(log_in: Enter, store: sessionmaker[Session]) -> None:
    text = (FOLDER / "don_nghi.bpmn").read_bytes()
    with store.begin() as session:
        files = {file.relative_to(FOLDER).as_posix(): file.read_bytes() for file in FOLDER.rglob("*") if file.is_file()}
        deployments.deploy(session, "don_nghi", {**files, "don_nghi.bpmn": text.replace("Xét đơn".encode(), "Duyệt đơn".encode())})
    phuc = log_in("phuc")
    assert "tên Xét đơn Duyệt đơn" in words(phuc, f"{PAGE}?tu=1&den=2")
    assert "tên Duyệt đơn Xét đơn" in words(phuc, f"{PAGE}?tu=2&den=1")
    assert "Không có điểm khác." in words(phuc, f"{PAGE}?tu=2&den=2")
    assert "Không có điểm khác." in words(phuc, f"{PAGE}?tu=2&den=ban-nhap")
    assert "don_nghi.bpmn thêm" in words(phuc, f"{PAGE}?tu=0&den=1")


@pytest.mark.parametrize("side", ["99", "-1", "ban-nhap-99", "de-nghi-99", "x", "1e9", "9" * 30, "../etc"])
def test_it_does_not_know_what_is_not_there(log_in: Enter, side: str) -> None:
    assert log_in("phuc").get(PAGE, query_string={"tu": side}).status_code == 404


def test_it_gives_the_bytes_of_a_side_for_the_canvas_and_nothing_else(log_in: Enter, store: sessionmaker[Session]) -> None:
    change(store, **{"don_nghi.bpmn": b"<moi/>"})
    phuc = log_in("phuc")
    before, after = (phuc.get(f"{PAGE}/tep/don_nghi.bpmn?ban={side}") for side in ("1", "ban-nhap"))
    assert (before.data, after.data) == ((FOLDER / "don_nghi.bpmn").read_bytes(), b"<moi/>")
    assert before.headers["Content-Disposition"].startswith("attachment")
    for name, side in (("khong_co.bpmn", "1"), ("don_nghi.bpmn", ""), ("../../conftest.py", "1")):
        assert phuc.get(f"{PAGE}/tep/{name}?ban={side}").status_code == 404


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}?tu=1&den=1", f"{PAGE}/tep/don_nghi.bpmn?ban=1"])
def test_it_is_not_there_for_others(log_in: Enter, address: str) -> None:
    assert log_in("phuc").get(address).status_code == 200
    assert log_in("giang").get(address).status_code == 404


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("camunda:candidateGroups", "nhóm có thể nhận"),
        ("timerEventDefinition/timeDuration", "khoảng thời gian"),
        ("camunda:properties/camunda:property[can_cu]@value", "căn cứ"),
        ("camunda:properties/camunda:property[mau]@value", "thuộc tính mau"),
        ("camunda:inputOutput/camunda:inputParameter[nguoi]", "biến vào nguoi"),
        ("camunda:in[ma]@target", "biến giao đi ma"),
        ("messageEventDefinition@messageRef", "thông điệp"),
        ("{urn:x}la@b", "<code>la@b</code>"),
        ("values[a].label", "lựa chọn a"),
    ],
)
def test_it_has_words_for_properties(app: Flask, path: str, said: str) -> None:
    with app.test_request_context():
        assert str(property_words(path)) == said
