"""The verbs of `luanchuyen` for who keeps an installation running."""

from __future__ import annotations

import getpass
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

File = click.Path(dir_okay=False, path_type=Path)
Numbers = click.argument("numbers", nargs=-1, type=int, required=True)


def _settings() -> dict[str, Any]:
    from web import settings

    return settings.read(os.environ)


def _caller() -> str:
    """From where what is done here comes: the command line, and whose."""
    try:
        return f"cli:{getpass.getuser()}"[:60]
    except (OSError, KeyError):
        return "cli"


@contextmanager
def _session() -> Iterator[Session]:
    from sqlalchemy.orm import Session

    from engine import db

    engine = db.create_engine(_settings()["SQLALCHEMY_DATABASE_URI"])
    try:
        with Session(engine, info={"origin": _caller}) as session, session.begin():
            yield session
    finally:
        engine.dispose()


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print as JSON.")
def doctor(as_json: bool) -> None:
    """Look over the installation. Exit: 0 all is well, 1 warnings, 2 errors."""
    import json

    from engine import topics
    from web import doctor as doctor_

    lines = doctor_.examine(_settings(), topics.discover("handlers").keys())
    click.echo(json.dumps(doctor_.as_dicts(lines), ensure_ascii=False, indent=2) if as_json else doctor_.as_text(lines))
    sys.exit(doctor_.verdict(lines))


@click.command()
def migrate() -> None:
    """Make the tables, or bring them up to this version. Back up first."""
    import migrations

    migrations.upgrade(_settings()["SQLALCHEMY_DATABASE_URI"])
    click.echo(migrations.head())


@click.command()
@click.argument("file", type=File)
def backup(file: Path) -> None:
    """Write the whole database to FILE while it is in use."""
    from web import backup as backup_

    try:
        about = backup_.backup(_settings()["SQLALCHEMY_DATABASE_URI"], file)
    except backup_.BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{file}: {file.stat().st_size} byte, {sum(about['rows'].values())} dòng, {about['rows'].get('process_instance', 0)} hồ sơ")


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--force", is_flag=True, help="Put it in the place of a database that holds data.")
def restore(file: Path, force: bool) -> None:
    """Bring the database back from FILE and look whether all is there. Stop web and worker processes first."""
    from web import backup as backup_

    try:
        found = backup_.restore(_settings()["SQLALCHEMY_DATABASE_URI"], file, force=force)
    except backup_.BackupError as error:
        raise click.ClickException(str(error)) from None
    click.echo(f"{found.rows} dòng, {found.cases} hồ sơ đang chạy đã nạp được, phiên bản bảng {found.revision}")


@click.group()
def job() -> None:
    """Jobs: list those that failed or are suspended, retry, suspend, activate."""


@job.command("list")
def job_list() -> None:
    """Jobs that do not run: number, case, topic or kind, what was said."""
    from sqlalchemy import select

    from engine.models import Job

    with _session() as session:
        for found in session.scalars(select(Job).where((Job.retries <= 0) | Job.suspended.is_(True)).order_by(Job.id)):
            state = "suspended" if found.suspended else "failed"
            click.echo(f"{found.id}\t{found.instance_id or '-'}\t{found.topic or found.kind}\t{state}\t{found.error}")


@job.command("retry")
@click.argument("numbers", nargs=-1, type=int)
@click.option("--all", "everything", is_flag=True, help="All that failed.")
def job_retry(numbers: tuple[int, ...], everything: bool) -> None:
    """Try failed jobs again, with all their retries; their incidents are resolved."""
    from sqlalchemy import select

    from engine import incidents
    from engine.models import Job

    with _session() as session:
        wanted = Job.retries <= 0 if everything else Job.id.in_(numbers) & (Job.retries <= 0)
        found = session.scalars(select(Job).where(wanted).order_by(Job.id)).all()
        for one in found:
            incidents.retry_job(session, one)
    click.echo(len(found))


@job.command("suspend")
@Numbers
def job_suspend(numbers: tuple[int, ...]) -> None:
    """Let jobs wait until they are activated; their times are kept."""
    from engine import jobs

    with _session() as session:
        for number in numbers:
            jobs.suspend(session, number)


@job.command("activate")
@Numbers
def job_activate(numbers: tuple[int, ...]) -> None:
    """Let suspended jobs go on."""
    from engine import jobs

    with _session() as session:
        for number in numbers:
            jobs.activate(session, number)


@click.command()
def feed() -> None:
    """Hand due jobs on to Celery workers, through LUANCHUYEN_BROKER, until told to stop."""
    import signal

    from sqlalchemy.orm import sessionmaker

    from engine import db
    from engine.feeder import LEASE, Feeder

    given = _settings()
    if not given["BROKER"]:
        raise click.ClickException("Expected LUANCHUYEN_BROKER to name the broker, such as redis://127.0.0.1:6379/0")
    try:
        from web import queue
    except ImportError:
        raise click.ClickException("Expected Celery to be installed: pip install 'luanchuyen[scaled]'") from None
    sessions = sessionmaker(db.create_engine(given["SQLALCHEMY_DATABASE_URI"]))
    feeder = Feeder(sessions, queue.sender(queue.make(given["BROKER"]), given["QUEUES"]), min(LEASE, given["LEASE"]))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: feeder.stop())
    click.echo("feeder ready")
    feeder.run()


COMMANDS = (doctor, migrate, backup, restore, job, feed)
