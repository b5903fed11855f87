"""Compensation and transactions."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, done
from tests.engine.conformance.parts import CANCEL, TWICE, both, undoable, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
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
    user,
)

COMPENSATION = [
    Case(
        "a throw event undoes in reverse order and goes on",
        start()
        + undoable("ta", "ua1")
        + undoable("tb", "ub1")
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "ta", "tb", "w", "tz"),
        "ta tb ub1 ua1 tz",
    ),
    Case("an end event undoes", start() + undoable("ta", "ua1") + end("w", event("compensate")) + flow("s", "ta", "w"), "ta ua1"),
    Case(
        "one activity by name",
        start()
        + undoable("ta", "ua1")
        + undoable("tb", "ub1")
        + throw("w", event("compensate", activityRef="ta"))
        + work("tz")
        + flow("s", "ta", "tb", "w", "tz"),
        "ta tb ua1 tz",
    ),
    Case(
        "what was not completed is not undone",
        start()
        + undoable("ta", "ua1")
        + work("tb")
        + boundary("btb", "tb", event("compensate"))
        + script("ub1", "x = 2", isForCompensation="true")
        + '<association id="q" sourceRef="btb" targetRef="ub1"/>'
        + throw("w", event("compensate"))
        + flow("s", "ta", "w", "tb"),
        "ta ua1 tb",
    ),
    Case("nothing to undo", start() + throw("w", event("compensate")) + work("tz") + flow("s", "w", "tz"), "tz"),
    Case(
        "twice is once",
        start()
        + undoable("ta", "ua1")
        + throw("w", event("compensate"))
        + throw("v", event("compensate"))
        + work("tz")
        + flow("s", "ta", "w", "v", "tz"),
        "ta ua1 tz",
    ),
    Case(
        "a sub-process undoes what it holds",
        start()
        + sub("k", start("ks"), undoable("ta", "ua1"), flow("ks", "ta"))
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "k", "w", "tz"),
        "ta ua1 tz",
    ),
    Case(
        "an event sub-process of compensation",
        start()
        + sub("k", start("ks"), work("ta"), flow("ks", "ta"), handler("h", start("hs", event("compensate")), work("th"), flow("hs", "th")))
        + throw("w", event("compensate", activityRef="k"))
        + work("tz")
        + flow("s", "k", "w", "tz"),
        "ta th tz",
    ),
    Case(
        "an unfinished sub-process undoes from its boundary no more than was done",
        start()
        + sub(
            "k",
            start("ks"),
            undoable("ta", "ua1"),
            user("ub"),
            flow("ks", "ta", "ub"),
            handler("h", start("hs", event("error", "err")), throw("hw", event("compensate")), work("th"), flow("hs", "hw", "th")),
            node("exclusiveGateway", "kx", default="ok"),
            end("ke"),
            end("kf", event("error", "err")),
            flow("ub", "kx"),
            flow("kx", "kf", when="${hong}"),
            flow("kx", "ke", id="ok"),
        )
        + work("tz")
        + flow("s", "k", "tz"),
        "ta ub ua1 th tz",
        [done("ub", hong=True)],
        {"hong": False},
        around=ALL,
    ),
    Case(
        "instances are undone each",
        start()
        + script("ta", "x = 1", many(inner=TWICE))
        + boundary("bta", "ta", event("compensate"))
        + script("ua1", "x = 2", isForCompensation="true")
        + '<association id="q" sourceRef="bta" targetRef="ua1"/>'
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "ta", "w", "tz"),
        "ta ta ua1 tz",
    ),
    Case(
        "no instance, nothing to undo",
        start()
        + script("ta", "x = 1", many("ds", "d"))
        + boundary("bta", "ta", event("compensate"))
        + script("ua1", "x = 2", isForCompensation="true")
        + '<association id="q" sourceRef="bta" targetRef="ua1"/>'
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "ta", "w", "tz"),
        "tz",
        variables={"ds": []},
    ),
    Case(
        "rounds of a loop are undone each",
        start()
        + node("exclusiveGateway", "x0")
        + undoable("ta", "ua1", "n = n + 1")
        + node("exclusiveGateway", "x", default="ra")
        + throw("w", event("compensate"))
        + flow("s", "x0", "ta", "x")
        + flow("x", "x0", when="${n < 3}")
        + flow("x", "w", id="ra"),
        "ta ta ta ua1 ua1 ua1",
        variables={"n": 0},
    ),
    Case(
        "a user task undoes",
        start()
        + work("ta")
        + boundary("b", "ta", event("compensate"))
        + user("ua", isForCompensation="true")
        + '<association id="q" sourceRef="b" targetRef="ua"/>'
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "ta", "w", "tz"),
        "ta ua tz",
        [done("ua")],
    ),
    Case(
        "a cancelled transaction undoes and leaves by its cancel event",
        start()
        + sub(
            "k",
            start("ks"),
            undoable("ta", "ua1"),
            undoable("tb", "ub1"),
            end("ke", CANCEL),
            flow("ks", "ta", "tb", "ke"),
            kind="transaction",
        )
        + boundary("b", "k", CANCEL)
        + work("tc", "td")
        + flow("s", "k", "td")
        + flow("b", "tc"),
        "ta tb ub1 ua1 tc",
    ),
    Case(
        "a transaction that succeeds",
        start()
        + sub("k", start("ks"), undoable("ta", "ua1"), end("ke"), flow("ks", "ta", "ke"), kind="transaction")
        + boundary("b", "k", CANCEL)
        + work("tc", "td")
        + flow("s", "k", "td")
        + flow("b", "tc"),
        "ta td",
    ),
    Case(
        "a transaction that fails undoes nothing by itself",
        start()
        + sub("k", start("ks"), undoable("ta", "ua1"), end("ke", event("error", "err")), flow("ks", "ta", "ke"), kind="transaction")
        + boundary("b", "k", event("error", "err"))
        + work("tc", "td")
        + flow("s", "k", "td")
        + flow("b", "tc"),
        "ta tc",
        around=ALL,
    ),
    Case(
        "a cancelled transaction stops what runs beside",
        start()
        + sub(
            "k",
            start("ks"),
            both("g"),
            undoable("ta", "ua1"),
            user("ub"),
            user("uc"),
            end("ke", CANCEL),
            flow("ks", "g", "ta", "uc", "ke"),
            flow("g", "ub"),
            kind="transaction",
        )
        + boundary("b", "k", CANCEL)
        + work("tc")
        + flow("s", "k")
        + flow("b", "tc"),
        "ta uc ua1 tc",
        [done("uc")],
    ),
    Case(
        "an association in the other direction is understood",
        start()
        + work("ta")
        + boundary("b", "ta", event("compensate"))
        + script("ua1", "x = 2", isForCompensation="true")
        + '<association id="q" sourceRef="ua1" targetRef="b"/>'
        + throw("w", event("compensate"))
        + work("tz")
        + flow("s", "ta", "w", "tz"),
        "ta ua1 tz",
    ),
]


@pytest.mark.parametrize("case", COMPENSATION, ids=lambda case: case.name)
def test_it_undoes(case: Case) -> None:
    case.check()
