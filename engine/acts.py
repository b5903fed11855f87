"""Acts: what can be done to many cases at once. Each can be looked at before (plan) and done to one case, one task or one incident (do)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from engine import deployments, executions, identity, incidents, instances, migration, user_tasks
from engine.errors import EngineError, InstanceNotActive, Invalid, NotFound, NotMovable
from engine.models import BatchItem, Incident, ProcessDefinition, ProcessInstance, User, UserTask
from engine.sentences import say

GOES, DECISION, CANNOT = "goes", "decision", "cannot"
AT_ONCE = 500
"""How many are looked at by one query."""
Problem = dict[str, str]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Outlook:
    """What would become of one case (or, `subject_id`, of one task or incident of it). `state`: goes, decision, cannot."""

    instance_id: int
    state: str = GOES
    problems: list[Problem] = field(default_factory=list)
    subject_id: int | None = None
    name: str = ""


Plan = Callable[[Session, Arguments, "Sequence[int] | None", User], Iterator[Outlook]]
"""`ids`: of cases, tasks or incidents. Those that the user does not supervise are left out, as if they were not there."""
Do = Callable[[Session, Arguments, BatchItem, User, str], None]


@dataclass(frozen=True)
class Act:
    """`undo`: the name and the arguments of the act that takes it back, where there is one."""

    plan: Plan
    do: Do
    undo: Callable[[Arguments], tuple[str, dict[str, Any]]] | None = None


def problems(error: Exception) -> list[Problem]:
    """Why not, in sentences for people."""
    if isinstance(error, NotMovable):
        return [_problem(one) for one in error.obstacles if isinstance(one, migration.Obstacle)]
    if isinstance(error, EngineError):
        return [{"vi": say(error, "vi"), "en": say(error, "en")}]
    name = type(error).__name__
    return [{"vi": f"Lỗi ngoài dự kiến ({name}). Hồ sơ giữ nguyên.", "en": f"An unexpected error ({name}). The case is as it was."}]


def _problem(obstacle: migration.Obstacle) -> Problem:
    return {"vi": obstacle.vi, "en": obstacle.en, "element": obstacle.element_id, "kind": obstacle.kind}


# --- moving to another version ---


def _definitions(session: Session, arguments: Arguments) -> tuple[ProcessDefinition, ProcessDefinition]:
    return session.get_one(ProcessDefinition, arguments["from"]), session.get_one(ProcessDefinition, arguments["to"])


def _plan_migration(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    old, new = _definitions(session, arguments)
    for instance_id, obstacles in migration.plan(session, old, new, arguments["mapping"], user, ids=ids, without=arguments["without"]):
        kinds = {one.kind for one in obstacles}
        yield Outlook(instance_id, CANNOT if "cannot" in kinds else DECISION if kinds else GOES, [_problem(one) for one in obstacles])


def _migrate(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    old, new = _definitions(session, arguments)
    migration.migrate(session, item.instance_id, new, arguments["mapping"], user, reason, definition_from=old, without=arguments["without"])


def _move_back(arguments: Arguments) -> tuple[str, dict[str, Any]]:
    """Whatever steps the former version has more: the cases were there already."""
    mapping = migration.inverse(arguments["mapping"])
    return "migrate", {"from": arguments["to"], "to": arguments["from"], "mapping": mapping, "without": None}


# --- cases ---


def _portions(query: Select[Any], column: Any, ids: Sequence[int] | None, user: User) -> Iterator[Select[Any]]:
    ordered = sorted(set(ids or ()))
    for start in range(0, len(ordered), AT_ONCE):
        yield query.where(column.in_(ordered[start : start + AT_ONCE]), identity.may_supervise(user))


def _of_cases(wanted: str) -> Plan:
    """Cases in this state go."""

    def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
        columns: Any = select(ProcessInstance.id, ProcessInstance.business_key, ProcessInstance.state).order_by(ProcessInstance.id)
        for query in _portions(columns, ProcessInstance.id, ids, user):
            for row in session.execute(query):
                yield Outlook(row.id) if row.state == wanted else Outlook(row.id, CANNOT, problems(_other_state(row, wanted)))

    return plan


def _other_state(row: Any, wanted: str) -> EngineError:
    if wanted == executions.ACTIVE:
        return executions.not_active(row)
    return Invalid(expected="a suspended case", found=f"one that is {row.state}")


def _steer(verb: Callable[[Session, int, User, str], None]) -> Do:
    return lambda session, _arguments, item, user, reason: verb(session, item.instance_id, user, reason)


# --- tasks and incidents ---


def _plan_tasks(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    columns: Any = select(UserTask.id, UserTask.instance_id, UserTask.name, UserTask.state, ProcessInstance.state.label("running"))
    columns = columns.add_columns(ProcessInstance.business_key).join(UserTask.instance).order_by(UserTask.instance_id, UserTask.id)
    for query in _portions(columns, UserTask.id, ids, user):
        for row in session.execute(query):
            why: EngineError | None = None
            if row.state != user_tasks.OPEN:
                why = Invalid(expected="an open user task", found="one that is over")
            elif row.running != executions.ACTIVE:
                why = InstanceNotActive(instance=row.business_key, state=row.running)
            yield Outlook(row.instance_id, CANNOT if why else GOES, problems(why) if why else [], row.id, row.name)


def _task(item: BatchItem) -> int:
    if item.subject_id is None:
        raise NotFound(what="user task", id="")
    return item.subject_id


def _assign(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    assignee = session.get(User, arguments["assignee"])
    if assignee is None or not assignee.active:
        raise NotFound(what="account", id=arguments["assignee"])
    user_tasks.assign(session, _task(item), user, assignee, reason)


def _set_due_date(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    due = datetime.fromisoformat(arguments["due"]) if arguments["due"] else None
    user_tasks.set_due_date(session, _task(item), user, due, reason)


def _set_priority(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    user_tasks.set_priority(session, _task(item), user, arguments["priority"], reason)


def _plan_incidents(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    columns: Any = select(Incident, ProcessInstance).join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
    for query in _portions(columns.order_by(Incident.instance_id, Incident.id), Incident.id, ids, user):
        for incident, instance in session.execute(query):
            element = deployments.diagram(session, instance.definition).elements.get(incident.element_id)
            name = element.name or incident.element_id if element else incident.element_id
            why: EngineError | None = None
            if incident.resolved_at is not None:
                why = NotFound(what="incident", id=incident.id)
            elif instance.state != executions.ACTIVE:
                why = executions.not_active(instance)
            yield Outlook(instance.id, CANNOT if why else GOES, problems(why) if why else [], incident.id, name)


def _retry(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    incidents.resolve(session, item.subject_id or 0, user, reason)


ACTS: Mapping[str, Act] = {
    "migrate": Act(_plan_migration, _migrate, _move_back),
    "suspend": Act(_of_cases(executions.ACTIVE), _steer(instances.suspend), lambda _: ("activate", {})),
    "activate": Act(_of_cases(executions.SUSPENDED), _steer(instances.activate), lambda _: ("suspend", {})),
    "cancel": Act(_of_cases(executions.ACTIVE), _steer(instances.cancel)),
    "assign": Act(_plan_tasks, _assign),
    "set_due_date": Act(_plan_tasks, _set_due_date),
    "set_priority": Act(_plan_tasks, _set_priority),
    "retry": Act(_plan_incidents, _retry),
}
"""By the kind of a batch."""
