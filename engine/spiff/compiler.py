"""Diagram -> nodes. What cannot be carried exactly becomes a finding, never a node that half works."""

from __future__ import annotations

from engine.diagram import FLOW_NODES, Diagram, Element
from engine.spiff import activities, catching, gateways, places, throwing
from engine.spiff.findings import Findings
from engine.spiff.reading import Reader, child, flag, local, text_of
from engine.spiff.specs import Container, Flow, Node, Specification

SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")
GLOBAL_TASKS = {
    "globalTask": "task",
    "globalUserTask": "userTask",
    "globalManualTask": "manualTask",
    "globalScriptTask": "scriptTask",
    "globalBusinessRuleTask": "businessRuleTask",
}
SCRIPTS = ("starlark", "python")

CLASSES: dict[str, type[Node]] = {
    "startEvent": catching.StartEvent,
    "endEvent": throwing.ThrowEvent,
    "intermediateThrowEvent": throwing.ThrowEvent,
    "intermediateCatchEvent": catching.CatchEvent,
    "boundaryEvent": catching.CatchEvent,
    "task": activities.Activity,
    "manualTask": activities.Activity,
    "userTask": places.UserTask,
    "scriptTask": activities.ScriptTask,
    "receiveTask": places.ReceiveTask,
    "callActivity": places.CallActivity,
    "subProcess": places.SubProcess,
    "transaction": places.SubProcess,
    "adHocSubProcess": places.SubProcess,
    "exclusiveGateway": gateways.ExclusiveGateway,
    "parallelGateway": gateways.ParallelGateway,
    "inclusiveGateway": gateways.InclusiveGateway,
    "complexGateway": gateways.ComplexGateway,
    "eventBasedGateway": gateways.EventBasedGateway,
}


class Compiler:
    """Compiles one process. `findings` says what is wrong with it; `specification` and `containers` are only good when nothing is."""

    def __init__(self, diagram: Diagram, process: Element) -> None:
        self.diagram = diagram
        self.process = process
        self.findings = Findings(diagram)
        self.reader = Reader(diagram, self.findings)
        self.specification = Specification(process)
        self.nodes: dict[str, Node] = self.specification.nodes
        self.containers: dict[str, Container] = {}
        self.flows: list[Flow] = []

    def compile(self) -> None:
        elements = [e for e in self.diagram.elements.values() if e.process_id == self.process.id]
        for duplicate in self.diagram.duplicates:
            self.findings.error(
                "duplicate_id",
                duplicate,
                f"Mã {duplicate.id} dùng cho hơn một phần tử (dòng {duplicate.line}). Hãy đặt cho mỗi phần tử một mã riêng.",
                f"Id {duplicate.id} is used for more than one element (line {duplicate.line}). Give each element its own.",
            )
        for element in elements:
            if element.type in FLOW_NODES:
                self._node(element)
        for element in elements:
            if element.type == "sequenceFlow":
                self._flow(element)
        self._connect()
        self._compensation(elements)
        self._containers(elements)

    # --- nodes -------------------------------------------------------------------------------------------------------------------------

    def _node(self, element: Element) -> None:
        node = self._class(element)(self.specification, element)
        self.nodes[element.id] = node
        reader, xml = self.reader, element.node
        node.default = local(xml.get("default"))
        node.events = reader.definitions(element)
        node.parallel_multiple = flag(xml, "parallelMultiple", False)
        node.attached_to = local(xml.get("attachedToRef"))
        node.interrupting = flag(xml, "cancelActivity" if element.type == "boundaryEvent" else "isInterrupting", True)
        node.inputs_ = reader.parameters(element, "inputParameter")
        node.outputs_ = reader.parameters(element, "outputParameter")
        node.is_compensation = flag(xml, "isForCompensation", False)
        retry = element.extensions("failedJobRetryTimeCycle")
        node.details["retry"] = text_of(retry[0]) if retry else None
        waiting = any(event.kind in catching.WAITED_FOR for event in node.events)
        setattr(node, "waiting", waiting or element.type == "receiveTask")
        if element.type in ("intermediateThrowEvent", "endEvent"):
            node.late = any(event.kind == "signal" for event in node.events)
        if node.activity:
            node.multiple, node.loop, node.ad_hoc = reader.multiple(element), reader.loop(element), reader.ad_hoc(element)
            node.start_quantity = self._quantity(element, "startQuantity")
            node.completion_quantity = self._quantity(element, "completionQuantity")
        self._details(element, node)

    def _class(self, element: Element) -> type[Node]:
        """The behaviour of an element; a task's depends on what its extensions say."""
        kind = GLOBAL_TASKS.get(element.type, element.type)
        external = element.camunda("type") == "external"
        if kind in ("serviceTask", "sendTask", "businessRuleTask") and external:
            return places.JobTask
        if kind == "sendTask":
            return places.SendTask
        if kind == "serviceTask":
            return places.JobTask
        if kind == "businessRuleTask":
            return activities.BusinessRuleTask
        if kind == "callActivity":
            called = self.diagram.elements.get(local(element.node.get("calledElement")) or "")
            if called is not None and called.type in GLOBAL_TASKS:
                return places.GlobalCall
        return CLASSES[kind]

    def _quantity(self, element: Element, name: str) -> int:
        text = (element.node.get(name) or "1").strip()
        if not text.lstrip("-+").isdigit() or int(text) < 1:
            self.findings.error(
                "quantity",
                element,
                f"{name} của {{e}} phải là số nguyên từ 1 trở lên, nhưng là {text}. Hãy sửa hoặc bỏ thuộc tính này.",
                f"{name} of {{e}} must be a whole number of at least 1, but is {text}. Mend or remove it.",
            )
            return 1
        return int(text)

    def _details(self, element: Element, node: Node) -> None:
        kind = GLOBAL_TASKS.get(element.type, element.type)
        if isinstance(node, places.JobTask):
            self._topic(element, node)
        elif kind == "scriptTask":
            self._script(element, node)
        elif kind == "businessRuleTask":
            self._decision(element, node)
        elif kind == "callActivity":
            self._call(element, node)
        elif kind in ("receiveTask", "sendTask"):
            event = self.reader.definition(element, element.node, "message")
            node.events = [event] if event is not None else []
        elif kind == "complexGateway":
            node.details["activation"] = text_of(child(element.node, "activationCondition"))

    def _topic(self, element: Element, node: Node) -> None:
        node.details["topic"] = element.camunda("topic")
        if element.camunda("type") == "external" and element.camunda("topic"):
            return
        for name in ("class", "delegateExpression", "expression"):
            if element.camunda(name):
                self.findings.error(
                    "service_without_topic",
                    element,
                    f"Tác vụ {{e}} gọi mã Java (camunda:{name}), không chạy được ở đây. Hãy dùng camunda:type=\"external\" và camunda:topic.",
                    f"Task {{e}} calls Java code (camunda:{name}), which cannot run here. Use camunda:type=\"external\" and camunda:topic.",
                )
                return
        self.findings.todo(
            "service_without_topic",
            element,
            'Tác vụ {e} chưa nói ai thực hiện. Hãy đặt camunda:type="external" và camunda:topic.',
            'Task {e} does not say what carries it out. Set camunda:type="external" and camunda:topic.',
        )

    def _script(self, element: Element, node: Node) -> None:
        script = child(element.node, "script")
        text = text_of(script)
        language = (element.node.get("scriptFormat") or "starlark").strip()
        if element.camunda("resource") or element.camunda("resultVariable"):
            self.findings.error(
                "script",
                element,
                "Tác vụ kịch bản {e} dùng camunda:resource hoặc camunda:resultVariable. Hãy viết kịch bản trong phần tử và gán biến trong đó.",
                "Script task {e} uses camunda:resource or camunda:resultVariable. Write the script inline and set its variables there.",
            )
        if text is None:
            self.findings.todo("script", element, "Tác vụ kịch bản {e} chưa có kịch bản.", "Script task {e} has no script yet.")
        elif language.lower() not in SCRIPTS and language.lower() not in ("text/x-python", "application/x-starlark"):
            self.findings.error(
                "script",
                element,
                f"Kịch bản của {{e}} viết bằng {language}; chỉ chạy được starlark hoặc python. Hãy viết lại và sửa scriptFormat.",
                f"The script of {{e}} is written in {language}; only starlark or python run. Rewrite it and mend scriptFormat.",
            )
        node.details["script"] = text or ""

    def _decision(self, element: Element, node: Node) -> None:
        node.details["decision"] = element.camunda("decisionRef") or ""
        node.details["mapping"] = element.camunda("mapDecisionResult")
        node.details["result"] = element.camunda("resultVariable")
        if not element.camunda("decisionRef") and not isinstance(node, places.JobTask):
            self.findings.todo(
                "decision_missing",
                element,
                "Tác vụ quy tắc {e} chưa nói dùng bảng quyết định nào (camunda:decisionRef).",
                "Business rule task {e} does not say which decision it asks (camunda:decisionRef).",
            )

    def _call(self, element: Element, node: Node) -> None:
        called = (element.node.get("calledElement") or "").strip()
        node.details["called"] = called if "${" in called else local(called) or ""
        node.details["in"] = self.reader.handovers(element, "in")
        node.details["out"] = self.reader.handovers(element, "out")
        node.details["binding"] = element.camunda("calledElementBinding") or "latest"
        node.details["version"] = element.camunda("calledElementVersion") if node.details["binding"] == "version" else None
        node.details["business_key"] = next(
            (n.get("businessKey") for n in element.extensions("in") if n.get("businessKey") is not None), None
        )
        if not called:
            self.findings.todo(
                "call_empty", element, "Lời gọi {e} chưa nói gọi quy trình nào.", "Call activity {e} does not say which process it calls."
            )
        if isinstance(node, places.GlobalCall):
            target = self.diagram.elements[local(called) or ""]
            node.details["global"] = target.id
            if target.id not in self.nodes:
                self._node(target)
                self.nodes[target.id].container = element.id

    # --- flows -------------------------------------------------------------------------------------------------------------------------

    def _flow(self, element: Element) -> None:
        source, target = local(element.node.get("sourceRef")), local(element.node.get("targetRef"))
        if source not in self.nodes or target not in self.nodes:
            end = source if source not in self.nodes else target
            self.findings.error(
                "dangling_flow",
                element,
                f"Luồng {{e}} nối với {end or 'không đâu'}, không có trong quy trình này. Hãy nối lại hai đầu của nó.",
                f"Flow {{e}} is attached to {end or 'nothing'}, which is not in this process. Attach both of its ends.",
            )
            return
        assert source is not None and target is not None  # noqa: S101
        if self.nodes[source].container != self.nodes[target].container:
            self.findings.error(
                "flow_across_scopes",
                element,
                "Luồng {e} đi qua ranh giới của quy trình con. Hãy dùng sự kiện bắt đầu và kết thúc của quy trình con đó.",
                "Flow {e} crosses the border of a sub-process. Use that sub-process' start and end events.",
            )
            return
        flow = Flow(element.id, source, target, text_of(child(element.node, "conditionExpression")))
        self.flows.append(flow)

    def _connect(self) -> None:
        for flow in self.flows:
            source, target = self.nodes[flow.source], self.nodes[flow.target]
            source.outgoing.append(flow)
            target.incoming.append(flow)
            source.connect(target)
        for node in self.nodes.values():
            if node.default is not None and node.default not in {flow.id for flow in node.outgoing}:
                self.findings.error(
                    "default_flow",
                    node.element,
                    f"Luồng mặc định {node.default} không đi ra từ {{e}}. Hãy chọn lại luồng mặc định.",
                    f"The default flow {node.default} does not leave {{e}}. Choose its default again.",
                )
            if node.kind == "boundaryEvent":
                host = self.nodes.get(node.attached_to or "")
                if host is None or not host.activity:
                    self.findings.error(
                        "boundary_without_activity",
                        node.element,
                        "Sự kiện biên {e} không gắn với hoạt động nào. Hãy gắn nó vào một hoạt động.",
                        "Boundary event {e} is attached to no activity. Attach it to one.",
                    )
                else:
                    host.boundary.append(node.id)

    # --- compensation ------------------------------------------------------------------------------------------------------------------

    def _compensation(self, elements: list[Element]) -> None:
        for element in elements:
            if element.type != "association":
                continue
            ends = [self.nodes.get(local(element.node.get(end)) or "") for end in ("sourceRef", "targetRef")]
            for event, handler in (ends, ends[::-1]):
                if event is None or handler is None or event.kind != "boundaryEvent" or not handler.activity:
                    continue
                if any(e.kind == "compensate" for e in event.events) and event.attached_to in self.nodes:
                    event.compensates = handler.id
                    handler.is_compensation = True
                    self.nodes[event.attached_to].details["undo_handler"] = handler.id
        for node in self.nodes.values():
            if node.kind == "boundaryEvent" and any(e.kind == "compensate" for e in node.events) and node.compensates is None:
                self.findings.error(
                    "compensation_handler",
                    node.element,
                    "Sự kiện bồi hoàn {e} chưa nối (bằng association) với hoạt động bồi hoàn.",
                    "Compensation event {e} is not associated with a handler activity.",
                )

    # --- containers --------------------------------------------------------------------------------------------------------------------

    def _containers(self, elements: list[Element]) -> None:
        self.containers[self.process.id] = Container(self.process.id)
        for element in elements:
            if element.type in SUB_PROCESSES:
                self.containers[element.id] = self.nodes[element.id].body = Container(element.id)
        for node in self.nodes.values():
            container = self.containers.get(node.container)
            if container is not None:
                self._place(node, container)
        for container in self.containers.values():
            if container.none_starts or container.starts:
                self._unreached(container)
                container.implicit = []

    def _place(self, node: Node, container: Container) -> None:
        handler = node.kind in SUB_PROCESSES and flag(node.element.node, "triggeredByEvent", False)
        link = next((event.name for event in node.events if event.kind == "link"), None)
        if node.kind == "startEvent":
            (container.starts if node.events else container.none_starts).append(node.id)
            if any(event.kind == "compensate" for event in node.events):
                container.undoes = True
        elif handler:
            container.handlers.append(node.id)
        elif node.kind == "intermediateCatchEvent" and link is not None:
            container.links[link] = node.id
        elif node.kind != "boundaryEvent" and not node.is_compensation and not node.incoming:
            if flag(node.element.node, "instantiate", False) and container.id == self.process.id:
                container.starts.append(node.id)
            else:
                container.implicit.append(node.id)

    def _unreached(self, container: Container) -> None:
        for node_id in container.implicit:
            self.findings.error(
                "unreached",
                self.nodes[node_id].element,
                "Không luồng nào dẫn tới {e}, nên nó không bao giờ được thực hiện. Hãy nối luồng tới nó hoặc xóa nó.",
                "No flow leads to {e}, so it would never be carried out. Lead a flow to it or remove it.",
            )
