"""How time and stored size grow: rounds of loops, rows of tasks, parallel tasks, members of a multi-instance.

    python -m bench.scale

Prints one line per shape: the time of an early and of a late round (or of the whole), and the stored bytes, as JSON and compressed.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson

from engine.diagram import Diagram
from engine.executions import pack
from engine.spiff import Execution, Program

NOW = datetime(2026, 1, 5, 1, tzinfo=UTC)
HEAD = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"><process id="p">'
)


def compiled(body: str) -> Program:
    return Program.compile(Diagram.read(f"{HEAD}{body}</process></definitions>".encode(), "p.bpmn"), "p")


def flows(*pairs: str) -> str:
    """`flows("a b", "b c")`."""
    return "".join(f'<sequenceFlow id="f{i}" sourceRef="{p.split()[0]}" targetRef="{p.split()[1]}"/>' for i, p in enumerate(pairs))


def size(execution: Execution) -> str:
    state = execution.dump()
    return f"{len(orjson.dumps(state)):>9,} bytes of JSON, {len(pack(state)):>7,} compressed"


def rounds(program: Program, count: int, tasks: tuple[str, ...]) -> None:
    """Go round a loop of user tasks, reloading the case before every completion as the engine does."""
    execution = Execution.start(program, now=NOW, variables={"tiep": True})
    early = late = 0.0
    for number in range(count):
        begin = time.perf_counter()
        for task in tasks:
            execution = Execution.load(program, orjson.loads(orjson.dumps(execution.dump())), now=NOW)
            execution.complete_user_task(next(w.id for w in execution.waits.values() if w.element_id == task), {})
            execution.collect()
        passed = time.perf_counter() - begin
        early, late = (early + passed if number < count // 10 else early), (late + passed if number >= count - count // 10 else late)
    share = count // 10
    print(f"  a round: {early / share * 1000:.2f} ms early, {late / share * 1000:.2f} ms late; {size(execution)}")


def loop() -> None:
    body = '<startEvent id="s"/><userTask id="a"/><userTask id="b"/><exclusiveGateway id="g" default="ra"/><endEvent id="e"/>'
    body += (
        flows("s a", "a b", "b g") + '<sequenceFlow id="lai" sourceRef="g" targetRef="a"><conditionExpression>${tiep}</conditionExpression>'
    )
    rounds(compiled(body + '</sequenceFlow><sequenceFlow id="ra" sourceRef="g" targetRef="e"/>'), 2000, ("a", "b"))


def split_loop() -> None:
    body = '<startEvent id="s"/><exclusiveGateway id="m"/><parallelGateway id="g"/><userTask id="a"/><userTask id="b"/>'
    body += '<parallelGateway id="h"/><exclusiveGateway id="x" default="ra"/><endEvent id="e"/>' + flows(
        "s m", "m g", "g a", "g b", "a h", "b h", "h x"
    )
    body += '<sequenceFlow id="lai" sourceRef="x" targetRef="m"><conditionExpression>${tiep}</conditionExpression></sequenceFlow>'
    rounds(compiled(body + '<sequenceFlow id="ra" sourceRef="x" targetRef="e"/>'), 300, ("a", "b"))


def timed(what: str, work: Callable[[], Any]) -> Any:
    begin = time.perf_counter()
    found = work()
    print(f"  {what}: {time.perf_counter() - begin:.2f} s")
    return found


def row() -> None:
    for count in (300, 600):
        tasks = "".join(f'<scriptTask id="t{i}" scriptFormat="starlark"><script>x = {i}</script></scriptTask>' for i in range(count))
        pairs = flows("s t0", *(f"t{i} t{i + 1}" for i in range(count - 1)))
        program = timed(f"{count} compiled", lambda body='<startEvent id="s"/>' + tasks + pairs: compiled(body))
        timed(f"{count} run", lambda program=program: Execution.start(program, now=NOW, variables={}))


def wide() -> None:
    for count in (2500, 5000):
        tasks = "".join(f'<userTask id="t{i}"/>' for i in range(count))
        body = '<startEvent id="s"/><parallelGateway id="g"/><parallelGateway id="h"/><endEvent id="e"/>' + tasks
        body += flows("s g", "h e", *(f"g t{i}" for i in range(count)), *(f"t{i} h" for i in range(count)))
        program = timed(f"{count} compiled", lambda body=body: compiled(body))
        execution = timed(f"{count} started", lambda program=program: Execution.start(program, now=NOW, variables={}))
        print(f"  {size(execution)}")
        timed(f"{count} completed", lambda execution=execution: _complete(execution))


def _complete(execution: Execution) -> None:
    for wait_id in list(execution.waits):
        execution.complete_user_task(wait_id, {})
    assert execution.state == "completed"


def members() -> None:
    inner = '<startEvent id="i"/><userTask id="a"/><endEvent id="j"/><sequenceFlow id="x" sourceRef="i" targetRef="a"/>'
    inner += '<sequenceFlow id="y" sourceRef="a" targetRef="j"/>'
    inner += '<multiInstanceLoopCharacteristics camunda:collection="nguoi" camunda:elementVariable="n"/>'
    program = compiled(f'<startEvent id="s"/><subProcess id="u">{inner}</subProcess>' + flows("s u"))
    table = [{"ma": i, "ten": f"Nguyễn Văn {i}", "don_vi": "Sở Nội vụ"} for i in range(2000)]
    data = {"nguoi": list(range(200)), "bang": table}
    print(f"  the list alone: {len(orjson.dumps(data['bang'])):,} bytes of JSON")
    execution = timed("200 members started", lambda: Execution.start(program, now=NOW, variables=data))
    print(f"  {size(execution)}")
    timed("200 members completed", lambda: _complete(execution))


def main(words: list[str]) -> None:
    shapes = {
        "2,000 rounds of a three-node loop": loop,
        "300 rounds of a loop with an AND split and join": split_loop,
        "tasks in a row": row,
        "parallel tasks": wide,
        "members of a multi-instance sub-process over a 2,000-row list": members,
    }
    for name, measure in _chosen(shapes, words):
        print(name)
        measure()


def _chosen(shapes: dict[str, Callable[[], None]], words: list[str]) -> Iterator[tuple[str, Callable[[], None]]]:
    return ((name, measure) for name, measure in shapes.items() if not words or any(word in name for word in words))


if __name__ == "__main__":
    main(sys.argv[1:])
