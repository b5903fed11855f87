"""Analysts change the rotation procedure while cases run, and move those that can: only by what the pages offer them.

A vetting body gets a step with its form and ten days, a criterion is tightened, the draft tried out, compared and released; a new case has
the step, one that stands before it is moved, one behind it is not. On SQLite only: what is pressed and seen is the same on every database.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, TimeoutError, expect

from tests.browser.answers import BINH, CHECKED, GOES_TO, LONG, MAI, dossier, intended
from tests.browser.filling import Answers, fill
from tests.browser.judging import Judge
from tests.browser.people import Person, Town
from tests.browser.serving import serving

pytestmark = pytest.mark.browser

FOLDER, PROCESS = "Luân chuyển cán bộ theo kế hoạch", "Luân chuyển một nhân sự"
DIAGRAM, TABLE = "luan_chuyen_nhan_su.bpmn", "tieu_chuan.dmn"
BEFORE, AFTER = "du_kien_phuong_an", "nhan_xet_noi_di"
STEP, FORM, QUESTION = "Công an tỉnh xác minh", "xac_minh_cong_an", "Kết quả xác minh"
JUDGED = {"folder-changed", "proposal", "released", "dry-run"}


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Pictures of the pages go to a temporary folder, or the one that LOOK_AT_PAGES names."""
    folder = Path(os.environ.get("LOOK_AT_PAGES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return Judge(folder)


def look(judge: Judge, page: Page, station: str) -> None:
    """Every station, for who wants the pictures; else those that no other test judges, since judging takes as long as the work."""
    if station in JUDGED or "LOOK_AT_PAGES" in os.environ:
        judge.look(page, station)


def person_to_rotate(name: str) -> Answers:
    about = {
        "Họ và tên khai sinh": name,
        "Tài khoản trong hệ thống": name,
        "Ngày sinh": "02/03/1980",
        "Chức vụ hiện nay": "Phó Giám đốc",
        "Nơi đang công tác (cơ quan nơi đi)": "Sở Xây dựng",
    }
    return {
        "Số hồ sơ": "KH 2026/05",
        "Cấp có thẩm quyền": "Ban Thường vụ Tỉnh ủy",
        "Cơ quan tham mưu tổ chức - cán bộ": "Ban Tổ chức Tỉnh ủy",
        "Nhân sự": about,
    }


@pytest.fixture
def town(chromium: Browser, tmp_path: Path) -> Iterator[Town]:
    with serving(tmp_path, RELEASE_APPROVAL="1") as address:
        yield Town(chromium, address)


def test_it_changes_the_running_procedure_and_moves_the_cases_that_can(town: Town, judge: Judge) -> None:
    start(town.an, BINH)
    start(town.an, MAI)
    up_to_the_new_place(town, MAI)
    phuc = town.phuc
    phuc.go("Thiết kế")
    phuc.page.get_by_role("main").get_by_role("link", name=FOLDER).click()
    a_step_is_drawn(phuc, judge)
    its_form_is_made(phuc, judge)
    a_criterion_is_tightened(phuc, judge)
    it_is_tried_out(phuc, judge)
    it_is_compared(phuc, judge)
    it_is_released(town, judge)
    the_cases_are_moved(town, judge)
    start(town.an, LONG)
    up_to_the_new_place(town, LONG)
    the_step_is_there(town, LONG, judge)
    up_to_the_new_place(town, BINH)
    the_step_is_there(town, BINH, judge)
    for person in town.here.values():
        assert person.complaints == []
    # Analysts read the names of files and variables.
    assert [one for one in judge.findings if not re.search(r"shows '\w+_\w+'$", one)] == []


def start(an: Person, name: str) -> None:
    an.go("Quy trình")
    an.page.get_by_role("row", name=re.compile(f"^{PROCESS}")).get_by_role("link", name="Khởi tạo hồ sơ").click()
    fill(an.page, person_to_rotate(name))
    an.page.get_by_role("button", name="Khởi tạo hồ sơ").click()
    expect(an.page.get_by_role("status").first).to_be_visible()


def up_to_the_new_place(town: Town, name: str) -> None:
    """The three steps that stand before the place where the step is put."""
    case = f"Luân chuyển: {name}"
    town.an.does("Hoàn thiện hồ sơ nhân sự", case, dossier(name))
    town.an.does("Rà soát tiêu chuẩn, tiêu chí", case, CHECKED)
    town.an.does("Dự kiến địa bàn, chức danh, nhân sự", case, intended(GOES_TO.get(name, "Đảng ủy xã Phú Lâm")))


def in_days(count: int) -> str:
    return (datetime.now(ZoneInfo("Asia/Ho_Chi_Minh")) + timedelta(days=count)).strftime("%d/%m/%Y")


def saved(page: Page) -> None:
    expect(page.locator("[data-document-status]")).to_contain_text("Đã lưu lúc")


# --- the diagram


def shape(page: Page, element: str) -> Locator:
    return page.locator(f'.djs-shape[data-element-id="{element}"] > .djs-visual').first


def middle(page: Page, element: str) -> tuple[float, float]:
    box = shape(page, element).bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click(page: Page, x: float, y: float) -> None:
    """As a hand does it: there in several moves, then pressed."""
    page.mouse.move(x - 40, y - 40)
    page.mouse.move(x, y, steps=4)
    page.mouse.click(x, y)


def connect(page: Page, source: str, target: str) -> None:
    click(page, *middle(page, source))
    expect(page.locator(f'.djs-shape.selected[data-element-id="{source}"]')).to_have_count(1)
    page.locator('.djs-context-pad [data-action="connect"]').click()
    click(page, *middle(page, target))
    expect(page.locator("[data-panel] .bio-properties-panel-header-type")).to_have_text("Đường nối")
    # The tools of what is chosen lie over its neighbours.
    beside_everything(page)


def beside_everything(page: Page) -> None:
    """What ends a drag swallows the clicks of the next moments; one clicks again."""
    chosen = page.locator("[data-panel] .bio-properties-panel-header-type")
    for _ in range(20):
        x, y = middle(page, AFTER)
        click(page, x + 250, y + 15)
        try:
            chosen.filter(has_text=re.compile("^(Làn|Cộng tác)$")).wait_for(timeout=500)
        except TimeoutError:
            continue
        return
    expect(chosen).to_have_text(re.compile("^(Làn|Cộng tác)$"))


def a_step_is_drawn(phuc: Person, judge: Judge) -> None:
    page = phuc.page
    look(judge, page, "folder")
    page.get_by_role("link", name=DIAGRAM, exact=True).click()
    page.wait_for_selector("[data-ready]")
    page.get_by_role("searchbox", name="Các phần tử").fill("nhan xet, danh gia can bo")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Thu nhỏ").dblclick()
    beside_everything(page)
    page.keyboard.press("n")
    page.keyboard.type("người làm")
    expect(page.locator(".djs-popup-search-count")).to_have_text("1 kết quả")
    page.keyboard.press("Enter")
    x, y = middle(page, AFTER)
    click(page, x + 140, y + 170)
    page.keyboard.type(STEP)
    page.keyboard.press("Enter")
    panel = page.locator("[data-panel]")
    expect(panel.get_by_label("Mã (ID)")).to_have_value(re.compile("^Activity_"))
    general = panel.locator('[data-group-id="group-general"]')
    if not general.locator(".bio-properties-panel-group-entries.open").count():
        general.locator(".bio-properties-panel-group-header").click()
    panel.get_by_label("Mã (ID)").fill(FORM)
    expect(page.locator(f'.djs-shape[data-element-id="{FORM}"]')).to_contain_text("Công an tỉnh")
    beside_everything(page)
    connect(page, BEFORE, FORM)
    connect(page, FORM, AFTER)
    page.locator(f'.djs-connection[data-element-id="{BEFORE}__{AFTER}"] .djs-hit').first.click(force=True)
    page.keyboard.press("Delete")
    finding = page.locator(f'[data-finding="user-task"][data-element="{FORM}"]')
    expect(finding).to_contain_text("cần người nhận và biểu mẫu")
    look(judge, page, "diagram-finding")
    finding.get_by_role("button").first.click()
    panel.locator("#candidateGroups-role").select_option("tham_dinh")
    panel.locator("#candidateGroups-body").select_option(label="Công an tỉnh")
    panel.locator('[data-add="candidateGroups"]').click()
    panel.get_by_label("Hạn hoàn thành").fill("P10D")
    expect(panel.get_by_text("Nếu bắt đầu từ bây giờ:")).to_be_visible()
    panel.get_by_role("button", name="Biểu mẫu mới").click()
    panel.get_by_label("Mã biểu mẫu mới").fill(FORM)
    panel.get_by_role("button", name="Tạo", exact=True).click()
    expect(panel.get_by_label("Biểu mẫu của bước")).to_have_value(FORM)
    saved(page)


def its_form_is_made(phuc: Person, judge: Judge) -> None:
    """In a tab of its own; the finding about the diagram goes when there is something to fill in."""
    diagram = phuc.page
    with diagram.context.expect_page() as opened:
        diagram.get_by_role("link", name="Sửa biểu mẫu").click()
    page = opened.value
    page.get_by_label("Loại thành phần sẽ thêm").select_option("textarea")
    page.get_by_role("button", name="Thêm", exact=True).click()
    page.keyboard.type(QUESTION)
    expect(page.get_by_label("Tên biến")).to_have_value("ket_qua_xac_minh")
    page.get_by_label("Bắt buộc").check()
    expect(page.frame_locator("[data-frame]").get_by_label(QUESTION)).to_be_visible()
    saved(page)
    look(judge, page, "form")
    page.close()
    diagram.bring_to_front()
    expect(diagram.locator(f'[data-finding="user-task"][data-element="{FORM}"]')).to_have_count(0)
    look(judge, diagram, "diagram-clean")


# --- the table


def write(page: Page, cell: str, text: str) -> None:
    page.locator(f'[data-element-id="{cell}"] [contenteditable]').first.click()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type(text)


def a_criterion_is_tightened(phuc: Person, judge: Judge) -> None:
    page = phuc.page
    page.get_by_role("link", name="luan_chuyen_can_bo", exact=True).click()
    page.get_by_role("link", name=TABLE, exact=True).click()
    page.get_by_role("button", name="Đối chiếu từng tiêu chí").click()
    expect(page.locator('[data-element-id="o_5_so_nam"]')).to_have_text(">= 10")
    write(page, "o_5_so_nam", "> >")
    expect(page.locator('[data-finding="decision-reference"]').first).to_contain_text("cần một giá trị")
    look(judge, page, "table-finding")
    write(page, "o_5_so_nam", ">= 12")
    write(page, "o_6_so_nam", "< 12")
    expect(page.locator('[data-finding="decision-reference"]')).to_have_count(0)
    saved(page)


# --- try out, compare, release


def it_is_tried_out(phuc: Person, judge: Judge) -> None:
    page = phuc.page
    page.get_by_role("link", name="luan_chuyen_can_bo", exact=True).click()
    expect(page.locator("#findings")).to_contain_text("hành được")
    look(judge, page, "folder-changed")
    page.get_by_role("link", name="Chạy thử").click()
    page.get_by_label("Quy trình", exact=True).select_option(label=PROCESS)
    page.get_by_label("Đơn vị và tài khoản để chọn").select_option(label="tên của đơn vị và tài khoản trên hệ thống")
    page.get_by_role("button", name="Dùng lựa chọn này").click()
    fill(page, person_to_rotate(BINH))
    page.get_by_role("button", name="Bắt đầu chạy thử").click()
    steps = [
        ("Hoàn thiện hồ sơ nhân sự", dossier(BINH)),
        ("Rà soát tiêu chuẩn, tiêu chí", CHECKED),
        ("Dự kiến địa bàn, chức danh, nhân sự", intended(GOES_TO[BINH])),
        (STEP, {QUESTION: "Không có vấn đề."}),
    ]
    for step, answers in steps:
        page.get_by_role("link", name=step, exact=True).click()
        fill(page, answers)
        if step == STEP:
            look(judge, page, "tryout-step")
        page.locator(".actions .btn-primary").click()
        expect(page.get_by_role("status").filter(has_text="trong lượt chạy thử")).to_be_visible()
    expect(page.get_by_role("link", name="Nhận xét, đánh giá cán bộ", exact=True)).to_be_visible()
    look(judge, page, "tryout")


def it_is_compared(phuc: Person, judge: Judge) -> None:
    page = phuc.page
    phuc.go("Thiết kế")
    page.get_by_role("main").get_by_role("link", name=FOLDER).click()
    page.get_by_role("link", name="So sánh").first.click()
    main = page.get_by_role("main")
    for word in (STEP, FORM, ">= 12", "< 12"):
        expect(main).to_contain_text(word)
    look(judge, page, "compare")


def it_is_released(town: Town, judge: Judge) -> None:
    """The analyst proposes it, and somebody else lets it become a version."""
    page = town.phuc.page
    page.get_by_role("link", name="luan_chuyen_can_bo", exact=True).click()
    page.get_by_role("link", name="Phát hành", exact=True).click()
    page.get_by_label("Thay đổi những gì").fill("Thêm bước Công an tỉnh xác minh trong 10 ngày; còn đủ 12 năm công tác.")
    page.get_by_label("Căn cứ").fill("Kết luận 15-KL/TU ngày 01/11/2026")
    look(judge, page, "release")
    page.get_by_role("button", name="Xem lại trước khi gửi đề nghị").click()
    page.get_by_role("button", name="Gửi đề nghị phát hành").click()
    expect(page.get_by_role("status").first).to_contain_text("Đã gửi đề nghị phát hành")
    page = town.ngoc.page
    town.ngoc.go("Thiết kế")
    page.get_by_role("main").get_by_role("link", name=FOLDER).click()
    page.get_by_role("link", name="Phát hành", exact=True).click()
    page.get_by_role("link", name=re.compile("^Đề nghị phát hành số")).click()
    expect(page.get_by_role("main")).to_contain_text("Kết luận 15-KL/TU")
    look(judge, page, "proposal")
    page.get_by_role("button", name="Duyệt và phát hành").click()
    expect(page.get_by_role("status").first).to_contain_text("Đã duyệt và phát hành bản 2")
    look(judge, page, "released")


# --- the cases


def the_cases_are_moved(town: Town, judge: Judge) -> None:
    quynh = town.quynh
    page = quynh.page
    quynh.go("Giám sát")
    page.get_by_role("main").get_by_role("link", name=PROCESS, exact=True).first.click()
    page.get_by_role("link", name="Chuyển hồ sơ sang bản khác").click()
    page.get_by_label("Chuyển từ bản 1").check()
    page.get_by_label("Chuyển sang bản 2").check()
    page.get_by_role("button", name="Xem bước tương ứng").click()
    page.wait_for_selector("[data-moving][data-ready]")
    page.get_by_label("Lý do (bắt buộc)").fill("Thêm bước xác minh")
    look(judge, page, "mapping")
    page.get_by_role("button", name="Xem trước cho 2 hồ sơ").click()
    behind = page.get_by_role("row").filter(has_text=MAI)
    expect(behind).to_contain_text(f"Hồ sơ đã qua chỗ của bước mới “{STEP}”")
    look(judge, page, "dry-run")
    page.get_by_role("button", name="Thực hiện với 1 hồ sơ").click()
    expect(page.locator("#batch-progress[data-ended]")).to_contain_text("1 trên 1, đã xong")
    expect(page.get_by_role("row").filter(has_text=BINH)).to_contain_text("xong")
    look(judge, page, "moved")


def the_step_is_there(town: Town, name: str, judge: Judge) -> None:
    """Within ten days, asked of the body that was chosen, with the form that was made."""
    son = town.son
    son.claim(STEP, f"Luân chuyển: {name}")
    expect(son.page.get_by_role("main")).to_contain_text(in_days(10))
    fill(son.page, {QUESTION: "Không có vấn đề về chính trị."})
    look(judge, son.page, "step")
    son.hand_in()
