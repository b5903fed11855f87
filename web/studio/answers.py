"""What an analyst types to try something out: text as people write it, values as the case would have them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from engine.decisions import types
from engine.errors import ExpressionError
from engine.expressions import feel, to_json
from engine.forms import terms
from web.forms import moment, number
from web.language import gettext as _

LONGEST = 20_000
_YES, _NO = frozenset({"true", "có", "co", "yes", "đúng"}), frozenset({"false", "không", "khong", "no", "sai"})
_NUMBERS = frozenset({"number", "double", "integer", "long"})
_MOMENTS = {"date": "date", "time": "time", "dateTime": "datetime", "date and time": "datetime"}


def read(text: str, type_: str = "") -> Any:
    """The value that `text` stands for where a value of DMN's `type_` is asked; nothing typed is nothing. What it is not stays text."""
    text = text.strip()[:LONGEST]
    if not text:
        return None
    if type_ == "string":
        return text
    if type_ == "boolean":
        return _boolean(text)
    if type_ in _NUMBERS:
        return number(text)
    if type_ in _MOMENTS:
        return moment(text, _MOMENTS[type_])
    return _anything(text)


def problem(text: str, type_: str) -> str:
    """The sentence about a text that is no value of `type_`; empty when it is one."""
    if not text:
        return ""
    expected = _expected(type_)
    try:
        types.coerce(read(text, type_), type_)
    except (ValueError, TypeError, ArithmeticError):
        return _("cần %(expected)s, nhưng thấy “%(found)s”.", expected=expected, found=text[:60])
    return ""


def _expected(type_: str) -> str:
    return {
        **dict.fromkeys(("number", "double"), _("một số, ví dụ 4,5")),
        **dict.fromkeys(("integer", "long"), _("một số nguyên, ví dụ 12")),
        "boolean": _("“có” hoặc “không”"),
        "date": _("một ngày, ví dụ 05/03/2026"),
        "time": _("giờ:phút, ví dụ 08:30"),
        **dict.fromkeys(("dateTime", "date and time"), _("ngày và giờ, ví dụ 05/03/2026 08:30")),
        "yearMonthDuration": _("số năm tháng, ví dụ P3Y6M"),
        "dayTimeDuration": _("số ngày giờ, ví dụ P10D"),
    }.get(type_, _("giá trị thuộc kiểu %(type)s", type=type_))


def _boolean(text: str) -> Any:
    word = text.lower()
    return True if word in _YES else False if word in _NO else text


def _anything(text: str) -> Any:
    """A list, a record or text in quotes as FEEL or JSON writes them, a number, a date, true or false; else the words themselves."""
    if text[0] in '[{"':
        return _written(text)
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    value = number(text)
    return value if not isinstance(value, str) else moment(text, "date")


def _written(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        try:
            return to_json(feel(text, {}))
        except (ExpressionError, ValueError):
            return text


def shown(value: Any) -> str:
    """A value as people read it: dd/mm/yyyy, decimal comma, lists and records in brackets."""
    if isinstance(value, Mapping):
        return "{" + "; ".join(f"{key}: {shown(one)}" for key, one in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + "; ".join(shown(one) for one in value) + "]"
    return terms.written(value) if value is not None else "—"


def put(variables: dict[str, Any], path: tuple[str, ...], value: Any) -> None:
    """Set the part of a record, the records on the way made as they are missed."""
    record = variables
    for part in path[:-1]:
        inner = record.get(part)
        record[part] = inner = inner if isinstance(inner, dict) else {}
        record = inner
    record[path[-1]] = value
