"""Whether this process is alive and can work, and its figures. No account is needed, and nothing of any case is told."""

from __future__ import annotations

import hmac
import ipaddress
import time

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, has_request_context, request
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from sqlalchemy import event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import migrations
from engine.models import UserTask
from web import metrics
from web.database import db

log = structlog.get_logger("web")
bp = Blueprint("health", __name__)


@bp.get("/khoe")
@bp.get("/healthz")
def alive() -> Response:
    """This process answers. It asks nothing of the database: one that is away is no reason to start the process anew."""
    return Response("ok\n", mimetype="text/plain")


@bp.get("/san-sang")
@bp.get("/readyz")
def ready() -> Response:
    """The database answers and has the tables of this version: requests may be sent here."""
    try:
        found = migrations.revision(db.session.connection())
    except SQLAlchemyError as error:
        log.warning("not ready", error=type(error).__name__)
        return Response("database\n", 503, mimetype="text/plain")
    if found != current_app.extensions["revision"]:
        return Response("migration\n", 503, mimetype="text/plain")
    return Response("ok\n", mimetype="text/plain")


@bp.get("/metrics")
def figures() -> Response:
    """For Prometheus: with the token of the settings, or without one from this machine."""
    if not _may_read():
        abort(403)
    return Response(metrics.render(current_app.extensions["gauges"]), content_type=CONTENT_TYPE_LATEST)


def _may_read() -> bool:
    token = current_app.config["METRICS_TOKEN"]
    if token:
        given = request.headers.get("Authorization", "").removeprefix("Bearer ")
        return hmac.compare_digest(given.encode(), token.encode())
    # A proxy of this machine that the settings do not know of would make everybody local.
    if not current_app.config["PROXIES"] and ("X-Forwarded-For" in request.headers or "Forwarded" in request.headers):
        return False
    try:
        return ipaddress.ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def count_completed(session: Session, task: UserTask) -> None:
    """A user task that this transaction has completed, for the counter; told when it is committed."""
    session.info.setdefault("completed", []).append(task.instance.definition.key)


@event.listens_for(db.session, "after_commit")
def _tell_completed(session: Session) -> None:
    for key in session.info.pop("completed", ()):
        metrics.COMPLETED.labels(key).inc()
        if has_request_context() and "began" in g:
            metrics.COMPLETIONS.labels(key).observe(time.monotonic() - g.began)


@event.listens_for(db.session, "after_rollback")
def _forget_completed(session: Session) -> None:
    session.info.pop("completed", None)


def init(app: Flask) -> None:
    app.extensions["revision"] = migrations.head()
    with app.app_context():
        app.extensions["gauges"] = metrics.Gauges(db.engine)

    @app.after_request
    def _measure(response: Response) -> Response:
        if "began" in g and request.endpoint not in ("static", None):
            metrics.REQUESTS.labels(request.endpoint, f"{response.status_code // 100}xx").observe(time.monotonic() - g.began)
        return response
