"""Every state that the processes of bpmn/ come to moves to a copy whose elements are all called otherwise, and back, unchanged."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from engine import scenarios
from engine.contents import read_folder
from engine.diagram import FLOW_NODES, Diagram
from engine.spiff import Execution, Move, Program

ROOT = Path(__file__).parents[3]
RUNS = sorted(ROOT.glob("bpmn/*/scenarios/*.json"))
NAMING = re.compile(
    r'(\b(?:id|sourceRef|targetRef|attachedToRef|default|bpmnElement|activityRef)=")([^"]*)(?=")|(<(?:\w+:)?flowNodeRef>)([^<]+)'
)


def renamed(source: bytes) -> tuple[bytes, dict[str, str]]:
    """The diagram with every flow node called otherwise, and how."""
    ids = {element.id: f"moi_{element.id}" for element in Diagram.read(source).elements.values() if element.type in FLOW_NODES}

    def rename(found: re.Match[str]) -> str:
        before, name = (found[1], found[2]) if found[1] else (found[3], found[4])
        return before + ids.get(name, name)

    return NAMING.sub(rename, source.decode()).encode(), ids


def comparable(state: Mapping[str, Any]) -> Any:
    return json.loads(json.dumps(state, default=str))


@pytest.mark.parametrize("scenario", RUNS, ids=lambda path: f"{path.parts[-3]}/{path.stem}")
def test_every_state_of_a_scenario_moves_there_and_back(scenario: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = read_folder(scenario.parents[1])
    copies: dict[str, tuple[Program, dict[str, str]]] = {}
    for name, source in files.items():
        if name.endswith(".bpmn"):
            copy, ids = renamed(source)
            diagram = Diagram.read(copy, name)
            copies |= {process.id: (Program.compile(diagram, process.id), ids) for process in diagram.executable}
    dump, moved = Execution.dump, []

    def moving(self: Execution) -> dict[str, Any]:
        state = dump(self)
        if self.state != "active":
            return state
        old = self._case.program
        new, ids = copies[old.key]
        there, back = Move(old, new, ids), Move(new, old, {now: was for was, now in ids.items()})
        before = comparable(state)
        assert [obstacle.en for obstacle in there.obstacles(before)] == []
        gone = there.execute(before, now=self.now, decide=self._case.decide)
        told = gone.collect()
        assert (told.opened, told.closed, told.passages, told.failures) == ([], [], [], [])
        assert {wait.element_id for wait in gone.waits.values()} == {ids[wait.element_id] for wait in self.waits.values()}
        again = back.execute(comparable(dump(gone)), now=self.now, decide=self._case.decide)
        assert comparable(dump(again)) == before
        moved.append(old.key)
        return state

    monkeypatch.setattr(Execution, "dump", moving)
    report = scenarios.run(files, json.loads(scenario.read_text()))
    assert report.refused == []
    assert moved
