"""Boundary events of every kind at activities of every kind, interrupting or not."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, done, message
from tests.engine.conformance.parts import TRIGGERS, TWICE, both, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    flow,
    many,
    node,
    start,
    sub,
    user,
)

HOSTS = {
    "user task": (user("u0"), "u0"),
    "receive task": (node("receiveTask", "t0", messageRef="cho"), ""),
    "service task": (node("serviceTask", "t0", camunda_type="external", camunda_topic="gui"), ""),
    "sub-process": (sub("t0", start("ks"), user("u0"), flow("ks", "u0")), "u0"),
    "transaction": (sub("t0", start("ks"), user("u0"), flow("ks", "u0"), kind="transaction"), "u0"),
    "call activity": (node("callActivity", "t0", calledElement="q"), "u1"),
    "parallel instances": (user("u0", many(inner=TWICE)), "u0 u0"),
    "instances in a row": (user("u0", many(inner=TWICE, sequential=True)), "u0 u0"),
    "sub-process instances": (sub("t0", start("ks"), user("u0"), flow("ks", "u0"), many(inner=TWICE)), "u0 u0"),
    "loop": (user("u0", '<standardLoopCharacteristics loopMaximum="2"/>'), "u0 u0"),
    "ad-hoc sub-process": (
        sub("t0", user("u0"), "<completionCondition>${xong}</completionCondition>", kind="adHocSubProcess"),
        "u0",
    ),
}


CALLED = '<process id="q" isExecutable="true">' + start("qs") + user("u1") + flow("qs", "u1") + "</process>"
AROUND = ALL + CALLED + '<message id="cho" name="chờ"/>'


def _host_id(host: str) -> str:
    return "u0" if 'id="u0"' in host.partition(">")[0] else "t0"


def _at(host: str, definition: str, interrupting: bool) -> str:
    return (
        start() + both("g") + host + user("uv") + flow("s", "g", _host_id(host)) + flow("g", "uv")
        + boundary("b", _host_id(host), definition, interrupting) + work("tb", "tn") + flow(_host_id(host), "tn") + flow("b", "tb")
    )  # fmt: skip


def _finish(inside: str) -> list[dict[str, object]]:
    return [done(task, xong=True) for task in inside.split()]


INTERRUPTING = [
    Case(
        f"{trigger} interrupts {name}",
        _at(host, definition, True),
        "uv tb" if trigger == "conditional" else "tb",
        [step] if "service" not in name else [step, {"job": "gui"}][:1],
        {"co": False, "xong": False},
        state="completed" if trigger == "conditional" else "active",
        waiting="" if trigger == "conditional" else "uv",
        around=AROUND,
    )
    for name, (host, inside) in HOSTS.items()
    if name != "service task"
    for trigger, (definition, step) in TRIGGERS.items()
]
BESIDE = [
    Case(
        f"{trigger} beside {name}",
        _at(host, definition, False),
        "uv tb " + (inside.strip() + (" t0" if _host_id(host) == "t0" else "") + " tn").strip()
        if trigger == "conditional"
        else "tb " + inside + (" t0" if _host_id(host) == "t0" else "") + " tn",
        [step, *(_finish(inside) if name != "receive task" else [message("chờ")])],
        {"co": False, "xong": False},
        state="completed" if trigger == "conditional" else "active",
        waiting="" if trigger == "conditional" else "uv",
        around=AROUND,
    )
    for name, (host, inside) in HOSTS.items()
    if name not in ("service task", "sub-process instances")
    for trigger, (definition, step) in TRIGGERS.items()
]


@pytest.mark.parametrize("case", INTERRUPTING + BESIDE, ids=lambda case: case.name)
def test_it_catches_at_the_boundary_of_every_activity(case: Case) -> None:
    case.check()
