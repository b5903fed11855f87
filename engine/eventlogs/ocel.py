"""OCEL 2.0 as JSON: cases and people are its objects; an event concerns its case and who acted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import Connection

from engine.eventlogs import chosen as chosen_
from engine.eventlogs.chosen import Chosen
from engine.eventlogs.xes import TRANSITIONS

CASE, PERSON = "case", "person"
_OF_CASE = ("business_key", "state", "version")
_OF_EVENT = ("element", "element_type", "lifecycle", "entered_at")


def ocel(connection: Connection, chosen: Chosen) -> Iterator[bytes]:
    """The log, in parts. `connection`: of db.snapshot()."""
    types = [{"name": CASE, "attributes": _attributes(_OF_CASE)}, {"name": PERSON, "attributes": _attributes(("position",))}]
    kinds = [{"name": name, "attributes": _attributes(_OF_EVENT)} for name in chosen_.activities(connection, chosen)]
    yield b'{"objectTypes":' + orjson.dumps(types) + b',"eventTypes":' + orjson.dumps(kinds) + b',"objects":['
    yield from _listed(_objects(connection, chosen))
    yield b'],"events":['
    yield from _listed(map(_event, chosen_.events(connection, chosen)))
    yield b"]}\n"


def _listed(values: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    first = True
    for value in values:
        yield (b"" if first else b",\n") + orjson.dumps(value)
        first = False


def _objects(connection: Connection, chosen: Chosen) -> Iterator[dict[str, Any]]:
    for case in chosen_.cases(connection, chosen):
        values = {name: str(getattr(case, name)) for name in _OF_CASE}
        attributes = [{"name": name, "time": _moment(case.started_at), "value": value} for name, value in values.items()]
        yield {"id": f"case:{case.id}", "type": CASE, "attributes": attributes, "relationships": []}
    for person in chosen_.people(connection, chosen):
        attribute = {"name": "position", "time": "1970-01-01T00:00:00Z", "value": person.position or ""}
        yield {"id": f"person:{person.username}", "type": PERSON, "attributes": [attribute], "relationships": []}


def _event(event: Any) -> dict[str, Any]:
    related = [{"objectId": f"case:{event.instance_id}", "qualifier": "of"}]
    if event.username:
        related.append({"objectId": f"person:{event.username}", "qualifier": "by"})
    values = (event.element_id or "", event.element_type or "", TRANSITIONS[event.kind], event.detail.get("entered_at", ""))
    attributes = [{"name": name, "value": value} for name, value in zip(_OF_EVENT, values, strict=True)]
    about = {"id": f"event:{event.id}", "type": chosen_.activity(event), "time": _moment(event.at)}
    return {**about, "attributes": attributes, "relationships": related}


def _attributes(names: Iterable[str]) -> list[dict[str, str]]:
    return [{"name": name, "type": "string"} for name in names]


def _moment(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
