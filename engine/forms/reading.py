"""From the bytes of a `.form` file to components."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from engine.errors import FileRejected
from engine.forms.component import IGNORED, ROW, Component

MOST_BYTES = 1_000_000
MOST_COMPONENTS = 1_000
DEEPEST = 8


def load(content: bytes, file: str) -> dict[str, Any]:
    """The JSON object of a form file. Raises FileRejected."""
    if len(content) > MOST_BYTES:
        raise FileRejected(file=file, expected=f"a form of at most {MOST_BYTES} bytes", found=f"{len(content)} bytes")
    try:
        schema = json.loads(unicodedata.normalize("NFC", content.decode("utf-8-sig")), parse_constant=_no_constant)
    except (ValueError, RecursionError) as error:
        raise FileRejected(file=file, expected="a form as JSON in UTF-8", found=str(error)[:200]) from None
    if not isinstance(schema, dict) or not isinstance(schema.get("components"), list):
        raise FileRejected(file=file, expected='a form-js schema: an object with a list "components"', found=str(schema)[:80])
    if not isinstance(schema.get("id"), str) or not schema["id"].strip():
        raise FileRejected(file=file, expected='a form with an "id", since diagrams name it by that', found=f"id {schema.get('id')!r}")
    return schema


def components(schema: Mapping[str, Any], file: str) -> tuple[Component, ...]:
    """The tree of components. Raises FileRejected when it is no tree of objects, or too large."""
    count = 0

    def read(raw: object, around: tuple[str, ...], depth: int) -> Iterator[Component]:
        nonlocal count
        count += 1
        if not isinstance(raw, dict) or not isinstance(raw.get("type"), str):
            raise FileRejected(file=file, expected='components that are objects with a "type"', found=str(raw)[:80])
        if count > MOST_COMPONENTS or depth > DEEPEST:
            raise FileRejected(file=file, expected=f"at most {MOST_COMPONENTS} components, {DEEPEST} deep", found="more")
        if raw["type"] in IGNORED:
            return
        own = _own_path(raw)
        inside = (*around, *own, ROW) if raw["type"] == "dynamiclist" else (*around, *own)
        nested = raw.get("components")
        children = [c for child in (nested if isinstance(nested, list) else []) for c in read(child, inside, depth + 1)]
        yield Component(raw["type"], raw, (*around, *own), own, tuple(children))

    return tuple(c for raw in schema["components"] for c in read(raw, (), 1))


def _own_path(raw: Mapping[str, Any]) -> tuple[str, ...]:
    named = raw.get("path" if raw["type"] in ("group", "dynamiclist") else "key")
    return tuple(part for part in named.split(".")) if isinstance(named, str) and named else ()


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
