"""The verbs of `luanchuyen` about the history that holds: seal, verify, who read what."""

from __future__ import annotations

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

import click

from web.operations import _session, _settings


def _keys(given: dict[str, Any]) -> list[bytes]:
    """Keys of seals: the present one first, then former ones."""
    from engine import seals

    return [seals.key(secret) for secret in (given["SECRET_KEY"], *given["SECRET_KEY_FALLBACKS"])]


@click.command()
def seal() -> None:
    """Seal the history now, and print number and digest of the newest seal: noted elsewhere, `verify --noted` compares with them."""
    from sqlalchemy import select
    from sqlalchemy.orm import sessionmaker

    from engine import db, seals
    from engine.models import Seal

    given = _settings()
    engine = db.create_engine(given["SQLALCHEMY_DATABASE_URI"])
    try:
        sessions = sessionmaker(engine)
        seals.seal_all(sessions, _keys(given)[0])
        with sessions() as session:
            newest = session.scalar(select(Seal).order_by(Seal.number.desc()).limit(1))
            click.echo(f"{newest.number}:{newest.digest}" if newest else "0")
    finally:
        engine.dispose()


def _noted(_context: object, _parameter: object, given: tuple[str, ...]) -> dict[int, str]:
    noted = {}
    for text in given:
        number, _, digest = text.partition(":")
        if not number.isdecimal() or len(digest) != 64:
            raise click.BadParameter(f"Expected number:digest as `luanchuyen seal` prints it, but found {text!r}")
        noted[int(number)] = digest
    return noted


@click.command()
@click.argument("archive", type=click.Path(exists=True, dir_okay=False, path_type=Path), required=False)
@click.option("--key", "trusted", multiple=True, help="Public key of another installation whose files are to be believed. Repeatable.")
@click.option("--noted", multiple=True, callback=_noted, help="A seal as `luanchuyen seal` printed it. Repeatable.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object a line.")
@click.option("--quiet", is_flag=True, help="Say nothing of how far it is.")
def verify(archive: Path | None, trusted: tuple[str, ...], noted: dict[int, str], as_json: bool, quiet: bool) -> None:
    """Look whether any entry of the history was altered, removed, inserted or moved; with ARCHIVE, whether that file is as it was signed.

    Exit: 0 all is as it was written, 1 it is not, 2 the file is not as it was signed.
    """
    if archive is not None:
        return _check(archive, trusted)
    from engine import audit, db

    given = _settings()
    engine = db.create_engine(given["SQLALCHEMY_DATABASE_URI"])
    wrong, seen = 0, 0

    def progress(entries: int) -> None:
        nonlocal seen
        seen = entries
        if not quiet:
            click.echo(f"{entries} mục", err=True)

    try:
        with db.snapshot(engine) as connection:
            for finding in audit.verify(connection, _keys(given), noted, progress):
                wrong += 1
                click.echo(json.dumps(finding.as_dict(), ensure_ascii=False) if as_json else finding.sentence())
    finally:
        engine.dispose()
    if not as_json:
        click.echo(f"Đã xem {seen} mục: {f'{wrong} chỗ không đúng như đã ghi' if wrong else 'tất cả đúng như đã ghi'}.")
    sys.exit(1 if wrong else 0)


def _check(archive: Path, trusted: tuple[str, ...]) -> None:
    """The complete file of a case, or an archive that retention wrote."""
    import zipfile

    from engine import archives
    from engine.errors import FileRejected
    from web.casefile import file, signatures

    given = _settings()
    if zipfile.is_zipfile(archive):
        with zipfile.ZipFile(archive) as opened:
            unsigned = archives.CASE in opened.namelist() and file.SIGNATURE not in opened.namelist()
        if unsigned:
            written = archives.verify(archive)
            click.echo(f"{archive.name}: nguyên vẹn, không có chữ ký; mã nội dung {written.content}")
            return
    keys = {*map(signatures.public, (given["SECRET_KEY"], *given["SECRET_KEY_FALLBACKS"])), *trusted}
    with archive.open("rb") as stream:
        found = file.check_all(stream, archive.name, keys)
    for name, one in found:
        if isinstance(one, FileRejected):
            raise one
        click.echo(f"{name}: nguyên vẹn; hồ sơ {one.case}, lập lúc {one.made_at} bởi {one.made_by}, khóa {one.key}")


@click.command("accesses")
@click.argument("number", type=int, required=False)
@click.option("--refused", is_flag=True, help="Only what was refused.")
def accesses(number: int | None, refused: bool) -> None:
    """Who read, exported or was refused what: of one case, or of all. Oldest first."""
    from sqlalchemy import select

    from engine.models import CaseAccess, User

    query = select(CaseAccess, User.username).outerjoin(User, User.id == CaseAccess.user_id).order_by(CaseAccess.id)
    if number is not None:
        query = query.where(CaseAccess.case_number == number)
    if refused:
        query = query.where(CaseAccess.kind == "refused")
    with _session() as session:
        for row, username in session.execute(query.execution_options(yield_per=1000)):
            about = (row.case_number or "-", username or "-", row.kind, row.what, row.filter or "-", row.address or "-")
            click.echo("\t".join([f"{row.at:%Y-%m-%dT%H:%M:%SZ}", *map(str, about)]))


@click.command()
@click.argument("key")
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--format", "format_", type=click.Choice(["xes", "ocel"]), default="xes")
@click.option("--from", "since", type=click.DateTime(["%Y-%m-%d"]), help="Cases started on this day or later.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="Cases started before this day.")
def eventlog(key: str, file: Path, format_: str, since: datetime | None, until: datetime | None) -> None:
    """Write the event log of process KEY to FILE, for process mining: XES (IEEE 1849) or OCEL 2.0. It is recorded."""
    from engine import accesses, db, eventlogs
    from web.words import HOME

    with _session() as session:
        begin, end = (moment.replace(tzinfo=HOME) if moment else None for moment in (since, until))
        chosen = eventlogs.choose(session, key, None, begin, end)
        accesses.record(session, None, accesses.EXPORTED, f"eventlog.{format_}", filter_=f"{key} {since or ''} {until or ''}".strip())
        engine = session.get_bind().engine
        session.commit()
        write = eventlogs.xes if format_ == "xes" else eventlogs.ocel
        with db.snapshot(engine) as connection, file.open("wb") as stream:
            stream.writelines(write(connection, chosen))


COMMANDS = (seal, verify, accesses, eventlog)
