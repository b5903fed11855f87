"""What goes into a form and what comes out of it: default values, tidied entries, the clean result."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

from engine.errors import Invalid
from engine.forms import sentences, terms
from engine.forms.component import CHOICES, MULTIPLE, SINGLE, Component, source
from engine.forms.layout import without
from engine.forms.place import Path, Place, lookup
from engine.forms.typed import HERE

MOST_VALUES = 20_000
DEEPEST = 12
Record = dict[str, Any]


def defaults(components: Sequence[Component], variables: Mapping[str, Any], around: Mapping[str, Any] | None = None) -> Record:
    """The case's values of all fields, else their default values. `around`: what expressions see beside `variables`."""
    found: Record = {}
    scope = {**(around or {}), **variables}
    for component in components:
        if component.type == "group":
            inner = lookup(variables, component.own) if component.own else variables
            value = defaults(component.children, inner if isinstance(inner, Mapping) else {}, scope)
            put(found, component.own, value) if component.own else found.update(value)
        elif component.type == "dynamiclist" and component.own:
            rows = lookup(variables, component.own)
            rows = rows if isinstance(rows, list) and rows else [{}] * component.repetitions
            put(found, component.own, [defaults(component.children, row if isinstance(row, Mapping) else {}, scope) for row in rows])
        elif component.own:
            put(found, component.own, _default(component, lookup(variables, component.own), scope))
    return found


def _default(component: Component, known: Any, scope: Mapping[str, Any]) -> Any:
    if known is None:
        known = component.raw.get("defaultValue")
        expression = source(known)
        known = terms.value(expression, scope) if expression is not None else known
    if component.type == "filepicker":
        return document_ids(known)
    if component.type in MULTIPLE:
        return [plain(one) for one in known] if isinstance(known, list) else []
    return known is True if component.type == "checkbox" else plain(known)


def plain(value: Any) -> Any:
    """A value of the case as forms hold it: dates as ISO text, decimals as numbers."""
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    return value


def document_ids(value: object) -> list[int]:
    """Ids of documents, as a file field keeps them."""
    return [one for one in value if isinstance(one, int) and not isinstance(one, bool)] if isinstance(value, list) else []


def tidy(data: Mapping[str, Any]) -> Record:
    """Entries in composed Unicode without blanks around them; nothing typed is None. Raises Invalid when there is too much."""
    count = 0

    def clean(value: Any, depth: int) -> Any:
        nonlocal count
        count += 1
        if count > MOST_VALUES or depth > DEEPEST:
            raise Invalid(expected=f"at most {MOST_VALUES} values, {DEEPEST} deep", found="more")
        if isinstance(value, str):
            return unicodedata.normalize("NFC", value.replace("\r\n", "\n").replace("\r", "\n")).strip() or None
        if isinstance(value, Mapping):
            return {str(key): clean(one, depth + 1) for key, one in value.items()}
        return [clean(one, depth + 1) for one in value] if isinstance(value, list | tuple) else value

    return {str(key): clean(value, 1) for key, value in data.items()}


def with_locked(components: Sequence[Component], entered: Mapping[str, Any], known: Mapping[str, Any]) -> Record:
    """Entries, and what is known of the fields that are shown but not to be changed: conditions look at both."""
    merged: Record = dict(entered)
    for component in components:
        mine, theirs = lookup(entered, component.own), lookup(known, component.own)
        if component.type == "group":
            inner = with_locked(component.children, _record(mine) if component.own else merged, _record(theirs) if component.own else known)
            put(merged, component.own, inner) if component.own else merged.update(inner)
        elif component.type == "dynamiclist" and not component.growing and isinstance(mine, list) and isinstance(theirs, list):
            rows = [with_locked(component.children, _record(row), _record(lookup(theirs, (i,)))) for i, row in enumerate(mine)]
            put(merged, component.own, rows)
        elif (component.raw.get("readonly") or component.raw.get("disabled")) and component.own and mine is None:
            put(merged, component.own, theirs)
    return merged


def prune(entered: Record, known: Mapping[str, Any], places: Sequence[Place]) -> tuple[Record, dict[str, str]]:
    """Entries without what is hidden, locked or empty, and a sentence for each locked field that came back changed."""
    gone: set[Path] = set()
    errors: dict[str, str] = {}
    data: Record = copy.deepcopy(entered)
    for place in _walk(places):
        value = lookup(data, place.path) if place.component.own else None
        if not place.component.own:
            continue
        if place.hidden or value is None or (value == [] and place.type != "dynamiclist"):
            gone.add(place.path)
        elif place.locked and place.type != "group":
            gone.add(place.path)
            if value not in (lookup(known, place.path), _blank(place)):
                errors[place.name] = sentences.LOCKED.format(label=place.label)
        elif place.component.is_field:
            put(data, place.path, _coerce(place, value))
    pruned: Record = without(data, gone)
    for place in _walk(places):
        _open(pruned, place.path if place.type == "group" else place.path[:-1])
    return pruned, errors


def _walk(places: Sequence[Place]) -> Iterator[Place]:
    for top in places:
        yield from top.walk()


def _open(data: Any, path: Path) -> None:
    """Make the records on the way exist, so that what is missing inside them is told field by field."""
    for part, following in zip(path, [*path, ""][1:], strict=True):
        # A list that was not handed in stays missing.
        make = isinstance(data, dict) and isinstance(following, str)
        data = data.setdefault(part, {}) if make else lookup(data, (part,))


def _coerce(place: Place, value: Any) -> Any:
    """Options by their text, as browsers send them; numbers that are kept as text."""
    if place.type in CHOICES:
        by_text = {str(option.value): option.value for option in place.options}
        if isinstance(value, list) and place.type in MULTIPLE:
            return [by_text.get(one, one) if isinstance(one, str) else one for one in value]
        return by_text.get(value, value) if isinstance(value, str) and place.type in SINGLE else value
    if place.type == "number" and place.component.raw.get("serializeToString") is True and isinstance(value, str):
        try:
            return plain(Decimal(value))
        except (ArithmeticError, ValueError, OverflowError):
            return value
    return value


def result(places: Sequence[Place], data: Mapping[str, Any], variables: Mapping[str, Any]) -> Record:
    """The values of all fields that show, in the records of the case that they belong to."""
    found: Record = {}

    def base(path: Path) -> Record:
        known = lookup(variables, path)
        return copy.deepcopy(dict(known)) if isinstance(known, Mapping) else {}

    def give(place: Place) -> None:
        if place.hidden:
            return
        if place.type == "group":
            for child in place.children:
                give(child)
        elif place.component.own and place.locked:
            if lookup(variables, place.path) is None and (default := defaults_at(place)) not in (None, [], False):
                put(found, place.path, default, base)
        elif place.type == "dynamiclist":
            put(found, place.path, [{} if place.growing else base((*place.path, i)) for i in range(len(place.rows))], base)
            for inner in (one for row in place.rows for one in row):
                give(inner)
        elif place.component.own:
            put(found, place.path, _stored(place, lookup(data, place.path)), base)

    for place in places:
        give(place)
    return found


def defaults_at(place: Place) -> Any:
    """The default value of a locked field that the case knows nothing about."""
    return _default(place.component, None, place.scope) if place.component.is_field else None


def put(data: Record, path: Path, value: Any, base: Callable[[Path], Record] = lambda path: {}) -> None:
    """Set the value at `path`; records on the way that do not exist begin as `base` says."""
    holder: Any = data
    for depth, part in enumerate(path[:-1], start=1):
        if isinstance(holder, dict) and part not in holder:
            holder[part] = base(path[:depth])
        holder = holder.get(part) if isinstance(holder, dict) else lookup(holder, (part,))
    if path and isinstance(holder, dict):
        holder[path[-1]] = value


def _blank(place: Place) -> Any:
    return [] if place.type in (*MULTIPLE, "filepicker") else False if place.type == "checkbox" else None


def _stored(place: Place, value: Any) -> Any:
    if value is None:
        return _blank(place)
    if place.type == "number" and place.component.raw.get("serializeToString") is True:
        return format(Decimal(repr(value)), "f")
    if place.type == "number" and isinstance(value, float) and value.is_integer():
        return int(value)
    if place.type == "datetime" and place.component.subtype != "date":
        return _moment(place, value)
    return value


def _moment(place: Place, value: str) -> str:
    """A time as the form wants it kept: with our offset, as UTC, or as the clock on the wall."""
    form = place.component.raw.get("timeSerializingFormat")
    only_time = place.component.subtype == "time"
    moment = datetime.fromisoformat(f"2000-01-02T{value}" if only_time else value)
    moment = moment.astimezone(HERE) if moment.tzinfo else moment.replace(tzinfo=HERE)
    if form == "utc_normalized":
        written = moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")
    else:
        written = moment.strftime("%Y-%m-%dT%H:%M") + ("+07:00" if form == "utc_offset" else "")
    return written[11:] if only_time else written


def _record(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
