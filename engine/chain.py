"""The chain of a case's history: every entry carries a digest over its content and the digest of the entry before it.

Number and digest of the last entry stand on the case's row, which whoever writes holds locked; within a transaction they are kept in
memory, so that a step that changes the row anyway costs no statement more. docs/history.md describes what is hashed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from weakref import WeakKeyDictionary

import orjson
from sqlalchemy import Table, event, select
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.orm.attributes import set_committed_value

from engine.errors import NotFound
from engine.models import HistoryEvent, ProcessInstance

FORMAT = 1
START = ""
"""What the first entry of a case has for the digest of the one before it."""


CONTENT = ("kind", "element_id", "element_name", "element_type", "wait_id", "user_task_id", "actor_id", "address")


@dataclass
class Link:
    """The last entry of a case: its number and digest, and whether the case's row has them."""

    count: int
    digest: str
    stored: bool = True


Links = dict[int, Link]
_links: WeakKeyDictionary[SessionTransaction, Links] = WeakKeyDictionary()
_before: WeakKeyDictionary[SessionTransaction, Links] = WeakKeyDictionary()


def digest(previous: str, case: int, number: int, at: datetime, content: tuple[Any, ...], detail: bytes) -> str:
    """Digest of one entry. `content`: kind, element's id, name and type, wait, task, actor, address; `detail`: JSON as it is stored."""
    moment = at.astimezone(UTC).isoformat()
    given = [FORMAT, previous, case, number, moment, *content, hashlib.sha256(detail).hexdigest()]
    return hashlib.sha256(orjson.dumps(given)).hexdigest()


def held(session: Session, instance: ProcessInstance) -> None:
    """The row of `instance` has just been read under its lock, or written for the first time."""
    _of(session).setdefault(instance.id, Link(instance.history_count, instance.history_head))


def append(session: Session, entry: HistoryEvent) -> None:
    """Give `entry` its number and digest, and add it. Locks the case's row unless it is held already. Raises NotFound."""
    values = {name: getattr(entry, name) for name in (*CONTENT, "instance_id", "at", "detail")}
    entry.number, entry.digest = link(session, values)
    session.add(entry)


def link(session: Session, entry: Mapping[str, Any]) -> tuple[int, str]:
    """Number and digest of a new entry, which is the last one of its case from now on; the caller writes it. As append()."""
    case = entry["instance_id"]
    last = _of(session).get(case) or _take(session, case)
    number = last.count + 1
    content = tuple(entry[name] for name in CONTENT)
    made = digest(last.digest, case, number, entry["at"], content, orjson.dumps(entry["detail"]))
    last.count, last.digest, last.stored = number, made, False
    return number, made


def settle(session: Session, instance: ProcessInstance) -> None:
    """Put its last entry into `instance`; the caller writes both columns with the others of this step."""
    link = _of(session).get(instance.id)
    if link is not None and not link.stored:
        set_committed_value(instance, "history_count", link.count)
        set_committed_value(instance, "history_head", link.digest)
        link.stored = True


def _of(session: Session) -> Links:
    transaction = session.get_transaction()
    if transaction is None:
        transaction = session.begin()
    return _links.setdefault(transaction, {})


def _take(session: Session, case: int) -> Link:
    query = select(ProcessInstance.history_count, ProcessInstance.history_head).where(ProcessInstance.id == case)
    row = session.execute(query.with_for_update(key_share=True)).one_or_none()
    if row is None:
        raise NotFound(what="case", id=case)
    return _of(session).setdefault(case, Link(*row))


@event.listens_for(Session, "before_commit")
def _store(session: Session) -> None:
    """What no UPDATE has brought along yet. Without the version of the case's row: nothing else of it changes."""
    transaction = session.get_transaction()
    table: Any = ProcessInstance.__table__
    for case, link in (_links.get(transaction, {}) if transaction else {}).items():
        if not link.stored:
            _write(session, table, case, link)


def _write(session: Session, table: Table, case: int, link: Link) -> None:
    values = {"history_count": link.count, "history_head": link.digest}
    session.connection().execute(table.update().where(table.c.id == case).values(values))
    link.stored = True


@event.listens_for(Session, "after_transaction_create")
def _remember(session: Session, transaction: SessionTransaction) -> None:
    if transaction.nested:
        _before[transaction] = {case: replace(link) for case, link in _of(session).items()}


@event.listens_for(Session, "after_soft_rollback")
def _go_back(session: Session, transaction: SessionTransaction) -> None:
    # Entries of a savepoint that was given up are gone, and so is the lock of a case that was taken within it.
    root = session.get_transaction()
    if root is not None and (links := _before.get(transaction)) is not None:
        _links[root] = links


Origin = Callable[[], str | None]


def origin(session: Session) -> str | None:
    """From where the acting person came: an address. The one who makes the session hangs it into `session.info["origin"]`."""
    given: Origin | None = session.info.get("origin")
    return given() if given else None
