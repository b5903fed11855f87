"""SpiffWorkflow's own serializer round trip, behind the thinnest Flask there is."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import psycopg

from bench.diagrams import make
from bench.load import Request, send
from bench.peers.site import JSON, PERSON, Server, free_port, running

NEEDS = ("SpiffWorkflow==3.2.0", "flask==3.1.3", "gunicorn==27.0.1", "psycopg[binary]==3.3.9")
SITE = Path(__file__).parent / "spiff"
DIAGRAMS = Path(__file__).parents[1] / "diagrams"
CONDITION = re.compile(r"\$\{(\w+)\}")
FILLED = json.dumps({"noi_dung": "Kinh phí khảo sát", "so_tien": 12, "can_xet": True, "lam_lai": False}).encode()


class Spiff:
    """The same diagrams, their conditions in Python instead of expressions of Camunda's."""

    name = f"SpiffWorkflow {NEEDS[0].partition('==')[2]}, round trip"

    def install(self, folder: Path) -> None:
        self.python = folder / "spiff" / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder / "spiff"], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "-q", *NEEDS], check=True)

    @contextmanager
    def serve(self, database: str, folder: Path, processes: int) -> Iterator[Server]:
        drawn = {f"{name}.bpmn": (DIAGRAMS / f"{name}.bpmn").read_bytes() for name in ("de_nghi", "thu_tuc")}
        drawn |= {name: content for name, content in make.filled_procedure().items() if name.endswith(".bpmn")}
        diagrams = [folder / name for name in drawn]
        for diagram in diagrams:
            diagram.write_text(CONDITION.sub(r"\1", drawn[diagram.name].decode()), "utf-8")
        with psycopg.connect(database) as connection:
            connection.execute("CREATE TABLE cases (id bigserial PRIMARY KEY, state text NOT NULL)")
        port = free_port()
        options = ["--worker-class", "gthread", "--workers", str(processes), "--threads", "16", "--bind", f"127.0.0.1:{port}"]
        environment = {"BENCH_DATABASE": database, "BENCH_DIAGRAMS": ":".join(map(str, diagrams))}
        with running(
            [self.python, "-m", "gunicorn", *options, "app:app"], port, "/login", folder / "spiff.log", environment, SITE
        ) as server:
            self.server = server
            yield server

    def sign_in(self, server: Server) -> dict[str, str]:
        request = urllib.request.Request(f"http://127.0.0.1:{server.port}/login", f"user={PERSON}".encode())
        with urllib.request.urlopen(request, timeout=30) as response:
            return {"Cookie": response.headers["Set-Cookie"].partition(";")[0], **JSON}

    def start(self, headers: Mapping[str, str], number: int) -> list[Request]:
        return [Request("POST", "/cases/de_nghi", b"{}", headers) for _ in range(number)]

    def complete(self, headers: Mapping[str, str], number: int) -> list[Request]:
        first = self._last() + 1
        send(self.server.port, self.start(headers, number), 4)
        return [Request("POST", f"/cases/{case}/complete", FILLED, headers) for case in range(first, first + number)]

    def begin(self, headers: Mapping[str, str], number: int, key: str) -> None:
        """`number` cases of the procedure `key`."""
        self.at, self.filled = 0, key == "thu_tuc_du_lieu"
        first = self._last() + 1
        send(self.server.port, [Request("POST", f"/cases/{key}", b"{}", headers) for _ in range(number)], 4)
        self.going = range(first, first + number)

    def step(self, headers: Mapping[str, str]) -> list[Request]:
        """Requests that complete the next task of each of them."""
        self.at += 1
        body = json.dumps({"lam_lai": False, **make.entered(self.at)}).encode() if self.filled else FILLED
        return [Request("POST", f"/cases/{case}/complete", body, headers) for case in self.going]

    def _last(self) -> int:
        request = urllib.request.Request(f"http://127.0.0.1:{self.server.port}/cases/de_nghi", b"{}", method="POST")
        with urllib.request.urlopen(request, timeout=30) as response:
            return int(json.load(response)["id"])
