"""Where running cases stand, read from the rows that mirror their waits: never from the stored executions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Subquery, and_, case, exists, func, literal, select, union_all
from sqlalchemy.orm import Session, aliased, joinedload

from engine import db, deployments, jobs
from engine.diagram import Diagram
from engine.footprints import ARMED
from engine.models import Incident, Job, MessageSubscription, ProcessDefinition, ProcessInstance, UserTask

RUNNING = ("active", "suspended")
_WAITING = (jobs.SERVICE, jobs.TIMER, jobs.CALL)


@dataclass
class Place:
    """One element at which a case stands."""

    element_id: str
    name: str
    late: bool = False
    tasks: list[UserTask] = field(default_factory=list)

    @property
    def due_at(self) -> datetime | None:
        return min((task.due_at for task in self.tasks if task.due_at), default=None)


@dataclass(frozen=True)
class Count:
    """How many cases stand at an element, and how many of them are late there."""

    cases: int
    late: int


def calls(diagram: Diagram, key: str) -> dict[str, str]:
    """Called process -> the call activity of process `key` that calls it, where the diagram names it outright."""
    found: dict[str, str] = {}
    for element in diagram.flow_nodes(key):
        called = element.node.get("calledElement") or ""
        if element.type == "callActivity" and called and "${" not in called:
            found.setdefault(called, element.id)
    return found


def late(now: datetime) -> ColumnElement[bool]:
    """Cases with an open task that is overdue. A clause over ProcessInstance, as all below."""
    return _task(UserTask.due_at <= now)


def failing() -> ColumnElement[bool]:
    """Cases with an incident that nobody has mended."""
    return exists(select(Incident.id).where(Incident.instance_id == ProcessInstance.id, Incident.resolved_at.is_(None)))


def asks_body(organisation_id: int) -> ColumnElement[bool]:
    """Cases with an open task for this body."""
    return _task(UserTask.organisation_id == organisation_id)


def involves(organisation_id: int) -> ColumnElement[bool]:
    """Cases in which this body has, or had, a task."""
    query = select(UserTask.id).where(UserTask.instance_id == ProcessInstance.id, UserTask.organisation_id == organisation_id)
    return exists(query.correlate(ProcessInstance))


def held_by(user_id: int | None) -> ColumnElement[bool]:
    """Cases with an open task that this person holds; None: that nobody holds."""
    return _task(UserTask.assignee_id == user_id if user_id is not None else UserTask.assignee_id.is_(None))


def with_task(*conditions: ColumnElement[bool]) -> ColumnElement[bool]:
    """Cases with an open task of which all this is true."""
    return _task(and_(*conditions))


def _task(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    query = select(UserTask.id).where(UserTask.instance_id == ProcessInstance.id, UserTask.state == "open", condition)
    # Also where the tasks are asked for as well: it is about the case, not about that one task.
    return exists(query.correlate(ProcessInstance))


def at(element_id: str, called: Iterable[str] = ()) -> ColumnElement[bool]:
    """Cases that stand at this element. `called`: the processes that it calls."""
    # Those that stand there are looked up by the step: whether each case does is not asked of every one of them.
    found: list[Any] = [
        select(UserTask.instance_id).where(UserTask.state == "open", UserTask.element_id == element_id),
        select(Job.instance_id).where(Job.element_id == element_id, Job.kind.in_(_WAITING)),
        select(MessageSubscription.instance_id).where(MessageSubscription.element_id == element_id),
        select(Incident.instance_id).where(Incident.resolved_at.is_(None), Incident.element_id == element_id),
    ]
    if keys := list(called):
        child, definition = aliased(ProcessInstance), aliased(ProcessDefinition)
        query = select(child.parent_id).join(definition, definition.id == child.definition_id)
        found.append(query.where(child.parent_id.is_not(None), child.state.in_(RUNNING), definition.key.in_(keys)))
    return ProcessInstance.id.in_(union_all(*found))


def _places(now: datetime, called: Mapping[str, str], *conditions: ColumnElement[bool]) -> Subquery:
    """(instance_id, element_id, late) of the running cases that `conditions` leave. Each part starts from those cases, so that each uses
    the index over its own instance_id."""
    on_time = literal(0)
    overdue = case((UserTask.due_at <= now, 1), else_=0)
    parts: list[Any] = [
        _part(UserTask, overdue, UserTask.state == "open", *conditions),
        _part(Job, on_time, Job.kind.in_(_WAITING), Job.element_id.is_not(None), *conditions),
        _part(MessageSubscription, on_time, *conditions),
        _part(Incident, on_time, Incident.resolved_at.is_(None), *conditions),
    ]
    if called:
        child, definition = aliased(ProcessInstance), aliased(ProcessDefinition)
        element = case(*((definition.key == key, id_) for key, id_ in called.items()))
        parts.append(
            select(child.parent_id.label("instance_id"), element.label("element_id"), on_time.label("late"))
            .select_from(ProcessInstance)
            .join(child, child.parent_id == ProcessInstance.id)
            .join(definition, definition.id == child.definition_id)
            .where(ProcessInstance.state.in_(RUNNING), child.state.in_(RUNNING), definition.key.in_(called), *conditions)
        )
    return union_all(*parts).subquery()


def _part(model: Any, late_: Any, *conditions: ColumnElement[bool]) -> Any:
    return (
        select(model.instance_id.label("instance_id"), model.element_id.label("element_id"), late_.label("late"))
        .select_from(ProcessInstance)
        .join(model, model.instance_id == ProcessInstance.id)
        .where(ProcessInstance.state.in_(RUNNING), *conditions)
    )


def counts(session: Session, definition: ProcessDefinition, *mine: ColumnElement[bool]) -> dict[str, Count]:
    """Element -> how many of the cases that `mine` leaves stand there. Not what only listens beside a step (boundary events)."""
    diagram = deployments.diagram(session, definition)
    called = calls(diagram, definition.key)
    places = _places(db.now(session), called, ProcessInstance.definition_id == definition.id, *mine)
    overdue = case((places.c.late == 1, places.c.instance_id))
    query = select(places.c.element_id, func.count(places.c.instance_id.distinct()), func.count(overdue.distinct()))
    rows = session.execute(query.group_by(places.c.element_id))
    return {id_: Count(cases, late_) for id_, cases, late_ in rows if _stands(diagram, id_)}


def _stands(diagram: Diagram, element_id: str) -> bool:
    element = diagram.elements.get(element_id)
    return element is not None and element.type not in ARMED


def of_cases(session: Session, instances: Iterable[ProcessInstance]) -> dict[int, list[Place]]:
    """Case -> where it stands. The same few statements however many cases; their definitions are loaded by the caller."""
    cases = {instance.id: instance for instance in instances if instance.state in RUNNING}
    if not cases:
        return {}
    diagrams = {one.definition_id: deployments.diagram(session, one.definition) for one in cases.values()}
    chosen = ProcessInstance.id.in_(cases)
    found: dict[int, dict[str, Place]] = {id_: {} for id_ in cases}

    def place(instance_id: int, element_id: str | None) -> Place | None:
        diagram = diagrams[cases[instance_id].definition_id]
        if element_id is None or not _stands(diagram, element_id):
            return None
        return found[instance_id].setdefault(element_id, Place(element_id, diagram.elements[element_id].name or element_id))

    for task in _open_tasks(session, cases):
        here = place(task.instance_id, task.element_id)
        if here is not None:
            here.tasks.append(task)
            here.late = here.late or (task.due_at is not None and task.due_at <= db.now(session))
    places = _places(db.now(session), {}, chosen)
    for instance_id, element_id in session.execute(select(places.c.instance_id, places.c.element_id).distinct()):
        place(instance_id, element_id)
    for parent_id, key in _children(session, cases):
        own = cases[parent_id].definition
        place(parent_id, calls(diagrams[own.id], own.key).get(key))
    return {id_: list(places.values()) for id_, places in found.items()}


def _open_tasks(session: Session, ids: Iterable[int]) -> Iterable[UserTask]:
    query = select(UserTask).where(UserTask.instance_id.in_(list(ids)), UserTask.state == "open").order_by(UserTask.id)
    return session.scalars(query.options(joinedload(UserTask.assignee), joinedload(UserTask.organisation)))


def _children(session: Session, ids: Iterable[int]) -> Iterable[Any]:
    query = select(ProcessInstance.parent_id, ProcessDefinition.key).join(ProcessInstance.definition)
    return session.execute(query.where(ProcessInstance.parent_id.in_(list(ids)), ProcessInstance.state.in_(RUNNING)))
