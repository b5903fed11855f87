"""Diagram -> nodes. What cannot be carried exactly becomes a finding, never a node that half works."""

from __future__ import annotations

import re

from engine.diagram import FLOW_NODES, Diagram, Element
from engine.spiff import activities, catching, gateways, places, throwing
from engine.spiff.checks import check
from engine.spiff.findings import Findings
from engine.spiff.reading import Reader
from engine.spiff.specs import Container, Node, Specification
from engine.spiff.wiring import Wiring
from engine.spiff.xml import child, flag, local, text_of

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
        wiring = Wiring(self.diagram, self.process, self.nodes, self.reader, self.findings)
        wiring.connect(elements)
        self.containers = wiring.containers
        check(wiring, self.findings)

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
        # What went wrong cannot be gone on with: these interrupt, whatever the drawing says.
        node.interrupting |= any(event.kind in ("error", "cancel") for event in node.events)
        if node.activity:
            node.multiple, node.loop, node.ad_hoc = reader.multiple(element), reader.loop(element), reader.ad_hoc(element)
        node.inputs_ = reader.associated_inputs(element) + reader.parameters(element, "inputParameter")
        node.outputs_ = reader.associated_outputs(element) + reader.parameters(element, "outputParameter")
        node.declares = reader.declared(element)
        node.is_compensation = flag(xml, "isForCompensation", False)
        retry = element.extensions("failedJobRetryTimeCycle")
        node.details["retry"] = text_of(retry[0]) if retry else None
        waiting = any(event.kind in catching.WAITED_FOR for event in node.events)
        node.waiting = waiting or element.type == "receiveTask"
        if element.type in ("intermediateThrowEvent", "endEvent"):
            node.late = any(event.kind == "signal" for event in node.events)
        if node.activity:
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
        if not re.fullmatch(r"\+?0*[1-9]\d{0,2}", text):
            self.findings.error(
                "quantity",
                element,
                f"{name} của {{e}} phải là số nguyên từ 1 đến 999, nhưng là {text}. Hãy sửa hoặc bỏ thuộc tính này.",
                f"{name} of {{e}} must be a whole number from 1 to 999, but is {text}. Mend or remove it.",
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
                    f'Tác vụ {{e}} gọi mã Java (camunda:{name}), không chạy được ở đây. Hãy dùng camunda:type="external" và camunda:topic.',
                    f'Task {{e}} calls Java code (camunda:{name}), which cannot run here. Use camunda:type="external" and camunda:topic.',
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
                "Tác vụ {e} dùng camunda:resource hoặc camunda:resultVariable. Hãy viết kịch bản ngay trong phần tử và gán biến ở đó.",
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
