"""Camunda Modeler deploys: with the requests of its Deploy dialog, part by part."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session, sessionmaker
from werkzeug.test import TestResponse

from engine import contents, deployments
from engine.models import Deployment, LoginAttempt, Membership, ProcessDefinition, User
from tests.web.conftest import FOLDER, PASSWORD
from web import accounts, incoming
from web.rights import may_release

BOUNDARY = "----WebKitFormBoundaryJ7Gk2bXyQ0lKzPmA"
DIAGRAM = (FOLDER / "don_nghi.bpmn").read_bytes()
FIELDS = (("deployment-name", "don_nghi"), ("deployment-source", "Camunda Modeler"), ("enable-duplicate-filtering", "true"))
Part = tuple[str, str]
File = tuple[str, bytes]
Deploy = Callable[..., TestResponse]


def multipart(fields: Sequence[Part], files: Sequence[File]) -> bytes:
    """The body as Chromium writes a FormData: fields first, then the diagram as text/xml, then attachments."""
    lines: list[bytes] = []
    for name, value in fields:
        lines += [f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()]
    for index, (name, content) in enumerate(files):
        kind = "application/octet-stream" if index else "text/xml"
        head = f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"; filename="{name}"\r\nContent-Type: {kind}\r\n\r\n'
        lines += [head.encode(), content, b"\r\n"]
    return b"".join([*lines, f"--{BOUNDARY}--\r\n".encode()])


def basic(username: str = "an", password: str = PASSWORD) -> dict[str, str]:
    return {"Authorization": "Basic " + base64.b64encode(f"{username}:{password}".encode()).decode(), "Accept": "application/json"}


@pytest.fixture
def deploy(app: Flask, store: sessionmaker[Session]) -> Deploy:
    """deploy(files, fields, headers) as the Deploy dialog does, by an, who may release."""
    with store.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        session.add(Membership(user_id=an.id, organisation_id=an.memberships[0].organisation_id, role="ban_hanh"))

    def send(files: Sequence[File] = (("don_nghi.bpmn", DIAGRAM),), fields: Sequence[Part] = FIELDS, headers: Any = None) -> TestResponse:
        return app.test_client().post(
            "/engine-rest/deployment/create",
            data=multipart(fields, files),
            content_type=f"multipart/form-data; boundary={BOUNDARY}",
            headers=basic() if headers is None else headers,
        )

    return send


def newest(store: sessionmaker[Session], folder: str = "don_nghi") -> tuple[int, dict[str, bytes]]:
    with store() as session:
        last = session.scalars(select(Deployment).where(Deployment.folder == folder).order_by(Deployment.number.desc()).limit(1)).one()
        return last.number, dict(deployments.contents(session, last).files)


def test_it_releases_a_changed_diagram_and_answers_as_camunda_does(deploy: Deploy, store: sessionmaker[Session]) -> None:
    before = newest(store)[1]
    changed = DIAGRAM + b"<!-- v\xe1\xbb\x9bi ch\xc3\xba th\xc3\xadch\r\n -->"
    said = deploy([("don_nghi.bpmn", changed)])
    assert (said.status_code, said.mimetype) == (200, "application/json"), said.text
    found = said.get_json()
    ((id_, definition),) = found["deployedProcessDefinitions"].items()
    assert (found["name"], found["source"], found["tenantId"]) == ("don_nghi", "Camunda Modeler", None)
    assert found["deploymentTime"].endswith("+0700")
    assert (definition["id"], definition["key"], definition["version"], definition["resource"]) == (id_, "don_nghi", 2, "don_nghi.bpmn")
    assert definition["deploymentId"] == found["id"]
    assert newest(store) == (2, {**before, "don_nghi.bpmn": changed})
    with store() as session:
        assert session.scalars(select(User.username).join(Deployment, Deployment.deployed_by_id == User.id)).one() == "an"


def test_a_form_sent_without_its_folder_takes_the_place_of_the_one_there(deploy: Deploy, store: sessionmaker[Session]) -> None:
    before = newest(store)[1]
    name = next(name for name in before if name.startswith("forms/"))
    changed = before[name] + b"\n\n"
    said = deploy([("don_nghi.bpmn", DIAGRAM), (name.removeprefix("forms/"), changed)])
    assert said.status_code == 200, said.text
    assert newest(store)[1] == {**before, name: changed}


def test_identical_files_make_no_new_version(deploy: Deploy, store: sessionmaker[Session]) -> None:
    first, second = deploy().get_json(), deploy().get_json()
    assert (first["id"], newest(store)[0]) == (second["id"], 1)


def test_only_what_is_sent_changes_also_with_deploy_changed_only(deploy: Deploy, store: sessionmaker[Session]) -> None:
    before = newest(store)[1]
    said = deploy([("don_nghi.bpmn", DIAGRAM + b"\n")], [*FIELDS, ("deploy-changed-only", "true"), ("tenant-id", "")])
    assert said.status_code == 200
    assert newest(store)[1] == {**before, "don_nghi.bpmn": DIAGRAM + b"\n"}


def test_a_new_folder_is_made(deploy: Deploy, store: sessionmaker[Session]) -> None:
    diagram = DIAGRAM.replace(b"don_nghi", b"don_khac")
    files = [("don_khac.bpmn", diagram), *((name, data) for name, data in contents.read_folder(FOLDER).items() if name.endswith(".form"))]
    said = deploy(files, [("deployment-name", "don_khac"), *FIELDS[1:]])
    assert said.status_code == 200, said.text
    assert newest(store, "don_khac") == (1, dict(files))


def test_the_process_of_the_diagram_that_was_sent_comes_first(deploy: Deploy) -> None:
    files = [(name, data) for name, data in contents.read_folder(FOLDER).items() if name.endswith(".form")]
    second = DIAGRAM.replace(b"don_nghi", b"an_phep")
    deploy([("an_phep.bpmn", second), ("don_nghi.bpmn", DIAGRAM), *files])
    said = deploy([("don_nghi.bpmn", DIAGRAM + b"\n")])
    assert said.status_code == 200, said.text
    found = json.loads(said.data)["deployedProcessDefinitions"]
    assert [definition["key"] for definition in found.values()] == ["don_nghi", "an_phep"]


def test_a_refusal_reads_as_camunda_modeler_shows_it(deploy: Deploy, store: sessionmaker[Session]) -> None:
    wrong = DIAGRAM.replace(b"</bpmn:process>", b'<bpmn:task id="lac" name="L\xe1\xba\xa1c"/></bpmn:process>').replace(
        b"</process>", b'<task id="lac" name="L\xe1\xba\xa1c"/></process>'
    )
    said = deploy([("don_nghi.bpmn", wrong)])
    assert said.status_code == 400
    found = said.get_json()
    assert found["type"] == "ParseException"
    errors = found["details"]["don_nghi.bpmn"]["errors"]
    assert {"message", "line", "column", "mainElementId", "elementIds"} == set(errors[0])
    mine = [error for error in errors if error["mainElementId"] == "lac"]
    assert mine[0]["elementIds"] == ["lac"]
    assert mine[0]["line"] > 0
    # Camunda Modeler logs the message and looks for its beginning.
    assert found["message"].startswith("ENGINE-09005 Could not parse BPMN process.")
    assert f"{mine[0]['message']} | don_nghi.bpmn | dòng {mine[0]['line']} | lac" in found["message"]
    assert newest(store)[0] == 1


def test_what_is_no_diagram_is_refused(deploy: Deploy, store: sessionmaker[Session]) -> None:
    for content in (b"", b"xin chao", b'<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>'):
        said = deploy([("don_nghi.bpmn", content)])
        assert (said.status_code, said.get_json()["type"]) == (400, "ParseException")
    assert newest(store)[0] == 1


def test_a_process_of_another_folder_is_not_taken_over(deploy: Deploy, store: sessionmaker[Session]) -> None:
    files = [("don_nghi.bpmn", DIAGRAM), *((n, d) for n, d in contents.read_folder(FOLDER).items() if n.endswith(".form"))]
    said = deploy(files, [("deployment-name", "cua_toi"), *FIELDS[1:]])
    assert (said.status_code, said.get_json()["type"]) == (400, "ProcessEngineException")
    assert "don_nghi" in said.get_json()["message"]


@pytest.mark.parametrize(
    ("fields", "files", "sentence"),
    [
        (FIELDS, (), "không có tệp nào"),
        (FIELDS[1:], (("a.bpmn", b"x"),), "tên thư mục quy trình"),
        ((("deployment-name", "../x"),), (("a.bpmn", b"x"),), "tên thư mục quy trình"),
        ((("deployment-name", "Đơn nghỉ"),), (("a.bpmn", b"x"),), "tên thư mục quy trình"),
        ((*FIELDS, ("tenant-id", "t1")), (("a.bpmn", b"x"),), "tenant"),
        ((*FIELDS, ("deployment-activation-time", "2026-01-01T00:00:00.000+0700")), (("a.bpmn", b"x"),), "thời điểm"),
        ((*FIELDS, ("a.bpmn", "x")), (), "không phải tệp"),
        (FIELDS, (("../../etc/cron.d/a.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, (("/etc/a.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, (("forms//a.form", b"x"),), "không hợp lệ"),
        (FIELDS, (("..\\a.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, ((".git/a.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, (("a\u202enpmb.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, ((f"{'a' * 300}.bpmn", b"x"),), "không hợp lệ"),
        (FIELDS, (("a.py", b"import os"),), "không thuộc loại"),
        (FIELDS, (("a.bpmn", b"x"), ("a.bpmn", b"y")), "hai lần"),
    ],
)
def test_it_says_what_is_wrong_with_a_request(
    deploy: Deploy, store: sessionmaker[Session], fields: Sequence[Part], files: Sequence[File], sentence: str
) -> None:
    said = deploy(files, fields)
    assert (said.status_code, said.get_json()["type"]) == (400, "InvalidRequestException")
    assert sentence in said.get_json()["message"]
    assert newest(store)[0] == 1


def test_what_is_too_large_is_refused_as_json(app: Flask, deploy: Deploy) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 10_000
    said = deploy([("don_nghi.bpmn", b" " * 20_000)])
    assert (said.status_code, said.get_json()["type"]) == (413, "InvalidRequestException")


def test_it_takes_no_part_in_a_session_and_needs_no_token_of_a_page(app: Flask, deploy: Deploy) -> None:
    client = app.test_client()
    assert client.post("/engine-rest/deployment/create").status_code == 401
    said = client.get("/engine-rest/version", headers=basic())
    assert (said.status_code, said.get_json(), said.headers.getlist("Set-Cookie")) == (200, {"version": "7.21.0"}, [])


def test_who_is_logged_in_by_a_session_alone_is_nobody_here(log_in: Callable[[str], Any], deploy: Deploy) -> None:
    assert log_in("an").client.post("/engine-rest/deployment/create").status_code == 401


def test_the_dialog_finds_out_that_it_needs_an_account_and_whether_it_may(app: Flask, deploy: Deploy) -> None:
    client = app.test_client()
    asked = client.get("/engine-rest/deployment?maxResults=0", headers={"Accept": "application/json"})
    assert (asked.status_code, asked.headers["WWW-Authenticate"].split()[0]) == (401, "Basic")
    assert client.get("/engine-rest/deployment?maxResults=0", headers=basic("em")).status_code == 403
    assert client.get("/engine-rest/deployment?maxResults=0", headers=basic()).get_json() == []
    assert [row["name"] for row in client.get("/engine-rest/deployment", headers=basic()).get_json()] == ["don_nghi"]


def test_without_the_right_nothing_is_released(deploy: Deploy, store: sessionmaker[Session]) -> None:
    said = deploy([("don_nghi.bpmn", DIAGRAM + b"\n")], headers=basic("giang"))
    assert (said.status_code, said.get_json()["type"]) == (403, "AuthorizationException")
    assert newest(store)[0] == 1


def test_wrong_passwords_are_throttled_as_at_the_login_page(deploy: Deploy, store: sessionmaker[Session]) -> None:
    assert [deploy(headers=basic(password=f"sai {n}")).status_code for n in range(5)] == [401] * 5
    assert deploy().status_code == 429
    with store.begin() as session:
        assert session.scalar(select(func.count(LoginAttempt.id))) == 5
        session.execute(delete(LoginAttempt))
    assert deploy().status_code == 200


def test_being_asked_without_a_password_counts_as_no_attempt(app: Flask, deploy: Deploy, store: sessionmaker[Session]) -> None:
    for headers in ({}, {"Authorization": "Digest x"}, {"Authorization": "Bearer x.y.z"}):
        assert app.test_client().get("/engine-rest/version", headers=headers).status_code == 401
    with store() as session:
        assert session.scalar(select(func.count(LoginAttempt.id))) == 0


def test_a_token_stands_for_the_account_until_its_password_changes(app: Flask, deploy: Deploy, store: sessionmaker[Session]) -> None:
    made = app.test_client().post("/engine-rest/token", headers=basic()).get_json()["token"]
    bearer = {"Authorization": f"Bearer {made}"}
    assert deploy(headers=bearer).status_code == 200
    forged = made[:-3] + ("aaa" if made[-3:] != "aaa" else "bbb")
    assert deploy(headers={"Authorization": f"Bearer {forged}"}).status_code == 401
    with store.begin() as session:
        accounts.set_password(session, "an", "mat-khau-moi-2026")
    assert deploy(headers=bearer).status_code == 401


def test_a_program_on_the_desktop_may_ask_and_a_website_may_not(app: Flask) -> None:
    client = app.test_client()
    for origin, allowed in (("file://", "file://"), ("null", "null"), ("https://evil.example", None)):
        said = client.options("/engine-rest/deployment/create", headers={"Origin": origin, "Access-Control-Request-Method": "POST"})
        assert (said.status_code, said.headers.get("Access-Control-Allow-Origin")) == (200, allowed)
        assert "Access-Control-Allow-Credentials" not in said.headers


def test_the_role_that_may_release_is_a_setting(app: Flask, store: sessionmaker[Session]) -> None:
    app.config["RELEASE_ROLES"] = frozenset({"giam_sat"})
    with app.app_context(), store() as session:
        by_name = {user.username: may_release(user) for user in session.scalars(select(User))}
    assert {name for name, may in by_name.items() if may} == {"giang"}


def test_it_asks_for_the_folder_where_a_name_is_not_enough() -> None:
    with pytest.raises(incoming.Unwanted, match=r"a/x\.form hoặc b/x\.form"):
        incoming.placed(["x.form"], {"a/x.form": b"", "b/x.form": b""})
    assert incoming.placed(["b/x.form"], {"a/x.form": b"", "b/x.form": b""}) == {"b/x.form": "b/x.form"}
    with pytest.raises(incoming.Unwanted, match="hai lần"):
        incoming.placed(["x.form", "forms/x.form"], {"forms/x.form": b""})


def test_who_releases_last_keeps_what_others_released_meanwhile(
    deploy: Deploy, store: sessionmaker[Session], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the files are read, somebody else releases another file of the folder."""
    from engine import reader

    before = newest(store)[1]
    name = next(name for name in before if name.startswith("forms/"))
    read, other = reader.check, {**before, name: before[name] + b" "}

    def meanwhile(files: Any, topics: Any = None) -> Any:
        found = read(files, topics)
        with store.begin() as session:
            deployments.deploy(session, "don_nghi", other)
        return found

    monkeypatch.setattr("web.engine_rest.reader.check", meanwhile)
    monkeypatch.setattr("engine.deployments.check", read)
    assert deploy([("don_nghi.bpmn", DIAGRAM + b"\n")]).status_code == 200
    assert newest(store) == (3, {**other, "don_nghi.bpmn": DIAGRAM + b"\n"})
    with store() as session:
        assert session.scalar(select(func.max(ProcessDefinition.version))) == 3
