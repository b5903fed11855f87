"""Data objects and properties, and how far signals, messages, errors and escalations reach across scopes and calls."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, signal
from tests.engine.conformance.parts import TERMINATE, both, process, work, xor
from tests.engine.spiff.builder import ALL, boundary, catch, end, event, flow, handler, node, script, start, sub, throw, timer, user

WRITTEN = "<dataOutputAssociation id='o'><sourceRef>so</sourceRef><targetRef>r</targetRef></dataOutputAssociation>"
ASKED = xor("g", default="sai") + work("tb", "tc") + flow("g", "tb", when='${so == "x"}') + flow("g", "tc", id="sai")
WRITES = script("ta", 'so = "x"') + flow("ta", "g") + ASKED
UNDONE = (
    boundary("b", "c", event("compensate"))
    + script("t9", "x = 2", isForCompensation="true")
    + '<association id="a1" sourceRef="b" targetRef="t9"/>'
)
TO = flow("b", "tb")

CASES = [
    Case(
        "a data object is written and read",
        start()
        + '<dataObject id="so" name="so"/><dataObjectReference id="r" dataObjectRef="so"/>'
        + script("ta", 'so = "x"', WRITTEN)
        + flow("s", "ta", "g")
        + ASKED,
        "ta tb",
    ),
    Case("a property of the process", '<property id="so" name="so"/>' + start() + flow("s", "ta") + WRITES, "ta tb"),
    Case(
        "a property of a sub-process",
        start() + sub("k", '<property id="so" name="so"/>', start("ks"), flow("ks", "ta"), WRITES) + flow("s", "k"),
        "ta tb",
    ),
    Case(
        "a signal of an end event reaches another branch",
        start()
        + both("g")
        + catch("c", event("signal", "sig"))
        + end("e", event("signal", "sig"))
        + work("tc", "ta")
        + flow("s", "g", "c", "tc")
        + flow("g", "ta", "e"),
        "~ta tc",
        around=ALL,
    ),
    Case(
        "a signal from inside interrupts its sub-process",
        start()
        + sub("k", start("ks"), end("ke", event("signal", "sig")), work("ta"), flow("ks", "ta", "ke"))
        + boundary("b", "k", event("signal", "sig"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + TO,
        "ta tb",
        around=ALL,
    ),
    Case(
        "a message from inside interrupts its sub-process",
        start()
        + sub("k", start("ks"), throw("kw", event("message", "msg")), user("ua"), flow("ks", "kw", "ua"))
        + boundary("b", "k", event("message", "msg"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + TO,
        "tb",
        around=ALL,
    ),
    Case(
        "flows with conditions leave a start event",
        start() + work("ta", "tb") + flow("s", "ta", when="${n > 0}") + flow("s", "tb", when="${n > 5}"),
        "ta",
        variables={"n": 1},
    ),
    Case(
        "two tokens on one flow pass a join twice",
        start() + both("g") + work("ta", "tb", "tz") + xor("m") + both("j") + flow("s", "g", "ta", "m", "j", "tz") + flow("g", "tb", "m"),
        "~ta tb tz tz",
    ),
    Case(
        "what a boundary event began goes on after its task",
        start()
        + user("ua")
        + boundary("b", "ua", timer("PT1H"), False)
        + sub("k", start("ks"), user("uk"), flow("ks", "uk"))
        + flow("s", "ua")
        + flow("b", "k"),
        "ua uk",
        [after("PT2H"), done("ua"), done("uk")],
    ),
    Case(
        "a call is undone as a whole",
        start() + node("callActivity", "c", calledElement="q") + UNDONE + throw("w", event("compensate")) + flow("s", "c", "w"),
        "ta t9",
        around=process("q", start("qs"), work("ta"), flow("qs", "ta")),
    ),
    Case(
        "an error stays in the called case that catches it",
        start() + node("callActivity", "c", calledElement="q") + work("td") + flow("s", "c", "td"),
        "ta th td",
        around=ALL
        + process(
            "q",
            start("qs"),
            work("ta"),
            end("qe", event("error", "err")),
            flow("qs", "ta", "qe"),
            handler("h", start("hs", event("error", "err")), work("th"), flow("hs", "th")),
        ),
    ),
    Case(
        "an escalation of a called case that nobody catches",
        start() + node("callActivity", "c", calledElement="q") + work("td") + flow("s", "c", "td"),
        "ta td",
        around=ALL + process("q", start("qs"), work("ta"), end("qe", event("escalation", "esc")), flow("qs", "ta", "qe")),
    ),
    Case(
        "a signal of a called case reaches its caller",
        start()
        + both("g")
        + node("callActivity", "c", calledElement="q")
        + catch("x", event("signal", "sig"))
        + work("tx")
        + flow("s", "g", "c")
        + flow("g", "x", "tx"),
        "~ta tx",
        around=ALL + process("q", start("qs"), work("ta"), end("qe", event("signal", "sig")), flow("qs", "ta", "qe")),
    ),
    Case(
        "terminate in an event sub-process ends only that",
        start()
        + user("ua")
        + flow("s", "ua")
        + handler("h", start("hs", event("signal", "sig"), isInterrupting="false"), end("he", TERMINATE), flow("hs", "he")),
        "ua",
        [signal(), done("ua")],
        around=ALL,
    ),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_it_carries_data_and_events_as_far_as_they_reach(case: Case) -> None:
    case.check()
