"""Missed steps: those that only the new version has, and that a case has gone past already where it stands.

Moved, the case would never do them. Found from the drawing: a step is missed at a place that no way from the start leads to without it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from functools import cached_property

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine.diagram import Diagram, Element
from engine.models import HistoryEvent

_AROUND = frozenset({"subProcess", "transaction", "adHocSubProcess"})
_TASKS = {"task", "userTask", "manualTask", "serviceTask", "scriptTask", "sendTask", "receiveTask", "businessRuleTask", "callActivity"}
ACTIVITIES = _AROUND | _TASKS
Point = tuple[str, bool]
"""An element, and whether a token leaves it (a sub-process is entered, gone through and left)."""


class MissedSteps:
    """Of process `key`, moving from `old` to `new` by `mapping`."""

    def __init__(self, old: Diagram, new: Diagram, key: str, mapping: Mapping[str, str]) -> None:
        kept = {mapping.get(node.id, node.id) for node in old.flow_nodes(key)}
        self._nodes = {node.id: node for node in new.flow_nodes(key)}
        self._key = key
        self.new = [node for node in self._nodes.values() if node.type in ACTIVITIES and node.id not in kept]
        self._flows = [
            (element.node.get("sourceRef", ""), element.node.get("targetRef", ""))
            for element in new.elements.values()
            if element.type == "sequenceFlow" and element.process_id == key
        ]

    def at(self, places: Iterable[str]) -> list[Element]:
        """The new steps that a case has missed which stands at these elements of the new version. Of a new sub-process only itself."""
        here = [place for place in places if (place, False) in self._all]
        missed = {node.id for node in self.new if any((place, False) not in self._without[node.id] for place in here)}
        return [node for node in self.new if node.id in missed and node.parent_id not in missed and node.id not in here]

    @cached_property
    def _all(self) -> set[Point]:
        return self._reached("")

    @cached_property
    def _without(self) -> dict[str, set[Point]]:
        return {node.id: self._reached(node.id) for node in self.new}

    @cached_property
    def _before(self) -> dict[Point, list[Point]]:
        """What comes directly before each point; for the first ones nothing."""
        found: dict[Point, list[Point]] = {}
        targets, sources = {target for _, target in self._flows}, {source for source, _ in self._flows}
        for id_, node in self._nodes.items():
            found[id_, False] = [] if node.parent_id in (None, self._key) or id_ in targets else [(node.parent_id or "", False)]
            found[id_, True] = [(id_, False)]
            if node.type == "boundaryEvent":
                found[id_, False] = [(node.node.get("attachedToRef", ""), False)]
        for id_, node in self._nodes.items():
            if node.type in _AROUND:
                inner = [other.id for other in self._nodes.values() if other.parent_id == id_]
                found[id_, True] = [(other, True) for other in inner if other not in sources] or [(id_, False)]
        for source, target in self._flows:
            if source in self._nodes and target in self._nodes:
                found[target, False].append((source, True))
        for throw, catch in self._links():
            found[catch, False].append((throw, True))
        return found

    def _links(self) -> list[tuple[str, str]]:
        """A throwing link goes on where a catching one of its name stands."""
        named: dict[str, list[tuple[str, str]]] = {"intermediateThrowEvent": [], "intermediateCatchEvent": []}
        for node in self._nodes.values():
            for link in node.children("linkEventDefinition") if node.type in named else ():
                named[node.type].append((link.get("name", ""), node.id))
        throws, catches = named["intermediateThrowEvent"], named["intermediateCatchEvent"]
        return [(throw, catch) for name, throw in throws for other, catch in catches if name == other]

    def _reached(self, avoided: str) -> set[Point]:
        """Where a token can come to without doing step `avoided`. At a parallel join all branches must have come."""
        found: set[Point] = set()
        grown = True
        while grown:
            grown = False
            for point, before in self._before.items():
                if point in found or point == (avoided, True):
                    continue
                joins = all if self._nodes[point[0]].type == "parallelGateway" and not point[1] else any
                if not before or joins(one in found for one in before):
                    found.add(point)
                    grown = True
        return found


def passed(session: Session, instance_ids: Collection[int], elements: Collection[str]) -> set[tuple[int, str]]:
    """(case, element) for those of `elements` that were done after all: in this or another version."""
    query = select(HistoryEvent.instance_id, HistoryEvent.element_id).where(
        HistoryEvent.instance_id.in_(instance_ids), HistoryEvent.kind == "element.completed", HistoryEvent.element_id.in_(elements)
    )
    return {(instance_id, element_id or "") for instance_id, element_id in session.execute(query.distinct())}
