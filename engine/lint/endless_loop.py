"""A loop must stop somewhere: it has a way out, and a place where the case waits for the world or a condition that can end it."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.flow import Flows
from engine.lint.folder import Folder
from engine.lint.rule import error, label


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            for loop in _loops(flows, flows.members[scope.id]):
                if not any(_stops(diagram, flows, node) for node in loop) and not _leaves(flows, loop):
                    yield _endless(diagram, loop)


def _endless(diagram: Diagram, loop: list[Element]) -> Finding:
    first = min(loop, key=lambda node: node.line or 0)
    path = " → ".join(label(node) for node in loop[:6]) + (" → …" if len(loop) > 6 else "")
    return error(
        (diagram.file, first),
        vi=f"Vòng lặp phải có lối ra hoặc một bước chờ, nhưng vòng {path} thì không: hồ sơ sẽ chạy mãi. Hãy thêm điều kiện thoát hoặc"
        " bước chờ.",
        en=f"Expected the loop to have a way out or a step that waits, but {path} has none: a case would run for ever. Add a condition or"
        " a wait.",
    )


def _stops(diagram: Diagram, flows: Flows, node: Element) -> bool:
    """Whether a case can stand still at the node, or in it, until something happens."""
    if flows.waits(node):
        return True
    if node.type in ("subProcess", "transaction"):
        return any(_stops(diagram, flows, inner) for inner in flows.members[node.id])
    return False


def _leaves(flows: Flows, loop: list[Element]) -> bool:
    """Whether a token can leave the loop for good: by another branch of a choice, or by a boundary event."""
    ids = {node.id for node in loop}
    for node in loop:
        out = [flow for flow in flows.outgoing[node.id] if flow.target.id not in ids]
        chosen = node.type in ("exclusiveGateway", "inclusiveGateway", "complexGateway") or any(
            f.condition for f in flows.outgoing[node.id]
        )
        if (out and chosen) or flows.boundary[node.id]:
            return True
        if chosen and any(flow.condition for flow in flows.outgoing[node.id]) and len(flows.outgoing[node.id]) == 1:
            return True
    return False


def _loops(flows: Flows, members: list[Element]) -> Iterator[list[Element]]:
    """Groups of nodes that reach each other (Tarjan's strongly connected components, without recursion)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[Element] = []
    on: set[str] = set()
    for root in members:
        if root.id in index:
            continue
        work: list[tuple[Element, Iterator[Element]]] = [(root, iter(flows.next(root)))]
        index[root.id] = low[root.id] = len(index)
        open_.append(root)
        on.add(root.id)
        while work:
            node, following = work[-1]
            target = next(following, None)
            if target is None:
                work.pop()
                if work:
                    low[work[-1][0].id] = min(low[work[-1][0].id], low[node.id])
                if low[node.id] == index[node.id]:
                    group = _close(node, open_, on)
                    if len(group) > 1 or any(t.id == node.id for t in flows.next(node)):
                        yield group
            elif target.id not in index:
                index[target.id] = low[target.id] = len(index)
                open_.append(target)
                on.add(target.id)
                work.append((target, iter(flows.next(target))))
            elif target.id in on:
                low[node.id] = min(low[node.id], index[target.id])


def _close(node: Element, open_: list[Element], on: set[str]) -> list[Element]:
    at = next(i for i, e in enumerate(open_) if e.id == node.id)
    group = open_[at:]
    del open_[at:]
    on.difference_update(e.id for e in group)
    return group
