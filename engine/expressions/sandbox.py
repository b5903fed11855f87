"""Processes that run what could loop or grow. Starlark bounds no memory, and a failed allocation ends the process it happens in: not ours.

A sandbox is a Python process with nothing but an address space limit, a socket to us and the modules of this package. It is used
again and again, by one thread at a time, and killed when it does not answer in time.
"""

from __future__ import annotations

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import ExpressionError
from engine.expressions.limits import Limits
from engine.expressions.program import TOO_MUCH_MEMORY, too_slow

_KEPT = 4
_START_SECONDS = 20.0


class _Sandbox:
    def __init__(self, memory: int) -> None:
        ours, theirs = socket.socketpair()
        # No environment: what the server knows (database address, secrets) is no business of a script.
        environment = {
            "PYTHONPATH": os.pathsep.join(p or str(Path.cwd()) for p in sys.path),
            "PYTHONUTF8": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        command = [sys.executable, "-m", "engine.expressions.child", str(theirs.fileno()), str(memory)]
        nothing = subprocess.DEVNULL
        self.process = subprocess.Popen(  # noqa: S603 -- our own interpreter and module
            command, pass_fds=(theirs.fileno(),), env=environment, stdin=nothing, stdout=nothing, stderr=nothing
        )
        theirs.close()
        self.pipe = Connection(ours.detach())
        self.ended = False
        if not self.pipe.poll(_START_SECONDS) or self.pipe.recv_bytes(16) != b"ready":
            self.kill()
            raise OSError("expected the expression sandbox to start")

    def ask(self, request: bytes, seconds: float, most: int) -> bytes:
        """The answer. TimeoutError when it takes too long, EOFError or OSError when the process ended."""
        self.pipe.send_bytes(request)
        if not self.pipe.poll(seconds):
            raise TimeoutError
        return self.pipe.recv_bytes(most)

    def kill(self) -> None:
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            # One that closed its socket is ending by itself; how it ended says why.
            self.process.wait(0.05 if self.ended else 0)
        with contextlib.suppress(OSError):
            self.process.kill()
        self.process.wait()
        self.pipe.close()


_idle: list[_Sandbox] = []
_lock = threading.Lock()


def run(kind: str, source: str, missing: frozenset[str], variables: dict[str, Any], limits: Limits) -> Any:
    """`kind`: expression or script. JSON values in and out. ExpressionError as the sandbox found it, or when it ended."""
    asked = {"kind": kind, "source": source, "missing": sorted(missing), "variables": variables}
    request = json.dumps(asked | {"limits": [limits.seconds, limits.result_bytes]}).encode()
    sandbox = _borrow(limits.memory_bytes)
    try:
        # The limits inside are of processor time; this one is for a process that gets none.
        answer = json.loads(sandbox.ask(request, limits.seconds * 8 + 2, limits.result_bytes * 6 + 10_000))
    except TimeoutError:
        sandbox.kill()
        raise ExpressionError(source, too_slow(limits)) from None
    except (EOFError, OSError):
        sandbox.ended = True
        sandbox.kill()
        slow = sandbox.process.returncode == -signal.SIGPROF
        raise ExpressionError(source, too_slow(limits) if slow else TOO_MUCH_MEMORY) from None
    except BaseException:
        sandbox.kill()
        raise
    _return(sandbox)
    if "error" in answer:
        raise ExpressionError(source, answer["error"], answer["line"], answer["column"])
    return answer["value"]


def _borrow(memory: int) -> _Sandbox:
    while True:
        with _lock:
            sandbox = _idle.pop() if _idle else None
        if sandbox is None:
            return _Sandbox(memory)
        if sandbox.process.poll() is None:
            return sandbox
        sandbox.kill()


def _return(sandbox: _Sandbox) -> None:
    with _lock:
        if len(_idle) < _KEPT:
            _idle.append(sandbox)
            return
    sandbox.kill()


def close() -> None:
    """End the idle sandboxes; the next expression that needs one starts one."""
    with _lock:
        sandboxes = _idle[:]
        _idle.clear()
    for sandbox in sandboxes:
        sandbox.kill()


def _after_fork() -> None:
    """A forked process must not share its parent's sandboxes, nor end them."""
    global _lock
    _lock = threading.Lock()
    for sandbox in _idle:
        sandbox.process.returncode = 0
        sandbox.pipe.close()
    _idle.clear()


atexit.register(close)
os.register_at_fork(after_in_child=_after_fork)
