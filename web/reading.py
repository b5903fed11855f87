"""Data of a case as people read it: with the labels of the forms that asked for it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from engine.contents import Contents
from engine.diagram import Element
from engine.forms import Field, Form
from engine.models import Document
from web.language import gettext as _
from web.words import write_date, write_moment

_VARIABLE = re.compile(r"\$\{(\w+)\}")
DURATION = re.compile(r"P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+)W)?(?:(?P<days>\d+)D)?(?:T(?:(?P<hours>\d+)H)?)?")
_DATE = re.compile(r"\d{4}-\d\d-\d\d")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d.*")


@dataclass
class Shown:
    """One labelled value: a text, files, or further values. `items` are rows of a list, `parts` the fields of a record."""

    label: str
    is_name: bool = False
    """The label is the variable's name: no form asks for it."""
    text: str = ""
    parts: list[Shown] = field(default_factory=list)
    items: list[Shown] = field(default_factory=list)
    files: list[Document] = field(default_factory=list)

    @property
    def says_something(self) -> bool:
        return bool(self.text or self.files) or any(one.says_something for one in (*self.parts, *self.items))

    @property
    def columns(self) -> list[str]:
        """Headings of the table that the items make, without those that stand over nothing; none when the items are no rows."""
        rows = [item.parts for item in self.items]
        flat = all(row and not any(one.parts or one.items for one in row) for row in rows)
        return list(dict.fromkeys(one.label for row in rows for one in row if one.says_something)) if flat else []


class Reader:
    """Knows the fields of `forms`; `names` are words for codes (bodies, accounts); `documents` the files that ids stand for."""

    def __init__(self, forms: Iterable[Form], names: Mapping[str, str], documents: Collection[Document] = ()) -> None:
        self.fields: dict[str, Field] = {}
        self.labels: dict[str, str] = {}
        self.by_name: dict[str, str] = {}
        """Shortest label of a field of that name: for records that were entered at one place and are kept at another."""
        for form in forms:
            for one in form.fields:
                self.fields.setdefault(one.path, one)
            for component in (inner for top in form.components for inner in top.walk()):
                if component.path and component.label:
                    self.labels.setdefault(".".join(component.path), component.label)
                    short = self.by_name.setdefault(component.path[-1], component.label)
                    self.by_name[component.path[-1]] = min(short, component.label, key=len)
        self.names = names
        self.documents = {document.id: document for document in documents}

    def all(self, data: Mapping[str, Any]) -> list[Shown]:
        """Every value of `data`, in its order."""
        return [self.one(name, value) for name, value in data.items() if not name.startswith("_")]

    def one(self, path: str, value: Any) -> Shown:
        known = self.fields.get(path)
        record, _dot, name = path.rpartition(".")
        label = self.labels.get(path) or (self.by_name.get(name) if record else None)
        shown = Shown(label or name, is_name=label is None)
        if isinstance(value, Mapping):
            shown.parts = [self.one(f"{path}.{name}", inner) for name, inner in value.items()]
        elif isinstance(value, list) and self._are_files(known, value):
            shown.files = [self.documents[number] for number in value if number in self.documents]
            if shown.is_name:
                shown.label, shown.is_name = _("Văn bản"), False
        elif isinstance(value, list) and any(isinstance(inner, Mapping | list) for inner in value):
            shown.items = [self.one(f"{path}.*", inner) for inner in value]
        else:
            values = value if isinstance(value, list) else [value]
            shown.text = "; ".join(self._text(known, inner) for inner in values)
        return shown

    def _are_files(self, known: Field | None, value: list[Any]) -> bool:
        """Ids of documents: what a file field holds, or a variable of no form into which a handler put what it made."""
        if known is not None:
            return known.type == "filepicker"
        return bool(value) and all(isinstance(one, int) and one in self.documents for one in value)

    def _text(self, known: Field | None, value: Any) -> str:
        if value is None:
            return ""
        if isinstance(value, bool):
            return _("có") if value else _("không")
        if isinstance(value, datetime):
            return write_moment(value)
        if isinstance(value, date):
            return write_date(value)
        if isinstance(value, float | int):
            return f"{value:g}".replace(".", ",") if isinstance(value, float) else str(value)
        text = str(value)
        for option in known.options if known else ():
            if option.value == value:
                return option.label
        if _DATE.fullmatch(text):
            return write_date(date.fromisoformat(text))
        if _MOMENT.fullmatch(text):
            return f"{text[8:10]}/{text[5:7]}/{text[:4]} {text[11:16]}"
        if text != "P" and (length := DURATION.fullmatch(text)):
            return duration_words(length)
        choice = known is None or known.type in ("select", "radio", "checklist", "taglist")
        return self.names.get(text, text) if choice else text


def duration_words(length: re.Match[str]) -> str:
    """What DURATION found, in words."""
    parts = {unit: int(amount) for unit, amount in length.groupdict().items() if amount}
    words = {"years": _("năm"), "months": _("tháng"), "weeks": _("tuần"), "days": _("ngày"), "hours": _("giờ")}
    return " ".join(f"{amount} {words[unit]}" for unit, amount in parts.items())


def of_contents(contents: Contents, choices: Mapping[str, Any], documents: Collection[Document] = ()) -> Reader:
    """A reader for the cases of one deployment. `choices`: engine.user_tasks.choices."""
    names = {str(one["value"]): str(one["label"]) for key in ("_tai_khoan", "_to_chuc") for one in choices.get(key, ())}
    reader = Reader(contents.forms.values(), names, documents)
    for element in (one for diagram in contents.diagrams.values() for one in diagram.elements.values()):
        for variable, label in _times(element):
            reader.labels.setdefault(variable, label)
    return reader


def _times(element: Element) -> Iterator[tuple[str, str]]:
    """Variables that hold a deadline or a timer of `element`, with what they are for: no form asks for them, but the diagram tells."""
    if due := _VARIABLE.fullmatch(element.camunda("dueDate") or ""):
        yield due[1], _("Hạn của bước “%(step)s”", step=element.name)
    for definition in element.children("timerEventDefinition"):
        for text in definition:
            if timer := _VARIABLE.fullmatch((text.text or "").strip()):
                yield timer[1], _("Thời gian đến “%(event)s”", event=element.name)
