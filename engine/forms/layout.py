"""Where each component of a form stands, for what is entered and what the case knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from engine.forms.component import Component
from engine.forms.place import Path, Place, lookup


def settle(components: Sequence[Component], data: Mapping[str, Any], variables: Mapping[str, Any]) -> list[Place]:
    """The places of a form over case variables and entered data.

    What is hidden is not seen by other conditions, so it is looked at again until nothing changes any more.
    """
    hidden: set[Path] = set()
    places: list[Place] = []
    for _ in range(10):
        seen = without(data, hidden)
        places = _lay(components, (), data, {**_blanks(components), **variables, **seen}, seen, hidden=False, locked=False)
        now = {place.path for top in places for place in top.walk() if place.hidden and place.component.is_field}
        if now == hidden:
            break
        hidden = now
    return places


def given(places: Sequence[Place], values: Mapping[str, Any]) -> list[Place]:
    """Those of `places` whose fields have a value in `values`, be it an empty one; texts between them are left out."""
    found = []
    for place in places:
        place.children = given(place.children, values)
        place.rows = [given(row, values) for row in place.rows]
        holder = lookup(values, place.path[:-1]) if place.component.own else None
        if place.children or (isinstance(holder, Mapping) and place.path[-1] in holder and place.type != "group"):
            found.append(place)
    return found


def without(data: Any, paths: Iterable[Path]) -> Any:
    """A copy of `data` that has nothing at `paths`."""
    gone = {path[0]: [other[1:] for other in paths if other and other[0] == path[0]] for path in paths if path}
    if isinstance(data, Mapping):
        return {key: without(value, gone.get(key, ())) for key, value in data.items() if () not in gone.get(key, ())}
    if isinstance(data, list):
        return [without(value, gone.get(i, ())) for i, value in enumerate(data)]
    return data


def _lay(
    components: Sequence[Component],
    base: Path,
    data: Mapping[str, Any],
    scope: Mapping[str, Any],
    seen: Mapping[str, Any],
    *,
    hidden: bool,
    locked: bool,
) -> list[Place]:
    places = []
    for component in components:
        path = (*base, *component.own)
        value = lookup(data, component.own) if component.own else None
        place = Place(component, path, scope, value, hidden=hidden, locked=locked)
        if component.type == "group":
            inner, inner_seen = _record(value if component.own else data), _record(lookup(seen, component.own))
            inner_scope = {**scope, **inner_seen}
            place.children = _lay(component.children, path, inner, inner_scope, inner_seen, hidden=place.hidden, locked=place.locked)
        elif component.type == "dynamiclist":
            _lay_rows(place, seen)
        places.append(place)
    return places


def _lay_rows(place: Place, seen: Mapping[str, Any]) -> None:
    children = place.component.children
    rows_seen = lookup(seen, place.component.own)
    blanks = _blanks(children)
    for i, row in enumerate(place.value if isinstance(place.value, list) else []):
        row_seen = _record(lookup(rows_seen, (i,)))
        scope = {**place.scope, **blanks, **row_seen, "this": row_seen, "parent": seen, "i": [i + 1]}
        place.rows.append(_lay(children, (*place.path, i), _record(row), scope, row_seen, hidden=place.hidden, locked=place.locked))
    place.blank_row = _lay(children, (*place.path, 0), {}, {**place.scope, **blanks}, {}, hidden=place.hidden, locked=place.locked)


def _blanks(components: Sequence[Component]) -> dict[str, None]:
    """Names of fields that nobody has filled in yet are null in expressions, not unknown."""
    return {inner.path[-1] if len(inner.own) == 1 else inner.own[0]: None for top in components for inner in top.walk() if inner.own}


def _record(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
