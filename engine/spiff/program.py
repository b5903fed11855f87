"""A process compiled from its diagram into SpiffWorkflow task specs, once per version, shared in memory by all its cases."""

from __future__ import annotations

from dataclasses import dataclass

from engine.diagram import Diagram
from engine.errors import Finding, NotFound, Refused
from engine.spiff.compiler import Compiler
from engine.spiff.specs import Container, Node, Specification


@dataclass(frozen=True)
class StartEvent:
    """Where a case can begin. `kind`: none, message, timer, signal, conditional. `name`: of the message or signal; `timer`: its text;
    `condition`: its text; `form`: camunda:formRef or formKey of a none start event."""

    element_id: str
    kind: str
    name: str = ""
    timer: str = ""
    form: str | None = None
    condition: str = ""


class Program:
    """Immutable. `key` is the process id."""

    def __init__(self, compiler: Compiler) -> None:
        self.key: str = compiler.process.id
        self.name: str = compiler.process.name
        self.spec: Specification = compiler.specification
        self.nodes: dict[str, Node] = compiler.nodes
        self.defaults: dict[str, str] = {
            name.removeprefix("mac_dinh."): value for name, value in compiler.process.properties.items() if name.startswith("mac_dinh.")
        }
        self._containers: dict[str, Container] = compiler.containers
        self._reach: dict[str, dict[str, frozenset[str]]] = {}
        self.start_events: list[StartEvent] = list(self._starts())

    @classmethod
    def compile(cls, diagram: Diagram, process_id: str) -> Program:
        """Raises errors.Refused with one Finding per element that cannot be carried exactly."""
        compiler = cls._compiled(diagram, process_id)
        if compiler.findings:
            raise Refused(compiler.findings)
        return cls(compiler)

    @classmethod
    def findings(cls, diagram: Diagram, process_id: str) -> list[Finding]:
        """What compile() would refuse the process for."""
        return list(cls._compiled(diagram, process_id).findings)

    @staticmethod
    def _compiled(diagram: Diagram, process_id: str) -> Compiler:
        process = diagram.elements.get(process_id)
        if process is None or process.type != "process":
            raise NotFound(what="process", id=process_id)
        compiler = Compiler(diagram, process)
        compiler.compile()
        return compiler

    def _starts(self) -> list[StartEvent]:
        container = self.container(self.key)
        found: list[StartEvent] = []
        for node_id in container.none_starts:
            element = self.nodes[node_id].element
            found.append(StartEvent(node_id, "none", form=element.camunda("formRef") or element.camunda("formKey")))
        if not container.none_starts and container.implicit:
            found.append(StartEvent(container.implicit[0], "none"))
        for node_id in container.starts:
            for event in self.nodes[node_id].events:
                name = event.name or "" if event.kind in ("message", "signal") else ""
                found.append(
                    StartEvent(
                        node_id,
                        event.kind,
                        name,
                        event.text if event.kind == "timer" else "",
                        None,
                        event.text if event.kind == "conditional" else "",
                    )
                )
        return found

    def container(self, element_id: str) -> Container:
        """Starts and handlers of the process or of a sub-process; of anything else: none."""
        return self._containers.get(element_id) or _NOTHING

    def reach(self, join: Node) -> dict[str, frozenset[str]]:
        """For every node around the join: its incoming flows that a token there can still reach without passing the join."""
        if join.id not in self._reach:
            found: dict[str, set[str]] = {}
            for flow in join.incoming:
                seen: set[str] = set()
                todo = [flow.source]
                while todo:
                    node_id = todo.pop()
                    if node_id in seen or node_id == join.id:
                        continue
                    seen.add(node_id)
                    todo += self._before(self.nodes[node_id])
                for node_id in seen:
                    found.setdefault(node_id, set()).add(flow.id)
            self._reach[join.id] = {node_id: frozenset(flows) for node_id, flows in found.items()}
        return self._reach[join.id]

    def _before(self, node: Node) -> list[str]:
        """Where a token that comes to `node` can have been."""
        before = [flow.source for flow in node.incoming]
        if node.attached_to is not None:
            before.append(node.attached_to)
        link = next((event.name for event in node.events if event.kind == "link"), None)
        if link is not None and node.kind == "intermediateCatchEvent":
            before += [
                n.id
                for n in self.nodes.values()
                if n.container == node.container
                and n.kind == "intermediateThrowEvent"
                and any(e.kind == "link" and e.name == link for e in n.events)
            ]
        return before


_NOTHING = Container("")
