"""Files of strangers, read in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import engine
from engine import reader
from engine.errors import Finding
from engine.lint import lint, verdict
from tests.engine.lint.folders import companions, flow, line, process, script

GOOD = process(line(script("ghi"))).encode()
PATIENT = 60.0
"""Seconds for tests that are not about time, on a machine that does other things as well."""


@pytest.fixture(autouse=True)
def nothing_known(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every test reads for itself."""
    monkeypatch.setattr(reader, "_known", {})


def _rules(findings: list[Finding]) -> list[str]:
    return [finding.rule for finding in findings]


def _misbehave(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    """Let the child do `what` where it should lint."""
    real = subprocess.Popen

    def start(command: list[str], **more: object) -> object:
        program = f"import engine.lint\ndef bad(files, topics): {what}\nengine.lint.lint = bad\nfrom engine.reader import main\nmain()"
        return real([*command[:3], program, *command[4:]], **more)  # type: ignore[call-overload]

    monkeypatch.setattr(reader.subprocess, "Popen", start)


def test_it_finds_what_linting_finds() -> None:
    files = {**companions(), "a.bpmn": process(line('<task id="t"/>', '<userTask id="u"/>')).encode()}
    assert reader.check(files, ["gui_thu"], seconds=PATIENT) == lint(files, topics=["gui_thu"])
    assert reader.check({"a.bpmn": GOOD}, seconds=PATIENT) == []


def test_it_hands_over_which_topics_have_handlers() -> None:
    files = {"a.bpmn": process(line('<serviceTask id="t" name="Gửi" camunda:type="external" camunda:topic="gui_thu"/>')).encode()}
    assert _rules(reader.check(files, [], seconds=PATIENT)) == ["topic"]
    assert reader.check(files, ["gui_thu"], seconds=PATIENT) == []


@pytest.mark.parametrize(
    "data",
    [
        b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
        b"<!DOCTYPE a ["
        + b"".join(b'<!ENTITY e%d "%s">' % (i, b"&e%d;" % (i - 1) * 10 if i else b"ha") for i in range(12))
        + b"]><a>&e11;</a>",
        b"<a>" * 200_000,
        b'<a b="' + b"x" * 20_000_000 + b'"/>',
        b'<a b="' + b"x" * 100_000_000 + b'"/>',
        GOOD.replace(b"x = 1", b"x = " + b"(" * 100_000),
        GOOD.replace(b"x = 1", b"x = " + b"-" * 100_000 + b"1"),
        GOOD.replace(b"x = 1", b"x = 2 ** 10 ** 10"),
        process(line(script("t")).replace('name=""', "")).replace("Quy trình", "&lt;a" * 100_000).replace("x = 1", "y = = 1").encode(),
        process(line(f'<userTask id="t" name="a" camunda:assignee="{"${" * 50_000}"/>')).encode(),
        process(line(f'<userTask id="t" name="a" camunda:assignee="${{{"(" * 5_000}x{")" * 5_000}}}"/>')).encode(),
    ],
)
def test_it_refuses_or_contains_hostile_files(data: bytes) -> None:
    findings = reader.check({"a.bpmn": data})
    assert verdict(findings) == "refused"
    assert findings[0].file == "a.bpmn"


def test_it_kills_what_takes_too_long(monkeypatch: pytest.MonkeyPatch) -> None:
    _misbehave(monkeypatch, "\n while True: pass")
    findings = reader.check({"a.bpmn": GOOD}, seconds=0.5)
    assert _rules(findings) == ["reader"]
    assert "0.5 giây" in findings[0].vi


def test_it_stops_what_eats_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    _misbehave(monkeypatch, "return [bytearray(10**8) for _ in range(100)]")
    findings = reader.check({"a.bpmn": GOOD}, seconds=PATIENT)
    assert _rules(findings) == ["reader"]
    assert "bộ nhớ" in findings[0].vi


@pytest.mark.parametrize("what", ["import os; os.abort()", "raise SystemExit(3)", "return [1]", "print('x' * 100)"])
def test_it_turns_a_crash_into_a_finding(monkeypatch: pytest.MonkeyPatch, what: str) -> None:
    _misbehave(monkeypatch, what)
    findings = reader.check({"a.bpmn": GOOD}, seconds=PATIENT)
    assert _rules(findings) == ["reader"]
    assert findings[0].file == "a.bpmn"


def test_it_reads_a_row_of_600_tasks_and_5000_parallel_ones() -> None:
    row = process(line(*(script(f"t{i}") for i in range(600))))
    wide = '<startEvent id="s"/><parallelGateway id="a"/><parallelGateway id="b"/><endEvent id="e"/>' + flow("s", "a") + flow("b", "e")
    wide += "".join(script(f"t{i}", f"x{i} = 1") + flow("a", f"t{i}") + flow(f"t{i}", "b") for i in range(5000))
    assert reader.check({"row.bpmn": row.encode()}, seconds=PATIENT) == []
    assert reader.check({"wide.bpmn": process(wide).encode()}, seconds=PATIENT) == []


def test_it_sends_no_documents_and_leaves_no_process_behind() -> None:
    assert reader.check({"a.bpmn": GOOD, "documents/mau.docx": b"x" * 100_000_000}, seconds=PATIENT) == []
    here = Path("/proc/self/task")
    if here.exists():
        children = [pid for task in here.iterdir() for pid in (task / "children").read_text().split()]
        commands = [Path(f"/proc/{pid}/cmdline").read_bytes() for pid in children]
        assert [command for command in commands if b"engine.reader" in command] == []


def test_it_needs_nothing_of_the_callers_environment() -> None:
    root = Path(engine.__file__).resolve().parents[1]
    code = "from engine import reader; print(reader.check({'a.bpmn': b''}, seconds=60)[0].rule)"
    done = subprocess.run([sys.executable, "-c", code], cwd=root, env={}, capture_output=True, text=True, check=True, timeout=120)
    assert done.stdout.strip() == "xml"


def test_it_reads_the_same_files_once(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = {"a.bpmn": process(line('<task id="t"/>')).encode()}
    first = reader.check(broken, seconds=PATIENT)
    monkeypatch.setattr(reader.subprocess, "Popen", None)
    assert first and reader.check(dict(broken), seconds=PATIENT) == first
    with pytest.raises(TypeError):
        reader.check(broken, ["gui_thu"], seconds=PATIENT)


def test_it_reads_again_what_the_machine_was_too_slow_for(monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as busy:
        _misbehave(busy, "\n while True: pass")
        assert _rules(reader.check({"a.bpmn": GOOD}, seconds=0.3)) == ["reader"]
    assert reader.check({"a.bpmn": GOOD}, seconds=PATIENT) == []
