"""The report of a run: what a scenario left behind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from engine.expressions import to_json


@dataclass
class Report:
    """What a run left behind. See the keys of `luanchuyen dry-run --json`."""

    state: str = "refused"
    trace: list[str] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    unhandled_errors: list[str] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    failed_step: str | None = None
    failed_at: int = 0
    """Number of the step that failed; 0: none, or the start."""
    failed_vi: str = ""
    """Why, in Vietnamese."""
    passed: dict[str, dict[str, int]] = field(default_factory=dict)
    """By process: how often each element was passed, sequence flows too."""
    foreseen: bool = False
    """Whether the scenario says how it is to end: then an incident may be what is wanted."""
    unexpected: list[dict[str, Any]] = field(default_factory=list)
    """Where it ended otherwise than the scenario expects: `what` (state, waiting, incidents), `expected`, `found`."""

    @property
    def exit_code(self) -> int:
        """0 ran, 1 failed or incident, 2 refused."""
        if self.refused:
            return 2
        if self.failed_step or self.unexpected:
            return 1
        return 0 if self.foreseen else int(bool(self.incidents) or self.state == "failed")

    def outcome(self) -> dict[str, Any]:
        """How it ended: what a scenario keeps to be held to, under `expect`."""
        return {
            "state": self.state,
            "waiting": sorted(f"{wait['process']}.{wait['element']}" for wait in self.waiting if wait["kind"] != "call"),
            "incidents": sorted(incident["element"] for incident in self.incidents),
        }

    def compare(self, expected: Mapping[str, Any]) -> None:
        """Tell in `unexpected` what ended otherwise; what `expected` does not speak of may end as it likes."""
        found = self.outcome()
        self.foreseen = True
        self.unexpected = [{"what": name, "expected": expected[name], "found": found[name]} for name in found if name in expected]
        self.unexpected = [one for one in self.unexpected if one["expected"] != one["found"]]

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = to_json(asdict(self))
        return found

    def as_text(self) -> str:
        """For people at a shell."""
        lines = [f"state: {self.state}", "trace: " + " ".join(self.trace)]
        lines += [f"waiting: {wait['element']} ({wait['kind']})" for wait in self.waiting]
        lines += [f"incident: {incident['element']}: {incident['message']}" for incident in self.incidents]
        lines += [f"unhandled error: {code}" for code in self.unhandled_errors]
        lines += [f"refused: {finding['element'] or ''} {finding['rule']}: {finding['sentence']}" for finding in self.refused]
        lines += [f"unexpected {one['what']}: {one['found']} instead of {one['expected']}" for one in self.unexpected]
        return "\n".join([*lines, *([f"failed: {self.failed_step}"] if self.failed_step else [])])
