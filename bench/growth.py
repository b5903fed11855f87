"""How the cost of ours grows: with the age of a case, with what is open, with what is finished and kept."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import func, select

from bench.database import Cluster
from bench.load import Request, Result, memory
from bench.peers.ours import fill
from bench.table import OURS, Figure, Table
from bench.visits import Guest, figure
from engine import deployments, instances
from engine.models import ProcessInstance, UserTask

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


def of_the_archive(table: Table, guest: Guest, cluster: Cluster, finished: int) -> None:
    """(b) with nothing finished and with much; (i) what a case takes."""
    peer = guest.peer
    name = guest.url.rpartition("/")[2]
    before = _completing(guest, cluster)
    sizes = [cluster.size(name)]
    with peer.sessions.begin() as session:
        had = session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "completed")) or 0
        fill(session, had + finished, 0, "completed")
    sizes.append(cluster.size(name))
    after = _completing(guest, cluster)
    text = f"{before.processor:.1f} ms, then {after.processor:.1f} ms; {before.rate:,.0f}/s, then {after.rate:,.0f}/s"
    remark = f"ratio of the processor {after.processor / before.processor:.2f}"
    table.add(f"(b) complete a task with 0 and with {finished:,} finished cases", {OURS: Figure(text=text)}, remark)
    with peer.sessions.begin() as session:
        opened = session.scalar(select(func.count()).select_from(ProcessInstance).where(ProcessInstance.state == "active")) or 0
        fill(session, opened + finished // 10, 0, "active")
    sizes.append(cluster.size(name))
    held = memory(guest.server.process) / 2**20
    text = (
        f"finished {(sizes[1] - sizes[0]) / finished:,.0f} bytes, running {(sizes[2] - sizes[1]) / (finished // 10):,.0f} bytes, "
        f"both with indexes; web processes {held:.0f} MiB together"
    )
    table.add("(i) stored for a case of the small diagram, memory", {OURS: Figure(text=text)}, "memory does not grow with cases")


def _completing(guest: Guest, cluster: Cluster) -> Figure:
    rounds = [guest.send(cluster, guest.peer.complete(guest.headers, 200)) for _ in range(4)]
    return min(map(figure, rounds[1:]), key=lambda found: found.processor)
