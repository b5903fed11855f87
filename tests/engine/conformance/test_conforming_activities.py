"""Activities: repetition, calls, transactions, compensation, ad-hoc, quantities, data."""

from __future__ import annotations

import pytest

from tests.engine.conformance.cases import Case, after, done, message, signal
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
    script,
    start,
    sub,
    throw,
    timer,
    user,
)

CANCEL = event("cancel")


def work(*ids: str) -> str:
    return "".join(script(id, "x = 1") for id in ids)


def both(id: str) -> str:
    return node("parallelGateway", id)


def undoable(id: str, undo: str, at: str = "") -> str:
    """A script task with a compensation handler."""
    return (
        script(id, at or "x = 1") + boundary(f"b{id}", id, event("compensate")) + script(undo, "x = 2", isForCompensation="true")
        + f'<association id="a{id}" sourceRef="b{id}" targetRef="{undo}" associationDirection="One"/>'
    )  # fmt: skip


def process(id: str, *inner: str) -> str:
    return f'<process id="{id}" isExecutable="true">{"".join(inner)}</process>'


TWO = "<loopCardinality>2</loopCardinality>"

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
        + script("ta", "x = 1", many(inner=TWO))
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


BEHAVIOR = {
    behavior: many(inner=TWO.replace("2", "3"), sequential=True, behavior=behavior, **{f"{behavior.lower()}BehaviorEventRef": "tin"})
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
        + sub("k", start("ks"), sub("l", start("ls"), work("ta"), flow("ls", "ta"), many(inner=TWO)), flow("ks", "l"), many(inner=TWO))
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
