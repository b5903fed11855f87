"""What an act changed, before and after, in words: for the log of a case, and for what a batch did to each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from engine.expressions import from_json
from engine.models import Batch, BatchItem, HistoryEvent, ProcessDefinition, ProcessInstance, User
from web import story
from web.actwords import named
from web.database import db
from web.language import gettext as _
from web.words import STATES, write_moment

AFTER = {"instance.suspended": "suspended", "instance.activated": "active", "instance.cancelled": "cancelled"}
BEFORE = {"instance.suspended": "active", "instance.activated": "suspended", "instance.cancelled": "active"}
DONE_TO = {"suspend": "instance.suspended", "activate": "instance.activated", "cancel": "instance.cancelled"}


@dataclass(frozen=True)
class Change:
    """One thing that is not as it was."""

    label: str
    before: str
    after: str


def of_events(instance: ProcessInstance, events: Iterable[HistoryEvent]) -> dict[int, list[Change]]:
    """Event -> what it changed; without those that changed nothing that has a before and an after."""
    events = list(events)
    people = _people(event.detail.get(name) for event in events for name in ("from", "to") if event.kind.startswith("task."))
    found = {event.id: _of_event(instance, event.kind, event.detail, people) for event in events}
    return {number: changes for number, changes in found.items() if changes}


def of_items(batch: Batch, items: Iterable[BatchItem]) -> dict[int, list[Change]]:
    """Item of a batch that was done -> what it changed."""
    items = [item for item in items if item.state == "done"]
    kind, before = batch.kind, {item.id: item.before or {} for item in items}
    if kind == "put_back":
        return _put_back(batch, items)
    if kind in ("modify", "restart"):
        numbers = [one["event"] for one in before.values() if "event" in one]
        events = {event.id: event for event in db.session.scalars(select(HistoryEvent).where(HistoryEvent.id.in_(numbers)))}
        told = {item.id: events.get(before[item.id].get("event", 0)) for item in items}
        return {item.id: _of_event(item.instance, event.kind, event.detail, {}) for item in items if (event := told[item.id])}
    people = _people(one.get(name) for one in before.values() for name in ("before", "after") if kind == "assign")
    found = {item.id: _of_item(item, kind, before[item.id], people, batch.arguments) for item in items}
    return {number: changes for number, changes in found.items() if changes}


def _put_back(batch: Batch, items: Iterable[BatchItem]) -> dict[int, list[Change]]:
    """What the former batch had changed, the other way round."""
    former = db.session.get(Batch, batch.arguments["batch"])
    mine = {item.subject_id: item.id for item in items}
    query = select(BatchItem).where(BatchItem.batch_id == batch.arguments["batch"], BatchItem.id.in_(mine))
    loaded = query.options(joinedload(BatchItem.instance).joinedload(ProcessInstance.definition))
    found = of_items(former, db.session.scalars(loaded)) if former else {}
    return {mine[number]: [Change(one.label, one.after, one.before) for one in changes] for number, changes in found.items()}


def _people(numbers: Iterable[Any]) -> dict[int, str]:
    wanted = {number for number in numbers if isinstance(number, int)}
    query = select(User.id, User.name).where(User.id.in_(wanted))
    return {key: name for key, name in db.session.execute(query)} if wanted else {}  # noqa: C416 - dict() of rows is not typed


def _of_item(item: BatchItem, kind: str, done: Mapping[str, Any], people: Mapping[int, str], arguments: Mapping[str, Any]) -> list[Change]:
    if kind == "assign":
        return [_holder(done.get("before"), done.get("after"), people)]
    if kind == "set_due_date":
        return [Change(_("Hạn"), _moment(done.get("before")), _moment(done.get("after")))]
    if kind == "set_priority":
        return [Change(_("Mức ưu tiên"), str(done.get("before", "")), str(done.get("after", "")))]
    if kind == "set_variables":
        return _variables(item.instance, done)
    if kind == "migrate":
        versions = (db.session.get(ProcessDefinition, arguments[name]) for name in ("from", "to"))
        old, new = (str(one.version) if one else "?" for one in versions)
        return [Change(_("Bản"), old, new)]
    return _state(DONE_TO[kind]) if kind in DONE_TO else []


def _of_event(instance: ProcessInstance, kind: str, detail: Mapping[str, Any], people: Mapping[int, str]) -> list[Change]:
    if kind in AFTER:
        return _state(kind)
    if kind in ("task.assigned", "task.unclaimed") and "from" in detail:
        return [_holder(detail["from"], detail.get("to"), people)]
    if kind == "task.due_date_set":
        return [Change(_("Hạn"), _moment(detail.get("from")), _moment(detail.get("due")))]
    if kind == "task.priority_set":
        return [Change(_("Mức ưu tiên"), str(detail.get("from", "")), str(detail.get("priority", "")))]
    if kind == "variables.set" and "before" in detail:
        return _variables(instance, detail)
    if kind == "instance.migrated":
        return [Change(_("Bản"), str(detail.get("from", "")), str(detail.get("to", "")))]
    if kind in ("instance.modified", "instance.restarted"):
        before, after = (named(instance.definition, dict.fromkeys(one[1] for one in detail.get(name, ()))) for name in ("before", "after"))
        former = (detail.get("from") or {}).get("state", "") if kind == "instance.restarted" else ""
        return [Change(_("Đang đứng ở"), str(STATES[former][0]) if former in STATES else before, after or str(STATES["completed"][0]))]
    if detail.get("by_hand") and detail.get("variables"):
        return _variables(instance, {"before": {}, "after": detail["variables"]})
    return []


def _state(kind: str) -> list[Change]:
    return [Change(_("Trạng thái"), str(STATES[BEFORE[kind]][0]), str(STATES[AFTER[kind]][0]))]


def _holder(before: Any, after: Any, people: Mapping[int, str]) -> Change:
    nobody = _("chưa có người nhận")
    return Change(_("Người giữ"), people.get(before, nobody), people.get(after, nobody))


def _moment(text: Any) -> str:
    return write_moment(datetime.fromisoformat(text)) if text else _("không có hạn")


def _variables(instance: ProcessInstance, detail: Mapping[str, Any]) -> list[Change]:
    reader = story.reader(instance, [])
    before, after = from_json(dict(detail.get("before") or {})), from_json(dict(detail.get("after") or {}))
    found = []
    for name, value in after.items():
        was, now = reader.one(name, before.get(name)), reader.one(name, value)
        found.append(Change(now.label, was.text or _brief(before.get(name)), now.text or _brief(value)))
    return found


def _brief(value: Any) -> str:
    """What is no single value: how much there is of it."""
    return _("%(count)s mục", count=len(value)) if isinstance(value, list | dict) and value else ""
