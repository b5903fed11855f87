"""Variables typed by hand where no form asks for them: rows of name, kind and value."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from flask import request
from flask_babel import lazy_gettext as _l

from web import forms
from web.language import gettext as _

KINDS = {"text": _l("chữ"), "number": _l("số"), "boolean": _l("có hoặc không"), "date": _l("ngày (dd/mm/yyyy)")}
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,99}")
NUMBER = re.compile(r"-?\d{1,15}([.,]\d{1,10})?")
YES, NO = ("có", "co", "yes", "true", "1"), ("không", "khong", "no", "false", "0")
MOST, LONGEST = 30, 10_000


class Mistyped(Exception):
    """A row that cannot be read; the sentence says why."""


@dataclass(frozen=True)
class Row:
    """What was typed into one row."""

    name: str = ""
    kind: str = "text"
    text: str = ""


def read() -> list[Row]:
    """The rows of this request that are not empty."""
    form = request.form
    lists = (form.getlist(f"row_{part}")[:MOST] for part in ("name", "kind", "text"))
    rows = [Row(name.strip(), kind, text[:LONGEST]) for name, kind, text in zip(*lists, strict=False)]
    return [row for row in rows if row.name or row.text.strip()]


def shown(rows: Sequence[Row]) -> list[Row]:
    """The rows of the page: those that were typed, and room for more."""
    return [*rows, *[Row()] * (2 if rows else 3)][:MOST]


def values(rows: Sequence[Row]) -> dict[str, Any]:
    """Name -> value. Raises Mistyped."""
    found: dict[str, Any] = {}
    for row in rows:
        if not NAME.fullmatch(row.name):
            raise Mistyped(_("Cần tên dữ liệu gồm chữ không dấu, số và gạch dưới, nhưng đã nhập “%(typed)s”.", typed=row.name[:100]))
        if row.name in found:
            raise Mistyped(_("Dữ liệu “%(name)s” có hai dòng; chỉ giữ một.", name=row.name))
        found[row.name] = _value(row)
    return found


def _value(row: Row) -> Any:
    text = row.text.strip()
    if row.kind == "text":
        return row.text
    if row.kind == "number" and NUMBER.fullmatch(text):
        number = float(text.replace(",", "."))
        return int(number) if number.is_integer() else number
    if row.kind == "boolean" and text.lower() in YES + NO:
        return text.lower() in YES
    if row.kind == "date":
        try:
            return date.fromisoformat(forms.moment(text[:40], "date")).isoformat()
        except ValueError:
            pass
    wanted = KINDS.get(row.kind, row.kind)
    raise Mistyped(_("Dữ liệu “%(name)s” cần %(kind)s, nhưng đã nhập “%(typed)s”.", name=row.name, kind=wanted, typed=text[:100]))
