"""Findings as people and programs read them."""

from __future__ import annotations

import json

from engine.lint.report import as_json, as_text
from tests.engine.lint.folders import found, line, process, script

BAD = process(line(script("ghi", "x = = 1")))


def test_it_writes_one_line_per_finding_and_the_verdict() -> None:
    text = as_text(found(BAD)).splitlines()
    assert text[0].startswith("so_do.bpmn:1: LỖI [script] ghi: Kịch bản")
    assert text[-1] == "Bị từ chối."
    assert len(text) == 2


def test_it_speaks_english_too() -> None:
    text = as_text(found(BAD), "en").splitlines()
    assert text[0].startswith("so_do.bpmn:1: ERROR [script] ghi: Expected")
    assert text[-1] == "Refused."


def test_it_says_that_nothing_was_found() -> None:
    assert as_text([]) == "Triển khai được."


def test_it_writes_json_with_both_languages() -> None:
    said = json.loads(as_json(found(BAD)))
    assert said["verdict"] == "refused"
    assert said["findings"][0]["element"] == "ghi"
    assert {"vi", "en", "line", "rule", "severity", "file"} <= said["findings"][0].keys()
