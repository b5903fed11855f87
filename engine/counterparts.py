"""Counterparts: which element of a new version stands for which of the old one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from engine.diagram import FLOW_NODES, Diagram, Element


@dataclass(frozen=True)
class _Node:
    element: Element
    before: frozenset[str]
    after: frozenset[str]
    """Ids of the flow nodes that lead here, and that this one leads to or is the boundary event of."""


def propose(old: Diagram, new: Diagram) -> dict[str, str]:
    """For flow nodes of `old` the one of `new` that takes their place: the same id and type, or, renamed, found by structure.

    By structure: of the same type, around it what stands for what was around it, and either the only one of its name or between the same
    neighbours. Where two would fit equally, none is proposed. Elements that have no counterpart are not in it.
    """
    before, after = _nodes(old), _nodes(new)
    found = {id_: id_ for id_, node in before.items() if id_ in after and after[id_].element.type == node.element.type}
    around = {process.id: process.id for process in old.processes}
    if len(old.executable) == len(new.executable) == 1:
        around[old.executable[0].id] = new.executable[0].id
    while renamed := _renamed(before, after, found, around):
        found |= renamed
    return {id_: found[id_] for id_ in before if id_ in found}


def _nodes(diagram: Diagram) -> dict[str, _Node]:
    ends = [(e.node.get("sourceRef", ""), e.node.get("targetRef", "")) for e in diagram.elements.values() if e.type == "sequenceFlow"]
    ends += [(e.node.get("attachedToRef", ""), e.id) for e in diagram.elements.values() if e.type == "boundaryEvent"]
    before: dict[str, set[str]] = {}
    after: dict[str, set[str]] = {}
    for source, target in ends:
        before.setdefault(target, set()).add(source)
        after.setdefault(source, set()).add(target)
    return {
        element.id: _Node(element, frozenset(before.get(element.id, ())), frozenset(after.get(element.id, ())))
        for element in diagram.elements.values()
        if element.type in FLOW_NODES
    }


def _renamed(
    before: Mapping[str, _Node], after: Mapping[str, _Node], found: Mapping[str, str], around: Mapping[str, str]
) -> dict[str, str]:
    """What can be told from `found` about nodes that are not in it: one round."""
    taken = set(found.values())
    places = {**around, **found}
    left = [node for id_, node in before.items() if id_ not in found]
    free = [node for id_, node in after.items() if id_ not in taken]
    fits = {
        (old.element.id, new.element.id): _likeness(old, new, found, taken)
        for old in left
        for new in free
        if old.element.type == new.element.type and places.get(old.element.parent_id or "") == new.element.parent_id
    }
    renamed: dict[str, str] = {}
    for (old_id, new_id), score in fits.items():
        rivals = [other for pair, other in fits.items() if pair != (old_id, new_id) and (pair[0] == old_id or pair[1] == new_id)]
        if score and all(other < score for other in rivals):
            renamed[old_id] = new_id
    return renamed


def _likeness(old: _Node, new: _Node, found: Mapping[str, str], taken: set[str]) -> int:
    """3: name and neighbours, 2: name, 1: neighbours, 0: neither."""
    sides = [({found[id_] for id_ in was if id_ in found}, now & taken) for was, now in ((old.before, new.before), (old.after, new.after))]
    neighbours = all(was == now for was, now in sides) and any(was for was, _ in sides)
    named = bool(old.element.name) and old.element.name.casefold() == new.element.name.casefold()
    return 2 * named + neighbours
