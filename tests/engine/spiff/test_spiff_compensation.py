"""Undoing what was done: which handlers run, in which order, with which data."""

from __future__ import annotations

import pytest

from tests.engine.spiff.builder import (
    Run,
    boundary,
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


def undoable(id: str, text: str = "", undo: str = "") -> str:
    """A script task and the task that undoes it."""
    return (
        script(id, text)
        + boundary(f"{id}_b", id, event("compensate"))
        + script(f"{id}_u", undo or f'dau.append("{id}_u")', isForCompensation="true")
        + f'<association id="{id}_a" sourceRef="{id}_b" targetRef="{id}_u"/>'
    )


def test_it_undoes_in_reverse_order_and_goes_on() -> None:
    process = start() + undoable("a") + undoable("b") + throw("t", event("compensate")) + script("z") + flow("s", "a", "b", "t", "z")
    run = Run(program(process))
    assert (run.marks, run.state) == (["a", "b", "b_u", "a_u", "z"], "completed")


def test_it_undoes_only_what_was_completed() -> None:
    process = start() + node("exclusiveGateway", "x", default="x-t") + undoable("a") + undoable("b") + throw("t", event("compensate"))
    run = Run(program(process, flow("s", "a", "x", "t"), flow("x", "b", when="false"), flow("b", "t")))
    assert run.marks == ["a", "a_u"]


def test_it_undoes_one_activity_by_name_and_once() -> None:
    named = event("compensate", activityRef="a")
    process = start() + undoable("a") + undoable("b") + throw("t", named) + throw("t2", named) + end("e", event("compensate"))
    assert Run(program(process, flow("s", "a", "b", "t", "t2", "e"))).marks == ["a", "b", "a_u", "b_u"]


def test_it_gives_handlers_the_data_of_their_time() -> None:
    process = start() + undoable("a", "x = 1", "bu_a = x") + undoable("b", "x = 2", "bu_b = x") + script("c", "x = 9")
    run = Run(program(process, throw("t", event("compensate")), flow("s", "a", "b", "c", "t")))
    assert (run.variables["bu_a"], run.variables["bu_b"], run.variables["x"]) == (1, 2, 9)


def test_it_counts_what_several_handlers_append_to_one_list() -> None:
    process = start() + undoable("a") + undoable("b") + script("c") + throw("t", event("compensate"))
    assert Run(program(process, flow("s", "a", "b", "c", "t"))).marks == ["a", "b", "c", "b_u", "a_u"]


def test_it_lets_a_handler_see_what_an_earlier_one_wrote() -> None:
    process = start() + undoable("a", undo="tong = tong + 10") + undoable("b", undo="tong = tong + 1") + throw("t", event("compensate"))
    assert Run(program(process, flow("s", "a", "b", "t")), {"tong": 0}).variables["tong"] == 11


def test_it_undoes_every_round_of_a_loop() -> None:
    process = start() + node("exclusiveGateway", "k") + undoable("a", "n = n + 1", "bu.append(n)")
    process += node("exclusiveGateway", "g", default="g-t") + throw("t", event("compensate"))
    run = Run(program(process, flow("s", "k", "a", "g", "t"), flow("g", "k", when="n < 3")), {"n": 0, "bu": []})
    assert (run.variables["bu"], run.state) == ([3, 2, 1], "completed")


def test_it_waits_for_people_who_undo() -> None:
    process = start() + script("a") + boundary("b", "a", event("compensate")) + user("u", isForCompensation="true")
    process += '<association id="x" sourceRef="b" targetRef="u"/>' + throw("t", event("compensate")) + script("z")
    run = Run(program(process, flow("s", "a", "t", "z")))
    assert (run.waiting, run.marks) == (["u"], ["a"])
    run.complete("u", {"ly_do": "x"})
    assert (run.marks, run.variables["ly_do"], run.state) == (["a", "z"], "x", "completed")


def test_it_goes_on_at_once_where_it_does_not_wait_for_completion() -> None:
    process = start() + script("a") + boundary("b", "a", event("compensate")) + user("u", isForCompensation="true")
    process += (
        '<association id="x" sourceRef="b" targetRef="u"/>' + throw("t", event("compensate", waitForCompletion="false")) + script("z")
    )
    run = Run(program(process, flow("s", "a", "t", "z")))
    assert (run.waiting, run.marks, run.state) == (["u"], ["a", "z"], "active")
    run.complete("u")
    assert run.state == "completed"


def test_it_undoes_inside_a_completed_sub_process() -> None:
    inner = start("si") + undoable("a") + undoable("b") + flow("si", "a", "b")
    process = start() + sub("u", inner) + undoable("c") + throw("t", event("compensate")) + script("z") + flow("s", "u", "c", "t", "z")
    assert Run(program(process)).marks == ["a", "b", "c", "c_u", "b_u", "a_u", "z"]


def test_it_undoes_inside_members_of_a_multi_instance_with_their_own_data() -> None:
    inner = start("si") + undoable("a", undo="bu.append(n)") + flow("si", "a")
    many = '<multiInstanceLoopCharacteristics camunda:collection="noi" camunda:elementVariable="n"/>'
    run = Run(program(start(), sub("u", many, inner), throw("t", event("compensate")), flow("s", "u", "t")), {"noi": [1, 2, 3], "bu": []})
    assert (run.variables["bu"], run.state) == ([3, 2, 1], "completed")


def test_it_prefers_the_handler_of_the_sub_process_itself() -> None:
    inner = start("si") + undoable("a") + flow("si", "a")
    process = start() + sub("u", inner) + boundary("b", "u", event("compensate")) + script("h", isForCompensation="true")
    process += '<association id="x" sourceRef="b" targetRef="h"/>' + throw("t", event("compensate")) + flow("s", "u", "t")
    assert Run(program(process)).marks == ["a", "h"]


def test_it_runs_the_event_sub_process_that_compensation_starts() -> None:
    esp = handler(
        "h", start("hs", event("compensate")), script("h1"), throw("ht", event("compensate")), script("h2"), flow("hs", "h1", "ht", "h2")
    )
    inner = start("si") + undoable("a") + flow("si", "a") + esp
    run = Run(program(start(), sub("u", inner), throw("t", event("compensate")), script("z"), flow("s", "u", "t", "z")))
    assert (run.marks, run.state) == (["a", "h1", "a_u", "h2", "z"], "completed")


def test_it_undoes_when_a_transaction_is_cancelled() -> None:
    inner = start("si") + undoable("a") + undoable("b") + end("x", event("cancel")) + flow("si", "a", "b", "x")
    process = start() + sub("t", inner, kind="transaction") + boundary("c", "t", event("cancel")) + script("d") + script("z")
    run = Run(program(process, flow("s", "t", "z"), flow("c", "d")))
    assert (run.marks, run.state) == (["a", "b", "b_u", "a_u", "d"], "completed")


def test_it_undoes_from_a_handler_of_an_error() -> None:
    esp = handler("h", start("hs", event("error", "err")), throw("ht", event("compensate")), script("hz"), flow("hs", "ht", "hz"))
    process = start() + undoable("a") + end("x", event("error", "err")) + flow("s", "a", "x") + esp
    assert Run(program(process, around='<error id="err" errorCode="E"/>')).marks == ["a", "a_u", "hz"]


def test_it_forgets_values_that_nobody_can_need() -> None:
    process = start() + undoable("a") + user("w") + throw("t", event("compensate")) + user("v") + flow("s", "a", "w", "t", "v")
    run = Run(program(process), {"bang": list(range(500))})
    assert len(run.stored.dump()["archive"]) == 2
    run.complete("w")
    assert run.stored.dump()["archive"] == {}


def test_it_keeps_equal_values_of_many_rounds_once() -> None:
    process = start() + node("exclusiveGateway", "k") + undoable("a", "n = n + 1") + user("w") + flow("s", "k", "a", "w", "k")
    run = Run(program(process), {"n": 0, "bang": list(range(500))})
    for _ in range(20):
        run.complete("w")
    values = run.stored.dump()["archive"].values()
    assert sum(isinstance(value, list) and len(value) == 500 for value in values) == 1


def test_it_survives_being_interrupted_while_undoing() -> None:
    inner = start("si") + script("a") + boundary("b", "a", event("compensate")) + user("u", isForCompensation="true")
    inner += '<association id="x" sourceRef="b" targetRef="u"/>' + throw("t", event("compensate")) + flow("si", "a", "t")
    process = start() + sub("v", inner) + boundary("h", "v", timer("PT1H")) + script("z") + flow("s", "v") + flow("h", "z")
    run = Run(program(process))
    run.advance(hours=1)
    assert (run.marks, run.state, len(run.stored.dump()["scopes"])) == (["a", "z"], "completed", 1)


def test_it_forgets_what_an_interrupted_compensation_has_not_reached() -> None:
    inner = start("si") + undoable("a") + flow("si", "a")
    slow = script("b") + boundary("bb", "b", event("compensate")) + user("u", isForCompensation="true")
    slow += '<association id="x" sourceRef="bb" targetRef="u"/>'
    outer = start("so") + sub("i", inner) + slow + throw("t", event("compensate")) + flow("so", "i", "b", "t")
    process = start() + sub("v", outer) + boundary("h", "v", timer("PT1H")) + user("z") + flow("s", "v") + flow("h", "z")
    run = Run(program(process))
    assert run.waiting == ["h", "u"]
    run.advance(hours=1)
    assert (run.waiting, len(run.stored.dump()["scopes"]), run.stored.dump()["archive"]) == (["z"], 1, {})


@pytest.mark.parametrize(
    ("process", "rule"),
    [
        (start() + script("a") + boundary("b", "a", event("compensate")) + flow("s", "a"), "compensation_handler"),
        (start() + script("a") + script("u", isForCompensation="true") + flow("s", "a"), "compensation_handler"),
        (start() + throw("t", event("compensate", activityRef="zz")) + flow("s", "t"), "dangling_reference"),
    ],
)
def test_it_refuses_compensation_that_leads_nowhere(process: str, rule: str) -> None:
    assert [f.rule for f in refusals(process)] == [rule]
