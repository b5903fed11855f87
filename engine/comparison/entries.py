"""Two JSON files entry by entry, and two forms field by field."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson

from engine.comparison.model import Difference, Kind, changes, out_of_order
from engine.errors import FileRejected

_NAMING = ("id", "key", "name", "code", "value", "ma", "ten")
_NOT_MEANT = ("id", "layout", "components", "exporter", "schemaVersion", "executionPlatform", "executionPlatformVersion", "versionTag")
"""Of a form: what editors write about themselves, and the places of its fields."""


def read(source: bytes, file: str = "") -> Any:
    """Raises FileRejected."""
    try:
        return orjson.loads(source.removeprefix(b"\xef\xbb\xbf"))
    except orjson.JSONDecodeError as error:
        raise FileRejected(file=file, expected="JSON", found=str(error)) from None


def compare(old: bytes | None, new: bytes | None, file: str = "") -> list[Difference]:
    """Entry by entry; a file that is not there has none. Raises FileRejected."""
    before, after = (flat(read(source, file)) if source is not None else {} for source in (old, new))
    found = []
    for change in changes(before, after):
        kind = Kind.ADDED if change.old is None else Kind.REMOVED if change.new is None else Kind.CHANGED
        found.append(Difference(change.what, kind, "", change.what, (change,)))
    return found


def flat(value: Any) -> dict[str, str]:
    """Path -> what stands there, as text. Items of a list are called by what names them, else by their number."""
    found: dict[str, str] = {}
    stack: list[tuple[str, Any]] = [("", value)]
    while stack:
        path, one = stack.pop()
        if isinstance(one, dict) and one:
            stack += [(f"{path}.{name}" if path else name, inner) for name, inner in reversed(one.items())]
        elif isinstance(one, list) and one:
            stack += reversed([(f"{path}[{name}]", inner) for name, inner in zip(_names(one), one, strict=True)])
        else:
            found[path] = _text(one)
    return found


def _names(items: list[Any]) -> list[str]:
    for key in _NAMING:
        names = [item.get(key) for item in items if isinstance(item, dict)]
        if len(names) == len(items) and all(isinstance(name, str) and name for name in names) and len(set(names)) == len(names):
            return [str(name) for name in names]
    return [str(number) for number in range(1, len(items) + 1)]


def _text(value: Any) -> str:
    return value if isinstance(value, str) else orjson.dumps(value).decode()


# --- forms -------------------------------------------------------------------------------------------------------------------------------


def compare_forms(old: bytes | None, new: bytes | None, file: str = "") -> list[Difference]:
    """Field by field, in the order of the new form; what is gone stands last. Raises FileRejected."""
    before, after = (dict(_fields(read(source, file))) if source is not None else {} for source in (old, new))
    moved = out_of_order(list(before), after)
    found = []
    for path in [*after, *(path for path in before if path not in after)]:
        was, now = before.get(path), after.get(path)
        type_, name, _ = now or was or ("", "", {})
        if was is None or now is None:
            found.append(Difference(path, Kind.ADDED if was is None else Kind.REMOVED, type_, name))
            continue
        different = changes({"type": was[0], **was[2]}, {"type": now[0], **now[2]})
        if different or path in moved:
            found.append(Difference(path, Kind.CHANGED if different else Kind.MOVED, type_, name, different, path in moved))
    return found


def _fields(form: Any) -> Iterator[tuple[str, tuple[str, str, dict[str, str]]]]:
    """Path of every field -> type, label, what else is said of it; under an empty path the form itself."""
    if not isinstance(form, dict):
        return
    yield "", ("form", str(form.get("id", "")), flat({name: value for name, value in form.items() if name not in _NOT_MEANT}))
    seen: Counter[str] = Counter()
    stack: list[tuple[str, dict[str, Any]]] = [("", one) for one in reversed(_components(form))]
    while stack:
        around, one = stack.pop()
        name = next((str(one[key]) for key in ("key", "path", "id", "label", "text") if one.get(key)), str(one.get("type", "")))
        path = f"{around}.{name}" if around else name
        seen[path] += 1
        path += f"#{seen[path]}" if seen[path] > 1 else ""
        said = {key: value for key, value in one.items() if key not in (*_NOT_MEANT, "type")}
        label = next((str(one[key]) for key in ("label", "dateLabel", "text", "key") if one.get(key)), "")
        yield path, (str(one.get("type", "")), label, flat(said) if said else {})
        stack += [(path, inner) for inner in reversed(_components(one))]


def _components(holder: dict[str, Any]) -> list[dict[str, Any]]:
    found = holder.get("components")
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []
