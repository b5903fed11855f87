"""The page of one file: its editor, or, for what no editor knows, the file itself."""

from __future__ import annotations

from flask import Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from engine import workspaces
from web.database import db, writing
from web.security import allow_style_attributes
from web.studio import bp
from web.studio.api import workspace

EDITORS = {".bpmn": "diagram", ".bpmn20.xml": "diagram", ".dmn": "decision", ".form": "form"}
MEDIA = {
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".json": "application/json",
    ".md": "text/plain; charset=utf-8",
}


@bp.get("/<folder>/tep/<path:name>")
@writing
def editor(folder: str, name: str) -> ResponseReturnValue:
    draft = workspace(folder)
    data = workspaces.read(db.session(), draft, name)
    page = next((page for ending, page in EDITORS.items() if name.endswith(ending)), None)
    if page is None:
        return download(name, data)
    # The address without its last part: what the editor calls is below it.
    api = url_for("studio.check", folder=folder).rpartition("/")[0]
    allow_style_attributes()
    return render_template(f"studio/{page}.html", folder=folder, name=name, workspace=draft, api=api)


def download(name: str, data: bytes) -> Response:
    """A file as it is. Never shown by the browser: it may be anybody's."""
    response = make_response(data)
    response.headers["Content-Type"] = next((kind for ending, kind in MEDIA.items() if name.endswith(ending)), "application/octet-stream")
    response.headers.set("Content-Disposition", "attachment", filename=name.rpartition("/")[2])
    return response
