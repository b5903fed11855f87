"""Figures for Prometheus: gauges read from the database when asked for, counters and durations of this process.

With several processes (web, workers, Celery's children) set PROMETHEUS_MULTIPROC_DIR to an empty folder that all of a machine share: any of
them answers for all. Without it each answers for itself. Durations are not derived from the database: the rows of jobs are gone when done.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, start_http_server
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import REGISTRY, Collector
from sqlalchemy import ColumnElement, Engine, case, func, select
from sqlalchemy.orm import Session

from engine.models import Chore, Incident, Job, ProcessDefinition, ProcessInstance, UserTask

OVERDUE = timedelta(minutes=1)
"""A job that should have been done this long ago says that workers are missing."""
KEPT = 15.0
"""Seconds for which gauges are kept: counting a million rows for every reader would be a load of its own."""
BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)

REQUESTS = Histogram("luanchuyen_request_seconds", "Duration of requests", ("endpoint", "status"), buckets=BUCKETS)
JOBS = Histogram("luanchuyen_job_seconds", "Duration of jobs", ("kind", "topic", "outcome"), buckets=(*BUCKETS, 60.0, 300.0))
COMPLETIONS = Histogram("luanchuyen_completion_seconds", "Duration of requests that completed a user task", ("process",), buckets=BUCKETS)
COMPLETED = Counter("luanchuyen_user_tasks_completed", "User tasks completed", ("process",))


def observe_job(kind: str, topic: str, outcome: str, seconds: float) -> None:
    """Count one executed job (engine.executor.Observe)."""
    JOBS.labels(kind, topic, outcome).observe(seconds)


def gauges(session: Session) -> list[Metric]:
    """What the database holds now. Every one is counted by an index or over rows that are few."""
    now = datetime.now(UTC)
    jobs = GaugeMetricFamily("luanchuyen_jobs", "Jobs by state", labels=["state"])
    states: dict[str, ColumnElement[bool]] = {
        "due": (Job.next_at <= now) & Job.owner.is_(None),
        "overdue": (Job.next_at <= now - OVERDUE),
        "failed": Job.retries <= 0,
        "leased": Job.owner.is_not(None) & (Job.next_at > now),
        "suspended": Job.suspended.is_(True),
        "waiting": (Job.next_at > now) & Job.owner.is_(None),
    }
    counts = session.execute(select(*(func.count(case((condition, 1))) for condition in states.values()))).one()
    for state, number in zip(states, counts, strict=True):
        jobs.add_metric([state], number)
    instances = GaugeMetricFamily("luanchuyen_instances", "Cases by process and state", labels=["process", "state"])
    by_state = select(ProcessDefinition.key, ProcessInstance.state, func.count()).join(ProcessInstance.definition).group_by("key", "state")
    for key, state, number in session.execute(by_state):
        instances.add_metric([key, state], number)
    tasks = GaugeMetricFamily("luanchuyen_user_tasks_open", "Open user tasks by process", labels=["process"])
    opened = select(ProcessDefinition.key, func.count()).select_from(UserTask).join(UserTask.instance).join(ProcessInstance.definition)
    for key, number in session.execute(opened.where(UserTask.state == "open").group_by("key")):
        tasks.add_metric([key], number)
    incidents = GaugeMetricFamily("luanchuyen_incidents_open", "Open incidents by kind", labels=["kind"])
    for kind, number in session.execute(select(Incident.kind, func.count()).where(Incident.resolved_at.is_(None)).group_by(Incident.kind)):
        incidents.add_metric([kind], number)
    chores = GaugeMetricFamily("luanchuyen_chore_age_seconds", "Since a worker last did a chore", labels=["chore"])
    for name, done_at in session.execute(select(Chore.name, Chore.done_at)):
        chores.add_metric([name], (now - done_at).total_seconds())
    return [jobs, instances, tasks, incidents, chores]


class Gauges(Collector):
    """gauges() of `engine`, kept for a short while."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._at = -KEPT
        self._found: list[Metric] = []

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterable[Metric]:
        with self._lock:
            if time.monotonic() - self._at >= KEPT:
                with Session(self._engine) as session:
                    session.connection(execution_options={"reading": True})
                    self._found = gauges(session)
                self._at = time.monotonic()
            return self._found


def render(collector: Collector) -> bytes:
    """The page for Prometheus."""
    registry = CollectorRegistry()
    registry.register(collector)
    return generate_latest(registry) + generate_latest(_of_processes())


def _of_processes() -> Any:
    """What is counted in memory: by this process, or by all of the machine that share PROMETHEUS_MULTIPROC_DIR."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    found = CollectorRegistry()
    MultiProcessCollector(found)  # type: ignore[no-untyped-call]
    return found


def serve(port: int) -> None:
    """Offer the figures of a worker, and of those it shares them with, to this machine."""
    start_http_server(port, addr="127.0.0.1", registry=_of_processes())
