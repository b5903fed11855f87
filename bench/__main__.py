"""The benchmark: ours against SpiffWorkflow, Viewflow and Operaton, on one database server, by one client. Writes docs/benchmark.md.

.venv/bin/python -m bench [--quick] [--only a,b,d] [--peers build/bench-peers] [--dry]
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench import database, growth, steps, visits
from bench.peers.operaton_site import Operaton
from bench.peers.ours import Ours
from bench.peers.spiff_site import Spiff
from bench.peers.viewflow_site import Viewflow
from bench.table import OURS, Table
from bench.visits import Guest

PROCESSES = 2
"""Web processes of each product: as many as the machine has cores."""
MISSING = (
    "SpiffArena: its backend (spiffworkflow-backend) is in no package index, neither of Python nor npm, and GitHub could not be reached "
    "where this ran. What the index has, spiff-arena-common, runs diagrams in memory and has neither server nor database. Not measured."
)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--quick", action="store_true", help="small sizes: some minutes instead of an hour")
    options.add_argument("--largest", type=int, default=0, help="rows of (d) and (i): 1,000,000, or 10,000 with --quick")
    options.add_argument("--only", default="", help="letters of the rows, such as a,b,d")
    options.add_argument("--peers", type=Path, default=Path("build/bench-peers"), help="where the peers are installed")
    options.add_argument("--without", default="", help="peers to leave out, such as operaton,viewflow")
    options.add_argument("--dry", action="store_true", help="do not write the page")
    given = options.parse_args()
    table = Table(notes=[MISSING])
    given.peers.mkdir(parents=True, exist_ok=True)
    with database.running() as cluster, ExitStack() as stack:
        guests = _guests(table, cluster, stack, given)
        letters = set(filter(None, given.only.split(","))) or set("abcdefghi")
        for letter, rows in ROWS.items():
            if letter in letters:
                rows(table, guests, cluster, given)
        table.notes.insert(0, f"PostgreSQL {cluster.version}, durable (fsync, synchronous_commit), {PROCESSES} web processes of 16 threads")
    print(table.as_markdown())
    if not given.dry:
        table.write()


def _guests(table: Table, cluster: database.Cluster, stack: ExitStack, given: argparse.Namespace) -> dict[str, Guest]:
    """Those that can be installed and served, ours first. Why another cannot is a note."""
    found: dict[str, Guest] = {}
    logs = Path(stack.enter_context(tempfile.TemporaryDirectory()))
    for kind in (Ours, Viewflow, Operaton, Spiff):
        if kind.__name__.lower() in given.without.split(","):
            continue
        peer: Any = kind()
        try:
            peer.install(given.peers.resolve())
            url = stack.enter_context(cluster.database(kind.__name__.lower()))
            server = stack.enter_context(peer.serve(url, logs, PROCESSES))
            guest = Guest(peer, server, peer.sign_in(server), url)
        except Exception as error:
            if kind is Ours:
                raise
            table.notes.append(f"{peer.name}: not measured: {str(error)[:300]}")
            continue
        name = OURS if kind is Ours else peer.name
        found[name] = guest
        if kind is not Ours:
            table.peers.append(name)
    return found


def _start(table: Table, guests: dict[str, Guest], cluster: database.Cluster, given: argparse.Namespace) -> None:
    visits.starts(table, guests, cluster, 60 if given.quick else 300, 3 if given.quick else 5)


def _complete(table: Table, guests: dict[str, Guest], cluster: database.Cluster, given: argparse.Namespace) -> None:
    visits.completions(table, guests, cluster, 100 if given.quick else 400, 3 if given.quick else 7)
    visits.procedures(table, guests, cluster, 40 if given.quick else 100, 5)
    growth.of_a_case(table, guests[OURS], cluster, 1000)


def _inbox(table: Table, guests: dict[str, Guest], cluster: database.Cluster, given: argparse.Namespace) -> None:
    largest = _largest(given)
    visits.inboxes(table, guests, cluster, [size for size in (1_000, 10_000, 100_000) if size <= largest], 3)
    growth.of_the_inbox(table, guests[OURS], cluster, sorted({1_000, min(100_000, largest), largest}))


def _stored(table: Table, _guests: dict[str, Guest], cluster: database.Cluster, given: argparse.Namespace) -> None:
    growth.of_the_archive(table, cluster, _largest(given), PROCESSES)


def _largest(given: argparse.Namespace) -> int:
    return int(given.largest or (10_000 if given.quick else 1_000_000))


Rows = Callable[[Table, dict[str, Guest], database.Cluster, argparse.Namespace], None]
ROWS: dict[str, Rows] = {
    "a": _start,
    "b": _complete,
    "c": lambda table, _guests, _cluster, _given: steps.procedure(table),
    "e": lambda table, guests, cluster, _given: growth.of_a_page(table, guests[OURS], cluster),
    "f": lambda table, guests, cluster, given: steps.timers(table, guests, cluster, 300 if given.quick else 2_000),
    "g": lambda table, guests, cluster, given: steps.services(table, guests, cluster, 300 if given.quick else 2_000),
    "h": lambda table, _guests, cluster, _given: steps.deploying(table, cluster),
    # Last, since they fill the databases.
    "d": _inbox,
    "i": _stored,
}

if __name__ == "__main__":
    main()
