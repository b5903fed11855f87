"""A scene: how a rehearsal stands, for who looks at it: cases, what waits where, and by which step of a scenario it would go on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from engine import deployments, executions, footprints, jobs, user_tasks
from engine.errors import EngineError
from engine.footprints import Footprint
from engine.models import HistoryEvent, Incident, Job, MessageSubscription, ProcessDefinition, ProcessInstance, UserTask
from engine.stage import Stage

LISTED = 300
"""Cases, places and events that are shown, of each at most."""


@dataclass
class Standing:
    """A stage on which steps were taken, as far as they can be. `error`: why the step after `taken` cannot."""

    stage: Stage
    taken: int
    error: EngineError | None = None


@dataclass(frozen=True)
class Case:
    """One case of the rehearsal: the one that was started, or one that was called."""

    id: int
    key: str
    process: str
    title: str
    business_key: str
    state: str
    parent: int | None
    end_reason: str


@dataclass(frozen=True)
class Place:
    """Where something waits. `step` brings it on, as a scenario would; a timer has none, but a due time."""

    id: int
    kind: str
    """task, service, timer, message, signal, incident"""
    case: int | None
    element: str
    name: str
    step: Mapping[str, Any] = field(default_factory=dict)
    due: datetime | None = None
    form: str | None = None
    asked: tuple[str, ...] = ()
    """Principals that may do the task."""
    what: str = ""
    """Topic, name of the message, or what failed."""


@dataclass(frozen=True)
class Scene:
    """Everything that is shown of a rehearsal. `case`, `footprint`, `variables`: of the case whose diagram is looked at."""

    cases: list[Case]
    case: Case | None
    footprint: Footprint | None
    calls: Mapping[str, list[Case]]
    variables: Mapping[str, Any]
    places: list[Place]
    seen: Mapping[str, Any] | None
    """All that the user task sees which was asked for; None: it is not open."""
    log: list[HistoryEvent]
    choices: Mapping[str, Any]
    now: datetime
    taken: int
    """How many steps were taken."""
    error: EngineError | None
    """Why the next one cannot be."""

    def of(self, kind: str) -> list[Place]:
        return [place for place in self.places if place.kind == kind]

    def place(self, kind: str, id_: int) -> Place | None:
        return next((place for place in self.places if place.kind == kind and place.id == id_), None)

    @property
    def next_due(self) -> datetime | None:
        """When the next timer fires."""
        return min((place.due for place in self.of("timer") if place.due), default=None)


def draw(standing: Standing, scenario: Mapping[str, Any], case: int | None = None, task: int | None = None) -> Scene:
    """The scene on a stage, on the diagram of `case` (else of the first), with all that user task `task` sees."""
    with standing.stage.sessions() as session:
        return _drawn(session, standing, scenario, case, task)


def _drawn(session: Session, standing: Standing, scenario: Mapping[str, Any], case: int | None, task: int | None) -> Scene:
    found = list(session.scalars(_instances().order_by(ProcessInstance.id).limit(LISTED)))
    roots = [one for one in found if one.definition.key == scenario.get("process") and one.parent_id is None]
    chosen = next((one for one in found if one.id == case), None) or next(iter([*roots, *found]), None)
    cases = {one.id: _case(one) for one in found}
    footprint = footprints.of(session, chosen) if chosen else None
    calls: dict[str, list[Case]] = {}
    if chosen and footprint:
        children = [one for one in found if one.parent_id == chosen.id]
        calls = {
            element: [cases[one.id] for one in those] for element, those in footprints.calls(session, chosen, footprint, children).items()
        }
    return Scene(
        cases=list(cases.values()),
        case=cases[chosen.id] if chosen else None,
        footprint=footprint,
        calls=calls,
        variables=executions.load(session, chosen).variables if chosen else {},
        places=[*_tasks(session), *_services(session), *_timers(session), *_subscriptions(session), *_incidents(session)],
        seen=_seen(session, task) if task is not None else None,
        log=_log(session),
        choices=user_tasks.choices(session),
        now=standing.stage.now,
        taken=standing.taken,
        error=standing.error,
    )


def _instances() -> Any:
    return select(ProcessInstance).options(joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment))


def _case(instance: ProcessInstance) -> Case:
    definition = instance.definition
    return Case(
        instance.id, definition.key, definition.name, instance.title, instance.business_key, instance.state, instance.parent_id,
        instance.end_reason,
    )  # fmt: skip


def _log(session: Session) -> list[HistoryEvent]:
    """The last events, oldest first."""
    return list(session.scalars(select(HistoryEvent).order_by(HistoryEvent.id.desc()).limit(LISTED)))[::-1]


def _seen(session: Session, task_id: int) -> dict[str, Any] | None:
    task = session.get(UserTask, task_id)
    return user_tasks.context(session, task) if task is not None and task.state == user_tasks.OPEN else None


def _name(session: Session, instance: ProcessInstance | None, element_id: str | None, definition_id: int | None = None) -> str:
    """The label of an element of a case, or of a process that is yet to begin."""
    definition = instance.definition if instance is not None else session.get(ProcessDefinition, definition_id or 0)
    if definition is None or element_id is None:
        return element_id or ""
    element = deployments.diagram(session, definition).elements.get(element_id)
    return element.name or element_id if element else element_id


# --- what waits ------------------------------------------------------------------------------------------------------------------------


def _tasks(session: Session) -> list[Place]:
    query = (
        select(UserTask).where(UserTask.state == user_tasks.OPEN).options(selectinload(UserTask.candidates), joinedload(UserTask.instance))
    )
    found = list(session.scalars(query.order_by(UserTask.id).limit(LISTED)))
    telling = _telling(session, found)
    places = []
    for task in found:
        asked = tuple(candidate.principal for candidate in task.candidates)
        step = {"complete": task.element_id, **telling[task.id]}
        places.append(Place(task.id, "task", task.instance_id, task.element_id, task.name, step, task.due_at, task.form, asked))
    return places


def _services(session: Session) -> list[Place]:
    query = select(Job).where(Job.kind == jobs.SERVICE, Job.next_at.is_not(None)).order_by(Job.id).limit(LISTED)
    found = list(session.scalars(query))
    telling = _telling(session, found)
    places = []
    for job in found:
        instance = session.get(ProcessInstance, job.instance_id)
        name = _name(session, instance, job.element_id)
        step = {"job": job.topic, "element": job.element_id, **telling[job.id]}
        places.append(Place(job.id, "service", job.instance_id, job.element_id or "", name, step, what=job.topic or ""))
    return places


def _telling(session: Session, places: Sequence[UserTask] | Sequence[Job]) -> dict[int, dict[str, Any]]:
    """By what a scenario tells each place from older ones at the same element: values that it alone sees, else its number."""
    older: dict[str | None, list[Mapping[str, Any]]] = {}
    counts: dict[str | None, int] = {}
    for place in places:
        counts[place.element_id] = counts.get(place.element_id, 0) + 1
    found: dict[int, dict[str, Any]] = {}
    for place in places:
        if counts[place.element_id] == 1:
            found[place.id] = {}
            continue
        instance = session.get_one(ProcessInstance, place.instance_id)
        execution = executions.load(session, instance)
        sees = execution.visible(place.wait_id) if place.wait_id in execution.waits else {}
        before = older.setdefault(place.element_id, [])
        found[place.id] = _apart(sees, before)
        before.append(sees)
    return found


def _apart(sees: Mapping[str, Any], older: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if not older:
        return {}
    plain = {name: value for name, value in sees.items() if isinstance(value, str | int) and not isinstance(value, bool)}
    for name, value in sorted(plain.items(), key=lambda item: (not isinstance(item[1], str), len(str(item[1])))):
        if all(one.get(name) != value for one in older):
            return {"where": {name: value}}
    return {"nth": len(older) + 1}


def _timers(session: Session) -> list[Place]:
    query = select(Job).where(Job.kind.in_((jobs.TIMER, jobs.START_TIMER)), Job.next_at.is_not(None)).order_by(Job.next_at, Job.id)
    places = []
    for job in session.scalars(query.limit(LISTED)):
        instance = session.get(ProcessInstance, job.instance_id) if job.instance_id is not None else None
        places.append(
            Place(
                job.id,
                "timer",
                job.instance_id,
                job.element_id or "",
                _name(session, instance, job.element_id, job.definition_id),
                due=job.due_at,
            )
        )
    return places


def _subscriptions(session: Session) -> list[Place]:
    query = (
        select(MessageSubscription, ProcessInstance)
        .outerjoin(ProcessInstance, ProcessInstance.id == MessageSubscription.instance_id)
        .order_by(MessageSubscription.instance_id.is_(None), MessageSubscription.id)
        .limit(LISTED)
    )
    places = []
    for waiting, instance in session.execute(query):
        if waiting.kind == "signal":
            step: dict[str, Any] = {"signal": waiting.name}
        else:
            step = {"message": waiting.name}
            if waiting.keys:
                step["keys"] = waiting.keys
            elif instance is not None:
                step["business_key"] = instance.business_key
        name = _name(session, instance, waiting.element_id, waiting.definition_id)
        places.append(Place(waiting.id, waiting.kind, waiting.instance_id, waiting.element_id, name, step, what=waiting.name))
    return places


def _incidents(session: Session) -> Iterable[Place]:
    for one in session.scalars(select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id).limit(LISTED)):
        name = _name(session, session.get(ProcessInstance, one.instance_id), one.element_id)
        # Where a handler broke is its programmer's; where a script did is the analyst's.
        said = f"{one.message} ({one.line})" if one.line and not one.kind.startswith("job.") else one.message
        yield Place(one.id, "incident", one.instance_id, one.element_id, name, {"retry": one.element_id}, what=said)
