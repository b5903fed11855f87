"""The workflow control-flow patterns that BPMN can draw: instances, state, cancellation, iteration, triggers."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message
from tests.engine.conformance.parts import COUNT, both, people, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    catch,
    conditional,
    end,
    event,
    flow,
    many,
    node,
    script,
    start,
    sub,
    throw,
    timer,
    user,
)

PATTERNS_OF_STATE = [
    Case(
        "13 instances known when drawn",
        start() + script("ta", "x = 1", many(inner="<loopCardinality>3</loopCardinality>")) + work("tz") + flow("s", "ta", "tz"),
        "ta ta ta tz",
    ),
    Case(
        "14 instances known at run time",
        start() + script("ta", "x = 1", many(inner="<loopCardinality>${n}</loopCardinality>")) + work("tz") + flow("s", "ta", "tz"),
        "ta ta tz",
        variables={"n": 2},
    ),
    Case(
        "14 no instance",
        start() + script("ta", "x = 1", many(inner="<loopCardinality>${n}</loopCardinality>")) + work("tz") + flow("s", "ta", "tz"),
        "tz",
        variables={"n": 0},
    ),
    Case(
        "14 instances over an empty list",
        start() + user("ua", many("ds", "d")) + work("tz") + flow("s", "ua", "tz"),
        "tz",
        variables={"ds": []},
    ),
    Case(
        "14 a missing element is an element",
        start() + user("ua", many("ds", "d", sequential=True)) + work("tz") + flow("s", "ua", "tz"),
        "ua ua tz",
        [done("ua"), done("ua")],
        {"ds": [None, None]},
    ),
    Case(
        "34 static partial join for instances",
        start()
        + user(
            "ua",
            many(inner="<loopCardinality>3</loopCardinality><completionCondition>${nrOfCompletedInstances == 2}</completionCondition>"),
        )
        + work("tz")
        + flow("s", "ua", "tz"),
        "ua ua tz",
        [done("ua"), done("ua")],
    ),
    Case(
        "16 deferred choice by message",
        start()
        + node("eventBasedGateway", "g")
        + catch("c", event("message", "msg"))
        + catch("h", timer("P1D"))
        + work("ta", "tb")
        + flow("s", "g", "c", "ta")
        + flow("g", "h", "tb"),
        "ta",
        [message(), after("P2D")],
        around=ALL,
    ),
    Case(
        "16 deferred choice by time",
        start()
        + node("eventBasedGateway", "g")
        + catch("c", event("message", "msg"))
        + catch("h", timer("P1D"))
        + work("ta", "tb")
        + flow("s", "g", "c", "ta")
        + flow("g", "h", "tb"),
        "tb",
        [after("P2D")],
        around=ALL,
    ),
    Case(
        "17 interleaved routing",
        start()
        + sub(
            "k",
            work("ta", "tb") + script("tc", "xong = True"),
            "<completionCondition>${xong}</completionCondition>",
            kind="adHocSubProcess",
            ordering="Sequential",
        )
        + work("tz")
        + flow("s", "k", "tz"),
        "ta tb tc tz",
        variables={"xong": False},
    ),
    Case(
        "18 milestone",
        start() + both("g") + people("ua") + catch("m", conditional("${dat}")) + work("tb") + flow("s", "g", "ua") + flow("g", "m", "tb"),
        "ua tb",
        [done("ua", dat=True)],
        {"dat": False},
    ),
    Case(
        "19 cancel task",
        start() + user("ua") + boundary("b", "ua", event("message", "msg")) + work("tb", "tc") + flow("s", "ua", "tb") + flow("b", "tc"),
        "tc",
        [message()],
        around=ALL,
    ),
    Case(
        "20 cancel case by terminate",
        start() + both("g") + people("ua", "ub") + end("x", "<terminateEventDefinition/>") + flow("s", "g", "ua", "x") + flow("g", "ub"),
        "ua",
        [done("ua")],
    ),
    Case(
        "20 cancel case by error",
        start() + both("g") + people("ua", "ub") + end("x", event("error", "err")) + flow("s", "g", "ua", "x") + flow("g", "ub"),
        "ua",
        [done("ua")],
        state="failed",
        unhandled="E1",
        around=ALL,
    ),
    Case(
        "21 structured loop, test after",
        start()
        + script("ta", COUNT, "<standardLoopCharacteristics><loopCondition>${dem &lt; 3}</loopCondition></standardLoopCharacteristics>")
        + flow("s", "ta"),
        "ta ta ta",
        variables={"dem": 0},
    ),
    Case(
        "21 structured loop, test before",
        start()
        + script(
            "ta",
            COUNT,
            '<standardLoopCharacteristics testBefore="true"><loopCondition>${dem &lt; 3}</loopCondition></standardLoopCharacteristics>',
        )
        + flow("s", "ta"),
        "",
        variables={"dem": 5},
    ),
    Case(
        "21 structured loop with a maximum",
        start()
        + script(
            "ta",
            COUNT,
            '<standardLoopCharacteristics loopMaximum="2"><loopCondition>${dem &lt; 9}</loopCondition></standardLoopCharacteristics>',
        )
        + flow("s", "ta"),
        "ta ta",
        variables={"dem": 0},
    ),
    Case(
        "22 recursion is bounded",
        start() + node("callActivity", "c", calledElement="p") + flow("s", "c"),
        "",
        state="active",
        incidents="c",
        waiting="c " * 51,
    ),
    Case(
        "23 transient trigger is lost",
        start() + throw("w", event("signal", "sig")) + catch("c", event("signal", "sig")) + work("ta") + flow("s", "w", "c", "ta"),
        "",
        state="active",
        waiting="c",
        around=ALL,
    ),
    Case(
        "24 persistent trigger is kept",
        start() + user("ua") + catch("c", event("message", "msg")) + work("tb") + flow("s", "ua", "c", "tb"),
        "ua tb",
        [message(), done("ua")],
        around=ALL,
    ),
    Case(
        "25 cancel region",
        start()
        + sub("k", start("ks") + both("kg") + people("ua", "ub") + flow("ks", "kg", "ua") + flow("kg", "ub"))
        + boundary("b", "k", event("signal", "sig"))
        + work("tb")
        + flow("s", "k")
        + flow("b", "tb"),
        "ua tb",
        [done("ua"), {"signal": "báo"}],
        around=ALL,
    ),
    Case(
        "36 dynamic instances are counted",
        start()
        + user("ua", many("ds", "d", "<completionCondition>${nrOfActiveInstances == 1}</completionCondition>"))
        + work("tz")
        + flow("s", "ua", "tz"),
        "ua ua tz",
        [done("ua"), done("ua")],
        {"ds": [1, 2, 3]},
    ),
    Case(
        "43 explicit termination of a sub-process only",
        start()
        + sub(
            "k",
            start("ks")
            + both("kg")
            + people("ua", "ub")
            + end("kx", "<terminateEventDefinition/>")
            + flow("ks", "kg", "ua", "kx")
            + flow("kg", "ub"),
        )
        + work("tz")
        + flow("s", "k", "tz"),
        "ua tz",
        [done("ua")],
    ),
]


@pytest.mark.parametrize("case", PATTERNS_OF_STATE, ids=lambda case: case.name)
def test_it_follows_the_pattern(case: Case) -> None:
    case.check()
