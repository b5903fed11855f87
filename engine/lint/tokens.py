"""Explores where the tokens of a scope can be, with a bound: finds joins that wait for ever and flows with two tokens at once.

Choices are free: conditions are not looked at. Of several nodes that can fire only one is tried in each state, the one nearest to the
start: tokens of different branches meet in joins only, so their order makes no difference to which states the case can be stuck in.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from engine.lint.net import Net, Option

BOUND = 5000
"""States of one scope that are explored. Procedures of real offices have some hundred."""
_CROWD = 3
"""Tokens on one flow at which exploring stops: more would only repeat it."""

State = frozenset[tuple[str, int]]
EMPTY: State = frozenset()


@dataclass
class Edge:
    """One firing: `node` took `option` and led to state `to`."""

    node: str
    option: Option
    to: State


@dataclass
class Exploration:
    """All states found. `stuck`: tokens stand, nothing can fire. `crowded`: node -> an arc into it that held two tokens."""

    edges: dict[State, list[Edge]] = field(default_factory=dict)
    initial: list[State] = field(default_factory=list)
    stuck: set[State] = field(default_factory=set)
    cut: set[State] = field(default_factory=set)
    crowded: dict[str, str] = field(default_factory=dict)
    bound_reached: bool = False

    def doomed(self) -> set[State]:
        """States from which no way leads to the end."""
        back: dict[State, list[State]] = {}
        for state, edges in self.edges.items():
            for edge in edges:
                back.setdefault(edge.to, []).append(state)
        good = {s for s in self.edges if s == EMPTY} | self.cut
        stack = list(good)
        while stack:
            for before in back.get(stack.pop(), ()):
                if before not in good:
                    good.add(before)
                    stack.append(before)
        return set(self.edges) - good


def explore(net: Net, bound: int = BOUND) -> Exploration:
    """Everything that can happen in the scope, up to `bound` states."""
    found = Exploration()
    queue: list[State] = []
    for start in net.initial:
        marking: Counter[str] = Counter()
        for arc in start:
            _put(net, marking, arc, found)
        state = frozenset(marking.items())
        found.initial.append(state)
        queue.append(state)
    while queue:
        state = queue.pop()
        if state in found.edges:
            continue
        if len(found.edges) >= bound:
            found.bound_reached = True
            found.edges[state] = []
            found.cut.add(state)
            continue
        found.edges[state] = _steps(net, state, found)
        queue += [edge.to for edge in found.edges[state]]
    return found


def _put(net: Net, marking: Counter[str], arc: str, found: Exploration) -> None:
    """Lay a token on an arc and push it through what it only passes; at an end with nothing done on the way it is gone."""
    seen = {arc}
    worked = False
    while net.passes(node := net.arcs[arc].target):
        worked = worked or net.active(node)
        following = net.options[node][0].gives[0]
        if following in seen:
            break
        seen.add(following)
        arc = following
    node = net.arcs[arc].target
    options = net.options[node]
    if not net.joins(node) and not net.waits_for_all(node):
        # Which way it came in makes no difference to such a node.
        arc = net.into[node][0]
    if not worked and len(options) == 1 and not options[0].gives and not options[0].clears and not net.active(node):
        return
    marking[arc] += 1
    if marking[arc] == 2 and net.needs[node] == 1:
        found.crowded.setdefault(node, arc)


def _steps(net: Net, state: State, found: Exploration) -> list[Edge]:
    marking = Counter(dict(state))
    if not marking:
        return []
    if max(marking.values()) >= _CROWD and not any(net.needs[net.arcs[arc].target] > 1 for arc, n in marking.items() if n >= _CROWD):
        found.cut.add(state)
        return []
    ready = _ready(net, marking)
    if ready is None:
        found.stuck.add(state)
        return []
    node, taken = ready
    return [Edge(node, option, _fire(net, marking, taken, option, found)) for option in net.options[node]]


def _fire(net: Net, marking: Counter[str], taken: Counter[str], option: Option, found: Exploration) -> State:
    if option.clears:
        return EMPTY
    after = marking - taken
    for arc in option.gives:
        _put(net, after, arc, found)
    return frozenset(after.items())


def _ready(net: Net, marking: Counter[str]) -> tuple[str, Counter[str]] | None:
    """The node to fire, nearest to the start; ends and inclusive joins only when nothing else can."""
    targets = sorted({net.arcs[arc].target for arc in marking}, key=lambda id_: (net.depth.get(id_, 0), id_))
    late = [id_ for id_ in targets if net.waits_for_all(id_)]
    ends = [id_ for id_ in targets if id_ not in late and not any(o.gives for o in net.options[id_])]
    for id_ in targets:
        if id_ in late or id_ in ends:
            continue
        taken = _taken(net, id_, marking)
        if taken is not None:
            return id_, taken
    for id_ in late:
        if not _may_come(net, id_, marking):
            return id_, _all_of(net, id_, marking)
    if late:
        return late[0], _all_of(net, late[0], marking)
    for id_ in ends:
        taken = _taken(net, id_, marking)
        if taken is not None:
            return id_, taken
    return None


def _taken(net: Net, id_: str, marking: Counter[str]) -> Counter[str] | None:
    into = net.into[id_]
    if net.joins(id_):
        return Counter(dict.fromkeys(into, 1)) if all(marking[arc] for arc in into) else None
    need = net.needs[id_]
    if sum(marking[arc] for arc in into) < need:
        return None
    taken: Counter[str] = Counter()
    for arc in into:
        taken[arc] = min(marking[arc], need - taken.total())
    return +taken


def _all_of(net: Net, id_: str, marking: Counter[str]) -> Counter[str]:
    return Counter({arc: 1 for arc in net.into[id_] if marking[arc]})


def _may_come(net: Net, id_: str, marking: Counter[str]) -> bool:
    missing = [arc for arc in net.into[id_] if not marking[arc]]
    others = [arc for arc in marking if net.arcs[arc].target != id_]
    return any(net.reaches(arc, wanted, id_) for arc in others for wanted in missing)
