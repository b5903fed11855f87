"""Links, terminations, signals, messages and events with several triggers."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
from tests.engine.conformance.parts import TERMINATE, TWICE, both, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    catch,
    end,
    event,
    flow,
    handler,
    many,
    node,
    start,
    sub,
    throw,
    timer,
    user,
)

REFERRED = (
    '<timerEventDefinition id="luc"><timeDuration>PT1H</timeDuration></timerEventDefinition>'
    '<signalEventDefinition id="tin" signalRef="sig"/>'
)


def ref(id: str) -> str:
    return f"<eventDefinitionRef>{id}</eventDefinitionRef>"


OTHERS = [
    Case(
        "a link goes on elsewhere",
        start()
        + work("ta", "tb")
        + throw("w", event("link", name="L"))
        + catch("c", event("link", name="L"))
        + flow("s", "ta", "w")
        + flow("c", "tb"),
        "ta tb",
    ),
    Case(
        "two links lead to one place",
        start()
        + both("g")
        + throw("w", event("link", name="L"))
        + throw("v", event("link", name="L"))
        + catch("c", event("link", name="L"))
        + work("tb")
        + flow("s", "g", "w")
        + flow("g", "v")
        + flow("c", "tb"),
        "tb tb",
    ),
    Case("a link without its end is refused", start() + throw("w", event("link", name="L")) + flow("s", "w"), refused="event-definition"),
    Case(
        "terminate ends all of its scope",
        start() + both("g") + user("ua") + user("ub") + end("x", TERMINATE) + flow("s", "g", "ua", "x") + flow("g", "ub"),
        "ua",
        [done("ua")],
    ),
    Case(
        "terminate in a called case ends only that",
        start() + node("callActivity", "c", calledElement="q") + work("td") + flow("s", "c", "td"),
        "td",
        around='<process id="q" isExecutable="true">'
        + start("qs")
        + both("g")
        + user("ua")
        + end("x", TERMINATE)
        + flow("qs", "g", "ua")
        + flow("g", "x")
        + "</process>",
    ),
    Case(
        "terminate in one instance ends that instance",
        start()
        + sub(
            "k",
            start("ks"),
            both("g"),
            user("ua"),
            user("ub"),
            end("x", TERMINATE),
            flow("ks", "g", "ua", "x"),
            flow("g", "ub"),
            many(inner=TWICE),
        )
        + work("td")
        + flow("s", "k", "td"),
        "ua ua td",
        [done("ua"), done("ua")],
    ),
    Case(
        "terminate triggers no boundary event",
        start()
        + sub("k", start("ks"), work("ta"), end("x", TERMINATE), flow("ks", "ta", "x"))
        + boundary("b", "k", event("error"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "ta td",
    ),
    Case(
        "a signal reaches a boundary, a listener and a catch",
        start()
        + both("g")
        + user("ua")
        + boundary("b", "ua", event("signal", "sig"), False)
        + catch("c", event("signal", "sig"))
        + throw("w", event("signal", "sig"))
        + work("tb", "tc")
        + flow("s", "g", "w")
        + flow("g", "ua")
        + flow("g", "c", "tc")
        + flow("b", "tb")
        + handler("h", start("hs", event("signal", "sig"), isInterrupting="false"), work("th"), flow("hs", "th")),
        "~tb tc th ua",
        [done("ua")],
        around=ALL,
    ),
    Case(
        "a definition is referred to",
        start()
        + user("ua")
        + boundary("b", "ua", ref("luc"))
        + work("tb")
        + catch("c", ref("tin"))
        + work("tc")
        + flow("s", "ua")
        + flow("b", "tb", "c", "tc"),
        "tb tc",
        [after("PT2H"), signal()],
        around=ALL + REFERRED,
    ),
    Case("a definition that is not there", start() + catch("c", ref("dau")) + flow("s", "c"), refused="dangling"),
    Case(
        "several triggers, the first counts",
        start() + catch("c", event("signal", "sig") + event("message", "msg") + timer("P1D")) + work("tc") + flow("s", "c", "tc"),
        "tc",
        [message()],
        around=ALL,
    ),
    Case(
        "several triggers, all together",
        start() + catch("c", event("signal", "sig") + event("message", "msg"), parallelMultiple="true") + work("tc") + flow("s", "c", "tc"),
        "tc",
        [message(), signal()],
        around=ALL,
    ),
    Case(
        "several triggers, one is missing",
        start() + catch("c", event("signal", "sig") + event("message", "msg"), parallelMultiple="true") + work("tc") + flow("s", "c", "tc"),
        "",
        [message()],
        state="active",
        waiting="c",
        around=ALL,
    ),
    Case(
        "several triggers at a boundary",
        start() + user("ua") + boundary("b", "ua", event("signal", "sig") + timer("PT1H")) + work("tb") + flow("s", "ua") + flow("b", "tb"),
        "tb",
        [after("PT1H")],
        around=ALL,
    ),
    Case(
        "all triggers at a boundary",
        start()
        + user("ua")
        + node("boundaryEvent", "b", event("signal", "sig") + event("message", "msg"), attachedToRef="ua", parallelMultiple="true")
        + work("tb")
        + flow("s", "ua")
        + flow("b", "tb"),
        "tb",
        [signal(), message()],
        around=ALL,
    ),
    Case(
        "several results are all thrown",
        start()
        + both("g")
        + catch("c", event("signal", "sig"))
        + catch("d", event("message", "msg"))
        + work("tc", "td")
        + end("e", event("signal", "sig") + event("message", "msg"))
        + flow("s", "g", "e")
        + flow("g", "c", "tc")
        + flow("g", "d", "td"),
        "~tc td",
        around=ALL,
    ),
    Case(
        "a message is thrown to a catch",
        start()
        + both("g")
        + catch("d", event("message", "msg"))
        + work("td")
        + throw("w", event("message", "msg"))
        + flow("s", "g", "w")
        + flow("g", "d", "td"),
        "td",
        around=ALL,
    ),
    Case(
        "a message reaches one of two that wait",
        start()
        + both("g")
        + catch("c", event("message", "msg"))
        + user("ub")
        + catch("d", event("message", "msg"))
        + work("tc", "td")
        + flow("s", "g", "c", "tc")
        + flow("g", "ub", "d", "td"),
        "tc ub td",
        [message(), done("ub"), message()],
        around=ALL,
    ),
]


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_it_follows_every_other_event(case: Case) -> None:
    case.check()
