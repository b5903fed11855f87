"""Files that can hardly be read, or not at all."""

from __future__ import annotations

import pytest

from engine.diagram import Diagram
from engine.errors import Severity
from engine.lint import lint, verdict
from tests.engine.lint.folders import HEAD, found, line, process, script, severities

GOOD = process(line(script("ghi")))


def _said(data: bytes) -> str:
    findings = found(data, "xml")
    assert severities(findings) == [Severity.ERROR], findings
    return findings[0].vi


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "trống"),
        (b"PK\x03\x04", "đúng cú pháp"),
        (b"<!DOCTYPE html><html><body>x<br></body></html>", "trang HTML"),
        (b'<html xmlns="http://www.w3.org/1999/xhtml"/>', "trang HTML"),
        (b'<definitions xmlns="https://www.omg.org/spec/DMN/20191111/MODEL/"/>', "bảng quyết định DMN"),
        (b'<definitions xmlns="http://vi-du.vn/khac"/>', "không gian tên"),
        (b"<definitions/>", "không gian tên"),
        (b"<a>" * 300 + b"</a>" * 300, "256 tầng"),
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "DOCTYPE"),
        (b'<!DOCTYPE a [<!ENTITY x "ha"><!ENTITY y "' + b"&x;" * 1000 + b'">]><a>' + b"&y;" * 1000 + b"</a>", "DOCTYPE"),
        (b'<a b="' + b"x" * 10_400_000 + b'"/>', "10 MB"),
        (GOOD.replace("Quy trình", "Luân chuyển").encode("utf-8")[:-40], "đúng cú pháp"),
        (GOOD.replace("Quy trình", "Quy đ").encode("cp1258"), "bảng mã"),
    ],
)
def test_it_says_what_the_file_is_instead(data: bytes, words: str) -> None:
    assert words in _said(data)


def test_it_says_at_which_line_the_xml_breaks() -> None:
    assert found(b"<a>\n<b>\n</a>", "xml")[0].line == 3


def test_it_reads_utf_16_and_says_so() -> None:
    findings = found(GOOD.replace("UTF-8", "utf-16").encode("utf-16"))
    assert verdict(findings) == "deployable"
    assert [finding.rule for finding in findings] == ["xml"]
    assert "UTF-16" in findings[0].vi


def test_it_reads_windows_1258_and_its_loose_accents() -> None:
    findings = found(GOOD.replace("UTF-8", "windows-1258").replace("Quy trình", "Quy ươ\u0301c").encode("cp1258"))
    assert verdict(findings) == "deployable"
    assert [finding.rule for finding in findings] == ["xml"]
    assert "WINDOWS-1258" in findings[0].vi


def test_it_reads_a_byte_order_mark() -> None:
    assert found(GOOD.encode("utf-8-sig")) == []


def test_it_wants_a_diagram_with_a_process() -> None:
    assert "<process>" in _said(f"{HEAD}</definitions>".encode())
    assert [f.rule for f in lint({"a.txt": b""})] == ["xml"]


@pytest.mark.parametrize(
    ("name", "word"),
    [("Ghi\u202eabc", "đảo chiều"), ("&lt;b&gt;Ghi&lt;/b&gt;", "HTML"), ("Ghi\u200b sổ", "không nhìn thấy"), ("Ghi so\u0302\u0301", "NFC")],
)
def test_it_looks_through_names(name: str, word: str) -> None:
    findings = found(process(line(script("ghi").replace("<scriptTask", f'<scriptTask name="{name}"'))), "text")
    assert len(findings) == 1
    assert word in findings[0].vi
    assert "\u202e" not in findings[0].vi


def test_it_shows_loose_accents_composed() -> None:
    diagram = Diagram.read(process(line(script("ghi").replace("<scriptTask", '<scriptTask name="Ghi so\u0302\u0301"'))).encode())
    assert diagram.elements["ghi"].name == "Ghi số"


def test_it_takes_vietnamese_names_as_they_are() -> None:
    names = "Đề nghị ĐƯỢC xem xét; ý kiến (lần 2) < 3 & > 1 – “Kế hoạch”".replace("&", "&amp;").replace("<", "&lt;")
    assert found(process(line(script("ghi").replace("<scriptTask", f'<scriptTask name="{names}"')))) == []


def test_it_reports_a_process_id_used_in_two_files() -> None:
    findings = lint({"a.bpmn": GOOD.encode(), "b.bpmn": GOOD.encode()})
    assert [(f.rule, f.file, f.element) for f in findings] == [("duplicate-ids", "b.bpmn", "p")]


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("a.form", b'{"id": "a", "type": "default", "components": ' + b"[" * 200_000),
        ("a.form", b'{"id": "a", "type": "default", "components": ' + b"[" * 5_000 + b"]" * 5_000 + b"}"),
        ("a.form", b"\xff\xfe\x00"),
        ("a.form", b"[]"),
        ("a.form", b'{"id": 1, "components": {"a": 1}}'),
        ("a.dmn", b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>'),
        ("a.dmn", b"<a>" * 300),
        ("a.dmn", GOOD.encode()),
        ("a.dmn", b""),
    ],
)
def test_it_refuses_forms_and_tables_that_cannot_be_read(name: str, data: bytes) -> None:
    findings = lint({"so_do.bpmn": GOOD.encode(), name: data})
    assert [(finding.file, finding.severity) for finding in findings] == [(name, Severity.ERROR)]
    assert "it failed" not in findings[0].en
