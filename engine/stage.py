"""The stage of a scenario: a folder in a database in memory, a virtual clock, and what a run of it leaves behind."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import StaticPool

from engine import db, deployments, executions, instances, jobs, messages, topics, user_tasks, wait_states
from engine.errors import BpmnError, EngineError, Invalid, NotFound
from engine.expressions import to_json
from engine.models import HistoryEvent, Incident, Job, Organisation, ProcessInstance, User, UserTask
from engine.spiff import Program, StartEvent, moments
from engine.worker import Worker

BEGINNING = datetime(2026, 1, 5, 1, tzinfo=UTC)
"""Where the virtual clock begins, unless the scenario says otherwise: a Monday, eight o'clock in Vietnam."""


@dataclass
class Report:
    """What a run left behind. See the keys of `luanchuyen dry-run --json`."""

    state: str = "refused"
    trace: list[str] = field(default_factory=list)
    waiting: list[dict[str, Any]] = field(default_factory=list)
    variables: dict[str, Any] = field(default_factory=dict)
    incidents: list[dict[str, Any]] = field(default_factory=list)
    unhandled_errors: list[str] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    failed_step: str | None = None

    @property
    def exit_code(self) -> int:
        """0 ran, 1 failed or incident, 2 refused."""
        if self.refused:
            return 2
        return 1 if self.incidents or self.state == "failed" or self.failed_step else 0

    def as_dict(self) -> dict[str, Any]:
        found: dict[str, Any] = to_json(asdict(self))
        return found

    def as_text(self) -> str:
        """For people at a shell."""
        lines = [f"state: {self.state}", "trace: " + " ".join(self.trace)]
        lines += [f"waiting: {wait['element']} ({wait['kind']})" for wait in self.waiting]
        lines += [f"incident: {incident['element']}: {incident['message']}" for incident in self.incidents]
        lines += [f"unhandled error: {code}" for code in self.unhandled_errors]
        lines += [f"refused: {finding['element'] or ''} {finding['rule']}: {finding['sentence']}" for finding in self.refused]
        return "\n".join([*lines, *([f"failed: {self.failed_step}"] if self.failed_step else [])])


class _Stub:
    """Stands behind every topic: the result that a step prepared, or nothing."""

    def __init__(self, topic: str, prepared: list[Mapping[str, Any]]) -> None:
        self.topic = topic
        self._prepared = prepared

    def call(self, job: topics.Job, variables: Mapping[str, Any]) -> dict[str, Any]:
        step = self._prepared.pop(0) if self._prepared else {}
        if "error" in step:
            raise BpmnError(step["error"], variables=step.get("variables", {}))
        return dict(step.get("variables", {}))


class _Stubs(dict[str, Any]):
    """Every topic has a stub, whose prepared results are kept by topic."""

    def __init__(self, prepared: dict[str, list[Mapping[str, Any]]]) -> None:
        self._prepared = prepared

    def get(self, topic: str, default: Any = None) -> Any:
        return _Stub(topic, self._prepared.setdefault(topic, []))


class Stage:
    """One run: a database in memory, a clock, a worker without threads. A context manager."""

    def __init__(self, files: Mapping[str, bytes], scenario: Mapping[str, Any]) -> None:
        self._set(scenario)
        try:
            db.Base.metadata.create_all(self._engine)
            with self._sessions.begin() as session:
                self._people(session)
                deployments.store(session, "dry-run", files)
        except BaseException:
            self._engine.dispose()
            raise

    def _set(self, scenario: Mapping[str, Any]) -> None:
        """An empty stage."""
        self._scenario = scenario
        self.now = moments.moment(scenario["now"]) if "now" in scenario else BEGINNING
        self._engine = db.create_engine("sqlite://", poolclass=StaticPool, connect_args={"check_same_thread": False})
        self._sessions = sessionmaker(self._engine, expire_on_commit=False, info={"clock": lambda: self.now})
        self._prepared: dict[str, list[Mapping[str, Any]]] = {}
        self._worker = Worker(self._sessions, _Stubs(self._prepared))
        self._held: list[str] = []
        self._first: int | None = None

    def _people(self, session: Session) -> None:
        session.add_all(Organisation(code=code, name=name) for code, name in self._scenario.get("organisations", {}).items())
        people = self._scenario.get("accounts", {}).items()
        session.add_all(User(username=username, name=name, created_at=self.now) for username, name in people)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()

    def play(self) -> Report:
        """Start, take every step, report."""
        steps: Sequence[Mapping[str, Any]] = self._scenario.get("steps", ())
        failed: str | None = None
        taken = 0
        try:
            self._held = [step["job"] for step in steps if "job" in step]
            self._start()
            for step in steps:
                taken += 1
                self._step(step)
        except EngineError as error:
            failed = f"step {taken}: {error}"
            if getattr(error, "fields", None):
                failed += f" {error.fields}"  # type: ignore[attr-defined]  # FormInvalid has them
        return self._report(failed)

    def _start(self) -> None:
        first = self._scenario.get("start_first") or []
        for key in [first] if isinstance(first, str) else first:
            self._begin(key, {})
        self._first = self._begin(
            self._scenario["process"],
            self._scenario.get("variables", {}),
            self._scenario.get("start_event"),
            self._scenario.get("business_key") or "",
        )

    def _begin(self, key: str, variables: Mapping[str, Any], start_event: str | None = None, business_key: str = "") -> int | None:
        """Start a case. None where only the clock starts the process: it does so when the time comes, with these variables."""
        with self._sessions.begin() as session:
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
            self._complete(step["complete"], variables, step.get("where", {}))
        elif "message" in step:
            with self._sessions.begin() as session:
                messages.correlate(
                    session, step["message"], business_key=step.get("business_key"), keys=step.get("keys"), variables=variables, keep=True
                )
        elif "signal" in step:
            with self._sessions.begin() as session:
                messages.broadcast(session, step["signal"], variables)
        elif "advance" in step:
            self._advance(moments.point(step["advance"], self.now))
        elif "job" in step:
            self._held.remove(step["job"])
            self._serve(step)
        elif "start" in step:
            self._begin(step["start"], variables, step.get("start_event"), step.get("business_key") or "")
        elif "cancel" in step:
            with self._sessions.begin() as session:
                instances.end(session, executions.lock_active(session, self._first or 0), step["cancel"])
        else:
            raise Invalid(expected="a step with complete, message, signal, advance, job, start or cancel", found=str(sorted(step)))
        self._drain()

    def _complete(self, element_id: str, variables: Mapping[str, Any], where: Mapping[str, Any]) -> None:
        with self._sessions.begin() as session:
            open_tasks = select(UserTask).where(UserTask.element_id == element_id, UserTask.state == "open").order_by(UserTask.id)
            for task in session.scalars(open_tasks):
                instance = executions.lock_active(session, task.instance_id)
                execution = executions.load(session, instance)
                seen = execution.visible(task.wait_id)
                if all(seen.get(name) == value for name, value in where.items()):
                    break
            else:
                raise NotFound(what="open user task", id=f"{element_id} {dict(where) or ''}".strip())
            # A task without a form takes whatever the scenario says: a diagram is tried out before its forms are drawn.
            clean = user_tasks.validated(session, task, seen, variables, documents=_Anything()) if task.form else variables
            task.state, task.ended_at = user_tasks.COMPLETED, self.now
            execution.complete_user_task(task.wait_id, clean)
            wait_states.mirror(session, instance, execution)

    def _serve(self, step: Mapping[str, Any]) -> None:
        """Execute the oldest job of the topic now, with the result that the step gives."""
        with self._sessions.begin() as session:
            job = session.scalar(select(Job).where(Job.topic == step["job"], Job.next_at.is_not(None)).order_by(Job.id).limit(1))
            if job is None:
                raise NotFound(what="job of topic", id=step["job"])
            job.owner = self._worker.owner
            job_id = job.id
        self._prepared.setdefault(step["job"], []).insert(0, step)
        self._worker.execute(job_id)

    def _advance(self, until: datetime) -> None:
        """Move the clock from one due time to the next, so that what is due happens in its order."""
        while True:
            with self._sessions() as session:
                held = Job.topic.is_(None) | Job.topic.not_in(self._held)
                following = session.scalar(select(func.min(Job.next_at)).where(held))
            if following is None or following > until:
                break
            self.now = max(self.now, following)
            self._drain()
        self.now = until

    def _drain(self) -> None:
        """Execute what is due now. Jobs of topics that a later step names stay."""
        while True:
            with self._sessions.begin() as session:
                held = Job.topic.is_(None) | Job.topic.not_in(self._held)
                due = select(Job).where(Job.next_at <= self.now, held).order_by(Job.next_at, Job.id).limit(1)
                job = session.scalar(due)
                if job is None:
                    return
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
        with self._sessions() as session:
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
            )


class _Anything:
    """A collection of document ids that holds every id: a dry run attaches no files."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0


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


def _unhandled(session: Session, instance: ProcessInstance) -> list[str]:
    query = select(HistoryEvent.detail).where(HistoryEvent.instance_id == instance.id, HistoryEvent.kind == "instance.failed")
    return [detail["error"] for detail in session.scalars(query) if detail.get("error") is not None]
