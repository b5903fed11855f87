"""Multi-instance activities, loops and quantities."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, done
from tests.engine.conformance.parts import TWICE, both, process, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    event,
    flow,
    many,
    node,
    script,
    start,
    sub,
    user,
)

BEHAVIOR = {
    behavior: many(inner=TWICE.replace("2", "3"), sequential=True, behavior=behavior, **{f"{behavior.lower()}BehaviorEventRef": "tin"})
    for behavior in ("None", "One")
}
TIN = '<signalEventDefinition id="tin" signalRef="sig"/>'
REPEATED = [
    Case(
        "instances with an output in member order",
        start()
        + user("ua", many("ds", "d", '<loopDataOutputRef>kq</loopDataOutputRef><outputDataItem name="y"/>'))
        + node("exclusiveGateway", "x", default="sai")
        + work("tz", "tk")
        + flow("s", "ua", "x")
        + flow("x", "tz", when="${kq == ['a', 'b']}")
        + flow("x", "tk", id="sai"),
        "ua ua tz",
        [{"complete": "ua", "where": {"d": 2}, "variables": {"y": "b"}}, {"complete": "ua", "where": {"d": 1}, "variables": {"y": "a"}}],
        {"ds": [1, 2]},
    ),
    Case(
        "instances in a row",
        start() + user("ua", many("ds", "d", sequential=True)) + work("tz") + flow("s", "ua", "tz"),
        "ua",
        [done("ua")],
        {"ds": [1, 2]},
        state="active",
        waiting="ua",
    ),
    Case(
        "a condition ends the other instances",
        start() + user("ua", many("ds", "d", "<completionCondition>${du}</completionCondition>")) + work("tz") + flow("s", "ua", "tz"),
        "ua tz",
        [done("ua", du=True)],
        {"ds": [1, 2, 3], "du": False},
    ),
    Case(
        "a sub-process for each",
        start()
        + sub("k", start("ks"), user("ua"), work("ta"), flow("ks", "ua", "ta"), many("ds", "d"))
        + work("tz")
        + flow("s", "k", "tz"),
        "ua ta ua ta tz",
        [done("ua"), done("ua")],
        {"ds": [1, 2]},
    ),
    Case(
        "a call for each",
        start() + node("callActivity", "c", many("ds", "d"), calledElement="q") + work("tz") + flow("s", "c", "tz"),
        "ua ua tz",
        [done("ua"), done("ua")],
        {"ds": [1, 2]},
        around=process("q", start("qs"), user("ua"), flow("qs", "ua")),
    ),
    Case(
        "instances within instances",
        start()
        + sub("k", start("ks"), sub("l", start("ls"), work("ta"), flow("ls", "ta"), many(inner=TWICE)), flow("ks", "l"), many(inner=TWICE))
        + flow("s", "k"),
        "ta ta ta ta",
    ),
    Case(
        "a number from the outside that is none",
        start() + user("ua", many(inner="<loopCardinality>${n}</loopCardinality>")) + flow("s", "ua"),
        "",
        variables={"n": -1},
        state="active",
        incidents="ua",
    ),
    Case(
        "a list that is none",
        start() + user("ua", many("ds", "d")) + flow("s", "ua"),
        "",
        variables={"ds": 7},
        state="active",
        incidents="ua",
    ),
    Case(
        "behavior None tells each time",
        start()
        + script("ta", "x = 1", BEHAVIOR["None"])
        + boundary("b", "ta", event("signal", "sig"), False)
        + work("tb", "tz")
        + flow("s", "ta", "tz")
        + flow("b", "tb"),
        "~ta ta ta tb tb tb tz",
        around=ALL + TIN,
    ),
    Case(
        "behavior One tells once",
        start()
        + script("ta", "x = 1", BEHAVIOR["One"])
        + boundary("b", "ta", event("signal", "sig"), False)
        + work("tb", "tz")
        + flow("s", "ta", "tz")
        + flow("b", "tb"),
        "~ta ta ta tb tz",
        around=ALL + TIN,
    ),
    Case(
        "a loop of a sub-process",
        start()
        + sub(
            "k",
            start("ks"),
            script("ta", "n = n + 1"),
            flow("ks", "ta"),
            "<standardLoopCharacteristics><loopCondition>${n &lt; 2}</loopCondition></standardLoopCharacteristics>",
        )
        + flow("s", "k"),
        "ta ta",
        variables={"n": 0},
    ),
    Case(
        "a loop counts its rounds",
        start()
        + script(
            "ta", "x = 1", "<standardLoopCharacteristics><loopCondition>${loopCounter &lt; 3}</loopCondition></standardLoopCharacteristics>"
        )
        + flow("s", "ta"),
        "ta ta ta",
    ),
    Case(
        "a negative maximum is refused",
        start() + script("ta", "x = 1", '<standardLoopCharacteristics loopMaximum="-1"/>') + flow("s", "ta"),
        refused="compile",
    ),
    Case(
        "a start quantity of two",
        start()
        + both("g")
        + work("ta", "tb")
        + node("scriptTask", "tc", "<script>x = 1</script>", scriptFormat="starlark", startQuantity="2")
        + flow("s", "g", "ta", "tc")
        + flow("g", "tb", "tc"),
        "~ta tb tc",
    ),
    Case(
        "a completion quantity of two",
        start()
        + node("scriptTask", "ta", "<script>x = 1</script>", scriptFormat="starlark", completionQuantity="2")
        + work("tb")
        + flow("s", "ta", "tb"),
        "ta tb tb",
    ),
    Case(
        "a quantity of zero is refused",
        start() + node("scriptTask", "ta", "<script>x = 1</script>", scriptFormat="starlark", completionQuantity="0") + flow("s", "ta"),
        refused="multi-instance",
    ),
]


@pytest.mark.parametrize("case", REPEATED, ids=lambda case: case.name)
def test_it_repeats(case: Case) -> None:
    case.check()
