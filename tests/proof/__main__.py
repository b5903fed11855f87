"""The proof at full size: 5,000 state changes by people and 2,000 jobs at least, 20 times kill -9, on each database.

python -m tests.proof                                   SQLite, and PostgreSQL with Redis and Celery
python -m tests.proof --only sqlite --cases 100 --kills 5
"""

from __future__ import annotations

import argparse
import os
import platform
import signal
import sys
from datetime import UTC, datetime

import sqlalchemy

from tests.proof import load, play

OUTAGES = {"PostgreSQL restarted": 3, "PostgreSQL crashed": 3, "Redis emptied": 3, "Redis restarted": 3}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for option, number in (("cases", 5_000 // load.CHANGES), ("kills", 20), ("lease", 15), ("seed", 1)):
        options.add_argument(f"--{option}", type=int, default=number)
    options.add_argument("--only", choices=("sqlite", "postgresql", "outages"))
    given = options.parse_args()
    # As Ctrl+C does: what was started is ended.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    say = sys.stdout.write
    say(f"{datetime.now(UTC):%d/%m/%Y %H:%M} UTC, {os.cpu_count()} cores, Python {platform.python_version()}, ")
    say(f"SQLAlchemy {sqlalchemy.__version__}\n")
    plays = {
        "sqlite": lambda: play.sqlite(given.cases, given.kills, given.lease, given.seed),
        "postgresql": lambda: play.on_postgresql(given.cases, given.kills, given.lease, seed=given.seed),
        "outages": lambda: play.on_postgresql(given.cases // 2, 0, given.lease, OUTAGES, given.seed),
    }
    wrong = False
    for name, run in plays.items():
        if given.only in (None, name):
            report = run()
            say(f"{name}: {report.text()}\n")
            sys.stdout.flush()
            if report.faults:
                wrong = True
                sys.stderr.write(report.logs)
    return int(wrong)


if __name__ == "__main__":
    sys.exit(main())
