"""The draft that an address means."""

from __future__ import annotations

from flask import request

from engine import workspaces
from engine.errors import NotFound
from engine.models import Workspace
from web.database import db
from web.sessions import me


def workspace(folder: str) -> Workspace:
    """The draft of `folder`, begun when there is none: only in views that write. Raises NotFound."""
    return workspaces.open(db.session(), folder, me())


def begun(folder: str) -> Workspace:
    """The draft of `folder` that somebody has begun. Raises NotFound."""
    draft = workspaces.find(db.session(), folder)
    if draft is None:
        raise NotFound(what="process folder", id=folder)
    return draft


def asked_number(name: str) -> int | None:
    """The number that the address asks for by `name`, if it is one that a column can hold."""
    text = request.args.get(name, "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else None
