"""The outside system that the service tasks call: a ledger that keeps every call with its key and its time."""

from __future__ import annotations

import http.server
import json
import random
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True)
class Call:
    """One call: the key by which a repetition is known, what it brought, and when."""

    key: str
    number: int
    amount: int
    at: float


class Ledger(http.server.ThreadingHTTPServer):
    """Books amounts by key. Slow enough for a caller to be killed before it has stored the answer."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Booking)
        self._lock = threading.Lock()
        self.calls: list[Call] = []

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/so-cai"

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_address[1]}"

    def book(self, call: Call) -> None:
        with self._lock:
            self.calls.append(call)

    def handle_error(self, *_: object) -> None:
        """Callers are killed: that is what it is here for."""


class _Booking(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        assert isinstance(self.server, Ledger)
        given = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        amount = given["so"] + given["mot"]
        self.server.book(Call(self.headers["Idempotency-Key"], given["so"], amount, time.monotonic()))
        time.sleep(random.uniform(0.002, 0.03))
        answer = json.dumps({"gap_doi": 2 * amount}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def keeping() -> Iterator[Ledger]:
    """A ledger that is open."""
    with Ledger() as ledger:
        thread = threading.Thread(target=ledger.serve_forever, kwargs={"poll_interval": 0.1}, daemon=True)
        thread.start()
        try:
            yield ledger
        finally:
            ledger.shutdown()
            thread.join()
