"""A component at its place in one person's form: its data, whether it shows, what may be chosen there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

from engine.forms import terms
from engine.forms.component import CHOICES, Component, Option, source
from engine.forms.prose import Block, blocks
from engine.forms.typed import number, typed

MOST_OPTIONS = 2_000
Path = tuple[str | int, ...]


def lookup(data: object, path: Iterable[str | int]) -> Any:
    """The value at `path`, or None."""
    for part in path:
        if isinstance(data, Mapping) and isinstance(part, str):
            data = data.get(part)
        elif isinstance(data, Sequence) and not isinstance(data, str) and isinstance(part, int) and 0 <= part < len(data):
            data = data[part]
        else:
            return None
    return data


class Place:
    """`scope` is what its expressions see, `value` what is entered or known there; lists have `rows` and `blank_row`, groups `children`."""

    def __init__(self, component: Component, path: Path, scope: Mapping[str, Any], value: Any, *, hidden: bool, locked: bool) -> None:
        self.component = component
        self.path = path
        self.scope = scope
        self.value = value
        self.locked = locked or self._flag("readonly") or self._flag("disabled")
        """Shown, but not to be changed here."""
        self.hidden = hidden or (component.hide is not None and terms.value(component.hide, scope) is True)
        self.children: list[Place] = []
        self.rows: list[list[Place]] = []
        self.blank_row: list[Place] = []

    @property
    def type(self) -> str:
        return self.component.type

    @property
    def name(self) -> str:
        """`ke_hoach.0.so_luong`: the name of its control, and its key in FormInvalid."""
        return ".".join(str(part) for part in self.path)

    @cached_property
    def label(self) -> str:
        return terms.fill(self.component.label, self.scope) or self.component.key

    @cached_property
    def description(self) -> str:
        return terms.fill(self.component.description, self.scope)

    @property
    def required(self) -> bool:
        return self.component.required and not self.hidden and not self.locked

    @property
    def growing(self) -> bool:
        return self.component.growing and not self.locked

    @cached_property
    def options(self) -> list[Option]:
        """What may be chosen: written in the form, or a list in the case's data, of values or of {label, value}."""
        if self.type not in CHOICES:
            return []
        raw = self.component.raw
        if isinstance(raw.get("valuesKey"), str) and raw["valuesKey"]:
            found = lookup(self.scope, raw["valuesKey"].split("."))
        elif (expression := source(raw.get("valuesExpression"))) is not None:
            found = terms.value(expression, self.scope)
        else:
            found = raw.get("values")
        return list(_options(found))

    @property
    def chosen(self) -> list[str]:
        """The labels of what is chosen; a value that is no option any more speaks for itself."""
        labels = {option.value: option.label for option in self.options}
        values = self.value if isinstance(self.value, list) else [self.value]
        return [labels.get(v, str(v)) if isinstance(v, str | int | float) else str(v) for v in values if v not in (None, "")]

    @property
    def typed(self) -> str:
        """The value as it stands in the control: dd/mm/yyyy, decimal comma; what was typed wrong, unchanged."""
        wrong = self.type == "number" and isinstance(self.value, str) and self.component.raw.get("serializeToString") is not True
        return str(self.value) if wrong else typed(self.type, self.value)

    @property
    def read(self) -> str:
        """The value as it stands in a finished form: labels instead of codes."""
        if self.type in CHOICES:
            return ", ".join(self.chosen)
        if self.type == "checkbox":
            return "Có" if self.value is True else "Không"
        words = number(self.value, grouped=True) if self.type == "number" else self.typed
        return f"{self.adorner('prefix')} {words} {self.adorner('suffix')}".strip() if words else ""

    def adorner(self, side: str) -> str:
        """What stands before (`prefix`) or after (`suffix`) the control: a unit."""
        appearance = self.component.raw.get("appearance")
        return terms.fill(str(appearance.get(f"{side}Adorner") or ""), self.scope) if isinstance(appearance, Mapping) else ""

    @property
    def columns(self) -> list[Component]:
        """Of a list: the fields of a row, for a table."""
        return [inner for child in self.component.children for inner in child.walk() if inner.is_field]

    def cells(self, row: Sequence[Place]) -> list[Place | None]:
        """The fields of a row in the order of `columns`; None for those that had no part in it."""
        found = {place.component: place for top in row for place in top.walk()}
        return [found.get(component) for component in self.columns]

    @cached_property
    def text(self) -> list[Block]:
        """A static text as blocks of a tiny safe subset of Markdown."""
        written = self.component.raw.get("text" if self.type == "text" else "content")
        return blocks(terms.fill(str(written or ""), self.scope), from_html=self.type == "html")

    @cached_property
    def table(self) -> list[dict[str, Any]]:
        """The rows of a read-only table: a list of records in the case's data."""
        found = terms.value(source(self.component.raw.get("dataSource")) or "null", self.scope)
        return [dict(row) for row in found if isinstance(row, Mapping)][:MOST_OPTIONS] if isinstance(found, list) else []

    def cell(self, value: object) -> str:
        """A value in a read-only table."""
        return terms.written(value)

    def limit(self, rule: str) -> Any:
        """A limit such as `max`: a number, or an expression that gives one."""
        written = self.component.rules.get(rule)
        expression = source(written)
        found = terms.value(expression, self.scope) if expression is not None else written
        if isinstance(found, str):
            try:
                return float(found) if "." in found else int(found)
            except ValueError:
                return None
        return found if isinstance(found, int | float) and not isinstance(found, bool) else None

    def walk(self) -> Iterator[Place]:
        """Itself and everything inside it, hidden or not."""
        yield self
        for inner in (*self.children, *(place for row in self.rows for place in row)):
            yield from inner.walk()

    def _flag(self, name: str) -> bool:
        written = self.component.raw.get(name)
        expression = source(written)
        return terms.value(expression, self.scope) is True if expression is not None else written is True


def _options(found: object) -> Iterator[Option]:
    seen: set[object] = set()
    for one in found[:MOST_OPTIONS] if isinstance(found, list) else []:
        value = one.get("value") if isinstance(one, Mapping) else one
        label = one.get("label", value) if isinstance(one, Mapping) else one
        if isinstance(value, str | int | float) and value not in seen:
            seen.add(value)
            yield Option(value, str(label))
