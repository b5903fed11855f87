"""Who gets into the studio, what it costs the database, and what comes in from other programs."""

from __future__ import annotations

import gc
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import event, select
from sqlalchemy.orm import Session, sessionmaker

from engine import workspaces
from engine.models import Deployment, Membership, User
from tests.web.conftest import FOLDER, Browser
from tests.web.test_engine_rest import Deploy, deploy
from tests.web.test_studio import FILE, editor
from tests.web.test_studio_files import DIAGRAM, FILES, HOME, bring, draft_of
from web.cli import cli
from web.database import db

pytestmark = pytest.mark.usefixtures("analysts")
Enter = Callable[[str], Browser]
VALUES = {"folder": "don_nghi", "name": "don_nghi.bpmn", "number": "1"}
__all__ = ["deploy"]


def addresses(app: Flask) -> list[tuple[str, str]]:
    """(method, address) of everything in the studio."""
    found = []
    for rule in app.url_map.iter_rules():
        if rule.rule.startswith("/thiet-ke") and rule.endpoint.startswith("studio."):
            values = {name: VALUES.get(name, next(iter(getattr(rule._converters[name], "items", ["1"])), "1")) for name in rule.arguments}
            found += [(method, str(rule.build(values)[1])) for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}]  # type: ignore[index]
    return sorted(found)


def test_no_address_exists_for_those_who_may_not_edit(app: Flask, log_in: Enter, store: sessionmaker[Session]) -> None:
    binh = log_in("binh")
    token = {"X-CSRFToken": binh.token("/tai-khoan")}
    found = addresses(app)
    assert len(found) > 25
    for method, address in found:
        said = binh.client.open(address, method=method, headers=token, json={} if method in ("PUT", "POST") else None)
        assert said.status_code == 404, (method, address)
    assert draft_of(store) == {}


def test_no_address_is_open_without_an_account_or_without_the_token(app: Flask, log_in: Enter) -> None:
    phuc = log_in("phuc")
    for method, address in addresses(app):
        said = app.test_client().open(address, method=method)
        assert said.status_code in (302, 401), (method, address)
        if method != "GET":
            assert phuc.client.open(address, method=method).status_code == 400, (method, address)


def test_an_analyst_sees_no_cases(log_in: Enter, case: int) -> None:
    assert log_in("phuc").get(f"/ho-so/{case}").status_code == 404


def test_the_right_ends_with_the_role(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = editor(log_in, "phuc")
    phuc.load()
    with store.begin() as session:
        user = session.scalars(select(User).where(User.username == "phuc")).one()
        session.delete(session.scalars(select(Membership).where(Membership.user_id == user.id)).one())
    assert phuc.browser.get(FILE).status_code == 404
    assert phuc.browser.get(HOME).status_code == 404


@pytest.fixture
def statements(app: Flask) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    with app.app_context():
        engine = db.engine
    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("address", ["/thiet-ke", HOME, f"{HOME}/lich-su", f"{HOME}/lich-su/2", f"{HOME}/ve-tep/don_nghi.bpmn"])
def test_a_page_costs_the_same_statements_however_much_there_is(
    log_in: Enter, store: sessionmaker[Session], statements: list[str], address: str
) -> None:
    phuc = log_in("phuc")

    def grow(first: int, last: int) -> None:
        with store.begin() as session:
            user = session.scalars(select(User).where(User.username == "phuc")).one()
            draft = workspaces.open(session, "don_nghi", user)
            for number in range(first, last):
                workspaces.add(session, draft, f"bang_{number}.dmn", b"%d" % number, user)
                workspaces.lock(session, draft, f"bang_{number}.dmn", user)
                workspaces.begin(session, f"moi_{number}", {"a.bpmn": DIAGRAM}, user)

    def cost() -> int:
        assert phuc.get(address).status_code == 200
        statements.clear()
        assert phuc.get(address).status_code == 200
        return len(statements)

    grow(0, 2)
    few = cost()
    grow(2, 25)
    assert cost() == few
    assert few <= 16


def test_what_camunda_modeler_sends_unfinished_is_kept_as_a_draft(deploy: Deploy, log_in: Enter, store: sessionmaker[Session]) -> None:
    unfinished = DIAGRAM.replace('name="Xét đơn"'.encode(), b'name=""', 1)
    assert unfinished != DIAGRAM
    said = deploy([("don_nghi.bpmn", unfinished)])
    assert said.status_code == 400
    assert "được giữ làm bản nháp trong mục Thiết kế" in said.get_json()["message"]
    assert draft_of(store) == {**FILES, "don_nghi.bpmn": unfinished}
    with store() as session:
        assert len(session.scalars(select(Deployment)).all()) == 1
    phuc = editor(log_in, "phuc")
    got = phuc.load()
    phuc.save(got["content"] + "<!-- phuc -->", got["sha256"])
    said = deploy([("don_nghi.bpmn", unfinished + b"\n")])
    assert "giữ riêng" in said.get_json()["message"]
    assert draft_of(store)["don_nghi.bpmn"].endswith(b"<!-- phuc -->")
    page = phuc.browser.get(f"{HOME}/lich-su").text
    assert "Tệp gửi đến, chưa nhập vào bản nháp" in page


def test_what_is_wrong_is_not_kept(deploy: Deploy, store: sessionmaker[Session]) -> None:
    said = deploy([("don_nghi.bpmn", DIAGRAM.replace(b'camunda:formRef="xet"', b'camunda:formRef="khong_co"'))])
    assert said.status_code == 400
    assert "Thiết kế" not in said.get_json()["message"]
    assert draft_of(store) == {}


def test_the_command_line_keeps_an_unfinished_drawing_as_a_draft(
    store: sessionmaker[Session], database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LUANCHUYEN_DATABASE_URL", database_url)
    monkeypatch.setenv("LUANCHUYEN_SECRET_KEY", "x" * 32)
    monkeypatch.setenv("LUANCHUYEN_FOLDER", str(tmp_path))
    folder = tmp_path / "ve_moi"
    folder.mkdir()
    unfinished = DIAGRAM.replace('name="Xét đơn"'.encode(), b'name=""', 1).replace(b"don_nghi", b"ve_moi")
    (folder / "ve_moi.bpmn").write_bytes(unfinished)
    for file in (FOLDER / "forms").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    said = CliRunner().invoke(cli, ["deploy", str(folder)])
    code, output = said.exit_code, said.output
    del said  # It holds the frames in which the command's connections are.
    with warnings.catch_warnings():
        # They end with its process; here that is this one.
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()
    assert code == 1, output
    assert "ve_moi (bản nháp, lần lưu 1)" in output
    assert draft_of(store, "ve_moi")["ve_moi.bpmn"] == unfinished


def test_files_beside_a_draft_are_not_taken_twice(log_in: Enter, store: sessionmaker[Session]) -> None:
    phuc = log_in("phuc")
    said = bring(phuc, ("bang.dmn", b"<d/>"))
    assert phuc.post(said.location).status_code == 302
    assert phuc.post(said.location).status_code == 404
    assert draft_of(store) == {**FILES, "bang.dmn": b"<d/>"}
