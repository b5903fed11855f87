"""What the diagrams of these tests are made of, beside the builder of tests/engine/spiff."""

from __future__ import annotations

from typing import Any

from tests.engine.conformance.cases import after, done, message, signal
from tests.engine.spiff.builder import boundary, conditional, event, node, script, timer, user

CANCEL = event("cancel")
TERMINATE = "<terminateEventDefinition/>"
"""An end event definition each."""
TWICE = "<loopCardinality>2</loopCardinality>"
COUNT = "dem = dem + 1"
TRIGGERS: dict[str, tuple[str, dict[str, Any]]] = {
    "message": (event("message", "msg"), message()),
    "signal": (event("signal", "sig"), signal()),
    "timer": (timer("PT1H"), after("PT1H")),
    "conditional": (conditional("${co}"), done("uv", co=True)),
}


def work(*ids: str) -> str:
    return "".join(script(id, "x = 1") for id in ids)


def people(*ids: str) -> str:
    return "".join(user(id) for id in ids)


def both(id: str) -> str:
    return node("parallelGateway", id)


def xor(id: str, **attributes: str) -> str:
    return node("exclusiveGateway", id, **attributes)


def some(id: str, **attributes: str) -> str:
    return node("inclusiveGateway", id, **attributes)


def undoable(id: str, undo: str, at: str = "") -> str:
    """A script task with a compensation handler."""
    return (
        script(id, at or "x = 1") + boundary(f"b{id}", id, event("compensate")) + script(undo, "x = 2", isForCompensation="true")
        + f'<association id="a{id}" sourceRef="b{id}" targetRef="{undo}" associationDirection="One"/>'
    )  # fmt: skip


def process(id: str, *inner: str) -> str:
    return f'<process id="{id}" isExecutable="true">{"".join(inner)}</process>'
