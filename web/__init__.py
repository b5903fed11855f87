"""The Flask front end. One blueprint per noun; engine/ does the work."""

from __future__ import annotations

import gc
import os
from collections.abc import Mapping
from typing import Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from web import assets, database, errors, health, language, logs, pieces, security, sessions, settings, watching, words


def create_app(settings_: Mapping[str, Any] | None = None) -> Flask:
    """The application. `settings_` are put over those of the environment (web/settings.py)."""
    app = database.Application(__name__)
    app.config.update(settings.read(os.environ if settings_ is None or "SECRET_KEY" not in settings_ else {"LUANCHUYEN_SECRET_KEY": "-"}))
    app.config.update(settings_ or {})
    if app.config["PROXIES"]:
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=app.config["PROXIES"], x_proto=1, x_host=1)  # type: ignore[method-assign]
    # The log first: it measures what the others do.
    for part in (logs, database, security, sessions, language, assets, pieces, words, errors, health, watching):
        part.init(app)
    _register(app)
    if "gunicorn" in os.environ.get("SERVER_SOFTWARE", ""):
        _keep_for_good()
    return app


def _keep_for_good() -> None:
    """What a server's process has loaded stays until it ends: the collector of garbage need not look through it again and again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def _register(app: Flask) -> None:
    from web import (
        account,
        asking,
        auditing,
        auth,
        bar,
        batches,
        calendar,
        casefile,
        cases,
        corrections,
        deputies,
        documents,
        engine_rest,
        eventlogs,
        holds,
        inbox,
        modifications,
        monitor,
        pending,
        processes,
        resting,
        steering,
        studio,
        tasks,
    )
    from web.studio import migration

    for blueprint in (
        health,
        auth,
        bar,
        inbox,
        tasks,
        cases,
        monitor,
        resting,
        steering,
        holds,
        batches,
        asking,
        corrections,
        modifications,
        pending,
        processes,
        documents,
        account,
        deputies,
        calendar,
        studio,
        migration,
        eventlogs,
        watching,
        casefile,
        auditing,
        engine_rest,
    ):
        app.register_blueprint(blueprint.bp)
