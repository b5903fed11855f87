"""Timers, boundary events, and how far errors and escalations go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from engine.errors import NotWaiting
from tests.engine.spiff.builder import (
    ALL,
    ESCALATION,
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
    script,
    start,
    sub,
    throw,
    timer,
    user,
)

# --- timers ------------------------------------------------------------------------------------------------------------------------------


def test_it_waits_for_a_duration_in_the_flow() -> None:
    run = Run(program(start(), catch("c", timer("P1DT2H")), script("a"), flow("s", "c", "a")))
    assert run.wait("c").due == NOW + timedelta(days=1, hours=2)
    run.advance(days=2)
    assert (run.marks, run.state) == (["a"], "completed")


@pytest.mark.parametrize(
    ("text", "kind"), [("2026-03-03T08:00:00+07:00", "timeDate"), ("${han}", "timeDate"), ("2026-03-03T08:00:00", "timeDate")]
)
def test_it_waits_for_a_date(text: str, kind: str) -> None:
    run = Run(program(start(), catch("c", timer(text, kind)), flow("s", "c")), {"han": "2026-03-03T01:00:00Z"})
    assert run.wait("c").due == NOW + timedelta(days=1)


def test_it_makes_an_incident_of_a_timer_without_meaning() -> None:
    run = Run(program(start(), catch("c", timer("${han}")), script("a"), flow("s", "c", "a")), {"han": "mai"})
    assert (run.failures[0].element_id, run.failures[0].kind) == ("c", "expression")
    run.do("set_variables", {"han": "PT1H"})
    run.do("retry", run.failures[0].retry)
    run.advance(hours=1)
    assert run.marks == ["a"]


def test_it_repeats_a_cycle_at_a_boundary_counted_from_the_planned_time() -> None:
    process = start() + user("a") + boundary("t", "a", timer("R3/PT1H", "timeCycle"), interrupting=False) + script("b")
    run = Run(program(process, flow("s", "a"), flow("t", "b")))
    first = run.wait("t")
    run.now = NOW + timedelta(minutes=90)
    run.do("fire_timer", first.id)
    assert run.wait("t").due == NOW + timedelta(hours=2)
    assert run.wait("t").id != first.id
    run.advance(hours=5)
    assert (run.marks, run.waiting) == (["b", "b", "b"], ["a"])
    run.complete("a")
    assert run.state == "completed"


def test_it_fires_a_boundary_duration_once_when_it_does_not_interrupt() -> None:
    process = start() + user("a") + boundary("t", "a", timer("PT1H"), interrupting=False) + script("b")
    run = Run(program(process, flow("s", "a"), flow("t", "b")))
    run.advance(hours=9)
    assert (run.marks, run.waiting) == (["b"], ["a"])


def test_it_interrupts_at_the_boundary_and_closes_the_place() -> None:
    process = start() + user("a") + boundary("t", "a", timer("PT1H")) + script("b") + script("c")
    run = Run(program(process, flow("s", "a", "c"), flow("t", "b")))
    task = run.wait("a").id
    run.advance(hours=1)
    assert (run.marks, run.cancelled, run.state) == (["b"], ["a"], "completed")
    assert task in [wait.id for wait in run.effects.closed]
    with pytest.raises(NotWaiting):
        run.kept.complete_user_task(task, {})


def test_it_sends_one_token_for_each_firing_of_a_cycle_in_the_flow() -> None:
    run = Run(program(start(), catch("c", timer("R3/PT1S", "timeCycle")), script("a"), flow("s", "c", "a")))
    run.advance(seconds=10)
    assert (run.marks, run.state) == (["a", "a", "a"], "completed")


# --- boundaries --------------------------------------------------------------------------------------------------------------------------


def test_it_loops_from_a_boundary_back_to_its_own_task() -> None:
    process = start() + user("a") + boundary("t", "a", timer("PT1H")) + script("b") + end()
    run = Run(program(process, flow("s", "a", "e"), flow("t", "b", "a")))
    for _ in range(3):
        run.advance(hours=1)
        assert run.waiting.count("a") == 1
    run.complete("a")
    assert (run.marks, run.state) == (["b", "b", "b"], "completed")


def test_it_takes_every_message_at_a_boundary_that_does_not_interrupt() -> None:
    process = start() + user("a") + boundary("m", "a", event("message", "msg"), interrupting=False) + script("b")
    run = Run(program(process, flow("s", "a"), flow("m", "b"), around=ALL))
    places = set()
    for number in range(3):
        places.add(run.wait("m").id)
        run.message("m", {"so": number})
    assert (run.marks, run.variables["so"], len(places)) == (["b", "b", "b"], 2, 3)


def test_it_interrupts_a_sub_process_at_once() -> None:
    inner = start("si") + throw("t", event("signal", "sig")) + script("a") + flow("si", "t", "a")
    process = start() + sub("u", inner) + boundary("b", "u", event("signal", "sig")) + script("c") + script("d")
    run = Run(program(process, flow("s", "u", "d"), flow("b", "c"), around=ALL))
    assert (run.marks, run.state) == (["c"], "completed")


def test_it_opens_the_boundary_before_the_work_begins() -> None:
    process = start() + script("a") + boundary("b", "a", conditional("x > 1")) + script("c")
    run = Run(program(process, flow("s", "a"), flow("b", "c")), {"x": 2})
    assert run.marks == ["c"]


# --- errors ------------------------------------------------------------------------------------------------------------------------------


def test_it_catches_an_error_only_in_its_own_chain_of_scopes() -> None:
    def branch(name: str) -> str:
        inner = start(f"{name}s") + user(f"{name}u") + end(f"{name}x", event("error", "err")) + flow(f"{name}s", f"{name}u", f"{name}x")
        return sub(name, inner) + boundary(f"{name}b", name, event("error", "err")) + script(f"{name}c") + flow(f"{name}b", f"{name}c")

    run = Run(program(start(), branch("a"), branch("b"), flow("s", "a"), flow("s", "b"), around=ALL))
    run.complete("au")
    assert (run.marks, run.waiting) == (["ac"], ["bu"])


def test_it_takes_the_boundary_of_the_code_before_one_that_takes_any() -> None:
    process = start() + node("serviceTask", "a", camunda_type="external", camunda_topic="t")
    process += boundary("any", "a", "<errorEventDefinition/>") + boundary("one", "a", event("error", "err"))
    process += script("x") + script("y") + flow("s", "a") + flow("any", "x") + flow("one", "y")
    run = Run(program(process, around=ALL))
    run.do("throw_error", run.wait("a").id, "E1", "hỏng", {"ma": 1})
    assert (run.marks, run.variables["ma"]) == (["y"], 1)
    run = Run(program(process, around=ALL))
    run.do("throw_error", run.wait("a").id, "E9")
    assert run.marks == ["x"]


def test_it_ends_as_failed_when_nobody_catches_an_error() -> None:
    process = start() + node("parallelGateway", "x") + user("a") + user("b") + end("z", event("error", "err"))
    run = Run(program(process, flow("s", "x", "a", "z"), flow("x", "b"), around=ALL))
    run.complete("a")
    assert (run.state, run.unhandled, run.waiting, run.cancelled) == ("failed", "E1", [], ["b"])


def test_it_tells_the_code_and_message_of_an_error() -> None:
    process = start() + node("serviceTask", "a", camunda_type="external", camunda_topic="t")
    definition = event("error", "err", camunda_errorCodeVariable="ma", camunda_errorMessageVariable="loi")
    run = Run(program(process, boundary("b", "a", definition), flow("s", "a"), around=ALL))
    run.do("throw_error", run.wait("a").id, "E1", "không gửi được")
    assert (run.variables["ma"], run.variables["loi"], run.state) == ("E1", "không gửi được", "completed")


def test_it_does_not_hand_an_error_of_a_handler_to_the_handler_beside_it() -> None:
    first = handler("h", start("hs", event("error", "err")), end("he", event("error", "err")), flow("hs", "he"))
    inner = start("si") + end("se", event("error", "err")) + flow("si", "se") + first
    run = Run(
        program(
            start(), sub("u", inner), boundary("b", "u", event("error", "err")), script("c"), flow("s", "u"), flow("b", "c"), around=ALL
        )
    )
    assert (run.marks, run.trace.count("hs"), run.state) == (["c"], 1, "completed")


# --- escalations -------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("interrupting", "marks"), [(True, ["c"]), (False, ["a", "c", "d"])])
def test_it_escalates_to_the_boundary(interrupting: bool, marks: list[str]) -> None:
    inner = start("si") + throw("t", event("escalation", "esc")) + script("a") + flow("si", "t", "a")
    process = start() + sub("u", inner) + boundary("b", "u", event("escalation", "esc"), interrupting) + script("c") + script("d")
    run = Run(program(process, flow("s", "u", "d"), flow("b", "c"), around=ESCALATION))
    assert (sorted(run.marks), run.state) == (marks, "completed")


def test_it_lets_an_escalation_that_nobody_catches_out_of_the_case() -> None:
    run = Run(program(start(), throw("t", event("escalation", "esc")), script("a"), flow("s", "t", "a"), around=ESCALATION))
    assert ([(t.kind, t.name) for t in run.thrown], run.marks) == ([("escalation", "K1")], ["a"])


def test_it_takes_an_escalation_of_a_called_case_and_goes_on_waiting() -> None:
    process = start() + node("callActivity", "a", calledElement="q") + boundary("b", "a", event("escalation", "esc"), False) + script("c")
    run = Run(program(process, flow("s", "a"), flow("b", "c"), around=ESCALATION))
    run.do("throw_escalation", run.wait("a").id, "K1")
    run.do("throw_escalation", run.wait("a").id, "K1")
    assert (run.marks, run.waiting) == (["c", "c"], ["a"])
