"""Where a diagram holds expressions and scripts, and what each of them is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from engine.diagram import BPMN, CAMUNDA, Diagram, Element, Node
from engine.lint.flow import child, kind_of, line_of, text_of

_ATTRIBUTES = (
    "assignee", "candidateUsers", "candidateGroups", "dueDate", "followUpDate", "priority", "formKey", "formRef", "topic", "decisionRef",
    "calledElementVersion", "candidateStarterGroups",
)  # fmt: skip
_BARE_CHILDREN = ("loopCardinality", "loopCondition", "completionCondition", "activationCondition", "conditionExpression")
_PROPERTIES = ("ten_ho_so", "ma_ho_so")


@dataclass(frozen=True)
class Place:
    """One expression. `bare`: the whole text is an expression even without `${}`; else it is text with `${}` in it."""

    diagram: Diagram
    element: Element
    what: str
    source: str
    bare: bool
    line: int


@dataclass(frozen=True)
class Script:
    """One script with the language it says it is in. `sets`: what it sets stays set; that of an input or output gives a value."""

    diagram: Diagram
    element: Element
    format: str
    source: str
    line: int
    sets: bool = True


def expressions(diagram: Diagram) -> Iterator[Place]:
    """Every expression of the diagram, where it stands."""
    for element in diagram.elements.values():
        if element.type.endswith(("EventDefinition", "LoopCharacteristics")) and element.parent_id:
            # Seen from the event or activity that it belongs to: that is what people find on the canvas.
            continue
        for what, source, bare, node in _of(element):
            if source.strip() and (bare or "${" in source or "#{" in source):
                yield Place(diagram, element, what, source, bare, line_of(node))


def _of(element: Element) -> Iterator[tuple[str, str, bool, Node]]:
    node = element.node
    if element.type == "sequenceFlow":
        if (found := child(node, "conditionExpression")) is not None:
            yield "conditionExpression", text_of(found), True, found
        return
    for name in _BARE_CHILDREN:
        if (found := child(element, name)) is not None:
            yield name, text_of(found), True, found
    for name in _ATTRIBUTES:
        yield f"camunda:{name}", element.camunda(name) or "", False, node
    if element.type == "callActivity":
        yield "calledElement", node.get("calledElement", ""), False, node
    if element.type in ("message", "signal"):
        yield "name", node.get("name", ""), False, node
    for name, value in element.properties.items():
        if name in _PROPERTIES or name.startswith("mac_dinh."):
            yield f"camunda:property {name}", value, False, node
    for loop in element.children("multiInstanceLoopCharacteristics", "standardLoopCharacteristics"):
        yield from _loop(loop)
    for event in element.node.iterchildren(f"{{{BPMN}}}*"):
        yield from _event(event)
    yield from _event(element.node)
    yield from _extensions(element)


def _loop(loop: Node) -> Iterator[tuple[str, str, bool, Node]]:
    for name in _BARE_CHILDREN:
        if (found := child(loop, name)) is not None:
            yield name, text_of(found), True, found
    yield "camunda:collection", loop.get(f"{{{CAMUNDA}}}collection", ""), False, loop


def _event(node: Node) -> Iterator[tuple[str, str, bool, Node]]:
    kind = kind_of(node)
    if kind == "conditionalEventDefinition" and (found := child(node, "condition")) is not None:
        yield "condition", text_of(found), True, found
    if kind == "timerEventDefinition":
        for name in ("timeDate", "timeDuration", "timeCycle"):
            if (found := child(node, name)) is not None:
                yield name, text_of(found), False, found


def _extensions(element: Element) -> Iterator[tuple[str, str, bool, Node]]:
    for holder in element.extensions("inputOutput"):
        for node in holder.iter(
            f"{{{CAMUNDA}}}inputParameter", f"{{{CAMUNDA}}}outputParameter", f"{{{CAMUNDA}}}value", f"{{{CAMUNDA}}}entry"
        ):
            if len(node) == 0:
                yield f"camunda:{kind_of(node)} {node.get('name') or node.get('key') or ''}".strip(), node.text or "", False, node
    for node in element.extensions("in", "out"):
        for name in ("sourceExpression", "businessKey"):
            yield f"camunda:{kind_of(node)} {name}", node.get(name, ""), False, node
    for holder in element.extensions("formData"):
        for node in holder.iter(f"{{{CAMUNDA}}}formField"):
            yield f"camunda:formField {node.get('id', '')}", node.get("defaultValue", ""), False, node


def scripts(diagram: Diagram) -> Iterator[Script]:
    """Every script of the diagram: those of script tasks, and those of inputs and outputs."""
    for element in diagram.elements.values():
        if element.type != "sequenceFlow":
            yield from scripts_of(diagram, element)


def scripts_of(diagram: Diagram, element: Element) -> Iterator[Script]:
    """The scripts of one element."""
    if element.type in ("scriptTask", "globalScriptTask"):
        node = child(element, "script")
        language = element.node.get("scriptFormat", element.node.get("scriptLanguage", ""))
        yield Script(diagram, element, language, text_of_script(node), line_of(node) or element.line or 0)
    for holder in element.extensions("inputOutput"):
        for node in holder.iter(f"{{{CAMUNDA}}}script"):
            yield Script(diagram, element, node.get("scriptFormat", ""), node.text or "", line_of(node), sets=False)


def text_of_script(node: Node | None) -> str:
    """A script as written: leading blanks carry meaning, so nothing is stripped. Text behind XML comments belongs to it."""
    return "" if node is None else str(node.xpath("string()"))
