"""Where a case stands on its diagram, for the canvas and for the table that says the same."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions, identity
from engine.diagram import FLOW_NODES, Diagram
from engine.models import HistoryEvent, Incident, ProcessInstance, User
from web.language import gettext as _

ARMED = frozenset({"boundaryEvent", "startEvent"})
"""Types of elements that wait without a token standing on them."""

TYPES = {
    "startEvent": _l("bắt đầu"), "endEvent": _l("kết thúc"), "userTask": _l("việc của người"), "serviceTask": _l("việc tự động"),
    "sendTask": _l("gửi"), "receiveTask": _l("nhận"), "scriptTask": _l("tính toán"), "businessRuleTask": _l("bảng quyết định"),
    "manualTask": _l("việc ngoài hệ thống"), "task": _l("việc"), "callActivity": _l("quy trình con"), "subProcess": _l("nhóm bước"),
    "exclusiveGateway": _l("rẽ nhánh"), "parallelGateway": _l("song song"), "inclusiveGateway": _l("rẽ nhiều nhánh"),
    "eventBasedGateway": _l("chờ sự kiện"), "intermediateCatchEvent": _l("chờ"), "intermediateThrowEvent": _l("phát"),
    "boundaryEvent": _l("sự kiện biên"),
}  # fmt: skip


@dataclass
class Standing:
    """One flow node of the table."""

    id: str
    name: str
    kind: str
    legal_basis: str
    passed: int = 0
    active: int = 0
    last_at: datetime | None = None
    failed: bool = False
    calls: list[ProcessInstance] | None = None


def _passages(session: Session, instance: ProcessInstance) -> list[tuple[str | None, str | None, datetime, dict[str, Any]]]:
    query = select(HistoryEvent.element_id, HistoryEvent.wait_id, HistoryEvent.at, HistoryEvent.detail).where(
        HistoryEvent.instance_id == instance.id, HistoryEvent.kind == "element.completed"
    )
    return [tuple(row) for row in session.execute(query.order_by(HistoryEvent.id))]


def _tokens(session: Session, instance: ProcessInstance, diagram: Diagram) -> Counter[str]:
    """How many tokens stand where. Nothing stands anywhere in a case that has ended."""
    if instance.state not in (executions.ACTIVE, "suspended"):
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


def _calls(session: Session, instance: ProcessInstance, user: User, diagram: Diagram) -> dict[str, list[ProcessInstance]]:
    """Called cases by the call activity that called them, those that `user` may open."""
    query = select(ProcessInstance).where(ProcessInstance.parent_id == instance.id, identity.may_see_whole_case(user))
    children = list(session.scalars(query.order_by(ProcessInstance.id)))
    if not children:
        return {}
    places = {wait: element for element, wait, _at, _detail in _passages(session, instance) if wait and element}
    if instance.state == executions.ACTIVE:
        places |= {wait.id: wait.element_id for wait in executions.load(session, instance).waits.values()}
    callers = {e.node.get("calledElement"): e.id for e in diagram.flow_nodes(instance.definition.key) if e.type == "callActivity"}
    found: dict[str, list[ProcessInstance]] = {}
    for child in children:
        element = places.get(child.parent_wait_id or "") or callers.get(child.definition.key)
        if element:
            found.setdefault(element, []).append(child)
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


def state(session: Session, instance: ProcessInstance, user: User) -> dict[str, Any]:
    """What src/diagram.js draws."""
    diagram = deployments.diagram(session, instance.definition)
    passages = _passages(session, instance)
    passed = Counter(element for element, _wait, _at, _detail in passages if element)
    tokens = _tokens(session, instance, diagram)
    flows = {flow for _element, _wait, _at, detail in passages for flow in detail.get("via", ())}
    flows |= set(_ways_in(diagram, tokens, passed))
    calls = {}
    for element, cases in _calls(session, instance, user, diagram).items():
        address = url_for("cases.show", instance_id=cases[0].id) if len(cases) == 1 else "#ho-so-con"
        label = cases[0].title or cases[0].business_key if len(cases) == 1 else _("%(count)s hồ sơ con", count=len(cases))
        calls[element] = {"label": label, "address": address}
    return {
        "passed": dict(passed),
        "flows": sorted(flows),
        "active": dict(tokens),
        "failed": sorted(_failed(session, instance)),
        "calls": calls,
    }


def table(session: Session, instance: ProcessInstance, user: User) -> list[Standing]:
    """The same as rows: every named flow node, in the order of the file, and unnamed ones that were passed."""
    diagram = deployments.diagram(session, instance.definition)
    tokens, failed, calls = _tokens(session, instance, diagram), _failed(session, instance), _calls(session, instance, user, diagram)
    rows = {
        e.id: Standing(e.id, e.name or e.id, str(TYPES.get(e.type, e.type)), e.properties.get("can_cu", ""))
        for e in diagram.flow_nodes(instance.definition.key)
        if e.type in FLOW_NODES
    }
    for element, _wait, at, _detail in _passages(session, instance):
        if element in rows:
            rows[element].passed += 1
            rows[element].last_at = at
    for id_, row in rows.items():
        row.active, row.failed, row.calls = tokens[id_], id_ in failed, calls.get(id_)
    return [row for row in rows.values() if row.name != row.id or row.passed or row.active]
