"""Which cases and which of their events a log is about."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, select
from sqlalchemy.orm import Session

from engine import identity
from engine.errors import NotFound
from engine.models import HistoryEvent, ProcessDefinition, ProcessInstance, User

BATCH = 2_000
ENDED = ("element.completed", "element.cancelled", "element.failed")
NO_WORK = ("exclusiveGateway", "parallelGateway", "inclusiveGateway", "eventBasedGateway", "complexGateway")


@dataclass(frozen=True)
class Chosen:
    """Cases of process `key` that were started in [`since`, `until`), as far as `rights` allow."""

    key: str
    name: str
    since: datetime | None = None
    until: datetime | None = None
    rights: tuple[ColumnElement[bool], ...] = field(default=())

    def conditions(self) -> list[ColumnElement[bool]]:
        """What is asked of a case and its definition."""
        found = [ProcessDefinition.key == self.key, *self.rights]
        if self.since is not None:
            found.append(ProcessInstance.started_at >= self.since)
        if self.until is not None:
            found.append(ProcessInstance.started_at < self.until)
        return found


def choose(session: Session, key: str, user: User | None, since: datetime | None = None, until: datetime | None = None) -> Chosen:
    """The cases of a process that `user` supervises; None: who operates the installation, all of them. Raises NotFound."""
    rights = (identity.may_supervise(user),) if user is not None else ()
    query = select(ProcessDefinition.name).join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
    query = query.where(ProcessDefinition.key == key, *rights).order_by(ProcessDefinition.version.desc()).limit(1)
    name = session.scalar(query)
    if name is None:
        raise NotFound(what="process", id=key)
    return Chosen(key, name, since, until, rights)


def _of_cases(query: Select[*tuple[Any, ...]], chosen: Chosen) -> Select[*tuple[Any, ...]]:
    return query.join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id).where(*chosen.conditions())


def cases(connection: Connection, chosen: Chosen) -> Iterator[Any]:
    """The cases, by number: id, business_key, state, started_at, ended_at, parent_id, version."""
    case = ProcessInstance
    columns = (case.id, case.business_key, case.state, case.started_at, case.ended_at, case.parent_id, ProcessDefinition.version)
    yield from _rows(connection, _of_cases(select(*columns), chosen).order_by(case.id))


def events(connection: Connection, chosen: Chosen) -> Iterator[Any]:
    """Their events, in the order of the cases and in each as they came."""
    event = HistoryEvent
    columns = (event.instance_id, event.id, event.kind, event.at, event.element_id, event.element_name, event.element_type, event.wait_id)
    query = select(*columns, event.detail, User.username, User.position).select_from(event)
    query = query.join(ProcessInstance, ProcessInstance.id == event.instance_id).outerjoin(User, User.id == event.actor_id)
    yield from _rows(connection, _only_work(_of_cases(query, chosen)).order_by(event.instance_id, event.id))


def activities(connection: Connection, chosen: Chosen) -> list[str]:
    """Names of the steps that occur."""
    event = HistoryEvent
    query = select(event.element_name, event.element_id).join(ProcessInstance, ProcessInstance.id == event.instance_id).distinct()
    return sorted({activity(row) for row in connection.execute(_only_work(_of_cases(query, chosen)))})


def people(connection: Connection, chosen: Chosen) -> Iterator[Any]:
    """Who acted in them: username, position."""
    query = select(User.username, User.position).select_from(HistoryEvent).join(User, User.id == HistoryEvent.actor_id)
    query = query.join(ProcessInstance, ProcessInstance.id == HistoryEvent.instance_id).distinct().order_by(User.username)
    yield from connection.execute(_only_work(_of_cases(query, chosen)))


def activity(row: Any) -> str:
    """What the step of an event is called."""
    return str(row.element_name or row.element_id)


def _only_work(query: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return query.where(HistoryEvent.kind.in_(ENDED), HistoryEvent.element_type.not_in(NO_WORK))


def _rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    yield from connection.execute(query, execution_options={"yield_per": BATCH})
