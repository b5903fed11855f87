"""Files are dragged from the desktop onto a folder's page: what they would do is seen before it is done. Any database will do."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.drawing import ROTATION, prepare

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
Store = sessionmaker[Session]
HERE = "/thiet-ke/luan_chuyen_can_bo"
SCENARIO = "scenarios/10_khong_trung_cu.json"
FORM = b'{"type": "default", "id": "phieu", "components": [{"type": "textfield", "key": "y_kien", "label": "\xc3\x9d ki\xe1\xba\xbfn"}]}'

NEEDED = b'{"type": "textfield", "key": "them", "label": "Them", "validate": {"required": true}},'


@pytest.fixture(autouse=True)
def _prepared(store: Store, password_hash: str) -> None:
    prepare(store, password_hash)


def drag(page: Page, *files: Path) -> None:
    """As the desktop does it: in over the page, and let go."""
    session = page.context.new_cdp_session(page)
    for kind in ("dragEnter", "dragOver", "drop"):
        data = {"items": [], "files": [str(one) for one in files], "dragOperationsMask": 1}
        session.send("Input.dispatchDragEvent", {"type": kind, "x": 300, "y": 300, "data": data})
        if kind == "dragOver":
            expect(page.locator(".studio-drop.over")).to_be_visible()


def made(folder: Path, **files: bytes) -> list[Path]:
    paths = [folder / name.replace("__", ".") for name in files]
    for path, data in zip(paths, files.values(), strict=True):
        path.write_bytes(data)
    return paths


def packed(folder: Path, files: dict[str, bytes]) -> Path:
    path = folder / "bo.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def draft_of(store: Store) -> dict[str, bytes]:
    with store() as session:
        draft = workspaces.find(session, "luan_chuyen_can_bo")
        return dict(workspaces.files(session, draft)) if draft else {}


def take_in(page: Page) -> None:
    page.get_by_role("button", name="Nhập vào bản nháp").click()
    expect(page.get_by_role("status").first).to_contain_text("Đã nhập")


def test_files_of_each_kind_are_dropped_looked_at_and_put_in_byte_for_byte(visit: Visit, store: Store, tmp_path: Path) -> None:
    page = visit("phuc")
    page.goto(HERE)
    table = (ROTATION / "tieu_chuan.dmn").read_bytes().replace(b"&gt;= 10", b"&gt;= 12")
    diagram = (ROTATION / "luan_chuyen_can_bo.bpmn").read_bytes().replace(b"<bpmn:definitions ", b"<!-- tay --><bpmn:definitions ", 1)
    drag(page, *made(tmp_path, tieu_chuan__dmn=table, luan_chuyen_can_bo__bpmn=diagram, phieu__form=FORM))
    expect(page.get_by_role("heading", level=1)).to_have_text("Nhập tệp")
    for name, what in (("tieu_chuan.dmn", "thay tệp đang có"), ("luan_chuyen_can_bo.bpmn", "thay tệp đang có"), ("phieu.form", "thêm mới")):
        expect(page.get_by_role("row").filter(has_text=name)).to_contain_text(what)
    assert violations(page) == []
    before = draft_of(store)
    assert before["tieu_chuan.dmn"] == (ROTATION / "tieu_chuan.dmn").read_bytes()
    take_in(page)
    after = draft_of(store)
    assert (after["tieu_chuan.dmn"], after["luan_chuyen_can_bo.bpmn"]) == (table, diagram)
    assert [after[name] for name in after if name.endswith("phieu.form")] == [FORM]


def test_a_zip_is_dropped_and_unpacked(visit: Visit, store: Store, tmp_path: Path) -> None:
    page = visit("phuc")
    page.goto(HERE)
    drag(page, packed(tmp_path, {"forms/phieu.form": FORM, "README.md": b"Ghi ch\xc3\xba"}))
    expect(page.get_by_role("row").filter(has_text="forms/phieu.form")).to_contain_text("thêm mới")
    take_in(page)
    assert draft_of(store)["forms/phieu.form"] == FORM


WRONG = {
    "doctype": ("xau.bpmn", b'<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>', "xau.bpmn"),
    "kind": ("xau.exe", b"MZ", "xau.exe"),
    "zip": ("hong.zip", b"PK\x03\x04 hong", "hong.zip"),
}


@pytest.mark.parametrize("kind", WRONG)
def test_a_wrong_file_is_refused_in_a_sentence_and_changes_nothing(visit: Visit, store: Store, tmp_path: Path, kind: str) -> None:
    name, data, said = WRONG[kind]
    page = visit("phuc")
    page.goto(HERE)
    drag(page, *made(tmp_path, **{name.replace(".", "__"): data}))
    expect(page.get_by_role("main")).to_contain_text(said)
    expect(page.get_by_role("main")).not_to_contain_text("Traceback")
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Nhập tệp")
    assert not any(one.endswith(name) for one in draft_of(store))
    assert violations(page) == []


def test_scenarios_run_by_themselves_when_the_draft_has_changed(visit: Visit, tmp_path: Path) -> None:
    """Nobody presses anything: who looks at the folder, or goes to release, sees how they end on what the draft says now."""
    page = visit("phuc")
    page.goto(HERE)
    drag(page, packed(tmp_path, {SCENARIO: (ROTATION / SCENARIO).read_bytes()}))
    take_in(page)
    line = page.locator("[data-scenarios-line]")
    expect(line).to_contain_text("Cả 1 kịch bản chạy thử đều đạt trên nội dung này", timeout=60_000)
    form = (ROTATION / "forms/ho_so_can_bo.form").read_bytes().replace(b'"components": [', b'"components": [' + NEEDED, 1)
    drag(page, packed(tmp_path, {"forms/ho_so_can_bo.form": form}))
    take_in(page)
    expect(line).to_contain_text("1 trong 1 kịch bản chạy thử không ra kết quả mong đợi", timeout=60_000)
    page.get_by_role("link", name="Phát hành", exact=True).click()
    expect(page.locator("[data-scenarios-line]")).to_contain_text("1 trong 1 kịch bản chạy thử không ra kết quả mong đợi")


@pytest.mark.parametrize("viewport", [WIDE, NARROW], ids=["wide", "narrow"])
def test_the_folder_page_has_no_barrier_and_nothing_lies_over_anything(visit: Visit, viewport: dict[str, int]) -> None:
    page = visit("phuc", viewport=viewport)
    page.goto(f"{HERE}/tep/luan_chuyen_can_bo.bpmn")
    page.wait_for_selector("[data-ready]")
    page.goto(HERE)
    assert violations(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
    table = page.get_by_role("table").last.bounding_box()
    column = page.locator(".studio-folder > div").bounding_box()
    assert table
    assert column
    assert table["x"] + table["width"] <= column["x"] + column["width"] + 1
