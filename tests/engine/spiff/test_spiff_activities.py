"""Activities: people, workers, decisions, calls; their inputs and outputs."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from engine.errors import Invalid, NotFound, NotWaiting
from engine.spiff import WaitKind
from tests.engine.spiff.builder import (
    ALL,
    NOW,
    Run,
    boundary,
    event,
    flow,
    many,
    node,
    program,
    refusals,
    script,
    start,
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


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-03-03", "2026-03-03T23:59:59+07:00"),
        ("2026-03-03T09:00:00", "2026-03-03T09:00:00+07:00"),
        ("P1M", "2026-04-02T01:00:00+00:00"),
        ("PT90M", "2026-03-02T02:30:00+00:00"),
    ],
)
def test_it_counts_a_day_to_its_end_where_it_is_a_deadline(text: str, due: str) -> None:
    assert Run(program(start(), user("a", camunda_dueDate="${han}"), flow("s", "a")), {"han": text}).wait(
        "a"
    ).due == datetime.fromisoformat(due)


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
        ("singleResult", [{"a": 1}], {"a": 1}),
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
    assert Run(program(start(), task, flow("s", "a")), decide=lambda *_: Outcome(12, [{"a": 12}])).variables["k"] == 12


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


def test_it_calls_with_its_own_business_key_where_that_is_said() -> None:
    extensions = '<extensionElements><camunda:in businessKey="#{execution.processBusinessKey}"/></extensionElements>'
    run = Run(program(start(), node("callActivity", "a", extensions, calledElement="q"), flow("s", "a")), business_key="HS-7")
    assert (run.wait("a").business_key, dict(run.wait("a").variables)) == ("HS-7", {})


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
