"""The worker: executes due jobs, one transaction a step, handlers outside of any.

A job is executed at least once and its result stored exactly once: the transaction that stores it deletes the job row as its owner, so of
two executors of one job the slower rolls back.
"""

from __future__ import annotations

import os
import threading
import traceback
import uuid
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from sqlalchemy import event, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import calls, deployments, documents, executions, history, jobs, messages, timers, topics, wait_states
from engine.diagram import Element
from engine.errors import BpmnError, Conflict, EngineError, HandlerMissing, InstanceNotActive, NotWaiting
from engine.expressions import to_json
from engine.models import Job, Organisation, ProcessInstance
from engine.spiff import Execution

log = structlog.get_logger(__name__)

Step = Callable[[Session, Job], None]
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
}
BATCH = 10
POLL = 2.0
"""Seconds between looks at the table when nobody woke the worker."""


class Worker:
    """Executes jobs from the table. `run_due()` does so in the calling thread, `start()` in threads of its own until `stop()`."""

    def __init__(
        self,
        session_factory: sessionmaker[Session],
        handlers: Mapping[str, topics.Handler],
        settings: Mapping[str, Any] | None = None,
        threads: int = 2,
        lease: timedelta = jobs.LEASE,
    ) -> None:
        """`lease`: after which another worker takes over what this one has died with. Extended while a job is under way."""
        self._sessions = session_factory
        self._handlers = handlers
        self._settings = settings or {}
        self.owner = f"{os.uname().nodename}-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._lease = lease
        self._under_way: set[int] = set()
        self._threads = [threading.Thread(target=self._loop, name=f"worker-{n}", daemon=True) for n in range(threads)]
        self._threads.append(threading.Thread(target=self._keep_leases, name="worker-leases", daemon=True))

    def start(self) -> None:
        """Begin, in threads; commits of this process that post jobs wake them."""
        event.listen(Session, "after_commit", self._after_commit)
        for thread in self._threads:
            thread.start()

    def stop(self, timeout: float = 30) -> None:
        """Finish the jobs under way, take no more."""
        self._stopping.set()
        self._wake.set()
        for thread in self._threads:
            thread.join(timeout)
        event.remove(Session, "after_commit", self._after_commit)

    def _after_commit(self, session: Session) -> None:
        if session.info.pop("jobs_posted", False):
            self._wake.set()

    def _loop(self) -> None:
        while not self._stopping.is_set():
            try:
                worked = self.run_due()
            except Exception:
                # The database may be away for a while; the worker must outlive that.
                log.exception("worker.interrupted")
                worked = 0
                self._stopping.wait(POLL)
            if not worked:
                self._wake.wait(POLL)
                self._wake.clear()

    def run_due(self) -> int:
        """Lease a batch of due jobs and execute it. How many there were; more may be due as long as it is not 0."""
        with self._sessions.begin() as session:
            batch = [job.id for job in jobs.acquire(session, self.owner, BATCH, self._lease)]
        self._under_way.update(batch)
        for job_id in batch:
            self.execute(job_id)
            self._under_way.discard(job_id)
        return len(batch)

    def _keep_leases(self) -> None:
        """A slow handler must not lose its job to another worker that believes this one dead."""
        while not self._stopping.wait(self._lease.total_seconds() / 3):
            try:
                with self._sessions.begin() as session:
                    jobs.extend(session, tuple(self._under_way), self.owner, self._lease)
            except Exception:
                log.exception("worker.leases_not_extended")

    def execute(self, job_id: int) -> None:
        """Execute one leased job. Whatever happens is in the database afterwards; nothing is raised."""
        try:
            with self._sessions() as session:
                job = session.get(Job, job_id)
                kind = job.kind if job is not None and job.owner == self.owner else None
            if kind == jobs.SERVICE:
                self._serve(job_id)
            elif kind is not None:
                self._step(job_id, STEPS[kind])
        except NotWaiting:
            self._drop(job_id)
        except InstanceNotActive:
            self._park(job_id)
        except (Conflict, OperationalError) as conflict:
            log.info("job.conflict", job=job_id, reason=type(conflict).__name__)
            with self._sessions.begin() as session:
                jobs.release(session, job_id, self.owner)
        except Exception as error:
            self._fail(job_id, error)

    def _step(self, job_id: int, step: Step) -> None:
        with self._sessions.begin() as session:
            step(session, self._take(session, job_id))

    def _take(self, session: Session, job_id: int) -> Job:
        """The job, deleted as of this transaction. Its case's row is locked first: the order in which everybody locks."""
        job = session.get_one(Job, job_id)
        if job.instance_id is not None:
            executions.lock(session, job.instance_id)
        session.expunge(job)
        jobs.finish(session, job_id, self.owner)
        return job

    def _drop(self, job_id: int) -> None:
        """The case went on without it: there is nothing left to do."""
        with self._sessions.begin() as session:
            jobs.finish(session, job_id, self.owner)

    def _park(self, job_id: int) -> None:
        """The case does not run: keep the job of a suspended one until it goes on, drop that of one that has ended."""
        with self._sessions.begin() as session:
            job = session.get(Job, job_id)
            if job is None or job.owner != self.owner:
                return
            # Looked at again under the lock: it may have been activated since.
            state = executions.lock(session, job.instance_id or 0).state
            if state == executions.SUSPENDED:
                job.owner = job.next_at = None
            elif state == executions.ACTIVE:
                jobs.release(session, job_id, self.owner)
            else:
                jobs.finish(session, job_id, self.owner)

    def _serve(self, job_id: int) -> None:
        call, variables, handler = self._prepare(job_id)
        try:
            result = handler.call(call, variables)
        except BpmnError as error:
            self._finish(job_id, call, partial(_throw, error))
        else:
            self._finish(job_id, call, partial(_complete, result))

    def _prepare(self, job_id: int) -> tuple[topics.Job, dict[str, Any], topics.Handler]:
        with self._sessions() as session:
            job = session.get_one(Job, job_id)
            handler = self._handlers.get(job.topic or "")
            if handler is None:
                raise HandlerMissing(topic=job.topic)
            instance = session.get_one(ProcessInstance, job.instance_id)
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
                organisations={body.code: body.name for body in session.execute(select(Organisation.code, Organisation.name))},
            )
            return call, execution.visible(job.wait_id), handler

    def _finish(self, job_id: int, call: topics.Job, tell: Callable[[Execution, str, Mapping[str, Any]], None]) -> None:
        """Store what a handler brought: result, documents, records, and the end of the job, in one transaction."""
        with self._sessions.begin() as session:
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
        log.warning("job.failed", job=job_id, error=type(error).__name__)
        with self._sessions.begin() as session:
            job = session.get(Job, job_id)
            if job is None:
                return
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
