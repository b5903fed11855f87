"""A client that sends prepared requests as fast as they are answered, over connections that stay open, and takes the times."""

from __future__ import annotations

import http.client
import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Request:
    """`fine`: the statuses that mean done."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    fine: frozenset[int] = frozenset({200, 204, 302, 303})


@dataclass(frozen=True)
class Result:
    """Seconds of every answer, seconds of it all, processor seconds of the watched processes (web, database) meanwhile."""

    times: list[float]
    seconds: float
    processor: dict[str, float]

    @property
    def rate(self) -> float:
        return len(self.times) / self.seconds

    @property
    def milliseconds(self) -> float:
        """Processor time per request of all watched processes together."""
        return sum(self.processor.values()) / len(self.times) * 1000

    def percentile(self, share: float) -> float:
        """In milliseconds."""
        return statistics.quantiles(self.times, n=1000, method="inclusive")[round(share * 1000) - 1] * 1000


def send(port: int, requests: Iterable[Request], clients: int, watched: Mapping[str, int] | None = None) -> Result:
    """Send all `requests` by `clients` at once. `watched`: name -> root process. Raises RuntimeError at a wrong answer."""
    left = deque(requests)
    times: list[float] = []
    wrong: list[str] = []

    def work() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        while not wrong:
            try:
                request = left.popleft()
            except IndexError:
                break
            begin = time.perf_counter()
            try:
                connection.request(request.method, request.path, request.body or None, dict(request.headers))
                response = connection.getresponse()
                said = response.read()
            except (http.client.HTTPException, ConnectionError) as error:
                # A server may close an idle connection; one that closes during a request is asked nothing twice.
                wrong.append(f"{request.method} {request.path}: {error!r}")
                break
            times.append(time.perf_counter() - begin)
            if response.status not in request.fine:
                wrong.append(f"{request.method} {request.path}: {response.status} {said[:600]!r}")
        connection.close()

    before = {name: processor(root) for name, root in (watched or {}).items()}
    begin = time.perf_counter()
    threads = [threading.Thread(target=work) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seconds = time.perf_counter() - begin
    if wrong:
        raise RuntimeError(wrong[0])
    return Result(times, seconds, {name: processor(root) - before[name] for name, root in (watched or {}).items()})


def processor(root: int) -> float:
    """Seconds of processor that a process, its descendants, and those of them that have ended, have used."""
    children: dict[int, list[int]] = {}
    used: dict[int, float] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(folder.name))
            used[int(folder.name)] = sum(map(int, fields[11:15])) / TICKS
    total, todo = 0.0, [root]
    while todo:
        one = todo.pop()
        total += used.get(one, 0.0)
        todo += children.get(one, ())
    return total


def memory(root: int) -> int:
    """Bytes of resident memory of a process and its descendants; what they share is counted once (PSS)."""
    total, todo = 0, [root]
    parents = _parents()
    while todo:
        one = todo.pop()
        try:
            lines = Path(f"/proc/{one}/smaps_rollup").read_text().splitlines()
            total += next(int(line.split()[1]) * 1024 for line in lines if line.startswith("Pss:"))
        except (OSError, StopIteration):
            continue
        todo += [child for child, parent in parents.items() if parent == one]
    return total


def _parents() -> dict[int, int]:
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                found[int(folder.name)] = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    return found
