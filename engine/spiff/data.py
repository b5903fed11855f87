"""Variables that a diagram speaks of: data objects and their associations, inputs and outputs, what calls hand over."""

from __future__ import annotations

import re

from engine.diagram import BPMN, CAMUNDA, Diagram, Element, Node
from engine.spiff.specs import Handover, Value
from engine.spiff.xml import child, local, text_of

_MADE_UP = re.compile(r"(Data(Object|Input|Output|Store)|Property)\w*_|_|sid-", re.ASCII)
"""Ids that modelers give by themselves; nobody means a variable by them."""


class DataReader:
    """Reads the data of elements."""

    def __init__(self, diagram: Diagram) -> None:
        self.diagram = diagram
        self.by_id: dict[str, Node] = {}
        for node in diagram.root.iter():
            if isinstance(node.tag, str) and node.get("id"):
                self.by_id.setdefault(node.get("id", ""), node)
        self.looped: set[Node] = set()
        """Associations that bring the list to a multi-instance activity or take it away: not for each of its members."""

    def outside(self, element: Element, reference: str | None) -> str | None:
        """The variable outside an activity that its own dataInput or dataOutput is associated with."""
        inside = local(reference)
        for kind, end, other in (("dataInputAssociation", "targetRef", "sourceRef"), ("dataOutputAssociation", "sourceRef", "targetRef")):
            for node in element.children(kind):
                if inside is not None and local(text_of(child(node, end))) == inside:
                    self.looped.add(node)
                    return self.variable(text_of(child(node, other)))
        return self.variable(reference)

    def variable(self, reference: str | None) -> str | None:
        """The variable behind a reference: the id of a data object, or its name where the id was made up by a modeler."""
        if reference is None:
            return None
        node = self.by_id.get(local(reference) or "")
        seen: set[str] = set()
        while node is not None and node.get("dataObjectRef") and node.get("id", "") not in seen:
            seen.add(node.get("id", ""))
            node = self.by_id.get(local(node.get("dataObjectRef")) or "", node)
        if node is None:
            return reference.strip()
        return self._called(node)

    def _called(self, node: Node) -> str | None:
        name, id_ = (node.get("name") or "").strip(), node.get("id")
        return name if name.isidentifier() and (id_ is None or _MADE_UP.match(id_)) else id_

    def associated_inputs(self, element: Element) -> list[tuple[str, Value]]:
        """Data input associations that lead into an ioSpecification or a property of the activity: variables of its own. An arrow
        that leads to nothing of a name is only drawn."""
        found: list[tuple[str, Value]] = []
        for node in element.children("dataInputAssociation"):
            if node in self.looped:
                continue
            name, source = self._inner(text_of(child(node, "targetRef"))), self.variable(text_of(child(node, "sourceRef")))
            if name is not None and (recipe := self._transformed(node, source)) is not None:
                found.append((name, recipe))
        return found

    def associated_outputs(self, element: Element) -> list[tuple[str, Value]]:
        """Data output associations that come from an ioSpecification or a property of the activity: written to the object."""
        found: list[tuple[str, Value]] = []
        for node in element.children("dataOutputAssociation"):
            if node in self.looped:
                continue
            source, name = self._inner(text_of(child(node, "sourceRef"))), self.variable(text_of(child(node, "targetRef")))
            recipe = self._transformed(node, source)
            if name is not None and recipe is not None and (source is not None or child(node, "assignment") is not None):
                found.append((name, recipe))
        return found

    def _transformed(self, node: Node, source: str | None) -> Value | None:
        assignment = child(node, "assignment")
        text = text_of(child(node, "transformation")) or (text_of(child(assignment, "from")) if assignment is not None else None)
        if text is not None:
            return Value("script", text)
        return Value("variable", source) if source is not None else None

    def _inner(self, reference: str | None) -> str | None:
        """The variable of a dataInput, dataOutput or property of the activity itself."""
        node = self.by_id.get(local(reference) or "")
        if node is None or node.tag.rpartition("}")[2] not in ("dataInput", "dataOutput", "property"):
            return None
        name = (node.get("name") or "").strip()
        return None if name.startswith("__") else self._called(node)

    def declared(self, element: Element) -> list[str]:
        """Variables of the element's own scope: its properties, outputs of its ioSpecification, and in a sub-process its data objects."""
        nodes = [*element.children("property"), *element.node.findall(f"{{{BPMN}}}ioSpecification/{{{BPMN}}}dataOutput")]
        names = [self._inner(node.get("id")) for node in nodes if node.get("id")]
        names += [self.variable(node.get("id")) for node in element.children("dataObject") if node.get("id")]
        return [name for name in names if name is not None]

    def parameters(self, element: Element, kind: str) -> list[tuple[str, Value]]:
        """`kind`: inputParameter or outputParameter of camunda:inputOutput."""
        found: list[tuple[str, Value]] = []
        for holder in element.extensions("inputOutput"):
            for node in holder.findall(f"{{{CAMUNDA}}}{kind}"):
                found.append((node.get("name", ""), self._value(element, node)))
        return found

    def _value(self, element: Element, node: Node) -> Value:
        for item in node:
            if not isinstance(item.tag, str):
                continue
            name = item.tag.rpartition("}")[2]
            if name == "list":
                return Value("list", items=tuple(("", self._leaf(element, entry)) for entry in item if isinstance(entry.tag, str)))
            if name == "map":
                return Value(
                    "map", items=tuple((entry.get("key", ""), self._value(element, entry)) for entry in item if isinstance(entry.tag, str))
                )
            if name == "script":
                return Value("script", text_of(item) or "None")
        return Value("text", text_of(node) or "")

    def _leaf(self, element: Element, node: Node) -> Value:
        name = node.tag.rpartition("}")[2]
        if name == "script":
            return Value("script", text_of(node) or "None")
        return Value("text", text_of(node) or "") if name == "value" else self._value(element, node)

    def handovers(self, element: Element, kind: str) -> list[Handover]:
        """`kind`: in or out."""
        found: list[Handover] = []
        for node in element.extensions(kind):
            if node.get("businessKey") is not None:
                continue
            everything = node.get("variables") == "all"
            source, expression = node.get("source"), node.get("sourceExpression")
            found.append(Handover(source, expression, node.get("target") or source, everything))
        return found
