"""The database of a request. The request owns the transaction: it commits when an unsafe request succeeds and rolls back otherwise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Flask, Response, current_app, g, has_request_context, request
from flask.typing import ResponseReturnValue
from flask_sqlalchemy import SQLAlchemy
from flask_sqlalchemy.session import Session as FlaskSession
from sqlalchemy import Engine
from werkzeug.routing import IntegerConverter

from engine.db import Base, configure
from web.search import register

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
View = TypeVar("View", bound=Callable[..., Any])


def writing(view: View) -> View:
    """Marks a view that writes although it is asked by GET (a download is recorded)."""
    view.writes = True  # type: ignore[attr-defined]
    return view


def _writes() -> bool:
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


db = SQLAlchemy(metadata=Base.metadata, disable_autonaming=True, session_options={"class_": RequestSession})


class IdConverter(IntegerConverter):
    """`<id:...>`: a number that fits into the database's column. A longer one is no address."""

    regex = r"\d{1,18}"


class Application(Flask):
    """Flask, with the one place where a request's transaction ends."""

    def dispatch_request(self) -> ResponseReturnValue:
        response: Response = self.make_response(super().dispatch_request())
        if _writes() and (response.status_code < 400 or g.get("keep", False)):
            # Here and not after the request: a commit that fails (a full disk, a stale row) still becomes a page that says so.
            db.session.commit()
        else:
            db.session.rollback()
        return response


def keep() -> None:
    """Commit although the answer is an error: a failed log-in must be counted."""
    g.keep = True


def init(app: Flask) -> None:
    app.url_map.converters["id"] = IdConverter
    db.init_app(app)
    with app.app_context():
        configure(db.engine)
        register(db.engine)
