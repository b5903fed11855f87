"""Where a case stands on its diagram, and what it has passed: read from its history and its execution."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions
from engine.diagram import Diagram
from engine.models import HistoryEvent, Incident, ProcessInstance

ARMED = frozenset({"boundaryEvent", "startEvent"})
"""Types of elements that wait without a token standing on them."""


@dataclass(frozen=True)
class Step:
    """One flow node that was left. `via`: the sequence flows its tokens came in through."""

    element: str
    wait_id: str | None
    at: datetime
    via: tuple[str, ...]


@dataclass(frozen=True)
class Footprint:
    """A case on its diagram."""

    diagram: Diagram
    steps: list[Step]
    passed: Counter[str]
    tokens: Counter[str]
    """How many tokens stand where. Nothing stands anywhere in a case that has ended."""
    failed: set[str]

    @property
    def flows(self) -> set[str]:
        """Sequence flows that tokens went along."""
        return {flow for step in self.steps for flow in step.via} | set(_ways_in(self.diagram, self.tokens, self.passed))


def of(session: Session, instance: ProcessInstance) -> Footprint:
    """The footprint of `instance` as it stands now."""
    diagram = deployments.diagram(session, instance.definition)
    steps = _steps(session, instance)
    return Footprint(
        diagram, steps, Counter(step.element for step in steps), _tokens(session, instance, diagram), _failed(session, instance)
    )


def _steps(session: Session, instance: ProcessInstance) -> list[Step]:
    query = select(HistoryEvent.element_id, HistoryEvent.wait_id, HistoryEvent.at, HistoryEvent.detail).where(
        HistoryEvent.instance_id == instance.id, HistoryEvent.kind == "element.completed"
    )
    rows = session.execute(query.order_by(HistoryEvent.id))
    return [Step(element, wait, at, tuple(detail.get("via", ()))) for element, wait, at, detail in rows if element]


def _tokens(session: Session, instance: ProcessInstance, diagram: Diagram) -> Counter[str]:
    if instance.state not in (executions.ACTIVE, executions.SUSPENDED):
        return Counter()
    found: Counter[str] = Counter()
    seen: set[tuple[str, str]] = set()
    for wait in executions.load(session, instance).waits.values():
        element = diagram.elements.get(wait.element_id)
        if element is not None and element.type not in ARMED:
            found[wait.element_id] += 1
            # The sub-process around a token is active as well.
            if element.parent_id and diagram.elements[element.parent_id].type != "process":
                seen.add((element.parent_id, wait.id))
    for parent in {parent for parent, _wait in seen}:
        found[parent] = max(found[parent], 1)
    return found


def _failed(session: Session, instance: ProcessInstance) -> set[str]:
    query = select(Incident.element_id).where(Incident.instance_id == instance.id, Incident.resolved_at.is_(None))
    return set(session.scalars(query))


def _ways_in(diagram: Diagram, tokens: Mapping[str, int], passed: Mapping[str, int]) -> Iterator[str]:
    """The flows that tokens came in through: known once they have gone on, told from what was passed while there is only one."""
    for id_ in tokens:
        flows = [e for e in diagram.elements.values() if e.type == "sequenceFlow" and e.node.get("targetRef") == id_]
        came = [flow for flow in flows if passed.get(flow.node.get("sourceRef") or "")]
        if len(came) == 1:
            yield came[0].id


def calls(
    session: Session, instance: ProcessInstance, footprint: Footprint, children: Iterable[ProcessInstance]
) -> dict[str, list[ProcessInstance]]:
    """Cases that `instance` called, by the call activity that did."""
    children = list(children)
    if not children:
        return {}
    places = {step.wait_id: step.element for step in footprint.steps if step.wait_id}
    if instance.state == executions.ACTIVE:
        places |= {wait.id: wait.element_id for wait in executions.load(session, instance).waits.values()}
    nodes = footprint.diagram.flow_nodes(instance.definition.key)
    callers = {e.node.get("calledElement"): e.id for e in nodes if e.type == "callActivity"}
    found: dict[str, list[ProcessInstance]] = {}
    for child in children:
        element = places.get(child.parent_wait_id or "") or callers.get(child.definition.key)
        if element:
            found.setdefault(element, []).append(child)
    return found
