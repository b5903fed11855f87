"""The process folders: what there is, and what stands in each."""

from __future__ import annotations

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import workspaces
from engine.models import Deployment, Workspace
from web.database import db, writing
from web.studio import bp
from web.studio.api import workspace


@bp.get("")
def index() -> ResponseReturnValue:
    folders = set(db.session.scalars(select(Deployment.folder))) | set(db.session.scalars(select(Workspace.folder)))
    return render_template("studio/list.html", folders=sorted(folders))


@bp.get("/<folder>")
@writing
def show(folder: str) -> ResponseReturnValue:
    draft = workspace(folder)
    return render_template("studio/folder.html", folder=folder, workspace=draft, names=sorted(workspaces.head(db.session(), draft).tree))


@bp.get("/quy-tac/<name>")
def rule(name: str) -> ResponseReturnValue:
    return render_template("studio/rule.html", name=name)
