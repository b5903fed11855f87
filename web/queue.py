"""Jobs carried to many machines by Celery: the feeder hands numbers on, Celery workers execute them.

    luanchuyen feed                                                 hands on what is due; run at least one, or two on two machines
    celery -A web.queue worker -Q luanchuyen,luanchuyen.services    executes steps and the topics without a queue of their own

A topic has a queue of its own where LUANCHUYEN_QUEUES names it (`van_ban_tham_dinh=van_ban, goi_http=mang`): run workers for that queue
where its programs are. No result is kept and nothing is acknowledged late: the job's row knows what is done and what is not.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Mapping
from functools import cache
from typing import Any

from celery import Celery
from celery.signals import worker_process_init, worker_ready

from engine import chores, db, jobs, topics
from engine.executor import Executor
from engine.feeder import Send
from engine.jobs import Leased
from engine.worker import duties
from web import settings
from web.metrics import observe_job, serve

STEPS, SERVICES = "luanchuyen", "luanchuyen.services"
EXECUTE = "luanchuyen.execute"


def make(broker: str) -> Celery:
    """The Celery application on `broker`."""
    made = Celery("luanchuyen", broker=broker)
    made.conf.update(
        task_ignore_result=True,
        task_acks_late=False,
        worker_prefetch_multiplier=1,
        task_default_queue=STEPS,
        task_serializer="json",
        accept_content=["json"],
        broker_connection_retry_on_startup=True,
        worker_hijack_root_logger=False,
        enable_utc=True,
        # A message that nobody takes in time is dropped: its lease has run out by then, and the job is handed on again.
        task_publish_retry=False,
    )
    return made


def queue_of(job: Leased, queues: Mapping[str, str]) -> str:
    """Steps of the engine share one queue; a topic has its own or that of all services."""
    return STEPS if job.topic is None else queues.get(job.topic, SERVICES)


def sender(celery: Celery, queues: Mapping[str, str]) -> Send:
    """Hands a job on through `celery`."""

    def send(job: Leased, token: str) -> None:
        celery.send_task(EXECUTE, (job.id, token), queue=queue_of(job, queues), expires=60)

    return send


class Carried:
    """Executes what the queue brings, with one executor per process, made when the first job comes: after the process has forked."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._executor: Executor | None = None

    @property
    def executor(self) -> Executor:
        with self._lock:
            if self._executor is None:
                from sqlalchemy.orm import sessionmaker

                from web import create_app
                from web.casefile import making
                from web.logs import configure

                given = settings.read(os.environ)
                configure(given["LOG"])
                engine = db.create_engine(given["SQLALCHEMY_DATABASE_URI"])
                # The pages' application only when a file is to be written in its words.
                more = {jobs.CASEFILE: making.errand(cache(create_app))}
                self._executor = Executor(sessionmaker(engine), topics.discover("handlers"), given, given["LEASE"], observe_job, more)
                never = threading.Event()
                turns = (self._executor.sessions, duties(self._executor.sessions, given), never)
                for name, does, has in (("leases", self._executor.keep_leases, (never,)), ("chores", chores.take_turns, turns)):
                    threading.Thread(target=does, args=has, name=name, daemon=True).start()
            return self._executor

    def begin(self, **_: Any) -> None:
        """A forked process must not share connections with its parent. It takes turns in the chores from now on, with or without jobs."""
        self._executor = None
        assert self.executor  # noqa: S101 - made here

    def execute(self, job_id: int, token: str) -> bool:
        """Execute a job that was handed on with `token`; False when somebody else has it or had it."""
        if not self.executor.take_over(job_id, token):
            return False
        self.executor.execute(job_id)
        return True


def offer_figures(**_: Any) -> None:
    """The parent of the children answers for them all on LUANCHUYEN_METRICS_PORT: they share PROMETHEUS_MULTIPROC_DIR."""
    if port := settings.read(os.environ)["METRICS_PORT"]:
        serve(port)


carried = Carried()
worker_ready.connect(offer_figures)
worker_process_init.connect(carried.begin)
app = make(os.environ.get("LUANCHUYEN_BROKER", "redis://127.0.0.1:6379/0"))


@app.task(name=EXECUTE)  # type: ignore[untyped-decorator]
def execute(job_id: int, token: str) -> None:
    """One job that the feeder handed on."""
    carried.execute(job_id, token)
