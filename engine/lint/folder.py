"""A process folder as the rules see it: every file parsed once, what could not be parsed kept with its reason."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cached_property
from pathlib import PurePosixPath

from lxml import etree

from engine.decisions import Decisions
from engine.diagram import BPMN, Diagram, Element
from engine.errors import EngineError, FileRejected
from engine.forms import Form
from engine.lint.flow import Flows
from engine.lint.places import Place, expressions

DIAGRAM_ENDINGS = (".bpmn", ".bpmn20.xml")
READ_ENDINGS = (*DIAGRAM_ENDINGS, ".dmn", ".form")
LARGEST = 10 * 2**20
"""Bytes of one diagram, form or decision table. Drawings of whole companies stay under 2 MB."""


class Folder:
    """The files of one deployment. `topics` have a handler; None: unknown, and not checked."""

    def __init__(self, files: Mapping[str, bytes], topics: Collection[str] | None = None) -> None:
        self.files = dict(files)
        self.topics = topics
        self.rejected: dict[str, EngineError] = {}
        self.diagrams: dict[str, Diagram] = {}
        self.forms: dict[str, Form] = {}
        self.decisions: dict[str, Decisions] = {}
        self._flows: dict[str, Flows] = {}
        self._places: dict[str, list[Place]] = {}
        for name, data in sorted(self.files.items()):
            if name.endswith(READ_ENDINGS):
                self._read(name, data)

    def _read(self, name: str, data: bytes) -> None:
        try:
            if len(data) > LARGEST:
                raise FileRejected(file=name, expected=f"a file of at most {LARGEST} bytes", found=f"{len(data)} bytes")
            if name.endswith(".dmn"):
                self.decisions[name] = Decisions.read(data, name)
            elif name.endswith(".form"):
                self.forms[name] = Form.read(data, name)
            else:
                self.diagrams[name] = Diagram.read(data, name)
        except EngineError as error:
            self.rejected[name] = error
        except MemoryError:
            raise
        except Exception as error:
            # What a reader of forms or tables stumbles over is in the file, and nobody else's business.
            self.rejected[name] = FileRejected(
                file=name, expected="a file that can be read", found=f"{type(error).__name__}: {error}"[:300]
            )

    def elements(self, *types: str) -> Iterator[tuple[Diagram, Element]]:
        """Elements of these types (all without types) in all diagrams, with their diagram."""
        for diagram in self.diagrams.values():
            for element in diagram.elements.values():
                if not types or element.type in types:
                    yield diagram, element

    def flows(self, diagram: Diagram) -> Flows:
        """How the diagram's nodes hang together."""
        if diagram.file not in self._flows:
            self._flows[diagram.file] = Flows(diagram)
        return self._flows[diagram.file]

    def expressions(self, diagram: Diagram) -> list[Place]:
        """Every expression of the diagram."""
        if diagram.file not in self._places:
            self._places[diagram.file] = list(expressions(diagram))
        return self._places[diagram.file]

    @cached_property
    def called(self) -> set[str]:
        """Ids of everything a call activity may call in this folder: processes and global tasks."""
        kinds = {f"{{{BPMN}}}{kind}" for kind in ("process", "globalTask", "globalScriptTask", "globalUserTask", "globalManualTask")}
        kinds.add(f"{{{BPMN}}}globalBusinessRuleTask")
        return {node.get("id", "") for diagram in self.diagrams.values() for node in diagram.root if node.tag in kinds}

    def form(self, reference: str) -> Form | None:
        """The form that formRef or formKey names."""
        for prefix in ("camunda-forms:deployment:", "embedded:deployment:", "camunda-forms:"):
            reference = reference.removeprefix(prefix)
        for name, form in self.forms.items():
            if reference in (form.id, name, PurePosixPath(name).name, f"forms/{form.id}"):
                return form
        return None

    def names_file(self, reference: str) -> bool:
        """Whether a reference means a file of the folder, readable or not: its own rule speaks about that file."""
        last = PurePosixPath(reference.rpartition(":")[2]).name
        return any(PurePosixPath(name).name in (last, f"{last}.form", f"{last}.dmn") for name in self.files)


def source_text(diagram: Diagram) -> str:
    """The file's text, decoded as its XML declaration says."""
    encoding = diagram.root.getroottree().docinfo.encoding or "utf-8"
    try:
        return diagram.source.decode(encoding, "replace")
    except LookupError:
        return etree.tostring(diagram.root, encoding="unicode")
