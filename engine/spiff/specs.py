"""What the compiler makes of a diagram: nodes (SpiffWorkflow task specs) and the plain data they carry."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from SpiffWorkflow.bpmn.specs.bpmn_process_spec import BpmnProcessSpec
from SpiffWorkflow.bpmn.specs.bpmn_task_spec import BpmnTaskSpec

from engine.diagram import Element


@dataclass(frozen=True)
class Flow:
    """A sequence flow. `source` and `target` are element ids; `condition` is None when it has none."""

    id: str
    source: str
    target: str
    condition: str | None = None
    bare: bool = True


@dataclass(frozen=True)
class Correlation:
    """One key of a correlation subscription: its property and the expression over the message's payload or the case."""

    name: str
    expression: str


@dataclass(frozen=True)
class EventDefinition:
    """One trigger or result of an event. `name`: message, signal or link name, error or escalation code (None: any)."""

    kind: str  # message signal timer conditional error escalation compensate cancel terminate link
    name: str | None = None
    text: str = ""  # timer value, condition
    timer: str = ""  # timeDuration timeDate timeCycle
    activity: str | None = None  # compensate: the one activity to undo
    wait: bool = True  # compensate: waitForCompletion
    code_variable: str | None = None
    message_variable: str | None = None
    keys: tuple[Correlation, ...] = ()
    topic: str | None = None  # message: camunda external topic that sends it


@dataclass(frozen=True)
class Value:
    """How one variable is made: an expression or template, a script, a list or a map of values."""

    kind: str = "text"  # text script list map variable
    text: str = ""
    items: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True)
class Handover:
    """One camunda:in or camunda:out."""

    source: str | None = None
    expression: str | None = None
    target: str | None = None
    everything: bool = False


@dataclass(frozen=True)
class Multiple:
    """Multi-instance characteristics."""

    sequential: bool = False
    cardinality: str | None = None
    collection: str | None = None
    element: str | None = None
    condition: str | None = None
    output: str | None = None
    output_item: str | None = None
    behavior: str = "All"
    event: EventDefinition | None = None
    complex: tuple[tuple[str, EventDefinition | None], ...] = ()


@dataclass(frozen=True)
class Loop:
    """Standard loop characteristics."""

    condition: str | None = None
    before: bool = False
    maximum: str | None = None


@dataclass(frozen=True)
class AdHoc:
    """How an ad-hoc sub-process goes about its activities."""

    condition: str | None = None
    sequential: bool = False
    cancel_remaining: bool = True


@dataclass
class Container:
    """What starts and what listens in a process or a sub-process. Lists hold element ids, in document order."""

    id: str
    none_starts: list[str] = field(default_factory=list)
    starts: list[str] = field(default_factory=list)  # start events that wait for a trigger
    implicit: list[str] = field(default_factory=list)  # nodes without incoming flows, where there is no start event
    handlers: list[str] = field(default_factory=list)  # event sub-processes
    links: dict[str, str] = field(default_factory=dict)  # link name -> catching event


class Node(BpmnTaskSpec):  # type: ignore[misc]  # SpiffWorkflow is not typed
    """A flow node. Its SpiffWorkflow name has a prefix, so that no id of an analyst meets an internal one."""

    late = False
    """Whether it runs only when nothing else can: a thrown signal must find the places that wait beside it."""
    early = False
    """Whether it opens a place to wait: done before anything else runs."""
    activity = False
    waiting = False
    """Whether its events are waited for (message, timer, signal, conditional), not only thrown at it."""

    def __init__(self, spec: BpmnProcessSpec, element: Element) -> None:
        super().__init__(spec, "e:" + element.id, lane=element.lane)
        self.bpmn_id = element.id
        self.bpmn_name = element.name
        self.id: str = element.id
        self.kind: str = element.type
        self.element = element
        self.container: str = element.parent_id or ""
        self.outgoing: list[Flow] = []
        self.incoming: list[Flow] = []
        self.default: str | None = None
        self.events: list[EventDefinition] = []
        self.parallel_multiple = False
        self.boundary: list[str] = []
        self.attached_to: str | None = None
        self.interrupting = True
        self.multiple: Multiple | None = None
        self.loop: Loop | None = None
        self.ad_hoc: AdHoc | None = None
        self.inputs_: list[tuple[str, Value]] = []
        self.outputs_: list[tuple[str, Value]] = []
        self.declares: list[str] = []
        """Variables that belong to the activity alone."""
        self.start_quantity = 1
        self.completion_quantity = 1
        self.compensates: str | None = None
        """Boundary: id of the handler activity that its association leads to."""
        self.is_compensation = False
        self.body: Container | None = None
        self.details: dict[str, Any] = {}

    def test(self) -> None:
        """SpiffWorkflow demands inputs of every spec; a diagram may start anywhere."""

    def _predict(self, my_task: Any, *_: Any, **__: Any) -> None:
        """Nothing is predicted: a token gets successors when it leaves."""

    def _update(self, my_task: Any) -> None:
        """Tokens are moved by the case's queue."""

    def _run(self, my_task: Any) -> bool | None:
        """One step of a token: True when it has left, None when it waits, False when it failed."""
        return bool(my_task.workflow.step(my_task)) or None

    def _on_complete(self, my_task: Any) -> None:
        """A token that has left is taken out of the tree: only live tokens are kept."""
        my_task.workflow.retire(my_task)

    def serialize(self, serializer: Any, **_: Any) -> Any:
        """Specs are never stored: they are compiled from the diagram."""
        raise NotImplementedError


class Specification(BpmnProcessSpec):  # type: ignore[misc]
    """The nodes of one process, by element id."""

    def __init__(self, process: Element) -> None:
        super().__init__(name="p:" + process.id, description=process.name)
        self.nodes: dict[str, Node] = {}
