"""Bad input through the doors that people use: a sentence, the right exit, never a traceback."""

from __future__ import annotations

import json
import sys
import unicodedata
from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine import deployments, reader, scenarios
from engine.diagram import Diagram
from engine.errors import Refused
from engine.lint import lint
from engine.models import Deployment
from engine.spiff import multiple
from web import cli

MODEL = "http://www.omg.org/spec/BPMN/20100524/MODEL"
PATIENT = 60.0
"""Seconds for reading: what these tests ask is what is answered, on a machine that does other things as well."""


def bpmn(task: str, name: str = "P", before: str = "") -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{before}<definitions xmlns="{MODEL}" targetNamespace="http://vi-du.vn">'
        f'<process id="p" name="{name}" isExecutable="true"><startEvent id="s"/>{task}<endEvent id="e"/>'
        '<sequenceFlow id="a" sourceRef="s" targetRef="t"/>'
        '<sequenceFlow id="b" sourceRef="t" targetRef="e"/></process></definitions>'
    )


def script(text: str) -> str:
    return bpmn(f'<scriptTask id="t" scriptFormat="python"><script>{escape(text)}</script></scriptTask>')


GOOD = script("x = 1")
ENTITIES = "".join(f'<!ENTITY e{i} "{f"&e{i - 1};" * 10 if i else "ha"}">' for i in range(12))
REFUSED: dict[str, bytes] = {
    "an external entity": bpmn('<task id="t"/>', "&x;", '<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]>').encode(),
    "an entity bomb": bpmn('<task id="t"/>', "&e11;", f"<!DOCTYPE d [{ENTITIES}]>").encode(),
    "a document type": bpmn('<task id="t"/>', before="<!DOCTYPE definitions>").encode(),
    "deep nesting": b"<a>" * 300_000,
    "deep sub-processes": bpmn("<subProcess>" * 2_000 + "</subProcess>" * 2_000).encode(),
    "a long attribute": bpmn('<task id="t"/>', "x" * 100_000_000).encode(),
    "another namespace": GOOD.replace(MODEL, "http://vi-du.vn").encode(),
    "no namespace": GOOD.replace(f' xmlns="{MODEL}"', "").encode(),
    "a page": b"<!doctype html><html><body><p>Xin ch\xc3\xa0o</html>",
    "a decision": b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"><decision id="p" name="q"/></definitions>',
    "one id twice": bpmn('<task id="t"/><task id="t"/>').encode(),
    "nothing": b"",
    "zeros": b"\x00" * 1000,
    "prose": "xin chào".encode(),
    "an encoding that is not so": GOOD.encode().replace(b'name="P"', b'name="Duy\xeat"'),
    "turned letters": bpmn('<task id="t" name="duyệt\u202etxt.exe"/>').encode(),
    "the system": script('x = __import__("os").system("id")').encode(),
    "an import": script("import os").encode(),
    "a file": script('x = open("/etc/passwd").read()').encode(),
    "an attribute by name": script('x = getattr((), "__class__")').encode(),
    "a walk to a class": script("x = ().__class__.__bases__[0].__subclasses__()").encode(),
    "a loop without end": script("while True:\n    pass").encode(),
    "copies of tokens without end": bpmn('<task id="t" completionQuantity="100000000"/>').encode(),
    "a timer that always fires": bpmn(
        '<intermediateCatchEvent id="t"><timerEventDefinition><timeCycle>R999999999/PT0S</timeCycle></timerEventDefinition>'
        "</intermediateCatchEvent>"
    ).encode(),
}


def _lint(data: bytes) -> list[Any]:
    return lint({"a.bpmn": data}) if len(data) < 10_000_000 else reader.check({"a.bpmn": data}, seconds=PATIENT)


@pytest.mark.parametrize("what", REFUSED)
def test_it_refuses_a_diagram_with(what: str) -> None:
    report = scenarios.run({"a.bpmn": REFUSED[what]}, {"process": "p"}, lambda files: _lint(files["a.bpmn"]))
    assert (report.exit_code, report.trace) == (2, [])
    for finding in report.refused:
        assert finding["sentence"].endswith((".", "?"))
        assert finding["file"] == "a.bpmn"


@pytest.mark.parametrize(
    "text",
    [
        "for i in range(1000000000):\n    x = i",
        'x = "a" * 2000000000',
        "x = [0]\nfor i in range(60):\n    x = x + x",
        'x = ["a" * 1000000 for i in range(100000)]',
        "x = list(range(2000000000))",
        "x = 9\nfor i in range(25):\n    x = x * x",
        "def f(n):\n    return f(n)\nx = f(1)",
        'x = "{0.__class__}".format(1)',
    ],
)
def test_it_contains_a_script_that(text: str) -> None:
    report = scenarios.run({"a.bpmn": script(text).encode()}, {"process": "p"}, lint)
    assert report.exit_code in (1, 2)
    assert report.refused or [incident["element"] for incident in report.incidents] == ["t"]
    assert "t" not in report.trace


@pytest.mark.parametrize(
    "task",
    [
        '<scriptTask id="t" scriptFormat="python"><multiInstanceLoopCharacteristics><loopCardinality>1000000000</loopCardinality>'
        "</multiInstanceLoopCharacteristics><script>x = 1</script></scriptTask>",
        '<manualTask id="t"><standardLoopCharacteristics loopMaximum="1000000000"/></manualTask>',
    ],
)
def test_it_stops_what_repeats_a_billion_times(task: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiple, "MOST_MEMBERS", 500)
    report = scenarios.run({"a.bpmn": bpmn(task).encode()}, {"process": "p"}, lint)
    assert [incident["element"] for incident in report.incidents] == ["t"]
    assert (report.exit_code, report.state) == (1, "active")
    assert len(report.trace) < 600


@pytest.mark.parametrize(
    "data",
    [
        b"\xef\xbb\xbf" + GOOD.encode(),
        GOOD.replace("UTF-8", "UTF-16").encode("utf-16"),
        unicodedata.normalize("NFD", bpmn('<task id="t" name="Duyệt kế hoạch"/>')).encode(),
        bpmn('<task id="t" name="Duyê\u0323t"/>').replace("UTF-8", "windows-1258").encode("cp1258"),
        bpmn('<task id="t" name="&lt;script&gt;alert(1)&lt;/script&gt;"/>').encode(),
    ],
)
def test_it_reads_every_honest_encoding(data: bytes) -> None:
    report = scenarios.run({"a.bpmn": data}, {"process": "p"}, lint)
    assert report.trace == ["s", "t", "e"]
    name = Diagram.read(data, "a.bpmn").elements["t"].name
    assert unicodedata.is_normalized("NFC", name)


def test_it_stores_nothing_of_what_it_refuses(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reader, "SECONDS", PATIENT)
    for what in ("an external entity", "one id twice", "the system"):
        with pytest.raises(Refused):
            deployments.deploy(session, "a", {"a.bpmn": REFUSED[what], "b.bpmn": GOOD.replace('id="p"', 'id="q"').encode()})
    assert session.scalar(select(func.count(Deployment.id))) == 0


def _shell(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr(sys, "argv", ["luanchuyen", *map(str, arguments)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    return int(left.value.code or 0)


@pytest.mark.parametrize(
    ("scenario", "exit_"),
    [
        ("không phải json", 1),
        ("[1]", 1),
        ("{}", 1),
        ('{"process": "p", "steps": ["a"]}', 1),
        ('{"process": "p", "steps": {"a": 1}}', 1),
        ('{"process": "p", "variables": [1]}', 1),
        ('{"process": "p", "steps": [{"advance": "xx"}]}', 1),
        ('{"process": "p", "steps": [{"bay": 1}]}', 1),
        ('{"process": "khong_co"}', 1),
        ("[" * 100_000, 1),
        ('{"process": "p"}', 0),
    ],
)
def test_it_answers_any_scenario(
    scenario: str, exit_: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reader, "SECONDS", PATIENT)
    (tmp_path / "a.bpmn").write_text(GOOD)
    (tmp_path / "s.json").write_text(scenario)
    assert _shell(monkeypatch, "dry-run", tmp_path / "a.bpmn", "--scenario", tmp_path / "s.json") == exit_
    said = capsys.readouterr()
    assert (said.out + said.err).strip()
    assert "Traceback" not in said.out + said.err


@pytest.mark.parametrize("what", ["an external entity", "an entity bomb", "a document type", "deep nesting", "a page", "nothing", "prose"])
def test_it_decides_nothing_from_a_file_that_it_refuses(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.dmn").write_bytes(REFUSED[what])
    (tmp_path / "i.json").write_text("{}")
    assert _shell(monkeypatch, "decide", tmp_path / "a.dmn", "--input", tmp_path / "i.json") == 2
    assert "a.dmn" in capsys.readouterr().err


def test_it_decides_nothing_with_inputs_that_are_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "a.dmn").write_bytes(REFUSED["a decision"])
    for text in ("không", json.dumps([1])):
        (tmp_path / "i.json").write_text(text)
        assert _shell(monkeypatch, "decide", tmp_path / "a.dmn", "--input", tmp_path / "i.json") == 1
        assert "i.json" in capsys.readouterr().err
