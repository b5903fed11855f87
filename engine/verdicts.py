"""Verdicts: how the scenarios of a draft end on its content as it is now.

A scenario is run again only when the draft's content or the scenario itself has changed: the verdict is kept under the digest of both.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from engine import contents, db
from engine.diagram import Diagram, Element
from engine.models import Verdict
from engine.reports import Report
from engine.workspaces import deployable

FOLDER, ENDING = "scenarios/", ".json"
KEPT = timedelta(days=30)


@dataclass(frozen=True)
class Kept:
    """A scenario that the draft holds. `wrong`: why it cannot be read."""

    file: str
    scenario: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""
    key: str = ""

    @property
    def name(self) -> str:
        return str(self.scenario.get("name") or self.file.removeprefix(FOLDER).removesuffix(ENDING))


@dataclass(frozen=True)
class Coverage:
    """What scenarios passed of one process: flow nodes, and ids of sequence flows."""

    process: Element
    diagram: Diagram
    passed: Counter[str]

    @property
    def nodes(self) -> list[Element]:
        return self.diagram.flow_nodes(self.process.id)

    @property
    def missed(self) -> list[Element]:
        """Flow nodes that were never passed, in the order of the file."""
        return [node for node in self.nodes if not self.passed[node.id]]

    @property
    def missed_flows(self) -> list[str]:
        flows = [e for e in self.diagram.elements.values() if e.type == "sequenceFlow" and e.process_id == self.process.id]
        return [flow.id for flow in flows if not self.passed[flow.id]]


def scenarios(files: Mapping[str, bytes]) -> list[Kept]:
    """The scenarios of a draft, by file name."""
    digest = contents.digest(deployable(files))
    names = sorted(name for name in files if name.startswith(FOLDER) and name.endswith(ENDING))
    return [_read(name, files[name], digest) for name in names]


def _read(name: str, data: bytes, digest: str) -> Kept:
    key = hashlib.sha256(digest.encode() + hashlib.sha256(data).digest()).hexdigest()
    try:
        scenario = json.loads(data)
    except (ValueError, RecursionError) as error:
        return Kept(name, wrong=str(error)[:200], key=key)
    return Kept(name, scenario, key=key) if isinstance(scenario, dict) else Kept(name, wrong="{...}", key=key)


def known(session: Session, workspace_id: int, kept: Iterable[Kept]) -> dict[str, Report]:
    """By file: what was found when the scenario was run on this very content."""
    by_key = {one.key: one.file for one in kept}
    query = select(Verdict).where(Verdict.workspace_id == workspace_id, Verdict.key.in_(by_key))
    return {by_key[one.key]: Report(**one.report) for one in session.scalars(query)}


def store(session: Session, workspace_id: int, kept: Kept, report: Report) -> None:
    """Keep what was found. Old ones go."""
    session.execute(delete(Verdict).where(Verdict.ran_at < db.now(session) - KEPT))
    session.merge(
        Verdict(workspace_id=workspace_id, key=kept.key, report=replace(report, trace=[], variables={}).as_dict(), ran_at=db.now(session))
    )
    session.flush()


def coverage(parsed: contents.Contents, reports: Iterable[Report]) -> list[Coverage]:
    """What these runs passed of every process of the draft."""
    passed: dict[str, Counter[str]] = {}
    for report in reports:
        for key, counts in report.passed.items():
            passed.setdefault(key, Counter()).update(counts)
    return [
        Coverage(process, diagram, passed.get(process.id, Counter()))
        for diagram in parsed.diagrams.values()
        for process in diagram.executable
    ]
