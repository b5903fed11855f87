"""A worker process for test_crashes: executes jobs of the database named on the command line until it is killed."""

from __future__ import annotations

import os
import sys
import time
from datetime import timedelta

from sqlalchemy.orm import sessionmaker

from engine import db
from engine.topics import Handler
from engine.worker import Worker


def count(so: int) -> dict[str, int]:
    """Slow enough to be killed in the middle."""
    time.sleep(0.002)
    return {"gap_doi": so * 2}


def main(url: str) -> None:
    worker = Worker(sessionmaker(db.create_engine(url)), {"dem": Handler("dem", count)}, threads=2, lease=timedelta(seconds=1))
    worker.start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    # Who started it listens no more: a line in the log would break the thread that writes it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
