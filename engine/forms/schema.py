"""JSON Schema 2020-12 of a form at its places."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from engine.forms.pattern import LONGEST
from engine.forms.place import Place

MOST_ROWS = 500
LONGEST_LINE = 2_000
LONGEST_TEXT = 50_000
FORMATS = {"date": "date", "time": "time", "datetime": "date-time"}
Schema = dict[str, Any]


def of_places(places: Sequence[Place]) -> Schema:
    """An object with exactly the fields that a person may fill in at these places."""
    schema = _object()
    for place in places:
        _add(schema, place)
    return schema


def _add(schema: Schema, place: Place) -> None:
    if place.type == "group":
        inner = _reach(schema, place.component.own)
        for child in place.children:
            _add(inner, child)
    elif place.component.own:
        holder = _reach(schema, place.component.own[:-1])
        if place.hidden or place.locked:
            return
        holder["properties"][place.component.own[-1]] = _list(place) if place.type == "dynamiclist" else _FIELDS[place.type](place)
        if place.required or least_rows(place):
            holder["required"].append(place.component.own[-1])


def _reach(schema: Schema, path: Sequence[str]) -> Schema:
    for part in path:
        schema = schema["properties"].setdefault(part, _object())
    return schema


def _object() -> Schema:
    return {"type": "object", "properties": {}, "required": [], "additionalProperties": False}


def least_rows(place: Place) -> int:
    """`so_dong_toi_thieu` of a list that shows."""
    return 0 if place.type != "dynamiclist" or place.hidden else _count(place.component.properties.get("so_dong_toi_thieu"), 0)


def _count(written: object, default: int) -> int:
    return min(int(written), MOST_ROWS) if isinstance(written, str | int) and str(written).isdecimal() else default


def _list(place: Place) -> Schema:
    fixed = not place.growing
    return {
        "type": "array",
        "prefixItems": [of_places(row) for row in place.rows],
        "items": of_places(place.blank_row),
        "minItems": len(place.rows) if fixed else least_rows(place),
        "maxItems": len(place.rows) if fixed else _count(place.component.properties.get("so_dong_toi_da"), MOST_ROWS),
    }


def _text(place: Place) -> Schema:
    line = place.type == "textfield"
    pattern = place.component.rules.get("pattern")
    ceiling = longest(place.component.rules) if pattern else (LONGEST_LINE if line else LONGEST_TEXT)
    most = min(place.limit("maxLength") or ceiling, ceiling)
    schema: Schema = {"type": "string", "format": "line" if line else "text", "maxLength": most}
    if least := place.limit("minLength"):
        schema["minLength"] = least
    if pattern:
        schema["javascriptPattern"] = pattern
    kind = place.component.rules.get("validationType")
    return {**schema, "allOf": [{"format": kind}]} if kind in ("email", "phone") else schema


def longest(rules: Mapping[str, Any]) -> int:
    """The longest text that a field with a pattern takes."""
    written = rules.get("maxLength")
    return min(int(written), LONGEST) if isinstance(written, str | int) and str(written).isdecimal() and int(written) else LONGEST


def _number(place: Place) -> Schema:
    schema: Schema = {"type": "number", "decimalDigits": digits(place)}
    limits = {"minimum": place.limit("min"), "maximum": place.limit("max")}
    return schema | {keyword: limit for keyword, limit in limits.items() if limit is not None}


def digits(place: Place) -> int | None:
    """How many decimals a number may have; None: any."""
    written = place.component.raw.get("decimalDigits")
    return written if isinstance(written, int) and not isinstance(written, bool) and written >= 0 else None


def _datetime(place: Place) -> Schema:
    return {"type": "string", "format": FORMATS.get(place.component.subtype, "date")}


def _single(place: Place) -> Schema:
    return {"enum": [option.value for option in place.options]}


def _multiple(place: Place) -> Schema:
    return {"type": "array", "items": _single(place), "uniqueItems": True, **({"minItems": 1} if place.required else {})}


def _checkbox(place: Place) -> Schema:
    return {"const": True} if place.required else {"type": "boolean"}


def _files(place: Place) -> Schema:
    most = {} if place.component.raw.get("multiple") else {"maxItems": 1}
    return {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, **most, **({"minItems": 1} if place.required else {})}


_FIELDS: dict[str, Callable[[Place], Schema]] = {
    "textfield": _text,
    "textarea": _text,
    "number": _number,
    "datetime": _datetime,
    "select": _single,
    "radio": _single,
    "checklist": _multiple,
    "taglist": _multiple,
    "checkbox": _checkbox,
    "filepicker": _files,
}
