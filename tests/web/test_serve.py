"""The verb `serve`: a real process, a real port."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest


def command(port: int) -> list[str]:
    return [str(Path(sys.executable).with_name("luanchuyen")), "serve", "--port", str(port)]


def environment(folder: Path) -> dict[str, str]:
    mine = {name: value for name, value in os.environ.items() if not name.startswith("LUANCHUYEN_")}
    return {**mine, "LUANCHUYEN_FOLDER": str(folder), "PYTHONUNBUFFERED": "1"}


def test_it_says_that_the_port_is_taken(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = subprocess.run(command(port), env=environment(tmp_path), capture_output=True, text=True)
    assert said.returncode == 1
    assert said.stderr == f"Error: Expected to listen on 127.0.0.1:{port}, but found: Address already in use. Choose another --port.\n"


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM])
def test_it_makes_the_tables_serves_a_page_and_stops_when_told(tmp_path: Path, told: signal.Signals) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with subprocess.Popen(command(port), env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout
            address = next(line for line in server.stdout if line.startswith("http://")).strip()
            with urllib.request.urlopen(f"{address}dang-nhap", timeout=10) as page:
                assert re.search(r'<html lang="vi"', page.read().decode())
        finally:
            server.send_signal(told)
        assert server.wait(timeout=20) in (0, 1, -signal.SIGINT)  # never -SIGTERM: it ends by itself
