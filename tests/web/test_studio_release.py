"""Releasing from the studio: what is checked first, who may, what a second person is asked, and back to an earlier version."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine import contents, deployments, releases, verdicts, workspaces
from engine.models import Deployment, Release, User
from engine.reports import Report
from tests.web.conftest import FOLDER, Browser
from tests.web.test_engine_rest import DIAGRAM, Deploy, deploy
from web.words import HOME

__all__ = ["deploy"]

Enter = Callable[[str], Browser]
PAGE = "/thiet-ke/don_nghi/phat-hanh"
SAID = {"ghi_chu": "Đổi tên bước xét đơn.", "can_cu": "Điều 3 Quy chế làm việc"}

pytestmark = pytest.mark.usefixtures("analysts")


def edit(store: sessionmaker[Session], old: str, new: str) -> int:
    """phuc changes the diagram of the draft. Number of the revision."""
    with store.begin() as session:
        phuc = session.scalars(select(User).where(User.username == "phuc")).one()
        draft = workspaces.open(session, "don_nghi", phuc)
        text = workspaces.read(session, draft, "don_nghi.bpmn").decode()
        assert old in text
        return workspaces.change(session, draft, {"don_nghi.bpmn": text.replace(old, new).encode()}, phuc).number


@pytest.fixture
def edited(store: sessionmaker[Session]) -> int:
    return edit(store, "Xét đơn", "Xem xét đơn")


@pytest.fixture
def approval(app: Flask) -> None:
    """Releases take a second person."""
    app.config["RELEASE_APPROVAL"] = True


def fields(page: TestResponse) -> dict[str, str]:
    """What the form of the page holds, hidden fields with it."""
    main = page.text[page.text.index("<main") :]
    found = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', main))
    return {name: value for name, value in found.items() if name != "csrf_token"}


def look(browser: Browser, **more: Any) -> TestResponse:
    """Fill the form in and look at what would happen."""
    return browser.post(PAGE, {**fields(browser.get(PAGE)), **SAID, "buoc": "xem-truoc", **more})


def press(browser: Browser, page: TestResponse) -> TestResponse:
    """The button of the look that does it."""
    return browser.post(PAGE, {**fields(page), "buoc": "phat-hanh"})


def stored(store: sessionmaker[Session]) -> list[Deployment]:
    with store() as session:
        return list(session.scalars(select(Deployment).where(Deployment.folder == "don_nghi").order_by(Deployment.number)))


def diagram(store: sessionmaker[Session], number: int) -> str:
    with store() as session:
        found = session.scalars(select(Deployment).where(Deployment.folder == "don_nghi", Deployment.number == number)).one()
        return deployments.resource(session, found, "don_nghi.bpmn").decode()


# --- at once -----------------------------------------------------------------------------------------------------------------------------


def test_it_is_released_after_a_look_with_note_and_basis(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    page = ngoc.get(PAGE)
    assert "Không có lỗi" in page.text
    assert "1 tệp khác với bản 1" in page.text
    seen = look(ngoc)
    assert seen.status_code == 200
    assert len(stored(store)) == 1
    assert press(ngoc, seen).status_code == 302
    (_, made) = stored(store)
    assert "Xem xét đơn" in diagram(store, 2)
    with store() as session:
        release = session.scalars(select(Release)).one()
        assert (release.state, release.note, release.legal_basis, release.revision) == ("released", *SAID.values(), edited)
        assert (release.deployment_id, made.note) == (made.id, SAID["ghi_chu"])
        assert session.get_one(User, made.deployed_by_id).username == "ngoc"
    after = ngoc.get(PAGE)
    assert "Không có gì khác với bản 2" in after.text
    assert "Điều 3 Quy chế làm việc" in after.text


def test_it_releases_what_was_looked_at_although_the_draft_went_on(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    first = fields(ngoc.get(PAGE))
    edit(store, "Xem xét đơn", "Xét lại đơn")
    seen = ngoc.post(PAGE, {**first, **SAID, "buoc": "xem-truoc"})
    assert "Hồ Thiên Phúc đã sửa bản nháp lúc" in seen.text
    press(ngoc, seen)
    assert "Xem xét đơn" in diagram(store, 2)


def test_it_asks_for_note_basis_and_a_day_and_keeps_what_was_typed(log_in: Enter, edited: int) -> None:
    ngoc = log_in("ngoc")
    page = look(ngoc, can_cu="", hieu_luc="31/02/2027")
    assert page.status_code == 422
    assert "Hãy ghi căn cứ" in page.text
    assert "nhưng nhận được “31/02/2027”" in page.text
    assert SAID["ghi_chu"] in page.text
    assert "Ngày có hiệu lực phải từ hôm nay" in look(ngoc, hieu_luc="01/01/2020").text
    assert "trong vòng mười năm" in look(ngoc, hieu_luc="01/01/2099").text


def test_it_is_valid_from_midnight_here_and_can_be_withdrawn(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    day = datetime.now(HOME).date() + timedelta(days=9)
    seen = look(ngoc, hieu_luc=f"{day:%d/%m/%Y}")
    assert f"{day:%d/%m/%Y}" in seen.text
    press(ngoc, seen)
    assert stored(store)[1].valid_from == datetime(day.year, day.month, day.day, tzinfo=HOME)
    assert f"có hiệu lực từ {day:%d/%m/%Y}" in ngoc.get(PAGE).text
    assert f"Bản 2 có hiệu lực từ {day:%d/%m/%Y}" in log_in("an").get("/quy-trinh/don_nghi").text
    with store() as session:
        assert deployments.latest(session, "don_nghi").version == 1
        number = session.scalars(select(Release.id)).one()
    address = f"{PAGE}/de-nghi/{number}"
    assert "Thu hồi bản này" in ngoc.get(address).text
    assert ngoc.post(f"{address}/rut", {"ly_do": "văn bản bị hoãn"}).status_code == 302
    assert stored(store)[1].withdrawn_at is not None
    assert "văn bản bị hoãn" in ngoc.get(PAGE).text


def test_it_is_told_who_was_faster(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    seen = look(ngoc)
    with store.begin() as session:
        deployments.deploy(session, "don_nghi", {**contents.read_folder(FOLDER), "documents/a.docx": b"x"})
    said = press(ngoc, seen)
    assert said.status_code == 409
    assert "đã phát hành số 2" in said.text
    assert SAID["ghi_chu"] in said.text
    assert len(stored(store)) == 2
    # The page that says so is made anew: with it the release goes on.
    again = ngoc.post(PAGE, {**fields(said), **SAID, "buoc": "xem-truoc"})
    assert press(ngoc, again).status_code == 302
    assert len(stored(store)) == 3


@pytest.mark.parametrize("later", ["", "in nine days"])
def test_it_is_released_once_by_two_clicks(log_in: Enter, store: sessionmaker[Session], edited: int, later: str) -> None:
    ngoc = log_in("ngoc")
    day = datetime.now(HOME) + timedelta(days=9)
    seen = look(ngoc, hieu_luc=f"{day:%d/%m/%Y}" if later else "")
    assert [press(ngoc, seen).status_code for _ in range(2)] == [302, 302]
    assert len(stored(store)) == 2
    assert "Nội dung này đã được phát hành: bản 2." in ngoc.get(PAGE).text


def test_it_refuses_errors_with_all_findings(log_in: Enter, store: sessionmaker[Session]) -> None:
    edit(store, 'targetRef="', 'targetRef="khong_co_')
    ngoc = log_in("ngoc")
    page = ngoc.get(PAGE)
    assert "Lỗi phải sửa" in page.text
    assert 'value="xem-truoc"' not in page.text
    assert press(ngoc, look(ngoc)).status_code == 422
    assert ngoc.post(PAGE, {**fields(page), **SAID, "da_xem": "1", "buoc": "phat-hanh"}).status_code == 422
    assert len(stored(store)) == 1


def test_it_goes_back_to_an_earlier_version(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    press(ngoc, look(ngoc))
    page = ngoc.get(f"{PAGE}?khoi-phuc=1")
    assert "Phát hành lại bản 1" in page.text
    assert "Quay lại nội dung bản 1." in page.text
    seen = ngoc.post(PAGE, {**fields(page), **SAID, "buoc": "xem-truoc"})
    press(ngoc, seen)
    assert diagram(store, 3) == diagram(store, 1)
    assert ngoc.get(f"{PAGE}?khoi-phuc=99").status_code == 404


@pytest.mark.parametrize("number", ["9" * 30, "-1", "x", "٣"])
def test_it_takes_no_number_that_is_none(log_in: Enter, store: sessionmaker[Session], edited: int, number: str) -> None:
    ngoc = log_in("ngoc")
    assert ngoc.get(PAGE, query_string={"khoi-phuc": number}).status_code == 200
    said = ngoc.post(PAGE, {**SAID, "buoc": "phat-hanh", "da_xem": number, "lan_luu": number, "khoi_phuc": number})
    assert said.status_code == 409
    assert len(stored(store)) == 1


def test_it_says_how_the_scenarios_ended_on_this_content(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    ngoc = log_in("ngoc")
    assert "Bản nháp chưa có kịch bản chạy thử nào." in ngoc.get(PAGE).text
    with store.begin() as session:
        phuc = session.scalars(select(User).where(User.username == "phuc")).one()
        draft = workspaces.open(session, "don_nghi", phuc)
        workspaces.change(session, draft, {"scenarios/a.json": b"{}"}, phuc)
        (kept,) = verdicts.scenarios(workspaces.files(session, draft))
    assert "1 kịch bản chạy thử, 0 đã chạy đạt" in ngoc.get(PAGE).text
    for state, said in (("completed", "Cả 1 kịch bản chạy thử đều đạt"), ("failed", "1 trong 1 kịch bản chạy thử không ra")):
        with store.begin() as session:
            verdicts.store(session, draft.id, kept, Report(state=state))
        assert said in ngoc.get(PAGE).text


# --- a second person ---------------------------------------------------------------------------------------------------------------------


def proposed(log_in: Enter, store: sessionmaker[Session], who: str = "phuc") -> str:
    """Address of a proposal."""
    person = log_in(who)
    said = press(person, look(person))
    assert said.status_code == 302
    return str(said.location)


def test_an_analyst_proposes_and_who_may_release_approves(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store)
    assert len(stored(store)) == 1
    edit(store, "Xem xét đơn", "Xét lại đơn")
    ngoc = log_in("ngoc")
    assert "của Hồ Thiên Phúc đang chờ duyệt" in ngoc.get(PAGE).text
    page = ngoc.get(address)
    assert "sau khi gửi đề nghị" in page.text
    assert SAID["can_cu"] in page.text
    assert ngoc.post(f"{address}/duyet", fields(page)).status_code == 302
    assert "Xem xét đơn" in diagram(store, 2)
    assert "theo đề nghị của Hồ Thiên Phúc" in ngoc.get(PAGE).text
    again = ngoc.post(f"{address}/duyet", fields(page))
    assert again.status_code == 409
    assert "Bảo Ngọc đã xử lý" in again.text


@pytest.mark.usefixtures("approval")
def test_nobody_approves_his_own(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store, "ngoc")
    ngoc = log_in("ngoc")
    assert "phải do người khác" in ngoc.get(address).text
    assert ngoc.post(f"{address}/duyet", {"da_xem": "1"}).status_code == 403
    assert len(stored(store)) == 1


def test_it_is_refused_with_a_reason(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store)
    ngoc = log_in("ngoc")
    assert ngoc.post(f"{address}/tu-choi", {"ly_do": " "}).status_code == 422
    assert ngoc.post(f"{address}/tu-choi", {"ly_do": "Chưa hỏi Văn phòng."}).status_code == 302
    page = log_in("phuc").get(PAGE)
    assert "Chưa hỏi Văn phòng." in page.text
    assert "đã từ chối" in page.text
    assert "Chưa hỏi Văn phòng." in log_in("phuc").get(address).text


def test_it_is_approved_only_over_what_was_compared(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store)
    ngoc = log_in("ngoc")
    page = ngoc.get(address)
    with store.begin() as session:
        deployments.deploy(session, "don_nghi", {**contents.read_folder(FOLDER), "documents/a.docx": b"x"})
    said = ngoc.post(f"{address}/duyet", fields(page))
    assert said.status_code == 409
    assert "documents/a.docx" in said.text
    assert ngoc.post(f"{address}/duyet", fields(said)).status_code == 302


# --- who may -----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [PAGE, f"{PAGE}?khoi-phuc=1", PAGE + "/de-nghi/{}", "/thiet-ke/don_nghi/so-sanh?tu=1&den=de-nghi-{}"])
@pytest.mark.parametrize("who", ["an", "giang"])
def test_it_is_not_there_for_others(log_in: Enter, store: sessionmaker[Session], edited: int, address: str, who: str) -> None:
    address = address.format(proposed(log_in, store).rpartition("/")[2])
    assert log_in("phuc").get(address).status_code == 200
    assert log_in(who).get(address).status_code == 404


@pytest.mark.parametrize("who", ["an", "giang"])
def test_others_do_nothing_by_knowing_the_address(log_in: Enter, store: sessionmaker[Session], edited: int, who: str) -> None:
    address = proposed(log_in, store)
    person = log_in(who)
    for target in (PAGE, f"{address}/duyet", f"{address}/tu-choi", f"{address}/rut"):
        assert person.post(target, {**SAID, "ly_do": "x", "buoc": "phat-hanh"}).status_code == 404
    with store() as session:
        assert session.scalars(select(Release.state)).all() == ["proposed"]
    assert len(stored(store)) == 1


def test_an_analyst_decides_about_nothing_but_withdraws_his_own(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store)
    oanh = log_in("oanh")
    for act in ("duyet", "tu-choi", "rut"):
        assert oanh.post(f"{address}/{act}", {"ly_do": "x"}).status_code == 403
    phuc = log_in("phuc")
    assert phuc.post(f"{address}/duyet", {"ly_do": "x"}).status_code == 403
    assert phuc.post(f"{address}/rut", {"ly_do": "sửa thêm"}).status_code == 302
    with store() as session:
        assert session.scalars(select(Release.state)).all() == ["withdrawn"]


def test_a_proposal_is_one_of_its_own_folder(log_in: Enter, store: sessionmaker[Session], edited: int) -> None:
    address = proposed(log_in, store)
    with store.begin() as session:
        files = contents.read_folder(FOLDER)
        files["khac.bpmn"] = files.pop("don_nghi.bpmn").replace(b"don_nghi", b"khac")
        deployments.deploy(session, "khac", files)
    assert log_in("ngoc").get(address.replace("/don_nghi/", "/khac/")).status_code == 404


# --- from outside ------------------------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("approval")
def test_camunda_modeler_proposes_where_it_takes_two(deploy: Deploy, store: sessionmaker[Session]) -> None:
    changed = DIAGRAM + b"<!-- 2 -->"
    for _ in range(2):
        said = deploy([("don_nghi.bpmn", changed)])
        assert said.status_code == 409
    with store() as session:
        (asked,) = session.scalars(select(Release))
        assert f"đề nghị phát hành số {asked.id}" in said.get_json()["message"]
        assert asked.state == "proposed"
        assert releases.files(session, asked)["don_nghi.bpmn"] == changed
    assert deploy([("don_nghi.bpmn", DIAGRAM)]).status_code == 200
    assert len(stored(store)) == 1
