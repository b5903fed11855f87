"""Small diagrams for the tests, and a case that runs twice: once kept in memory, once stored and loaded again after every verb."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from engine.diagram import Diagram
from engine.errors import Finding, Refused
from engine.spiff import Effects, Execution, Program, Wait, WaitKind

NOW = datetime(2026, 3, 2, 1, tzinfo=UTC)
ROOT = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:m="http://www.omg.org/spec/BPMN/20100524/MODEL"'
    ' xmlns:camunda="http://camunda.org/schema/1.0/bpmn">'
)


def diagram(process: str, around: str = "", attributes: str = "") -> Diagram:
    return Diagram.read(f'{ROOT}{around}<process id="p" {attributes}>{process}</process></definitions>'.encode(), "p.bpmn")


def program(*process: str, around: str = "") -> Program:
    return Program.compile(diagram("".join(process), around), "p")


def refusals(*process: str, around: str = "") -> list[Finding]:
    """What the process is refused for; none is no refusal."""
    try:
        program(*process, around=around)
    except Refused as refused:
        return refused.findings
    return []


def node(kind: str, id: str, inner: str = "", **attributes: str) -> str:
    """`camunda_topic="x"` becomes camunda:topic."""
    written = " ".join(f"{name.replace('camunda_', 'camunda:')}={quoteattr(value)}" for name, value in attributes.items())
    return f'<{kind} id="{id}" {written}>{inner}</{kind}>'


def start(id: str = "s", inner: str = "", **attributes: str) -> str:
    return node("startEvent", id, inner, **attributes)


def end(id: str = "e", inner: str = "") -> str:
    return node("endEvent", id, inner)


def user(id: str, inner: str = "", **attributes: str) -> str:
    return node("userTask", id, inner, **attributes)


def script(id: str, text: str = "", inner: str = "", **attributes: str) -> str:
    """Without text: a script that leaves its mark in the list `dau`."""
    text = text or f'dau.append("{id}")'
    return node("scriptTask", id, f"{inner}<script>{escape(text)}</script>", scriptFormat="starlark", **attributes)


def flow(*ids: str, when: str | None = None, id: str | None = None) -> str:
    """Flows along `ids`; the last has the condition."""
    found = ""
    for source, target in itertools.pairwise(ids):
        inner = f"<conditionExpression>{escape(when)}</conditionExpression>" if when is not None and target == ids[-1] else ""
        found += f'<sequenceFlow id="{id or f"{source}-{target}"}" sourceRef="{source}" targetRef="{target}">{inner}</sequenceFlow>'
    return found


def sub(id: str, *inner: str, kind: str = "subProcess", **attributes: str) -> str:
    return node(kind, id, "".join(inner), **attributes)


def handler(id: str, *inner: str) -> str:
    return sub(id, *inner, triggeredByEvent="true")


def boundary(id: str, at: str, definition: str, interrupting: bool = True) -> str:
    return node("boundaryEvent", id, definition, attachedToRef=at, cancelActivity=str(interrupting).lower())


def timer(text: str, kind: str = "timeDuration") -> str:
    return f"<timerEventDefinition><{kind}>{escape(text)}</{kind}></timerEventDefinition>"


def conditional(text: str) -> str:
    return f"<conditionalEventDefinition><condition>{escape(text)}</condition></conditionalEventDefinition>"


def event(kind: str, reference: str | None = None, **attributes: str) -> str:
    """event("signal", "sig") and the like."""
    written = " ".join(f"{name.replace('camunda_', 'camunda:')}={quoteattr(value)}" for name, value in attributes.items())
    return f"<{kind}EventDefinition {written} {f'{kind}Ref={quoteattr(reference)}' if reference else ''}/>"


def catch(id: str, definition: str, **attributes: str) -> str:
    return node("intermediateCatchEvent", id, definition, **attributes)


def throw(id: str, definition: str) -> str:
    return node("intermediateThrowEvent", id, definition)


def many(collection: str = "", element: str = "", inner: str = "", sequential: bool = False, **attributes: str) -> str:
    if collection:
        attributes |= {"camunda_collection": collection}
    if element:
        attributes |= {"camunda_elementVariable": element}
    written = " ".join(f'{name.replace("camunda_", "camunda:")}="{value}"' for name, value in attributes.items())
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" {written}>{inner}</multiInstanceLoopCharacteristics>'
    )


SIGNAL = '<signal id="sig" name="báo"/>'
MESSAGE = '<message id="msg" name="thư"/>'
ERROR = '<error id="err" errorCode="E1"/><error id="err2" errorCode="E2"/>'
ESCALATION = '<escalation id="esc" escalationCode="K1"/>'
ALL = SIGNAL + MESSAGE + ERROR + ESCALATION


class Run:
    """A case. `trace`: elements completed, in order; `effects`: of the last verb."""

    def __init__(self, program: Program, variables: Mapping[str, Any] | None = None, **options: Any) -> None:
        self.program = program
        self.now = NOW
        self.decide = options.pop("decide", None)
        self.trace: list[str] = []
        self.cancelled: list[str] = []
        self.thrown: list[Any] = []
        self.failures: list[Any] = []
        self.unhandled: str | None = None
        given = {"dau": [], **(variables or {})}
        self.kept = Execution.start(program, now=NOW, variables=given, decide=self.decide, **options)
        self.stored = Execution.start(program, now=NOW, variables=given, decide=self.decide, **options)
        self._after()

    def do(self, verb: str, *arguments: Any) -> None:
        """One verb of Execution, on both."""
        self.kept.now = self.stored.now = self.now
        getattr(self.kept, verb)(*arguments)
        getattr(self.stored, verb)(*arguments)
        self._after()

    def _after(self) -> None:
        effects, other = self.kept.collect(), self.stored.collect()
        assert effects == other
        self.effects: Effects = effects
        self.trace += [passage.element_id for passage in effects.passages if passage.state == "completed"]
        self.cancelled += [passage.element_id for passage in effects.passages if passage.state == "cancelled"]
        self.thrown += effects.thrown
        self.failures += effects.failures
        self.unhandled = effects.unhandled_error or self.unhandled
        state = json.loads(json.dumps(self.stored.dump()))
        self.stored = Execution.load(self.program, state, now=self.now, decide=self.decide)
        assert json.loads(json.dumps(self.stored.dump())) == state
        assert json.loads(json.dumps(self.kept.dump())) == state

    # --- looking -----------------------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        return self.kept.state

    @property
    def variables(self) -> dict[str, Any]:
        return self.kept.variables

    @property
    def marks(self) -> list[str]:
        """What the scripts left in `dau`."""
        return list(self.variables["dau"])

    @property
    def waiting(self) -> list[str]:
        return [wait.element_id for wait in self.kept.waits.values()]

    def wait(self, element: str, index: int = 0) -> Wait:
        return [wait for wait in self.kept.waits.values() if wait.element_id == element][index]

    # --- doing -------------------------------------------------------------------------------------------------------------------------

    def complete(self, element: str, variables: Mapping[str, Any] | None = None, index: int = 0) -> None:
        self.do("complete_user_task", self.wait(element, index).id, variables or {})

    def advance(self, **delta: float) -> None:
        """Let time pass; what becomes due happens in its order."""
        until = self.now + timedelta(**delta)
        while True:
            due = sorted(
                (w.due, w.id) for w in self.kept.waits.values() if w.kind is WaitKind.TIMER and w.due is not None and w.due <= until
            )
            if not due:
                break
            self.now = max(self.now, due[0][0])
            self.do("fire_timer", due[0][1])
        self.now = until

    def message(self, element: str, variables: Mapping[str, Any] | None = None) -> None:
        self.do("receive_message", self.wait(element).id, variables or {})

    def signal(self, name: str = "báo", variables: Mapping[str, Any] | None = None) -> None:
        self.do("receive_signal", name, variables or {})
