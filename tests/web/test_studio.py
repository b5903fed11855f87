"""The studio's door, and what the editors ask it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from engine.models import User, Workspace
from tests.web.conftest import FOLDER, Browser

Enter = Callable[[str], Browser]
FILE = "/thiet-ke/don_nghi/api/tep/don_nghi.bpmn"


class Editor:
    """An editor's fetch calls."""

    def __init__(self, browser: Browser) -> None:
        self.browser = browser
        self.headers = {"X-CSRFToken": browser.token("/tai-khoan"), "Accept": "application/json"}

    def load(self, address: str = FILE) -> dict[str, Any]:
        said = self.browser.get(address, headers=self.headers)
        assert said.status_code == 200, said.text
        answer: dict[str, Any] = said.get_json()
        return answer

    def save(self, content: str, base: str | None, address: str = FILE) -> Any:
        return self.browser.client.put(address, json={"content": content, "base": base}, headers=self.headers)

    def post(self, address: str, **body: Any) -> Any:
        return self.browser.client.post(address, json=body, headers=self.headers)


def editor(log_in: Enter, name: str) -> Editor:
    return Editor(log_in(name))


@pytest.mark.usefixtures("analysts")
def test_it_gives_a_file_and_takes_it_back(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    assert got["content"] == (FOLDER / "don_nghi.bpmn").read_text()
    assert (got["editable"], got["lock"]) == (True, None)
    said = phuc.save(got["content"].replace("Xét đơn", "Xem đơn"), got["sha256"])
    assert said.status_code == 200
    again = phuc.load()
    assert (again["sha256"], again["revision"]) == (said.get_json()["sha256"], said.get_json()["revision"])
    assert "Xem đơn" in again["content"]


@pytest.mark.usefixtures("analysts")
def test_it_refuses_a_stale_save_and_keeps_what_was_sent(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc, oanh = editor(log_in, "phuc"), editor(log_in, "oanh")
    base = phuc.load()["sha256"]
    content = oanh.load()["content"]
    faster = phuc.save(content + "<!-- 1 -->", base).get_json()
    said = oanh.save(content + "<!-- 2 -->", base)
    answer = said.get_json()
    assert said.status_code == 409
    assert (answer["by"], answer["sha256"]) == ("Hồ Thiên Phúc", faster["sha256"])
    assert "Hồ Thiên Phúc đã sửa tệp này" in answer["error"]
    with store() as session:
        draft = session.scalars(select(Workspace)).one()
        kept = workspaces.files(session, draft, answer["kept"])
        assert kept == {"don_nghi.bpmn": (content + "<!-- 2 -->").encode()}
        assert draft.head == faster["revision"]


@pytest.mark.usefixtures("analysts")
@pytest.mark.parametrize("address", ["/thiet-ke", "/thiet-ke/don_nghi", FILE, "/thiet-ke/don_nghi/tep/don_nghi.bpmn"])
def test_it_does_not_exist_for_those_who_may_not_edit(log_in: Enter, address: str) -> None:
    assert log_in("binh").get(address).status_code == 404
    assert "Thiết kế" not in log_in("binh").get("/quy-trinh").text
    assert log_in("phuc").get(address).status_code == 200


@pytest.mark.usefixtures("analysts")
def test_it_says_in_json_that_the_session_has_ended(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    with store.begin() as session:
        session.scalars(select(User).where(User.username == "phuc")).one().active = False
    said = phuc.browser.client.put(FILE, json={"content": "x", "base": got["sha256"]})
    assert said.status_code == 401
    assert said.get_json()["error"]
    assert phuc.browser.get(FILE).status_code == 401


@pytest.mark.usefixtures("analysts")
def test_it_takes_nothing_without_the_token_of_the_page(log_in: Enter) -> None:
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    said = phuc.browser.client.put(FILE, json={"content": "x", "base": got["sha256"]})
    assert said.status_code == 400
    assert phuc.load()["sha256"] == got["sha256"]


@pytest.mark.usefixtures("analysts")
def test_it_tells_who_else_is_editing(log_in: Enter) -> None:
    phuc, oanh = editor(log_in, "phuc"), editor(log_in, "oanh")
    address = FILE.replace("/tep/", "/khoa/")
    assert phuc.post(address).get_json()["lock"]["mine"] is True
    told = oanh.post(address).get_json()["lock"]
    assert (told["name"], told["mine"]) == ("Hồ Thiên Phúc", False)
    assert oanh.load()["lock"]["mine"] is False
    assert oanh.post(address, take=True).get_json()["lock"]["mine"] is True
    assert phuc.post(address).get_json()["lock"] | {"since": ""} == {"name": "Vũ Kim Oanh", "mine": False, "since": ""}


@pytest.mark.usefixtures("analysts")
def test_it_checks_the_draft_with_what_is_not_saved_yet(log_in: Enter) -> None:
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    broken = got["content"].replace('camunda:formRef="xet"', 'camunda:formRef="khong_co"')
    assert broken != got["content"]
    found = phuc.post("/thiet-ke/don_nghi/api/kiem-tra", name="don_nghi.bpmn", content=broken).get_json()["findings"]
    wrong = [one for one in found if one["severity"] == "error"]
    assert [(one["file"], one["element"], one["rule"]) for one in wrong] == [("don_nghi.bpmn", "xet", "form-reference")]
    assert phuc.browser.get(wrong[0]["page"]).status_code == 200
    assert phuc.load()["sha256"] == got["sha256"]


@pytest.mark.usefixtures("analysts")
def test_an_open_editor_does_not_keep_a_session_alive(log_in: Enter) -> None:
    phuc = editor(log_in, "phuc")
    long_ago = int(time.time()) - 3600

    def seen_after(address: str) -> int:
        with phuc.browser.client.session_transaction() as session:
            session["seen"] = long_ago
        assert phuc.post(address, name="don_nghi.bpmn", content="<a/>").status_code == 200
        with phuc.browser.client.session_transaction() as session:
            return int(session["seen"])

    assert seen_after("/thiet-ke/don_nghi/api/khoa/don_nghi.bpmn") == long_ago
    assert seen_after("/thiet-ke/don_nghi/api/kiem-tra") > long_ago
