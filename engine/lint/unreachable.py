"""Every part of a process can be reached from a start event, a boundary event, a compensation or an event sub-process."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import BPMN, Diagram, Element
from engine.errors import Finding
from engine.lint.flow import Flows, local
from engine.lint.folder import Folder
from engine.lint.rule import error, label


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for scope in flows.scopes():
            yield from _scope(diagram, flows, scope)


def _scope(diagram: Diagram, flows: Flows, scope: Element) -> Iterator[Finding]:
    members = flows.members[scope.id]
    reached = _reached(diagram, flows, scope)
    for node in members:
        if node.id not in reached and not _attached_to_missing(flows, node):
            yield error(
                (diagram.file, node),
                vi=f"{label(node)} phải có đường đi tới từ một sự kiện bắt đầu, nhưng không có: bước này sẽ không bao giờ chạy. Hãy nối"
                " nó vào hoặc xóa đi.",
                en=f"Expected a path from a start event to {label(node)}, but there is none: it would never run. Connect it or delete it.",
            )


def _reached(diagram: Diagram, flows: Flows, scope: Element) -> set[str]:
    members = flows.members[scope.id]
    ad_hoc = scope.type == "adHocSubProcess"
    stack = [m for m in members if flows.event_sub_process(m) or flows.compensates(m)]
    stack += [m for m in members if flows.implicit_start(m)] if ad_hoc else flows.starts(scope)
    stack += _compensation_handlers(diagram, flows, members)
    seen: set[str] = set()
    while stack:
        node = stack.pop()
        if node.id not in seen:
            seen.add(node.id)
            stack += flows.next(node)
    return seen


def _compensation_handlers(diagram: Diagram, flows: Flows, members: list[Element]) -> list[Element]:
    """What an association leads to from a boundary event; it counts as reached when the activity is, which its own finding covers."""
    ids = {m.id for m in members if m.type == "boundaryEvent"}
    found = []
    for association in diagram.root.iter(f"{{{BPMN}}}association"):
        target = flows.nodes.get(local(association.get("targetRef")))
        if local(association.get("sourceRef")) in ids and target is not None:
            found.append(target)
    return found


def _attached_to_missing(flows: Flows, node: Element) -> bool:
    return node.type == "boundaryEvent" and local(node.node.get("attachedToRef")) not in flows.nodes
