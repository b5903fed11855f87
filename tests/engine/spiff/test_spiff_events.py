"""Signals, messages, conditions, several triggers, and event sub-processes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.spiff import WaitKind
from tests.engine.spiff.builder import (
    ALL,
    NOW,
    Run,
    boundary,
    catch,
    conditional,
    end,
    event,
    flow,
    handler,
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

# --- signals and messages ----------------------------------------------------------------------------------------------------------------


def test_it_gives_a_signal_to_every_place_that_waits_even_one_beside_the_thrower() -> None:
    process = start() + node("parallelGateway", "x") + throw("t", event("signal", "sig")) + script("m") + catch("c", event("signal", "sig"))
    process += script("a") + catch("c2", event("signal", "sig")) + script("b")
    process += flow("s", "x", "t", "m") + flow("x", "c", "a") + flow("x", "c2", "b")
    run = Run(program(process, around=ALL))
    assert (sorted(run.marks), run.state) == (["a", "b", "m"], "completed")
    assert [(t.kind, t.name) for t in run.thrown] == [(WaitKind.SIGNAL, "báo")]


def test_it_throws_a_signal_when_the_other_branches_have_gone_as_far_as_they_can() -> None:
    process = start() + node("parallelGateway", "x") + throw("t", event("signal", "sig")) + script("m") + script("n")
    process += catch("c", event("signal", "sig")) + script("a") + flow("s", "x", "t") + flow("x", "m", "n", "c", "a")
    assert Run(program(process, around=ALL)).marks == ["m", "n", "a"]


def test_it_throws_a_signal_at_an_end_event() -> None:
    process = start() + node("parallelGateway", "x") + end("t", event("signal", "sig")) + catch("c", event("signal", "sig")) + script("a")
    assert Run(program(process, flow("s", "x", "t"), flow("x", "c", "a"), around=ALL)).marks == ["a"]


def test_it_does_not_give_a_signal_to_what_comes_after_it() -> None:
    run = Run(program(start(), throw("t", event("signal", "sig")), catch("c", event("signal", "sig")), flow("s", "t", "c"), around=ALL))
    assert run.waiting == ["c"]
    run.signal()
    assert run.state == "completed"


def test_it_sends_a_message_with_its_inputs_only() -> None:
    inputs = '<camunda:inputOutput><camunda:inputParameter name="so">${1 + x}</camunda:inputParameter>'
    inputs += '<camunda:inputParameter name="businessKey">HS-9</camunda:inputParameter></camunda:inputOutput>'
    definition = f"<extensionElements>{inputs}</extensionElements>{event('message', 'msg')}"
    run = Run(program(start(), throw("t", definition), flow("s", "t"), around=ALL), {"x": 1, "mat": "kín"}, business_key="HS-1")
    [thrown] = run.thrown
    assert (thrown.name, dict(thrown.variables), thrown.business_key) == ("thư", {"so": 2}, "HS-9")
    assert "so" not in run.variables


def test_it_evaluates_all_keys_of_a_correlation_subscription() -> None:
    around = ALL + '<collaboration id="k"><correlationKey id="key"><correlationPropertyRef>p1</correlationPropertyRef>'
    around += "<correlationPropertyRef>p2</correlationPropertyRef></correlationKey></collaboration>"
    for name, path in (("p1", "ma"), ("p2", "nam")):
        around += f'<correlationProperty id="{name}" name="{path}"><correlationPropertyRetrievalExpression messageRef="msg">'
        around += f"<messagePath>{path}</messagePath></correlationPropertyRetrievalExpression></correlationProperty>"
    bindings = "".join(
        f'<correlationPropertyBinding correlationPropertyRef="{name}"><dataPath>{path}</dataPath></correlationPropertyBinding>'
        for name, path in (("p1", "ho_so"), ("p2", "2020 + x"))
    )
    subscription = f'<correlationSubscription id="cs" correlationKeyRef="key">{bindings}</correlationSubscription>'
    run = Run(program(subscription, start(), catch("c", event("message", "msg")), flow("s", "c"), around=around), {"ho_so": "A", "x": 6})
    assert dict(run.wait("c").keys) == {"ma": "A", "nam": 2026}


# --- conditional events ------------------------------------------------------------------------------------------------------------------


def test_it_sees_changes_anywhere_in_the_case() -> None:
    process = start() + node("parallelGateway", "x") + catch("c", conditional("${diem > 5}")) + script("a") + user("b")
    run = Run(program(process, flow("s", "x", "c", "a"), flow("x", "b")))
    assert run.marks == []
    run.complete("b", {"diem": 6})
    assert run.marks == ["a"]


def test_it_happens_again_only_after_the_condition_was_false() -> None:
    process = start() + user("a") + boundary("b", "a", conditional("diem > 5"), False) + script("c")
    run = Run(program(process, flow("s", "a"), flow("b", "c")), {"diem": 0})
    for value in (6, 7, 1, 9):
        run.do("set_variables", {"diem": value})
    assert run.marks == ["c", "c"]


def test_it_fails_visibly_when_a_condition_has_no_answer() -> None:
    run = Run(program(start(), catch("c", conditional("ten > 5")), flow("s", "c")), {"ten": "An"})
    assert [(f.element_id, f.kind) for f in run.failures] == [("c", "expression")]
    run.do("set_variables", {"ten": 6})
    run.do("retry", run.failures[0].retry)
    assert run.state == "completed"


# --- behind an event-based gateway -------------------------------------------------------------------------------------------------------

CHOICE = start() + node("eventBasedGateway", "g") + catch("t", timer("PT1H")) + catch("m", event("message", "msg"))
CHOICE += (
    node("receiveTask", "r", messageRef="msg") + catch("c", conditional("x > 1")) + "".join(script(i) for i in ("ta", "ma", "ra", "ca"))
)
CHOICE += flow("s", "g", "t", "ta") + flow("g", "m", "ma") + flow("g", "r", "ra") + flow("g", "c", "ca")


@pytest.mark.parametrize("chosen", ["t", "m", "r", "c"])
def test_it_takes_the_first_event_behind_a_gateway(chosen: str) -> None:
    run = Run(program(CHOICE, around=ALL), {"x": 0})
    assert sorted(run.waiting) == ["m", "r", "t"]
    if chosen == "t":
        run.advance(hours=1)
    elif chosen == "c":
        run.do("set_variables", {"x": 2})
    else:
        run.message(chosen)
    assert (run.marks, run.state, run.trace) == ([f"{chosen}a"], "completed", ["s", "g", chosen, f"{chosen}a"])


def test_it_refuses_other_things_behind_an_event_based_gateway() -> None:
    process = start() + node("eventBasedGateway", "g") + script("a") + catch("t", timer("PT1H")) + flow("s", "g", "a") + flow("g", "t")
    assert [(f.rule, f.element) for f in refusals(process)] == [("event_gateway_target", "a")]


# --- several triggers --------------------------------------------------------------------------------------------------------------------


def test_it_takes_any_of_several_triggers() -> None:
    run = Run(program(start(), catch("c", timer("PT1H") + event("signal", "sig")), script("a"), flow("s", "c", "a"), around=ALL))
    assert len(run.waiting) == 2
    run.signal()
    assert (run.marks, run.waiting, run.state) == (["a"], [], "completed")


def test_it_waits_for_all_triggers_of_a_parallel_multiple_event() -> None:
    definitions = event("message", "msg") + event("signal", "sig")
    run = Run(program(start(), catch("c", definitions, parallelMultiple="true"), script("a"), flow("s", "c", "a"), around=ALL))
    run.signal()
    assert (run.marks, run.waiting) == ([], ["c"])
    run.message("c")
    assert run.marks == ["a"]


def test_it_throws_all_results_of_an_event() -> None:
    run = Run(program(start(), throw("t", event("signal", "sig") + event("message", "msg")), flow("s", "t"), around=ALL))
    assert [t.kind for t in run.thrown] == [WaitKind.SIGNAL, WaitKind.MESSAGE]


def test_it_follows_a_reference_to_an_event_definition() -> None:
    around = '<timerEventDefinition id="hen"><timeDuration>PT2H</timeDuration></timerEventDefinition>'
    run = Run(program(start(), catch("c", "<eventDefinitionRef>hen</eventDefinitionRef>"), flow("s", "c"), around=around))
    assert run.wait("c").due == NOW + timedelta(hours=2)


# --- event sub-processes -----------------------------------------------------------------------------------------------------------------

TRIGGERS = {
    "message": event("message", "msg"),
    "signal": event("signal", "sig"),
    "timer": timer("PT1H"),
    "conditional": conditional("x > 1"),
    "escalation": event("escalation", "esc"),
    "error": event("error", "err"),
}


def trigger(run: Run, kind: str) -> None:
    if kind == "message":
        run.message("hs")
    elif kind == "signal":
        run.signal()
    elif kind == "timer":
        run.advance(hours=1)
    elif kind == "conditional":
        run.do("set_variables", {"x": 2})
    else:
        run.do(f"throw_{kind}", run.wait("a").id, {"escalation": "K1", "error": "E1"}[kind])


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(
    ("kind", "interrupting"),
    # An error always interrupts.
    [(kind, interrupting) for kind in TRIGGERS for interrupting in (True, False) if interrupting or kind != "error"],
)
def test_it_runs_event_sub_processes(kind: str, interrupting: bool, nested: bool) -> None:
    esp = handler("h", start("hs", TRIGGERS[kind], isInterrupting=str(interrupting).lower()), script("hc"), flow("hs", "hc"))
    inner = start("si") + node("callActivity", "a", calledElement="q") + user("u") + flow("si", "a") + flow("si", "u") + esp
    process = start() + sub("v", inner) + script("z") + flow("s", "v", "z") if nested else inner
    run = Run(program(process, around=ALL), {"x": 0})
    trigger(run, kind)
    assert run.marks[:1] == ["hc"]
    assert ("a" in run.waiting) is not interrupting
    if interrupting:
        assert sorted(run.cancelled) == ["a", "u"]
    else:
        run.complete("u")
        run.do("return_from_call", run.wait("a").id, {})
    assert (run.state, run.waiting, run.marks) == ("completed", [], ["hc", "z"] if nested else ["hc"])


def test_it_keeps_a_scope_open_while_its_event_sub_process_runs() -> None:
    esp = handler("h", start("hs", event("message", "msg"), isInterrupting="false"), user("hu"), flow("hs", "hu"))
    run = Run(program(start(), user("a"), flow("s", "a"), esp, around=ALL))
    run.message("hs")
    run.message("hs")
    run.complete("a")
    assert (run.waiting.count("hu"), run.state) == (2, "active")
    run.complete("hu")
    run.complete("hu")
    assert (run.state, run.waiting) == ("completed", [])


def test_it_catches_only_what_happens_in_its_scope() -> None:
    esp = handler("h", start("hs", event("error", "err")), script("hc"), flow("hs", "hc"))
    quiet = sub("q", start("qs"), user("qu"), flow("qs", "qu"), esp)
    loud = sub("l", start("ls"), end("le", event("error", "err")), flow("ls", "le"))
    process = (
        start()
        + quiet
        + loud
        + boundary("b", "l", event("error", "err"))
        + script("bc")
        + flow("s", "q")
        + flow("s", "l")
        + flow("b", "bc")
    )
    run = Run(program(process, around=ALL))
    assert (run.marks, run.waiting) == (["bc"], ["qu"])


def test_it_repeats_a_timer_that_starts_an_event_sub_process() -> None:
    esp = handler("h", start("hs", timer("R2/PT1H", "timeCycle"), isInterrupting="false"), script("hc"), flow("hs", "hc"))
    run = Run(program(start(), user("a"), flow("s", "a"), esp))
    run.advance(hours=9)
    assert (run.marks, run.waiting) == (["hc", "hc"], ["a"])


@pytest.mark.parametrize(
    ("process", "rule"),
    [
        (start("s", event("error", "err")) + script("a") + flow("s", "a"), "event_place"),
        (start() + sub("u", start("si", event("message", "msg")), script("a"), flow("si", "a")) + flow("s", "u"), "event_place"),
        (start() + user("a") + handler("h", start("hs"), script("b"), flow("hs", "b")) + flow("s", "a"), "event_empty"),
        (start() + user("a") + boundary("b", "a", event("cancel")) + flow("s", "a"), "cancel_outside_transaction"),
        (start() + end("e", event("cancel")) + flow("s", "e"), "cancel_outside_transaction"),
        (start() + catch("c", event("signal", "nosuch")) + flow("s", "c"), "dangling_reference"),
        (start() + catch("c", event("signal")) + flow("s", "c"), "event_empty"),
        (start() + catch("c", "<timerEventDefinition/>") + flow("s", "c"), "event_empty"),
        (start() + catch("c", "") + flow("s", "c"), "event_empty"),
        (start() + end("e", "<errorEventDefinition/>") + flow("s", "e"), "event_empty"),
    ],
)
def test_it_refuses_events_where_they_mean_nothing(process: str, rule: str) -> None:
    found = refusals(process, around=ALL)
    assert rule in [f.rule for f in found]
    assert all(f.element and f.vi and f.en for f in found)


def test_it_begins_a_case_by_an_event_based_gateway() -> None:
    process = node("eventBasedGateway", "g", instantiate="true") + catch("m", event("message", "msg")) + catch("c", event("signal", "sig"))
    process += script("a") + script("b") + flow("g", "m", "a") + flow("g", "c", "b")
    compiled = program(process, around=ALL)
    assert [(e.element_id, e.kind) for e in compiled.start_events] == [("m", "message"), ("c", "signal")]
    run = Run(compiled, start_event="m")
    assert (run.marks, run.state) == (["a"], "completed")


def test_it_begins_a_case_by_a_receive_task() -> None:
    compiled = program(node("receiveTask", "r", instantiate="true", messageRef="msg"), script("a"), flow("r", "a"), around=ALL)
    assert [(e.element_id, e.kind, e.name) for e in compiled.start_events] == [("r", "message", "thư")]
    assert Run(compiled, {"n": 1}, start_event="r").marks == ["a"]


def test_it_waits_for_all_events_of_a_parallel_gateway_that_begins_a_case() -> None:
    process = node("eventBasedGateway", "g", instantiate="true", eventGatewayType="Parallel")
    process += catch("m", event("message", "msg")) + catch("c", event("signal", "sig")) + script("a") + script("b")
    run = Run(program(process, flow("g", "m", "a"), flow("g", "c", "b"), around=ALL), start_event="m")
    assert (run.marks, run.waiting) == (["a"], ["c"])
    run.signal()
    assert (run.marks, run.state) == (["a", "b"], "completed")


def test_it_refuses_a_parallel_event_gateway_that_begins_nothing() -> None:
    process = start() + node("eventBasedGateway", "g", eventGatewayType="Parallel") + catch("t", timer("PT1H")) + flow("s", "g", "t")
    assert [f.rule for f in refusals(process)] == ["event_gateway_parallel"]


def test_it_finds_the_message_of_an_operation() -> None:
    around = ALL + '<interface id="i" name="i"><operation id="o" name="o"><inMessageRef>msg</inMessageRef></operation></interface>'
    run = Run(program(start(), node("receiveTask", "r", operationRef="o"), flow("s", "r"), around=around))
    assert run.wait("r").name == "thư"
