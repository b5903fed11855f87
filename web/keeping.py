"""The verbs of `luanchuyen` about what is kept and what rests: archives, purging, legal holds, versions of processes."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.operations import _session, _settings

if TYPE_CHECKING:
    from engine.models import User

Numbers = click.argument("numbers", nargs=-1, type=int, required=True)
Reason = click.option("--reason", required=True, help="Why. It is recorded.")
By = click.option("--user", "username", default="", help="Account in whose name this is done.")


def _folder(given: dict[str, Any]) -> Path:
    return Path(given["ARCHIVE_FOLDER"])


def _user(session: Any, username: str) -> User | None:
    from sqlalchemy import select

    from engine.errors import NotFound
    from engine.models import User

    if not username:
        return None
    found: User | None = session.scalar(select(User).where(User.username == username))
    if found is None:
        raise NotFound(what="account", id=username)
    return found


@click.command()
@Numbers
def archive(numbers: tuple[int, ...]) -> None:
    """Write finished cases, named by number, to one file each in LUANCHUYEN_ARCHIVE_FOLDER. They stay in the database."""
    from engine import retention

    folder = _folder(_settings())
    for number in numbers:
        with _session() as session:
            made = retention.archive(session, number, folder)
            click.echo(f"{number}\t{folder / made.file}\t{made.size} byte\t{made.sha256}")


@click.command()
@click.argument("numbers", nargs=-1, type=int)
@click.option("--dry-run", is_flag=True, help="Only say what would be purged.")
def purge(numbers: tuple[int, ...], dry_run: bool) -> None:
    """Archive and delete for good the cases whose time is over by LUANCHUYEN_RETENTION; with numbers, these, whatever the rules say."""
    from sqlalchemy.orm import sessionmaker

    from engine import db, retention
    from engine.errors import EngineError

    given = _settings()
    if not numbers and not given["RETENTION"]:
        raise click.ClickException("Expected LUANCHUYEN_RETENTION to say how long cases are kept, such as don_nghi=60, but it is empty")
    with _session() as session:
        chosen = list(numbers) or retention.due(session, given["RETENTION"], limit=1_000_000)
        known = {number: retention.describe(session, number) for number in chosen}
    if dry_run:
        for number in chosen:
            click.echo(f"{number}\t{known[number]}")
        return
    failed = 0
    engine = db.create_engine(given["SQLALCHEMY_DATABASE_URI"])
    for number in chosen:
        try:
            done = retention.archive_and_purge(sessionmaker(engine), number, _folder(given))
            click.echo(f"{number}\t{done.file}\t{done.rows} dòng")
        except (EngineError, OSError) as error:
            failed += 1
            click.echo(f"{number}\t{error}", err=True)
    if chosen:
        retention.scrub(engine)
    engine.dispose()
    if failed:
        raise click.exceptions.Exit(1)


@click.group()
def hold() -> None:
    """Legal holds: a case under one is not purged."""


@hold.command("add")
@Numbers
@Reason
@By
def hold_add(numbers: tuple[int, ...], reason: str, username: str) -> None:
    """Keep cases from being purged."""
    from engine import retention

    with _session() as session:
        for number in numbers:
            retention.hold(session, number, _user(session, username), reason)


@hold.command("lift")
@Numbers
@Reason
@By
def hold_lift(numbers: tuple[int, ...], reason: str, username: str) -> None:
    """Let the rules apply again."""
    from engine import retention

    with _session() as session:
        for number in numbers:
            retention.release(session, number, _user(session, username), reason)


@hold.command("list")
def hold_list() -> None:
    """Cases under a legal hold."""
    from sqlalchemy import select

    from engine.models import LegalHold

    with _session() as session:
        for found in session.scalars(select(LegalHold).order_by(LegalHold.instance_id)):
            click.echo(
                f"{found.instance_id}\t{found.placed_at:%d/%m/%Y}\t{found.placed_by.name if found.placed_by else '-'}\t{found.reason}"
            )


@click.group()
def process() -> None:
    """Versions of processes: list, suspend, activate."""


@process.command("list")
def process_list() -> None:
    """All versions: key, version, name, state."""
    from sqlalchemy import select

    from engine.models import ProcessDefinition

    with _session() as session:
        for found in session.scalars(select(ProcessDefinition).order_by(ProcessDefinition.key, ProcessDefinition.version)):
            click.echo(f"{found.key}\t{found.version}\t{found.name}\t{'suspended' if found.suspended else 'active'}")


@process.command("suspend")
@click.argument("key")
@click.option("--version", type=int, default=None, help="One version; without it, all that there are.")
@Reason
@By
def process_suspend(key: str, version: int | None, reason: str, username: str) -> None:
    """Let a process rest: none of its cases runs, none starts, due times are kept."""
    from engine import suspensions

    with _session() as session:
        for found in suspensions.suspend(session, key, _user(session, username), reason, version):
            click.echo(f"{found.key}\t{found.version}\tsuspended")


@process.command("activate")
@click.argument("key")
@click.option("--version", type=int, default=None, help="One version; without it, all that rest.")
@Reason
@By
def process_activate(key: str, version: int | None, reason: str, username: str) -> None:
    """Let it go on; what became due meanwhile runs now."""
    from engine import suspensions

    with _session() as session:
        for found in suspensions.activate(session, key, _user(session, username), reason, version):
            click.echo(f"{found.key}\t{found.version}\tactive")


COMMANDS = (archive, purge, hold, process)
