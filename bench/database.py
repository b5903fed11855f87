"""A PostgreSQL server for the benchmark: as durable as in production, the same for everybody, gone afterwards."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from psycopg import sql

from bench.peers.site import free_port
from tests.postgresql import programs

SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "max_connections": "200",
    "shared_buffers": "1GB",
    "effective_cache_size": "4GB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "log_min_messages": "panic",
}


class Cluster:
    """A running server. `process`: its postmaster."""

    def __init__(self, port: int, process: int, version: str) -> None:
        self.port, self.process, self.version = port, process, version

    def url(self, name: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{name}"

    def execute(self, statement: str, name: str = "postgres") -> None:
        with psycopg.connect(self.url(name), autocommit=True) as connection:
            connection.execute(statement)  # type: ignore[call-overload]

    @contextmanager
    def database(self, name: str) -> Iterator[str]:
        """The address of a new, empty database; dropped afterwards."""
        self.execute(f"CREATE DATABASE {name}")
        yield self.url(name)
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def size(self, name: str) -> int:
        """Bytes of all tables and indexes of `name`, after a vacuum."""
        self.execute("VACUUM ANALYZE", name)
        with psycopg.connect(self.url(name)) as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0


@contextmanager
def running() -> Iterator[Cluster]:
    """Start a server in a folder of its own; raises tests.postgresql.Unavailable."""
    binaries, port = programs(), free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-postgresql-"))
    folder.chmod(0o755)
    with suppress(LookupError, PermissionError):
        shutil.chown(folder, "postgres", "postgres")
    # PostgreSQL refuses to run as root.
    who = {"user": "postgres", "group": "postgres", "extra_groups": []} if os.geteuid() == 0 else {}
    try:
        initdb = [binaries / "initdb", "-D", folder / "data", "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8"]
        subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, cwd=folder, **who)
        options = [part for name, value in SETTINGS.items() for part in ("-c", f"{name}={value}")]
        command = [binaries / "postgres", "-D", folder / "data", "-k", folder, "-p", str(port), *options]
        server = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL, cwd=folder, **who)
        try:
            yield Cluster(port, server.pid, _version(port))
        finally:
            server.send_signal(signal.SIGQUIT)
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _version(port: int) -> str:
    end = time.monotonic() + 60
    while True:
        try:
            with psycopg.connect(f"postgresql://postgres@127.0.0.1:{port}/postgres") as connection:
                return str(connection.info.server_version // 10000)
        except psycopg.OperationalError:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
