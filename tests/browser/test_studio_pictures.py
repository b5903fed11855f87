"""What leaves the diagram editor as a picture, and the mark that the licence of its library asks for, in every canvas."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path

import pytest
from lxml import etree
from PIL import Image
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from engine.models import User
from tests.browser.conftest import NARROW, WIDE
from tests.browser.drawing import ROTATION, Drawing, prepare
from tests.browser.judging import COVERED

# The database makes no difference to what is tested here.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
PLAN = "luan_chuyen_can_bo.bpmn"
HERE = "/thiet-ke/luan_chuyen_can_bo"
SCENARIO = "scenarios/10_khong_trung_cu.json"
CANVASES = [f"{HERE}/tep/{PLAN}", f"{HERE}/tep/tieu_chuan.dmn", f"{HERE}/so-sanh?tu=1", f"{HERE}/chay-thu", f"{HERE}/kich-ban"]


@pytest.fixture(autouse=True)
def _prepared(store: sessionmaker[Session], password_hash: str) -> None:
    """A draft with one scenario, in which one name differs: there is something to compare."""
    prepare(store, password_hash)
    with store.begin() as session:
        phuc = session.scalars(select(User).where(User.username == "phuc")).one()
        text = (ROTATION / PLAN).read_bytes().replace("Rà soát, đánh giá đội ngũ cán bộ".encode(), "Rà soát đội ngũ".encode())
        draft = workspaces.open(session, "luan_chuyen_can_bo", phuc)
        workspaces.change(session, draft, {PLAN: text, SCENARIO: (ROTATION / SCENARIO).read_bytes()}, phuc)


@pytest.fixture
def drawing(visit: Visit) -> Iterator[Drawing]:
    page = visit("phuc")
    page.add_init_script("window.print = () => { window.printed = true; }")
    yield Drawing(page, PLAN).open()


def chosen(page: Page, verb: str) -> None:
    page.locator("details[data-more] summary").click()
    page.get_by_role("button", name=verb, exact=True).click()


def saved(page: Page, verb: str) -> tuple[str, bytes]:
    with page.expect_download() as waiting:
        chosen(page, verb)
    return waiting.value.suggested_filename, Path(waiting.value.path()).read_bytes()


def test_it_is_exported_as_svg_with_every_word_and_without_anything_that_runs(drawing: Drawing) -> None:
    name, data = saved(drawing.page, "Tải ảnh SVG")
    picture = etree.fromstring(data)
    assert (name, etree.QName(picture).localname) == ("luan_chuyen_can_bo.svg", "svg")
    assert "Rà soát đội ngũ" in " ".join("".join(picture.itertext()).split())
    assert picture.findall(".//{*}script") == []


def test_it_is_exported_as_png_of_the_whole_diagram(drawing: Drawing) -> None:
    name, data = saved(drawing.page, "Tải ảnh PNG")
    picture = Image.open(BytesIO(data))
    assert (name, picture.format) == ("luan_chuyen_can_bo.png", "PNG")
    assert min(picture.size) > 500
    colours = picture.convert("L").getextrema()
    assert colours[0] < 60
    assert colours[1] == 255
    assert picture.convert("RGB").getpixel((0, 0)) == (255, 255, 255)


def test_its_file_is_exported_as_it_stands_in_the_draft(drawing: Drawing) -> None:
    name, data = saved(drawing.page, "Tải tệp BPMN")
    assert (name, data.decode()) == (PLAN, drawing.text())


def test_it_is_printed_whole_on_one_page_and_nothing_else_with_it(drawing: Drawing, tmp_path: Path) -> None:
    page = drawing.page
    chosen(page, "In sơ đồ")
    page.wait_for_function("window.printed")
    page.emulate_media(media="print")
    expect(page.locator("[data-print] img")).to_be_visible()
    for part in (".studio-body", ".studio-findings", ".studio-tools-row", "header.bar"):
        expect(page.locator(part)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_have_text(PLAN)
    sheet = page.pdf(path=tmp_path / "sheet.pdf", format="A4", landscape=True, print_background=True)
    assert len(re.findall(rb"/Type\s*/Page\b", sheet)) == 1


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_mark_of_the_library_is_seen_whole_in_every_canvas(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit("phuc", viewport=viewport)
    page.goto(f"{HERE}/kich-ban")
    expect(page.get_by_text("đúng như mong đợi")).to_have_count(1)
    page.get_by_role("button", name="Mở để chạy thử").click()
    page.wait_for_url("**/chay-thu*")
    for address in CANVASES:
        page.goto(address)
        expect(page.locator(".bjs-powered-by, .powered-by").first).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert page.evaluate(COVERED) == 0, address
