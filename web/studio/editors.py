"""The page of one file: its editor, or, for what no editor knows, the file itself."""

from __future__ import annotations

from flask import render_template, url_for
from flask.typing import ResponseReturnValue

from engine import workspaces
from web import legal
from web.database import db, writing
from web.security import allow_style_attributes
from web.studio import bp, templates
from web.studio.drafts import workspace
from web.studio.files import download as download

EDITORS = {".bpmn": "diagram", ".bpmn20.xml": "diagram", ".dmn": "decision", ".form": "form", ".json": "text", ".md": "text"}
KINDS = {legal.FILE: "law", ".json": "json"}
"""What a text is, where its editor shows more than the text."""


@bp.get("/<folder>/tep/<path:name>")
@writing
def editor(folder: str, name: str) -> ResponseReturnValue:
    draft = workspace(folder)
    data = workspaces.read(db.session(), draft, name)
    page = next((page for ending, page in EDITORS.items() if name.endswith(ending)), None)
    if name.endswith(".docx"):
        return templates.page(folder, name, data)
    if page is None:
        return download(name, data)
    # The address without its last part: what the editor calls is below it.
    api = url_for("studio.check", folder=folder).rpartition("/")[0]
    if page in ("diagram", "decision"):
        allow_style_attributes()
    kind = next((kind for ending, kind in KINDS.items() if name.endswith(ending)), "")
    return render_template(f"studio/{page}.html", folder=folder, name=name, workspace=draft, api=api, kind=kind)
