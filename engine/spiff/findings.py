"""What the compiler has to say about a diagram, in both languages."""

from __future__ import annotations

from engine.diagram import Diagram, Element
from engine.errors import Finding, Severity


class Findings(list[Finding]):
    """Collected while compiling; each names its element."""

    def __init__(self, diagram: Diagram) -> None:
        super().__init__()
        self.file = diagram.file

    def error(self, rule: str, element: Element, vi: str, en: str) -> None:
        """The diagram says something that cannot be carried out exactly."""
        self._add(rule, Severity.ERROR, element, vi, en)

    def todo(self, rule: str, element: Element, vi: str, en: str) -> None:
        """The diagram is a drawing that does not yet say what is to be done here."""
        self._add(rule, Severity.TODO, element, vi, en)

    def _add(self, rule: str, severity: Severity, element: Element, vi: str, en: str) -> None:
        label = f"{element.id} ({element.name})" if element.name else element.id
        self.append(Finding(rule, severity, vi.replace("{e}", label), en.replace("{e}", label), self.file, element.id, element.line))
