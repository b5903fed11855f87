"""What people do, asked over HTTP of each product in turn: start a case, complete a task, open the inbox."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bench.database import Cluster
from bench.load import Request, Result, send
from bench.peers.site import Server
from bench.table import Figure, Table, median

CLIENTS = 4


@dataclass
class Guest:
    """A product that is being served, and its signed-in person."""

    peer: Any
    """A bench.peers.site.Peer, some of which can do more than others."""
    server: Server
    headers: dict[str, str]
    url: str

    def send(self, cluster: Cluster, requests: list[Request], clients: int = CLIENTS) -> Result:
        return send(self.server.port, requests, clients, {"web": self.server.process, "database": cluster.process})


def figure(result: Result) -> Figure:
    return Figure(result.rate, result.milliseconds)


def side_by_side(
    table: Table, what: str, guests: dict[str, Guest], cluster: Cluster, rounds: int, ask: Callable[[Guest], list[Request]]
) -> None:
    """Each in turn, `rounds` times after a warm-up that is not counted; the medians. Who fails is left out with the reason."""
    found: dict[str, list[Figure]] = defaultdict(list)
    failed: dict[str, Figure] = {}
    for number in range(rounds + 1):
        for name, guest in guests.items():
            if name in failed:
                continue
            try:
                result = guest.send(cluster, ask(guest))
            except (RuntimeError, OSError) as error:
                failed[name] = Figure(text=f"failed: {str(error)[:200]}")
                continue
            if number:
                found[name].append(figure(result))
    table.add(what, {name: failed.get(name) or median(found[name]) for name in guests})


def starts(table: Table, guests: dict[str, Guest], cluster: Cluster, number: int, rounds: int) -> None:
    side_by_side(table, "(a) start a case", guests, cluster, rounds, lambda g: g.peer.start(g.headers, number))


def completions(table: Table, guests: dict[str, Guest], cluster: Cluster, number: int, rounds: int) -> None:
    side_by_side(table, "(b) complete a task, small diagram", guests, cluster, rounds, lambda g: g.peer.complete(g.headers, number))


def procedures(table: Table, guests: dict[str, Guest], cluster: Cluster, cases: int, rounds: int) -> None:
    """Cases of forty steps, brought to the twentieth by the same requests, which are the warm-up."""
    able = {name: guest for name, guest in guests.items() if hasattr(guest.peer, "step")}
    for key, said in (("thu_tuc", "no data"), ("thu_tuc_du_lieu", "a form of nine fields at each step")):
        for guest in able.values():
            guest.peer.begin(guest.headers, cases, key)
            for _ in range(19):
                guest.send(cluster, guest.peer.step(guest.headers))
        what = f"(b) complete the 20th task and those after it, diagram of the procedure's size, {said}"
        side_by_side(table, what, able, cluster, rounds, lambda g: g.peer.step(g.headers))


def inboxes(table: Table, guests: dict[str, Guest], cluster: Cluster, sizes: list[int], rounds: int) -> None:
    """The person's 200 open tasks among so many of others. A hundred requests: the processor's time is told in steps of 10 ms."""
    able = {name: guest for name, guest in guests.items() if hasattr(guest.peer, "inbox")}
    for size in sizes:
        pages = {guest.server.port: guest.peer.inbox(guest.headers, size, 200) for guest in able.values()}
        what = f"(d) open the inbox: 200 of {size:,} open tasks"
        side_by_side(table, what, able, cluster, rounds, lambda g, pages=pages: [pages[g.server.port]] * 100)
