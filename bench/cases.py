"""100,000 cases of the rotation procedure, and how fast the pages of supervisors and staff are among them. Writes docs/benchmark-cases.md.

.venv/bin/python -m bench.cases [--cases 100000] [--originals 300] [--keep postgresql://...] [--dry]
"""

from __future__ import annotations

import argparse
import random
import sqlite3
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from unittest import mock

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from bench import archive, database, going, originals, pages
from bench.load import Request, send
from bench.peers.ours import SECRET, served
from bench.peers.site import FORM, Server, sign_in
from bench.provinces import PASSWORD
from bench.statements import Statements
from bench.table import machine
from engine import db
from engine.models import User, UserTask

PAGE = Path(__file__).parents[1] / "docs" / "benchmark-cases.md"
BEGIN, END = "<!-- written by python -m bench.cases -->", "<!-- end -->"
SUPERVISOR = "giam_sat_1_01"
TOLD = {
    "process_instance": "cases", "history_event": "entries of history", "user_task": "tasks", "candidate": "candidates",
    "participant": "participants", "keyword": "searchable variables", "document": "documents", "job": "jobs and timers",
    "incident": "incidents",
}  # fmt: skip
Say = Callable[[str], None]


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--cases", type=int, default=100_000)
    options.add_argument("--originals", type=int, default=300, help="cases that are really run, to be copied")
    options.add_argument("--each", type=int, default=40, help="requests of each page")
    options.add_argument("--triples", type=int, default=0, help="so many combinations of three filters, by chance; 0: all of them")
    options.add_argument("--sqlite", action="store_true", help="in a file of SQLite instead of PostgreSQL")
    options.add_argument("--keep", default="", help="address of a database that was filled before: only the pages are measured")
    options.add_argument("--postmaster", type=int, default=0, help="with --keep: process of its PostgreSQL server, whose time is told")
    options.add_argument("--only", default="", help="part of the name of the pages to be measured")
    options.add_argument("--dry", action="store_true", help="do not write the page")
    given = options.parse_args()
    lines: list[str] = []

    def say(line: str) -> None:
        lines.append(line)
        print(line, flush=True)

    say(f"{datetime.now(UTC):%d/%m/%Y %H:%M} UTC. {machine()}.\n")
    with _filled(given, say) as (url, postmaster), tempfile.TemporaryDirectory() as folder:
        own = {"database": postmaster} if postmaster else {}
        with served(url, Path(folder), 2) as server:
            measure(url, server, {"web": server.process, **own}, given, say)
        with nothing_kept(), served(url, Path(folder), 2) as server:
            first_looks(url, server, {"web": server.process, **own}, given, say)
        if not given.keep:
            whole(url, say)
    if not given.dry:
        head, _, rest = PAGE.read_text("utf-8").partition(BEGIN)
        PAGE.write_text(f"{head}{BEGIN}\n" + "\n".join(lines) + f"\n{END}{rest.partition(END)[2]}", "utf-8")


@contextmanager
def _filled(given: argparse.Namespace, say: Say) -> Iterator[tuple[str, int]]:
    """The address of a database that is full, or is filled now and gone afterwards; and the process of its server."""
    if given.keep:
        yield given.keep, given.postmaster
        return
    if given.sqlite:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "cases.sqlite"
            _fill(f"sqlite:///{file}", given, say)
            say(f"- {file.stat().st_size / 2**30:.1f} GiB on SQLite {sqlite3.sqlite_version}.\n")
            yield f"sqlite:///{file}", 0
        return
    with database.running() as cluster, cluster.database("cases") as url:
        _fill(url, given, say)
        say(f"- {cluster.size('cases') / 2**30:.1f} GiB on PostgreSQL {cluster.version}.\n")
        yield url, cluster.process


def _fill(url: str, given: argparse.Namespace, say: Say) -> None:
    began = time.monotonic()
    run = list(originals.play(given.originals, 2026))
    say(f"- {len(run)} procedures were really run, in {time.monotonic() - began:.0f} s.")
    began = time.monotonic()
    counts = archive.fill(url, given.cases, run)
    told = ", ".join(f"{counts[name]:,} {words}" for name, words in TOLD.items())
    say(f"- {told}: in {time.monotonic() - began:.0f} s.")


# --- pages -------------------------------------------------------------------------------------------------------------------------------


def measure(url: str, server: Server, watched: dict[str, int], given: argparse.Namespace, say: Say) -> None:
    """Each page, one request after the other; and how many statements it sends."""
    sessions = sessionmaker(db.create_engine(url))
    with sessions() as session:
        asked = pages.Asked(session, random.Random(7))
        busy, held = _busy(session)
    sessions.kw["bind"].dispose()
    say("| page (requests) | p50 ms | p95 ms | slowest ms | processor ms | statements |\n|---|---|---|---|---|---|")
    idle = send(server.port, [Request("GET", "/khoe")] * 200, 1, watched)
    say(f"| nothing but an answer (`/khoe`), to judge the machine by | {times(idle.times)} | {idle.milliseconds:.0f} | |")
    with tempfile.TemporaryDirectory() as folder:
        inside = Statements(url, folder)
        for who, of in ((SUPERVISOR, pages.of_supervisor), (busy, pages.of_staff)):
            headers = sign_in(server.port, "/dang-nhap", {"username": who, "password": PASSWORD}, "csrf_token", "/tai-khoan")[0]
            wanted = {**of(asked, {**headers, **FORM}, given.each)}
            if who == SUPERVISOR:
                triples = [pages.get("/giam-sat/ho-so", headers, **filters) for _, filters in asked.triples(given.triples)]
                wanted["list with any three filters"] = triples
            with inside.signed_in(who) as client:
                for name, requests in wanted.items():
                    if given.only in name:
                        _page(f"{name}, {held:,} tasks" if "busy" in name else name, requests, server, watched, inside, client, say)


@contextmanager
def nothing_kept() -> Iterator[None]:
    """Everything that is counted is counted for each request, as for the first who asks."""
    with mock.patch.dict("os.environ", {"LUANCHUYEN_FIGURES_KEPT": "0"}):
        yield


def first_looks(url: str, server: Server, watched: dict[str, int], given: argparse.Namespace, say: Say) -> None:
    """The pages of supervisors that show figures, none of them kept."""
    sessions = sessionmaker(db.create_engine(url))
    with sessions() as session:
        asked = pages.Asked(session, random.Random(7))
    sessions.kw["bind"].dispose()
    headers = sign_in(server.port, "/dang-nhap", {"username": SUPERVISOR, "password": PASSWORD}, "csrf_token", "/tai-khoan")[0]
    with tempfile.TemporaryDirectory() as folder:
        inside = Statements(url, folder)
        with inside.signed_in(SUPERVISOR) as client:
            for name, requests in pages.of_supervisor(asked, {**headers, **FORM}, given.each).items():
                if name in pages.FIGURES and given.only in name:
                    _page(f"first look: {name}", requests, server, watched, inside, client, say)


def _page(
    name: str, requests: Sequence[Request], server: Server, watched: dict[str, int], inside: Statements, client: Any, say: Say
) -> None:
    # What a web process and the database keep in memory is there in production too.
    send(server.port, requests[:6], 1)
    result = send(server.port, requests, 1, watched)
    counts = [_count(inside, client, request) for request in requests[:3]]
    say(f"| {name} ({len(requests)}) | {times(result.times)} | {result.milliseconds:.0f} | {min(counts)} to {max(counts)} |")


def _count(inside: Statements, client: Any, request: Request) -> int:
    status = inside.ask(client, request)
    if status not in request.fine:
        raise RuntimeError(f"{request.path}: {status}")
    return len(inside.found)


def times(seconds: Sequence[float]) -> str:
    found = [one * 1000 for one in sorted(seconds)]
    ninety_fifth = statistics.quantiles(found, n=100, method="inclusive")[94]
    return f"{statistics.median(found):.0f} | {ninety_fifth:.0f} | {found[-1]:.0f}"


def _busy(session: Session) -> tuple[str, int]:
    """Who has most to do, and how much."""
    count = func.count(UserTask.id)
    query = select(User.username, count).join(UserTask, UserTask.assignee_id == User.id).where(UserTask.state == "open")
    name, held = session.execute(query.group_by(User.username).order_by(count.desc()).limit(1)).one()
    return name, held


# --- cases -------------------------------------------------------------------------------------------------------------------------------


def whole(url: str, say: Say) -> None:
    """Whether the copies are cases: they go on, and their history holds."""
    sessions = sessionmaker(db.create_engine(url))
    say("\n### Do the copies live?")
    looked, wrong = going.mirrored(sessions, 1_000)
    say(f"- {looked:,} running cases, chosen by chance, loaded by the engine: {len(wrong)} wait for something else than their rows say.")
    say(f"- Tasks handed in by people: {_counted(going.complete(sessions, 60))}.")
    say(f"- Timers: {_counted(going.fire(url, 40))}.")
    began = time.monotonic()
    made = going.sealed(sessions, SECRET)
    say(f"- All of the history was sealed by {made} seals, in {time.monotonic() - began:.0f} s.")
    began = time.monotonic()
    entries, findings = going.verified(url, SECRET)
    said = f"{len(findings)} wrong" if findings else "all is as it was written"
    say(f"- `luanchuyen verify`: {entries:,} entries in {time.monotonic() - began:.0f} s: {said}.")
    sessions.kw["bind"].dispose()
    for one in [*wrong[:5], *(finding.sentence() for finding in findings[:5])]:
        say(f"  - {one}")


def _counted(found: dict[str, int]) -> str:
    return "; ".join(f"{count} {what}" for what, count in sorted(found.items(), key=lambda one: -one[1]))


if __name__ == "__main__":
    main()
