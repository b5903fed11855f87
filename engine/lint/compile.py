"""What the engine cannot carry exactly is refused by the engine itself; what it said stands here beside the other findings."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from engine.errors import Finding, Refused
from engine.lint.folder import Folder
from engine.spiff import Program


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for process in diagram.executable:
            try:
                Program.compile(diagram, process.id)
            except Refused as refused:
                for finding in refused.findings:
                    yield replace(finding, file=finding.file or diagram.file, detail={**finding.detail, "rule": finding.rule})
