"""Rules about a process folder: one rule per file, one page per rule in docs/lint, a good and a bad diagram for each in the tests.

`lint` finds everything at once. What it reads was written by strangers: call it through engine.reader, in a process of its own.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace

from engine.diagram import Diagram
from engine.errors import Finding, Severity
from engine.lint import (
    ad_hoc,
    attribute_value,
    called_process,
    camunda_extension,
    candidate_groups,
    compile,
    dangling_reference,
    dead_end,
    deadlock,
    decision_reference,
    duplicate_ids,
    empty_sub_process,
    endless_loop,
    event_definition,
    executable,
    expression,
    file_reference,
    form_reference,
    gateway_condition,
    legal_basis,
    multi_instance,
    multiple_tokens,
    parallel_writes,
    reminder,
    script,
    start_event,
    task_type,
    text,
    timer,
    topic,
    unknown_name,
    unreachable,
    user_task,
    xml,
)
from engine.lint.folder import Folder
from engine.lint.report import verdict
from engine.lint.rule import Rule, error, name_of

__all__ = ["RULES", "lint", "verdict"]

RULES: tuple[Rule, ...] = (
    xml,
    text,
    duplicate_ids,
    dangling_reference,
    executable,
    empty_sub_process,
    task_type,
    user_task,
    candidate_groups,
    attribute_value,
    topic,
    script,
    form_reference,
    file_reference,
    decision_reference,
    called_process,
    start_event,
    event_definition,
    timer,
    multi_instance,
    ad_hoc,
    gateway_condition,
    expression,
    unknown_name,
    unreachable,
    dead_end,
    endless_loop,
    deadlock,
    multiple_tokens,
    parallel_writes,
    reminder,
    camunda_extension,
    legal_basis,
    compile,
)

_ALWAYS = {"xml", "text", "duplicate-ids"}
"""Rules whose errors refuse even a drawing: the file itself cannot be trusted."""

_UNFINISHED = {"compile", "expression"}
"""Rules whose errors in an unfinished process are part of what is unfinished: conditions in prose, what cannot be compiled yet."""

_ORDER = {Severity.ERROR: 0, Severity.TODO: 1, Severity.WARNING: 2}


def lint(files: Mapping[str, bytes], *, topics: Collection[str] | None = None) -> list[Finding]:
    """Everything all rules have to say about the folder, the gravest first, then by file and line.

    `topics` have a handler; None: not checked.
    """
    folder = Folder(files, topics)
    found = [finding for rule in RULES for finding in _ask(rule, folder)]
    return sorted(_of_drawings(folder, _once(found)), key=lambda f: (_ORDER[f.severity], f.file, f.line or 0, f.rule, f.element or ""))


def _ask(rule: Rule, folder: Folder) -> Iterator[Finding]:
    """A rule that fails on a drawing nobody thought of must not hide what the others found, and must not let the drawing pass."""
    try:
        for finding in rule.check(folder):
            yield replace(finding, rule=name_of(rule))
    except MemoryError:
        raise
    except Exception as failure:
        yield replace(
            error(
                next(iter(folder.diagrams), ""),
                vi=f"Sơ đồ phải kiểm tra được bằng quy tắc {name_of(rule)}, nhưng việc kiểm tra bị lỗi ({type(failure).__name__}:"
                f" {failure})."
                " Hãy báo cho người phát triển, kèm tệp sơ đồ.",
                en=f"Expected rule {name_of(rule)} to be able to check the diagram, but it failed ({type(failure).__name__}: {failure})."
                " Tell the developers and send the file along.",
            ),
            rule=name_of(rule),
        )


def _once(found: list[Finding]) -> list[Finding]:
    """Without repetitions; the compiler is not heard about elements of which another rule has said already what stops them."""
    grave = {(f.file, f.element) for f in found if f.severity is not Severity.WARNING and f.rule != "compile"}
    kept: dict[tuple[object, ...], Finding] = {}
    for finding in found:
        if finding.rule != "compile" or (finding.file, finding.element) not in grave:
            kept.setdefault((finding.rule, finding.severity, finding.file, finding.element, finding.en), finding)
    return list(kept.values())


def _of_drawings(folder: Folder, found: list[Finding]) -> Iterator[Finding]:
    """In a process that is not meant to run nothing can run wrongly: what would refuse it goes on its to-do list instead.

    A drawing is what says so itself, or says nothing and is unfinished.
    """
    unfinished = {_process(folder, f) for f in found if f.severity is Severity.TODO}
    for finding in found:
        diagram, process = folder.diagrams.get(finding.file), _process(folder, finding)
        if finding.severity is Severity.ERROR and diagram is not None and finding.rule not in _ALWAYS:
            drawn = _drawn(diagram, process[1], process in unfinished) or (process in unfinished and finding.rule in _UNFINISHED)
            yield replace(finding, severity=Severity.TODO) if drawn else finding
        else:
            yield finding


def _process(folder: Folder, finding: Finding) -> tuple[str, str | None]:
    """The process that a finding is about; without one, the file's only process."""
    diagram = folder.diagrams.get(finding.file)
    element = diagram.elements.get(finding.element or "") if diagram else None
    if element is not None and element.process_id is not None:
        return finding.file, element.process_id
    ids = [process.id for process in diagram.processes] if diagram else []
    return finding.file, ids[0] if len(ids) == 1 else None


def _drawn(diagram: Diagram, process_id: str | None, unfinished: bool) -> bool:
    processes = [diagram.elements[process_id]] if process_id else diagram.processes
    runs = {process.id for process in diagram.executable}
    return bool(processes) and all(p.id not in runs or (unfinished and p.node.get("isExecutable") is None) for p in processes)
