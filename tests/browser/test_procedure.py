"""The rotation procedure from the need to the announced decision, as fourteen people do it: only by what the pages offer them.

A plan is returned once, three bodies are asked for proposals, two people are proposed, the sending body of one does not agree and somebody
else takes his place, three bodies vet each of them, the decisions are announced, the plan is closed.
"""

from __future__ import annotations

import os
import re
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser import answers
from tests.browser.answers import BINH, GOES_TO, LONG, MAI, PLAN
from tests.browser.filling import fill
from tests.browser.judging import Judge
from tests.browser.people import Person, Town
from tests.browser.serving import serving

pytestmark = pytest.mark.browser

ABOUT_BINH, ABOUT_MAI, ABOUT_LONG = (f"Luân chuyển: {person}" for person in (BINH, MAI, LONG))


@pytest.fixture
def town(chromium: Browser, tmp_path: Path) -> Iterator[Town]:
    with serving(tmp_path) as address:
        yield Town(chromium, address)


@pytest.fixture
def judge(tmp_path: Path) -> Judge:
    """Pictures of the pages go to a temporary folder, or the one that LOOK_AT_PAGES names."""
    folder = Path(os.environ.get("LOOK_AT_PAGES", tmp_path / "pictures"))
    folder.mkdir(parents=True, exist_ok=True)
    return Judge(folder)


def test_it_carries_a_plan_from_the_need_to_the_announced_decision(town: Town, judge: Judge, tmp_path: Path) -> None:
    the_plan_is_drawn_up_and_returned_once(town, judge, tmp_path)
    three_bodies_are_asked_for_proposals(town, judge)
    two_of_the_same_office_want_the_same_step(town)
    the_supervisor_finds_the_two_cases_on_the_diagram(town, judge)
    up_to_the_assessment(town, ABOUT_BINH, BINH, "Thống nhất đề nghị luân chuyển")
    town.an.does("Xem xét nhận xét của nơi đi", ABOUT_BINH, answers.GO_ON)
    somebody_is_replaced(town)
    for case, person in ((ABOUT_BINH, BINH), (ABOUT_LONG, LONG)):
        vetting(town, judge, case, person)
        up_to_the_announced_decision(town, judge, case, person)
    the_letter_and_what_was_not_sent(town)
    hand_over_and_close(town, judge)
    the_supervisor_sees_the_end(town, judge)
    for person in town.here.values():
        person.log_out()
        assert person.complaints == []
    judge.look(town.hoa.page, "login")
    assert judge.findings == []


def the_plan_is_drawn_up_and_returned_once(town: Town, judge: Judge, folder: Path) -> None:
    hoa = town.hoa
    judge.look(hoa.page, "inbox")
    hoa.go("Quy trình")
    judge.look(hoa.page, "processes")
    hoa.page.get_by_role("row", name=re.compile("^Luân chuyển cán bộ theo kế hoạch")).get_by_role("link", name="Khởi tạo hồ sơ").click()
    fill(hoa.page, answers.NEED)
    judge.look(hoa.page, "start")
    hoa.page.get_by_role("button", name="Khởi tạo hồ sơ").click()
    hoa.does("Rà soát, đánh giá đội ngũ cán bộ", PLAN, answers.REVIEW)
    # The next step of the same case opens at once.
    expect(hoa.page.get_by_role("heading", level=1)).to_have_text("Xây dựng kế hoạch luân chuyển")
    hoa.page.get_by_role("button", name="Nhận việc").click()
    draft = folder / "Dự thảo kế hoạch.pdf"
    draft.write_bytes(b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n")
    fill(hoa.page, answers.plan(draft))
    judge.look(hoa.page, "task")
    hoa.hand_in()
    hoa.does("Trình kế hoạch", PLAN, answers.SUBMISSION)
    town.minh.does("Xem xét, cho chủ trương", PLAN, answers.RETURNED)
    hoa.claim("Xây dựng kế hoạch luân chuyển", PLAN)
    expect(hoa.page.locator("#form-fields")).to_contain_text(answers.WHAT_TO_REVISE)
    # What was written before the return is still there, the file as well.
    expect(hoa.page.get_by_role("group", name="Dòng 2").get_by_label("Chức danh")).to_have_value("Phó Giám đốc Sở")
    expect(hoa.page.get_by_role("link", name=draft.name)).to_be_visible()
    fill(hoa.page, answers.REVISED)
    hoa.hand_in()
    hoa.does("Trình kế hoạch", PLAN, answers.SUBMISSION)
    town.minh.claim("Xem xét, cho chủ trương", PLAN)
    nothing_is_accepted_half_done(town.minh, judge)
    fill(town.minh.page, answers.APPROVED)
    town.minh.hand_in()


def nothing_is_accepted_half_done(person: Person, judge: Judge) -> None:
    """An approval without number and date comes back, with a list of what is missing that leads to the fields."""
    fill(person.page, {"Chủ trương của cấp có thẩm quyền": {"Kết luận": "Đồng ý chủ trương", "Ý kiến": "Đồng ý."}})
    person.page.locator(".actions .btn-primary").click()
    summary = person.page.get_by_role("alert").filter(has_text="chỗ chưa đúng")
    expect(summary).to_be_focused()
    judge.look(person.page, "task-wrong")
    summary.get_by_role("link", name=re.compile("Số văn bản")).click()
    expect(person.page.get_by_label(re.compile("^Số văn bản"))).to_be_focused()
    expect(person.page.get_by_role("radio", name="Đồng ý chủ trương")).to_be_checked()


def three_bodies_are_asked_for_proposals(town: Town, judge: Judge) -> None:
    town.lan.inbox("Việc của đơn vị")
    expect(town.lan.page.get_by_role("main")).to_contain_text("Không có việc nào chờ người nhận.")
    town.an.does("Trao đổi, đề nghị đề xuất nhân sự", PLAN, answers.ASK_FOR_PROPOSALS)
    # The inbox of those who are asked fills while they look at it.
    expect(town.lan.row("Đề xuất nhân sự luân chuyển", PLAN)).to_be_visible()
    judge.look(town.lan.page, "inbox-body")
    standing(town.an, PLAN, {"Đề xuất nhân sự luân chuyển": 3})
    town.lan.claim("Đề xuất nhân sự luân chuyển", PLAN)
    fill(town.lan.page, answers.proposal(BINH, "02/03/1981"))
    judge.look(town.lan.page, "task-asked")
    town.lan.hand_in()
    town.tuan.does("Đề xuất nhân sự luân chuyển", PLAN, answers.proposal(MAI, "17/11/1983"))
    standing(town.an, PLAN, {"Đề xuất nhân sự luân chuyển": 1})
    town.hanh.does("Đề xuất nhân sự luân chuyển", PLAN, answers.NO_PROPOSAL)


def two_of_the_same_office_want_the_same_step(town: Town) -> None:
    """Who comes second is told who was faster, and keeps what he typed."""
    an, dung, step = town.an, town.dung, "Tổng hợp đề xuất"
    an.inbox("Việc của đơn vị")
    an.see(step, PLAN)
    dung.claim(step, PLAN)
    an.row(step, PLAN).get_by_role("button", name="Nhận việc").click()
    expect(an.page.get_by_role("main")).to_contain_text(dung.name)
    # Dung gives it back in a second window and forgets the first one; An does it.
    forgotten = dung.page
    dung.page = forgotten.context.new_page()
    dung.page.goto(dung.address)
    dung.open(step, PLAN)
    dung.page.get_by_role("button", name="Trả lại đơn vị").click()
    an.claim(step, PLAN)
    proposed = an.page.get_by_label(re.compile("^Họ và tên"))
    assert sorted(field.input_value() for field in proposed.all()) == sorted((BINH, MAI))
    fill(an.page, answers.GATHERED)
    an.hand_in()
    fill(forgotten, answers.GATHERED)
    forgotten.locator(".actions .btn-primary").click()
    expect(forgotten.get_by_role("alert")).to_contain_text(an.name)
    expect(forgotten.get_by_role("main")).to_contain_text("Hai nơi đề xuất hai đồng chí.")
    forgotten.close()


def the_supervisor_finds_the_two_cases_on_the_diagram(town: Town, judge: Judge) -> None:
    quynh = town.quynh
    quynh.go("Hồ sơ")
    judge.look(quynh.page, "cases")
    standing(quynh, PLAN, {"Luân chuyển từng nhân sự": 2})
    judge.look(quynh.page, "case")
    quynh.page.locator("#ho-so-con").get_by_role("link", name=ABOUT_BINH).click()
    expect(quynh.page.get_by_role("heading", level=1)).to_have_text(ABOUT_BINH)
    expect(marked(quynh.page, "hoan_thien_ho_so", "active")).to_be_visible()


def up_to_the_assessment(town: Town, case: str, person: str, conclusion: str) -> None:
    town.an.does("Hoàn thiện hồ sơ nhân sự", case, answers.dossier(person))
    town.dung.claim("Rà soát tiêu chuẩn, tiêu chí", case)
    expect(town.dung.page.locator("#form-fields")).to_contain_text("Kết quả đối chiếu")
    fill(town.dung.page, answers.CHECKED)
    town.dung.hand_in()
    place = GOES_TO.get(person, "Đảng ủy xã Phú Lâm")
    town.an.does("Dự kiến địa bàn, chức danh, nhân sự", case, answers.intended(place))
    sending(town, person).does("Nhận xét, đánh giá cán bộ", case, answers.assessment(conclusion))


def sending(town: Town, person: str) -> Person:
    return {BINH: town.lan, MAI: town.tuan, LONG: town.hanh}[person]


def receiving(town: Town, person: str) -> Person:
    return {BINH: town.hanh, LONG: town.lan}[person]


def officer(town: Town, person: str) -> Person:
    return {BINH: town.binh, LONG: town.long}[person]


def somebody_is_replaced(town: Town) -> None:
    up_to_the_assessment(town, ABOUT_MAI, MAI, "Không thống nhất")
    town.an.does("Xem xét nhận xét của nơi đi", ABOUT_MAI, answers.REPLACE)
    town.an.does("Giới thiệu nhân sự khác", ABOUT_MAI, answers.REPLACEMENT)
    # From here on the case is named after the person it is about.
    town.an.claim("Hoàn thiện hồ sơ nhân sự", ABOUT_LONG)
    expect(town.an.page.get_by_label(re.compile("^Họ và tên"))).to_have_value(LONG)
    town.an.page.get_by_role("button", name="Trả lại đơn vị").click()
    up_to_the_assessment(town, ABOUT_LONG, LONG, "Thống nhất đề nghị luân chuyển")
    town.an.does("Xem xét nhận xét của nơi đi", ABOUT_LONG, answers.GO_ON)


def vetting(town: Town, judge: Judge, case: str, person: str) -> None:
    town.an.does("Chuẩn bị lấy ý kiến thẩm định", case, answers.ASK_FOR_VETTING)
    for body in (town.kien, town.thu, town.son):
        body.claim("Trả lời thẩm định", case)
        expect(body.page.get_by_role("main")).to_contain_text(person)
        if person == BINH and body is town.kien:
            judge.look(body.page, "task-vetting")
            a_vetting_body_sees_its_request_and_nothing_else(body, case)
        fill(body.page, answers.VETTED)
        body.hand_in()
    sending(town, person).does("Trao đổi với cơ quan nơi đi", case, answers.SHARED)
    receiving(town, person).does("Trao đổi với cơ quan nơi đến", case, answers.SHARED)


def a_vetting_body_sees_its_request_and_nothing_else(body: Person, case: str) -> None:
    request = body.page.url
    expect(body.page.locator("[data-xml]")).to_have_count(0)
    body.go("Hồ sơ")
    expect(body.page.get_by_role("main")).not_to_contain_text(PLAN)
    link = body.page.get_by_role("main").get_by_role("link", name=case, exact=True)
    address = str(link.get_attribute("href"))
    link.click()
    expect(body.page).to_have_url(request)
    for part in ("viec", "van-ban", "du-lieu", "nhat-ky", "so-do.bpmn", "so-do.json"):
        answer = body.page.goto(f"{body.address}{address}/{part}")
        assert answer
        assert answer.status == 404, part
    body.page.goto(request)


def up_to_the_announced_decision(town: Town, judge: Judge, case: str, person: str) -> None:
    town.an.does("Tổng hợp kết quả thẩm định", case, answers.ALL_AGREE)
    town.an.does("Trao đổi với cán bộ dự kiến luân chuyển", case, answers.TALK)
    officer(town, person).answers("Nêu tâm tư, nguyện vọng", case, answers.WISH)
    town.an.does("Tổ chức gặp gỡ cán bộ", case, answers.MET)
    town.an.does("Trình cấp có thẩm quyền", case, answers.FOR_DECISION)
    town.minh.does("Xem xét, quyết định", case, answers.decided(person))
    town.minh.does("Công bố quyết định", case, answers.ANNOUNCED)


def the_letter_and_what_was_not_sent(town: Town) -> None:
    """The letters to the vetting bodies are files of the case; without a mail server everybody can see that no mail went out."""
    an = town.an
    an.open_case(ABOUT_BINH)
    expect(an.page.get_by_role("main")).to_contain_text("Chưa gửi được thư báo")
    an.page.get_by_role("link", name="Văn bản", exact=True).click()
    letters = an.page.get_by_role("main").get_by_role("link", name=re.compile(r"\.docx$"))
    expect(letters).to_have_count(3)
    with an.page.expect_download() as coming:
        letters.first.click()
    text = zipfile.ZipFile(coming.value.path()).read("word/document.xml").decode()
    assert BINH in text
    assert "127-CV/BTCTU" in text


def hand_over_and_close(town: Town, judge: Judge) -> None:
    for case, person in ((ABOUT_BINH, BINH), (ABOUT_LONG, LONG)):
        sending(town, person).does("Bàn giao công việc", case, answers.HANDED_OVER)
        receiving(town, person).does("Tiếp nhận, giao nhiệm vụ", case, answers.RECEIVED)
        officer(town, person).answers("Nhận nhiệm vụ mới", case, answers.TAKEN_UP)
    town.an.claim("Tổng kết, đóng kế hoạch", PLAN)
    expect(town.an.page.locator("#form-fields")).to_contain_text(answers.DECISIONS[LONG])
    fill(town.an.page, answers.CLOSED)
    town.an.hand_in()
    town.an.inbox("Đã làm")
    judge.look(town.an.page, "inbox-done")


def the_supervisor_sees_the_end(town: Town, judge: Judge) -> None:
    quynh = town.quynh
    quynh.open_case(PLAN)
    expect(quynh.page.get_by_role("main")).to_contain_text("Hồ sơ hoàn thành")
    expect(quynh.page.locator(".djs-element.active")).to_have_count(0)
    quynh.page.locator("#ho-so-con").get_by_role("link", name=ABOUT_BINH).click()
    expect(quynh.page.get_by_role("main")).to_contain_text("Hồ sơ hoàn thành")
    judge.look(quynh.page, "case-ended")
    for tab, shown in (("Dữ liệu", answers.DECISIONS[BINH]), ("Nhật ký", "Công bố quyết định")):
        quynh.page.locator(".tabs").get_by_role("link", name=tab).click()
        expect(quynh.page.get_by_role("main")).to_contain_text(shown)


def marked(page: Page, element: str, marker: str) -> Locator:
    return page.locator(f'.djs-element[data-element-id="{element}"].{marker}')


def standing(person: Person, case: str, steps: dict[str, int]) -> None:
    """The diagram shows where the tokens are, and the table under it says the same."""
    person.open_case(case)
    shown = dict(person.page.evaluate(TOKENS))
    assert {name: shown.get(name) for name in steps} == {name: str(count) for name, count in steps.items()}
    person.page.get_by_text("Sơ đồ dưới dạng bảng").click()
    for name, count in steps.items():
        row = person.page.get_by_role("row").filter(has=person.page.get_by_role("rowheader", name=name, exact=True))
        expect(row.locator(".state-active")).to_have_text(str(count))


TOKENS = """() => [...document.querySelectorAll('.djs-overlays')].flatMap((place) => {
  const token = place.querySelector('.token');
  const label = document.querySelector(`.djs-element[data-element-id="${place.dataset.containerId}"] .djs-label`);
  return token && label ? [[label.textContent, token.textContent]] : [];
})"""
