"""The verbs `luanchuyen calendar ...`: what the calendar of working days says, and days that come in as a table."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import click

from web.operations import _session


@click.group()
def calendar() -> None:
    """Working days: show what a year has, read swapped and local days from a table."""


@calendar.command("show")
@click.argument("year", type=click.IntRange(2000, 2100))
def show(year: int) -> None:
    """Every day of a year that is not what its weekday says."""
    from engine import working_time

    with _session() as session:
        for one in working_time.days(session, year):
            state = "co" if one.works else "khong"
            click.echo(f"{one.day:%d/%m/%Y}\t{state}\t{one.name}\t{one.body}\t{'' if one.own is None else 'own'}")


@calendar.command("import")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def import_(file: Path) -> None:
    """Read days from a CSV file in UTF-8 with the columns ngay, lam_viec (co, khong), ten, to_chuc: all of them or none.

    Deadlines that were counted with the calendar are counted again by the worker.
    """
    from engine import deadlines, working_time

    try:
        text = file.read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise click.ClickException(f"{file}: expected a table in UTF-8") from None
    first = text.partition("\n")[0]
    rows = csv.DictReader(io.StringIO(text), delimiter=";" if first.count(";") > first.count(",") else ",")
    if not {"ngay", "lam_viec"} <= set(rows.fieldnames or ()):
        raise click.ClickException(f"{file}: expected the columns ngay, lam_viec, ten, to_chuc, but found {first[:80] or 'nothing'}")
    with _session() as session:
        count = working_time.change(session, working_time.read_changes(rows))
        deadlines.follow(session)
    click.echo(count)


COMMANDS = (calendar,)
