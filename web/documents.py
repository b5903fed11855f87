"""Files of a case, handed out to who may read them."""

from __future__ import annotations

import io

from flask import Blueprint, Response, send_file

from engine import documents
from engine.models import Document
from web.database import db, writing
from web.sessions import me

bp = Blueprint("documents", __name__)


@bp.get("/van-ban/<id:document_id>")
@writing
def download(document_id: int) -> Response:
    """The bytes as they came in. That they were read is written into the case's history, hence a GET that writes."""
    return send(*documents.read(db.session(), document_id, me()))


def send(document: Document, content: bytes) -> Response:
    """A file to be saved, never to be shown as part of this site, whatever it holds."""
    response = send_file(io.BytesIO(content), mimetype=document.media_type, as_attachment=True, download_name=document.name, etag=False)
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
