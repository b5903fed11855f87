"""How the cost of ours grows: with the age of a case, with what is open, with what is finished and kept."""

from __future__ import annotations

import statistics
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from sqlalchemy import func, select

from bench.database import Cluster
from bench.load import Request, Result, memory
from bench.peers.ours import Ours, fill
from bench.table import OURS, Figure, Table
from bench.visits import Guest, figure
from engine import deployments, instances
from engine.models import ProcessInstance, UserTask

TURNS = 5
LOOP = (
    '<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" '
    'targetNamespace="bench"><process id="vong" isExecutable="true"><startEvent id="dau"/><userTask id="viec" name="Việc" '
    'camunda:assignee="nguoi"/><exclusiveGateway id="g" default="ra"/><endEvent id="het"/>'
    '<sequenceFlow id="a" sourceRef="dau" targetRef="viec"/><sequenceFlow id="b" sourceRef="viec" targetRef="g"/>'
    '<sequenceFlow id="lai" sourceRef="g" targetRef="viec"><conditionExpression>${tiep}</conditionExpression></sequenceFlow>'
    '<sequenceFlow id="ra" sourceRef="g" targetRef="het"/></process></definitions>'
)


def of_a_case(table: Table, guest: Guest, cluster: Cluster, tasks: int) -> None:
    """One case goes round a loop; the first tenth of its tasks against the last."""
    with guest.peer.sessions.begin() as session:
        deployments.deploy(session, "vong", {"vong.bpmn": LOOP.encode()})
        definition = deployments.latest(session, "vong")
        guest.peer.old = [instances.start(session, definition, {"tiep": True}).id for _ in range(4)]
    parts: list[list[Result]] = [[], []]
    for number in range(tasks):
        requests = _next(guest, guest.peer.old)
        part = parts[0] if number < tasks // 10 else parts[1] if number >= tasks - tasks // 10 else []
        part.append(guest.send(cluster, requests, 2))
    (first, early), (last, late) = (_mean(part) for part in parts)
    text = f"{first:.1f} ms, the last {last:.1f} ms"
    remark = f"ratio {last / first:.2f}; of the processor {late / early:.2f}"
    table.add(f"(b) the first of {tasks:,} tasks of one case", {OURS: Figure(text=text)}, remark)


def _next(guest: Guest, cases: Sequence[int]) -> list[Request]:
    with guest.peer.sessions() as session:
        query = select(UserTask.id).where(UserTask.instance_id.in_(cases), UserTask.state == "open")
        body = guest.peer._body()
        return [Request("POST", f"/viec/{task}", body, guest.headers, frozenset({302})) for task in session.scalars(query)]


def _mean(results: Sequence[Result]) -> tuple[float, float]:
    """Milliseconds of an answer (median), and of processor."""
    times = sorted(time for result in results for time in result.times)
    used = sum(sum(result.processor.values()) for result in results)
    return times[len(times) // 2] * 1000, used / len(times) * 1000


def of_a_page(table: Table, guest: Guest, cluster: Cluster) -> None:
    """(e) The page of a case whose history is long: what of_a_case() has left, or a young one."""
    case = getattr(guest.peer, "old", None) or [_any(guest)]
    requests = [Request("GET", f"/ho-so/{case[0]}", headers=guest.headers, fine=frozenset({200}))] * 20
    guest.send(cluster, requests[:4], 2)
    result = guest.send(cluster, requests, 2)
    with guest.peer.sessions() as session:
        entries = session.scalar(select(ProcessInstance.history_count).where(ProcessInstance.id == case[0]))
    text = f"p50 {result.percentile(0.5):.0f} ms, p95 {result.percentile(0.95):.0f} ms"
    table.add(f"(e) open a case with {entries:,} entries of history", {OURS: Figure(text=text)}, " ")


def _any(guest: Guest) -> int:
    with guest.peer.sessions() as session:
        return session.scalar(select(func.min(ProcessInstance.id))) or 0


def of_the_inbox(table: Table, guest: Guest, cluster: Cluster, sizes: Sequence[int]) -> None:
    """(d) p95 while ever more tasks of others are open; the list as it is, and with a search."""
    for what, query in (("", ""), (" with a search", "?q=kinh+phi")):
        found: list[float] = []
        for size in sizes:
            page = guest.peer.inbox(guest.headers, size, 200)
            requests = [Request("GET", page.path + query, headers=guest.headers, fine=frozenset({200}))] * 60
            guest.send(cluster, requests[:8], 2)
            found.append(guest.send(cluster, requests, 2).percentile(0.95))
        cells = {OURS: Figure(text=", ".join(f"{size:,}: {p95:.0f} ms" for size, p95 in zip(sizes, found, strict=True)))}
        table.add(f"(d) inbox{what}, p95 by open tasks", cells, f"ratio {found[-1] / found[0]:.2f}")


def of_the_archive(table: Table, cluster: Cluster, finished: int, processes: int) -> None:
    """(b) with nothing finished and with much, in turns: two databases, each with web processes of its own; (i) what a case takes."""
    with ExitStack() as stack:
        empty, full = (_another(stack, cluster, name, processes) for name in ("archive_empty", "archive_full"))
        name = full.url.rpartition("/")[2]
        sizes = [cluster.size(name)]
        _filled(full, finished, "completed")
        sizes.append(cluster.size(name))
        ratios, costs = _in_turns(cluster, empty, full)
        text = f"{costs[0]:.1f} ms, then {costs[1]:.1f} ms (medians of {TURNS} turns)"
        remark = f"ratio of the processor {statistics.median(ratios):.2f}, from {min(ratios):.2f} to {max(ratios):.2f}"
        table.add(f"(b) complete a task with 0 and with {finished:,} finished cases", {OURS: Figure(text=text)}, remark)
        _filled(full, finished // 10, "active")
        sizes.append(cluster.size(name))
        held = memory(full.server.process) / 2**20
    text = (
        f"finished {(sizes[1] - sizes[0]) / finished:,.0f} bytes, running {(sizes[2] - sizes[1]) / (finished // 10):,.0f} bytes, "
        f"both with indexes; web processes {held:.0f} MiB together"
    )
    table.add("(i) stored for a case of the small diagram, memory", {OURS: Figure(text=text)}, "memory does not grow with cases")


def _another(stack: ExitStack, cluster: Cluster, name: str, processes: int) -> Guest:
    peer, logs = Ours(), Path(stack.enter_context(tempfile.TemporaryDirectory()))
    url = stack.enter_context(cluster.database(name))
    server = stack.enter_context(peer.serve(url, logs, processes))
    return Guest(peer, server, peer.sign_in(server), url)


def _filled(guest: Guest, number: int, state: str) -> None:
    with guest.peer.sessions.begin() as session:
        had = session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == state)) or 0
        fill(session, had + number, 0, state)


def _in_turns(cluster: Cluster, empty: Guest, full: Guest) -> tuple[list[float], tuple[float, float]]:
    """Who begins changes with every turn. Ratios of the processor, full to empty, and the medians of both."""
    used: dict[str, list[float]] = {empty.url: [], full.url: []}
    for turn in range(TURNS + 1):
        for guest in (empty, full) if turn % 2 else (full, empty):
            cost = figure(guest.send(cluster, guest.peer.complete(guest.headers, 200))).processor
            # The first turn warms both up.
            used[guest.url] += [cost] if turn else []
    ratios = [after / before for before, after in zip(used[empty.url], used[full.url], strict=True)]
    return ratios, (statistics.median(used[empty.url]), statistics.median(used[full.url]))
