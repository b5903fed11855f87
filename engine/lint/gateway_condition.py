"""Where a path divides by a decision, every branch says when it is taken: a condition, or being the default."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import Diagram, Element
from engine.errors import Finding
from engine.lint.flow import Flow, Flows, child, local
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo, warning

_DECIDING = ("exclusiveGateway", "inclusiveGateway", "complexGateway")


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for node in flows.nodes.values():
            leaving = flows.outgoing[node.id]
            yield from _default(diagram, flows, node)
            if node.type in _DECIDING and len(leaving) > 1:
                entered = [flow.condition for flow in flows.incoming[node.id]]
                yield from _branches(diagram, node, leaving, entered)
            elif node.type in ("parallelGateway", "eventBasedGateway"):
                yield from _unconditional(diagram, node, leaving)


def _branches(diagram: Diagram, node: Element, leaving: list[Flow], entered: list[str | None]) -> Iterator[Finding]:
    default = local(node.node.get("default"))
    for flow in leaving:
        if flow.element.id != default and flow.condition is None and not (node.type == "complexGateway" and not default):
            name = f" “{flow.element.name}”" if flow.element.name else ""
            yield todo(
                (diagram.file, flow.element),
                vi=f"Nhánh{name} từ {label(node)} đến {label(flow.target)} cần điều kiện, nhưng chưa có."
                " Hãy ghi điều kiện, hoặc đặt nhánh này làm mặc định.",
                en=f"Expected a condition on the flow{name} from {label(node)} to {label(flow.target)}, but found none."
                " Write the condition or make the flow the default.",
            )
    conditions = [flow.condition for flow in leaving if flow.condition]
    if not default and node.type != "complexGateway" and len(conditions) == len(leaving) and not _one_holds(conditions, entered):
        yield warning(
            (diagram.file, node),
            vi=f"{label(node)} nên có một nhánh mặc định: khi không điều kiện nào đúng, hồ sơ sẽ dừng lại với một sự cố. Hãy đặt một"
            " nhánh làm mặc định.",
            en=f"Expected {label(node)} to have a default flow: when no condition holds, the case stops with an incident. Make one flow"
            " the default.",
        )


def _one_holds(conditions: list[str], entered: list[str | None]) -> bool:
    """Whether it can be seen that one condition always holds: two contradict each other, or one is the only way into the gateway."""
    plain = {_plain(condition) for condition in conditions}
    if entered and all(condition is not None and _plain(condition) in plain for condition in entered):
        return True
    return any(_negated(condition) & plain for condition in plain)


def _plain(condition: str) -> str:
    inner = condition.strip()
    if inner.startswith(("${", "#{")) and inner.endswith("}"):
        inner = inner[2:-1]
    return " ".join(inner.replace("&&", " and ").replace("||", " or ").split())


def _negated(condition: str) -> set[str]:
    found = {f"not {condition}", f"not ({condition})", f"!{condition}", f"!({condition})"}
    if " and " not in condition and " or " not in condition:
        for one, other in (("==", "!="), (">=", "<"), ("<=", ">")):
            if condition.count(one) == 1:
                found.add(condition.replace(one, other))
    return found


def _default(diagram: Diagram, flows: Flows, node: Element) -> Iterator[Finding]:
    default = local(node.node.get("default"))
    if not default or diagram.elements.get(default) is None:
        return
    flow = next((f for f in flows.outgoing[node.id] if f.element.id == default), None)
    if flow is None:
        yield error(
            (diagram.file, node),
            vi=f"Nhánh mặc định của {label(node)} phải đi ra từ chính nó, nhưng {default} thì không. Hãy chọn lại nhánh mặc định.",
            en=f"Expected the default flow of {label(node)} to leave it, but {default} does not. Choose the default flow again.",
        )
    elif child(flow.element, "conditionExpression") is not None and flow.condition:
        yield warning(
            (diagram.file, flow.element),
            vi=f"Nhánh mặc định của {label(node)} có điều kiện, nhưng điều kiện đó không được xét. Hãy xóa điều kiện.",
            en=f"The default flow of {label(node)} has a condition, but a default's condition is not looked at. Delete the condition.",
        )


def _unconditional(diagram: Diagram, node: Element, leaving: list[Flow]) -> Iterator[Finding]:
    for flow in leaving:
        if flow.condition:
            yield warning(
                (diagram.file, flow.element),
                vi=f"Nhánh từ {label(node)} luôn được đi, điều kiện của nó không được xét. Hãy xóa điều kiện, hoặc dùng cổng bao hàm"
                " (inclusive).",
                en=f"A flow from {label(node)} is always taken, its condition is not looked at. Delete the condition or use an inclusive"
                " gateway.",
            )
