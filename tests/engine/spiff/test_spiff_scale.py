"""Loops, long sequences and wide splits: neither time per round nor the stored size may grow with what has been."""

from __future__ import annotations

import json
import sys
import time

from engine.spiff import Execution
from tests.engine.spiff.builder import NOW, flow, node, program, script, start, sub, user


def complete_all(execution: Execution) -> None:
    for wait_id in list(execution.waits):
        execution.complete_user_task(wait_id, {})
    execution.collect()


def rounds(execution: Execution, count: int) -> tuple[float, int]:
    """Seconds for `count` rounds of two completions, and the size stored afterwards."""
    begin = time.process_time()
    for _ in range(count):
        for _ in range(2):
            execution.complete_user_task(next(iter(execution.waits)), {})
            execution.collect()
    return time.process_time() - begin, len(json.dumps(execution.dump()))


def steady(execution: Execution, count: int) -> None:
    """The last tenth takes no longer than the first, and stores as much."""
    first, size = rounds(execution, count // 10)
    rounds(execution, count - 2 * (count // 10))
    last, size_then = rounds(execution, count // 10)
    assert last < first * 3 + 0.2
    assert size_then < size + 40
    execution.set_variables({"xong": True})
    rounds(execution, 1)
    assert execution.state == "completed"


def test_it_goes_two_thousand_times_round_a_loop_of_three_nodes() -> None:
    process = start() + user("a") + user("b") + node("exclusiveGateway", "g", default="g-a") + node("endEvent", "e")
    process += flow("s", "a", "b", "g", "a") + flow("g", "e", when="${xong}")
    steady(Execution.start(program(process), now=NOW, variables={"xong": False}), 2000)


def test_it_goes_three_hundred_times_round_a_loop_with_a_split_and_a_join() -> None:
    process = start() + node("exclusiveGateway", "k") + node("parallelGateway", "x") + user("a") + user("b") + node("parallelGateway", "y")
    process += node("exclusiveGateway", "g", default="g-k") + node("endEvent", "e")
    process += flow("s", "k", "x", "a", "y", "g", "k") + flow("x", "b", "y") + flow("g", "e", when="${xong}")
    steady(Execution.start(program(process), now=NOW, variables={"xong": False}), 300)


def test_it_goes_round_an_inclusive_loop() -> None:
    process = (
        start() + node("exclusiveGateway", "k") + node("inclusiveGateway", "x") + user("a") + user("b") + node("inclusiveGateway", "y")
    )
    process += node("exclusiveGateway", "g", default="g-k") + node("endEvent", "e")
    process += flow("s", "k", "x", "a", "y", "g", "k") + flow("x", "b", "y") + flow("g", "e", when="${xong}")
    steady(Execution.start(program(process), now=NOW, variables={"xong": False}), 300)


def test_it_runs_six_hundred_tasks_in_a_row() -> None:
    tasks = [f"t{number}" for number in range(600)]
    run = Execution.start(program(start(), *(script(t, "n = n + 1") for t in tasks), flow("s", *tasks)), now=NOW, variables={"n": 0})
    assert (run.variables["n"], run.state) == (600, "completed")


def test_it_runs_five_thousand_tasks_beside_each_other() -> None:
    process = (
        start() + node("parallelGateway", "x") + node("parallelGateway", "y") + script("z", "xong = True") + flow("s", "x") + flow("y", "z")
    )
    process += "".join(user(f"t{n}") + flow("x", f"t{n}", "y") for n in range(5000))
    compiled = program(process)
    begin = time.process_time()
    execution = Execution.start(compiled, now=NOW, variables={})
    assert len(execution.waits) == 5000
    execution = Execution.load(compiled, execution.dump(), now=NOW)
    complete_all(execution)
    assert (execution.state, execution.variables) == ("completed", {"xong": True})
    assert time.process_time() - begin < 15


def test_it_does_not_copy_the_case_into_members() -> None:
    many = '<multiInstanceLoopCharacteristics camunda:collection="noi" camunda:elementVariable="n"/>'
    process = start() + sub("m", many, start("si"), user("u"), flow("si", "u")) + flow("s", "m")
    rows = [{"ho_ten": f"Nguyễn Văn {n}", "tuoi": n % 60, "don_vi": "đơn vị " * 6} for n in range(2000)]
    execution = Execution.start(program(process), now=NOW, variables={"noi": list(range(200)), "bang": rows})
    alone = len(json.dumps(rows, ensure_ascii=False).encode())
    stored = len(json.dumps(execution.dump(), ensure_ascii=False).encode())
    assert len(execution.waits) == 200
    assert stored < 1_000_000 and stored - alone < 200_000


def test_it_runs_a_thousand_members_in_proportion() -> None:
    """Counted in calls, not in seconds: ten times the members are about ten times the work."""

    def calls(count: int) -> int:
        many = f"<multiInstanceLoopCharacteristics><loopCardinality>{count}</loopCardinality></multiInstanceLoopCharacteristics>"
        compiled = program(start(), user("a", many), flow("s", "a"))
        counted = 0

        def count_call(_frame: object, event: str, _argument: object) -> None:
            nonlocal counted
            counted += event == "call"

        sys.setprofile(count_call)
        try:
            execution = Execution.start(compiled, now=NOW, variables={})
            complete_all(execution)
        finally:
            sys.setprofile(None)
        assert execution.state == "completed"
        return counted

    calls(10)
    assert calls(2000) < calls(200) * 11
