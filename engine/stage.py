"""The stage of a scenario: a folder in a database in memory, with a virtual clock. Nothing leaves it: a stub stands behind every topic."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, false, func, select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from engine import db, deployments, executions, footprints, history, incidents, instances, jobs, messages, user_tasks, wait_states
from engine.budgets import Budget
from engine.errors import EngineError, FormInvalid, Invalid, NotFound
from engine.expressions import to_json
from engine.expressions.vocabulary import NOW
from engine.models import HistoryEvent, Incident, Job, Organisation, ProcessInstance, User, UserTask
from engine.reports import Report
from engine.sentences import say
from engine.spiff import Program, StartEvent, moments
from engine.stubs import Anything, Stubs
from engine.worker import Worker

Place = TypeVar("Place", UserTask, Job)
BEGINNING = datetime(2026, 1, 5, 1, tzinfo=UTC)
"""Where the virtual clock begins, unless the scenario says otherwise: a Monday, eight o'clock in Vietnam."""


@dataclass(frozen=True)
class Snapshot:
    """A stage between two steps, as a value: what SQLite makes of its database, and what stands beside it."""

    now: datetime
    first: int | None
    database: bytes


class Stage:
    """One run: a database in memory, a clock, a worker without threads. A context manager."""

    def __init__(self, files: Mapping[str, bytes], scenario: Mapping[str, Any], budget: Budget | None = None) -> None:
        self._set(scenario, budget)
        try:
            db.Base.metadata.create_all(self._engine)
            self._limit()
            with self.sessions.begin() as session:
                self._people(session)
                deployments.store(session, "dry-run", files)
        except BaseException:
            self._engine.dispose()
            raise

    @classmethod
    def restored(cls, snapshot: Snapshot, scenario: Mapping[str, Any], budget: Budget | None = None) -> Stage:
        """A stage that goes on where another, of the same scenario so far, stood."""
        stage = cls.__new__(cls)
        stage._set(scenario, budget)
        stage.now, stage._first = snapshot.now, snapshot.first
        with stage._engine.connect() as connection:
            connection.connection.driver_connection.deserialize(snapshot.database)  # type: ignore[union-attr]
        stage._limit()
        return stage

    def _limit(self) -> None:
        if self._budget:
            with self._engine.connect() as connection:
                size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
                connection.exec_driver_sql(f"PRAGMA max_page_count={self._budget.bytes // size}")

    def snapshot(self) -> Snapshot:
        """How it stands now."""
        with self._engine.connect() as connection:
            database = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
        return Snapshot(self.now, self._first, database)

    def _set(self, scenario: Mapping[str, Any], budget: Budget | None = None) -> None:
        """An empty stage."""
        self._scenario = scenario
        self._budget = budget
        self._waits_for_services = scenario.get("services") == "wait"
        self.now = moments.moment(scenario["now"]) if "now" in scenario else BEGINNING
        self._engine = db.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self.sessions = sessionmaker(self._engine, expire_on_commit=False, info={"clock": lambda: self.now})
        self._prepared: dict[str, list[Mapping[str, Any]]] = {}
        self._worker = Worker(self.sessions, Stubs(self._prepared))
        self._held = [step["job"] for step in scenario.get("steps", ()) if "job" in step]
        self._first: int | None = None

    def _people(self, session: Session) -> None:
        session.add_all(Organisation(code=code, name=name) for code, name in self._scenario.get("organisations", {}).items())
        people = self._scenario.get("accounts", {}).items()
        session.add_all(User(username=username, name=name, created_at=self.now) for username, name in people)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Forget everything."""
        self._engine.dispose()

    def play(self) -> Report:
        """Start, take every step, report."""
        steps: Sequence[Mapping[str, Any]] = self._scenario.get("steps", ())
        failed: str | None = None
        failed_vi = ""
        taken = 0
        try:
            self._start()
            for step in steps:
                taken += 1
                self.take(step)
        except EngineError as error:
            failed, failed_vi = f"step {taken}: {error}", say(error, "vi")
            if isinstance(error, FormInvalid):
                failed += f" {error.fields}"
                failed_vi += " " + "; ".join(error.fields.values())
        report = self._report(failed)
        report.failed_at, report.failed_vi = taken if failed else 0, failed_vi
        if isinstance(expected := self._scenario.get("expect"), Mapping):
            report.compare(expected)
        return report

    def pass_over(self, steps: Sequence[Mapping[str, Any]]) -> None:
        """These have been taken already, before the snapshot."""
        for topic in [step["job"] for step in steps if "job" in step]:
            self._held.remove(topic)

    def start(self) -> None:
        """Start what the scenario says."""
        self._start()

    def take(self, step: Mapping[str, Any]) -> None:
        """One step. Raises EngineError; what the step had not finished by then may be half done."""
        if self._budget:
            self._budget.renew()
        self._step(step)

    def _start(self) -> None:
        first = self._scenario.get("start_first") or []
        for key in [first] if isinstance(first, str) else first:
            if self._budget:
                self._budget.renew()
            self._begin(key, {})
        self._first = self._begin(
            self._scenario["process"],
            self._scenario.get("variables", {}),
            self._scenario.get("start_event"),
            self._scenario.get("business_key") or "",
        )

    def _begin(self, key: str, variables: Mapping[str, Any], start_event: str | None = None, business_key: str = "") -> int | None:
        """Start a case. None where only the clock starts the process: it does so when the time comes, with these variables."""
        with self.sessions.begin() as session:
            definition = deployments.latest(session, key)
            only = _only_start(deployments.program(session, definition)) if start_event is None else None
            started = None
            if only is not None and only.kind == "timer":
                for job in session.scalars(select(Job).where(Job.definition_id == definition.id, Job.kind == jobs.START_TIMER)):
                    job.payload = {**job.payload, "variables": to_json(dict(variables))}
            else:
                chosen = only.element_id if only else start_event
                started = instances.start(session, definition, variables, business_key=business_key, start_event=chosen).id
        self._drain()
        return started

    def _step(self, step: Mapping[str, Any]) -> None:
        variables = step.get("variables", {})
        if "complete" in step:
            self._complete(step, variables)
        elif "message" in step:
            with self.sessions.begin() as session:
                messages.correlate(
                    session, step["message"], business_key=step.get("business_key"), keys=step.get("keys"), variables=variables, keep=True
                )
        elif "signal" in step:
            with self.sessions.begin() as session:
                messages.broadcast(session, step["signal"], variables)
        elif "advance" in step:
            until = moments.point(step["advance"], self.now)
            if until < self.now:
                raise Invalid(expected=f"a time after {self.now:%Y-%m-%dT%H:%M:%SZ}", found=f"{until.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}")
            self._advance(until)
        elif "job" in step:
            if step["job"] in self._held:
                self._held.remove(step["job"])
            self._serve(step)
        elif "retry" in step:
            self._retry(step["retry"])
        elif "start" in step:
            self._begin(step["start"], variables, step.get("start_event"), step.get("business_key") or "")
        elif "cancel" in step:
            with self.sessions.begin() as session:
                instances.end(session, executions.lock_active(session, self._first or 0), step["cancel"])
        else:
            raise Invalid(expected="a step with complete, message, signal, advance, job, retry, start or cancel", found=str(sorted(step)))
        self._drain()

    def _complete(self, step: Mapping[str, Any], variables: Mapping[str, Any]) -> None:
        with self.sessions.begin() as session:
            open_tasks = select(UserTask).where(UserTask.element_id == step["complete"], UserTask.state == "open").order_by(UserTask.id)
            found = self._chosen(session, session.scalars(open_tasks), step)
            if found is None:
                raise NotFound(what="open user task", id=f"{step['complete']} {dict(step.get('where', {})) or ''}".strip())
            task, seen = found
            instance = executions.lock_active(session, task.instance_id)
            execution = executions.load(session, instance)
            known = {**seen, NOW: self.now.isoformat()}
            # A task without a form takes whatever the scenario says: a diagram is tried out before its forms are drawn.
            clean = user_tasks.validated(session, task, known, variables, documents=Anything()) if task.form else variables
            task.state, task.ended_at = user_tasks.COMPLETED, self.now
            execution.complete_user_task(task.wait_id, clean)
            element = deployments.diagram(session, instance.definition).elements.get(task.element_id)
            detail = {"data": to_json(dict(clean))}
            history.record(session, instance.id, "task.completed", element=element, user_task_id=task.id, detail=detail)
            wait_states.mirror(session, instance, execution)

    def _chosen(self, session: Session, places: Iterable[Place], step: Mapping[str, Any]) -> tuple[Place, dict[str, Any]] | None:
        """The oldest place that sees the values of `where` (of these the one that `nth` counts to), with all that it sees."""
        nth = step.get("nth", 1)
        for place in places:
            instance = executions.lock(session, place.instance_id or 0)
            execution = executions.load(session, instance)
            if instance.state != executions.ACTIVE or place.wait_id not in execution.waits:
                continue
            seen = execution.visible(place.wait_id)
            if all(seen.get(name) == value for name, value in step.get("where", {}).items()):
                nth -= 1
                if nth < 1:
                    return place, seen
        return None

    def _serve(self, step: Mapping[str, Any]) -> None:
        """Execute the oldest job of the topic now, with the result that the step gives."""
        with self.sessions.begin() as session:
            query = select(Job).where(Job.topic == step["job"], Job.next_at.is_not(None)).order_by(Job.id)
            if "element" in step:
                query = query.where(Job.element_id == step["element"])
            found = self._chosen(session, session.scalars(query), step)
            if found is None:
                raise NotFound(what="job of topic", id=step["job"])
            job = found[0]
            job.owner = self._worker.owner
            if "failure" in step:
                # What is made to fail fails for good: the incident is what is wanted.
                job.retries = 1
            job_id = job.id
        self._prepared.setdefault(step["job"], []).insert(0, step)
        self._worker.execute(job_id)

    def _retry(self, element_id: str) -> None:
        with self.sessions.begin() as session:
            query = select(Incident).where(Incident.element_id == element_id, Incident.resolved_at.is_(None)).order_by(Incident.id).limit(1)
            incident = session.scalar(query)
            if incident is None:
                raise NotFound(what="incident", id=element_id)
            incidents.retry(session, incident)

    def _free(self) -> ColumnElement[bool]:
        """Jobs that happen by themselves: those of a topic that a step is yet to name wait for it."""
        return Job.topic.is_(None) | (false() if self._waits_for_services else Job.topic.not_in(self._held))

    def _advance(self, until: datetime) -> None:
        """Move the clock from one due time to the next, so that what is due happens in its order."""
        while True:
            with self.sessions() as session:
                following = session.scalar(select(func.min(Job.next_at)).where(self._free()))
            if following is None or following > until:
                break
            self.now = max(self.now, following)
            self._drain()
        self.now = until

    def _drain(self) -> None:
        """Execute what is due now. Jobs of topics that a later step names stay."""
        while True:
            with self.sessions.begin() as session:
                due = select(Job).where(Job.next_at <= self.now, self._free()).order_by(Job.next_at, Job.id).limit(1)
                job = session.scalar(due)
                if job is None:
                    return
                if self._budget:
                    self._budget.spend(session)
                job.owner = self._worker.owner
                # A leased job is not due; a failed one becomes due again by itself.
                job.next_at = self.now + jobs.LEASE
                # What fails here fails again: the incident is shown at once.
                job.retries = 1
                job_id = job.id
            self._worker.execute(job_id)

    def _is_first(self, instance: ProcessInstance) -> bool:
        if self._first is not None:
            return instance.id == self._first
        return instance.definition.key == self._scenario["process"] and instance.parent_id is None

    def _report(self, failed_step: str | None) -> Report:
        with self.sessions() as session:
            completed = select(HistoryEvent.element_id).where(HistoryEvent.kind == "element.completed").order_by(HistoryEvent.id)
            trace = [element_id for element_id in session.scalars(completed) if element_id is not None]
            found = list(session.scalars(select(ProcessInstance).order_by(ProcessInstance.id)))
            first = next((one for one in found if self._is_first(one)), None)
            opened = session.scalars(select(Incident).where(Incident.resolved_at.is_(None)).order_by(Incident.id))
            return Report(
                state=first.state if first else "failed" if failed_step else executions.ACTIVE,
                trace=trace,
                waiting=[wait for instance in found if instance.state == executions.ACTIVE for wait in _waiting(session, instance)],
                variables=executions.load(session, first).variables if first else {},
                incidents=[
                    {"element": i.element_id, "kind": i.kind, "message": i.message, "line": i.line, "instance": i.instance_id}
                    for i in opened
                ],
                unhandled_errors=[error for instance in found for error in _unhandled(session, instance)],
                failed_step=failed_step,
                passed=_passed(session, found),
            )


def _only_start(program: Program) -> StartEvent | None:
    """The start event to begin with when the scenario names none: none of those where there is a plain one, else the only one there is."""
    events = program.start_events
    return None if any(event.kind == "none" for event in events) or len(events) != 1 else events[0]


def _waiting(session: Session, instance: ProcessInstance) -> list[dict[str, Any]]:
    return [
        {"element": wait.element_id, "kind": wait.kind.value, "name": wait.name, "due": wait.due, "groups": list(wait.candidate_groups),
         "instance": instance.id, "process": instance.definition.key}
        for wait in executions.load(session, instance).waits.values()
    ]  # fmt: skip


def _passed(session: Session, found: Iterable[ProcessInstance]) -> dict[str, dict[str, int]]:
    by_key: dict[str, Counter[str]] = {}
    for instance in found:
        footprint = footprints.of(session, instance)
        by_key.setdefault(instance.definition.key, Counter()).update([*footprint.passed.elements(), *footprint.flows])
    return {key: dict(passed) for key, passed in by_key.items()}


def _unhandled(session: Session, instance: ProcessInstance) -> list[str]:
    query = select(HistoryEvent.detail).where(HistoryEvent.instance_id == instance.id, HistoryEvent.kind == "instance.failed")
    return [detail["error"] for detail in session.scalars(query) if detail.get("error") is not None]
