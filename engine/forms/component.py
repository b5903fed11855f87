"""One component of a form, as its file says it: a field, a group, a list of rows, or a text between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

TEXTS = frozenset({"textfield", "textarea"})
SINGLE = frozenset({"select", "radio"})
MULTIPLE = frozenset({"checklist", "taglist"})
CHOICES = SINGLE | MULTIPLE
FIELDS = TEXTS | CHOICES | {"number", "datetime", "checkbox", "filepicker"}
CONTAINERS = frozenset({"group", "dynamiclist"})
STATIC = frozenset({"text", "html", "separator", "spacer", "table"})
IGNORED = frozenset({"button"})
"""Our page has its own actions."""
KNOWN = FIELDS | CONTAINERS | STATIC | IGNORED
ROW = "*"
"""Stands in a path for the number of a row."""


@dataclass(frozen=True)
class Option:
    """One value to choose, and the words for it."""

    value: str | int | float | bool
    label: str


@dataclass(frozen=True, eq=False)
class Component:
    """`raw` is what the file says; `path` leads to its data, with `*` for the number of a row; empty where it has none of its own."""

    type: str
    raw: Mapping[str, Any]
    path: tuple[str, ...]
    own: tuple[str, ...]
    """The part of `path` that it adds to what is around it."""
    children: tuple[Component, ...] = field(default=())

    @property
    def key(self) -> str:
        """What messages call it: its key or path, else its id."""
        return str(self.raw.get("key") or self.raw.get("path") or self.raw.get("id") or self.type)

    @property
    def is_field(self) -> bool:
        return self.type in FIELDS

    @property
    def label(self) -> str:
        label = self.raw.get("label")
        if self.type == "datetime":
            label = self.raw.get("timeLabel" if self.subtype == "time" else "dateLabel") or label
        return str(label or "").strip()

    @property
    def description(self) -> str:
        return str(self.raw.get("description") or "").strip()

    @property
    def subtype(self) -> str:
        """Of a datetime: date, time or datetime."""
        return str(self.raw.get("subtype") or "date")

    @cached_property
    def rules(self) -> Mapping[str, Any]:
        """`validate` of the file."""
        return _mapping(self.raw.get("validate"))

    @cached_property
    def properties(self) -> Mapping[str, Any]:
        """Custom properties: `so_dong_toi_thieu` and `so_dong_toi_da` of a list."""
        return _mapping(self.raw.get("properties"))

    @property
    def required(self) -> bool:
        return self.rules.get("required") is True

    @property
    def hide(self) -> str | None:
        """FEEL source of the condition under which it is hidden."""
        return source(_mapping(self.raw.get("conditional")).get("hide"))

    @property
    def growing(self) -> bool:
        """Whether rows of a list may be added and removed."""
        return self.raw.get("allowAddRemove") is not False

    @property
    def repetitions(self) -> int:
        """Rows that an empty list begins with."""
        count = self.raw.get("defaultRepetitions", 1)
        return min(max(count, 0), 50) if isinstance(count, int) else 1

    def walk(self) -> Iterator[Component]:
        """Itself and everything inside it."""
        yield self
        for child in self.children:
            yield from child.walk()


def source(value: object) -> str | None:
    """The FEEL expression of a value that is written `=...`."""
    return value.strip()[1:].strip() if isinstance(value, str) and value.lstrip().startswith("=") else None


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
