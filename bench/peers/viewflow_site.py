"""Viewflow: the Django workflow library that a Python team would take."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode, urlsplit

from bench.load import Request
from bench.peers.site import FORM, PASSWORD, PERSON, Server, free_port, running, sign_in

NEEDS = ("django==5.2.19", "django-viewflow==2.4.0", "gunicorn==27.0.1", "psycopg[binary]==3.3.9")
SITE = Path(__file__).parent / "viewflow"


class Viewflow:
    """Served by gunicorn with the same workers and threads as ours, connections kept."""

    name = f"Viewflow {NEEDS[1].partition('==')[2]} on Django {NEEDS[0].partition('==')[2]}"
    flow = "/request"

    def install(self, folder: Path) -> None:
        self.python = folder / "viewflow" / "bin" / "python"
        if not self.python.exists():
            subprocess.run([sys.executable, "-m", "venv", folder / "viewflow"], check=True)
        subprocess.run([self.python, "-m", "pip", "install", "-q", *NEEDS], check=True)

    @contextmanager
    def serve(self, database: str, folder: Path, processes: int) -> Iterator[Server]:
        parts = urlsplit(database)
        self.environment = {
            "BENCH_DATABASE": parts.path.strip("/"),
            "BENCH_DATABASE_PORT": str(parts.port),
            "DJANGO_SETTINGS_MODULE": "settings",
            "PYTHONPATH": f"{SITE}:{folder}",
        }
        (folder / "flows_migrations").mkdir(exist_ok=True)
        (folder / "flows_migrations" / "__init__.py").touch()
        self._run("-m", "django", "makemigrations", "flows", "--noinput", "-v", "0")
        self._run("-m", "django", "migrate", "--noinput", "-v", "0")
        self._run("fill.py", "accounts")
        port = free_port()
        web = [self.python, "-m", "gunicorn", "--worker-class", "gthread", "--workers", processes, "--threads", 16]
        command = [str(part) for part in [*web, "--bind", f"127.0.0.1:{port}", "django.core.wsgi:get_wsgi_application()"]]
        with running(command, port, "/login/", folder / "viewflow.log", self.environment, SITE) as server:
            yield server

    def _run(self, *arguments: str) -> str:
        environment = {**os.environ, **self.environment}
        done = subprocess.run([self.python, *arguments], cwd=SITE, env=environment, check=False, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr[-2000:])
        return done.stdout

    def sign_in(self, server: Server) -> dict[str, str]:
        fields = {"username": PERSON, "password": PASSWORD}
        headers, self.token = sign_in(server.port, "/login/", fields, "csrfmiddlewaretoken", "/login/")
        return {**headers, **FORM, "Referer": f"http://127.0.0.1:{server.port}/"}

    def _body(self, **fields: str) -> bytes:
        return urlencode({"csrfmiddlewaretoken": self.token, **fields}).encode()

    def start(self, headers: Mapping[str, str], number: int) -> list[Request]:
        body = self._body(noi_dung="Kinh phí khảo sát", so_tien="12")
        return [Request("POST", f"{self.flow}/start/", body, headers, frozenset({302})) for _ in range(number)]

    def complete(self, headers: Mapping[str, str], number: int) -> list[Request]:
        pairs = [line.split() for line in self._run("fill.py", "cases", str(number)).splitlines()]
        body = self._body(noi_dung="Kinh phí khảo sát", so_tien="12", can_xet="on")
        return [Request("POST", f"{self.flow}/{case}/soan/{task}/execute/", body, headers, frozenset({302})) for case, task in pairs]

    def inbox(self, headers: Mapping[str, str], number: int, mine: int) -> Request:
        """Fill up to `number` open tasks of which `mine` are the person's; the request that opens the inbox."""
        self._run("fill.py", "tasks", str(number), str(mine))
        return Request("GET", f"{self.flow}/inbox/", headers=headers, fine=frozenset({200}))
