"""The command `luanchuyen`: where engine, handlers and web are put together. Verbs import what they need, so that each starts fast."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.errors import EngineError, FileRejected, Refused

if TYPE_CHECKING:
    from flask import Flask
    from sqlalchemy.orm import Session, sessionmaker

Files = click.Path(exists=True, path_type=Path)


def read(paths: tuple[Path, ...]) -> dict[str, bytes]:
    """Files by name; a folder stands for all its files that belong to a deployment."""
    from engine.contents import read_folder

    found: dict[str, bytes] = {}
    for path in paths:
        found.update(read_folder(path) if path.is_dir() else {path.name: path.read_bytes()})
    return found


def read_json(path: Path) -> dict[str, Any]:
    """The JSON object that a file holds. Raises click.ClickException."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except ValueError as error:
        raise click.ClickException(f"{path}: expected JSON, but found {error}") from None
    except RecursionError:
        raise click.ClickException(f"{path}: expected JSON, but found it nested too deeply") from None
    if not isinstance(found, dict):
        raise click.ClickException(f"{path}: expected a JSON object, but found {type(found).__name__}")
    return found


def show(value: Any) -> None:
    """Print as JSON, readable, diacritics as they are."""
    click.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="luanchuyen")
def cli() -> None:
    """Máy chủ quy trình: sơ đồ của người phân tích chính là chương trình."""


@cli.command("dry-run")
@click.argument("files", nargs=-1, required=True, type=Files)
@click.option("--scenario", required=True, type=Files, help="Scenario as JSON; docs/how-to/scenarios.md says how it reads.")
@click.option("--json", "as_json", is_flag=True, help="Print the report as JSON.")
def dry_run(files: tuple[Path, ...], scenario: Path, as_json: bool) -> None:
    """Run diagrams in memory with a virtual clock. Exit: 0 ran, 1 failed or incident, 2 refused."""
    from engine import scenarios

    report = scenarios.run(read(files), read_json(scenario))
    if as_json:
        show(report.as_dict())
    else:
        click.echo(report.as_text())
    sys.exit(report.exit_code)


@cli.command()
@click.argument("files", nargs=-1, required=True, type=Files)
@click.option("--json", "as_json", is_flag=True)
@click.option("--language", type=click.Choice(["vi", "en"]), default="vi")
def lint(files: tuple[Path, ...], as_json: bool, language: str) -> None:
    """Say what would not run as drawn. Exit: 0 deployable, 1 a draft with to-dos, 2 refused."""
    from engine import reader, topics
    from engine.lint import report, verdict

    findings = reader.check(read(files), topics.discover("handlers").keys())
    outcome = verdict(findings)
    click.echo(report.as_json(findings) if as_json else report.as_text(findings, language))
    sys.exit({"deployable": 0, "draft": 1, "refused": 2}[outcome])


@cli.command()
@click.argument("file", type=Files)
@click.option("--input", "inputs", required=True, type=Files, help="Variables as JSON.")
@click.option("--decision", default=None, help="Id of the decision, when the file holds several.")
def decide(file: Path, inputs: Path, decision: str | None) -> None:
    """Evaluate a decision table and say which rules matched. Exit: 0 decided, 1 it could not be, 2 the file is refused."""
    from engine import decisions

    show(decisions.decide(file.read_bytes(), file.name, read_json(inputs), decision))


@cli.command("legal-basis")
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
def legal_basis(folder: Path) -> None:
    """Print the page of docs/ that shows each sentence of the regulation beside the elements that carry it."""
    from engine.contents import Contents
    from web import legal

    click.echo(legal.markdown(Contents(read((folder,)))), nl=False)


@cli.command()
@click.argument("folder", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--note", default="", help="What changed, and on which legal basis.")
def deploy(folder: Path, note: str) -> None:
    """Deploy a process folder, all of it or nothing. Where a release takes a second person (RELEASE_APPROVAL), it is proposed.

    Exit: 0 deployed; 1 kept as a draft in the studio, with the list of what is missing; 2 refused, nothing stored; 3 proposed.
    """
    from engine import deployments, releases, topics, workspaces
    from engine.lint import report, verdict

    name, files, app = folder.resolve().name, read((folder,)), _app()
    try:
        with _sessions(app).begin() as session:
            proposed = app.config["RELEASE_APPROVAL"] and deployments.present(session, name, files) is None
            if proposed:
                wish = releases.Wish(name, files, note)
                asked = releases.propose(session, wish, user=None, topics=topics.discover("handlers"))
                click.echo(f"{name}: đề nghị phát hành {asked.id}, chờ người có quyền phát hành duyệt")
            else:
                deployment = deployments.deploy(session, name, files, note=note, topics=topics.discover("handlers"))
                click.echo(f"{deployment.folder} {deployment.number}")
        if proposed:
            sys.exit(3)
    except Refused as refused:
        if verdict(refused.findings) == "refused":
            raise
        with _sessions().begin() as session:
            workspace, kept = workspaces.put_aside(session, name, files, note=note)
            click.echo(f"{workspace.folder} (bản nháp, lần lưu {kept.number})")
        click.echo(report.as_text(refused.findings, "vi"), err=True)
        sys.exit(1)


@cli.command()
@click.option("--host", default="127.0.0.1")
@click.option("--port", default=8000)
@click.option("--threads", default=32, help="Threads that answer requests.")
@click.option("--worker/--no-worker", default=True, help="Execute timers and jobs in threads of this process.")
def serve(host: str, port: int, threads: int, worker: bool) -> None:
    """Serve the pages, and execute jobs beside."""
    import signal

    import waitress

    from migrations import upgrade

    app = _app()
    upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    try:
        server = waitress.create_server(app, host=host, port=port, threads=threads, ident=None)
    except OSError as error:
        raise click.ClickException(f"Expected to listen on {host}:{port}, but found: {error.strerror}. Choose another --port.") from None
    running = _worker(app) if worker else None
    if running:
        running.start()
    # As Ctrl+C does: requests and jobs under way are finished.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    click.echo(f"http://{host}:{port}/")
    try:
        server.run()
    finally:
        if running:
            running.stop()


@cli.command()
@click.option("--threads", default=4)
@click.option("--metrics-port", default=0, help="Offer figures for Prometheus to this machine on this port.")
def worker(threads: int, metrics_port: int) -> None:
    """Execute timers and jobs until told to stop."""
    import signal
    import threading

    from web import metrics

    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    running = _worker(_app(), threads)
    running.start()
    if metrics_port:
        metrics.serve(metrics_port)
    click.echo("worker ready")
    stopping.wait()
    running.stop()


@cli.command()
@click.option("--port", default=8000, help="Port to print in the address.")
def demo(port: int) -> None:
    """Fill an empty database with a fictional province, and print its accounts. Refuses a database with real data."""
    from migrations import upgrade
    from web import demo as demo_

    app = _app()
    upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    with _sessions(app).begin() as session:
        accounts = demo_.load(session)
    click.echo(demo_.describe(accounts, f"http://127.0.0.1:{port}/"))


@cli.group()
def user() -> None:
    """Accounts: add, list, password, role."""


@user.command("add")
@click.argument("username")
@click.option("--name", required=True)
@click.option("--position", default="")
@click.option("--email", default="")
@click.option("--role", "roles", multiple=True, help="role@organisation-code; the organisation is made when it is new. Repeatable.")
@click.password_option()
@click.option("--administrator", is_flag=True)
def user_add(username: str, name: str, position: str, email: str, roles: tuple[str, ...], password: str, administrator: bool) -> None:
    """Make an account."""
    from web import accounts

    with _sessions().begin() as session:
        accounts.add(session, username, name, password, position=position, email=email, roles=roles, administrator=administrator)
    click.echo(username)


@user.command("list")
def user_list() -> None:
    """All accounts with their roles."""
    from sqlalchemy import select

    from engine.models import User

    with _sessions()() as session:
        for account in session.scalars(select(User).order_by(User.username)):
            roles = ", ".join(f"{m.role}@{m.organisation.code}" for m in account.memberships)
            click.echo(f"{account.username}\t{account.name}\t{account.position}\t{roles}")


@user.command("password")
@click.argument("username")
@click.password_option()
def user_password(username: str, password: str) -> None:
    """Set a new password."""
    from web import accounts

    with _sessions().begin() as session:
        accounts.set_password(session, username, password)


def _app() -> Flask:
    from web import create_app

    return create_app()


def _sessions(app: Flask | None = None) -> sessionmaker[Session]:
    from sqlalchemy.orm import sessionmaker

    from engine import db

    return sessionmaker(db.create_engine((app or _app()).config["SQLALCHEMY_DATABASE_URI"]))


def _worker(app: Flask, threads: int = 2):  # type: ignore[no-untyped-def]  # engine.worker is imported only here
    from engine import jobs, topics
    from engine.worker import Worker
    from web.casefile import making
    from web.metrics import observe_job

    more = {jobs.CASEFILE: making.errand(lambda: app)}
    return Worker(_sessions(app), topics.discover("handlers"), app.config, threads, app.config["LEASE"], observe=observe_job, more=more)


def _add_operations() -> None:
    from web import calendaring, deputising, holding, keeping, operations

    for command in (*operations.COMMANDS, *keeping.COMMANDS, *calendaring.COMMANDS, *deputising.COMMANDS, *holding.COMMANDS):
        cli.add_command(command)


_add_operations()


def main() -> None:
    """Entry point. What the engine says no to is a sentence on standard error, never a traceback."""
    try:
        cli(standalone_mode=True)
    except Refused as refused:
        from engine.lint import report

        click.echo(report.as_text(refused.findings, "vi"), err=True)
        sys.exit(2)
    except EngineError as error:
        click.echo(str(error), err=True)
        sys.exit(2 if isinstance(error, FileRejected) else 1)
