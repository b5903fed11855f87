"""What the figures of a process say of its running cases. Kept in a row per case, written again when the case has gone on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, func, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, sessionmaker

from engine import db, executions, jobs, working_time
from engine.expressions import ZONE, Calendar
from engine.forecasts.figures import LEAST, WHOLE
from engine.forecasts.ruler import Ruler
from engine.models import CalendarChange, Forecast, Job, MessageSubscription, ProcessDefinition, ProcessInstance, StepTime, UserTask

CHUNK = 500
MOST = 20_000
"""Cases of one turn."""
FAR = timedelta(days=6 * 366)
"""Beyond which nothing is foreseen."""
_WAITING = (jobs.SERVICE, jobs.TIMER, jobs.CALL)
_KEPT = ("version", "computed_at", "expected_at", "basis", "tardy")


@dataclass(frozen=True)
class Outlook:
    """When a case is expected to end. `basis`: finished cases that this comes from. `tardy`: an open task will be done after it is due."""

    expected_at: datetime
    basis: int
    tardy: bool


@dataclass
class _Place:
    """Where a case stands. `since` None: nobody knows."""

    element_id: str
    since: datetime | None
    due: datetime | None = None


@dataclass
class _Case:
    id: int
    key: str
    started_at: datetime
    version: int
    places: list[_Place] = field(default_factory=list)


Figures = Mapping[tuple[str, str], StepTime]


def of(session: Session, instance: ProcessInstance) -> Outlook | None:
    """As of this moment; None: the case does not run, or too few finished cases say anything about it."""
    if instance.state != executions.ACTIVE:
        return None
    figures = _figures(session, [instance.definition.key])
    if not figures:
        return None
    case = _Case(instance.id, instance.definition.key, instance.started_at, instance.version)
    _stand(session, {instance.id: case})
    now = db.now(session)
    return _outlook(case, figures, _ruler(working_time.calendar(session), [case], now), now)


def known(session: Session, numbers: Collection[int]) -> dict[int, Outlook]:
    """What was computed last, of those cases for which there is something to say."""
    query = select(Forecast.instance_id, Forecast.expected_at, Forecast.basis, Forecast.tardy).where(Forecast.instance_id.in_(numbers))
    return {id_: Outlook(moment, basis, late) for id_, moment, basis, late in session.execute(query) if moment is not None}


def tardy() -> ColumnElement[bool]:
    """Cases with an open task that is expected to be done too late. A clause over ProcessInstance."""
    found = select(Forecast.instance_id).where(Forecast.tardy.is_(True), Forecast.expected_at.is_not(None))
    return ProcessInstance.id.in_(found) & (ProcessInstance.state == executions.ACTIVE)


def renew(sessions: sessionmaker[Session]) -> int:
    """Compute again what has changed: cases that went on, other figures, a day that has passed. How many cases."""
    with sessions.begin() as session:
        over = select(ProcessInstance.id).where(ProcessInstance.id == Forecast.instance_id, ProcessInstance.state != executions.ACTIVE)
        session.execute(delete(Forecast).where(over.exists()).execution_options(synchronize_session=False))
        calendar = working_time.calendar(session)
        changed = session.scalar(select(func.max(CalendarChange.at)))
    done, last = 0, 0
    while done < MOST:
        with sessions.begin() as session:
            found = _stale(session, last, changed)
            if found:
                _write(session, found, calendar)
        done += len(found)
        if len(found) < CHUNK:
            break
        last = found[-1].id
    return done


def _stale(session: Session, after: int, changed: datetime | None) -> list[_Case]:
    now = db.now(session)
    today = datetime.combine(now.astimezone(ZONE).date(), time.min, ZONE)
    query = (
        select(ProcessInstance.id, ProcessDefinition.key, ProcessInstance.started_at, ProcessInstance.version)
        .join(ProcessInstance.definition)
        .join(StepTime, (StepTime.process_key == ProcessDefinition.key) & (StepTime.element_id == WHOLE))
        .outerjoin(Forecast, Forecast.instance_id == ProcessInstance.id)
        .where(ProcessInstance.state == executions.ACTIVE, ProcessInstance.id > after)
        .where(
            or_(
                Forecast.version.is_(None),
                Forecast.version != ProcessInstance.version,
                Forecast.computed_at < StepTime.computed_at,
                Forecast.expected_at < today,
                *((Forecast.computed_at < changed,) if changed else ()),
            )
        )
        .order_by(ProcessInstance.id)
        .limit(CHUNK)
    )
    return [_Case(*row) for row in session.execute(query)]


def _write(session: Session, cases: Sequence[_Case], calendar: Calendar) -> None:
    now = db.now(session)
    _stand(session, {case.id: case for case in cases})
    figures, ruler = _figures(session, {case.key for case in cases}), _ruler(calendar, cases, now)
    rows: list[dict[str, Any]] = []
    for case in cases:
        found = _outlook(case, figures, ruler, now)
        said = {"expected_at": found.expected_at, "basis": found.basis, "tardy": found.tardy} if found else {}
        nothing = {"expected_at": None, "basis": 0, "tardy": False}
        rows.append({"instance_id": case.id, "version": case.version, "computed_at": now, **nothing, **said})
    insert = (postgresql if session.get_bind().dialect.name == "postgresql" else sqlite).insert(Forecast)
    told = {name: insert.excluded[name] for name in _KEPT}
    session.connection().execute(insert.on_conflict_do_update(index_elements=["instance_id"], set_=told), rows)


def _figures(session: Session, keys: Iterable[str]) -> Figures:
    query = select(StepTime).where(StepTime.process_key.in_(list(keys)), StepTime.count >= LEAST)
    return {(row.process_key, row.element_id): row for row in session.scalars(query)}


def _stand(session: Session, cases: Mapping[int, _Case]) -> None:
    """Where these cases stand, from the rows that mirror their waits."""
    ids = list(cases)
    tasks: Any = select(UserTask.instance_id, UserTask.element_id, UserTask.created_at, UserTask.due_at)
    for id_, element_id, since, due in session.execute(tasks.where(UserTask.instance_id.in_(ids), UserTask.state == "open")):
        cases[id_].places.append(_Place(element_id, since, due))
    working: Any = select(Job.instance_id, Job.element_id, Job.created_at).where(Job.instance_id.in_(ids), Job.kind.in_(_WAITING))
    for id_, element_id, since in session.execute(working):
        cases[id_].places.append(_Place(element_id or "", since))
    listening: Any = select(MessageSubscription.instance_id, MessageSubscription.element_id).where(MessageSubscription.instance_id.in_(ids))
    for id_, element_id in session.execute(listening):
        cases[id_].places.append(_Place(element_id, None))


def _ruler(calendar: Calendar, cases: Iterable[_Case], now: datetime) -> Ruler:
    begun = [case.started_at for case in cases] + [place.since for case in cases for place in case.places if place.since]
    return Ruler(calendar, min([*begun, now]).astimezone(ZONE).date(), (now + FAR).astimezone(ZONE).date())


def _outlook(case: _Case, figures: Figures, ruler: Ruler, now: datetime) -> Outlook | None:
    """The place that takes longest decides. A case is never expected to have ended already: what comes after its step takes its time."""
    whole = figures.get((case.key, WHOLE))
    if whole is None:
        return None
    present, late, found = ruler.at(now), False, []
    for place in case.places:
        figure = figures.get((case.key, place.element_id)) if place.element_id else None
        if figure is None:
            continue
        since = ruler.at(place.since) if place.since else present - figure.stay / 2
        found.append((max(since + figure.median, present + figure.rest), figure.count))
        done = ruler.moment(max(since + figure.stay, present))
        late = late or (place.due is not None and now < place.due < done)
    end, basis = max(found) if found else (max(ruler.at(case.started_at) + whole.median, present), whole.count)
    # On a day off so many hours were worked when work ended last, which is past.
    return Outlook(max(ruler.moment(end), now), basis, late)
