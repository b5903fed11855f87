"""Analysts draw in the browser: what they change is in the draft, nothing else is, and nothing gets lost on the way."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from lxml import etree
from playwright.sync_api import Browser, Page, Route, expect
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.serving import make_server

from tests.browser.conftest import log_in, violations
from tests.browser.drawing import ROTATION, Drawing, changes, prepare
from tests.browser.mistakes import WRONG, mistakes, other_tools

Visit = Callable[..., Page]
PLAN = "luan_chuyen_can_bo.bpmn"
STEP = "ra_soat_doi_ngu"
MENU = """() => {
  const modeler = document.querySelector('[data-studio-diagram]').studio.editor.modeler;
  modeler.get('popupMenu').open(modeler.get('canvas').getRootElement(), 'bpmn-create', { x: 400, y: 150 }, { title: 'Thêm', search: true });
}"""
NOTHING_GOES_OUT = """() => {
  const send = window.fetch;
  window.fetch = (address, how) => (how?.method === 'PUT' ? Promise.reject(new TypeError('no network')) : send(address, how));
}"""
ONE_DATABASE = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
"""What happens in the browser alone. Savings that race, or that are cut off, are tried on each database."""
EVERYTHING = Path(__file__).with_name("everything.js")


@pytest.fixture(autouse=True)
def _prepared(store: sessionmaker[Session], password_hash: str) -> None:
    prepare(store, password_hash)


def plan(page: Page, choose: str = STEP) -> Drawing:
    return Drawing(page, PLAN).open(choose)


@ONE_DATABASE
def test_it_changes_what_is_edited_and_nothing_else(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    before = drawing.text()
    assert before == (ROTATION / PLAN).read_text()
    drawing.entry("general", "name").fill("Rà soát đội ngũ cán bộ")
    # The group by the two lists, as one who does not know how it is written.
    drawing.page.locator('[aria-label^="Bỏ khoi_xuong"]').click()
    drawing.page.locator("#candidateGroups-role").select_option("nhan_vien")
    drawing.page.locator("#candidateGroups-body").select_option(label="Phòng A")
    drawing.page.locator('[data-add="candidateGroups"]').click()
    drawing.saved()
    drawing = plan(drawing.page)
    assert drawing.entry("general", "name").input_value() == "Rà soát đội ngũ cán bộ"
    gone, new = changes(before, drawing.text())
    place = f"{STEP} in luan_chuyen_can_bo @"
    groups = "{http://camunda.org/schema/1.0/bpmn}candidateGroups="
    assert gone == sorted([f"{place}name=Rà soát, đánh giá đội ngũ cán bộ", f"{place}{groups}khoi_xuong@${{to_chuc_khoi_xuong}}"])
    assert new == sorted([f"{place}name=Rà soát đội ngũ cán bộ", f"{place}{groups}nhan_vien@phong_a"])
    expect(drawing.page.locator(f'.djs-element[data-element-id="{STEP}"]').first).to_contain_text("Rà soát đội ngũ")


@ONE_DATABASE
def test_it_is_used_with_the_keyboard_alone(visit: Visit) -> None:
    drawing = plan(visit("phuc"), "")
    page = drawing.page
    page.locator("#outline-search").focus()
    page.keyboard.type("xay dung ke hoach luan")
    expect(page.locator("[data-outline]").first).to_contain_text("Xây dựng kế hoạch luân chuyển")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    name = page.locator('[data-panel] [name="name"]')
    expect(name).to_be_focused()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Lập kế hoạch")
    page.keyboard.press("ControlOrMeta+s")
    drawing.saved()
    assert 'name="Lập kế hoạch"' in drawing.text()
    page.locator('[data-tool="fit"]').focus()
    page.keyboard.press("ControlOrMeta+z")
    expect(drawing.status).to_contain_text("Chưa lưu")
    drawing.saved()
    assert 'name="Lập kế hoạch"' not in drawing.text()


@ONE_DATABASE
def test_it_keeps_what_cannot_be_sent_and_sends_it_when_the_network_is_back(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    drawing.page.context.set_offline(True)
    drawing.entry("general", "name").fill("Sửa khi mất mạng")
    expect(drawing.notice("offline")).to_contain_text("được giữ trong trình duyệt này")
    drawing.page.context.set_offline(False)
    drawing.saved()
    expect(drawing.notice("offline")).to_have_count(0)
    assert 'name="Sửa khi mất mạng"' in drawing.text()


@ONE_DATABASE
def test_it_brings_back_what_a_closed_browser_had_not_sent(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    page = drawing.page
    # Not by a route: closing the page would let go of what the route holds at that moment.
    page.evaluate(NOTHING_GOES_OUT)
    drawing.entry("general", "name").fill("Sửa trước khi đóng")
    expect(drawing.notice("offline")).to_be_visible()
    page.close(run_before_unload=False)
    again = plan(drawing.page.context.new_page())
    expect(again.notice("restored").or_(again.status.filter(has_text="Đã lưu lúc")).first).to_be_visible()
    again.saved()
    assert 'name="Sửa trước khi đóng"' in again.text()


def test_it_knows_its_own_work_when_the_answer_of_a_saving_was_lost(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    lost: list[str] = []

    def lose(route: Route) -> None:
        if route.request.method == "PUT" and not lost:
            lost.append(route.fetch().text())
            route.abort()
        else:
            route.continue_()

    drawing.page.route("**/api/tep/**", lose)
    drawing.entry("general", "name").fill("Lưu lần đầu")
    expect(drawing.notice("offline")).to_be_visible()
    drawing.entry("general", "name").fill("Lưu lần sau")
    drawing.saved()
    assert lost
    assert 'name="Lưu lần sau"' in drawing.text()
    expect(drawing.page.locator("[data-conflict]")).to_have_count(0)


@contextmanager
def served(app: Flask, port: int = 0) -> Iterator[int]:
    server = make_server("127.0.0.1", port, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_it_loses_nothing_when_the_server_dies_in_the_middle(chromium: Browser, app: Flask) -> None:
    with served(app) as port:
        page = chromium.new_page(base_url=f"http://127.0.0.1:{port}")
        log_in(page, "phuc")
        drawing = plan(page)
    drawing.entry("general", "name").fill("Sửa khi máy chủ tắt")
    expect(drawing.notice("offline")).to_be_visible()
    with served(app, port):
        drawing.saved()
        assert 'name="Sửa khi máy chủ tắt"' in drawing.text()
        page.context.close()


@ONE_DATABASE
def test_it_goes_on_after_logging_in_again_in_another_tab(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    context = drawing.page.context
    context.clear_cookies()
    drawing.entry("general", "name").fill("Sửa khi hết phiên")
    expect(drawing.notice("ended")).to_contain_text("hết hạn")
    with context.expect_page() as opened:
        drawing.notice("ended").get_by_role("link").click()
    log_in(opened.value, "phuc")
    opened.value.close()
    drawing.page.bring_to_front()
    drawing.page.evaluate("window.dispatchEvent(new Event('focus'))")
    drawing.saved()
    expect(drawing.notice("ended")).to_have_count(0)
    assert 'name="Sửa khi hết phiên"' in drawing.text()


def test_it_keeps_both_when_two_change_the_same_file(visit: Visit) -> None:
    mine, theirs = plan(visit("phuc")), plan(visit("oanh"))
    expect(theirs.notice("holder")).to_contain_text("Hồ Thiên Phúc đang sửa tệp này")
    theirs.entry("general", "name").fill("Bản của Oanh")
    theirs.saved()
    mine.entry("general", "name").fill("Bản của Phúc")
    dialog = mine.page.locator("[data-conflict]")
    expect(dialog).to_contain_text("Vũ Kim Oanh đã lưu tệp này")
    assert violations(mine.page) == []
    dialog.get_by_role("button", name="Giữ bản của tôi thành tệp khác").click()
    expect(dialog).to_have_count(0)
    copied = mine.notice("copied")
    expect(copied).to_contain_text("Bản của đồng chí nằm ở tệp")
    name = copied.inner_text().split("ở tệp ")[1].split(" ")[0]
    assert 'name="Bản của Phúc"' in mine.text(name)
    assert 'name="Bản của Oanh"' in mine.text()
    assert plan(mine.page).entry("general", "name").input_value() == "Bản của Oanh"


@ONE_DATABASE
def test_it_shows_ten_mistakes_on_the_elements_that_have_them(visit: Visit) -> None:
    page = visit("phuc")
    plan(page)
    drawing = Drawing(page, "thu_loi.bpmn")
    drawing.write(mistakes())
    drawing.open()
    marks = page.locator("[data-finding-mark]")
    expect(marks.first).to_be_visible()
    marked = {mark.get_attribute("data-finding-mark"): mark.get_attribute("title") or "" for mark in marks.all()}
    assert {*WRONG, "sai_dieu_kien"} <= set(marked)
    assert all(set(sentence) & set("ạảãàáăắằâầấđêếềôốồơớờưứừịệộợ") for sentence in marked.values()), marked
    listed = page.locator('[data-findings] [data-element="sai_hen"] button')
    listed.first.click()
    expect(page.locator('[data-outline="sai_hen"]')).to_have_attribute("aria-current", "true")
    # Mended by the panel, the mark changes; nothing of this kept the draft from being saved.
    page.locator('[data-outline="khong_nguoi"]').click()
    drawing.entry("studio-people", "candidateGroups").fill("nhan_vien")
    drawing.saved()
    expect(page.locator('[data-finding-mark="khong_nguoi"]')).not_to_have_attribute("title", re.compile("cần người nhận"))


@ONE_DATABASE
def test_it_leaves_what_other_tools_wrote_as_it_is(visit: Visit) -> None:
    page = visit("phuc")
    plan(page)
    drawing = Drawing(page, "khac.bpmn")
    drawing.write(other_tools())
    drawing.open("khong_nguoi")
    before = drawing.text()
    drawing.entry("general", "name").fill("Việc đã đổi tên")
    drawing.saved()
    gone, new = changes(before, drawing.text())
    assert gone == ["khong_nguoi in thu_loi @name=Việc"]
    assert [one for one in new if "_di" not in one] == ["khong_nguoi in thu_loi @name=Việc đã đổi tên"]


@ONE_DATABASE
def test_it_does_not_edit_what_it_would_lose(visit: Visit) -> None:
    page = visit("phuc")
    plan(page)
    drawing = Drawing(page, "mat.bpmn")
    drawing.write(other_tools('<bpmn:khongCoTrongChuan id="la" name="Lạ" />'))
    before = drawing.text()
    drawing.open("khong_nguoi")
    expect(drawing.notice("readonly")).to_contain_text("nếu lưu lại sẽ mất")
    expect(drawing.notice("readonly")).to_contain_text("khongCoTrongChuan")
    expect(drawing.notice("warnings")).to_be_visible()
    expect(drawing.entry("general", "name")).to_be_disabled()
    page.locator('.djs-element[data-element-id="khong_nguoi"]').first.click()
    page.keyboard.press("Delete")
    page.keyboard.press("ControlOrMeta+s")
    page.wait_for_timeout(500)
    assert drawing.text() == before
    drawing.write("<bpmn:definitions", "hong.bpmn")
    broken = Drawing(page, "hong.bpmn").open()
    expect(broken.notice("readonly")).to_contain_text("Không đọc được sơ đồ")


@ONE_DATABASE
def test_its_every_word_is_vietnamese_and_its_page_strict(visit: Visit) -> None:
    """Through the menus and the panel of every kind of element, as far as the modeler knows kinds."""
    page = visit("phuc")
    page.add_init_script("window.broken = []; addEventListener('securitypolicyviolation', e => broken.push(e.violatedDirective))")
    plan(page)
    drawing = Drawing(page, "tat_ca.bpmn")
    drawing.write(mistakes())
    drawing.open("khong_nguoi")
    page.evaluate(EVERYTHING.read_text())
    for group in page.locator("[data-panel] .bio-properties-panel-group-header:not(.open)").all():
        group.click()
    for tool in ("search", "minimap"):
        page.evaluate("name => document.querySelector('[data-studio-diagram]').studio.editor.tools.use(name)", tool)
    # What a menu writes by itself as well.
    page.evaluate(MENU)
    page.locator(".djs-popup-search input").press_sequentially("cổng")
    expect(page.locator(".djs-popup-search-count")).to_have_text(re.compile(r"^\s*\d+\s+kết quả\s*$"))
    assert page.evaluate("[...document.querySelector('[data-studio-diagram]').studio.untranslated]") == []
    assert page.evaluate("broken") == []
    english = page.locator(".djs-popup, .djs-palette, .djs-context-pad").all_inner_texts()
    assert not re.search(r"\b(Create|Append|Task|Gateway|Event)\b", " ".join(english))


@ONE_DATABASE
def test_it_carries_what_is_copied_to_another_tab(visit: Visit) -> None:
    drawing = plan(visit("phuc"))
    act = "(verb) => document.querySelector('[data-studio-diagram]').studio.editor.modeler.get('editorActions').trigger(verb)"
    drawing.page.evaluate(act, "copy")
    other = Drawing(drawing.page.context.new_page(), "danh_gia_luan_chuyen.bpmn").open()
    other.page.locator("[data-canvas] svg[tabindex]").first.focus()
    other.page.keyboard.press("ControlOrMeta+v")
    other.page.mouse.move(700, 300)
    other.page.mouse.click(700, 300)
    other.saved()
    step = etree.fromstring(other.text().encode()).xpath("//*[@name='Rà soát, đánh giá đội ngũ cán bộ']")[0]
    assert step.get("{http://camunda.org/schema/1.0/bpmn}formRef") == STEP
    assert [one.get("name") for one in step.iter("{*}property")] == ["can_cu", "trich_dan", "nut_gui"]


@ONE_DATABASE
def test_it_is_accessible_and_fits_both_screens(visit: Visit) -> None:
    page = visit("phuc")
    drawing = plan(page)
    for size in ({"width": 1366, "height": 768}, {"width": 390, "height": 844}):
        page.set_viewport_size(size)  # type: ignore[arg-type]
        drawing.open(STEP)
        page.wait_for_timeout(300)
        assert violations(page) == []
        assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    mark = page.locator(".bjs-powered-by")
    box = mark.bounding_box()
    assert box
    on_top = "([x, y]) => document.elementFromPoint(x, y).closest('.bjs-powered-by') !== null"
    assert page.evaluate(on_top, [box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
