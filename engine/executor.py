"""The executor: executes one leased job, in one transaction a step, with handlers outside of any.

A job is executed at least once and its result stored exactly once: the transaction that stores it deletes the job row as its owner, so of
two executors of one job the slower rolls back.
"""

from __future__ import annotations

import os
import random
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import bindparam
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import (
    calls,
    deadlines,
    deployments,
    documents,
    errands,
    executions,
    history,
    jobs,
    messages,
    suspensions,
    timers,
    topics,
    wait_states,
)
from engine.diagram import Element
from engine.errors import BpmnError, Conflict, DefinitionSuspended, EngineError, HandlerMissing, InstanceNotActive, NotWaiting, Stale
from engine.expressions import to_json
from engine.models import Deployment, Job, Organisation, ProcessDefinition, ProcessInstance
from engine.models import Execution as StoredExecution
from engine.reminders import sending
from engine.spiff import Execution
from engine.statements import Question

log = structlog.get_logger(__name__)

Step = Callable[[Session, Job], None]
Observe = Callable[[str, str, str, float], None]
"""Told of every job: kind, topic, outcome (done, error, failed, conflict, dropped), seconds."""
STEPS: Mapping[str, Step] = {
    jobs.TIMER: timers.fire,
    jobs.START_TIMER: timers.start,
    jobs.CALL: calls.start_called,
    jobs.RETURN: calls.return_to_caller,
    jobs.ESCALATION: calls.escalate_to_caller,
    jobs.CANCEL: calls.cancel_called,
    jobs.MESSAGE: messages.send,
    jobs.BUFFERED: messages.receive_buffered,
    jobs.SIGNAL: messages.send_signal,
    jobs.CALENDAR: deadlines.hand_out,
    jobs.DEADLINES: deadlines.move,
}
# Made once: every call of a handler asks it.
_SERVICE = Question(
    *(Job, ProcessInstance, ProcessDefinition, Deployment, StoredExecution.state),
    of=lambda rows: (
        rows.join(ProcessInstance, ProcessInstance.id == Job.instance_id)
        .join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
        .join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
        .outerjoin(StoredExecution, StoredExecution.instance_id == Job.instance_id)
        .where(Job.id == bindparam("number"))
    ),
)
_BODIES = Question(Organisation.code, Organisation.name, of=lambda rows: rows)
AGAIN = timedelta(minutes=1)
"""Between two tries of a job that only the activation of another case, or of a version, lets go on."""
ATTEMPTS = 3
"""How often a transaction is tried that the database refused for another one's sake (deadlock, serialization, a lost connection)."""


def owner_name() -> str:
    """A name that no other executor has, and that tells a person where to look."""
    return f"{os.uname().nodename[:40]}-{os.getpid()}-{uuid.uuid4().hex[:8]}"


class Executor:
    """Executes jobs that are leased to `owner`."""

    def __init__(
        self,
        session_factory: sessionmaker[Session],
        handlers: Mapping[str, topics.Handler],
        settings: Mapping[str, Any] | None = None,
        lease: timedelta = jobs.LEASE,
        observe: Observe | None = None,
        more: Mapping[str, errands.Errand] | None = None,
    ) -> None:
        """`lease`: after which somebody else takes over what this one has died with. Extended while a job is under way.

        `more`: errands beside the engine's own, by kind of job.
        """
        self.sessions = session_factory
        self.owner = owner_name()
        self.lease = lease
        self._handlers = handlers
        self._settings = settings or {}
        self._observe = observe
        self._errands = {**errands.known(self._settings), jobs.LETTER: sending.sender(handlers, self._settings), **(more or {})}
        self._held: set[int] = set()

    # --- leases ------------------------------------------------------------------------------------------------------------------------

    def hold(self, job_ids: Iterable[int]) -> None:
        """Keep the leases of these jobs from running out, until they are executed or released."""
        self._held.update(job_ids)

    def let_go(self, job_ids: Iterable[int]) -> None:
        """Their leases run out by themselves, unless they have ended already."""
        self._held.difference_update(job_ids)

    def keep_leases(self, stopping: threading.Event) -> None:
        """A slow handler must not lose its job to another executor that believes this one dead. Runs in a thread until `stopping`."""
        while not stopping.wait(self.lease.total_seconds() / 3):
            try:
                with self.sessions.begin() as session:
                    jobs.extend(session, tuple(self._held), self.owner, self.lease)
            except Exception as error:
                log.warning("leases.not_extended", error=type(error).__name__)

    def take_over(self, job_id: int, token: str) -> bool:
        """Make a lease ours that was handed on with `token`. False: another has it, had it, or it has run out."""
        with self.sessions.begin() as session:
            return jobs.take_over(session, job_id, token, self.owner, self.lease)

    # --- one job -----------------------------------------------------------------------------------------------------------------------

    def execute(self, job_id: int) -> None:
        """Execute the job with this id if it is leased to us. As execute_leased()."""
        with self._reading() as session:
            job = session.get(Job, job_id)
            leased = jobs.Leased(job.id, job.kind, job.topic) if job is not None and job.owner == self.owner else None
        if leased:
            self.execute_leased(leased)

    def execute_leased(self, job: jobs.Leased) -> None:
        """Execute one leased job. Whatever happens is in the database afterwards; raises only when the database cannot be reached."""
        began, outcome = time.monotonic(), "interrupted"
        self.hold((job.id,))
        try:
            outcome = self._try(job.id, job.kind)
        finally:
            self.let_go((job.id,))
            if self._observe:
                self._observe(job.kind, job.topic or "", outcome, time.monotonic() - began)

    def _try(self, job_id: int, kind: str) -> str:
        try:
            if kind == jobs.SERVICE:
                return self._serve(job_id)
            if kind in self._errands:
                self._errands[kind](errands.Turn(self.sessions, job_id, self.owner))
                return "done"
            self._again(partial(self._step, job_id, STEPS[kind]))
        except NotWaiting:
            self._drop(job_id)
            return "dropped"
        except InstanceNotActive:
            self._park(job_id)
            return "parked"
        except DefinitionSuspended:
            with self.sessions.begin() as session:
                jobs.release(session, (job_id,), self.owner, AGAIN)
            return "parked"
        except (Conflict, OperationalError) as conflict:
            log.info("job.conflict", job=job_id, reason=type(conflict).__name__)
            with self.sessions.begin() as session:
                # Not at once: what stands in the way (a full disk, say) may stand there for a while.
                jobs.release(session, (job_id,), self.owner, timedelta(seconds=random.uniform(0.05, 0.5)))  # noqa: S311 no secret
            return "conflict"
        except Exception as error:
            self._fail(job_id, error)
            return "failed"
        return "done"

    def _again(self, work: Callable[[], None]) -> None:
        """Do `work`, a whole transaction, again when the database rolled it back for reasons of its own."""
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return work()
            except OperationalError as error:
                if attempt == ATTEMPTS:
                    raise
                log.info("job.repeated", error=type(error.orig).__name__)
                time.sleep(random.uniform(0.01, 0.1) * attempt)  # noqa: S311 no secret
        return None

    def _reading(self) -> Session:
        """A session that only reads: on SQLite it does not wait for the writers."""
        session = self.sessions()
        session.connection(execution_options={"reading": True})
        return session

    def _step(self, job_id: int, step: Step) -> None:
        with self.sessions.begin() as session:
            step(session, self._take(session, job_id))

    def _take(self, session: Session, job_id: int) -> Job:
        """The job, deleted as of this transaction. Its case's row is locked first: the order in which everybody locks."""
        executions.lock_of_job(session, job_id)
        return jobs.take(session, job_id, self.owner)

    def _drop(self, job_id: int) -> None:
        """The case went on without it: there is nothing left to do."""
        with self.sessions.begin() as session:
            jobs.finish(session, job_id, self.owner)

    def _park(self, job_id: int) -> None:
        """The case does not run: keep the job of a suspended one until it goes on, drop that of one that has ended."""
        with self.sessions.begin() as session:
            job = session.get(Job, job_id)
            if job is None or job.owner != self.owner:
                return
            if job.instance_id is None:
                # A message to a case that rests.
                jobs.release(session, (job_id,), self.owner, AGAIN)
                return
            # Looked at again under the lock: it may have been activated since.
            instance = executions.lock(session, job.instance_id)
            active = instance.state == executions.ACTIVE
            if instance.state == executions.SUSPENDED or (active and suspensions.resting(session, instance.definition_id)):
                job.owner = job.next_at = None
            elif active:
                jobs.release(session, (job_id,), self.owner)
            else:
                jobs.finish(session, job_id, self.owner)

    # --- handlers ----------------------------------------------------------------------------------------------------------------------

    def _serve(self, job_id: int) -> str:
        call, variables, handler = self._prepare(job_id)
        outcome, tell = "done", None
        try:
            tell = partial(_complete, handler.call(call, variables))
        except BpmnError as error:
            outcome, tell = "error", partial(_throw, error)
        except Exception as error:
            # Whatever a handler raises is its failure, even if it is called like a conflict of ours.
            self._fail(job_id, error)
            return "failed"
        self._again(partial(self._finish, job_id, call, tell))
        return outcome

    def _prepare(self, job_id: int) -> tuple[topics.Job, dict[str, Any], topics.Handler]:
        with self._reading() as session:
            rows = _SERVICE.ask(session, {"number": job_id})
            if not rows or rows[0][0].owner != self.owner:
                raise Stale(instance=f"job {job_id}")
            job, instance, definition, deployment, state = rows[0]
            executions.belongs(instance, definition, deployment)
            handler = self._handlers.get(job.topic or "")
            if handler is None:
                raise HandlerMissing(topic=job.topic)
            executions.remember(session, instance.id, state)
            if instance.state == executions.SUSPENDED or (instance.state == executions.ACTIVE and not executions.runs(instance)):
                raise executions.not_active(instance)
            execution = executions.load(session, instance)
            if job.wait_id not in execution.waits:
                raise NotWaiting(element=job.element_id, instance=instance.business_key)
            files = deployments.contents(session, instance.definition.deployment).files
            call = topics.Job(
                # Not the row's id: SQLite gives that of a deleted row away again, and a called system would take new work for a repetition.
                id=f"{instance.id}-{job.wait_id}",
                topic=job.topic or "",
                instance_id=instance.id,
                business_key=instance.business_key,
                element_id=job.element_id or "",
                settings=self._settings,
                read=files.__getitem__,
                organisations={str(code): str(name) for code, name in _BODIES.ask(session, {})},
            )
            return call, execution.visible(job.wait_id), handler

    def _finish(self, job_id: int, call: topics.Job, tell: Callable[[Execution, str, Mapping[str, Any]], None]) -> None:
        """Store what a handler brought: result, documents, records, and the end of the job, in one transaction."""
        with self.sessions.begin() as session:
            job = self._take(session, job_id)
            instance = executions.lock_active(session, call.instance_id)
            execution = executions.load(session, instance)
            wait = job.wait_id or ""
            ids: dict[str, list[int]] = {}
            for file in call.attachments:
                added = documents.add(
                    session, instance.id, file.name, file.content, file.media_type, element_id=call.element_id, wait_id=wait
                )
                if file.variable:
                    ids.setdefault(file.variable, []).append(added.id)
            tell(execution, wait, ids)
            element = _element(session, instance, job)
            for record in call.records:
                history.record(session, instance.id, record.kind, element=element, wait_id=wait, detail=to_json(dict(record.detail)))
            wait_states.mirror(session, instance, execution)

    def _fail(self, job_id: int, error: Exception) -> None:
        message = str(error) or type(error).__name__
        if not isinstance(error, EngineError):
            message = f"{type(error).__name__}: {message}"
        frames = traceback.extract_tb(error.__traceback__)
        with self.sessions.begin() as session:
            job = session.get(Job, job_id)
            if job is None:
                return
            log.warning("job.failed", job=job_id, instance=job.instance_id, topic=job.topic, error=type(error).__name__)
            element = None
            if job.instance_id is not None:
                element = _element(session, executions.lock(session, job.instance_id), job)
            jobs.fail(session, job_id, self.owner, message, frames[-1].lineno if frames else None, element)


def _throw(error: BpmnError, execution: Execution, wait: str, files: Mapping[str, Any]) -> None:
    execution.throw_error(wait, error.code, error.message, {**error.variables, **files})


def _complete(result: Mapping[str, Any], execution: Execution, wait: str, files: Mapping[str, Any]) -> None:
    execution.complete_job(wait, {**result, **files})


def _element(session: Session, instance: ProcessInstance, job: Job) -> Element | None:
    return deployments.diagram(session, instance.definition).elements.get(job.element_id or "")
