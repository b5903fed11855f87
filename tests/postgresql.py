"""A PostgreSQL server of the tests' own: one per run, in a folder of its own, reached by a socket there, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from itertools import count
from pathlib import Path

import psycopg
from psycopg import sql

SETTINGS = {
    "listen_addresses": "",
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "autovacuum": "off",
    "max_connections": "60",
    "shared_buffers": "32MB",
    "log_min_messages": "panic",
}


class Unavailable(Exception):
    """No PostgreSQL programs on this machine."""


def programs() -> Path:
    """The folder of `initdb` and `postgres`; Debian does not put it on the path. Raises Unavailable."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise Unavailable("PostgreSQL is not installed: apt-get install postgresql")


class Cluster:
    """A running server."""

    def __init__(self, folder: Path, start: Callable[[], subprocess.Popen[bytes]]) -> None:
        self.folder = folder
        self._numbers = count(1)
        self._start = start
        self._server = start()
        self.wait()

    def stop(self, how: str = "immediate") -> None:
        """`immediate`: as if it had crashed. `fast`: what is under way is rolled back, and all is written."""
        self._server.send_signal({"immediate": signal.SIGQUIT, "fast": signal.SIGINT}[how])
        self._server.wait(60)

    def restart(self, how: str = "immediate", away: float = 0.5) -> None:
        """Stop, be `away` for some seconds, and start again. Whoever was connected is so no longer."""
        self.stop(how)
        time.sleep(away)
        self._server = self._start()
        self.wait()

    def wait(self) -> None:
        """Until it answers."""
        end = time.monotonic() + 60
        while True:
            try:
                return self.execute(sql.SQL("SELECT 1"))
            except psycopg.OperationalError:
                if self._server.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.02)

    def url(self, database: str) -> str:
        return f"postgresql://postgres@/{database}?host={self.folder}"

    def execute(self, statement: sql.Composed | sql.SQL, database: str = "postgres") -> None:
        with psycopg.connect(host=str(self.folder), user="postgres", dbname=database, autocommit=True) as connection:
            connection.execute(statement)

    @contextmanager
    def database(self) -> Iterator[str]:
        """The name of a fresh, bare database, dropped afterwards whoever is still connected."""
        name = f"test_{next(self._numbers)}"
        self.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        yield name
        self.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))

    def empty(self, database: str, tables: Sequence[str]) -> None:
        """Delete all rows of `tables`, children first. Ten times as fast as a new database.

        Whoever is still connected is thrown out first: a thread that a test left behind must not write into the next test.
        """
        self.execute(sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(sql.Literal(database)))
        self.execute(sql.SQL(";").join(sql.SQL("DELETE FROM {}").format(sql.Identifier(table)) for table in tables), database)


@contextmanager
def running(settings: Mapping[str, str] = SETTINGS, space: Path | None = None) -> Iterator[Cluster]:
    """Start a server, stop it at the end. `space`: where its folder is made. Raises Unavailable."""
    binaries = programs()
    folder = Path(tempfile.mkdtemp(prefix="luanchuyen-pg-", dir=space))
    # The server refuses to run as root.
    user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
    account = pwd.getpwnam(user)
    os.chown(folder, account.pw_uid, account.pw_gid)
    as_user = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if os.getuid() == 0 else {}
    quiet = partial(subprocess.Popen, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, **as_user)
    data = folder / "data"
    try:
        initdb = [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"]
        with quiet(initdb, stderr=subprocess.PIPE) as made:
            _, said = made.communicate(timeout=120)
        if made.returncode:
            raise RuntimeError(f"initdb failed: {said.decode()}")
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        cluster = Cluster(folder, partial(quiet, [binaries / "postgres", "-D", data, "-k", folder, *options], stderr=subprocess.DEVNULL))
        try:
            yield cluster
        finally:
            # There is nothing worth a checkpoint.
            cluster.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
