"""A scope of a diagram as a net of tokens on flows: what each node takes, and what it may give.

The nodes of a scope fire as wholes: a sub-process is one node, a boundary event one of the ways its activity can end. Nodes that take one
token and give one on are skipped over, so that what remains are splits, joins, choices and ends.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations

from engine.diagram import Element
from engine.lint.flow import Flows, local

ENDING = ("terminate", "error", "cancel")
ACTIVE_TYPES = ("task", "Task", "subProcess", "SubProcess", "transaction", "callActivity")
_SUBSETS = 4
"""Of more branches than these only single ones and all together are tried."""


@dataclass(frozen=True)
class Option:
    """One way in which a node can fire: arcs that get a token. `kind`: sure, choice, subset or boundary."""

    kind: str
    name: str
    gives: tuple[str, ...]
    clears: bool = False


@dataclass(frozen=True)
class Arc:
    """A place for tokens: a sequence flow, a link, or the beginning of the scope."""

    id: str
    target: str


class Net:
    """The net of one scope. `carried` is False when it holds what this model does not express."""

    def __init__(self, flows: Flows, scope: Element) -> None:
        self.flows = flows
        members = [m for m in flows.members[scope.id] if m.type != "boundaryEvent"]
        self.nodes = {m.id: m for m in members if not flows.event_sub_process(m) and not flows.compensates(m)}
        self.carried = scope.type != "adHocSubProcess" and all(m.type != "complexGateway" for m in members)
        self.arcs: dict[str, Arc] = {}
        self.into: dict[str, list[str]] = {id_: [] for id_ in self.nodes}
        for node in [*members, *(b for m in members for b in flows.boundary[m.id])]:
            for flow in flows.outgoing[node.id]:
                self._add(flow.element.id, flow.target.id)
            if node.type == "intermediateThrowEvent":
                for target in flows.links(node):
                    self._add(f"{node.id} ⇢ {target.id}", target.id)
        self.initial = self._initial(scope)
        self.options = {id_: self._options(node) for id_, node in self.nodes.items()}
        self.needs = {id_: self._needs(node) for id_, node in self.nodes.items()}
        self.depth = self._depths()

    def _add(self, arc: str, target: str) -> None:
        if target in self.nodes:
            self.arcs[arc] = Arc(arc, target)
            self.into[target].append(arc)

    def _initial(self, scope: Element) -> list[tuple[str, ...]]:
        starts = [s for s in self.flows.starts(scope) if s.id in self.nodes]
        for start in starts:
            self._add(f"→ {start.id}", start.id)
        # What waits for nothing begins at once, all together; what waits for an event begins a case of its own.
        plain = tuple(f"→ {s.id}" for s in starts if s.type == "startEvent" and not self.flows.definitions(s))
        implicit = not any(s.type == "startEvent" for s in starts)
        together = tuple(f"→ {s.id}" for s in starts) if implicit else plain
        return [*([together] if together else []), *((f"→ {s.id}",) for s in starts if f"→ {s.id}" not in together)]

    def _needs(self, node: Element) -> int:
        value = node.node.get("startQuantity", "1")
        return max(1, int(value)) if value.isdecimal() else 1

    def _given(self, node: Element) -> list[str]:
        given = [f.element.id for f in self.flows.outgoing[node.id] if f.element.id in self.arcs]
        if node.type == "intermediateThrowEvent":
            given += [f"{node.id} ⇢ {t.id}" for t in self.flows.links(node) if f"{node.id} ⇢ {t.id}" in self.arcs]
        return given

    def _options(self, node: Element) -> list[Option]:
        clears = node.type == "endEvent" and any(kind in ENDING for kind in self.flows.kinds(node))
        quantity = node.node.get("completionQuantity", "1")
        times = max(1, min(int(quantity), 3)) if quantity.isdecimal() else 1
        normal = self._normal(node, times)
        found = [Option(o.kind, o.name, o.gives, clears) for o in normal]
        for boundary in self.flows.boundary[node.id]:
            if "compensate" in self.flows.kinds(boundary):
                continue
            given = tuple(self._given(boundary))
            if boundary.node.get("cancelActivity", "true").strip() in ("false", "0"):
                found.append(Option("boundary", boundary.id, normal[0].gives + given))
            else:
                found.append(Option("boundary", boundary.id, given))
        return found

    def _normal(self, node: Element, times: int) -> list[Option]:
        given = self._given(node)
        if node.type in ("exclusiveGateway", "eventBasedGateway") and len(given) > 1:
            return [Option("choice", arc, (arc,)) for arc in given]
        default = local(node.node.get("default"))
        conditional = {f.element.id for f in self.flows.outgoing[node.id] if f.condition or node.type == "inclusiveGateway"} - {default}
        if node.type not in ("parallelGateway", "exclusiveGateway", "eventBasedGateway") and conditional and len(given) > 1:
            always = tuple(arc for arc in given if arc not in conditional and arc != default)
            options = [Option("subset", "+".join(s), always + s) for s in _subsets([a for a in given if a in conditional])]
            otherwise = (default,) if default in given else ()
            return [*options, Option("subset", default or "-", always + otherwise)] if otherwise or always else options
        return [Option("sure", "", tuple(given) * times)]

    def joins(self, id_: str) -> bool:
        return self.nodes[id_].type == "parallelGateway" and len(self.into[id_]) > 1

    def waits_for_all(self, id_: str) -> bool:
        return self.nodes[id_].type == "inclusiveGateway" and len(self.into[id_]) > 1

    def passes(self, id_: str) -> bool:
        """A node that every token goes straight through."""
        options = self.options[id_]
        simple = len(options) == 1 and len(options[0].gives) == 1 and not options[0].clears
        return simple and not self.joins(id_) and not self.waits_for_all(id_) and self.needs[id_] == 1

    def active(self, id_: str) -> bool:
        return self.nodes[id_].type.endswith(ACTIVE_TYPES)

    def _depths(self) -> dict[str, int]:
        depth = {self.arcs[arc].target: 0 for start in self.initial for arc in start}
        queue = list(depth)
        for id_ in queue:
            for option in self.options[id_]:
                for arc in option.gives:
                    target = self.arcs[arc].target
                    if target not in depth:
                        depth[target] = depth[id_] + 1
                        queue.append(target)
        return depth

    def reaches(self, arc: str, target: str, without: str) -> bool:
        """Whether a token on `arc` can come to the arc `target` without going through the node `without`."""
        seen: set[str] = set()
        stack = [arc]
        while stack:
            here = stack.pop()
            if here == target:
                return True
            node = self.arcs[here].target
            if here not in seen and node != without:
                seen.add(here)
                stack += [given for option in self.options[node] for given in option.gives]
        return False


def _subsets(arcs: list[str]) -> list[tuple[str, ...]]:
    sizes = range(1, len(arcs) + 1) if len(arcs) <= _SUBSETS else (1, len(arcs))
    return [chosen for size in sizes for chosen in combinations(arcs, size)]
