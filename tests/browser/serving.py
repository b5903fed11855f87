"""A real server process with its worker threads, on its own database, folder and port, filled with the demo province."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

COMMAND = str(Path(sys.executable).with_name("luanchuyen"))


def _environment(folder: Path, settings: dict[str, str]) -> dict[str, str]:
    """The settings of `make run` and those given, and none of the machine's own."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("LUANCHUYEN_")}
    given = {f"LUANCHUYEN_{name}": value for name, value in settings.items()}
    return {**mine, "LUANCHUYEN_FOLDER": str(folder), "LUANCHUYEN_TEST_DATA": "1", "PYTHONUNBUFFERED": "1", **given}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


def load_demo(folder: Path) -> None:
    subprocess.run([COMMAND, "demo"], env=_environment(folder, {}), check=True, capture_output=True, text=True)


@contextmanager
def started(folder: Path, port: int = 0, **settings: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """Its address and its process, on a port that is free unless one is given. What it printed is shown when it does not come up."""
    log = folder / "serve.log"
    command = [COMMAND, "serve", "--port", str(port or _free_port())]
    with (
        log.open("w") as output,
        subprocess.Popen(command, env=_environment(folder, settings), stdout=subprocess.PIPE, stderr=output, text=True) as server,
    ):
        try:
            assert server.stdout
            address = next((line.strip() for line in server.stdout if line.startswith("http://")), "")
            assert address, log.read_text()
            yield address.rstrip("/"), server
        finally:
            # As systemd does. SIGINT is not heard by what a shell has started in the background.
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=60)


@contextmanager
def serving(folder: Path, **settings: str) -> Iterator[str]:
    """The demo province at an address. `settings` are those of web/settings without their prefix."""
    load_demo(folder)
    with started(folder, **settings) as (address, _process):
        yield address
