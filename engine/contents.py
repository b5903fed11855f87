"""The parsed content of one deployment: diagrams, compiled programs, forms, decisions, other files.

Parsed once per content and shared in memory by all cases and sessions: everything here is immutable, and the memo is keyed by the digest of
the content, so it is the same for every database.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any

from engine.decisions import Decisions, Outcome
from engine.diagram import Diagram
from engine.errors import NotFound
from engine.forms import Form
from engine.spiff import Program

NOT_DEPLOYED = ("README.md", "scenarios")
_KEPT = 64


def read_folder(path: Path) -> dict[str, bytes]:
    """The files of a process folder that belong to its deployment: all but README.md, scenarios/ and hidden ones."""
    found: dict[str, bytes] = {}
    for file in sorted(path.rglob("*")):
        name = file.relative_to(path)
        if file.is_file() and name.parts[0] not in NOT_DEPLOYED and not any(part.startswith(".") for part in name.parts):
            found[name.as_posix()] = file.read_bytes()
    return found


def digest(files: Mapping[str, bytes]) -> str:
    """SHA-256 over names and contents."""
    total = hashlib.sha256()
    for name in sorted(files):
        total.update(name.encode() + b"\0" + hashlib.sha256(files[name]).digest())
    return total.hexdigest()


class Contents:
    """What the files of a deployment say. Lookups by the names that diagrams use."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)
        self.diagrams = {name: Diagram.read(data, name) for name, data in files.items() if name.endswith((".bpmn", ".bpmn20.xml"))}
        self._programs: dict[str, Program] = {}
        self._lock = threading.Lock()

    @cached_property
    def forms(self) -> dict[str, Form]:
        """By form id; by file name, which `camunda:formKey` may use; and those drawn as camunda:formData by `<file>#<element>`."""
        found: dict[str, Form] = {}
        for name, data in self.files.items():
            if name.endswith(".form"):
                form = Form.read(data, name)
                found[form.id] = found[name] = found[PurePosixPath(name).name] = form
        for file, diagram in self.diagrams.items():
            for element in diagram.elements.values():
                for node in element.extensions("formData"):
                    name = f"{file}#{element.id}"
                    found[name] = Form.from_form_data(node, name)
        return found

    @cached_property
    def decisions(self) -> dict[str, Decisions]:
        """By decision id."""
        found: dict[str, Decisions] = {}
        for name, data in self.files.items():
            if name.endswith(".dmn"):
                decisions = Decisions.read(data, name)
                found.update(dict.fromkeys(decisions.ids, decisions))
        return found

    def diagram_of(self, key: str) -> Diagram:
        """The diagram that draws process `key`."""
        for diagram in self.diagrams.values():
            if key in diagram.elements and diagram.elements[key].type == "process":
                return diagram
        raise NotFound(what="process", id=key)

    def program(self, key: str) -> Program:
        """Process `key`, compiled. Raises errors.Refused."""
        with self._lock:
            if key not in self._programs:
                self._programs[key] = Program.compile(self.diagram_of(key), key)
            return self._programs[key]

    def form(self, reference: str | None, key: str = "", element_id: str = "") -> Form | None:
        """The form that `camunda:formRef` or `formKey` names, or that element `element_id` of process `key` holds itself, or None."""
        if not reference:
            return self.forms.get(f"{self.diagram_of(key).file}#{element_id}") if key else None
        for prefix in ("camunda-forms:deployment:", "embedded:deployment:", "camunda-forms:", "forms/"):
            if reference in self.forms:
                break
            reference = reference.removeprefix(prefix)
        return self.forms.get(reference)

    def decide(self, reference: str, variables: Mapping[str, Any]) -> Outcome:
        """Evaluate decision `reference`. Raises NotFound, DecisionError, ExpressionError."""
        if reference not in self.decisions:
            raise NotFound(what="decision", id=reference)
        return self.decisions[reference].evaluate(reference, variables)


_memo: OrderedDict[str, Contents] = OrderedDict()
_memo_lock = threading.Lock()


def remember(key: str, read: Callable[[], Mapping[str, bytes]]) -> Contents:
    """The contents with digest `key`; `read` is asked for the files only when they are not in memory."""
    with _memo_lock:
        if key in _memo:
            _memo.move_to_end(key)
            return _memo[key]
    contents = Contents(read())
    with _memo_lock:
        _memo[key] = contents
        while len(_memo) > _KEPT:
            _memo.popitem(last=False)
    return contents
