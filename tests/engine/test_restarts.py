"""A case is the same whether it runs in one go or is stored and taken up again, by another process, after any step."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from engine import executions, scenarios
from engine.contents import read_folder
from tests.engine.conformance.cases import Case
from tests.engine.conformance.test_compensation import COMPENSATION
from tests.engine.conformance.test_event_sub_processes import MORE_LISTENERS
from tests.engine.conformance.test_other_activities import OTHERS as OTHER_ACTIVITIES
from tests.engine.conformance.test_other_events import OTHERS as OTHER_EVENTS
from tests.engine.conformance.test_repetition import REPEATED
from tests.engine.conformance.test_timers_and_gateways import WAITING
from tests.engine.conformance.test_workflow_patterns import PATTERNS
from tests.engine.conformance.test_workflow_patterns_of_state import PATTERNS_OF_STATE
from tests.engine.restarting import InOneGo, restarted

BPMN = Path(__file__).parents[2] / "bpmn"
CASES = [*MORE_LISTENERS, *OTHER_EVENTS, *WAITING, *COMPENSATION, *REPEATED, *OTHER_ACTIVITIES, *PATTERNS, *PATTERNS_OF_STATE]
SCENARIOS = sorted(BPMN.glob("*/scenarios/*.json"))


def _equal(monkeypatch: pytest.MonkeyPatch, files: dict[str, bytes], scenario: dict[str, Any], processes: bool) -> scenarios.Report:
    again = restarted(files, scenario, processes=processes)
    monkeypatch.setattr(executions, "load", InOneGo())
    with scenarios.Stage(files, scenario) as stage:
        once = stage.play()
    assert once.failed_step is None
    assert again.as_dict() == once.as_dict()
    return once


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_it_goes_on_in_another_process_as_if_nothing_had_been(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    report = _equal(monkeypatch, dict(read_folder(path.parents[1])), json.loads(path.read_text("utf-8")), True)
    assert report.trace


@pytest.mark.parametrize("case", [case for case in CASES if case.steps and not case.refused], ids=lambda case: case.name)
def test_it_goes_on_after_every_step_of_every_feature(case: Case, monkeypatch: pytest.MonkeyPatch) -> None:
    _equal(monkeypatch, {"p.bpmn": case.file}, case.scenario, False)
