"""A pipeline: statements whose results nobody waits for, sent together. On PostgreSQL as one statement, on SQLite one after another.

What a completion costs is mostly journeys to the database and the making of statements: those sent here are made once, in `text_of`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Delete, Insert, Update
from sqlalchemy.orm import DeclarativeBase, Session

from engine.statements import Text, defaults, execute, insertion, text_of

Change = Insert | Update | Delete
MOST = 16
"""Statements that PostgreSQL is given as one."""
GIVEN = "given_before"
"""What a statement that follows an INSERT calls the table with the id which that has given."""
_PLACE = re.compile(r"\$(\d+)")
_PLAIN = re.compile(r"(INSERT INTO [^()]+ \([^()]+\) VALUES )(\((?:\$\d+(?:::[\w ]+)?(?:, )?)+\))( ON CONFLICT DO NOTHING)?")


@dataclass(eq=False)
class Said:
    """A statement that waits to be sent, with its values. `after`: the place of the INSERT whose id it needs."""

    place: int
    change: Change
    values: Mapping[str, Any]
    after: int | None = None


class Pipeline:
    """Statements of one session, kept until send(). None may rely on what another has written, or change the row that another changes."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[Said] = []

    def add(self, change: Change, values: Mapping[str, Any], after: int | None = None) -> int:
        """`change` is one object of its module, made once, with a bindparam() for each of `values`. Its place in what send() gives.

        `after`: the place of an INSERT whose id this one needs; it reads it from the table GIVEN.
        """
        self._waiting.append(Said(len(self._waiting), change, values, after))
        return len(self._waiting) - 1

    def add_rows(self, rows: Iterable[DeclarativeBase]) -> None:
        """New rows that the session has not written yet, taken out of it: nobody asks for their ids."""
        for row in rows:
            self._session.expunge(row)
            self.add(insertion(type(row)), {**defaults(type(row)), **vars(row)})

    def send(self) -> dict[int, int]:
        """Send all; how many rows each UPDATE has concerned, by its place. What was only added to the session goes before.

        Raises sqlalchemy.exc.DBAPIError.
        """
        self._session.flush()
        connection = self._session.connection()
        waiting, self._waiting = self._waiting, []
        if connection.dialect.name == "postgresql":
            return {place: number for part in _parts(waiting) for place, number in _together(connection, part)}
        return _in_turn(connection, waiting)


def _in_turn(connection: Connection, waiting: Sequence[Said]) -> dict[int, int]:
    counts: dict[int, int] = {}
    ids: dict[int, int] = {}
    for one in waiting:
        text = text_of(one.change, connection.dialect, one.values)
        sql = text.sql if one.after is None else text.sql.replace(f"FROM {GIVEN}", f"FROM (SELECT {int(ids[one.after])} AS id) AS {GIVEN}")
        cursor = execute(connection, sql, text.parameters(one.values))
        counts[one.place], ids[one.place] = cursor.rowcount, cursor.lastrowid
    return counts


def _parts(waiting: Sequence[Said]) -> Iterator[list[Said]]:
    """As many as go together, none apart from what it follows."""
    part: list[Said] = []
    for one in waiting:
        if len(part) >= MOST and one.after is None:
            yield part
            part = []
        part.append(one)
    if part:
        yield part


def _together(connection: Connection, part: Sequence[Said]) -> Iterator[tuple[int, int]]:
    texts = {one.place: text_of(one.change, connection.dialect, one.values) for one in part}
    first: dict[Text, int] = {}
    # Rows of one table go by one INSERT, which keeps their order: that of several in one query is PostgreSQL's own affair.
    ordered = sorted(part, key=lambda one: first.setdefault(texts[one.place], one.place) if _plain(texts[one.place]) else one.place)
    places = {one.place: number for number, one in enumerate(ordered)}
    joined = _join(tuple(texts[one.place] for one in ordered), tuple(None if one.after is None else places[one.after] for one in ordered))
    parameters: list[Any] = []
    for one in ordered:
        parameters += texts[one.place].parameters(one.values)
    row = execute(connection, joined.sql, parameters).fetchone()
    return zip((ordered[number].place for number in joined.counted), row, strict=False)


@dataclass(frozen=True)
class Joined:
    """Statements as one, which takes the parameters of each in turn. `counted`: those whose rows are counted."""

    sql: str
    counted: tuple[int, ...]


@cache
def _plain(text: Text) -> bool:
    """Whether it is an INSERT of one row of parameters."""
    return _PLAIN.fullmatch(text.sql) is not None


@lru_cache(maxsize=1000)
def _join(texts: tuple[Text, ...], after: tuple[int | None, ...]) -> Joined:
    """A query whose WITH carries out all of them: PostgreSQL does each to its end, with the same view of what was there before."""
    parts: list[str] = []
    counted: list[int] = []
    given = 0
    for (sql, alone), found in groupby(range(len(texts)), lambda place: _kind(place, texts, after)):
        places = list(found)
        first, number = places[0], len(texts[places[0]].order)
        if alone and sql.startswith("UPDATE"):
            counted.append(first)
        said = _returning(first, sql, after) if alone else _of_rows(sql, len(places), number)
        parts.append(f"s{first} AS ({_moved(said, given)})")
        given += number * len(places)
    counts = ", ".join(f"(SELECT count(*) FROM s{place})" for place in counted) or "1"  # noqa: S608 numbers of ours
    return Joined(f"WITH {', '.join(parts)} SELECT {counts}", tuple(counted))


def _moved(sql: str, by: int) -> str:
    """`sql` with its parameters counted from further on."""
    return _PLACE.sub(lambda one: f"${int(one[1]) + by}", sql)


def _kind(place: int, texts: tuple[Text, ...], after: tuple[int | None, ...]) -> tuple[str, int]:
    """The same for neighbours that are rows of one INSERT, and different for all others."""
    sql = texts[place].sql
    plain = after[place] is None and place not in after and _plain(texts[place])
    return sql, 0 if plain else place + 1


def _of_rows(sql: str, rows: int, number: int) -> str:
    """An INSERT of one row with `number` parameters, as one of many rows."""
    found = _PLAIN.fullmatch(sql)
    if found is None:
        raise ValueError(f"Expected an INSERT of one row of parameters, but found {sql}")
    return found[1] + ", ".join(_moved(found[2], number * row) for row in range(rows)) + (found[3] or "")


def _returning(place: int, sql: str, after: tuple[int | None, ...]) -> str:
    if (follows := after[place]) is not None:
        return sql.replace(f"FROM {GIVEN}", f"FROM s{follows} AS {GIVEN}")
    if place in after:
        return f"{sql} RETURNING id"
    return f"{sql} RETURNING 1" if sql.startswith("UPDATE") else sql
