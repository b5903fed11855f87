"""A form: what it asks, what is known beforehand, and whether what was handed in is right."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from engine.diagram import Node
from engine.errors import Finding, FormInvalid
from engine.expressions.vocabulary import NOW
from engine.forms import checking, entry, form_data, keywords, reading, schema, sentences
from engine.forms.component import CHOICES, ROW, Component, Option
from engine.forms.layout import given, settle
from engine.forms.place import Place, lookup
from engine.forms.typed import HERE, moment


@dataclass(frozen=True)
class Field:
    """A field or list, for lists of fields. `path` is its name, with `*` for the number of a row: `ke_hoach.*.so_luong`."""

    path: str
    label: str
    type: str
    required: bool
    description: str
    subtype: str = ""
    options: tuple[Option, ...] = ()
    """Those written in the form; options that come from the case are known at its place only."""


class Form:
    """Immutable; shared by all who fill it in."""

    def __init__(self, id_: str, components: Sequence[Component], file: str = "", findings: Sequence[Finding] = ()) -> None:
        self.id = id_
        self.file = file
        self.components = tuple(components)
        self._findings = tuple(findings)

    @classmethod
    def read(cls, content: bytes, file: str) -> Form:
        """A `.form` file. Raises FileRejected when it is no form at all; what cannot be honoured in it is told by check()."""
        raw = reading.load(content, file)
        return cls(raw["id"].strip(), reading.components(raw, file), file)

    @classmethod
    def from_form_data(cls, node: Node, file: str = "") -> Form:
        """`camunda:formData` of a user task or start event."""
        id_, raw, findings = form_data.convert(node, file)
        return cls(id_, reading.components({"components": raw}, file), file, findings)

    @classmethod
    def empty(cls) -> Form:
        """A form that asks nothing."""
        return cls("", ())

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """All fields and lists in order, those inside groups and lists too."""
        return tuple(_field(c) for c in self._walk() if c.path and (c.is_field or c.type == "dynamiclist"))

    def field(self, name: str) -> Field | None:
        """The field of a name such as `ke_hoach.0.so_luong`, or None."""
        path = ".".join(ROW if part.isdecimal() else part for part in name.split("."))
        return next((field for field in self.fields if field.path == path), None)

    @cached_property
    def reads(self) -> frozenset[str]:
        """Names of variables that its expressions and choices may read, beside its own fields."""
        return frozenset(name for component in self._walk() for name in checking.reads(component))

    @cached_property
    def _deciding(self) -> frozenset[str]:
        return frozenset(name for component in self._walk() for name in checking.decided_by(component))

    @property
    def has_conditions(self) -> bool:
        """Whether what is entered decides what else shows."""
        return any(self.decides(component) for component in self._walk())

    def decides(self, component: Component) -> bool:
        """Whether what is entered into it may show, hide, lock or change others."""
        # The whole path: a condition outside of the group says `nhom.truong`, one inside of it says `truong`.
        return component.is_field and not self._deciding.isdisjoint(component.path)

    @cached_property
    def has_files(self) -> bool:
        return any(component.type == "filepicker" for component in self._walk())

    def check(self) -> list[Finding]:
        """Everything in it that the server cannot honour."""
        return [*self._findings, *checking.findings(self.components, self.file)]

    def defaults(self, variables: Mapping[str, Any]) -> dict[str, Any]:
        """What the form shows before anybody typed: the case's values, else default values."""
        return entry.defaults(self.components, variables)

    def places(self, data: Mapping[str, Any], variables: Mapping[str, Any]) -> list[Place]:
        """Where each component stands for these data, to be shown. Fields that are only shown have the case's values."""
        return settle(self.components, entry.with_locked(self.components, data, self.defaults(variables)), variables)

    def answers(self, values: Mapping[str, Any], variables: Mapping[str, Any]) -> list[Place]:
        """Places of the fields that had a part in what was handed in, to be read afterwards."""
        return given(settle(self.components, values, variables), values)

    def schema(self, variables: Mapping[str, Any], data: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """JSON Schema 2020-12 of what may be handed in for these data."""
        start = self.defaults(variables) if data is None else data
        return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema.of_places(self.places(start, variables))}

    def validate(
        self, data: Mapping[str, Any], variables: Mapping[str, Any], *, documents: Collection[int] = (), today: date | None = None
    ) -> dict[str, Any]:
        """The clean values of all fields that show, as the case keeps them.

        An empty field is None (a list: []), so that what is taken away is gone from the case too. What is hidden is dropped.
        `documents`: ids of the files attached to this task. Raises FormInvalid with one sentence per field.
        """
        known = self.defaults(variables)
        entered = entry.tidy(data)
        places = self.places(entered, variables)
        index = {place.name: place for top in places for place in top.walk() if place.component.own}
        pruned, errors = entry.prune(entered, known, places)
        validator = keywords.Validator(schema.of_places(places), format_checker=keywords.formats)
        errors |= sentences.of_errors(validator.iter_errors(pruned), index)
        for name, sentence in self._beyond_schema(pruned, variables, index, documents, today or _today(variables)):
            errors.setdefault(name, sentence)
        if errors:
            order = {name: i for i, name in enumerate(index)}
            raise FormInvalid(dict(sorted(errors.items(), key=lambda error: order.get(error[0], len(order)))))
        return entry.result(places, pruned, variables)

    def _beyond_schema(
        self, data: Mapping[str, Any], variables: Mapping[str, Any], index: Mapping[str, Place], documents: Collection[int], today: date
    ) -> Iterator[tuple[str, str]]:
        """What JSON Schema cannot know: which documents there are, and which day it is."""
        for name, place in index.items():
            value = lookup(data, place.path)
            if place.type == "filepicker" and isinstance(value, list):
                allowed = {*documents, *entry.document_ids(lookup(variables, place.path))}
                if strange := [one for one in entry.document_ids(value) if one not in allowed]:
                    yield name, sentences.NOT_ATTACHED.format(label=place.label, found=strange[0])
            elif place.component.raw.get("disallowPassedDates") is True and isinstance(value, str) and value[:10] < today.isoformat():
                yield name, sentences.PAST.format(label=place.label, found=moment(value))

    def _walk(self) -> Iterator[Component]:
        for component in self.components:
            yield from component.walk()


def _field(component: Component) -> Field:
    written = Place(component, (), {}, None, hidden=False, locked=False).options if component.type in CHOICES else []
    subtype = component.subtype if component.type == "datetime" else ""
    required = component.required or bool(component.properties.get("so_dong_toi_thieu"))
    return Field(
        ".".join(component.path), component.label or component.key, component.type, required, component.description, subtype, tuple(written)
    )


def _today(variables: Mapping[str, Any]) -> date:
    """The day it is: `_now` among the variables is the time of a trial run."""
    now = variables.get(NOW)
    now = datetime.fromisoformat(now) if isinstance(now, str) else now
    return (now if isinstance(now, datetime) else datetime.now(HERE)).astimezone(HERE).date()
