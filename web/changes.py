"""How the data of a case came to be: each variable with who gave it which value, when, and at what."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from engine import history
from engine.expressions import from_json
from engine.models import HistoryEvent, ProcessInstance, User
from engine.wait_states import LEFT_OUT
from web.database import db
from web.reading import Reader, Shown
from web.words import actor_words, event_words, size

BROUGHT = ("variables", "data", "after", "wrote")
"""What of an entry's detail holds values by the name of their variable."""
_NEVER = object()


@dataclass(frozen=True)
class Change:
    """One value that a variable was given. `before` None: it had none."""

    at: datetime
    who: str
    what: str
    before: Shown | None
    after: Shown


def of(instance: ProcessInstance, user: User, reader: Reader) -> dict[str, list[Change]]:
    """Variable -> its changes, newest first: for who sees the whole case."""
    found: dict[str, list[Change]] = {}
    last: dict[str, Any] = {}
    for event in db.session.scalars(history.of_instance(instance.id, user)):
        for name, value in _brought(event):
            before = last.get(name, _NEVER)
            if before is not _NEVER and before == value:
                continue
            shown = None if before is _NEVER else _shown(reader, name, before)
            change = Change(event.at, actor_words(event), event_words(event), shown, _shown(reader, name, value))
            found.setdefault(name, []).insert(0, change)
            last[name] = value
    return found


def _brought(event: HistoryEvent) -> Iterator[tuple[str, Any]]:
    for part in BROUGHT:
        values = event.detail.get(part)
        if isinstance(values, Mapping):
            yield from from_json(dict(values)).items()


def _shown(reader: Reader, name: str, value: Any) -> Shown:
    if isinstance(value, Mapping) and set(value) == {LEFT_OUT}:
        # Too long to be kept a second time in the history.
        return Shown(name, text=size(int(value[LEFT_OUT])))
    return reader.one(name, value)


def rows(reader: Reader, variables: Mapping[str, Any], changes: Mapping[str, Sequence[Change]]) -> Iterator[tuple[Shown, Sequence[Change]]]:
    """Every value that the case has now, with its changes."""
    for name, value in variables.items():
        if not name.startswith("_"):
            yield reader.one(name, value), changes.get(name, ())
