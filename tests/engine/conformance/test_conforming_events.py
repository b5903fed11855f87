"""Events: where each may stand, what it catches, what it interrupts."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    catch,
    conditional,
    end,
    event,
    flow,
    handler,
    many,
    node,
    script,
    start,
    sub,
    throw,
    timer,
    user,
)

CANCEL = event("cancel")
TERMINATE = "<terminateEventDefinition/>"


def work(*ids: str) -> str:
    return "".join(script(id, "x = 1") for id in ids)


def both(id: str) -> str:
    return node("parallelGateway", id)


# --- a boundary event at every kind of activity ------------------------------------------------------------------------------------------

THREE = "<loopCardinality>2</loopCardinality>"
HOSTS = {
    "user task": (user("u0"), "u0"),
    "receive task": (node("receiveTask", "t0", messageRef="cho"), ""),
    "service task": (node("serviceTask", "t0", camunda_type="external", camunda_topic="gui"), ""),
    "sub-process": (sub("t0", start("ks"), user("u0"), flow("ks", "u0")), "u0"),
    "transaction": (sub("t0", start("ks"), user("u0"), flow("ks", "u0"), kind="transaction"), "u0"),
    "call activity": (node("callActivity", "t0", calledElement="q"), "u1"),
    "parallel instances": (user("u0", many(inner=THREE)), "u0 u0"),
    "instances in a row": (user("u0", many(inner=THREE, sequential=True)), "u0 u0"),
    "sub-process instances": (sub("t0", start("ks"), user("u0"), flow("ks", "u0"), many(inner=THREE)), "u0 u0"),
    "loop": (user("u0", '<standardLoopCharacteristics loopMaximum="2"/>'), "u0 u0"),
    "ad-hoc sub-process": (
        sub("t0", user("u0"), "<completionCondition>${xong}</completionCondition>", kind="adHocSubProcess"),
        "u0",
    ),
}
CALLED = '<process id="q" isExecutable="true">' + start("qs") + user("u1") + flow("qs", "u1") + "</process>"
AROUND = ALL + CALLED + '<message id="cho" name="chờ"/>'
TRIGGERS = {
    "message": (event("message", "msg"), message()),
    "signal": (event("signal", "sig"), signal()),
    "timer": (timer("PT1H"), after("PT1H")),
    "conditional": (conditional("${co}"), done("uv", co=True)),
}


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


# --- errors and escalations --------------------------------------------------------------------------------------------------------------


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
            many(inner=THREE),
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


# --- event sub-processes -----------------------------------------------------------------------------------------------------------------


def _listening(definition: str, interrupting: bool, nested: bool, inner: str = "") -> str:
    listener = handler(
        "h", start("hs", definition, isInterrupting=str(interrupting).lower()), work("th"), end("he"), flow("hs", "th", "he")
    )
    body = start("ks") + user("ua") + work("ta") + end("ke") + flow("ks", "ua", "ta", "ke") + listener + inner
    if not nested:
        return body
    return start() + sub("k", body) + work("td") + flow("s", "k", "td")


LISTENERS = [
    Case(
        f"{trigger} {'interrupting' if interrupting else 'beside'} {'nested' if nested else 'at the top'}",
        _listening(definition, interrupting, nested),
        ("th" if interrupting else "th ua ta") + (" td" if nested else ""),
        [{"advance": "PT1H"} if trigger == "timer" else step] + ([] if interrupting else [done("ua")]),
        {"co": False},
        around=ALL,
    )
    for trigger, (definition, step) in TRIGGERS.items()
    if trigger != "conditional"
    for interrupting in (True, False)
    for nested in (True, False)
]
MORE_LISTENERS = [
    Case(
        "a listener beside may begin again",
        _listening(event("message", "msg"), False, True),
        "th th ua ta td",
        [message(), message(), done("ua")],
        around=ALL,
    ),
    Case(
        "a scope waits for its listener",
        start()
        + sub(
            "k",
            start("ks")
            + user("ua")
            + flow("ks", "ua")
            + handler("h", start("hs", event("signal", "sig"), isInterrupting="false"), user("uh"), flow("hs", "uh")),
        )
        + work("td")
        + flow("s", "k", "td"),
        "ua uh td",
        [signal(), done("ua"), done("uh")],
        around=ALL,
    ),
    Case(
        "a listener hears nothing after its scope",
        start()
        + sub(
            "k",
            start("ks")
            + user("ua")
            + flow("ks", "ua")
            + handler("h", start("hs", event("signal", "sig"), isInterrupting="false"), work("th"), flow("hs", "th")),
        )
        + user("ub")
        + flow("s", "k", "ub"),
        "ua ub",
        [done("ua"), signal(), done("ub")],
        around=ALL,
    ),
    Case(
        "a listener hears nothing before its scope",
        start()
        + user("ub")
        + sub(
            "k",
            start("ks")
            + user("ua")
            + flow("ks", "ua")
            + handler("h", start("hs", event("signal", "sig"), isInterrupting="false"), work("th"), flow("hs", "th")),
        )
        + flow("s", "ub", "k"),
        "ub ua",
        [signal(), done("ub"), done("ua")],
        around=ALL,
    ),
    Case(
        "a condition inside a scope",
        start()
        + sub(
            "k",
            start("ks")
            + user("ua")
            + work("ta")
            + flow("ks", "ua", "ta")
            + handler("h", start("hs", conditional("${co}")), work("th"), flow("hs", "th")),
        )
        + work("td")
        + flow("s", "k", "td"),
        "ua th td",
        [done("ua", co=True)],
        {"co": False},
    ),
    Case(
        "a timer that repeats begins a listener again",
        _listening(timer("R3/PT1H", "timeCycle"), False, True),
        "th th th ua ta td",
        [after("P1D"), done("ua")],
        around=ALL,
    ),
    Case(
        "a boundary event inside a listener",
        start()
        + user("ua")
        + flow("s", "ua")
        + handler(
            "h",
            start("hs", event("signal", "sig"), isInterrupting="false"),
            user("uh"),
            boundary("hb", "uh", timer("PT1H")),
            work("th"),
            flow("hs", "uh"),
            flow("hb", "th"),
        ),
        "th ua",
        [signal(), after("PT2H"), done("ua")],
        around=ALL,
    ),
    Case(
        "a listener in a listener",
        start()
        + user("ua")
        + flow("s", "ua")
        + handler(
            "h",
            start("hs", event("signal", "sig"), isInterrupting="false"),
            user("uh"),
            flow("hs", "uh"),
            handler("i", start("is", event("message", "msg")), work("ti"), flow("is", "ti")),
        ),
        "ti ua",
        [signal(), message(), done("ua")],
        around=ALL,
    ),
]


@pytest.mark.parametrize("case", LISTENERS + MORE_LISTENERS, ids=lambda case: case.name)
def test_it_begins_event_sub_processes(case: Case) -> None:
    case.check()


# --- all other events --------------------------------------------------------------------------------------------------------------------

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
            many(inner=THREE),
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


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_it_follows_every_other_event(case: Case) -> None:
    case.check()
