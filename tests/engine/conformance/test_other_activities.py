"""Calls, tasks, scopes and joins."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
from tests.engine.conformance.parts import both, process, work
from tests.engine.spiff.builder import (
    ALL,
    boundary,
    catch,
    end,
    event,
    flow,
    node,
    script,
    start,
    sub,
    throw,
    timer,
    user,
)

GLOBAL = '<globalScriptTask id="tg" scriptLanguage="python" scriptFormat="python"><script>x = 1</script></globalScriptTask>'
DATA = '<dataObject id="so_lieu"/><dataObjectReference id="r1" dataObjectRef="so_lieu"/>'
OTHERS = [
    Case(
        "a called case",
        start() + node("callActivity", "c", calledElement="q") + work("tz") + flow("s", "c", "tz"),
        "ta tz",
        around=process("q", start("qs"), work("ta"), flow("qs", "ta")),
    ),
    Case(
        "a called case with a prefix",
        start() + node("callActivity", "c", calledElement="m:q") + work("tz") + flow("s", "c", "tz"),
        "ta tz",
        around=process("q", start("qs"), work("ta"), flow("qs", "ta")),
    ),
    Case(
        "a called case that is not there",
        start() + node("callActivity", "c", calledElement="khong_co") + work("tz") + flow("s", "c", "tz"),
        "",
        state="active",
        incidents="c",
        waiting="c",
    ),
    Case(
        "a called case that waits is ended with its call",
        start()
        + node("callActivity", "c", calledElement="q")
        + boundary("b", "c", timer("PT1H"))
        + work("tb")
        + flow("s", "c")
        + flow("b", "tb"),
        "tb",
        [after("PT2H")],
        around=process("q", start("qs"), user("ua"), flow("qs", "ua")),
    ),
    Case(
        "a global task", start() + node("callActivity", "c", calledElement="tg") + work("tz") + flow("s", "c", "tz"), "tg tz", around=GLOBAL
    ),
    Case(
        "a receive task that begins a case",
        node("receiveTask", "t0", messageRef="msg", instantiate="true") + work("ta") + flow("t0", "ta"),
        "t0 ta",
        around=ALL,
    ),
    Case("no start event", work("ta", "tb") + flow("ta", "tb"), "ta tb"),
    Case("two plain start events begin together", start() + start("s2") + work("ta", "tb") + flow("s", "ta") + flow("s2", "tb"), "~ta tb"),
    Case("no start event in a sub-process", start() + sub("k", work("ta", "tb")) + work("tz") + flow("s", "k", "tz"), "~ta tb tz"),
    Case(
        "two pools are two processes",
        start() + work("ta") + throw("w", event("message", "msg")) + flow("s", "ta", "w"),
        "ta tb",
        around=ALL + '<collaboration id="c"><participant id="p1" processRef="p"/><participant id="p2" processRef="q"/>'
        '<messageFlow id="mf" sourceRef="w" targetRef="qs"/>'
        "</collaboration>" + process("q", start("qs", event("message", "msg")), work("tb"), flow("qs", "tb")),
    ),
    Case(
        "lanes change nothing",
        '<laneSet id="ls"><lane id="l1" name="A"><flowNodeRef>s</flowNodeRef><flowNodeRef>ta</flowNodeRef></lane></laneSet>'
        + start()
        + work("ta")
        + flow("s", "ta"),
        "ta",
    ),
    Case(
        "manual tasks and plain tasks are passed", start() + node("manualTask", "ta") + node("task", "tb") + flow("s", "ta", "tb"), "ta tb"
    ),
    Case(
        "data objects, annotations and groups are drawings",
        start() + DATA + work("ta") + '<textAnnotation id="n"><text>ghi chú</text></textAnnotation><association id="an"'
        ' sourceRef="n" targetRef="ta"/><group id="gr"/>' + flow("s", "ta"),
        "ta",
    ),
    Case(
        "a flow into a sub-process is refused",
        start() + sub("k", start("ks"), work("ta"), flow("ks", "ta")) + work("tz") + flow("s", "ta") + flow("k", "tz"),
        refused="compile",
    ),
    Case("a flow to nowhere is refused", start() + work("ta") + flow("s", "ta", "khong_co"), refused="dangling"),
    Case(
        "a failing script stops its branch only",
        start() + both("g") + script("ta", "x = 1 // 0") + work("tb", "tc") + flow("s", "g", "ta", "tc") + flow("g", "tb"),
        "tb",
        state="active",
        incidents="ta",
    ),
    Case(
        "a script in another language is refused",
        start() + node("scriptTask", "ta", "<script>x</script>", scriptFormat="groovy") + flow("s", "ta"),
        refused="script",
    ),
    Case(
        "an ad-hoc sub-process with flows inside",
        start()
        + sub(
            "k",
            user("ua"),
            script("ta", "xong = True"),
            work("tb"),
            flow("ua", "ta"),
            "<completionCondition>${xong}</completionCondition>",
            kind="adHocSubProcess",
        )
        + work("tz")
        + flow("s", "k", "tz"),
        "tb ua ta tz",
        [done("ua")],
        {"xong": False},
    ),
    Case(
        "a gateway that joins and splits",
        start()
        + both("g")
        + work("ta", "tb")
        + both("h")
        + work("tc", "td")
        + flow("s", "g", "ta", "h", "tc")
        + flow("g", "tb", "h")
        + flow("h", "td"),
        "~ta tb tc td",
    ),
    Case(
        "conditions behind a parallel gateway are not asked",
        start() + both("g") + work("ta", "tb") + flow("s", "g") + flow("g", "ta", when="${False}") + flow("g", "tb"),
        "~ta tb",
    ),
    Case(
        "a condition on the only flow of a task",
        start() + work("ta", "tb") + flow("s", "ta") + flow("ta", "tb", when="${n == 1}"),
        "",
        variables={"n": 0},
        state="active",
        incidents="ta",
    ),
    Case(
        "a join that can never happen is refused",
        start()
        + node("exclusiveGateway", "g", default="d")
        + work("ta", "tb")
        + both("h")
        + flow("s", "g")
        + flow("g", "ta", when="${n == 1}")
        + flow("g", "tb", id="d")
        + flow("ta", "h")
        + flow("tb", "h"),
        refused="deadlock",
        variables={"n": 1},
    ),
    Case(
        "an inclusive join behind a parallel split",
        start()
        + both("g")
        + user("ua")
        + user("ub")
        + node("inclusiveGateway", "h")
        + work("tz")
        + flow("s", "g", "ua", "h", "tz")
        + flow("g", "ub", "h"),
        "ua ub tz",
        [done("ua"), done("ub")],
    ),
    Case(
        "an exclusive join behind an inclusive split",
        start()
        + node("inclusiveGateway", "g")
        + work("ta", "tb", "tz")
        + node("exclusiveGateway", "h")
        + flow("s", "g")
        + flow("g", "ta", when="${n > 0}")
        + flow("g", "tb", when="${n > 1}")
        + flow("ta", "h", "tz")
        + flow("tb", "h"),
        "~ta tb tz tz",
        variables={"n": 2},
    ),
    Case(
        "an inclusive join does not wait for a dead path",
        start()
        + both("g")
        + user("ua")
        + user("ub")
        + node("exclusiveGateway", "x", default="bo")
        + node("inclusiveGateway", "h")
        + work("tz", "td")
        + flow("s", "g", "ua", "h", "tz")
        + flow("g", "ub", "x")
        + flow("x", "h", when="${di}")
        + flow("x", "td", id="bo"),
        "ua ub td tz",
        [done("ua"), done("ub", di=False)],
        {"di": False},
    ),
    Case(
        "an inclusive join in a loop",
        start()
        + node("exclusiveGateway", "x0")
        + node("inclusiveGateway", "g")
        + script("ta", "n = n + 1")
        + work("tb")
        + node("inclusiveGateway", "h")
        + node("exclusiveGateway", "x", default="ra")
        + end()
        + flow("s", "x0", "g", "ta", "h", "x")
        + flow("g", "tb", when="${n &lt; 1}".replace("&lt;", "<"))
        + flow("tb", "h")
        + flow("x", "x0", when="${n < 2}")
        + flow("x", "e", id="ra"),
        "~ta tb ta",
        variables={"n": 0},
    ),
    Case(
        "signals find nobody without harm",
        start() + throw("w", event("signal", "sig")) + work("ta") + flow("s", "w", "ta"),
        "ta",
        [],
        around=ALL,
    ),
    Case(
        "two cases hear one signal",
        start() + catch("c", event("signal", "sig")) + work("ta") + flow("s", "c", "ta"),
        "ta ta",
        [signal()],
        around=ALL,
        first="p",
    ),
    Case(
        "a message with the key of another case",
        start() + catch("c", event("message", "msg")) + work("ta") + flow("s", "c", "ta"),
        "",
        [{"message": "thư", "business_key": "hai"}],
        around=ALL,
        state="active",
        waiting="c",
    ),
    Case("a message nobody waits for", start() + work("ta") + flow("s", "ta"), "ta", [message()], around=ALL),
]


@pytest.mark.parametrize("case", OTHERS, ids=lambda case: case.name)
def test_it_does_every_other_activity(case: Case) -> None:
    case.check()
