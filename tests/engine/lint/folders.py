"""Folders for the lint tests: one diagram among the companions that all of them may refer to."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

from engine.errors import Finding, Severity
from engine.lint import lint

HERE = Path(__file__).parent
TOPICS = ["gui_thu"]
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"'
    ' xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" id="so_do" targetNamespace="http://vi-du.vn/kiem-tra">'
)


def companions() -> dict[str, bytes]:
    """The form, the decision and what else the diagrams name."""
    base = HERE / "companions"
    return {path.relative_to(base).as_posix(): path.read_bytes() for path in sorted(base.rglob("*")) if path.is_file()}


def found(diagram: str | bytes, rule: str | None = None) -> list[Finding]:
    """What the rule, or all rules, find in a folder with this diagram."""
    data = diagram.encode() if isinstance(diagram, str) else diagram
    findings = lint({**companions(), "so_do.bpmn": data}, topics=TOPICS)
    return [finding for finding in findings if rule in (None, finding.rule)]


def process(body: str, attributes: str = 'isExecutable="true"', before: str = "") -> str:
    """A diagram with one process `p` that holds `body`."""
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>{HEAD}{before}<process id="p" name="Quy trình" {attributes}>{body}</process></definitions>'
    )


def line(*nodes: str) -> str:
    """Nodes one after the other, between a start and an end event. Each node is XML with an id as its first attribute."""
    ids = ["s", *(node.partition('id="')[2].partition('"')[0] for node in nodes), "e"]
    flows = [flow(a, b) for a, b in pairwise(ids)]
    return "".join(['<startEvent id="s"/>', *nodes, '<endEvent id="e"/>', *flows])


def flow(source: str, target: str, condition: str = "") -> str:
    """A sequence flow `a__b`."""
    inside = f"<conditionExpression>{condition}</conditionExpression>" if condition else ""
    return f'<sequenceFlow id="{source}__{target}" sourceRef="{source}" targetRef="{target}">{inside}</sequenceFlow>'


def script(id_: str, source: str = "x = 1") -> str:
    return f'<scriptTask id="{id_}" scriptFormat="starlark"><script>{source}</script></scriptTask>'


def severities(findings: list[Finding]) -> list[Severity]:
    return [finding.severity for finding in findings]
