"""What src/replay.js shows: a case at every moment, each as what it changes of the one before. Small however long the history is.

`names`: ids of elements and flows, `words` and `people`, each once; the moments name them by their place there. A moment: `at` (seconds),
`shown`, `state` and `version` (where they change), `said` ([words, person or -1]), `active` and `passed` (element -> count, 0: no more),
`flows` (new ones), `failed` (element -> 1 or 0), `calls` (element -> label and address, which is empty for
several; null: no more).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from flask import url_for
from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine import deployments, identity, replays
from engine.models import HistoryEvent, ProcessDefinition, ProcessInstance, User
from engine.replays import Entry, Moment, Replay
from web.language import gettext as _
from web.words import STATES, event_words, write_moment

SILENT = frozenset({"element.completed", "element.skipped", "element.cancelled"})
"""What the diagram shows by itself, where the moment has something else to say."""


class _Table:
    """Texts, each once, in the order in which they came."""

    def __init__(self) -> None:
        self.places: dict[str, int] = {}

    def __call__(self, text: str) -> int:
        return self.places.setdefault(text, len(self.places))

    def all(self) -> list[str]:
        return list(self.places)


def of(session: Session, instance: ProcessInstance, user: User) -> dict[str, Any]:
    """All moments of a case. For who sees the whole case."""
    replay = replays.of(session, instance)
    moments, calls = replay.moments, list(_calls(session, instance, user, replay))
    names, words, people = _Table(), _Table(), _Table()
    told: list[dict[str, Any]] = []
    before: dict[str, Any] = {"active": {}, "passed": {}, "flows": frozenset(), "failed": {}, "calls": {}}
    state, version = "", 0
    for moment, called in zip(moments, calls, strict=True):
        picture = moment.picture
        now: dict[str, Any] = {
            "active": picture.active,
            "passed": picture.passed,
            "flows": picture.flows,
            "failed": dict.fromkeys(picture.failed, 1),
            "calls": called,
        }
        one: dict[str, Any] = {"at": int(moment.at.timestamp()), "shown": write_moment(moment.at), "said": _said(moment, words, people)}
        for key in ("active", "passed", "failed", "calls"):
            if changed := _changed(before[key], now[key], names, None if key == "calls" else 0):
                one[key] = changed
        if new := sorted(now["flows"] - before["flows"]):
            one["flows"] = [names(flow) for flow in new]
        if picture.state != state:
            one["state"] = str(STATES[picture.state][0])
        if picture.version != version:
            one["version"] = picture.version
        before, state, version = now, picture.state, picture.version
        told.append(one)
    return {
        "names": names.all(),
        "labels": _labels(session, instance, moments, names.all()),
        "words": words.all(),
        "people": people.all(),
        "version": instance.definition.version,
        "moments": told,
    }


def _changed(before: Mapping[str, Any], now: Mapping[str, Any], names: _Table, gone: Any) -> dict[str, Any]:
    found = {str(names(id_)): value for id_, value in now.items() if before.get(id_) != value}
    return found | {str(names(id_)): gone for id_ in before if id_ not in now}


def _said(moment: Moment, words: _Table, people: _Table) -> list[list[int]]:
    """The entries in words: those that tell something, or the named steps that were passed."""
    telling = [entry for entry in moment.entries if entry.kind not in SILENT]
    found: dict[tuple[int, int], None] = {}
    for entry in telling or [entry for entry in moment.entries if entry.element_name]:
        found[words(event_words(_event(entry))), people(_who(entry)) if entry.actor else -1] = None
    return [list(one) for one in found]


def _who(entry: Entry) -> str:
    absent = entry.detail.get("for_name")
    return _("%(name)s, thay %(absent)s", name=entry.actor, absent=absent) if absent else entry.actor or ""


def _event(entry: Entry) -> HistoryEvent:
    return HistoryEvent(kind=entry.kind, element_name=entry.element_name, detail=entry.detail)


def _labels(session: Session, instance: ProcessInstance, moments: Sequence[Moment], names: Sequence[str]) -> list[str]:
    """What elements are called, as the history calls them; those that only the diagram knows by that; flows: nothing."""
    found = {id_: element.name for id_, element in deployments.diagram(session, instance.definition).elements.items() if element.name}
    found |= {
        entry.element_id: entry.element_name for moment in moments for entry in moment.entries if entry.element_id and entry.element_name
    }
    return [found.get(name, "") for name in names]


def _calls(session: Session, instance: ProcessInstance, user: User, replay: Replay) -> Iterator[dict[str, list[str]]]:
    """The called cases that `user` may open, at each moment by the element that called them."""
    query = select(ProcessInstance).where(ProcessInstance.parent_id == instance.id, identity.may_see_whole_case(user))
    children = list(session.scalars(query.order_by(ProcessInstance.id)))
    ends: list[datetime | None] = [*(moment.at for moment in replay.moments[1:]), None]
    for until in ends:
        here: dict[str, list[ProcessInstance]] = {}
        for child in children:
            element = replay.places.get(child.parent_wait_id or "")
            if element and (until is None or child.started_at < until):
                here.setdefault(element, []).append(child)
        yield {element: _call(cases) for element, cases in here.items()}


def _call(cases: Sequence[ProcessInstance]) -> list[str]:
    if len(cases) > 1:
        return [_("%(count)s hồ sơ con", count=len(cases)), ""]
    return [cases[0].title or cases[0].business_key, url_for("cases.show", instance_id=cases[0].id)]


def definition(session: Session, instance: ProcessInstance, version: int) -> ProcessDefinition | None:
    """A version that the case has run; None: it has never run that one."""
    if version == instance.definition.version:
        return instance.definition
    moved = select(HistoryEvent.detail).where(HistoryEvent.instance_id == instance.id, HistoryEvent.kind == "instance.migrated")
    if version not in {detail.get("from") for detail in session.scalars(moved)}:
        return None
    query = select(ProcessDefinition).where(ProcessDefinition.key == instance.definition.key, ProcessDefinition.version == version)
    return session.scalar(query.options(joinedload(ProcessDefinition.deployment)))
