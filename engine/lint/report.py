"""Findings as text for people and as JSON for programs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any, Literal

from engine.errors import Finding, Severity

_WORDS: Mapping[str, Mapping[Severity, str]] = {
    "vi": {Severity.ERROR: "LỖI", Severity.TODO: "CẦN LÀM", Severity.WARNING: "LƯU Ý"},
    "en": {Severity.ERROR: "ERROR", Severity.TODO: "TO DO", Severity.WARNING: "WARNING"},
}
_VERDICTS: Mapping[str, Mapping[str, str]] = {
    "vi": {"deployable": "Triển khai được.", "draft": "Bản nháp: chưa triển khai được, còn việc cần làm.", "refused": "Bị từ chối."},
    "en": {"deployable": "Can be deployed.", "draft": "A draft: cannot be deployed yet, see the to-do list.", "refused": "Refused."},
}


def verdict(findings: Iterable[Finding]) -> Literal["deployable", "draft", "refused"]:
    """What becomes of a folder with these findings."""
    severities = {finding.severity for finding in findings}
    if Severity.ERROR in severities:
        return "refused"
    return "draft" if Severity.TODO in severities else "deployable"


def as_text(findings: Iterable[Finding], locale: str = "vi") -> str:
    """One line per finding, `file:line: WORD [rule] element: sentence`, and the verdict as the last line. `locale`: vi or en."""
    kept = list(findings)
    words = _WORDS.get(locale, _WORDS["vi"])
    lines = []
    for finding in kept:
        where = f"{finding.file or '-'}:{finding.line}" if finding.line else finding.file or "-"
        element = f" {finding.element}" if finding.element else ""
        lines.append(f"{where}: {words[finding.severity]} [{finding.rule}]{element}: {finding.en if locale == 'en' else finding.vi}")
    lines.append(_VERDICTS.get(locale, _VERDICTS["vi"])[verdict(kept)])
    return "\n".join(lines)


def as_dict(finding: Finding) -> dict[str, Any]:
    """A finding as plain values, its sentence in both languages."""
    return {
        "rule": finding.rule,
        "severity": finding.severity.value,
        "file": finding.file,
        "element": finding.element,
        "line": finding.line,
        "vi": finding.vi,
        "en": finding.en,
        "detail": dict(finding.detail),
    }


def as_json(findings: Iterable[Finding]) -> str:
    """`{"verdict": ..., "findings": [...]}`, indented."""
    kept = list(findings)
    return json.dumps({"verdict": verdict(kept), "findings": [as_dict(f) for f in kept]}, ensure_ascii=False, indent=2, default=str)
