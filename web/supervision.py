"""What the asking user supervises: the door of the supervisors' pages, and the clauses that keep every query behind it."""

from __future__ import annotations

from flask import g
from sqlalchemy import ColumnElement, exists, func, or_, select
from sqlalchemy.orm import joinedload

from engine import db as engine_db
from engine import identity, validity
from engine.errors import NotFound
from engine.models import Deployment, Incident, ProcessDefinition, ProcessInstance
from engine.statements import Question
from web.database import db
from web.sessions import me

# Made once: every page asks it.
_ANY = Question(identity.SUPERVISES, of=lambda rows: rows)
RUNNING = ("active", "suspended")
ENDED = ("completed", "cancelled", "failed")


def supervises() -> bool:
    """Whether the user supervises any case. Asked once per request: the bar of every page wants to know."""
    if "supervises" not in g:
        g.supervises = bool(_ANY.ask(db.session(), identity.given(me()))[0][0])
    return bool(g.supervises)


def guard() -> None:
    """Before every request of these pages: for others they do not exist."""
    if not supervises():
        raise NotFound(what="case", id="")


def mine() -> ColumnElement[bool]:
    """The cases that the user supervises. A clause over ProcessInstance."""
    return identity.may_supervise(me())


def case(instance_id: int) -> ProcessInstance:
    """A case that the user supervises. Raises NotFound, the same for one that is not there and one that is not for him."""
    query = select(ProcessInstance).where(ProcessInstance.id == instance_id, mine())
    found = db.session.scalar(query.options(joinedload(ProcessInstance.definition), joinedload(ProcessInstance.started_by)))
    if found is None:
        raise NotFound(what="case", id=instance_id)
    return found


def versions(key: str | None = None) -> list[ProcessDefinition]:
    """All versions of process `key`, or of all processes, of which the user supervises a case of any version; that in force first.

    Without those whose date has not come, unless a case was moved to them already.

    Asked once per request: lists, filters and diagrams want them.
    """
    if "versions" not in g:
        seen = exists(select(ProcessInstance.id).where(ProcessInstance.definition_id == ProcessDefinition.id, mine()))
        keys = select(ProcessDefinition.key).where(seen)
        query = select(ProcessDefinition).join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
        query = query.where(ProcessDefinition.key.in_(keys), or_(validity.begun(engine_db.now(db.session())), seen))
        query = query.options(joinedload(ProcessDefinition.deployment))
        order = (ProcessDefinition.key, validity.since().desc(), ProcessDefinition.version.desc())
        g.versions = list(db.session.scalars(query.order_by(*order)))
    return [one for one in g.versions if key in (None, one.key)]


def definition(key: str, version: int | None) -> tuple[ProcessDefinition, list[ProcessDefinition]]:
    """That version (the newest if not said) and all of them. Raises NotFound for a process of which the user supervises nothing."""
    all_ = versions(key)
    found = next((one for one in all_ if version in (None, one.version)), None)
    if found is None:
        raise NotFound(what="process", id=key)
    return found, all_


def open_incidents() -> int:
    """How many incidents of supervised cases wait to be mended."""
    query = select(func.count(Incident.id)).join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
    return db.session.scalar(query.where(Incident.resolved_at.is_(None), mine())) or 0
