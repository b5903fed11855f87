"""Branches that run at the same time do not set the same variable: which value remains would depend on who is faster."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.flow import Flows, local
from engine.lint.folder import Folder
from engine.lint.rule import label, warning
from engine.lint.variables import Writes, form_of, loop_of, writes

_SPLITTING = ("parallelGateway", "inclusiveGateway")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        written = {node.id: writes(folder, diagram, node) for node in flows.nodes.values()}
        writers: dict[tuple[str | None, str], dict[str, Element]] = {}
        for node in flows.nodes.values():
            for name, elements in _conflicts(flows, node, written):
                writers.setdefault((node.process_id, name), {}).update({element.id: element for element in elements})
        for (_, name), found in writers.items():
            yield _finding(diagram, list(found.values()), name)
        for task in flows.nodes.values():
            yield from _members(folder, diagram, task)


def _finding(diagram: Diagram, elements: list[Element], name: str) -> Finding:
    shown = ", ".join(label(element) for element in elements[:10]) + (", …" if len(elements) > 10 else "")
    return warning(
        (diagram.file, elements[-1]),
        vi=f"Biến {name} chỉ nên do một nhánh ghi, nhưng các bước chạy song song sau cùng ghi biến đó: {shown}. Giá trị ghi sau sẽ đè lên"
        " giá trị"
        " ghi trước. Hãy dùng các biến khác nhau, hoặc thêm vào một danh sách.",
        en=f"Expected one branch to set variable {name}, but these steps set it in parallel: {shown}. The later value replaces the"
        " earlier."
        " Use different variables or append to a list.",
    )


def _conflicts(flows: Flows, node: Element, written: dict[str, Writes]) -> Iterator[tuple[str, list[Element]]]:
    """Names that are set by elements of which each is in a branch where the other is not."""
    branches = _branches(flows, node)
    inside: dict[str, set[int]] = defaultdict(set)
    for number, branch in enumerate(branches):
        for id_ in branch:
            if written[id_].all:
                inside[id_].add(number)
    by_name: dict[str, list[str]] = defaultdict(list)
    for id_ in inside:
        for name in written[id_].all:
            by_name[name].append(id_)
    for name, ids in sorted(by_name.items()):
        apart = {pair for a in ids for pair in _apart(a, ids, inside, name, written)}
        if apart:
            yield name, [flows.nodes[id_] for id_ in ids if id_ in apart]


def _apart(one: str, ids: list[str], inside: dict[str, set[int]], name: str, written: dict[str, Writes]) -> tuple[str, ...]:
    """`one` with the first other element that runs beside it and of which one is lost."""
    for other in ids:
        blind = name in written[one].blind or name in written[other].blind
        if other != one and blind and inside[one] - inside[other] and inside[other] - inside[one]:
            return one, other
    return ()


def _branches(flows: Flows, node: Element) -> list[dict[str, Element]]:
    """What can be reached by each of the ways that are taken together from this node."""
    leaving = flows.outgoing[node.id]
    starts: list[Element] = []
    if node.type in _SPLITTING or (not node.type.endswith("Gateway") and len(leaving) > 1):
        # The default flow is taken when no other is: never beside them.
        default = local(node.node.get("default"))
        starts = [flow.target for flow in leaving if flow.element.id != default]
    beside = [b for b in flows.boundary[node.id] if b.node.get("cancelActivity", "true").strip() in ("false", "0")]
    if beside:
        starts = [*starts, *(t for b in beside for t in flows.next(b))]
        return [{node.id: node} | _reached(flows, start, "") if start in beside else _reached(flows, start, node.id) for start in starts]
    return [_reached(flows, start, node.id) for start in starts] if len(starts) > 1 else []


def _reached(flows: Flows, start: Element, split: str) -> dict[str, Element]:
    found: dict[str, Element] = {}
    stack = [start]
    while stack:
        here = stack.pop()
        if here.id not in found and here.id != split:
            found[here.id] = here
            stack += flows.next(here)
    return found


def _members(folder: Folder, diagram: Diagram, task: Element) -> Iterator[Finding]:
    """Members of a multi-instance user task whose answers are collected nowhere."""
    loop, form = loop_of(task), form_of(folder, task)
    left = sorted(writes(folder, diagram, task).all) if loop is not None and form is not None else []
    if loop is not None and left and loop.find("{*}loopDataOutputRef") is None:
        yield warning(
            (diagram.file, task),
            vi=f"Câu trả lời của từng người ở {label(task)} nên được gom vào một danh sách, nhưng không có loopDataOutputRef:"
            f" {', '.join(left)} chỉ giữ"
            " giá trị của người trả lời sau cùng. Hãy ghi loopDataOutputRef.",
            en=f"Expected the answers of {label(task)} to be collected in a list, but there is no loopDataOutputRef: {', '.join(left)}"
            " keeps only"
            " the last answer. Write loopDataOutputRef.",
        )
