"""Timers, start events, event-based gateways, and events where they cannot stand."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
from tests.engine.conformance.parts import CANCEL, both, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    catch,
    conditional,
    end,
    event,
    flow,
    node,
    start,
    throw,
    timer,
    user,
)

WAITING = [
    Case(
        "a send task sends",
        start()
        + both("g")
        + node("receiveTask", "t0", messageRef="msg")
        + node("sendTask", "t1", messageRef="msg")
        + flow("s", "g", "t1")
        + flow("g", "t0"),
        "~t0 t1",
        around=ALL,
    ),
    Case(
        "a timer at a date",
        start() + catch("c", timer("2026-03-01T08:00:00+07:00", "timeDate")) + work("tc") + flow("s", "c", "tc"),
        "tc",
        [after("P90D")],
    ),
    Case(
        "a timer at a date that has passed",
        start() + catch("c", timer("2020-03-01T08:00:00Z", "timeDate")) + work("tc") + flow("s", "c", "tc"),
        "tc",
    ),
    Case(
        "an interrupting timer that repeats fires once",
        start() + user("ua") + boundary("b", "ua", timer("R3/PT1H", "timeCycle")) + work("tb") + flow("s", "ua") + flow("b", "tb"),
        "tb",
        [after("P1D")],
    ),
    Case(
        "a timer beside that repeats",
        start() + user("ua") + boundary("b", "ua", timer("R3/PT1H", "timeCycle"), False) + work("tb") + flow("s", "ua") + flow("b", "tb"),
        "tb tb tb ua",
        [after("P1D"), done("ua")],
    ),
    Case("a cron timer is refused", start() + catch("c", timer("0 0 * * *", "timeCycle")) + flow("s", "c"), refused="timer"),
    Case(
        "a boundary event of a task that is done hears nothing",
        start() + user("ua") + boundary("b", "ua", timer("PT1H")) + user("ub") + work("tb") + flow("s", "ua", "ub") + flow("b", "tb"),
        "ua ub",
        [done("ua"), after("P1D"), done("ub")],
    ),
    Case(
        "two boundary events, the first counts",
        start()
        + user("ua")
        + boundary("b", "ua", timer("PT1H"))
        + boundary("c", "ua", timer("PT2H"))
        + work("tb", "tc")
        + flow("s", "ua")
        + flow("b", "tb")
        + flow("c", "tc"),
        "tb",
        [after("P1D")],
    ),
    Case(
        "a boundary event loops back to its task",
        start()
        + user("ua")
        + boundary("b", "ua", event("message", "msg"))
        + work("tb")
        + flow("s", "ua")
        + flow("b", "ua")
        + flow("ua", "tb"),
        "ua tb",
        [message(), message(), done("ua")],
        around=ALL,
    ),
    Case("a start event by message", start("s", event("message", "msg")) + work("ta") + flow("s", "ta"), "ta", around=ALL),
    Case("a start event by signal of another case", start("s", event("signal", "sig")) + work("ta") + flow("s", "ta"), "ta", around=ALL),
    Case("a conditional start event is refused", start("s", conditional("${x}")) + work("ta") + flow("s", "ta"), refused="compile"),
    Case("cancel outside a transaction is refused", start() + end("e", CANCEL) + flow("s", "e"), refused="compile"),
    Case(
        "an error cannot be caught in the flow", start() + catch("c", event("error", "err")) + flow("s", "c"), refused="compile", around=ALL
    ),
    Case(
        "an error cannot be thrown in the flow",
        start() + throw("c", event("error", "err")) + end() + flow("s", "c", "e"),
        refused="compile",
        around=ALL,
    ),
    Case(
        "behind an event gateway: signal",
        start()
        + node("eventBasedGateway", "g")
        + catch("c", event("signal", "sig"))
        + node("receiveTask", "t0", messageRef="msg")
        + work("tc")
        + flow("s", "g", "c", "tc")
        + flow("g", "t0"),
        "tc",
        [signal(), message()],
        around=ALL,
    ),
    Case(
        "behind an event gateway: receive task",
        start()
        + node("eventBasedGateway", "g")
        + catch("c", event("signal", "sig"))
        + node("receiveTask", "t0", messageRef="msg")
        + work("tc", "td")
        + flow("s", "g", "c", "tc")
        + flow("g", "t0", "td"),
        "t0 td",
        [message(), signal()],
        around=ALL,
    ),
    Case(
        "behind an event gateway: condition",
        start()
        + both("p1")
        + user("ua")
        + node("eventBasedGateway", "g")
        + catch("c", conditional("${co}"))
        + catch("d", timer("P1D"))
        + work("tc", "td")
        + flow("s", "p1", "g", "c", "tc")
        + flow("p1", "ua")
        + flow("g", "d", "td"),
        "ua tc",
        [done("ua", co=True), after("P2D")],
        {"co": False},
    ),
    Case(
        "an event gateway in a loop",
        start()
        + node("exclusiveGateway", "x0")
        + node("eventBasedGateway", "g")
        + catch("c", event("message", "msg"))
        + catch("d", timer("P1D"))
        + work("tc", "td")
        + flow("s", "x0", "g", "c", "tc", "x0")
        + flow("g", "d", "td"),
        "tc tc td",
        [message(), message(), after("P2D")],
        around=ALL,
    ),
]


@pytest.mark.parametrize("case", WAITING, ids=lambda case: case.name)
def test_it_follows_timers_starts_and_choices_of_the_world(case: Case) -> None:
    case.check()
