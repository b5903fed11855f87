"""An installation as operators run it: real processes from the real commands, which are started anew whenever they die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine.models import Job
from tests.proof.broker import free_port

ROOT = Path(__file__).parents[2]
BIN = Path(sys.executable).parent


class Program:
    """One program of the installation, with the processes that it forks."""

    def __init__(self, name: str, command: Sequence[str | Path], environment: Mapping[str, str], folder: Path) -> None:
        self.name, self._command, self._environment = name, command, environment
        self.log = folder / f"{name}.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    @property
    def alive(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def children(self) -> list[int]:
        """Ids of the processes that it has forked."""
        if self._process is None:
            return []
        with suppress(OSError):
            return [int(number) for number in Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children").read_text().split()]
        return []

    def kill(self) -> None:
        """The program and all that it has forked, at once and without a word."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def kill_child(self, number: int) -> None:
        """One forked process, by its place in the list: its program lives and is to fork another. Without any, the program."""
        if children := self.children():
            with suppress(ProcessLookupError):
                os.kill(children[number % len(children)], signal.SIGKILL)
        else:
            self.kill()


class House:
    """All programs of an installation, and the keeper that starts anew what has died, as systemd does."""

    def __init__(self, programs: Sequence[Program], addresses: Sequence[str]) -> None:
        self.programs = list(programs)
        self.addresses = list(addresses)
        self.starts = 0
        self._stopping = threading.Event()
        self._keeper = threading.Thread(target=self._keep, name="keeper", daemon=True)

    def open(self) -> None:
        for program in self.programs:
            program.start()
        self._keeper.start()

    def close(self) -> None:
        self._stopping.set()
        self._keeper.join()
        for program in self.programs:
            program.kill()

    def _keep(self) -> None:
        while not self._stopping.wait(0.2):
            for program in self.programs:
                if not program.alive:
                    self.starts += 1
                    program.start()

    def said(self) -> str:
        """The ends of all logs."""
        return "\n".join(f"--- {p.name}\n{p.log.read_text('utf-8', 'replace')[-1500:]}" for p in self.programs if p.log.exists())


def environment(url: str, folder: Path, ledger: str, lease: int, broker: str = "") -> dict[str, str]:
    """The settings of the installation, and none of the machine's own."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("LUANCHUYEN_")}
    return mine | {
        "LUANCHUYEN_DATABASE_URL": url,
        "LUANCHUYEN_FOLDER": str(folder),
        "LUANCHUYEN_SECRET_KEY": "x" * 32,
        "LUANCHUYEN_HTTP_HOSTS": ledger,
        "LUANCHUYEN_HTTP_PRIVATE": "127.0.0.0/8",
        "LUANCHUYEN_BROKER": broker,
        "LUANCHUYEN_LEASE": str(lease),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }


def embedded(given: Mapping[str, str], folder: Path) -> House:
    """One machine: the pages with a worker's threads in one process, and a second process that only works."""
    port = free_port()
    serve = [BIN / "luanchuyen", "serve", "--port", str(port), "--threads", "8"]
    work = [BIN / "luanchuyen", "worker", "--threads", "2"]
    return House(
        [Program("web", serve, given, folder), Program("worker", work, given, folder)],
        [f"http://127.0.0.1:{port}"],
    )


def scaled(given: Mapping[str, str], folder: Path) -> House:
    """Many machines: pages twice, workers twice, a feeder, and Celery workers twice."""
    ports = [free_port(), free_port()]
    gunicorn = (BIN / "gunicorn", "--no-control-socket", "--worker-class=gthread", "--workers=1", "--threads=8", "--timeout=120")
    celery = (BIN / "celery", "-A", "web.queue", "worker", "-Q", "luanchuyen,luanchuyen.services", "--concurrency=2", "-l", "WARNING")
    commands: dict[str, Sequence[str | Path]] = {
        **{f"web-{n}": (*gunicorn, f"--bind=127.0.0.1:{port}", "web:create_app()") for n, port in enumerate(ports)},
        **{f"worker-{n}": (BIN / "luanchuyen", "worker", "--threads=2") for n in range(2)},
        **{f"celery-{n}": (*celery, "-n", f"may-{n}@%h") for n in range(2)},
        "feed": (BIN / "luanchuyen", "feed"),
    }
    programs = [Program(name, command, given, folder) for name, command in commands.items()]
    return House(programs, [f"http://127.0.0.1:{port}" for port in ports])


@contextmanager
def lived_in(house: House) -> Iterator[House]:
    """The house, open, until it is closed without a word."""
    house.open()
    try:
        yield house
    finally:
        house.close()


def wait_until_open(house: House, seconds: float = 60) -> None:
    """Until every web address answers that it is ready."""
    import urllib3

    end = time.monotonic() + seconds
    with urllib3.PoolManager(retries=False, timeout=2.0) as web:
        for address in house.addresses:
            while True:
                with suppress(urllib3.exceptions.HTTPError):
                    if web.request("GET", f"{address}/readyz").status == 200:
                        break
                if time.monotonic() > end:
                    raise AssertionError(f"{address} does not open\n{house.said()}")
                time.sleep(0.1)


def wait_until_idle(sessions: sessionmaker[Session], seconds: float = 60) -> None:
    """Until no job is left, or for so long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        with suppress(OperationalError), sessions() as session:
            if not session.scalar(select(func.count(Job.id))):
                return
        time.sleep(0.2)
