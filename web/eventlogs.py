"""Event logs of a process for process mining, as files: XES and OCEL 2.0, of the cases that the user supervises."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta

from flask import Blueprint, Response, request
from sqlalchemy import Connection

from engine import db as engine_db
from engine import eventlogs
from engine.errors import Invalid, NotFound
from engine.eventlogs import Chosen
from web import supervision
from web.database import db
from web.sessions import me
from web.words import HOME, today

bp = Blueprint("eventlogs", __name__)
bp.before_request(supervision.guard)

FORMATS: dict[str, tuple[str, Callable[[Connection, Chosen], Iterator[bytes]]]] = {
    "xes": ("application/xml", eventlogs.xes),
    "jsonocel": ("application/json", eventlogs.ocel),
}


def day(text: str) -> datetime | None:
    """The beginning of a day here, from what a date field sends. Raises Invalid."""
    if not text:
        return None
    try:
        return datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=HOME)
    except ValueError:
        raise Invalid(expected="a date such as 2026-03-31", found=text[:40]) from None


@bp.get("/giam-sat/quy-trinh/<key>/nhat-ky")
def download(key: str) -> Response:
    """The log of the cases that were started from day `from` to day `until`, made while it is sent."""
    format_ = request.args.get("format", "xes")
    if format_ not in FORMATS:
        raise NotFound(what="format", id=format_)
    since, last = day(request.args.get("from", "")), day(request.args.get("until", ""))
    chosen = eventlogs.choose(db.session(), key, me(), since, last + timedelta(days=1) if last else None)
    media, write = FORMATS[format_]
    engine = db.engine

    def parts() -> Iterator[bytes]:
        with engine_db.snapshot(engine) as connection:
            yield from write(connection, chosen)

    response = Response(parts(), content_type=media)
    response.headers["Content-Disposition"] = f'attachment; filename="{key}-{today():%Y%m%d}.{format_}"'
    return response
