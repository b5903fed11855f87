"""Who did what when, on which element, with what. Rows are added, never changed."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypedDict, Unpack

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from engine import chain, db, identity
from engine.diagram import Element
from engine.models import HistoryEvent, ProcessInstance, User
from engine.pipeline import Pipeline
from engine.statements import insertion


class Said(TypedDict, total=False):
    """What an event tells beside its kind. `actor` left out: the engine itself; `at`: now."""

    actor: User | None
    element: Element | None
    wait_id: str | None
    user_task_id: int | None
    at: datetime | None
    detail: Mapping[str, Any] | None


def record(session: Session, instance_id: int, kind: str, **said: Unpack[Said]) -> HistoryEvent:
    """Add one event. `kind` is one of models.HistoryEvent's. Locks the case's row."""
    event = HistoryEvent(**_values(session, instance_id, kind, said))
    chain.append(session, event)
    return event


def put(session: Session, together: Pipeline, instance_id: int, kind: str, **said: Unpack[Said]) -> None:
    """As record(), of a step that writes all it has to write `together`."""
    # What was recorded before comes before: their rows are numbered in the order in which they are written.
    together.add_rows([row for row in session.new if isinstance(row, HistoryEvent)])
    values = _values(session, instance_id, kind, said)
    number, digest = chain.link(session, values)
    together.add(insertion(HistoryEvent), {**values, "number": number, "digest": digest})


def _values(session: Session, instance_id: int, kind: str, said: Said) -> dict[str, Any]:
    actor, element = said.get("actor"), said.get("element")
    return {
        "instance_id": instance_id,
        "at": said.get("at") or db.now(session),
        "kind": kind,
        "element_id": element.id if element else None,
        "element_name": element.name if element else None,
        "element_type": element.type if element else None,
        "wait_id": said.get("wait_id"),
        "user_task_id": said.get("user_task_id"),
        "actor_id": actor.id if actor else None,
        "detail": dict(said.get("detail") or {}),
        "address": chain.origin(session),
    }


def of_instance(instance_id: int, user: User) -> Select[HistoryEvent]:
    """Events of a case, oldest first: all of them for who sees the whole case, none for others."""
    return (
        select(HistoryEvent)
        .join(ProcessInstance, ProcessInstance.id == HistoryEvent.instance_id)
        .where(HistoryEvent.instance_id == instance_id, identity.may_see_whole_case(user))
        .options(joinedload(HistoryEvent.actor))
        .order_by(HistoryEvent.id)
    )
