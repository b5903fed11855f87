"""Runs a folder of executable diagrams through the engine and holds each to the trace it must leave.

    python -m bench.conformance FOLDER [WORD...]

FOLDER has an `expected.json`: {"files": {name: {"process", "core", "token_of_task": {task id: token or null}, "cases": [{"variables",
"start_first", "wait_ms", "expected": [token, ...]}]}}}. Tokens are compared as multisets; MARKER_exists counts only where it is expected,
and once at most; ERROR_runtime asks for a visible incident, ERROR for an incident or a refusal, ERROR_thrownErrorEvent for a case that has
failed by an unhandled error.
Only files whose name has one of the words are run. Prints what is not right, and the score. Exit: 0 when nothing is wrong.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from engine import scenarios
from engine.lint import lint

RIGHT, REFUSED, WRONG = "right", "refused", "wrong"


def judge(name: str, data: bytes, expectation: Mapping[str, Any]) -> tuple[str, str]:
    """The verdict on one file (the worst of its cases), and why."""
    verdict, why = RIGHT, ""
    for case in expectation["cases"]:
        found, reason = _case(name, data, expectation, case)
        if [RIGHT, REFUSED, WRONG].index(found) > [RIGHT, REFUSED, WRONG].index(verdict):
            verdict, why = found, reason
    return verdict, why


def _case(name: str, data: bytes, expectation: Mapping[str, Any], case: Mapping[str, Any]) -> tuple[str, str]:
    wait = [{"advance": f"PT{-(-case['wait_ms'] // 1000)}S"}] if case["wait_ms"] else []
    scenario = {"process": expectation["process"], "variables": case["variables"], "steps": wait, "start_first": case["start_first"]}
    report = scenarios.run({name: data}, scenario, lint)
    wanted = Counter(token for token in case["expected"] if not token.startswith("ERROR"))
    if report.refused:
        right = "ERROR" in case["expected"]
        return RIGHT if right else REFUSED, f"{report.refused[0]['element']}: {report.refused[0]['sentence_en']}"
    found = Counter(token for task in report.trace if (token := expectation["token_of_task"].get(task)))
    found["MARKER_exists"] = min(wanted["MARKER_exists"], found["MARKER_exists"])
    fits = found == wanted and _errors_fit(set(case["expected"]), report)
    return RIGHT if fits else WRONG, f"expected {sorted(case['expected'])}, found {sorted(found.elements())}, {report.as_text()!r}"


def _errors_fit(expected: set[str], report: scenarios.Report) -> bool:
    """Whether the errors that must be seen are seen."""
    if "ERROR_thrownErrorEvent" in expected:
        return report.state == "failed" and bool(report.unhandled_errors)
    seen = bool(report.incidents) or report.state == "failed" or report.failed_step is not None
    return seen or not {"ERROR", "ERROR_runtime"} & expected


def main(arguments: list[str]) -> int:
    """Print the table; the number to exit with."""
    if not arguments:
        print(__doc__)
        return 2
    folder, words = Path(arguments[0]), arguments[1:]
    expected = json.loads((folder / "expected.json").read_text("utf-8"))["files"]
    score: Counter[str] = Counter()
    for name, expectation in sorted(expected.items()):
        if words and not any(word in name for word in words):
            continue
        verdict, why = judge(name, (folder / name).read_bytes(), expectation)
        score[verdict] += 1
        if verdict != RIGHT:
            print(f"{verdict:8} {'core ' if expectation['core'] else '     '}{name}\n         {why}")
    print(", ".join(f"{score[verdict]} {verdict}" for verdict in (RIGHT, REFUSED, WRONG)))
    return 1 if score[WRONG] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
