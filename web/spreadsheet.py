"""Tables as CSV for spreadsheets."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from flask import Response

from web.words import today

_STARTS = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")


def cell(value: object) -> object:
    """`value` so that no spreadsheet takes it for a formula: such a text is given an apostrophe in front, numbers stay numbers."""
    if value is None:
        return ""
    if isinstance(value, int | float):
        return value
    text = str(value).replace("\0", "")
    # Also behind blanks, which some programs strip before they look.
    return "'" + text if text.lstrip(" \u00a0").startswith(_STARTS) else text


def answer(name: str, heads: Sequence[str], rows: Iterable[Sequence[object]]) -> Response:
    """A download `<name>-<date>.csv`, UTF-8 with the mark by which Excel knows it."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow([cell(head) for head in heads])
    writer.writerows([cell(value) for value in row] for row in rows)
    response = Response(out.getvalue().encode("utf-8-sig"), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}-{today():%Y%m%d}.csv"'
    return response
