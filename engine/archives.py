"""Archives: everything there is of a finished case and of those it called, in one file that needs nothing else to be read.

What belongs to a case is told by the foreign keys of the tables, so that a table that is added later is archived, and purged, like the
others. docs/archive.md describes the file.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
import zipfile
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import ColumnElement, Table, or_, select
from sqlalchemy.orm import Session

from engine import executions
from engine.db import Base
from engine.errors import FileRejected
from engine.models import Deployment, Document, DocumentContent, Organisation, ProcessDefinition, ProcessInstance, Resource, User

FORMAT = "luanchuyen.case/1"
CASE, MANIFEST = "case.json", "manifest.json"
NOT_OURS = frozenset({"archive"})
"""Tables that name a case and outlive it."""
_BY_NAME = ("instance_id", "case_id")
"""Columns that name a case also where they have no foreign key."""


@dataclass(frozen=True)
class Written:
    """An archive file: `content` is the digest of what it holds, `sha256` that of the file."""

    file: str
    size: int
    sha256: str
    content: str


# --- what belongs to a case --------------------------------------------------------------------------------------------------------------


def tree(session: Session, number: int) -> list[int]:
    """The numbers of a case and of all it called, callers first."""
    query = select(ProcessInstance.id).where(ProcessInstance.root_id == number)
    return list(session.scalars(query.order_by(ProcessInstance.depth, ProcessInstance.id)))


def belongings(ids: Collection[int]) -> list[tuple[Table, ColumnElement[bool]]]:
    """Every table that can hold rows of these cases, with the condition that finds them. Tables that are referred to come first."""
    cases: Any = ProcessInstance.__table__
    found: dict[Table, ColumnElement[bool]] = {cases: cases.c.id.in_(ids)}
    for table in Base.metadata.sorted_tables:
        if table is not cases and table.name not in NOT_OURS and (ways := list(_ways(table, found, ids))):
            found[table] = or_(*ways)
    return list(found.items())


def _ways(table: Table, found: Mapping[Table, ColumnElement[bool]], ids: Collection[int]) -> Iterator[ColumnElement[bool]]:
    """How rows of `table` are those of a case: directly, or through another row of it (a draft through its task)."""
    for column in table.columns:
        referred = {key.column.table for key in column.foreign_keys}
        if ProcessInstance.__table__ in referred or column.name in _BY_NAME:
            yield column.in_(ids)
        else:
            for key in column.foreign_keys:
                if key.column.table in found and key.column.table is not table:
                    yield column.in_(select(key.column).where(found[key.column.table]))


# --- as plain data -----------------------------------------------------------------------------------------------------------------------


def collect(session: Session, number: int, only: Collection[int] | None = None) -> dict[str, Any]:
    """All there is of case `number` and those it called, as JSON data: rows by table, variables, who and what the rows name.

    `only`: of these cases instead. The bytes of documents are not in it; documents() gives them.
    """
    ids = tree(session, number) if only is None else only
    rows = {str(table.name): _rows(session, table, mine) for table, mine in belongings(ids)}
    rows = {name: found for name, found in rows.items() if found and name != DocumentContent.__tablename__}
    cases = list(session.scalars(select(ProcessInstance).where(ProcessInstance.id.in_(ids)).order_by(ProcessInstance.id)))
    return {
        "format": FORMAT,
        "case": number,
        "processes": [_process(session, id_) for id_ in sorted({case.definition_id for case in cases})],
        "people": _named(session, User, rows, ("username", "name", "position")),
        "bodies": _named(session, Organisation, rows, ("code", "name")),
        "variables": {str(case.id): _plain(executions.load(session, case).variables) for case in cases},
        "rows": rows,
    }


def _rows(session: Session, table: Table, mine: ColumnElement[bool]) -> list[dict[str, Any]]:
    order = list(table.primary_key.columns)
    columns = [column for column in table.columns if not (table.name == DocumentContent.__tablename__ and column.name == "content")]
    rows = session.execute(select(*columns).where(mine).order_by(*order))
    return [{str(name): _plain(_state(table, name, value)) for name, value in row._mapping.items()} for row in rows]


def _state(table: Table, column: str, value: Any) -> Any:
    return executions.unpack(value) if (table.name, column) == ("execution", "state") and value else value


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return {str(key): _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(one) for one in value]
    return value if value is None or isinstance(value, str | int | float | bool) else str(value)


def _process(session: Session, definition_id: int) -> dict[str, Any]:
    definition = session.get_one(ProcessDefinition, definition_id)
    deployment = session.get_one(Deployment, definition.deployment_id)
    about = {"id": definition.id, "key": definition.key, "version": definition.version, "name": definition.name}
    return {**about, "folder": deployment.folder, "number": deployment.number, "deployment": deployment.id, "digest": deployment.digest}


def _named(session: Session, model: type[Base], rows: Mapping[str, list[dict[str, Any]]], names: tuple[str, ...]) -> dict[str, Any]:
    """Those whom the rows name by number, with what they are called."""
    target: Any = model.__table__
    numbers: set[int] = set()
    for table, found in rows.items():
        columns = Base.metadata.tables[table].columns
        naming = [column.name for column in columns if any(key.column.table is target for key in column.foreign_keys)]
        numbers |= {row[name] for row in found for name in naming if row[name] is not None}
    query = select(target.c.id, *(target.c[name] for name in names)).where(target.c.id.in_(numbers)).order_by(target.c.id)
    return {str(row.id): {name: row._mapping[name] for name in names} for row in session.execute(query)}


def documents(session: Session, number: int, only: Collection[int] | None = None) -> Iterator[tuple[str, bytes, str]]:
    """The documents of a case and those it called (of the cases `only` instead), one after the other: name of the member, bytes, digest."""
    ids = tree(session, number) if only is None else only
    query = select(Document).where(Document.instance_id.in_(ids)).order_by(Document.id)
    for document in session.scalars(query):
        content = session.scalar(select(DocumentContent.content).where(DocumentContent.document_id == document.id)) or b""
        yield f"documents/{document.id}-{_safe(document.name)}", content, document.sha256


def digest(content: Mapping[str, Any]) -> str:
    """By which two contents are known to be the same."""
    return hashlib.sha256(_json(content)).hexdigest()


def _json(content: Mapping[str, Any]) -> bytes:
    return orjson.dumps(content, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS)


def _safe(name: str) -> str:
    """A name that is one on every system, and no path."""
    return re.sub(r'[\x00-\x1f/\\:*?"<>|]', "_", name).strip(". ")[-120:] or "_"


# --- as a file ---------------------------------------------------------------------------------------------------------------------------


def write(session: Session, number: int, folder: Path) -> Written:
    """Write the archive of a finished case into `folder` and read it back. Raises FileRejected when it is not what was written."""
    content = collect(session, number)
    first = next(row for row in content["rows"]["process_instance"] if row["id"] == number)
    key = next(process["key"] for process in content["processes"] if process["id"] == first["definition_id"])
    # With the day, since a database may give the number of a purged case away again.
    name = f"{_safe(key)}-{number}-{(first['ended_at'] or '')[:10]}.zip"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = folder / f".{name}.{os.getpid()}.part"
    try:
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600), "w+b") as stream:
            _fill(session, number, content, stream)
            stream.flush()
            os.fsync(stream.fileno())
        written = verify(part)
        if written.content != digest(content):
            raise FileRejected(file=name, expected="what was written", found="something else")
        part.replace(folder / name)
    finally:
        part.unlink(missing_ok=True)
    return Written(name, written.size, written.sha256, written.content)


def _fill(session: Session, number: int, content: Mapping[str, Any], stream: Any) -> None:
    members: dict[str, str] = {}
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as file:

        def add(name: str, data: bytes) -> None:
            file.writestr(name, data)
            members[name] = hashlib.sha256(data).hexdigest()

        add(CASE, _json(content))
        for name, data, sha256 in documents(session, number):
            add(name, data)
            if members[name] != sha256:
                raise FileRejected(file=name, expected="the bytes that were attached", found="others")
        for process in content["processes"]:
            for resource in session.scalars(select(Resource).where(Resource.deployment_id == process["deployment"])):
                member = f"processes/{process['folder']}-{process['number']}/{resource.name}"
                if member not in members:
                    add(member, resource.content)
        manifest = {"format": FORMAT, "case": number, "content": members[CASE], "members": members}
        file.writestr(MANIFEST, orjson.dumps(manifest, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS))


def verify(path: Path) -> Written:
    """Read a whole archive and compare it with its own manifest. Raises FileRejected."""
    try:
        with zipfile.ZipFile(path) as file:
            manifest = orjson.loads(file.read(MANIFEST))
            found = {name: hashlib.sha256(file.read(name)).hexdigest() for name in file.namelist() if name != MANIFEST}
    except (OSError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise FileRejected(file=path.name, expected="an archive that can be read", found=type(error).__name__) from error
    if manifest.get("format") != FORMAT or found != manifest.get("members"):
        raise FileRejected(file=path.name, expected="the members of its manifest, unchanged", found="others")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    return Written(path.name, path.stat().st_size, sha256, found[CASE])
