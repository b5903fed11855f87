"""How long steps take, and their cases after them: medians of the cases of a process that finished last, in working hours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from sqlalchemy import delete, select
from sqlalchemy.orm import Session, sessionmaker

from engine import db, working_time
from engine.expressions import ZONE
from engine.forecasts.ruler import Ruler
from engine.models import HistoryEvent, ProcessDefinition, ProcessInstance, StepTime

LEAST = 5
"""Finished cases below which nothing is said."""
SAMPLE = 300
"""Finished cases of a process that are measured, the newest."""
WHOLE = ""
"""Stands for the whole case where an element is named."""
STEPS = frozenset(
    {
        *("userTask", "manualTask", "serviceTask", "sendTask", "receiveTask", "businessRuleTask", "scriptTask", "task"),
        *("callActivity", "intermediateCatchEvent"),
    }
)
"""Elements at which a case stands."""
SAME = 0.02
"""By how much a figure may differ from the former one, of it, to count as the same."""


@dataclass
class _Step:
    cases: set[int] = field(default_factory=set)
    whole: list[float] = field(default_factory=list)
    stay: list[float] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)


def refresh(sessions: sessionmaker[Session]) -> int:
    """Measure all processes, each in a transaction of its own. How many have other figures than before."""
    with sessions() as session:
        keys = list(session.scalars(select(ProcessDefinition.key).distinct()))
    changed = 0
    for key in keys:
        with sessions.begin() as session:
            changed += measure(session, key)
    return changed


def measure(session: Session, key: str) -> bool:
    """The figures of one process. Whether they have changed: what follows from them is computed again then."""
    ended = ProcessInstance.ended_at
    last = select(ProcessInstance.id, ProcessInstance.started_at, ended).join(ProcessInstance.definition)
    last = last.where(ProcessDefinition.key == key, ProcessInstance.state == "completed", ended.is_not(None))
    cases = {id_: (start, end) for id_, start, end in session.execute(last.order_by(ended.desc()).limit(SAMPLE)) if end}
    former = {row.element_id: row for row in session.scalars(select(StepTime).where(StepTime.process_key == key))}
    if len(cases) < LEAST:
        if former:
            session.execute(delete(StepTime).where(StepTime.process_key == key))
        return bool(former)
    steps = _measured(session, cases)
    changed = steps.keys() != former.keys()
    for element_id in former.keys() - steps.keys():
        session.delete(former[element_id])
    for element_id, step in steps.items():
        row = former.get(element_id) or StepTime(process_key=key, element_id=element_id)
        figures = {"median": median(step.whole), "stay": median(step.stay), "rest": median(step.rest)}
        changed = changed or not _same(row, figures)
        row.count = len(step.cases)
        for name, value in figures.items():
            setattr(row, name, value)
        session.add(row)
        former[element_id] = row
    if changed:
        for element_id in steps:
            former[element_id].computed_at = db.now(session)
    session.flush()
    return changed


def _same(row: StepTime, figures: Mapping[str, float]) -> bool:
    return row.computed_at is not None and all(abs(getattr(row, name) - value) <= SAME * max(1.0, value) for name, value in figures.items())


def _measured(session: Session, cases: Mapping[int, tuple[datetime, datetime]]) -> dict[str, _Step]:
    """By element. Where one took part in several passages of a case, each counts, the case once."""
    first = min(start for start, _end in cases.values()).astimezone(ZONE).date()
    last = max(end for _start, end in cases.values()).astimezone(ZONE).date()
    ruler = Ruler(working_time.calendar(session), first, last + timedelta(days=1))
    whole = _Step()
    found = {WHOLE: whole}
    ends = {}
    for id_, (start, end) in cases.items():
        begun, ends[id_] = ruler.at(start), ruler.at(end)
        whole.cases.add(id_)
        for lengths in (whole.whole, whole.stay):
            lengths.append(ends[id_] - begun)
        whole.rest.append(0.0)
    query = select(HistoryEvent.instance_id, HistoryEvent.element_id, HistoryEvent.element_type, HistoryEvent.at, HistoryEvent.detail)
    query = query.where(HistoryEvent.instance_id.in_(cases), HistoryEvent.kind == "element.completed")
    for id_, element_id, type_, at, detail in session.execute(query):
        if type_ not in STEPS or not element_id or not detail.get("entered_at"):
            continue
        entered, left = ruler.at(datetime.fromisoformat(detail["entered_at"])), ruler.at(at)
        step = found.setdefault(element_id, _Step())
        step.cases.add(id_)
        step.whole.append(max(0.0, ends[id_] - entered))
        step.stay.append(max(0.0, left - entered))
        step.rest.append(max(0.0, ends[id_] - left))
    return {element_id: step for element_id, step in found.items() if len(step.cases) >= LEAST}
