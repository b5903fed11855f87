"""Reading files of strangers in a process of its own, with limits on time and memory.

    findings = reader.check(files, topics)

The child process imports the rules, says that it is ready, reads the files, and answers with findings as JSON. Whatever it does instead
(crash, hang, eat memory) becomes a finding, and the caller goes on serving others.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import IO

from engine.errors import Finding, Severity

SECONDS = 4.5
"""Wall clock for the reading itself; with the start of the process an answer comes within 5 s on an idle machine."""
START_SECONDS = 30.0
"""For the process to start, on a machine however busy."""
MEMORY = 512 * 2**20
"""Bytes of address space. A diagram of 5,000 parallel tasks takes a fifth of it."""
ANSWER = 16 * 2**20
"""Bytes of answer that are read; more is a finding too."""
LARGEST = 32 * 2**20
"""Bytes of all files that are read, together."""
RULE = "reader"
"""The rule that findings about the reading itself carry."""
_KEPT = 64
_known: dict[bytes, tuple[Finding, ...]] = {}
"""What was found in the files read last: the same folder is read when it is checked, and again when it is deployed."""
_lock = threading.Lock()
_READ = (".bpmn", ".bpmn20.xml", ".dmn", ".form")


def check(
    files: Mapping[str, bytes], topics: Collection[str] | None = None, *, seconds: float = SECONDS, memory: int = MEMORY
) -> list[Finding]:
    """What all rules say about the folder, found in a child process. Whatever stands in the files, it answers, and within its limits."""
    sizes = {name: len(data) for name, data in files.items() if name.endswith(_READ)}
    if sum(sizes.values()) > LARGEST:
        largest = max(sizes, key=lambda name: sizes[name])
        return [_finding("they are larger than 32 MB together", "chúng cộng lại lớn hơn 32 MB", largest)]
    request = json.dumps(
        {
            # Of documents only the name is asked for: they are not read here.
            "files": {n: base64.b64encode(d if n.endswith(_READ) else b"").decode() for n, d in sorted(files.items())},
            "topics": None if topics is None else sorted(topics),
        }
    ).encode()
    key = hashlib.sha256(request).digest()
    with _lock:
        kept = _known.get(key)
    if kept is not None:
        return list(kept)
    findings = _run(request, seconds, memory, next(iter(files)) if len(files) == 1 else "")
    if not any(finding.rule == RULE for finding in findings):  # Else it may have been the machine.
        with _lock:
            _known[key] = tuple(findings)
            while len(_known) > _KEPT:
                del _known[next(iter(_known))]
    return findings


def _run(request: bytes, seconds: float, memory: int, file: str) -> list[Finding]:
    process = subprocess.Popen(  # noqa: S603  # our own program, with two numbers
        [sys.executable, "-P", "-c", "from engine.reader import main; main()", str(memory), str(int(seconds) + 2)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={
            "PYTHONPATH": str(Path(__file__).resolve().parent.parent),
            "PYTHONDONTWRITEBYTECODE": "1",
            "PATH": os.defpath,
            "LC_ALL": "C.UTF-8",
        },
        cwd=os.sep,
    )
    try:
        return _ask(process, request, seconds, file)
    finally:
        process.kill()
        process.wait()


def _ask(process: subprocess.Popen[bytes], request: bytes, seconds: float, file: str) -> list[Finding]:
    if process.stdin is None or process.stdout is None:
        return [_finding(*_CRASHED, file=file)]
    with process.stdin as to, process.stdout as back:
        with _Alarm(process, START_SECONDS) as starting:
            ready = back.readline()
        if ready != b"ready\n":
            return [_finding(*(_TOO_LATE if starting.rang else _CRASHED), file=file)]
        with _Alarm(process, seconds) as reading:
            answer = _converse(to, back, request)
    if reading.rang:
        return [_finding(f"reading took longer than {seconds:g} seconds", f"việc đọc kéo dài quá {seconds:g} giây", file)]
    return _answered(answer, file)


_TOO_LATE = ("the machine is too busy to read them; try again", "máy đang quá bận để đọc; hãy thử lại sau")
_CRASHED = ("the program that reads them stopped", "chương trình đọc tệp đã dừng đột ngột")
_MEMORY = ("reading them took more memory than is allowed", "việc đọc tốn nhiều bộ nhớ hơn mức cho phép")


class _Alarm:
    """Kills the process when the time is over before the block is."""

    def __init__(self, process: subprocess.Popen[bytes], seconds: float) -> None:
        self.rang = False
        self._process = process
        self._timer = threading.Timer(seconds, self._ring)
        self._timer.daemon = True

    def _ring(self) -> None:
        self.rang = True
        self._process.kill()

    def __enter__(self) -> _Alarm:
        self._timer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._timer.cancel()
        self._timer.join()


def _converse(to: IO[bytes], back: IO[bytes], request: bytes) -> bytes:
    # A child that dies while it is told its files closes the pipe: what it answered, nothing, says so.
    with contextlib.suppress(BrokenPipeError):
        to.write(request)
        to.close()
    return back.read(ANSWER + 1)


def _answered(answer: bytes, file: str) -> list[Finding]:
    if len(answer) > ANSWER:
        return [_finding("the list of findings is longer than 16 MB", "danh sách kết quả dài hơn 16 MB", file=file)]
    try:
        said = json.loads(answer)
        if said == "memory":
            return [_finding(*_MEMORY, file=file)]
        return [Finding(**{**f, "severity": Severity(f["severity"])}) for f in said]
    except (ValueError, TypeError, KeyError):
        return [_finding(*_CRASHED, file=file)]


def _finding(en: str, vi: str, file: str = "") -> Finding:
    return Finding(
        RULE,
        Severity.ERROR,
        f"Các tệp phải đọc được trong giới hạn cho phép, nhưng {vi}. Hãy bớt hoặc sửa các tệp rồi thử lại.",
        f"Expected files that can be read within limits, but {en}. Reduce or mend the files and try again.",
        file,
    )


def main(arguments: Sequence[str] | None = None) -> None:
    """The child: limits itself, reads a request from standard input, writes findings to standard output."""
    from engine.lint import lint
    from engine.lint.report import as_dict

    memory, seconds = (int(value) for value in arguments or sys.argv[1:3])
    out = sys.stdout.buffer
    out.write(b"ready\n")
    out.flush()
    _limit(memory, seconds)
    try:
        request = json.load(sys.stdin)
        files = {name: base64.b64decode(data) for name, data in request["files"].items()}
        findings = lint(files, topics=request["topics"])
        answer = json.dumps([as_dict(finding) for finding in findings], default=str).encode()
    except MemoryError:
        answer = b'"memory"'
    out.write(answer)
    out.flush()
    # Nothing of the parent's is open here, and tearing down what strangers' files have built can take longer than reading them.
    os._exit(0)


def _limit(memory: int, seconds: int) -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits; the parent's clock remains.
        return
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
