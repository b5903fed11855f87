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


def _environment(folder: Path) -> dict[str, str]:
    """The settings of `make run`, and none of the machine's own."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("LUANCHUYEN_")}
    return {**mine, "LUANCHUYEN_FOLDER": str(folder), "LUANCHUYEN_TEST_DATA": "1", "PYTHONUNBUFFERED": "1"}


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@contextmanager
def serving(folder: Path) -> Iterator[str]:
    """Its address. What it printed is shown when it does not come up."""
    environment, log = _environment(folder), folder / "serve.log"
    subprocess.run([COMMAND, "demo"], env=environment, check=True, capture_output=True, text=True)
    with (
        log.open("w") as output,
        subprocess.Popen(
            [COMMAND, "serve", "--port", str(_free_port())], env=environment, stdout=subprocess.PIPE, stderr=output, text=True
        ) as server,
    ):
        try:
            assert server.stdout
            address = next((line.strip() for line in server.stdout if line.startswith("http://")), "")
            assert address, log.read_text()
            yield address.rstrip("/")
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(timeout=30)
