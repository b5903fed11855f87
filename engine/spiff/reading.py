"""From the XML of one element to the plain data of its node. Prefixed references (`ns:id`) mean the id."""

from __future__ import annotations

from engine.diagram import BPMN, Diagram, Element, Node
from engine.spiff.data import DataReader
from engine.spiff.findings import Findings
from engine.spiff.specs import AdHoc, Correlation, EventDefinition, Loop, Multiple
from engine.spiff.xml import camunda, child, flag, local, text_of

TIMERS = ("timeDate", "timeDuration", "timeCycle")


class Reader(DataReader):
    """Reads what an element says, and notes what it should have said."""

    def __init__(self, diagram: Diagram, findings: Findings) -> None:
        super().__init__(diagram)
        self.findings = findings
        self.correlations = self._correlations()

    # --- events ------------------------------------------------------------------------------------------------------------------------

    def definitions(self, element: Element) -> list[EventDefinition]:
        """All event definitions of an event, those that are only referred to included."""
        found: list[EventDefinition] = []
        for node in element.node:
            if not isinstance(node.tag, str) or not node.tag.startswith(f"{{{BPMN}}}"):
                continue
            name = node.tag.rpartition("}")[2]
            if name == "eventDefinitionRef":
                target = self.by_id.get(local(text_of(node)) or "")
                if target is None:
                    self.findings.error(
                        "dangling_reference",
                        element,
                        f"Sự kiện {{e}} trỏ tới định nghĩa {text_of(node)} không có trong tệp. Hãy sửa eventDefinitionRef.",
                        f"Event {{e}} refers to definition {text_of(node)}, which is not in the file. Mend its eventDefinitionRef.",
                    )
                    continue
                node, name = target, target.tag.rpartition("}")[2]
            if name.endswith("EventDefinition"):
                definition = self.definition(element, node, name.removesuffix("EventDefinition"))
                if definition is not None:
                    found.append(definition)
        return found

    def definition(self, element: Element, node: Node, kind: str) -> EventDefinition | None:
        if kind in ("message", "signal"):
            return self._named(element, node, kind)
        if kind in ("error", "escalation"):
            return self._coded(node, kind)
        if kind == "timer":
            return self._timer(element, node)
        if kind == "conditional":
            text = text_of(child(node, "condition"))
            if text is None:
                self.findings.todo(
                    "event_empty", element, "Sự kiện điều kiện {e} chưa có điều kiện.", "Conditional event {e} has no condition yet."
                )
                return None
            return EventDefinition(kind, text=text)
        if kind == "compensate":
            return EventDefinition(kind, activity=local(node.get("activityRef")), wait=flag(node, "waitForCompletion", True))
        if kind == "link":
            return EventDefinition(kind, name=node.get("name"))
        return EventDefinition(kind)

    def _named(self, element: Element, node: Node, kind: str) -> EventDefinition | None:
        reference = local(node.get(f"{kind}Ref")) or (self._of_operation(node) if kind == "message" else None)
        topic = camunda(node, "topic") if camunda(node, "type") == "external" else None
        target = self.by_id.get(reference or "")
        if target is None and topic is None:
            vi = {"message": "thông điệp", "signal": "tín hiệu"}[kind]
            if reference is None:
                self.findings.todo(
                    "event_empty", element, f"Phần tử {{e}} chưa nói là {vi} nào.", f"Element {{e}} does not say which {kind} yet."
                )
            else:
                self.findings.error(
                    "dangling_reference",
                    element,
                    f"Phần tử {{e}} trỏ tới {vi} {reference} không có trong tệp. Hãy sửa {kind}Ref.",
                    f"Element {{e}} refers to {kind} {reference}, which is not in the file. Mend its {kind}Ref.",
                )
            return None
        name = (target.get("name") or target.get("id") or "").strip() if target is not None else ""
        keys = self._keys(element, reference) if kind == "message" else ()
        return EventDefinition(kind, name=name, topic=topic, keys=keys)

    def _of_operation(self, node: Node) -> str | None:
        """The message that an operation takes, for an element that names only its operation."""
        operation = self.by_id.get(local(node.get("operationRef") or text_of(child(node, "operationRef"))) or "")
        return local(text_of(child(operation, "inMessageRef"))) if operation is not None else None

    def _coded(self, node: Node, kind: str) -> EventDefinition:
        target = self.by_id.get(local(node.get(f"{kind}Ref")) or "")
        code = None
        if target is not None:
            code = (target.get(f"{kind}Code") or "").strip() or (target.get("name") or "").strip() or target.get("id")
        return EventDefinition(
            kind, name=code, code_variable=camunda(node, f"{kind}CodeVariable"), message_variable=camunda(node, f"{kind}MessageVariable")
        )

    def _timer(self, element: Element, node: Node) -> EventDefinition | None:
        for kind in TIMERS:
            text = text_of(child(node, kind))
            if text is not None:
                return EventDefinition("timer", text=text, timer=kind)
        self.findings.todo("event_empty", element, "Hẹn giờ {e} chưa có thời điểm hay thời hạn.", "Timer {e} has no time yet.")
        return None

    # --- correlation -------------------------------------------------------------------------------------------------------------------

    def _correlations(self) -> dict[str, list[tuple[str, str]]]:
        """Correlation property -> (message, expression over its payload)."""
        found: dict[str, list[tuple[str, str]]] = {}
        for node in self.diagram.root.iter(f"{{{BPMN}}}correlationProperty"):
            pairs: list[tuple[str, str]] = []
            for retrieval in node.findall(f"{{{BPMN}}}correlationPropertyRetrievalExpression"):
                path = text_of(child(retrieval, "messagePath"))
                if path is not None:
                    pairs.append((local(retrieval.get("messageRef")) or "", path))
            found[node.get("id", "")] = pairs
        return found

    def _keys(self, element: Element, message: str | None) -> tuple[Correlation, ...]:
        """The keys of the process' correlation subscription for this message: the receiver's own value of each property."""
        process = self.by_id.get(element.process_id or "")
        if process is None:
            return ()
        keys: list[Correlation] = []
        throws = element.type in ("intermediateThrowEvent", "endEvent", "sendTask")
        for subscription in process.findall(f"{{{BPMN}}}correlationSubscription"):
            bindings = {
                local(binding.get("correlationPropertyRef")): text_of(child(binding, "dataPath"))
                for binding in subscription.findall(f"{{{BPMN}}}correlationPropertyBinding")
            }
            key = self.by_id.get(local(subscription.get("correlationKeyRef")) or "")
            references = (
                [local(text_of(r)) for r in key.findall(f"{{{BPMN}}}correlationPropertyRef")] if key is not None else list(bindings)
            )
            for reference in references:
                paths = [path for ref, path in self.correlations.get(reference or "", []) if ref == message]
                if not paths and reference in self.correlations and self.correlations[reference]:
                    continue
                expression = (paths[0] if throws and paths else None) or bindings.get(reference) or (paths[0] if paths else None)
                property_ = self.by_id.get(reference or "")
                if expression is not None and property_ is not None:
                    keys.append(Correlation((property_.get("name") or reference or "").strip(), expression))
        return tuple(keys)

    # --- repetition --------------------------------------------------------------------------------------------------------------------

    def multiple(self, element: Element) -> Multiple | None:
        node = child(element.node, "multiInstanceLoopCharacteristics")
        if node is None:
            return None
        item, output_item = child(node, "inputDataItem"), child(node, "outputDataItem")
        behavior = (node.get("behavior") or "All").strip()
        event = self.by_id.get(local(node.get(f"{behavior.lower()}BehaviorEventRef")) or "")
        complex_: list[tuple[str, EventDefinition | None]] = []
        for definition in node.findall(f"{{{BPMN}}}complexBehaviorDefinition"):
            holder = child(definition, "event")
            thrown = [c for c in holder if isinstance(c.tag, str) and c.tag.endswith("EventDefinition")] if holder is not None else []
            condition = text_of(child(definition, "condition"))
            if condition is not None:
                complex_.append((condition, self._any(element, thrown[0]) if thrown else None))
        collection = camunda(node, "collection") or self.outside(element, text_of(child(node, "loopDataInputRef")))
        cardinality = text_of(child(node, "loopCardinality"))
        if not collection and not cardinality:
            self.findings.todo(
                "repetition_empty",
                element,
                "Hoạt động nhiều thể hiện {e} chưa nói lặp trên danh sách nào (camunda:collection) hay bao nhiêu lần (loopCardinality).",
                "Multi-instance activity {e} says neither for which list (camunda:collection) nor how many times (loopCardinality).",
            )
        return Multiple(
            sequential=flag(node, "isSequential", False),
            cardinality=cardinality,
            collection=collection,
            element=camunda(node, "elementVariable") or (item.get("name") or item.get("id") if item is not None else None),
            condition=text_of(child(node, "completionCondition")),
            output=self.outside(element, text_of(child(node, "loopDataOutputRef"))),
            output_item=(output_item.get("name") or None) if output_item is not None else None,
            behavior=behavior,
            event=self._any(element, event) if event is not None else None,
            complex=tuple(complex_),
        )

    def _any(self, element: Element, node: Node) -> EventDefinition | None:
        return self.definition(element, node, node.tag.rpartition("}")[2].removesuffix("EventDefinition"))

    def loop(self, element: Element) -> Loop | None:
        node = child(element.node, "standardLoopCharacteristics")
        if node is None:
            return None
        condition, maximum = text_of(child(node, "loopCondition")), node.get("loopMaximum")
        if maximum is not None and maximum.strip().lstrip("+-").isdigit() and int(maximum) < 1:
            self.findings.error(
                "repetition_bounds",
                element,
                f"Số lần lặp tối đa (loopMaximum) của {{e}} phải từ 1 trở lên, nhưng là {maximum}.",
                f"The loopMaximum of {{e}} must be at least 1, but is {maximum}.",
            )
        if condition is None and maximum is None:
            self.findings.todo(
                "repetition_empty",
                element,
                "Vòng lặp của {e} chưa có điều kiện (loopCondition) hay số lần tối đa (loopMaximum).",
                "The loop of {e} has neither a condition (loopCondition) nor a maximum (loopMaximum).",
            )
        return Loop(condition, flag(node, "testBefore", False), maximum)

    def ad_hoc(self, element: Element) -> AdHoc | None:
        if element.type != "adHocSubProcess":
            return None
        node = element.node
        sequential = (node.get("ordering") or "Parallel").strip() == "Sequential"
        return AdHoc(text_of(child(node, "completionCondition")), sequential, flag(node, "cancelRemainingInstances", True))
