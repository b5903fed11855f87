"""The workflow control-flow patterns that BPMN can draw: basic, branching, structural."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, done
from tests.engine.conformance.parts import COUNT, both, people, some, work, xor
from tests.engine.spiff.builder import (
    end,
    flow,
    node,
    script,
    start,
)

CHOICE = flow("g", "ta", when="${n == 1}") + flow("g", "tb", when="${n >= 2}", id="hai") + flow("g", "tc", id="con")


PATTERNS = [
    Case("1 sequence", start() + work("ta", "tb", "tc") + end() + flow("s", "ta", "tb", "tc", "e"), "ta tb tc"),
    Case("2 split by a gateway", start() + both("g") + work("ta", "tb") + flow("s", "g", "ta") + flow("g", "tb"), "~ta tb"),
    Case("2 split without a gateway", start() + work("ta", "tb", "tc") + flow("s", "ta", "tb") + flow("ta", "tc"), "~ta tb tc"),
    Case("2 split at the start event", start() + work("ta", "tb") + flow("s", "ta") + flow("s", "tb"), "~ta tb"),
    Case(
        "3 synchronization",
        start() + both("g") + people("ua", "ub") + both("h") + work("tc") + flow("s", "g", "ua", "h", "tc") + flow("g", "ub", "h"),
        "ub ua tc",
        [done("ub"), done("ua")],
    ),
    Case(
        "3 synchronization waits",
        start() + both("g") + people("ua", "ub") + both("h") + work("tc") + flow("s", "g", "ua", "h", "tc") + flow("g", "ub", "h"),
        "ub",
        [done("ub")],
        state="active",
        waiting="ua",
    ),
    Case(
        "4 choice takes the first",
        start() + xor("g", default="con") + work("ta", "tb", "tc") + flow("s", "g") + CHOICE,
        "ta",
        variables={"n": 1},
    ),
    Case(
        "4 choice takes the second",
        start() + xor("g", default="con") + work("ta", "tb", "tc") + flow("s", "g") + CHOICE,
        "tb",
        variables={"n": 3},
    ),
    Case(
        "4 choice takes the default",
        start() + xor("g", default="con") + work("ta", "tb", "tc") + flow("s", "g") + CHOICE,
        "tc",
        variables={"n": 0},
    ),
    Case(
        "4 choice takes the first of two that hold",
        start() + xor("g") + work("ta", "tb") + flow("s", "g") + flow("g", "tb", when="${n > 0}") + flow("g", "ta", when="${n > 0}"),
        "tb",
        variables={"n": 1},
    ),
    Case(
        "4 choice without a way",
        start() + xor("g") + work("ta", "tb") + flow("s", "g") + flow("g", "tb", when="${n > 0}") + flow("g", "ta", when="${n > 1}"),
        "",
        variables={"n": 0},
        state="active",
        incidents="g",
    ),
    Case(
        "5 simple merge",
        start()
        + xor("g", default="con")
        + work("ta", "tb", "tc", "td")
        + xor("h")
        + flow("s", "g")
        + CHOICE
        + flow("ta", "h", "td")
        + flow("tb", "h")
        + flow("tc", "h"),
        "tb td",
        variables={"n": 2},
    ),
    *[
        Case(
            f"6 multi-choice {n}",
            start()
            + some("g", default="con")
            + work("ta", "tb", "tc")
            + flow("s", "g")
            + flow("g", "ta", when="${n % 2 == 1}")
            + flow("g", "tb", when="${n >= 2}")
            + flow("g", "tc", id="con"),
            did,
            variables={"n": n},
        )
        for n, did in ((1, "ta"), (2, "tb"), (3, "~ta tb"), (0, "tc"))
    ],
    *[
        Case(
            f"6 multi-choice at a task {n}",
            start()
            + script("t0", "x = 1", default="con")
            + work("ta", "tb", "tc")
            + flow("s", "t0")
            + flow("t0", "ta", when="${n % 2 == 1}")
            + flow("t0", "tb", when="${n >= 2}")
            + flow("t0", "tc", id="con"),
            did,
            variables={"n": n},
        )
        for n, did in ((1, "t0 ta"), (2, "t0 tb"), (3, "~t0 ta tb"), (0, "t0 tc"))
    ],
    *[
        Case(
            f"7 structured synchronizing merge {n}",
            start()
            + some("g", default="con")
            + people("ua", "ub")
            + work("tc", "tz")
            + some("h")
            + flow("s", "g")
            + flow("g", "ua", when="${n % 2 == 1}")
            + flow("g", "ub", when="${n >= 2}")
            + flow("g", "tc", id="con")
            + flow("ua", "h", "tz")
            + flow("ub", "h")
            + flow("tc", "h"),
            did,
            [done(u) for u in steps.split()],
            {"n": n},
        )
        for n, steps, did in ((1, "ua", "ua tz"), (2, "ub", "ub tz"), (3, "ub ua", "ub ua tz"), (0, "", "tc tz"))
    ],
    Case(
        "8 multi-merge",
        start() + both("g") + work("ta", "tb", "tc") + xor("h") + flow("s", "g", "ta", "h", "tc") + flow("g", "tb", "h"),
        "~ta tb tc tc",
    ),
    Case(
        "8 multi-merge without a gateway",
        start() + both("g") + work("ta", "tb", "tc") + flow("s", "g", "ta", "tc") + flow("g", "tb", "tc"),
        "~ta tb tc tc",
    ),
    Case(
        "9 discriminator",
        start()
        + both("g")
        + people("ua", "ub", "uc")
        + node("complexGateway", "h", "<activationCondition>${activationCount &gt;= 1}</activationCondition>")
        + work("tz")
        + flow("s", "g", "ua", "h", "tz")
        + flow("g", "ub", "h")
        + flow("g", "uc", "h"),
        "ub tz ua uc",
        [done("ub"), done("ua"), done("uc")],
    ),
    Case(
        "30 partial join of two of three",
        start()
        + both("g")
        + people("ua", "ub", "uc")
        + node("complexGateway", "h", "<activationCondition>${activationCount &gt;= 2}</activationCondition>")
        + work("tz")
        + flow("s", "g", "ua", "h", "tz")
        + flow("g", "ub", "h")
        + flow("g", "uc", "h"),
        "ub ua tz uc",
        [done("ub"), done("ua"), done("uc")],
    ),
    Case(
        "10 arbitrary cycle with two ways in",
        start()
        + xor("g", default="thang")
        + xor("a")
        + xor("b")
        + work("ta", "tb")
        + xor("x", default="ra")
        + end()
        + flow("s", "g")
        + flow("g", "b", when="${n == 1}")
        + flow("g", "a", id="thang")
        + script("tc", COUNT)
        + flow("a", "ta", "b", "tb", "tc", "x")
        + flow("x", "a", when="${dem &lt; 2}".replace("&lt;", "<"))
        + flow("x", "e", id="ra"),
        "tb tc ta tb tc",
        variables={"n": 1, "dem": 0},
    ),
    Case(
        "11 implicit termination",
        start() + both("g") + people("ua", "ub") + flow("s", "g", "ua") + flow("g", "ub"),
        "ua",
        [done("ua")],
        state="active",
        waiting="ub",
    ),
    Case(
        "12 instances without synchronization",
        start()
        + script("t0", COUNT)
        + both("g")
        + work("ta")
        + xor("x", default="ra")
        + end()
        + flow("s", "t0", "g", "ta")
        + flow("g", "x")
        + flow("x", "t0", when="${dem < 3}")
        + flow("x", "e", id="ra"),
        "~t0 ta t0 ta t0 ta",
        variables={"dem": 0},
    ),
]


@pytest.mark.parametrize("case", PATTERNS, ids=lambda case: case.name)
def test_it_follows_the_pattern(case: Case) -> None:
    case.check()
