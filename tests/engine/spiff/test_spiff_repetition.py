"""Multi-instance activities, loops, sub-processes."""

from __future__ import annotations

import pytest

from engine.errors import NotWaiting
from tests.engine.spiff.builder import (
    ALL,
    Run,
    boundary,
    end,
    event,
    flow,
    many,
    node,
    program,
    refusals,
    script,
    start,
    sub,
    timer,
    user,
)

# --- multi-instance ----------------------------------------------------------------------------------------------------------------------


def test_it_gives_each_member_its_item_and_collects_in_member_order() -> None:
    inner = "<loopDataOutputRef>gop_y</loopDataOutputRef><outputDataItem name='noi_dung'/>"
    run = Run(program(start(), user("a", many("${noi}", "n", inner)), script("b"), flow("s", "a", "b")), {"noi": ["x", "y", "z"]})
    assert [run.kept.visible(run.wait("a", i).id)["n"] for i in range(3)] == ["x", "y", "z"]
    assert [run.kept.visible(run.wait("a", i).id)["loopCounter"] for i in range(3)] == [0, 1, 2]
    run.complete("a", {"noi_dung": "hai"}, index=1)
    run.complete("a", {"noi_dung": "ba"}, index=1)
    assert (run.marks, run.kept.visible(run.wait("a").id)["nrOfCompletedInstances"]) == ([], 2)
    run.complete("a", {"noi_dung": "một"})
    assert (run.variables["gop_y"], run.marks, run.trace.count("a")) == (["một", "hai", "ba"], ["b"], 3)
    assert "noi_dung" not in run.variables and "nrOfInstances" not in run.variables


def test_it_collects_records_of_the_form_where_no_item_is_named() -> None:
    run = Run(program(start(), user("a", many("noi", "n", "<loopDataOutputRef>ds</loopDataOutputRef>")), flow("s", "a")), {"noi": [1, 2]})
    run.complete("a", {"y": 1, "z": 2}, index=1)
    run.complete("a", {"y": 3, "z": 4})
    assert run.variables["ds"] == [{"y": 3, "z": 4}, {"y": 1, "z": 2}]


def test_it_goes_one_after_the_other() -> None:
    run = Run(program(start(), user("a", many("noi", "n", sequential=True)), flow("s", "a")), {"noi": [1, None, 3]})
    seen = []
    while run.state == "active":
        assert len(run.waiting) == 1
        seen.append(run.kept.visible(run.wait("a").id)["n"])
        run.complete("a")
    assert seen == [1, None, 3]


def test_it_stops_when_its_completion_condition_holds() -> None:
    condition = "<completionCondition>${nrOfCompletedInstances / nrOfInstances &gt;= 0.5 and dong_y}</completionCondition>"
    run = Run(program(start(), user("a", many("noi", "n", condition)), script("b"), flow("s", "a", "b")), {"noi": [1, 2, 3, 4]})
    run.complete("a", {"dong_y": True})
    assert run.marks == []
    run.complete("a", {"dong_y": True})
    assert (run.marks, run.cancelled, run.state) == (["b"], ["a", "a"], "completed")


def test_it_takes_a_cardinality_and_passes_over_nothing() -> None:
    process = start() + script("a", "n = n + 1", many(inner="<loopCardinality>${k}</loopCardinality>")) + script("b") + flow("s", "a", "b")
    assert Run(program(process), {"n": 0, "k": 3}).variables["n"] == 3
    run = Run(program(process), {"n": 0, "k": 0})
    assert (run.marks, run.variables["n"], run.state) == (["b"], 0, "completed")


@pytest.mark.parametrize("value", [-1, "x", 1.5, True, None, 10**9])
def test_it_makes_an_incident_of_a_cardinality_that_is_no_number(value: object) -> None:
    run = Run(program(start(), user("a", many(inner="<loopCardinality>${k}</loopCardinality>")), flow("s", "a")), {"k": value})
    assert [(f.element_id, f.kind) for f in run.failures] == [("a", "data")]
    run.do("set_variables", {"k": 1})
    run.do("retry", run.failures[0].retry)
    assert run.waiting == ["a"]


def test_it_runs_members_of_a_sub_process_with_variables_of_their_own() -> None:
    inner = start("si") + user("u") + script("c", "rieng = n * 2\nchung.append(n)") + flow("si", "u", "c")
    output = "<loopDataOutputRef>ds</loopDataOutputRef><outputDataItem name='rieng'/>"
    run = Run(program(start(), sub("m", many("noi", "n", output), inner), flow("s", "m")), {"noi": [1, 2, 3], "chung": []})
    for index in (2, 0, 0):
        run.complete("u", index=index)
    assert (run.variables["ds"], run.variables["chung"], run.state) == ([2, 4, 6], [3, 1, 2], "completed")


def test_it_finds_the_output_item_of_a_called_member_after_camunda_out() -> None:
    extensions = '<extensionElements><camunda:in source="n" target="x"/><camunda:out source="ra" target="kq"/></extensionElements>'
    output = "<loopDataOutputRef>ds</loopDataOutputRef><outputDataItem name='kq'/>"
    process = start() + node("callActivity", "a", extensions + many("noi", "n", output), calledElement="q") + flow("s", "a")
    run = Run(program(process), {"noi": ["x", "y"]})
    assert [dict(run.wait("a", i).variables) for i in (0, 1)] == [{"x": "x"}, {"x": "y"}]
    run.do("return_from_call", run.wait("a", 1).id, {"ra": 2})
    run.do("return_from_call", run.wait("a").id, {"ra": 1})
    assert run.variables["ds"] == [1, 2]


def test_it_interrupts_all_members_by_one_boundary_event() -> None:
    process = start() + user("a", many("noi", "n")) + boundary("t", "a", timer("PT1H")) + script("b") + flow("s", "a") + flow("t", "b")
    run = Run(program(process), {"noi": [1, 2]})
    assert run.waiting.count("t") == 1
    run.advance(hours=1)
    assert (run.marks, run.cancelled.count("a"), run.state) == (["b"], 3, "completed")


BEHAVIORS = {
    "All": ("", 0),
    "None": ('behavior="None" noneBehaviorEventRef="tin"', 3),
    "One": ('behavior="One" oneBehaviorEventRef="tin"', 1),
}


@pytest.mark.parametrize("behavior", list(BEHAVIORS))
def test_it_throws_the_event_of_its_behavior(behavior: str) -> None:
    attributes, count = BEHAVIORS[behavior]
    characteristics = (
        f"<multiInstanceLoopCharacteristics {attributes}><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>"
    )
    process = start() + user("a", characteristics) + boundary("b", "a", event("signal", "sig")) + script("c") + script("d")
    around = ALL + '<signalEventDefinition id="tin" signalRef="sig"/>'
    run = Run(program(process, flow("s", "a", "d"), flow("b", "c"), around=around))
    for _ in range(3):
        run.complete("a")
    assert (run.marks.count("c"), run.marks.count("d"), run.state) == (count, 1, "completed")


def test_it_stops_by_a_complex_behavior_and_throws_its_event() -> None:
    definition = f"<complexBehaviorDefinition><condition>nrOfCompletedInstances == 2</condition><event>{event('signal', 'sig')}</event>"
    inner = f"<loopCardinality>3</loopCardinality>{definition}</complexBehaviorDefinition>"
    process = (
        start() + user("a", many(inner=inner, behavior="Complex")) + boundary("b", "a", event("signal", "sig")) + script("c") + script("d")
    )
    run = Run(program(process, flow("s", "a", "d"), flow("b", "c"), around=ALL))
    run.complete("a")
    assert run.marks == []
    run.complete("a")
    assert (sorted(run.marks), run.cancelled, run.state) == (["c", "d"], ["a"], "completed")


# --- loops -------------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attributes", "condition", "first", "rounds"),
    [
        ("", "n &lt; 3", 0, 3),
        ("", "n &lt; 3", 5, 1),
        ('testBefore="true"', "n &lt; 3", 5, 0),
        ('testBefore="true"', "n &lt; 3", 1, 2),
        ('loopMaximum="2"', "true", 0, 2),
        ('testBefore="true" loopMaximum="2"', "true", 0, 2),
        ("", "loopCounter &lt; 4", 0, 4),
    ],
)
@pytest.mark.parametrize("kind", ["task", "subProcess"])
def test_it_loops(kind: str, attributes: str, condition: str, first: int, rounds: int) -> None:
    loop = f"<standardLoopCharacteristics {attributes}><loopCondition>{condition}</loopCondition></standardLoopCharacteristics>"
    work = script("a", "n = n + 1", loop) if kind == "task" else sub("a", loop, start("si"), script("i", "n = n + 1"), flow("si", "i"))
    run = Run(program(start(), work, script("b"), flow("s", "a", "b")), {"n": first})
    assert (run.variables["n"] - first, run.marks, run.state) == (rounds, ["b"], "completed")


# --- sub-processes -----------------------------------------------------------------------------------------------------------------------


def test_it_leaves_a_sub_process_when_all_its_paths_have_ended() -> None:
    inner = start("si") + user("a") + user("b") + flow("si", "a") + flow("si", "b")
    run = Run(program(start(), sub("u", inner), script("c"), flow("s", "u", "c")))
    run.complete("a")
    assert run.marks == []
    run.complete("b")
    assert run.marks == ["c"]


def test_it_runs_sub_processes_inside_sub_processes() -> None:
    process = script("x")
    for depth in range(60):
        process = sub(f"u{depth}", process)
    run = Run(program(process))
    assert (run.marks, run.state) == (["x"], "completed")


AD_HOC = user("a") + user("b") + user("c") + "<completionCondition>${xong}</completionCondition>"


def ad_hoc(ordering: str) -> Run:
    process = start() + sub("u", AD_HOC, kind="adHocSubProcess", ordering=ordering) + script("z") + flow("s", "u", "z")
    return Run(program(process), {"xong": False})


def test_it_offers_all_of_an_ad_hoc_sub_process_until_its_condition_holds() -> None:
    run = ad_hoc("Parallel")
    assert run.waiting == ["a", "b", "c"]
    for task in "cab":
        assert run.marks == []
        run.complete(task, {"xong": task == "b"})
    assert run.marks == ["z"]


def test_it_offers_one_after_the_other_where_the_ordering_is_sequential() -> None:
    run = ad_hoc("Sequential")
    for task in "abc":
        assert run.waiting == [task]
        run.complete(task, {"xong": task == "c"})
    assert run.marks == ["z"]


def test_it_makes_an_incident_of_an_ad_hoc_sub_process_that_is_done_but_not_complete() -> None:
    run = ad_hoc("Parallel")
    for task in "abc":
        run.complete(task)
    assert ([(f.element_id, f.kind) for f in run.failures], run.marks) == ([("u", "ad_hoc")], [])
    run.do("set_variables", {"xong": True})
    run.do("retry", run.failures[0].retry)
    assert (run.marks, run.state) == (["z"], "completed")


def test_it_refuses_an_ad_hoc_sub_process_that_does_not_say_when_it_is_done() -> None:
    found = refusals(start(), sub("u", user("a"), kind="adHocSubProcess"), flow("s", "u"))
    assert [(f.rule, f.element) for f in found] == [("ad_hoc", "u")]


@pytest.mark.parametrize(("cancel", "left"), [("true", []), ("false", ["c"])])
def test_it_ends_an_ad_hoc_sub_process_by_its_condition(cancel: str, left: list[str]) -> None:
    process = sub("u", AD_HOC, kind="adHocSubProcess", cancelRemainingInstances=cancel)
    run = Run(program(start(), process, script("z"), flow("s", "u", "z")), {"xong": False})
    run.complete("a")
    run.complete("b", {"xong": True})
    assert run.waiting == left
    for task in left:
        run.complete(task)
    assert (run.marks, run.state) == (["z"], "completed")


def test_it_leaves_a_transaction_by_its_cancel_event() -> None:
    inner = start("si") + user("a") + user("b") + end("x", event("cancel")) + flow("si", "a", "x") + flow("si", "b")
    process = start() + sub("t", inner, kind="transaction") + boundary("c", "t", event("cancel")) + script("d") + script("z")
    run = Run(program(process, flow("s", "t", "z"), flow("c", "d")))
    run.complete("a")
    assert (run.marks, sorted(run.cancelled), run.state) == (["d"], ["b", "t"], "completed")


def test_it_cancels_a_case() -> None:
    run = Run(program(start(), sub("u", start("si"), user("a", many("noi", "n")), flow("si", "a")), flow("s", "u")), {"noi": [1, 2]})
    places = [wait.id for wait in run.kept.waits.values()]
    run.do("cancel")
    assert (run.state, run.waiting, [wait.id for wait in run.effects.closed]) == ("cancelled", [], places)
    with pytest.raises(NotWaiting):
        run.kept.complete_user_task(places[0], {})
