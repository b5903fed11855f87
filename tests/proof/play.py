"""One proof: a load, what befalls the installation meanwhile, and the verdict."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.orm import sessionmaker

import migrations
from engine import db
from tests import postgresql
from tests.proof import broker as brokers
from tests.proof import house as houses
from tests.proof import ledger as ledgers
from tests.proof import load, trouble, verdict
from tests.proof.board import Board
from tests.proof.house import House
from tests.proof.staff import Staff

DURABLE = {**postgresql.SETTINGS, "synchronous_commit": "on", "autovacuum": "on", "full_page_writes": "on"}
"""What was answered must survive a crash of the server, so that a commit waits for the log. Of the machine it need not: no fsync."""


@dataclass
class Report:
    """What was played, and what was found."""

    name: str
    cases: int
    seconds: float = 0.0
    blows: Counter[str] = field(default_factory=Counter)
    answers: Counter[str] = field(default_factory=Counter)
    figures: dict[str, int] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)
    logs: str = ""

    def text(self) -> str:
        struck = ", ".join(f"{count} x {what}" for what, count in sorted(self.blows.items()))
        lines = [
            f"{self.name}: {self.cases} cases in {self.seconds:.0f} s",
            f"  befallen by: {struck or 'nothing'}",
            "  answers: " + ", ".join(f"{what}: {count}" for what, count in sorted(self.answers.items())),
            "  " + ", ".join(f"{what}: {count:,}" for what, count in self.figures.items()),
        ]
        return "\n".join(lines + [f"  WRONG: {fault}" for fault in self.faults or ()] + ([] if self.faults else ["  nothing is wrong"]))


def sqlite(cases: int, kills: int, lease: int, seed: int = 1) -> Report:
    """One machine with SQLite."""
    with tempfile.TemporaryDirectory(prefix="luanchuyen-proof-") as folder, ledgers.keeping() as ledger:
        url = f"sqlite:///{folder}/d.sqlite"
        given = houses.environment(url, Path(folder), ledger.host, lease)
        chance = random.Random(seed)

        def blows(house: House) -> list[tuple[str, trouble.Blow]]:
            return trouble.kills(house, kills, chance)

        return _play(Report("SQLite", cases), url, houses.embedded(given, Path(folder)), ledger, blows, chance)


def on_postgresql(cases: int, kills: int, lease: int, outages: Mapping[str, int] | None = None, seed: int = 1) -> Report:
    """Many machines with PostgreSQL, Redis and Celery. Raises Unavailable of either."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="luanchuyen-proof-")))
        ledger = stack.enter_context(ledgers.keeping())
        broker = stack.enter_context(brokers.running())
        cluster = stack.enter_context(postgresql.running(DURABLE))
        url = cluster.url("postgres")
        given = houses.environment(url, folder, ledger.host, lease, broker.url)
        chance = random.Random(seed)

        def blows(house: House) -> list[tuple[str, trouble.Blow]]:
            struck = trouble.kills(house, kills, chance) + trouble.outages(cluster, broker, outages or {})
            chance.shuffle(struck)
            return struck

        return _play(Report("PostgreSQL", cases), url, houses.scaled(given, folder), ledger, blows, chance)


def _play(
    report: Report,
    url: str,
    house: House,
    ledger: ledgers.Ledger,
    blows: Callable[[House], list[tuple[str, trouble.Blow]]],
    chance: random.Random,
) -> Report:
    migrations.upgrade(url)
    engine = db.create_engine(url, pool_pre_ping=True)
    sessions = sessionmaker(engine)
    with sessions.begin() as session:
        load.prepare(session, ledger.address)
    board = Board(sessions, report.cases, chance=chance)
    struck: list[float] = []
    try:
        with houses.lived_in(house):
            houses.wait_until_open(house)
            staff = Staff(board, load.PEOPLE, house.addresses)
            began = time.monotonic()
            with _at_work(staff, board):
                _strike(report, board, blows(house), struck, chance)
                finished = _until_all_ended(board)
            report.seconds, report.answers, report.logs = time.monotonic() - began, staff.answers, house.said()
            if not finished:
                report.faults.append(f"Nothing has gone on for {board.quiet:.0f} s, and {board.ended} of {report.cases} cases have ended")
            houses.wait_until_idle(sessions)
        verdict.judge(report, sessions, staff, ledger, struck)
    finally:
        engine.dispose()
    return report


@contextmanager
def _at_work(staff: Staff, board: Board) -> Iterator[None]:
    """People work while a thread looks what there is to do."""
    stopping = threading.Event()

    def look() -> None:
        while not stopping.wait(0.25):
            board.look()

    looking = threading.Thread(target=look, daemon=True)
    looking.start()
    staff.begin()
    try:
        yield
    finally:
        board.close()
        staff.go_home()
        stopping.set()
        looking.join(30)


def _strike(report: Report, board: Board, blows: list[tuple[str, trouble.Blow]], struck: list[float], chance: random.Random) -> None:
    """Spread over the load: each blow when so many cases have ended, or when nothing goes on any more."""
    for number, (what, blow) in enumerate(blows):
        share = (number + chance.random()) / (len(blows) + 1)
        while board.ended < share * report.cases and board.quiet < 30:
            time.sleep(0.05)
        time.sleep(chance.uniform(0, 0.3))
        struck.append(time.monotonic())
        blow()
        struck.append(time.monotonic())
        report.blows[what.rstrip("-0123456789")] += 1


def _until_all_ended(board: Board) -> bool:
    while board.ended < board.cases:
        if board.quiet > 60:
            return False
        time.sleep(0.1)
    return True
