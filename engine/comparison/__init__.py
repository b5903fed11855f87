"""Comparison: what differs between two states of a process folder.

    for file in comparison.files(old, new): ...          which files were added, removed, changed
    said = comparison.details(name, old[name], new[name])

A diagram is compared by what its elements say, apart from where they are drawn; a form field by field; a decision table row by row and cell
by cell; JSON entry by entry; of anything else only whether it is the same. Where nothing differs but the bytes do, they were only written
in another way.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from engine.comparison import drawings, entries, tables
from engine.comparison.model import Change, Difference, Kind
from engine.comparison.tables import Column, Row, TableDifference
from engine.errors import EngineError, FileRejected

__all__ = ["LARGEST", "Change", "Column", "Details", "Difference", "FileDifference", "Kind", "Row", "TableDifference", "details", "files"]

LARGEST = 2 * 2**20
"""Bytes of a file that is still looked into."""


@dataclass(frozen=True)
class State:
    """A file as it is on one side."""

    size: int
    sha256: str


@dataclass(frozen=True)
class FileDifference:
    """A file of either side. `renamed`: the name under which the other side has the same bytes."""

    name: str
    kind: Kind
    family: str
    """diagram, decision, form, entries or document."""
    old: State | None
    new: State | None
    renamed: str = ""


@dataclass(frozen=True)
class Details:
    """What differs inside a file. `unread`: why it could not be looked into."""

    family: str
    elements: tuple[Difference, ...] = ()
    tables: tuple[TableDifference, ...] = ()
    unread: EngineError | None = None

    @property
    def count(self) -> int:
        return len(self.elements) + len(self.tables)

    def of(self, kind: Kind) -> int:
        """How many elements, or rows of tables, differ in this way."""
        rows = sum(row.kind is kind for table in self.tables for row in table.rows)
        return rows + sum(element.kind is kind for element in self.elements)


def family(name: str) -> str:
    """How a file is compared, by its name."""
    kinds = {".bpmn": "diagram", ".bpmn20.xml": "diagram", ".dmn": "decision", ".form": "form", ".json": "entries"}
    return next((kind for ending, kind in kinds.items() if name.endswith(ending)), "document")


def files(old: Mapping[str, bytes], new: Mapping[str, bytes]) -> list[FileDifference]:
    """All files of both sides by name, those that are the same too."""
    before, after = ({name: _state(data) for name, data in sorted(side.items())} for side in (old, new))
    gone = {state.sha256: name for name, state in before.items() if name not in after}
    come = {state.sha256: name for name, state in after.items() if name not in before}
    found = []
    for name in sorted({*before, *after}):
        was, now = before.get(name), after.get(name)
        kind = Kind.ADDED if was is None else Kind.REMOVED if now is None else Kind.SAME if was == now else Kind.CHANGED
        other = gone if was is None else come if now is None else {}
        state = now or was
        found.append(FileDifference(name, kind, family(name), was, now, other.get(state.sha256, "") if state else ""))
    return found


def _state(data: bytes) -> State:
    return State(len(data), hashlib.sha256(data).hexdigest())


def details(name: str, old: bytes | None, new: bytes | None) -> Details:
    """What differs in a file; None: that side has none. Never raises for what stands in it."""
    kind = family(name)
    try:
        for data in (old, new):
            if data is not None and len(data) > LARGEST and kind != "document":
                raise FileRejected(file=name, expected=f"a file of at most {LARGEST} bytes", found=f"{len(data)} bytes")
        return _looked(kind, name, old, new)
    except EngineError as error:
        return Details(kind, unread=error)
    except RecursionError:
        return Details(kind, unread=FileRejected(file=name, expected="a file that can be read", found="one that is nested too deeply"))


def _looked(kind: str, name: str, old: bytes | None, new: bytes | None) -> Details:
    if kind == "diagram":
        if old is not None and new is not None:
            return Details(kind, tuple(drawings.compare(old, new, name)))
        return Details(kind, tuple(drawings.outline(new or old or b"", Kind.ADDED if old is None else Kind.REMOVED, name)))
    if kind == "decision":
        return Details(kind, tables=tuple(tables.compare(old, new, name)))
    if kind == "form":
        return Details(kind, tuple(entries.compare_forms(old, new, name)))
    return Details(kind, tuple(entries.compare(old, new, name)) if kind == "entries" else ())
