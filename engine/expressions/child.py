"""The process of a sandbox: answers one request after another on a socket until the other side closes it."""

from __future__ import annotations

import json
import resource
import signal
import sys
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from engine.errors import ExpressionError
from engine.expressions import prelude, program
from engine.expressions.limits import Limits


def confine(memory: int) -> None:
    """No more address space than `memory` over what there is now, nothing written to files, no core dump."""
    pages = int(Path("/proc/self/statm").read_text().split()[0]) if Path("/proc/self/statm").exists() else 0
    most = pages * resource.getpagesize() + memory
    for kind, value in ((resource.RLIMIT_AS, most), (resource.RLIMIT_CORE, 0), (resource.RLIMIT_FSIZE, 0)):
        resource.setrlimit(kind, (value, value))


def answer(request: dict[str, Any]) -> dict[str, Any]:
    seconds, result_bytes = request["limits"]
    limits = Limits(seconds=seconds, result_bytes=result_bytes)
    missing = frozenset(request["missing"])
    # What asks no callback, such as turning a list that holds itself many times into a Python value, ends the process.
    signal.setitimer(signal.ITIMER_PROF, seconds * 2 + 0.1)
    try:
        if request["kind"] == "script":
            return {"value": program.run_script(program.script(request["source"], missing), request["variables"], limits)}
        return {"value": program.run_expression(program.expression(request["source"], missing), request["variables"], limits)}
    except ExpressionError as error:
        return {"error": error.message, "line": error.line, "column": error.column}
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def main() -> None:
    pipe = Connection(int(sys.argv[1]))
    prelude.loader()
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    confine(int(sys.argv[2]))
    pipe.send_bytes(b"ready")
    while True:
        try:
            request = json.loads(pipe.recv_bytes())
        except EOFError:
            return
        pipe.send_bytes(json.dumps(answer(request), ensure_ascii=False).encode())


if __name__ == "__main__":
    main()
