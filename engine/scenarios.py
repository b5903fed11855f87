"""Scenarios: a process folder run in a database in memory, with a virtual clock, by the same engine as everywhere else.

A scenario is a dict: `process` (key), `variables`, `business_key`, `start_first` (key or list of keys started before, without variables),
`start_event`, `now` (ISO, where the clock begins), `organisations` and `accounts` ({code: name}: what select fields offer), `steps`,
`services` ("wait": every job waits for a step), `expect` (how it is to end: Report.outcome).
A step has one verb:

    {"complete": element_id, "variables": {...}, "where": {name: value}}   the oldest open user task there (whose place sees those values)
    {"message": name, "variables": {...}, "business_key": ..., "keys": {...}}
    {"signal": name, "variables": {...}}
    {"advance": "P3D"}                                                     what becomes due happens in its order
    {"job": topic, "variables": {...}}  or  {"job": topic, "error": code}  result of the oldest job; topics not named in a step to come
                                                                           complete by themselves with nothing;
                                                                           "failure": text makes it an incident
    {"retry": element_id}                                                  what failed there is tried again
    {"start": key, "variables": {...}, "start_event": ...}                 another case
    {"cancel": reason}                                                     the first case
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine import reader
from engine.budgets import Budget
from engine.errors import EngineError, Finding, Refused, Severity
from engine.reports import Report
from engine.stage import Stage

__all__ = ["Report", "Stage", "run"]

_TEXTS = (
    "now", "business_key", "start_event", "services", "complete", "message", "signal", "advance", "job", "element", "error", "failure",
    "retry", "start", "cancel",
)  # fmt: skip
Check = Callable[[Mapping[str, bytes]], Sequence[Finding]]


def run(files: Mapping[str, bytes], scenario: Mapping[str, Any], check: Check = reader.check, budget: Budget | None = None) -> Report:
    """Run `scenario` over `files`. Whatever is wrong is in the report; nothing is raised.

    What `check` finds wrong refuses the run; to-dos do not: a diagram is tried out before it is finished.
    """
    if wrong := shape(scenario):
        return Report(state="failed", failed_step=wrong)
    errors = [finding for finding in check(files) if finding.severity is Severity.ERROR]
    if errors:
        return Report(refused=[_as_refused(finding) for finding in errors])
    try:
        stage = Stage(files, scenario, budget)
    except Refused as refused:
        return Report(refused=[_as_refused(finding) for finding in refused.findings])
    except EngineError as error:
        return Report(refused=[{"element": None, "rule": type(error).__name__, "sentence": str(error)}])
    with stage:
        return stage.play()


def shape(scenario: Mapping[str, Any]) -> str:
    """What makes it no scenario; "" when nothing does."""
    if not isinstance(scenario.get("process"), str):
        return 'a scenario needs the key of a process: {"process": ...}'
    steps = scenario.get("steps", ())
    if not isinstance(steps, list | tuple) or not all(isinstance(step, Mapping) for step in steps):
        return "the steps of a scenario are a list of objects"
    parts = [scenario, *steps]
    mappings = [part.get(name, {}) for part in parts for name in ("variables", "where", "keys", "expect")]
    if not all(isinstance(mapping, Mapping) for mapping in mappings):
        return "variables, where, keys and expect are objects"
    casts = [scenario.get(name, {}) for name in ("organisations", "accounts")]
    if not all(isinstance(cast, Mapping) and all(isinstance(one, str) for one in cast.values()) for cast in casts):
        return "organisations and accounts are objects of names"
    texts = [part[name] for part in parts for name in _TEXTS if part.get(name) is not None]
    if not all(isinstance(text, str) for text in texts):
        return f"these are texts: {', '.join(_TEXTS)}"
    first = scenario.get("start_first") or []
    if not isinstance(first, str) and not (isinstance(first, list) and all(isinstance(one, str) for one in first)):
        return "start_first is a text or a list of texts"
    return "" if all(isinstance(step.get("nth", 1), int) for step in steps) else "nth is a number"


def _as_refused(finding: Finding) -> dict[str, Any]:
    return {
        "file": finding.file, "element": finding.element, "rule": finding.rule, "severity": finding.severity.value,
        "line": finding.line, "sentence": finding.vi, "sentence_en": finding.en,
    }  # fmt: skip
