"""Sequence flows, gateways, and tokens that wait for each other."""

from __future__ import annotations

import pytest

from tests.engine.spiff.builder import (
    ALL,
    Run,
    boundary,
    catch,
    conditional,
    end,
    event,
    flow,
    node,
    program,
    refusals,
    script,
    start,
    sub,
    throw,
    timer,
    user,
)


def test_it_runs_from_start_to_end() -> None:
    run = Run(program(start(), script("a"), user("b"), end(), flow("s", "a", "b", "e")))
    assert (run.trace, run.waiting) == (["s", "a"], ["b"])
    run.complete("b", {"y": 1})
    assert run.trace == ["s", "a", "b", "e"]
    assert (run.state, run.variables["y"]) == ("completed", 1)


def test_it_keeps_ids_that_meet_internal_ones() -> None:
    process = start("Start") + script("End") + script("p.EndJoin") + script("Root") + end("StartEventSplit")
    run = Run(program(process, flow("Start", "End", "p.EndJoin", "Root", "StartEventSplit")))
    assert run.trace == ["Start", "End", "p.EndJoin", "Root", "StartEventSplit"]


def test_it_follows_flows_without_ids() -> None:
    run = Run(program(start(), script("a"), '<sequenceFlow sourceRef="s" targetRef="a"/>'))
    assert (run.marks, run.state) == (["a"], "completed")


def test_it_resolves_prefixed_references() -> None:
    run = Run(program(start(), catch("c", event("signal", "m:sig")), '<sequenceFlow id="f" sourceRef="m:s" targetRef="m:c"/>', around=ALL))
    assert run.wait("c").name == "báo"


def test_it_starts_where_nothing_comes_in_when_there_is_no_start_event() -> None:
    compiled = program(script("a"), script("b"), script("c"), flow("a", "c"))
    assert sorted(Run(compiled).marks) == ["a", "b", "c"]
    assert sorted(Run(compiled, start_event="a").marks) == ["a", "b", "c"]


def test_it_starts_at_the_named_start_event() -> None:
    process = start("s1") + start("s2", event("message", "msg")) + script("a") + script("b") + flow("s1", "a") + flow("s2", "b")
    compiled = program(process, around=ALL)
    assert [(e.element_id, e.kind, e.name) for e in compiled.start_events] == [("s1", "none", ""), ("s2", "message", "thư")]
    assert Run(compiled).marks == ["a"]
    assert Run(compiled, start_event="s2").marks == ["b"]


def test_it_splits_where_several_flows_leave_a_task() -> None:
    run = Run(program(start(), script("a"), script("b"), script("c"), flow("s", "a", "b"), flow("a", "c")))
    assert sorted(run.marks) == ["a", "b", "c"]


@pytest.mark.parametrize(("value", "marks"), [(1, ["a", "b", "d"]), (2, ["a", "c", "d"]), (9, ["a", "d", "z"])])
def test_it_takes_conditional_flows_and_the_default_of_a_task(value: int, marks: list[str]) -> None:
    process = start() + script("a", default="a-z") + "".join(script(i) for i in "bcdz") + flow("s", "a", "z") + flow("a", "d")
    process += flow("a", "b", when="${x == 1}") + flow("a", "c", when="${x == 2}")
    assert sorted(Run(program(process), {"x": value}).marks) == marks


def test_it_fails_visibly_when_the_only_condition_is_false_and_goes_on_after_mending() -> None:
    run = Run(program(start(), script("a"), script("b"), flow("s", "a"), flow("a", "b", when="${x == 1}")), {"x": 0})
    assert (run.failures[0].element_id, run.failures[0].kind, run.marks) == ("a", "no_flow", ["a"])
    run.do("set_variables", {"x": 1})
    run.do("retry", run.failures[0].retry)
    assert (run.marks, run.state) == (["a", "b"], "completed")


def test_it_tries_conditions_in_document_order() -> None:
    process = start() + node("exclusiveGateway", "g") + script("a") + script("b") + flow("s", "g")
    assert Run(program(process + flow("g", "b", when="true") + flow("g", "a", when="true"))).marks == ["b"]
    assert Run(program(process + flow("g", "a", when="true") + flow("g", "b", when="true"))).marks == ["a"]


def test_it_reads_pretty_printed_conditions() -> None:
    process = start() + node("exclusiveGateway", "g", default="g-b") + script("a") + script("b") + flow("s", "g", "b")
    assert Run(program(process + flow("g", "a", when="\n      ${x\n        == 1}\n    ")), {"x": 1}).marks == ["a"]


def test_it_joins_what_a_parallel_gateway_split() -> None:
    process = start() + node("parallelGateway", "x") + user("a") + user("b") + node("parallelGateway", "y") + script("c") + end()
    run = Run(program(process, flow("s", "x", "a", "y"), flow("x", "b", "y"), flow("y", "c", "e")))
    run.complete("b")
    assert run.marks == []
    run.complete("a")
    assert (run.marks, run.state) == (["c"], "completed")
    joined = next(p for p in run.effects.passages if p.element_id == "y")
    assert joined.via == ("a-y", "b-y")


def test_it_says_what_is_stuck_at_a_join_that_cannot_happen() -> None:
    process = start() + node("exclusiveGateway", "x", default="x-a") + script("a") + script("b") + node("parallelGateway", "y")
    run = Run(program(process, flow("s", "x", "a", "y"), flow("x", "b", when="false"), flow("b", "y")))
    assert (run.state, run.kept.stuck) == ("active", ["y"])


@pytest.mark.parametrize(("chosen", "marks"), [("a", ["a", "c"]), ("ab", ["a", "b", "c"]), ("b", ["b", "c"])])
def test_it_waits_at_an_inclusive_join_for_what_can_still_come(chosen: str, marks: list[str]) -> None:
    process = start() + node("inclusiveGateway", "x") + user("a") + user("b") + node("inclusiveGateway", "y") + script("c")
    process += flow("s", "x") + flow("x", "a", when='"a" in n') + flow("x", "b", when='"b" in n') + flow("a", "y") + flow("b", "y", "c")
    run = Run(program(process), {"n": chosen})
    for task in chosen:
        assert "c" not in run.marks
        run.complete(task)
    assert (run.marks, run.state) == (["c"], "completed")
    assert run.trace.count("y") == 1


def test_it_waits_at_an_inclusive_join_for_a_token_that_can_leave_by_a_boundary_event() -> None:
    process = start() + node("parallelGateway", "x") + script("a") + user("b") + boundary("t", "b", timer("PT1H")) + script("d")
    process += (
        node("inclusiveGateway", "y") + script("c") + end() + flow("s", "x", "a", "y", "c") + flow("x", "b", "e") + flow("t", "d", "y")
    )
    run = Run(program(process))
    assert run.marks == ["a"]
    run.advance(hours=1)
    assert run.marks == ["a", "d", "c"]


def test_it_does_not_wait_at_an_inclusive_join_for_a_token_that_can_come_where_one_has() -> None:
    process = (
        start() + node("parallelGateway", "x") + script("a") + user("b") + node("exclusiveGateway", "g") + node("exclusiveGateway", "k")
    )
    process += script("c") + node("inclusiveGateway", "y") + script("d")
    process += flow("s", "x", "a", "k", "y", "d") + flow("x", "b", "g", "k") + flow("g", "c", "y")
    run = Run(program(process))
    assert (run.marks, run.waiting) == (["a", "d"], ["b"])


def test_it_does_not_wait_at_an_inclusive_join_for_a_loop_that_must_pass_it() -> None:
    process = (
        start()
        + node("exclusiveGateway", "k")
        + node("inclusiveGateway", "y")
        + user("a")
        + node("exclusiveGateway", "g", default="g-e")
        + end()
    )
    process += flow("s", "k", "y", "a", "g", "e") + flow("g", "y", when="${lai}")
    run = Run(program(process))
    run.complete("a", {"lai": True})
    run.complete("a", {"lai": False})
    assert run.state == "completed"


def test_it_merges_without_waiting_where_no_gateway_joins() -> None:
    process = (
        start() + node("parallelGateway", "x") + script("a") + script("b") + script("c") + flow("s", "x", "a", "c") + flow("x", "b", "c")
    )
    assert sorted(Run(program(process)).marks) == ["a", "b", "c", "c"]


def test_it_counts_start_and_completion_quantities() -> None:
    process = start() + script("a", completionQuantity="2") + script("b") + script("c", startQuantity="2") + flow("s", "a", "b", "c")
    run = Run(program(process))
    assert (run.marks, run.state) == (["a", "b", "b", "c"], "completed")


def test_it_does_not_execute_an_activity_whose_start_quantity_is_not_reached() -> None:
    run = Run(program(start(), script("a"), script("b", startQuantity="2"), flow("s", "a", "b")))
    assert (run.marks, run.state, run.kept.stuck, run.failures) == (["a"], "active", [], [])


@pytest.mark.parametrize("value", ["0", "-1", "x", "1000000"])
@pytest.mark.parametrize("name", ["startQuantity", "completionQuantity"])
def test_it_refuses_a_quantity_that_is_none(name: str, value: str) -> None:
    found = refusals(start(), script("a", **{name: value}), flow("s", "a"))
    assert [(f.rule, f.element) for f in found] == [("quantity", "a")]
    assert "«" not in found[0].vi and name in found[0].vi and name in found[0].en


def test_it_activates_a_complex_gateway_by_its_condition_and_swallows_the_rest() -> None:
    gateway = node("complexGateway", "y", "<activationCondition>activationCount &gt;= 2</activationCondition>")
    process = start() + node("parallelGateway", "x") + "".join(user(i) for i in "abc") + gateway + script("d") + end()
    process += flow("s", "x", "a", "y", "d", "e") + flow("x", "b", "y") + flow("x", "c", "y")
    run = Run(program(process))
    run.complete("a")
    assert run.marks == []
    run.complete("c")
    assert run.marks == ["d"]
    run.complete("b")
    assert (run.marks, run.state) == (["d"], "completed")


def test_it_refuses_a_complex_join_without_condition() -> None:
    process = start() + node("parallelGateway", "x") + script("a") + script("b") + node("complexGateway", "y")
    assert [f.rule for f in refusals(process, flow("s", "x", "a", "y"), flow("x", "b", "y"))] == ["complex_gateway"]


def test_it_follows_links() -> None:
    process = start() + throw("t", '<linkEventDefinition name="sau"/>') + catch("c", '<linkEventDefinition name="sau"/>') + script("a")
    run = Run(program(process, flow("s", "t"), flow("c", "a")))
    assert (run.trace, run.state) == (["s", "t", "c", "a"], "completed")


def test_it_refuses_a_link_that_leads_nowhere() -> None:
    assert [f.rule for f in refusals(start(), throw("t", '<linkEventDefinition name="x"/>'), flow("s", "t"))] == ["link_without_end"]


@pytest.mark.parametrize(
    ("links", "rule"),
    [
        ([catch("c", '<linkEventDefinition name="x"/>')], "unreached"),
        (
            [throw("t", '<linkEventDefinition name="x"/>'), *(catch(i, '<linkEventDefinition name="x"/>') for i in "cd"), flow("s", "t")],
            "link_twice",
        ),
    ],
)
def test_it_refuses_links_without_one_end_each(links: list[str], rule: str) -> None:
    assert [f.rule for f in refusals(start(), *links)] == [rule]


def test_it_refuses_a_condition_in_another_language() -> None:
    text = '<conditionExpression language="https://www.omg.org/spec/FEEL">x</conditionExpression>'
    process = start() + script("a") + f'<sequenceFlow id="f" sourceRef="s" targetRef="a">{text}</sequenceFlow>'
    assert [(f.rule, f.element) for f in refusals(process)] == [("expression_language", "f")]


def test_it_stops_everything_in_its_scope_at_a_terminate_end() -> None:
    inner = start("si") + node("parallelGateway", "x") + user("a") + script("b") + end("t", event("terminate"))
    inner += flow("si", "x", "a") + flow("x", "b", "t")
    run = Run(program(start(), sub("u", inner), script("c"), flow("s", "u", "c")))
    assert (run.marks, run.cancelled, run.state) == (["b", "c"], ["a"], "completed")


def test_it_stops_a_circle_that_never_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.spiff.case.MOST_STEPS", 1000)
    run = Run(program(start(), node("exclusiveGateway", "g"), flow("s", "g"), flow("g", "g")))
    assert [f.kind for f in run.failures] == ["endless_loop"]
    assert run.state == "active"


def test_it_goes_on_where_it_was_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.spiff.case.MOST_STEPS", 25)
    tasks = [f"t{n}" for n in range(20)]
    process = start() + "".join(script(t) for t in (*tasks, "z")) + flow("s", *tasks) + flow("s", "z")
    run = Run(program(process))
    assert [f.kind for f in run.failures] == []
    monkeypatch.setattr("engine.spiff.case.MOST_STEPS", 5)
    run = Run(program(process))
    while run.failures:
        assert len(run.failures) == 1
        run.do("retry", run.failures.pop().retry)
    assert (sorted(run.marks), run.state) == (sorted([*tasks, "z"]), "completed")


@pytest.mark.parametrize(
    ("process", "rule", "element"),
    [
        (start() + script("a") + script("b") + flow("s", "a"), "unreached", "b"),
        (start() + script("a") + flow("s", "a") + flow("a", "zz", id="f"), "dangling_flow", "f"),
        (start() + script("a", default="zz") + flow("s", "a"), "default_flow", "a"),
        (start() + sub("u", start("si"), script("a"), flow("si", "a")) + flow("s", "a", id="f"), "flow_across_scopes", "f"),
        (start() + script("a") + script("a") + flow("s", "a"), "duplicate_id", "a"),
        (start() + catch("c", conditional("x")) + boundary("b", "c", timer("PT1S")) + flow("s", "c"), "boundary_without_activity", "b"),
    ],
)
def test_it_refuses_what_hangs_together_wrongly(process: str, rule: str, element: str) -> None:
    assert (rule, element) in [(f.rule, f.element) for f in refusals(process)]
