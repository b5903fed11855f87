"""Errors and escalations: who catches them, and what goes on."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, done
from tests.engine.conformance.parts import TWICE, both, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    end,
    event,
    flow,
    handler,
    many,
    node,
    start,
    sub,
    throw,
    user,
)


def _failing(kind: str, reference: str | None = None) -> str:
    """A sub-process that ends by an error or escalation."""
    return sub(
        "k",
        start("ks"),
        work("ta"),
        end("ke", event(kind, reference or {"error": "err", "escalation": "esc"}[kind])),
        flow("ks", "ta", "ke"),
    )


UNCODED = '<error id="khong"/><escalation id="trong"/>'
ERRORS = [
    Case(
        "an error is caught by its code",
        start()
        + _failing("error")
        + boundary("b", "k", event("error", "err"))
        + boundary("c", "k", event("error", "err2"))
        + work("tb", "tc", "td")
        + flow("s", "k", "td")
        + flow("b", "tb")
        + flow("c", "tc"),
        "ta tb",
        around=ALL,
    ),
    Case(
        "an error is caught by any",
        start() + _failing("error") + boundary("b", "k", event("error")) + work("tb", "td") + flow("s", "k", "td") + flow("b", "tb"),
        "ta tb",
        around=ALL,
    ),
    Case(
        "an error of another code is not caught",
        start()
        + _failing("error")
        + boundary("c", "k", event("error", "err2"))
        + work("tc", "td")
        + flow("s", "k", "td")
        + flow("c", "tc"),
        "ta",
        state="failed",
        unhandled="E1",
        around=ALL,
    ),
    Case(
        "an error goes up two sub-processes",
        start()
        + sub("o", start("os"), _failing("error"), work("tx"), flow("os", "k", "tx"))
        + boundary("b", "o", event("error", "err"))
        + work("tb", "td")
        + flow("s", "o", "td")
        + flow("b", "tb"),
        "ta tb",
        around=ALL,
    ),
    Case(
        "an error leaves a called case",
        start()
        + node("callActivity", "c", calledElement="q")
        + boundary("b", "c", event("error", "err"))
        + work("tb", "td")
        + flow("s", "c", "td")
        + flow("b", "tb"),
        "ta tb",
        around=ALL
        + '<process id="q" isExecutable="true">'
        + start("qs")
        + work("ta")
        + end("qe", event("error", "err"))
        + flow("qs", "ta", "qe")
        + "</process>",
        unhandled="E1",
    ),
    Case(
        "an error leaves two called cases",
        start()
        + node("callActivity", "c", calledElement="q")
        + boundary("b", "c", event("error", "err"))
        + work("tb", "td")
        + flow("s", "c", "td")
        + flow("b", "tb"),
        "ta tb",
        around=ALL
        + '<process id="q" isExecutable="true">'
        + start("qs")
        + node("callActivity", "qc", calledElement="r")
        + flow("qs", "qc")
        + "</process>"
        '<process id="r" isExecutable="true">'
        + start("rs")
        + work("ta")
        + end("re", event("error", "err"))
        + flow("rs", "ta", "re")
        + "</process>",
        unhandled="E1 E1",
    ),
    Case(
        "an error of an instance ends them all",
        start()
        + sub(
            "k",
            start("ks"),
            user("ua"),
            node("exclusiveGateway", "kx", default="ok"),
            end("ke"),
            end("kf", event("error", "err")),
            flow("ks", "ua", "kx"),
            flow("kx", "kf", when="${hong}"),
            flow("kx", "ke", id="ok"),
            many(inner=TWICE),
        )
        + boundary("b", "k", event("error", "err"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "ua ua tb",
        [done("ua", hong=False), done("ua", hong=True)],
        {"hong": False},
        around=ALL,
    ),
    Case(
        "an error event sub-process catches first",
        start()
        + sub(
            "k",
            start("ks"),
            work("ta"),
            end("ke", event("error", "err")),
            flow("ks", "ta", "ke"),
            handler("h", start("hs", event("error", "err")), work("th"), end("he"), flow("hs", "th", "he")),
        )
        + boundary("b", "k", event("error", "err"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "ta th td",
        around=ALL,
    ),
    Case(
        "a handler may throw on",
        start()
        + sub(
            "k",
            start("ks"),
            work("ta"),
            end("ke", event("error", "err")),
            flow("ks", "ta", "ke"),
            handler("h", start("hs", event("error", "err")), work("th"), end("he", event("error", "err")), flow("hs", "th", "he")),
        )
        + boundary("b", "k", event("error", "err"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "ta th tb",
        around=ALL,
    ),
    Case(
        "an error event sub-process of the process",
        start()
        + work("ta")
        + end("e", event("error", "err"))
        + flow("s", "ta", "e")
        + handler("h", start("hs", event("error", "err")), work("th"), flow("hs", "th")),
        "ta th",
        around=ALL,
    ),
    Case(
        "an error from a worker",
        start()
        + node("serviceTask", "t0", camunda_type="external", camunda_topic="gui")
        + boundary("b", "t0", event("error", "err"))
        + work("tb", "td")
        + flow("s", "t0", "td")
        + flow("b", "tb"),
        "tb",
        [{"job": "gui", "error": "E1"}],
        around=ALL,
    ),
    Case(
        "an error in one branch leaves the other",
        start()
        + both("g")
        + _failing("error")
        + user("uv")
        + boundary("b", "k", event("error", "err"))
        + work("tb")
        + flow("s", "g", "k")
        + flow("g", "uv")
        + flow("b", "tb"),
        "ta tb uv",
        [done("uv")],
        around=ALL,
    ),
    Case(
        "siblings do not catch",
        start()
        + both("g")
        + _failing("error")
        + user("uv")
        + boundary("b", "uv", event("error", "err"))
        + work("tb")
        + flow("s", "g", "k")
        + flow("g", "uv")
        + flow("b", "tb"),
        "ta",
        state="failed",
        unhandled="E1",
        around=ALL,
    ),
    Case(
        "an error without code is caught by any",
        start() + _failing("error", "khong") + boundary("b", "k", event("error")) + work("tb") + flow("s", "k") + flow("b", "tb"),
        "ta tb",
        around=ALL + UNCODED,
    ),
    Case(
        "an escalation ends its own path only",
        start()
        + _failing("escalation")
        + boundary("b", "k", event("escalation", "esc"), False)
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "~ta tb td",
        around=ALL,
    ),
    Case(
        "an escalation interrupts",
        start()
        + _failing("escalation")
        + boundary("b", "k", event("escalation", "esc"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "ta tb",
        around=ALL,
    ),
    Case(
        "an escalation is thrown in the flow",
        start()
        + sub("k", start("ks"), throw("kt", event("escalation", "esc")), work("ta"), end("ke"), flow("ks", "kt", "ta", "ke"))
        + boundary("b", "k", event("escalation", "esc"), False)
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "~ta tb td",
        around=ALL,
    ),
    Case(
        "an escalation that interrupts stops its thrower",
        start()
        + sub("k", start("ks"), throw("kt", event("escalation", "esc")), work("ta"), end("ke"), flow("ks", "kt", "ta", "ke"))
        + boundary("b", "k", event("escalation", "esc"))
        + work("tb", "td")
        + flow("s", "k", "td")
        + flow("b", "tb"),
        "tb",
        around=ALL,
    ),
    Case(
        "an escalation that nobody catches",
        start() + throw("t", event("escalation", "esc")) + work("ta") + flow("s", "t", "ta"),
        "t ta",
        around=ALL,
    ),
    Case(
        "an escalation without code at the boundary catches all",
        start() + _failing("escalation") + boundary("b", "k", event("escalation"), False) + work("tb") + flow("s", "k") + flow("b", "tb"),
        "ta tb",
        around=ALL,
    ),
    Case(
        "an escalation event sub-process",
        start()
        + sub(
            "k",
            start("ks"),
            throw("kt", event("escalation", "esc")),
            work("ta"),
            flow("ks", "kt", "ta"),
            handler("h", start("hs", event("escalation", "esc"), isInterrupting="false"), work("th"), flow("hs", "th")),
        )
        + work("td")
        + flow("s", "k", "td"),
        "~ta th td",
        around=ALL,
    ),
    Case(
        "an interrupting escalation event sub-process",
        start()
        + sub(
            "k",
            start("ks"),
            throw("kt", event("escalation", "esc")),
            work("ta"),
            flow("ks", "kt", "ta"),
            handler("h", start("hs", event("escalation", "esc")), work("th"), flow("hs", "th")),
        )
        + work("td")
        + flow("s", "k", "td"),
        "th td",
        around=ALL,
    ),
]


@pytest.mark.parametrize("case", ERRORS, ids=lambda case: case.name)
def test_it_lets_errors_and_escalations_rise(case: Case) -> None:
    case.check()
