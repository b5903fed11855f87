"""The database of a request. The request owns the transaction: it commits when an unsafe request succeeds and rolls back otherwise."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from copy import deepcopy
from typing import Any, TypeVar

import structlog
from flask import Flask, Response, current_app, g, has_request_context, request, session
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine
from sqlalchemy.exc import DBAPIError, OperationalError
from werkzeug.routing import IntegerConverter

from engine.db import Base, configure, gave_way
from web.search import register

log = structlog.get_logger()

ATTEMPTS = 3
"""How often a request is tried that the database refused for another one's sake."""
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


def writing(view: View) -> View:
    """Marks a view that writes although it is asked by GET (a download is recorded)."""
    view.writes = True  # type: ignore[attr-defined]
    return view


def _writes() -> bool:
    if has_request_context() and g.get("only_reads", False):
        return False
    if not has_request_context() or request.method not in SAFE:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    return bool(getattr(view, "writes", False))


class RequestSession(FlaskSession):
    """A session whose transaction, on SQLite, only takes the writer's lock where the request may write."""

    def get_bind(self, *arguments: Any, **options: Any) -> Any:
        engine = super().get_bind(*arguments, **options)
        if not isinstance(engine, Engine) or _writes():
            return engine
        # One and the same object for the whole request: a session keeps one connection per bind.
        if "reading_engine" not in g:
            g.reading_engine = engine.execution_options(reading=True)
        return g.reading_engine


def address() -> str | None:
    """From where the request of this moment came; what it does is recorded with it."""
    return (request.remote_addr or "")[:60] or None if has_request_context() else None


# What was read is not read again after the commit: the request ends there, and its log still names its user.
OPTIONS: dict[str, Any] = {"class_": RequestSession, "expire_on_commit": False, "info": {"origin": address}}
db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options=OPTIONS)


class IdConverter(IntegerConverter):
    """`<id:...>`: a number that fits into the database's column. A longer one is no address."""

    regex = r"\d{1,18}"


class Application(Flask):
    """Flask, with the one place where a request's transaction ends."""

    def dispatch_request(self) -> ResponseReturnValue:
        """Answer; once more from the beginning when the database has rolled everything back for the sake of another request or job."""
        for left in reversed(range(ATTEMPTS)):
            before = deepcopy(dict(session))
            try:
                return self._answer()
            except OperationalError as error:
                if not left or not gave_way(error):
                    raise
                log.info("request.repeated", error=type(error.orig).__name__)
                _begin_anew(before)
        raise AssertionError

    def _answer(self) -> Response:
        response: Response = self.make_response(super().dispatch_request())
        if _writes() and (response.status_code < 400 or g.get("keep", False)):
            # Here and not after the request: a commit that fails (a full disk, a stale row) still becomes a page that says so.
            _commit()
        else:
            db.session.rollback()
        return response


def _commit() -> None:
    db.session.flush()
    try:
        db.session.commit()
    except DBAPIError as error:
        # A server that goes away while it commits may have written everything or nothing, and cannot be asked any more.
        g.undecided = error.connection_invalidated
        raise


def _begin_anew(before: dict[str, Any]) -> None:
    """As if nothing had been done for this request: what it wrote, kept in its session, or read of its files."""
    db.session.rollback()
    session.clear()
    session.update(before)
    g.pop("keep", None)
    g.pop("reading_engine", None)
    for files in request.files.listvalues():
        for file in files:
            file.stream.seek(0)
    time.sleep(random.uniform(0.01, 0.1))  # noqa: S311 no secret


def only_read() -> None:
    """Give up what this request wrote. The page that says so must not wait, on SQLite, for the very lock that the request did not get."""
    db.session.rollback()
    g.only_reads = True


def keep() -> None:
    """Commit although the answer is an error: a failed log-in must be counted."""
    g.keep = True


def init(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
    db.init_app(app)
    with app.app_context():
        configure(db.engine)
        register(db.engine)
