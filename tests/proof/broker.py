"""A Redis server of the tests' own, which can be emptied, killed and started anew."""

from __future__ import annotations

import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class Unavailable(Exception):
    """No Redis program on this machine."""


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


class Broker:
    """A running server that keeps nothing on disk."""

    def __init__(self, program: str) -> None:
        self.port = free_port()
        self._command = [program, "--port", str(self.port), "--bind", "127.0.0.1", "--save", ""]
        self._start()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def client(self) -> Any:
        from redis import Redis

        return Redis(port=self.port)

    def empty(self) -> None:
        """Everything that is in the queue is gone."""
        with self.client() as client:
            client.flushall()

    def restart(self, away: float = 0.5) -> None:
        """Killed, `away` for some seconds, and back with nothing in it."""
        self._server.kill()
        self._server.wait()
        time.sleep(away)
        self._start()

    def stop(self) -> None:
        self._server.terminate()
        self._server.wait(20)

    def _start(self) -> None:
        from redis.exceptions import ConnectionError as Refused

        self._server = subprocess.Popen(self._command, stdout=subprocess.DEVNULL)
        end = time.monotonic() + 20
        with self.client() as client:
            while True:
                try:
                    client.ping()
                    return
                except Refused:
                    if time.monotonic() > end or self._server.poll() is not None:
                        raise
                    time.sleep(0.05)


@contextmanager
def running() -> Iterator[Broker]:
    """Start a server, stop it at the end. Raises Unavailable."""
    program = shutil.which("redis-server")
    if program is None:
        raise Unavailable("Redis is not installed: apt-get install redis-server")
    broker = Broker(program)
    try:
        yield broker
    finally:
        broker.stop()
