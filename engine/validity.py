"""Validity: from when on a version of a process is the one that new cases start with.

Asked of the clock in every query, so that nothing has to be done on the day, and nothing can be missed or done twice: of the versions whose
time has come the one with the latest time is in force; of two with the same time the one with the higher number.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from engine.models import Deployment, ProcessDefinition


def since(deployment: Any = Deployment) -> ColumnElement[datetime]:
    """From when on a deployment is in force, unless it is withdrawn before. `deployment`: the table or an alias of it."""
    return func.coalesce(deployment.valid_from, deployment.deployed_at, type_=Deployment.deployed_at.type)


def begun(at: datetime | ColumnElement[datetime], deployment: Any = Deployment) -> ColumnElement[bool]:
    """Whether the time of a deployment has come by `at`."""
    # One that was valid at once has begun, also for a clock that is behind that of the machine that deployed it.
    return and_(deployment.withdrawn_at.is_(None), or_(deployment.valid_from.is_(None), deployment.valid_from <= at))


def in_force(at: datetime, definition: Any = ProcessDefinition) -> ColumnElement[bool]:
    """Whether `definition` is the version of its process that new cases start with at `at`."""
    own, other, newer = aliased(Deployment), aliased(Deployment), aliased(ProcessDefinition)
    later = or_(since(other) > since(own), and_(since(other) == since(own), newer.version > definition.version))
    overtaken = select(newer.id).join(other, other.id == newer.deployment_id).where(newer.key == definition.key, begun(at, other), later)
    # By itself SQLAlchemy correlates with the query around it only, and would put `definition` into the inner one a second time.
    stands = select(own.id).where(own.id == definition.deployment_id, begun(at, own), ~exists(overtaken.correlate(own, definition)))
    return exists(stands.correlate(definition))


def superseded(session: Session, definition: ProcessDefinition, at: datetime) -> bool:
    """Whether another version had taken the place of `definition` by `at`."""
    newer, other = aliased(ProcessDefinition), aliased(Deployment)
    mine = definition.deployment.valid_from or definition.deployment.deployed_at
    later = or_(since(other) > mine, and_(since(other) == mine, newer.version > definition.version))
    query = select(newer.id).join(other, other.id == newer.deployment_id)
    found = query.where(newer.key == definition.key, other.withdrawn_at.is_(None), since(other) <= at, later)
    return session.scalar(found.limit(1)) is not None
