"""Every process folder can be deployed as it is, says what an analyst may change, and brings scenarios that run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine import scenarios, topics
from engine.contents import read_folder
from engine.errors import Severity
from engine.reader import check

BPMN = Path(__file__).parents[2] / "bpmn"
FOLDERS = sorted(file.name for file in BPMN.iterdir() if file.is_dir())
SCENARIOS = sorted(file.relative_to(BPMN).as_posix() for file in BPMN.glob("*/scenarios/*.json") if file.parts[-3] != "luan_chuyen_can_bo")


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_may_be_deployed(folder: str) -> None:
    findings = check(read_folder(BPMN / folder), topics.discover())
    assert [finding.vi for finding in findings if finding.severity is not Severity.WARNING] == []


@pytest.mark.parametrize("folder", FOLDERS)
def test_it_holds_no_program(folder: str) -> None:
    assert [file.name for file in (BPMN / folder).rglob("*.py")] == []
    assert "## Muốn đổi" in (BPMN / folder / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", SCENARIOS)
def test_it_runs_its_scenarios(name: str) -> None:
    found = scenarios.run(read_folder(BPMN / name.split("/")[0]), json.loads((BPMN / name).read_text(encoding="utf-8")))
    assert (found.refused, found.failed_step, found.incidents, found.state) == ([], None, [], "completed")
