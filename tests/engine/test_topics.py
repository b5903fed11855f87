"""Handlers: found by topic, called with the variables that their parameters name."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from engine import BpmnError, Handler, Job, handler, topics
from engine.errors import Invalid, NotFound


def call(function: Any, **variables: Any) -> dict[str, Any]:
    return Handler("thu", function).call(Job("1", "thu"), variables)


def test_it_picks_the_variables_that_the_parameters_name() -> None:
    def function(ho_ten: str, he_so: int = 2) -> dict[str, object]:
        return {"loi": f"{ho_ten} {he_so}"}

    assert call(function, ho_ten="An", khac="x") == {"loi": "An 2"}
    assert call(function, ho_ten="An", he_so=3) == {"loi": "An 3"}


def test_it_names_every_missing_variable_and_shows_no_value() -> None:
    def function(noi_di: str, noi_den: str, ho_ten: str) -> None: ...

    with pytest.raises(Invalid) as error:
        call(function, ho_ten="bí mật")
    assert str(error.value) == "Expected the variables noi_di, noi_den for the handler of topic thu, but found only ho_ten."
    with pytest.raises(Invalid, match="but found only none"):
        call(function)


def test_it_hands_the_job_to_the_parameter_of_that_name() -> None:
    def function(job: Job) -> dict[str, object]:
        job.attach("a.txt", b"a", "text/plain")
        job.record("notification.sent", to="an")
        return {"khoa": job.id, "tep": job.resource("documents/a").decode()}

    job = Job("7-x", "thu", read=lambda name: f"<{name}>".encode())
    assert Handler("thu", function).call(job, {"job": "a variable of that name is not it"}) == {"khoa": "7-x", "tep": "<documents/a>"}
    assert [(a.name, a.content, a.media_type) for a in job.attachments] == [("a.txt", b"a", "text/plain")]
    assert [(r.kind, r.detail) for r in job.records] == [("notification.sent", {"to": "an"})]


def test_it_shares_nothing_between_two_jobs() -> None:
    first, second = Job("1", "thu"), Job("2", "thu")
    first.attach("a", b"", "text/plain")
    first.record("x")
    assert (second.attachments, second.records) == ([], [])


def test_it_hands_all_other_variables_to_a_rest_parameter() -> None:
    def function(a: int, **rest: Any) -> dict[str, object]:
        return {"rest": rest}

    assert call(function, a=1, b=2, c=3) == {"rest": {"b": 2, "c": 3}}


@pytest.mark.parametrize("result", [[1], "chuỗi", {1: 2}])
def test_it_refuses_a_result_that_is_no_dict_of_variables(result: object) -> None:
    with pytest.raises(Invalid, match="a dict of variables from the handler of topic thu"):
        call(lambda: result)


def test_it_takes_no_result_for_no_variables() -> None:
    assert call(lambda: None) == {}


def test_it_lets_a_business_error_through() -> None:
    def function() -> None:
        raise BpmnError("KHONG_DU", "thiếu", {"con_thieu": 1})

    with pytest.raises(BpmnError) as error:
        call(function)
    assert (error.value.code, error.value.variables) == ("KHONG_DU", {"con_thieu": 1})


def test_it_refuses_a_parameter_that_no_variable_can_fill() -> None:
    def function(*names: str) -> None: ...

    with pytest.raises(TypeError, match="thu, but names is positional"):
        handler("thu")(function)


def test_a_job_without_deployment_has_no_files() -> None:
    with pytest.raises(NotFound, match="documents/a"):
        Job("1", "thu").resource("documents/a")


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> Path:
    """An empty package `viec_thu` on the import path; its modules are forgotten afterwards."""
    monkeypatch.syspath_prepend(tmp_path)
    folder = tmp_path / "viec_thu"
    folder.mkdir()
    (folder / "__init__.py").touch()
    request.addfinalizer(lambda: [sys.modules.pop(name) for name in list(sys.modules) if name.split(".")[0] == "viec_thu"])
    return folder


def test_it_finds_every_handler_of_a_package_once(package: Path) -> None:
    (package / "mot.py").write_text("from engine import handler\n\n@handler('mot')\ndef mot(): return {'a': 1}\n")
    (package / "hai.py").write_text("from viec_thu.mot import mot\nfrom engine import handler\n\n@handler('hai')\ndef hai(): ...\n")
    found = topics.discover("viec_thu")
    assert sorted(found) == ["hai", "mot"]
    assert found["mot"].call(Job("1", "mot"), {}) == {"a": 1}


def test_it_refuses_two_handlers_for_one_topic(package: Path) -> None:
    for name in ("mot", "hai"):
        (package / f"{name}.py").write_text("from engine import handler\n\n@handler('mot')\ndef mot(): ...\n")
    with pytest.raises(Invalid, match=r"one handler for topic mot, but found two, in viec_thu.hai and in viec_thu.mot"):
        topics.discover("viec_thu")
