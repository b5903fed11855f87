"""A worker beside the pages of a test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from flask import Flask
from sqlalchemy.orm import Session, sessionmaker

from engine import jobs
from engine.worker import Worker
from web.casefile import making


@contextmanager
def working(store: sessionmaker[Session], app: Flask | None = None) -> Iterator[None]:
    """Jobs are executed meanwhile. With `app`, those that make files of cases too."""
    more = {jobs.CASEFILE: making.errand(lambda: app)} if app else {}
    worker = Worker(store, {}, app.config if app else None, threads=1, more=more)
    worker.start()
    try:
        yield
    finally:
        worker.stop()
