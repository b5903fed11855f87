"""Diagrams with the trace that the standard prescribes for each, run as `luanchuyen dry-run` runs them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from engine import scenarios
from engine.lint import lint
from tests.engine.spiff.builder import ROOT

Step = dict[str, Any]


@dataclass(frozen=True)
class Case:
    """`did`: the tasks called t... or u... that are completed, in order ("a b c"); in any order when it begins with "~".

    `around`: what stands beside the process `p`. `refused`: the rule that refuses the diagram, or the start of its name.
    """

    name: str
    process: str
    did: str = ""
    steps: Sequence[Step] = ()
    variables: dict[str, Any] = field(default_factory=dict)
    state: str = "completed"
    around: str = ""
    waiting: str = ""
    incidents: str = ""
    unhandled: str = ""
    refused: str = ""
    first: str | None = None

    @property
    def file(self) -> bytes:
        return f'{ROOT}{self.around}<process id="p" isExecutable="true">{self.process}</process></definitions>'.encode()

    @property
    def scenario(self) -> dict[str, Any]:
        first = {"start_first": self.first} if self.first is not None else {}
        return {"process": "p", "variables": self.variables, "steps": list(self.steps), **first}

    def run(self) -> scenarios.Report:
        return scenarios.run({"p.bpmn": self.file}, self.scenario, lint)

    def check(self) -> None:
        report = self.run()
        if self.refused or report.refused:
            rules = [finding["rule"] for finding in report.refused]
            assert any(rule.startswith(self.refused) for rule in rules) and self.refused, report.as_text()[:2000]
            return
        did = [element for element in report.trace if element[0] in "tu"]
        wanted = self.did.removeprefix("~").split()
        if self.did.startswith("~"):
            did, wanted = sorted(did), sorted(wanted)
        assert report.failed_step is None, report.as_text()[:2000]
        assert did == wanted, report.as_text()[:2000]
        assert sorted(incident["element"] for incident in report.incidents) == sorted(self.incidents.split()), report.as_text()[:2000]
        assert report.unhandled_errors == self.unhandled.split(), report.as_text()[:2000]
        assert sorted(wait["element"] for wait in report.waiting) == sorted(self.waiting.split()), report.as_text()[:2000]
        assert report.state == self.state, report.as_text()[:2000]


def done(element: str, **variables: Any) -> Step:
    """Somebody completes a user task."""
    return {"complete": element, "variables": variables}


def after(duration: str) -> Step:
    return {"advance": duration}


def message(name: str = "thư", **variables: Any) -> Step:
    return {"message": name, "variables": variables}


def signal(name: str = "báo", **variables: Any) -> Step:
    return {"signal": name, "variables": variables}
