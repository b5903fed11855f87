"""What every server under measurement offers to the benchmark, ours as well as the peers'."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.cookies import SimpleCookie
from pathlib import Path
from typing import Protocol
from urllib.parse import urlencode

from bench.load import Request

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
JSON = {"Content-Type": "application/json"}
PERSON, PASSWORD = "nguoi", "mat-khau-rat-dai-2026"
"""Who is signed in, and holds the tasks."""


@dataclass(frozen=True)
class Server:
    """A running web server. `process`: the root of its processes."""

    port: int
    process: int


class Peer(Protocol):
    """One product. The diagram is always the same: start, task of a person, gateway, task of another, end; three variables."""

    name: str

    def install(self, folder: Path) -> None:
        """Bring what it needs into `folder`. Raises OSError or CalledProcessError where that cannot be had."""

    def serve(self, database: str, folder: Path, processes: int) -> Iterator[Server]:
        """Serve an empty, prepared database; stop at the end. A context manager."""

    def sign_in(self, server: Server) -> dict[str, str]:
        """The headers of a signed-in person."""

    def start(self, headers: Mapping[str, str], number: int) -> list[Request]:
        """Requests that start `number` cases."""

    def complete(self, headers: Mapping[str, str], number: int) -> list[Request]:
        """Start `number` cases by the quickest way, and give the requests that complete the first task of each."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str | Path], port: int, address: str, log: Path, environment: Mapping[str, str], cwd: Path
) -> Iterator[Server]:
    """Run `command` until the block ends; the block begins when `address` answers."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            [str(part) for part in command],
            stdout=output,
            stderr=output,
            env={**os.environ, **environment},
            cwd=cwd,
            start_new_session=True,
        )
        try:
            _wait(process, f"http://127.0.0.1:{port}{address}", log)
            yield Server(port, process.pid)
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                process.wait()


def _wait(process: subprocess.Popen[bytes], address: str, log: Path) -> None:
    end = time.monotonic() + 180
    while True:
        try:
            urllib.request.urlopen(address, timeout=5).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"The server does not answer at {address}; see {log}") from None
            time.sleep(0.1)


class _Still(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_arguments: object, **_options: object) -> None:
        """An answer is looked at as it came."""


def sign_in(port: int, address: str, fields: Mapping[str, str], token: str, after: str) -> tuple[dict[str, str], str]:
    """Sign in by a form whose hidden field `token` keeps strangers out: (cookie header, the token that page `after` holds)."""
    opener = urllib.request.build_opener(_Still)
    cookies: SimpleCookie = SimpleCookie()

    def ask(page: str, data: Mapping[str, str] | None = None) -> str:
        body = urlencode(data).encode() if data is not None else None
        request = urllib.request.Request(f"http://127.0.0.1:{port}{page}", body)
        request.add_header("Cookie", "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items()))
        try:
            response = opener.open(request, timeout=30)
        except urllib.error.HTTPError as error:
            if error.code not in (301, 302, 303):
                raise
            response = error
        for line in response.headers.get_all("Set-Cookie", []):
            cookies.load(line)
        return str(response.read().decode())

    def read(page: str) -> str:
        found = re.search(rf'name="{token}" (?:type="hidden" )?value="([^"]+)"', ask(page))
        if found is None:
            raise RuntimeError(f"The page {page} has no field {token}")
        return found[1]

    ask(address, {**fields, token: read(address)})
    held = read(after)
    return {"Cookie": "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())}, held
