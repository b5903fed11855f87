"""Activities: people, workers, decisions, calls, sub-processes, repetition; their inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from engine.errors import Invalid, NotFound, NotWaiting
from engine.spiff import WaitKind
from tests.engine.spiff.builder import (
    ALL,
    NOW,
    Run,
    boundary,
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


def io(**parameters: str) -> str:
    """inputOutput: a name that ends in _ is an output."""
    inner = "".join(
        f'<camunda:{"outputParameter" if name.endswith("_") else "inputParameter"} name="{name.rstrip("_")}">{text}</camunda:'
        f"{'outputParameter' if name.endswith('_') else 'inputParameter'}>"
        for name, text in parameters.items()
    )
    return f"<extensionElements><camunda:inputOutput>{inner}</camunda:inputOutput></extensionElements>"


def many(collection: str = "", element: str = "", inner: str = "", sequential: bool = False, **attributes: str) -> str:
    if collection:
        attributes |= {"camunda_collection": collection}
    if element:
        attributes |= {"camunda_elementVariable": element}
    written = " ".join(f'{name.replace("camunda_", "camunda:")}="{value}"' for name, value in attributes.items())
    return (
        f'<multiInstanceLoopCharacteristics isSequential="{str(sequential).lower()}" {written}>{inner}</multiInstanceLoopCharacteristics>'
    )


# --- people ------------------------------------------------------------------------------------------------------------------------------


def test_it_says_who_and_until_when() -> None:
    task = user(
        "a",
        name="Góp ý của ${ten}",
        camunda_formRef="gop_y",
        camunda_assignee="${nguoi}",
        camunda_candidateUsers="an, ${khac}",
        camunda_candidateGroups="noi_di@${to_chuc}, tham_muu",
        camunda_dueDate="P3D",
        camunda_followUpDate="${hen}",
        camunda_priority="${muc + 1}",
    )
    values = {"ten": "Bộ", "nguoi": "binh", "khac": ["chi", "dung"], "to_chuc": "ban_x", "hen": "2026-03-03T08:00:00+07:00", "muc": 5}
    wait = Run(program(start(), task, flow("s", "a")), values).wait("a")
    assert (wait.kind, wait.name, wait.form, wait.assignee) == (WaitKind.USER_TASK, "Góp ý của Bộ", "gop_y", "binh")
    assert wait.candidate_groups == ("noi_di@ban_x", "tham_muu")
    assert (wait.due, wait.follow_up, wait.priority) == (NOW + timedelta(days=3), NOW + timedelta(days=1), 6)


def test_it_completes_a_user_task_once() -> None:
    run = Run(program(start(), user("a"), user("b"), flow("s", "a", "b")))
    wait = run.wait("a").id
    run.do("complete_user_task", wait, {})
    before = run.kept.dump()
    with pytest.raises(NotWaiting):
        run.kept.complete_user_task(wait, {})
    with pytest.raises(NotWaiting):
        run.kept.complete_job(run.wait("b").id, {})
    with pytest.raises(NotWaiting):
        run.kept.fire_timer("w99")
    assert run.kept.dump() == before


def test_it_makes_an_incident_of_a_task_whose_candidates_cannot_be_found() -> None:
    run = Run(program(start(), user("a", camunda_candidateGroups="noi_di@${to_chuc}"), user("b"), flow("s", "a"), flow("s", "b")))
    assert ([f.element_id for f in run.failures], run.waiting) == (["a"], ["b"])
    run.do("set_variables", {"to_chuc": "x"})
    run.do("retry", run.failures[0].retry)
    assert run.wait("a").candidate_groups == ("noi_di@x",)
    with pytest.raises(NotFound):
        run.kept.retry(run.failures[0].retry)


def test_it_withdraws_the_incident_of_an_element_that_is_cancelled() -> None:
    process = start() + script("a", "y = khong_co") + boundary("t", "a", timer("PT1H")) + flow("s", "a")
    run = Run(program(process))
    assert [f.kind for f in run.failures] == ["expression"]
    run.advance(hours=1)
    assert (run.effects.withdrawn, run.state, run.kept.failures) == ([run.failures[0].retry], "completed", {})


def test_it_passes_a_task_that_needs_nobody() -> None:
    assert Run(program(start(), node("manualTask", "a"), node("task", "b"), flow("s", "a", "b"))).trace == ["s", "a", "b"]


def test_it_refuses_variables_that_cannot_be_stored() -> None:
    run = Run(program(start(), user("a"), flow("s", "a")))
    with pytest.raises(Invalid):
        run.kept.complete_user_task(run.wait("a").id, {"x": {1, 2}})
    assert run.waiting == ["a"]


# --- workers -----------------------------------------------------------------------------------------------------------------------------


def test_it_hands_a_job_its_inputs_and_merges_its_result() -> None:
    inner = io(so="${x * 2}", ket_qua_="${tra_loi + 1}").replace(
        "</extensionElements>", "<camunda:failedJobRetryTimeCycle>R3/PT5M</camunda:failedJobRetryTimeCycle></extensionElements>"
    )
    process = start() + node("serviceTask", "a", inner, camunda_type="external", camunda_topic="${chu_de}") + flow("s", "a")
    run = Run(program(process), {"x": 4, "chu_de": "thu"})
    wait = run.wait("a")
    assert (wait.kind, wait.topic, wait.retry_cycle, dict(wait.variables)) == (WaitKind.JOB, "thu", "R3/PT5M", {"so": 8})
    assert run.kept.visible(wait.id)["so"] == 8
    run.do("complete_job", wait.id, {"tra_loi": 1})
    assert (run.variables["ket_qua"], run.variables["tra_loi"], run.state) == (2, 1, "completed")
    assert "so" not in run.variables


@pytest.mark.parametrize("kind", ["sendTask", "businessRuleTask"])
def test_it_gives_any_task_with_a_topic_to_a_worker(kind: str) -> None:
    run = Run(program(start(), node(kind, "a", camunda_type="external", camunda_topic="t"), flow("s", "a")))
    assert run.wait("a").kind is WaitKind.JOB


def test_it_gives_a_message_event_with_a_topic_to_a_worker() -> None:
    definition = event("message", "msg", camunda_type="external", camunda_topic="t")
    run = Run(program(start(), throw("a", definition), script("b"), flow("s", "a", "b"), around=ALL))
    run.do("complete_job", run.wait("a").id, {"x": 1})
    assert (run.marks, run.thrown, run.variables["x"]) == (["b"], [], 1)


def test_it_sends_the_message_of_a_send_task_without_topic() -> None:
    run = Run(program(start(), node("sendTask", "a", io(so="1"), messageRef="msg"), flow("s", "a"), around=ALL), business_key="HS")
    assert [(t.name, dict(t.variables), t.business_key) for t in run.thrown] == [("thư", {"so": "1"}, "HS")]


@pytest.mark.parametrize(
    ("process", "rule"),
    [
        (node("serviceTask", "a"), "service_without_topic"),
        (node("serviceTask", "a", camunda_class="x.Y"), "service_without_topic"),
        (node("sendTask", "a"), "event_empty"),
        (node("receiveTask", "a"), "event_empty"),
        (node("businessRuleTask", "a"), "decision_missing"),
        (node("callActivity", "a"), "call_empty"),
        (node("scriptTask", "a", scriptFormat="python"), "script"),
        (node("scriptTask", "a", "<script>x</script>", scriptFormat="groovy"), "script"),
        (user("a", "<multiInstanceLoopCharacteristics/>"), "repetition_empty"),
        (user("a", "<standardLoopCharacteristics/>"), "repetition_empty"),
        (user("a", '<standardLoopCharacteristics loopMaximum="-1"/>'), "repetition_bounds"),
        (user("a", many("x", behavior="One")), "multi_instance_behavior"),
    ],
)
def test_it_refuses_activities_that_do_not_say_what_to_do(process: str, rule: str) -> None:
    assert [(f.rule, f.element) for f in refusals(start(), process, flow("s", "a"))] == [(rule, "a")]


# --- scripts and decisions ---------------------------------------------------------------------------------------------------------------


def test_it_makes_an_incident_of_a_failing_script_and_lets_the_rest_go_on() -> None:
    process = start() + script("a", "x = 1\ny = chia / 0") + script("b") + user("c") + flow("s", "a", "b") + flow("s", "c")
    run = Run(program(process), {"chia": 1})
    [failure] = run.failures
    assert (failure.element_id, failure.kind, failure.line, run.waiting) == ("a", "expression", 2, ["c"])
    run.complete("c")
    assert run.state == "active"
    run.do("retry", failure.retry)
    assert len(run.failures) == 2


def test_it_runs_indented_scripts_with_comments_in_their_xml() -> None:
    text = "<script>\n        x = 1\n        <!-- hai -->\n        if x:\n            y = 2\n      </script>"
    run = Run(program(start(), node("scriptTask", "a", text, scriptFormat="python"), flow("s", "a")))
    assert (run.variables["x"], run.variables["y"]) == (1, 2)


@dataclass
class Outcome:
    value: Any
    results: list[dict[str, Any]] = field(default_factory=list)
    rules: list[int] = field(default_factory=lambda: [1, 3])
    inputs: dict[str, Any] = field(default_factory=lambda: {"muc": 7})


@pytest.mark.parametrize(
    ("how", "results", "expected"),
    [
        ("singleEntry", [{"a": 1}], 1),
        ("singleResult", [{"a": 1, "b": 2}], {"a": 1, "b": 2}),
        ("collectEntries", [{"a": 1}, {"a": 2}], [1, 2]),
        ("resultList", [{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]),
        (None, [{"a": 1}], [{"a": 1}]),
        ("singleEntry", [], None),
        ("collectEntries", [], []),
    ],
)
def test_it_maps_the_result_of_a_decision(how: str | None, results: list[dict[str, Any]], expected: object) -> None:
    attributes = {"camunda_decisionRef": "xet", "camunda_resultVariable": "kq"} | ({"camunda_mapDecisionResult": how} if how else {})
    asked: list[tuple[str, Any]] = []

    def decide(reference: str, variables: Any) -> Outcome:
        asked.append((reference, variables["muc"]))
        return Outcome(results, results)

    run = Run(program(start(), node("businessRuleTask", "a", **attributes), flow("s", "a")), {"muc": 7}, decide=decide)
    assert (run.variables["kq"], asked[0]) == (expected, ("xet", 7))
    detail = next(p.detail for p in run.effects.passages if p.element_id == "a")
    assert detail == {"decision": "xet", "inputs": {"muc": 7}, "rules": [1, 3], "result": expected}


def test_it_makes_an_incident_of_a_result_of_another_shape() -> None:
    task = node("businessRuleTask", "a", camunda_decisionRef="x", camunda_resultVariable="k", camunda_mapDecisionResult="singleEntry")
    run = Run(program(start(), task, flow("s", "a")), decide=lambda *_: Outcome([{"a": 1}, {"a": 2}], [{"a": 1}, {"a": 2}]))
    assert [f.kind for f in run.failures] == ["decision"]


def test_it_takes_a_collected_number_as_it_is() -> None:
    task = node("businessRuleTask", "a", camunda_decisionRef="x", camunda_resultVariable="k", camunda_mapDecisionResult="singleEntry")
    assert Run(program(start(), task, flow("s", "a")), decide=lambda *_: Outcome(12, [{"a": 5}, {"a": 7}])).variables["k"] == 12


# --- calls -------------------------------------------------------------------------------------------------------------------------------


def test_it_calls_a_case_and_takes_what_it_hands_back() -> None:
    extensions = '<camunda:in source="x" target="dau_vao"/><camunda:in sourceExpression="${x + 1}" target="ke"/>'
    extensions += '<camunda:in businessKey="${ma}"/><camunda:out source="ra" target="ket_qua"/>'
    inner = f"<extensionElements>{extensions}</extensionElements>"
    call = node(
        "callActivity", "a", inner, calledElement="q_${loai}", camunda_calledElementBinding="version", camunda_calledElementVersion="3"
    )
    run = Run(program(start(), call, script("b"), flow("s", "a", "b")), {"x": 1, "loai": "n", "ma": "HS-2", "mat": 9})
    wait = run.wait("a")
    assert (wait.kind, wait.called, wait.called_version, wait.business_key) == (WaitKind.CALL, "q_n", 3, "HS-2")
    assert dict(wait.variables) == {"dau_vao": 1, "ke": 2}
    run.do("return_from_call", wait.id, {"ra": 5, "rieng": 1})
    assert (run.variables["ket_qua"], run.marks) == (5, ["b"])
    assert "rieng" not in run.variables


def test_it_hands_everything_over_where_that_is_said() -> None:
    extensions = '<extensionElements><camunda:in variables="all"/><camunda:out variables="all"/></extensionElements>'
    run = Run(program(start(), node("callActivity", "a", extensions, calledElement="q"), flow("s", "a")), {"x": 1})
    assert dict(run.wait("a").variables) == {"dau": [], "x": 1}
    run.do("return_from_call", run.wait("a").id, {"x": 2, "y": 3})
    assert (run.variables["x"], run.variables["y"]) == (2, 3)


def test_it_makes_an_incident_of_a_failing_return() -> None:
    extensions = '<extensionElements><camunda:out sourceExpression="${ra + 1}" target="k"/></extensionElements>'
    run = Run(program(start(), node("callActivity", "a", extensions, calledElement="q"), flow("s", "a")))
    run.do("return_from_call", run.wait("a").id, {"ra": "x"})
    assert [(f.element_id, f.kind) for f in run.failures] == [("a", "expression")]


def test_it_catches_the_error_of_a_called_case() -> None:
    process = start() + node("callActivity", "a", calledElement="q") + boundary("b", "a", event("error", "err")) + script("c")
    run = Run(program(process, flow("s", "a"), flow("b", "c"), around=ALL))
    run.do("throw_error", run.wait("a").id, "E1")
    assert (run.marks, run.cancelled, run.state) == (["c"], ["a"], "completed")


def test_it_does_a_global_task_in_place_with_variables_of_its_own() -> None:
    around = '<globalScriptTask id="g" scriptFormat="python"><script>y = x + 1\nz = 5</script></globalScriptTask>'
    extensions = '<extensionElements><camunda:in source="k" target="x"/><camunda:out source="y" target="kq"/></extensionElements>'
    process = start() + node("callActivity", "a", extensions, calledElement="m:g") + script("b") + flow("s", "a", "b")
    run = Run(program(process, around=around), {"k": 4})
    assert (run.trace, run.variables["kq"]) == (["s", "g", "a", "b"], 5)
    assert "z" not in run.variables


def test_it_waits_for_a_global_user_task() -> None:
    around = '<globalUserTask id="g" name="Ký"/>'
    run = Run(program(start(), node("callActivity", "a", calledElement="g"), flow("s", "a"), around=around))
    run.complete("g")
    assert (run.state, run.trace) == ("completed", ["s", "g", "a"])


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


@pytest.mark.parametrize("value", [-1, "x", 1.5, True, None])
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


AD_HOC = user("a") + user("b") + user("c")


def test_it_offers_all_of_an_ad_hoc_sub_process_and_ends_when_all_are_done() -> None:
    run = Run(program(start(), sub("u", AD_HOC, kind="adHocSubProcess"), script("z"), flow("s", "u", "z")))
    assert run.waiting == ["a", "b", "c"]
    for task in "cab":
        assert run.marks == []
        run.complete(task)
    assert run.marks == ["z"]


def test_it_offers_one_after_the_other_where_the_ordering_is_sequential() -> None:
    run = Run(program(start(), sub("u", AD_HOC, kind="adHocSubProcess", ordering="Sequential"), script("z"), flow("s", "u", "z")))
    for task in "abc":
        assert run.waiting == [task]
        run.complete(task)
    assert run.marks == ["z"]


@pytest.mark.parametrize(("cancel", "left"), [("true", []), ("false", ["c"])])
def test_it_ends_an_ad_hoc_sub_process_by_its_condition(cancel: str, left: list[str]) -> None:
    condition = "<completionCondition>${du}</completionCondition>"
    ad_hoc = sub("u", AD_HOC, condition, kind="adHocSubProcess", cancelRemainingInstances=cancel)
    run = Run(program(start(), ad_hoc, script("z"), flow("s", "u", "z")), {"du": False})
    run.complete("a")
    run.complete("b", {"du": True})
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
