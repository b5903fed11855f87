"""The verbs `luanchuyen deputy ...`: for who operates the installation, when somebody fell ill before he could name his deputy himself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from web.operations import _session

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from engine.models import User


@click.group()
def deputy() -> None:
    """Who does the tasks of a person who is away."""


def _user(session: Session, username: str) -> User:
    from sqlalchemy import select

    from engine.errors import NotFound
    from engine.models import User

    found = session.scalar(select(User).where(User.username == username))
    if found is None:
        raise NotFound(what="account", id=username)
    return found


@deputy.command("appoint")
@click.argument("absent")
@click.argument("colleague")
@click.option("--until", required=True, help="Last day: dd/mm/yyyy.")
@click.option("--since", help="First day; from now if not said.")
@click.option("--process", "processes", multiple=True, help="Only tasks of this process; may be repeated.")
@click.option("--reason", required=True)
def appoint(absent: str, colleague: str, until: str, since: str | None, processes: tuple[str, ...], reason: str) -> None:
    """Let COLLEAGUE do the tasks of ABSENT (names of accounts)."""
    from engine import deputies
    from engine.working_time import read_day

    first, last = read_day(since) if since else None, read_day(until)
    if last is None or (since and first is None):
        raise click.ClickException(f"expected a day like 31/12/2026, but found {until if last is None else since}")
    with _session() as session:
        people = _user(session, absent), _user(session, colleague)
        made = deputies.appoint(session, *people, *deputies.whole_days(session, first, last), processes=processes, reason=reason, by=None)
        click.echo(made.id)


@deputy.command("withdraw")
@click.argument("number", type=int)
def withdraw(number: int) -> None:
    """End a deputyship now. The worker gives back what was taken and not handed in."""
    from engine import deputies

    with _session() as session:
        deputies.withdraw(session, number, None)


@deputy.command("list")
def list_() -> None:
    """Who stands in for whom, now or later."""
    from engine import deputies
    from web.words import write_moment

    with _session() as session:
        for one in deputies.everybody(session):
            processes = ",".join(one.process_keys) or "*"
            row = (
                one.id,
                one.absent.username,
                one.deputy.username,
                write_moment(one.since),
                write_moment(one.until),
                processes,
                one.reason,
            )
            click.echo("\t".join(map(str, row)))


COMMANDS = (deputy,)
