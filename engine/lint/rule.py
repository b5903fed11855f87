"""What a rule is, and how it says what it found.

A rule is a module of this package whose docstring says what it wants, with one function `check`. It is listed in `engine.lint.RULES`; its
name is the module's with hyphens (`duplicate_ids` -> `duplicate-ids`), and a page `docs/lint/<name>.md` and two diagrams belong to it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Protocol

from engine.diagram import Element
from engine.errors import Finding, Severity

if TYPE_CHECKING:
    from engine.lint.folder import Folder

Place = str | tuple[str, Element | None]
"""Where something was found: a file, or an element of a file."""


class Rule(Protocol):
    """A module of engine.lint that holds a rule."""

    __name__: str

    def check(self, folder: Folder) -> Iterator[Finding]:
        """What the rule finds in the folder. The name of the rule is filled in by engine.lint.lint."""


def name_of(rule: Rule) -> str:
    """`engine.lint.duplicate_ids` -> `duplicate-ids`."""
    return rule.__name__.rpartition(".")[2].replace("_", "-")


def error(place: Place, *, vi: str, en: str, line: int | None = None) -> Finding:
    """It would run wrongly, or cannot run: the deployment is refused."""
    return _finding(Severity.ERROR, place, vi, en, line)


def todo(place: Place, *, vi: str, en: str, line: int | None = None) -> Finding:
    """A drawing that is not a program yet: it is kept as a draft, and this is on its to-do list."""
    return _finding(Severity.TODO, place, vi, en, line)


def warning(place: Place, *, vi: str, en: str, line: int | None = None) -> Finding:
    """It runs as drawn, but somebody should look: stops nothing."""
    return _finding(Severity.WARNING, place, vi, en, line)


def _finding(severity: Severity, place: Place, vi: str, en: str, line: int | None) -> Finding:
    file, element = (place, None) if isinstance(place, str) else place
    if element is None:
        return Finding("", severity, vi, en, file, None, line)
    return Finding("", severity, vi, en, file, element.id, line or element.line)


def label(element: Element) -> str:
    """How sentences name an element: its name with its id, or the id alone."""
    return f"“{' '.join(element.name.split())[:80]}” ({element.id})" if element.name else element.id
