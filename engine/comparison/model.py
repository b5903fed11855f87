"""What differs: the words of a comparison."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """How something differs. `moved`: it only stands elsewhere. `same`: it does not differ."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"
    MOVED = "moved"
    SAME = "same"


@dataclass(frozen=True)
class Change:
    """One property that differs. None: it is not there."""

    what: str
    """Its path: `name`, `camunda:assignee`, `timerEventDefinition/timeDuration`, `camunda:properties/camunda:property[can_cu]@value`."""
    old: str | None
    new: str | None


@dataclass(frozen=True)
class Difference:
    """One element, field or entry that differs."""

    id: str
    kind: Kind
    type: str
    """Of the element or field: `userTask`, `textfield`; empty for entries."""
    name: str
    changes: tuple[Change, ...] = ()
    moved: bool = False
    """It stands elsewhere as well."""
    ends: tuple[str, str] | None = None
    """What a connection leads from and to, in words."""


def changes(old: Mapping[str, str], new: Mapping[str, str]) -> tuple[Change, ...]:
    """What differs between two sets of properties, in the order of the new one, then what is gone."""
    names = [*new, *(name for name in old if name not in new)]
    return tuple(Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def out_of_order(old: Sequence[str], new: Iterable[str]) -> frozenset[str]:
    """Those of both sequences that have to be moved to make one order of the other; as few as possible. Names occur once in each."""
    place = {name: number for number, name in enumerate(old)}
    common = [name for name in new if name in place]
    # The longest ascending run of former places can stay; patience sorting finds it.
    ends: list[int] = []
    at: list[int] = []
    for name in common:
        position = bisect_left(ends, place[name])
        ends[position : position + 1] = [place[name]]
        at.append(position)
    wanted = len(ends) - 1
    stay: set[str] = set()
    for name, position in zip(reversed(common), reversed(at), strict=True):
        if position == wanted:
            stay.add(name)
            wanted -= 1
    return frozenset(common) - stay
