"""Event sub-processes: begun by what happens in their scope, interrupting it or beside it."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
from tests.engine.conformance.parts import TRIGGERS, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    conditional,
    end,
    event,
    flow,
    handler,
    start,
    sub,
    timer,
    user,
)


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
