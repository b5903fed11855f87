"""Where a case stands on its diagram, for the canvas and for the table that says the same."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import url_for
from flask_babel import lazy_gettext as _l
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import footprints, identity
from engine.diagram import FLOW_NODES
from engine.footprints import Footprint
from engine.models import ProcessInstance, User
from web.language import gettext as _

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


def _calls(session: Session, instance: ProcessInstance, user: User, footprint: Footprint) -> dict[str, list[ProcessInstance]]:
    """Called cases by the call activity that called them, those that `user` may open."""
    query = select(ProcessInstance).where(ProcessInstance.parent_id == instance.id, identity.may_see_whole_case(user))
    return footprints.calls(session, instance, footprint, session.scalars(query.order_by(ProcessInstance.id)))


def state(session: Session, instance: ProcessInstance, user: User) -> dict[str, Any]:
    """What src/diagram.js draws."""
    footprint = footprints.of(session, instance)
    calls = {}
    for element, cases in _calls(session, instance, user, footprint).items():
        address = url_for("cases.show", instance_id=cases[0].id) if len(cases) == 1 else "#ho-so-con"
        label = cases[0].title or cases[0].business_key if len(cases) == 1 else _("%(count)s hồ sơ con", count=len(cases))
        calls[element] = {"label": label, "address": address}
    return {
        "passed": dict(footprint.passed),
        "flows": sorted(footprint.flows),
        "active": dict(footprint.tokens),
        "failed": sorted(footprint.failed),
        "calls": calls,
    }


def table(session: Session, instance: ProcessInstance, user: User) -> list[Standing]:
    """The same as rows: every named flow node, in the order of the file, and unnamed ones that were passed."""
    footprint = footprints.of(session, instance)
    calls = _calls(session, instance, user, footprint)
    rows = {
        e.id: Standing(e.id, e.name or e.id, str(TYPES.get(e.type, e.type)), e.properties.get("can_cu", ""))
        for e in footprint.diagram.flow_nodes(instance.definition.key)
        if e.type in FLOW_NODES
    }
    for step in footprint.steps:
        if step.element in rows:
            rows[step.element].passed += 1
            rows[step.element].last_at = step.at
    for id_, row in rows.items():
        row.active, row.failed, row.calls = footprint.tokens[id_], id_ in footprint.failed, calls.get(id_)
    return [row for row in rows.values() if row.name != row.id or row.passed or row.active]
