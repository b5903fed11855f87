"""How the nodes of a process hang together: flows, boundary events, compensation handlers, and what begins and listens in each scope."""

from __future__ import annotations

from engine.diagram import Diagram, Element
from engine.spiff.findings import Findings
from engine.spiff.reading import Reader
from engine.spiff.specs import Container, Flow, Node
from engine.spiff.xml import child, flag, local, text_of

LANGUAGES = ("juel", "starlark", "python", "el", "")
SUB_PROCESSES = ("subProcess", "transaction", "adHocSubProcess")


class Wiring:
    """Connects `nodes`; what does not fit goes to `findings`."""

    def __init__(self, diagram: Diagram, process: Element, nodes: dict[str, Node], reader: Reader, findings: Findings) -> None:
        self.diagram = diagram
        self.process = process
        self.nodes = nodes
        self.reader = reader
        self.findings = findings
        self.containers: dict[str, Container] = {}
        self.flows: list[Flow] = []

    def connect(self, elements: list[Element]) -> None:
        """`elements`: all of the process, in document order."""
        for element in elements:
            if element.type == "sequenceFlow":
                self._flow(element)
        self._connect()
        self._compensation(elements)
        self._containers(elements)

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
        condition = child(element.node, "conditionExpression")
        language = (condition.get("language") or "").strip() if condition is not None else ""
        if language and language.lower().rpartition("/")[2] not in LANGUAGES:
            self.findings.error(
                "expression_language",
                element,
                f"Điều kiện của luồng {{e}} viết bằng {language}. Hãy viết bằng ${{...}} và bỏ thuộc tính language.",
                f"The condition of flow {{e}} is written in {language}. Write it as ${{...}} and remove its language.",
            )
        flow = Flow(element.id, source, target, text_of(condition))
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
                around = self.nodes.get(self.nodes[container.id].container) if container.id in self.nodes else None
                if around is not None:
                    around.details["undo_start"] = node.id
        elif handler:
            container.handlers.append(node.id)
        elif node.kind == "intermediateCatchEvent" and link is not None:
            self._link(node, container, link)
        elif node.kind != "boundaryEvent" and not node.is_compensation and not node.incoming:
            if flag(node.element.node, "instantiate", False) and container.id == self.process.id:
                container.starts += self._starting(node)
            else:
                container.implicit.append(node.id)

    def _link(self, node: Node, container: Container, name: str) -> None:
        """A catching link event: one for each name, and somebody leads to it."""
        if container.links.setdefault(name, node.id) != node.id:
            self.findings.error(
                "link_twice",
                node.element,
                f"Liên kết {{e}} trùng tên “{name}” với liên kết {container.links[name]}. Mỗi tên chỉ có một điểm đến.",
                f"Link {{e}} has the name “{name}” of link {container.links[name]}. A name has but one catching end.",
            )
        throwers = [n for n in self.nodes.values() if n.container == container.id and n.kind != node.kind]
        thrown = [event.name for thrower in throwers for event in thrower.events if event.kind == "link"]
        if name not in thrown:
            self.findings.error(
                "unreached",
                node.element,
                f"Không sự kiện ném nào dẫn tới liên kết {{e}} (“{name}”) trong cùng phạm vi. Hãy thêm sự kiện đó hoặc xóa liên kết.",
                f"No throwing event leads to link {{e}} (“{name}”) in its scope. Add one, or remove the link.",
            )

    def _starting(self, node: Node) -> list[str]:
        """Where a case begins by the trigger of `node`: an instantiating gateway begins behind itself."""
        return [flow.target for flow in node.outgoing] if node.kind == "eventBasedGateway" else [node.id]

    def _unreached(self, container: Container) -> None:
        for node_id in container.implicit:
            self.findings.error(
                "unreached",
                self.nodes[node_id].element,
                "Không luồng nào dẫn tới {e}, nên nó không bao giờ được thực hiện. Hãy nối luồng tới nó hoặc xóa nó.",
                "No flow leads to {e}, so it would never be carried out. Lead a flow to it or remove it.",
            )
