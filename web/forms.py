"""Between the controls of a page and the data of a form.

A control's name is the path of its field: `ke_hoach.0.so_luong`. Names that begin with `_` are buttons that change the form without handing
it in: `_add=<list>`, `_remove=<list>.<row>`, `_detach=<field>:<document id>`, `_attach=<field>`, `_refresh`.
Nothing here says that something is wrong: what cannot be read as a date or a number stays as it was typed, and Form.validate says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from typing import Any

from werkzeug.datastructures import FileStorage, MultiDict

from engine.forms import Component, Form
from engine.forms.component import MULTIPLE, ROW
from engine.forms.entry import defaults, put
from engine.forms.place import lookup

EDITS = ("_add", "_remove", "_detach", "_attach", "_refresh")
_DATE = re.compile(r"(\d{1,2})\s*[/.-]\s*(\d{1,2})\s*[/.-]\s*(\d{4})", re.ASCII)
_TIME = re.compile(r"(\d{1,2})\s*(?::|h|giờ)\s*(\d{2})?(?:\s*phút)?", re.IGNORECASE | re.ASCII)
_NUMBER = re.compile(r"[-−]?(?:\d{1,3}(?:\.\d{3})+|\d{1,30})(?:,\d{1,30})?", re.ASCII)
_ROW = re.compile(r"\d{1,4}", re.ASCII)
Path = tuple[str | int, ...]


@dataclass(frozen=True)
class Edited:
    """A form that was changed without being handed in. `focus`: path of the row or field where work goes on."""

    data: dict[str, Any]
    focus: str = ""


def parse(form: Form, posted: MultiDict[str, str]) -> dict[str, Any]:
    """What was posted, as the form's data. Fields that the form does not have keep their name, so that validation names them."""
    known = {component.path: component for top in form.components for component in top.walk() if component.is_field}
    data: dict[str, Any] = {}
    for name, values in posted.lists():
        if name.startswith("_") or name == "csrf_token":
            continue
        path = _path(name)
        component = known.get(tuple(ROW if isinstance(part, int) else part for part in path))
        if component is None:
            data[name] = values[-1]
        else:
            # Rows are records by number for now, so that a gap in the numbers costs nothing.
            put(data, path, _value(component, values))
    return _rows_in_order(form.components, data, drop_blank=not is_edit(posted))


def is_edit(posted: Mapping[str, str]) -> bool:
    """Whether a button was pressed that changes the form without handing it in."""
    return any(name in posted for name in EDITS)


def edit(form: Form, posted: MultiDict[str, str], variables: Mapping[str, Any]) -> Edited:
    """The form after the button that was pressed. `_attach` changes nothing by itself: see `uploads` and `add_document`."""
    data = parse(form, posted)
    if "_add" in posted:
        return Edited(data, _add_row(form, data, _path(posted["_add"]), variables))
    if "_remove" in posted:
        *way, row = _path(posted["_remove"])
        rows = lookup(data, way)
        if isinstance(rows, list) and isinstance(row, int) and row < len(rows):
            del rows[row]
            return Edited(data, ".".join(map(str, (*way, max(row - 1, 0)))))
    if "_detach" in posted:
        name, _, number = posted["_detach"].rpartition(":")
        ids = lookup(data, _path(name))
        if isinstance(ids, list) and number.isdecimal():
            ids[:] = [one for one in ids if one != int(number)]
        return Edited(data, name)
    return Edited(data, posted.get("_attach", ""))


def uploads(form: Form, files: MultiDict[str, FileStorage]) -> list[tuple[str, FileStorage]]:
    """(name of the field, file) of every file that was chosen in a file field of the form."""
    chosen = [(name, stored) for name, stored in files.items(multi=True) if stored.filename]
    return [(name, stored) for name, stored in chosen if (field := form.field(name)) and field.type == "filepicker"]


def add_document(form: Form, data: dict[str, Any], name: str, document_id: int) -> None:
    """Put a stored file into its field; where only one is asked, in place of the former."""
    path = _path(name)
    component = next((c for top in form.components for c in top.walk() if c.path == path and c.type == "filepicker"), None)
    if component is not None:
        former = lookup(data, path) if component.raw.get("multiple") else []
        put(data, path, [*(former if isinstance(former, list) else []), document_id])


def remove_document(form: Form, data: dict[str, Any], document_id: int) -> None:
    """Take a file out of every field."""
    for field in form.fields:
        ids = lookup(data, field.path.split(".")) if field.type == "filepicker" else None
        if isinstance(ids, list):
            ids[:] = [one for one in ids if one != document_id]


def _value(component: Component, values: list[str]) -> Any:
    """What one control says."""
    if component.type == "checkbox":
        return any(values)
    if component.type in MULTIPLE:
        return [value for value in values if value]
    if component.type == "filepicker":
        return [int(value) if re.fullmatch(r"[0-9]{1,18}", value) else value for value in values if value]
    text = values[-1]
    if not text.strip():
        return None
    if component.type == "number":
        return number(text)
    return moment(text, component.subtype) if component.type == "datetime" else text


def number(text: str) -> int | float | str:
    """12,5 or 1.250.000: a decimal comma, dots between thousands. Anything else stays text: 1.5 could mean two things."""
    compact = re.sub(r"\s", "", text)
    if not _NUMBER.fullmatch(compact):
        return text
    exact = Decimal(compact.replace(".", "").replace(",", ".").replace("−", "-"))
    return int(exact) if exact == exact.to_integral_value() else float(exact)


def moment(text: str, kind: str) -> str:
    """5/3/2026, 5/3/2026 8:30 or 8h30 as ISO text. Anything else stays as it is."""
    day, clock = text.strip(), ""
    if kind == "time":
        return _clock(day) or text
    if kind == "datetime":
        day, _, clock = day.partition(" ")
        clock = _clock(clock.strip(" ,")) or ""
    found = _DATE.fullmatch(day)
    if found is None or (kind == "datetime" and not clock):
        return text
    try:
        written = date(int(found[3]), int(found[2]), int(found[1])).isoformat()
    except ValueError:
        return text
    return f"{written}T{clock}" if kind == "datetime" else written


def _clock(text: str) -> str | None:
    found = _TIME.fullmatch(text)
    try:
        return time(int(found[1]), int(found[2] or 0)).strftime("%H:%M") if found else None
    except ValueError:
        return None


def _add_row(form: Form, data: dict[str, Any], path: Path, variables: Mapping[str, Any]) -> str:
    """Append a row with its default values. Gives the path of the row."""
    list_ = next((c for top in form.components for c in top.walk() if c.path == path and c.type == "dynamiclist"), None)
    if list_ is None or not list_.growing:
        return ""
    rows = lookup(data, path)
    if not isinstance(rows, list):
        put(data, path, rows := [])
    rows.append(defaults(list_.children, {}, variables))
    return ".".join(map(str, (*path, len(rows) - 1)))


def _path(name: str) -> Path:
    return tuple(int(part) if _ROW.fullmatch(part) else part for part in name.split("."))


def _rows_in_order(components: Iterable[Component], data: dict[str, Any], drop_blank: bool) -> dict[str, Any]:
    """Rows by number become lists; rows in which nothing is typed go."""
    for component in components:
        value = lookup(data, component.own) if component.own else data
        if component.type == "group" and isinstance(value, dict):
            _rows_in_order(component.children, value, drop_blank)
        elif component.type == "dynamiclist" and isinstance(value, dict):
            rows = [_rows_in_order(component.children, row, drop_blank) for _, row in sorted(value.items())]
            put(data, component.own, [row for row in rows if not (drop_blank and component.growing and _is_blank(row))])
    return data


def _is_blank(value: object) -> bool:
    if isinstance(value, Mapping):
        return all(_is_blank(one) for one in value.values())
    return value in (None, False, []) or (isinstance(value, str) and not value.strip())
