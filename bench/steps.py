"""Work without a browser: a procedure from start to end, timers, service tasks, deploying."""

from __future__ import annotations

import json
import statistics
import time
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.orm import sessionmaker

import migrations
from bench import jobs
from bench.database import Cluster
from bench.load import processor
from bench.table import OURS, Figure, Table
from bench.visits import Guest
from engine import contents, db, deployments, scenarios

BPMN = Path(__file__).parents[1] / "bpmn"
FOLDER = BPMN / "luan_chuyen_can_bo"
SCENARIO = "01_tu_nhu_cau_den_quyet_dinh"
THREADS = 2


def procedure(table: Table) -> None:
    """(c) The rotation of one person, every step of it, in a database in memory: the engine's own work."""
    files = contents.read_folder(FOLDER)
    scenario = json.loads((FOLDER / "scenarios" / f"{SCENARIO}.json").read_text("utf-8"))
    times, steps = [], 0
    for _ in range(4):
        begin = time.perf_counter()
        report = scenarios.run(files, scenario)
        times.append(time.perf_counter() - begin)
        steps = len(report.trace)
    seconds = statistics.median(times[1:])
    table.add("(c) the rotation of one person from start to end", {OURS: Figure(text=f"{seconds:.2f} s, {steps} elements")}, "ours only")


def timers(table: Table, guests: dict[str, Guest], cluster: Cluster, number: int) -> None:
    """(f) All fall due at one moment."""
    cells = {OURS: _jobs(cluster, "due_timers", jobs.TIMER, number)}
    for name, guest in _operaton(guests):
        # Starting the cases is part of what it uses, so only the rate is compared.
        cells[name] = Figure(guest.peer.timers(guest.headers, number))
    table.add(f"(f) {number:,} timers due at once", cells)


def services(table: Table, guests: dict[str, Guest], cluster: Cluster, number: int) -> None:
    """(g) A handler that does nothing: two threads of ours; two clients of Operaton's, who fetch ten at a time."""
    cells = {OURS: _jobs(cluster, "services", jobs.SERVICE, number)}
    for name, guest in _operaton(guests):
        cells[name] = Figure(guest.peer.services(guest.headers, number, THREADS))
    table.add(f"(g) {number:,} service tasks", cells)


def _operaton(guests: dict[str, Guest]) -> list[tuple[str, Guest]]:
    return [(name, guest) for name, guest in guests.items() if hasattr(guest.peer, "services")]


def _jobs(cluster: Cluster, key: str, middle: str, number: int) -> Figure:
    with cluster.database(f"jobs_{key}") as url:
        migrations.upgrade(url)
        sessions = sessionmaker(db.create_engine(url))
        # The first ones are the warm-up.
        for name, count in ((f"{key}_truoc", 50), (key, number)):
            jobs.fill(sessions, name, middle, count, datetime.now(UTC))
            used = processor(cluster.process)
            rate, cost = jobs.measure(sessions, url, name, THREADS, 1)
        sessions.kw["bind"].dispose()
        return Figure(rate, cost + (processor(cluster.process) - used) / number * 1000)


def deploying(table: Table, cluster: Cluster) -> None:
    """(h) Read, checked by every rule, compiled and stored; a small change each time, since an unchanged folder is not deployed again."""
    files = contents.read_folder(FOLDER)
    name = next(file for file in files if file.endswith("luan_chuyen_can_bo.bpmn"))
    times = []
    with cluster.database("deploying") as url:
        migrations.upgrade(url)
        sessions = sessionmaker(db.create_engine(url))
        for number in range(4):
            changed = files | {name: files[name] + f"<!-- {number} -->".encode()}
            begin = time.perf_counter()
            with sessions.begin() as session:
                deployments.deploy(session, FOLDER.name, changed)
            times.append(time.perf_counter() - begin)
        sessions.kw["bind"].dispose()
    table.add("(h) deploy the rotation folder", {OURS: Figure(text=f"{statistics.median(times[1:]):.2f} s")}, "ours only")
