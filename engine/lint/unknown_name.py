"""A variable that an expression or script reads can be set by something: a form, a script, a decision, a default, a handler."""

from __future__ import annotations

import re
from collections.abc import Iterator
from difflib import get_close_matches

from engine import expressions
from engine.diagram import Diagram, Element
from engine.errors import EngineError, Finding
from engine.lint import places
from engine.lint.folder import Folder
from engine.lint.rule import label, warning
from engine.lint.variables import form_of, known, script_names

_OPAQUE = ("serviceTask", "sendTask", "receiveTask")
"""What they bring is known only when they have run."""
_ALIKE = 0.84
_SHORTEST = 5


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        names = known(folder, diagram)
        closed = {process.id: _closed(folder, diagram, process) for process in diagram.processes}
        for element, what, reads, line in _readers(folder, diagram):
            for name in sorted(reads - names):
                alike = _alike(name, names)
                if alike or closed.get(element.process_id or ""):
                    yield _finding(diagram, element, what, name, alike, line)


def _readers(folder: Folder, diagram: Diagram) -> Iterator[tuple[Element, str, frozenset[str], int]]:
    for place in folder.expressions(diagram):
        try:
            yield place.element, place.what, expressions.names(place.source, bare=place.bare), place.line
        except EngineError:
            continue
    for element in diagram.elements.values():
        form = form_of(folder, element)
        if form is not None:
            # Names with an underscore before them are what the page itself hands to a form.
            own = {field.path.split(".")[0] for field in form.fields} | {name for name in form.reads if name.startswith("_")}
            yield element, f"form {form.id}".strip(), form.reads - own, element.line or 0
    for script in places.scripts(diagram):
        read, set_ = script_names(script.source)
        yield script.element, "script", read - set_, script.line


def _closed(folder: Folder, diagram: Diagram, process: Element) -> bool:
    """Whether everything that can set a variable of this process is drawn: it starts by a form and hears nothing from outside."""
    flows = folder.flows(diagram)
    starts = [s for s in flows.members[process.id] if s.type == "startEvent"]
    if not starts or not all(form_of(folder, start) for start in starts):
        return False
    for element in diagram.elements.values():
        if element.process_id != process.id:
            continue
        if element.type in _OPAQUE or (element.type in ("businessRuleTask", "callActivity") and not _says_what(element)):
            return False
        if {"message", "signal", "error", "escalation"} & set(flows.kinds(element) if element.id in flows.nodes else ()):
            return False
    return not any((call.node.get("calledElement") or "").strip() in ("", process.id) for _, call in folder.elements("callActivity"))


def _says_what(element: Element) -> bool:
    if element.type == "businessRuleTask":
        return bool(element.camunda("resultVariable"))
    return all(node.get("variables") != "all" for node in element.extensions("out"))


def _alike(name: str, names: set[str]) -> str | None:
    if len(name) < _SHORTEST:
        return None
    found = get_close_matches(name, names, n=1, cutoff=_ALIKE)
    # hoc_ky_1 and hoc_ky_2 are two names, not one misspelt.
    return found[0] if found and re.sub(r"\d", "", found[0]) != re.sub(r"\d", "", name) else None


def _finding(diagram: Diagram, element: Element, what: str, name: str, alike: str | None, line: int) -> Finding:
    vi = f" Có phải ý là {alike}?" if alike else ""
    en = f" Did you mean {alike}?" if alike else ""
    return warning(
        (diagram.file, element),
        line=line,
        vi=f"{label(element)} ({what}) đọc biến {name}, nhưng không biểu mẫu, kịch bản hay bước nào trong sơ đồ ghi biến đó.{vi}"
        " Hãy sửa tên, hoặc ghi biến trước khi đọc.",
        en=f"{label(element)} ({what}) reads variable {name}, but no form, script or step of the diagram sets it.{en}"
        " Correct the name, or set the variable before it is read.",
    )
