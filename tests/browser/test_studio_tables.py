"""Analysts change decision tables, forms and texts in the browser: what they change is in the draft, and nothing else is."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect
from sqlalchemy.orm import Session, sessionmaker

from tests.browser.conftest import NARROW, WIDE, violations
from tests.browser.drawing import ROTATION, Drawing, prepare

# The database makes no difference to what is tested here.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
Visit = Callable[..., Page]
TABLE, FORM, LAW = "tieu_chuan.dmn", "forms/quyet_dinh.form", "van_ban.json"
DMN = "https://www.omg.org/spec/DMN/20191111/MODEL/"


@pytest.fixture(autouse=True)
def _prepared(store: sessionmaker[Session], password_hash: str) -> None:
    prepare(store, password_hash)


def lines(before: str, after: str) -> list[str]:
    """The lines that went and came, without the space around them."""
    return [f"{line[0]} {line[1:].strip()}" for line in difflib.unified_diff(before.splitlines(), after.splitlines(), n=0, lineterm="")][
        2:
    ][1:]


def cell(page: Page, id_: str) -> Locator:
    return page.locator(f'[data-element-id="{id_}"] [contenteditable]').first


def focused(page: Page, id_: str) -> None:
    expect(page.locator(f'td[data-element-id="{id_}"]:focus-within')).to_have_count(1)


def table(page: Page) -> Drawing:
    drawing = Drawing(page, TABLE).open()
    page.get_by_role("button", name="Đối chiếu từng tiêu chí").click()
    expect(cell(page, "o_5_so_nam")).to_have_text(">= 10")
    return drawing


def judge(page: Page, said: list[str]) -> None:
    """In both widths: no rule of WCAG A and AA broken, nothing wider than the screen."""
    for size in (WIDE, NARROW):
        page.set_viewport_size({"width": size["width"], "height": size["height"]})
        page.wait_for_timeout(300)
        said += [f"{size['width']}: {one}" for one in violations(page)]
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > size["width"]:
            said.append(f"{size['width']}: {wide} px wide")
    page.set_viewport_size({"width": WIDE["width"], "height": WIDE["height"]})


# --- decision tables


def test_a_rule_is_tightened_and_the_trial_under_the_table_shows_it(visit: Visit) -> None:
    page = visit("phuc")
    drawing = table(page)
    page.get_by_label("Mục đích luân chuyển").fill("dao_tao")
    page.get_by_label("Số năm công tác còn lại").fill("11")
    result = page.locator("[data-trial-said]")
    expect(result).to_contain_text("Còn đủ 10 năm công tác")
    matched = page.locator('td.input-cell[data-row-id="dong_5"]').first
    expect(matched).to_have_css("background-color", "rgb(230, 243, 234)")
    cell(page, "o_5_so_nam").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(">= 12")
    expect(result).not_to_contain_text("Còn đủ 10 năm công tác")
    expect(matched).not_to_have_css("background-color", "rgb(230, 243, 234)")
    drawing.saved()
    before, after = (ROTATION / TABLE).read_text(encoding="utf-8"), drawing.text()
    changed = [line for line in lines(before, after) if not line.startswith("@")]
    assert changed == ["- <text>&gt;= 10</text>", "+ <text>&gt;= 12</text>"]
    drawing = Drawing(page, TABLE).open()
    page.get_by_role("button", name="Đối chiếu từng tiêu chí").click()
    expect(cell(page, "o_5_so_nam")).to_have_text(">= 12")
    expect(page.get_by_label("Số năm công tác còn lại")).to_have_value("11")


def test_a_table_is_changed_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit("phuc")
    drawing = table(page)
    cell(page, "o_5_so_nam").focus()
    page.keyboard.press("Enter")
    focused(page, "o_6_so_nam")
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("< 12")
    page.keyboard.press("ControlOrMeta+s")
    drawing.saved()
    assert "&lt; 12" in drawing.text()
    for _step in range(10):
        if cell(page, "o_6_so_nam").inner_text() == "< 10":
            break
        page.get_by_role("button", name="Hoàn tác").focus()
        page.keyboard.press("Enter")
        page.wait_for_timeout(300)
    expect(cell(page, "o_6_so_nam")).to_have_text("< 10")


def test_a_mistake_in_a_cell_is_found_and_shown_on_the_cell(visit: Visit) -> None:
    page = visit("phuc")
    table(page)
    cell(page, "o_5_so_nam").click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("> >")
    finding = page.locator('[data-finding="decision-reference"]').first
    expect(finding).to_contain_text("cần một giá trị")
    expect(finding).to_contain_text("luật 5")
    marked = page.locator('td[data-element-id="o_5_so_nam"]')
    expect(marked).to_have_css("box-shadow", re.compile("inset"))
    page.get_by_role("button", name="Kết luận đối chiếu tiêu chuẩn").click()
    finding.get_by_role("button").click()
    focused(page, "o_5_so_nam")


def test_what_is_typed_wrong_in_the_trial_is_said_at_its_box(visit: Visit) -> None:
    page = visit("phuc")
    table(page)
    box = page.get_by_label("Số năm công tác còn lại")
    box.fill("mười")
    expect(page.locator("[data-trial-said]")).to_contain_text("Số năm công tác còn lại: cần một số")
    expect(box).to_have_attribute("aria-invalid", "true")


def test_every_hit_policy_can_be_chosen_in_vietnamese(visit: Visit) -> None:
    page = visit("phuc")
    drawing = table(page)
    page.locator(".hit-policy .dms-input-select").click()
    options = page.locator(".dms-select-options .option")
    expect(options).to_have_count(11)
    expect(options.filter(has_text="Gom theo thứ tự luật")).to_have_count(1)
    options.filter(has_text="Đúng một luật").click()
    drawing.saved()
    assert 'hitPolicy="COLLECT"' not in drawing.text()
    page.locator('td[data-element-id="o_5_so_nam"]').click(button="right")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Sơ đồ quyết định").click()
    expect(page.locator(".djs-container")).to_be_visible()
    assert page.evaluate("[...document.querySelector('[data-decision-editor]').untranslated]") == []


def test_a_table_that_the_editor_would_lose_something_of_is_only_shown(visit: Visit) -> None:
    page = visit("phuc")
    drawing = Drawing(page, "la.dmn")
    page.goto("/thiet-ke/luan_chuyen_can_bo")
    inner = '<decision id="d" name="D"><la>x</la><decisionTable id="t"><output id="o" name="k"/></decisionTable></decision>'
    content = f'<definitions xmlns="{DMN}" id="x" name="X" namespace="n">{inner}</definitions>'
    drawing.write(content)
    drawing.open()
    expect(drawing.notice("readonly")).to_contain_text("chỉ xem được ở đây")
    expect(drawing.status).to_have_text("Chỉ xem")
    page.wait_for_timeout(2500)
    assert drawing.text() == content
    drawing = Drawing(page, "cu.dmn")
    drawing.write('<definitions xmlns="http://www.omg.org/spec/DMN/20151101/dmn.xsd" id="x"/>')
    drawing.open()
    expect(drawing.notice("readonly")).to_contain_text("DMN 1.3")


# --- forms


def test_a_field_is_added_to_a_form_and_staff_will_see_it(visit: Visit) -> None:
    page = visit("phuc")
    drawing = Drawing(page, FORM).open()
    preview = page.frame_locator("[data-frame]")
    expect(preview.get_by_text("Quyết định luân chuyển", exact=True)).to_be_visible()
    page.get_by_role("button", name=re.compile("^Kết luận .bắt buộc.")).first.click()
    page.get_by_label("Loại thành phần sẽ thêm").select_option("textarea")
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.keyboard.type("Lý do khác")
    expect(page.get_by_label("Tên biến")).to_have_value("ly_do_khac")
    page.get_by_label("Bắt buộc").check()
    expect(preview.get_by_label("Lý do khác")).to_be_visible()
    page.get_by_label("Sau khi gửi mà còn chỗ chưa đúng").check()
    expect(preview.get_by_role("alert")).to_contain_text("Cần nhập “Lý do khác”")
    drawing.saved()
    before, after = (ROTATION / FORM).read_text(encoding="utf-8"), drawing.text()
    assert [line for line in lines(before, after) if line.startswith("-")] == [], "nothing of what was there has changed"
    form = json.loads(after)
    added = form["components"][0]["components"][1]
    assert (added["type"], added["label"], added["key"], added["validate"]) == ("textarea", "Lý do khác", "ly_do_khac", {"required": True})


def test_a_form_is_changed_with_the_keyboard_alone(visit: Visit) -> None:
    page = visit("phuc")
    drawing = Drawing(page, FORM).open()
    first = page.locator("[data-tree] .tree-line").nth(1)
    first.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Alt+ArrowDown")
    page.keyboard.press("Alt+ArrowUp")
    page.keyboard.press("Alt+ArrowUp")
    expect(page.locator("[data-tree] .tree-line").first).to_have_attribute("aria-current", "true")
    expect(page.locator("[data-tree] .tree-line").first).to_be_focused()
    drawing.saved()
    assert json.loads(drawing.text())["components"][0]["key"] == "ket_luan", "out of its group, to the top"
    page.keyboard.press("Delete")
    expect(page.locator("[data-tree] .tree-line").first).to_contain_text("Quyết định")
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+z")
    page.keyboard.press("ControlOrMeta+s")
    page.wait_for_timeout(1000)
    drawing.saved()
    assert drawing.text() == (ROTATION / FORM).read_text(encoding="utf-8"), "every step back leads to what it was, byte for byte"


def test_the_preview_is_a_form_that_can_be_filled_in(visit: Visit) -> None:
    page = visit("phuc")
    Drawing(page, FORM).open()
    preview = page.frame_locator("[data-frame]")
    expect(preview.get_by_label("Số quyết định")).to_have_count(0)
    preview.get_by_label("Quyết định luân chuyển", exact=True).check()
    expect(preview.get_by_label("Số quyết định")).to_be_visible()
    rows = preview.locator(".form-row")
    expect(rows).to_have_count(1)
    preview.get_by_role("button", name="Thêm dòng").click()
    expect(rows).to_have_count(2)
    page.get_by_label("Trên điện thoại").check()
    assert page.locator("[data-frame]").evaluate("frame => frame.getBoundingClientRect().width") == 390
    preview.get_by_label("Số quyết định").click()
    expect(page.locator("[data-tree] [aria-current]")).to_contain_text("Số quyết định")


def test_what_the_form_editor_does_not_know_is_kept(visit: Visit) -> None:
    page = visit("phuc")
    drawing = Drawing(page, "forms/la.form")
    page.goto("/thiet-ke/luan_chuyen_can_bo")
    field = {"type": "textfield", "key": "a", "label": "A", "layout": {"row": "R1", "columns": None}, "cua_hang_khac": [1, {"b": True}]}
    content = json.dumps({"la": {"z": 1, "a": 2}, "components": [field, {"type": "iframe", "id": "i", "url": "x"}], "id": "la"}, indent=4)
    drawing.write(content)
    drawing.open()
    page.locator("[data-tree] .tree-line").first.click()
    page.get_by_label("Nhãn", exact=True).fill("Mới")
    drawing.saved()
    assert drawing.text() == content.replace('"label": "A"', '"label": "M\\u1edbi"').replace("M\\u1edbi", "Mới")
    drawing = Drawing(page, "forms/so.form")
    drawing.write('{"id": "so", "components": [], "lon": 12345678901234567890123}')
    drawing.open()
    expect(drawing.notice("readonly")).to_contain_text("12345678901234567890123")


# --- texts


def test_a_sentence_of_the_legal_basis_is_changed(visit: Visit) -> None:
    page = visit("phuc")
    drawing = Drawing(page, LAW).open()
    page.get_by_label("Khoản, bước, dòng 2").fill("Bước 2, mới")
    page.get_by_role("button", name="Thêm câu").click()
    page.keyboard.type("d7_b1")
    expect(page.get_by_label("Mã, dòng 1", exact=True)).to_have_attribute("aria-invalid", "true")
    page.keyboard.type("_them")
    expect(page.get_by_label("Mã, dòng 1", exact=True)).not_to_have_attribute("aria-invalid", "")
    drawing.saved()
    before, after = json.loads((ROTATION / LAW).read_text(encoding="utf-8")), json.loads(drawing.text())
    before["cau"][1]["muc"] = "Bước 2, mới"
    assert after["cau"][:-1] == before["cau"] and after["cau"][-1]["id"] == "d7_b1_them" and after["dieu"] == before["dieu"]


def test_the_editors_break_no_rule_of_accessibility_and_fit_a_phone(visit: Visit) -> None:
    page, said = visit("phuc"), list[str]()
    table(page)
    page.get_by_label("Số năm công tác còn lại").fill("11")
    expect(page.locator("[data-trial-said] table")).to_be_visible()
    judge(page, said)
    Drawing(page, FORM).open()
    page.locator("[data-tree] .tree-line").nth(1).click()
    expect(page.frame_locator("[data-frame]").get_by_role("group").first).to_be_visible()
    judge(page, said)
    Drawing(page, LAW).open()
    judge(page, said)
    page.goto("/thiet-ke/luan_chuyen_can_bo/tep/documents/cong_van_tham_dinh.docx")
    judge(page, said)
    assert not said, "\n".join(said)
