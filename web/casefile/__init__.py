"""The complete file of a case, for its supervisors to take away."""

from __future__ import annotations

import re
import tempfile
from typing import IO, cast

from flask import Blueprint, Response, current_app, send_file

from web import supervision
from web.casefile import file
from web.database import db
from web.sessions import me
from web.words import today

bp = Blueprint("casefile", __name__)
bp.before_request(supervision.guard)

IN_MEMORY = 5_000_000
"""Bytes of a file until it is put together on the disk."""


@bp.get("/giam-sat/ho-so/<id:instance_id>/trich-xuat")
def download(instance_id: int) -> Response:
    """The file, put together now. Once it is signed nothing of it can be changed without being found."""
    instance = supervision.case(instance_id)
    stream = cast(IO[bytes], tempfile.SpooledTemporaryFile(max_size=IN_MEMORY))  # noqa: SIM115 the answer closes it
    try:
        file.write(db.session(), instance, me(), current_app.config["SECRET_KEY"], stream)
    except BaseException:
        stream.close()
        raise
    stream.seek(0)
    name = re.sub(r"[^\w.-]+", "_", instance.business_key)[:80] or str(instance.id)
    return send_file(stream, mimetype="application/zip", as_attachment=True, download_name=f"{name}-{today():%Y%m%d}.zip", etag=False)
