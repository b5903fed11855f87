"""Tables as files for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from engine.exports import cell
from web.words import today

KINDS = {"csv": "text/csv; charset=utf-8", "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}


def file(name: str, format_: str, content: bytes) -> Response:
    """A download `<name>-<date>.<format>`."""
    response = Response(content, content_type=KINDS[format_])
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{today():%Y%m%d}.{format_}"'
    return response


def answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A download `<name>-<date>.csv`, UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(head) for head in heads])
    writer.writerows([cell(value) for value in row] for row in rows)
    return file(name, "csv", out.getvalue().encode("utf-8-sig"))
