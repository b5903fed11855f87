"""What is written about running: who asked for what and how it went, by ids. No names, no case data, no search words.

What an exception says may repeat what somebody typed, so of exceptions only the kind and the lines of code are written; an incident in
the database has its message, for those who may see the case.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
import uuid
from collections.abc import Mapping, MutableMapping
from typing import Any

import structlog
from flask import Flask, Response, g, request
from flask_login import current_user
from sqlalchemy.exc import OperationalError, SQLAlchemyError

log = structlog.get_logger("web")
QUIET = frozenset({"static", "health.alive", "health.ready", "health.figures"})


def configure(form: str) -> None:
    """Write to standard error, as `text` for people or as `json`, one object a line."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _without_data,
            structlog.processors.JSONRenderer(ensure_ascii=False) if form == "json" else structlog.dev.ConsoleRenderer(colors=False),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        # Looked up for each line: whoever started us may have put another stream in its place.
        logger_factory=lambda *_: structlog.PrintLogger(sys.stderr),
        cache_logger_on_first_use=False,
    )


def _without_data(_logger: Any, _method: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """In the place of an exception: its kind, its lines of code, and what the database said when it could not be reached."""
    given = event.pop("exc_info", None)
    error = sys.exc_info()[1] if given is True else given[1] if isinstance(given, tuple) else given
    if isinstance(error, BaseException):
        event["exception"] = type(error).__name__
        event["at"] = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(error.__traceback__)][-8:]
        if isinstance(error, OperationalError):
            event["error"] = str(error.orig).strip()[:300]
    return event


def init(app: Flask) -> None:
    configure(app.config["LOG"])

    @app.before_request
    def _begin() -> None:
        g.began = time.monotonic()
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request=uuid.uuid4().hex[:12])

    @app.after_request
    def _end(response: Response) -> Response:
        if request.endpoint not in QUIET:
            log.info("request", **_about(request.view_args or {}), status=response.status_code, ms=_elapsed())
        return response


def _about(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """By whom and about what. Ids only: the address itself may hold what somebody searched for."""
    try:
        who = current_user.number if current_user and current_user.is_authenticated else None
    except SQLAlchemyError:
        # The database is away: the answer says so, and must not fail for want of a name in the log.
        who = None
    ids = {name: value for name, value in arguments.items() if isinstance(value, int)}
    return {"method": request.method, "endpoint": request.endpoint, "user": who, **ids}


def _elapsed() -> int:
    began: float = g.get("began", time.monotonic())
    return round(1000 * (time.monotonic() - began))
