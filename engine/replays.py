"""The replay of a case: how it stood on its diagram after each thing that happened, told from its history and from where it stands now.

Entries that one step of the engine has written differ by milliseconds; together they are one moment, and what lies between them is nothing
that anybody ever met. A token that stands somewhere is told from the entry that says when it has left, which says also since when it stood.
"""

from __future__ import annotations

from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import deployments, executions
from engine.footprints import ARMED
from engine.models import HistoryEvent, ProcessInstance, User
from engine.spiff import Passage

PAUSE = timedelta(milliseconds=100)
"""Entries that lie closer together are of one moment."""
LONGEST = timedelta(seconds=1)
GATEWAY = "eventBasedGateway"
NOT_STOOD_AT = ARMED | {"exclusiveGateway", "parallelGateway", "inclusiveGateway", "complexGateway"}
"""Types of elements that are passed, or only listen: a branch that waits at a join is none that anybody could do something about."""
_STATES = {"suspended": executions.SUSPENDED, "activated": executions.ACTIVE, "restarted": executions.ACTIVE}
_ENDS = ("completed", "cancelled", "failed")


@dataclass(frozen=True)
class Entry:
    """What of an entry of the history is needed here, and by who shows it."""

    at: datetime
    kind: str
    element_id: str | None
    element_name: str | None
    element_type: str | None
    wait_id: str | None
    detail: Mapping[str, Any]
    actor: str | None
    """Name of who acted; None: the engine itself."""


@dataclass(frozen=True)
class Picture:
    """How a case stood. `flows`: sequence flows that tokens went along."""

    state: str = executions.ACTIVE
    version: int = 0
    active: Mapping[str, int] = field(default_factory=dict)
    passed: Mapping[str, int] = field(default_factory=dict)
    flows: frozenset[str] = frozenset()
    failed: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Moment:
    """What happened at once, and how the case stood afterwards."""

    at: datetime
    entries: Sequence[Entry]
    picture: Picture


@dataclass(frozen=True)
class Replay:
    """Every moment of a case, oldest first. `places`: wait id -> element, of all places at which it has waited, as they are called now."""

    moments: Sequence[Moment]
    places: Mapping[str, str]


@dataclass
class _Stay:
    """A token at an element: from one moment to another, or still (`left` None)."""

    element: str
    type: str
    entered: int
    left: int | None
    via: tuple[str, ...]
    waits: bool
    done: bool


@dataclass
class _Change:
    """What one moment changes: who comes, who goes, what was passed."""

    come: list[tuple[_Stay, str]] = field(default_factory=list)
    go: list[tuple[_Stay, str]] = field(default_factory=list)
    passed: list[_Stay] = field(default_factory=list)


def of(session: Session, instance: ProcessInstance) -> Replay:
    """The replay of a case. For who sees the whole case."""
    running = instance.state in (executions.ACTIVE, executions.SUSPENDED)
    diagram = deployments.diagram(session, instance.definition)
    stays = executions.load(session, instance).stays if running else []
    types = {id_: element.type for id_, element in diagram.elements.items()}
    behind: dict[str, list[str]] = {}
    for element in diagram.elements.values():
        if element.type == "sequenceFlow" and types.get(element.node.get("sourceRef") or "") == GATEWAY:
            behind.setdefault(element.node.get("sourceRef") or "", []).append(element.node.get("targetRef") or "")
    entries = _entries(session, instance)
    places = {entry.wait_id: entry.element_id for entry in entries if entry.wait_id and entry.element_id}
    places |= {stay.wait_id: stay.element_id for stay in stays if stay.wait_id}
    return Replay(replay(entries, stays, types, behind, instance.definition.version), places)


def _entries(session: Session, instance: ProcessInstance) -> list[Entry]:
    row = HistoryEvent
    columns = (row.at, row.kind, row.element_id, row.element_name, row.element_type, row.wait_id, row.detail, User.name)
    query = select(*columns).outerjoin(User, User.id == row.actor_id).where(row.instance_id == instance.id)
    return [Entry(*found) for found in session.execute(query.order_by(row.id))]


def replay(
    entries: Sequence[Entry], stays: Iterable[Passage], types: Mapping[str, str], behind: Mapping[str, Sequence[str]], version: int
) -> list[Moment]:
    """`entries`: the history, oldest first. `stays`: where tokens stand now. `types`: of the elements of the present `version`; `behind`:
    the events that each event-based gateway waits for."""
    groups = list(_grouped(entries))
    if not groups:
        return []
    clock = _Clock(groups)
    found = [*_left(groups, clock), *_standing(stays, clock, types)]
    moves = [(number, entry.detail) for number, group in enumerate(groups) for entry in group if entry.kind == "instance.migrated"]
    changes = [_Change() for _ in groups]
    for stay in found:
        _enter(changes, stay, moves, behind)
    return list(_moments(groups, changes, moves[0][1]["from"] if moves else version))


# --- from entries to stays ---


def _grouped(entries: Iterable[Entry]) -> Iterator[list[Entry]]:
    group: list[Entry] = []
    for entry in entries:
        if group and (abs(entry.at - group[-1].at) > PAUSE or abs(entry.at - group[0].at) > LONGEST):
            yield group
            group = []
        group.append(entry)
    if group:
        yield group


class _Clock:
    """Which moment it was. Clocks of several machines differ: where an entry has the very time that is asked for, it is that one's."""

    def __init__(self, groups: Iterable[Sequence[Entry]]) -> None:
        self._known: dict[datetime, int] = {}
        self._starts: list[datetime] = []
        for number, group in enumerate(groups):
            first = min(entry.at for entry in group)
            self._starts.append(max(first, self._starts[-1]) if self._starts else first)
            for entry in group:
                self._known.setdefault(entry.at, number)

    def moment(self, at: datetime) -> int:
        """The moment at which something began that began at `at`."""
        known = self._known.get(at)
        return known if known is not None else max(0, bisect_right(self._starts, at + PAUSE) - 1)


def _left(groups: Iterable[Sequence[Entry]], clock: _Clock) -> Iterator[_Stay]:
    for number, group in enumerate(groups):
        for entry in group:
            kind, _dot, how = entry.kind.partition(".")
            if kind == "element" and entry.element_id:
                since = entry.detail.get("entered_at")
                entered = min(number, clock.moment(datetime.fromisoformat(since))) if since else number
                via = tuple(entry.detail.get("via", ()))
                waits, done = entry.wait_id is not None, how == "completed"
                yield _Stay(entry.element_id, entry.element_type or "", entered, number, via, waits, done)


def _standing(stays: Iterable[Passage], clock: _Clock, types: Mapping[str, str]) -> Iterator[_Stay]:
    for stay in stays:
        entered, waits = clock.moment(stay.entered_at), stay.wait_id is not None
        yield _Stay(stay.element_id, types.get(stay.element_id, ""), entered, None, stay.via, waits, False)


def _enter(
    changes: list[_Change], stay: _Stay, moves: Sequence[tuple[int, Mapping[str, Any]]], behind: Mapping[str, Sequence[str]]
) -> None:
    """Put a stay where it begins and ends, under the name that its element had in the version of the time."""
    if stay.done and stay.left is not None:
        changes[stay.left].passed.append(stay)
    if stay.left == stay.entered or stay.type in NOT_STOOD_AT:
        return
    until, element = stay.left, stay.element
    parts: list[tuple[int, int | None, str]] = []
    for number, detail in reversed(moves):
        if stay.entered < number and (stay.left is None or number < stay.left):
            parts.append((number, until, element))
            until, element = number, _former(detail.get("mapping") or {}, element)
    parts.append((stay.entered, until, element))
    for begin, end, name in parts:
        for one in behind.get(name, (name,)) if stay.type == GATEWAY else (name,):
            changes[begin].come.append((stay, one))
            if end is not None:
                changes[end].go.append((stay, one))


def _former(mapping: Mapping[str, str], element: str) -> str:
    """What an element of a version was called in the version before. Of several that became one, any: they cannot be told apart."""
    return next((old for old, new in mapping.items() if new == element), element)


# --- from stays to pictures ---


def _moments(groups: Sequence[Sequence[Entry]], changes: Sequence[_Change], version: int) -> Iterator[Moment]:
    state, waiting, around = executions.ACTIVE, Counter[str](), Counter[str]()
    passed, failed, flows = Counter[str](), Counter[str](), set[str]()
    for group, change in zip(groups, changes, strict=True):
        for sign, moved in ((-1, change.go), (1, change.come)):
            for stay, element in moved:
                # A multi-instance stands around its instances, an event-based gateway around the events that it waits for.
                (waiting if stay.waits and stay.type != GATEWAY else around)[element] += sign
                if sign > 0:
                    flows.update(stay.via)
        for stay in change.passed:
            passed[stay.element] += 1
            flows.update(stay.via)
        for entry in group:
            state, version = _state(entry, state), entry.detail["to"] if entry.kind == "instance.migrated" else version
            _fail(failed, entry)
        active = {id_: waiting[id_] or 1 for id_ in (+waiting | +around)}
        yield Moment(group[0].at, group, Picture(state, version, active, dict(passed), frozenset(flows), frozenset(+failed)))


def _state(entry: Entry, state: str) -> str:
    noun, _dot, verb = entry.kind.partition(".")
    if noun != "instance":
        return state
    return verb if verb in _ENDS else _STATES.get(verb, state)


def _fail(failed: Counter[str], entry: Entry) -> None:
    """Keep count of what has failed and was not mended yet."""
    noun, _dot, verb = entry.kind.partition(".")
    if entry.kind == "instance.migrated":
        for old, new in (entry.detail.get("mapping") or {}).items():
            failed[new] += failed.pop(old, 0)
    elif noun == "instance" and verb in _ENDS:
        failed.clear()
    elif entry.element_id and (entry.kind == "incident.raised" or (entry.kind == "job.failed" and entry.detail.get("retries") == 0)):
        failed[entry.element_id] += 1
    elif entry.kind == "incident.resolved" or (noun == "element" and verb in ("cancelled", "skipped")):
        # Mended for the whole installation, its entry names no element: then it is the last that failed.
        element = entry.element_id or next(reversed(failed), None)
        if element and failed[element]:
            failed[element] -= 1
