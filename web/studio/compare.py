"""What differs between two versions of a folder, or between a version and the draft: side by side, and as tables that say the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Response, render_template, request
from flask.typing import ResponseReturnValue

from engine import comparison
from engine.comparison import Details, Difference, FileDifference, Kind, TableDifference
from engine.errors import NotFound
from engine.sentences import say
from web.database import writing
from web.language import locale
from web.studio import bp, versions
from web.studio.comparewords import difference_words, kind_label, property_words, type_words, value_words
from web.studio.editors import download
from web.studio.versions import Side

MOST = 500
"""Differences of a file that are listed: nobody reads more, and a hostile file could have millions."""
COUNTED = (Kind.ADDED, Kind.REMOVED, Kind.CHANGED, Kind.MOVED)


@dataclass(frozen=True)
class Compared:
    """One file with what differs in it."""

    file: FileDifference
    details: Details

    @property
    def counts(self) -> dict[Kind, int]:
        """How many of its parts differ in which way; of a file that one side has, that alone is said."""
        if self.file.kind is not Kind.CHANGED:
            return {}
        return {kind: count for kind in COUNTED if (count := self.details.of(kind))}

    @property
    def elements(self) -> tuple[Difference, ...]:
        return self.details.elements[:MOST]

    @property
    def tables(self) -> list[TableDifference]:
        left = MOST
        found = []
        for table in self.details.tables:
            found.append(replace(table, rows=table.rows[: max(left, 0)]))
            left -= len(table.rows)
        return found

    @property
    def left_out(self) -> int:
        """How many differences are not listed."""
        rows = sum(len(table.rows) for table in self.details.tables)
        return max(0, len(self.details.elements) - MOST) + max(0, rows - MOST)

    @property
    def only_written(self) -> bool:
        """Its bytes differ, and what they say does not."""
        known = self.file.family != "document" and self.details.unread is None
        return self.file.kind is Kind.CHANGED and known and not self.details.count

    @property
    def unread(self) -> str:
        return say(self.details.unread, locale()) if self.details.unread else ""


def compared(old: Side, new: Side) -> list[Compared]:
    """The files that differ."""
    found = comparison.files(old.files, new.files)
    return [
        Compared(file, comparison.details(file.name, old.files.get(file.name), new.files.get(file.name)))
        for file in found
        if file.kind is not Kind.SAME
    ]


@bp.get("/<folder>/so-sanh")
@writing
def compare(folder: str) -> ResponseReturnValue:
    """`tu` and `den`: a version's number, `ban-nhap`, `ban-nhap-<lần lưu>` or `de-nghi-<số>`."""
    known = versions.all_(folder)
    in_force = versions.current(folder)
    old = versions.side(folder, request.args.get("tu") or (str(in_force.number) if in_force else "0"))
    new = versions.side(folder, request.args.get("den") or versions.DRAFT)
    return render_template("studio/compare.html", folder=folder, old=old, new=new, known=known, found=compared(old, new))


@bp.get("/<folder>/so-sanh/tep/<path:name>")
@writing
def compared_file(folder: str, name: str) -> Response:
    """One file of one side (`ban`), byte for byte."""
    files = versions.side(folder, request.args.get("ban", "")).files
    if name not in files:
        raise NotFound(what="file", id=name)
    return download(name, files[name])


@bp.app_template_global()
def columns_shown(table: TableDifference) -> list[int]:
    """Those in which a row that differs says anything: tables are wide, and most of their cells are empty."""
    return [at for at in range(len(table.columns)) if any(text for row in table.rows for text in row.cells[at])]


@bp.app_template_global()
def comparison_words() -> dict[str, object]:
    """For templates: how kinds, types, properties and values are written."""
    return {"kind": kind_label, "type": type_words, "property": property_words, "value": value_words, "name": difference_words}
