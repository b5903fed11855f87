"""Copies of cases that were really run: new numbers, other dates, other people and bodies, chains of history of their own.

The fast path of the benchmark. Everything that a case wrote is copied, row by row, and put into PostgreSQL by COPY; what is stored as text
or JSON, the state of the case too, is written anew with the other names and dates in it, and each entry of history gets the digest that
engine.chain gives it. Bytes of documents are left out.
"""

from __future__ import annotations

import hashlib
import random
import re
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

import orjson
import psycopg
import zstandard
from psycopg import sql
from sqlalchemy import Table

from bench.originals import TABLES, Original
from bench.provinces import CANDIDATES, TOLD, Province, names
from engine import chain, identity, keywords
from engine.db import Base, Json

NUMBERED = (
    "process_instance",
    "user_task",
    "job",
    "incident",
    "history_event",
    "document",
    "participant",
    "candidate",
    "message_subscription",
    "deadline",
)
LOOSE = {"history_event.user_task_id": "user_task", "incident.job_id": "job"}
"""Columns that name rows of another table without a foreign key."""
STORED = "%Y-%m-%d %H:%M:%S.%f"
"""How moments stand in a file of SQLite."""
KEY = "KH 2026/03"
_compress = zstandard.ZstdCompressor(level=3).compress


@dataclass(frozen=True)
class Copy:
    """One to be made: of what, where, how many days away, and the number in its business key."""

    original: Original
    province: Province
    days: int
    serial: int

    @property
    def begun(self) -> datetime:
        return self.original.begun + timedelta(days=self.days)


class Words:
    """What stands in texts of an original and is exchanged in its copies."""

    def __init__(self, bodies: Iterable[str], people: Iterable[str]) -> None:
        codes = "|".join(sorted(map(re.escape, [*bodies, *people, *CANDIDATES]), key=len, reverse=True))
        called = "|".join(map(re.escape, [*CANDIDATES.values(), *TOLD, KEY]))
        numbers = r'"document_id":\d+|"(?:from|to)":\d+'
        # Codes are words of their own: never part of another, nor of an identifier of the diagram.
        self.pattern = re.compile(rf"(20\d\d-\d\d-\d\d|(?<![\w]){{}}(?![\w])|{called}|{numbers})".replace("{}", f"(?:{codes})"))

    def split(self, text: str) -> tuple[str, ...]:
        """Literal, word, literal, word, ... literal."""
        return tuple(self.pattern.split(text))


@dataclass(frozen=True)
class Number:
    table: str
    value: int


@dataclass(frozen=True)
class Moment:
    value: datetime


@dataclass(frozen=True)
class Text:
    parts: tuple[str, ...]
    kind: str
    """text, json (bytes), state (compressed bytes)"""


Row = tuple[list[Any], list[tuple[int, Number | Moment | Text]]]
"""Its cells, and those that are written anew."""


class Template:
    """The rows of one original, cut where copies differ."""

    def __init__(self, original: Original, words: Words) -> None:
        self.original = original
        self.rows = {name: [self._row(Base.metadata.tables[name], row, words) for row in original.rows[name]] for name in TABLES}

    def _row(self, table: Table, row: dict[str, Any], words: Words) -> Row:
        found: list[Any] = []
        for column in table.columns:
            value, target = row[column.name], LOOSE.get(f"{table.name}.{column.name}")
            for key in column.foreign_keys:
                target = key.column.table.name
            if column.name == "id" and not target:
                target = table.name
            found.append(_cell(table.name, column, value, target, words))
        return found, [(place, cell) for place, cell in enumerate(found) if isinstance(cell, Number | Moment | Text)]


def _cell(table: str, column: Any, value: Any, target: str | None, words: Words) -> Any:
    """What has to be written anew, or the value itself."""
    if value is None:
        return None
    if target is not None:
        return Number(target, value)
    if isinstance(value, datetime):
        return Moment(value)
    if table == "execution":
        return Text(words.split(zstandard.decompress(value).decode()), "state")
    if isinstance(column.type, Json):
        parts = words.split(bytes(value).decode())
        return Text(parts, "json") if len(parts) > 1 else bytes(value)
    if isinstance(value, str) and len(parts := words.split(value)) > 1:
        return Text(parts, "text")
    return value


@lru_cache(200_000)
def _later(text: str, days: int) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
    except ValueError:
        return text


class Press:
    """Makes copies. `next`: the number that the next row of each table gets; `definitions`: (key, version) -> row."""

    def __init__(self, definitions: dict[tuple[str, int], int], first: dict[str, int], dice: random.Random) -> None:
        self.definitions, self.next, self.dice = definitions, first, dice
        self.supervision: set[tuple[str, str]] = set()
        """Digests and principals of the sets that supervise the copies."""

    def make(self, template: Template, copy: Copy) -> dict[str, list[list[Any]]]:
        """All rows of one copy, by table."""
        original, province = copy.original, copy.province
        given = self._given(copy)
        delta = timedelta(days=copy.days)
        places: dict[str, dict[int, int]] = {}
        for name in NUMBERED:
            own = [row["id"] for row in original.rows[name]]
            places[name] = {old: self.next[name] + place for place, old in enumerate(own)}
            self.next[name] += len(own)
        places["user"] = {id_: province.numbers[given[name]] for id_, name in original.accounts.items()}
        places["organisation"] = {id_: province.numbers[province.bodies[code]] for id_, code in original.bodies.items()}
        places["process_definition"] = {id_: self.definitions[one] for id_, one in original.definitions.items() if one in self.definitions}
        given["people"], given["documents"] = places["user"], places["document"]
        made = {name: [_made(row, places, given, delta, copy.days) for row in rows] for name, rows in template.rows.items()}
        _link(made)
        _tell(made)
        self._entrust(made)
        return made

    def _entrust(self, made: dict[str, list[list[Any]]]) -> None:
        """Who supervises, as engine.candidates puts it on the row of the case; and what is searched there."""
        found: dict[int, set[str]] = {}
        for row in made["participant"]:
            if row[PARTICIPANT["scope"]] == identity.SUPERVISE:
                found.setdefault(row[PARTICIPANT["instance_id"]], set()).add(row[PARTICIPANT["principal"]])
        for row in made["process_instance"]:
            principals = found.get(row[CASE["id"]], set())
            digest = row[CASE["supervisors"]] = identity.set_of(principals)
            self.supervision |= {(digest, principal) for principal in principals}
            row[CASE["folded"]] = keywords.fold(f"{row[CASE['title']]}\n{row[CASE['business_key']]}")

    def _given(self, copy: Copy) -> dict[str, Any]:
        dice, province = self.dice, copy.province
        chosen = dice.sample(province.cadres, len(CANDIDATES))
        found: dict[str, Any] = {**province.bodies, **province.people}
        for (old, called), (account, name) in zip(CANDIDATES.items(), chosen, strict=True):
            found[old], found[called] = account, name
        found |= {name: names(dice) for name in TOLD}
        found[KEY] = f"KH {copy.begun.year}/{copy.serial:05d}"
        return found


def _made(row: Row, places: dict[str, dict[int, int]], given: dict[str, Any], delta: timedelta, days: int) -> list[Any]:
    made = list(row[0])
    for place, cell in row[1]:
        if isinstance(cell, Number):
            made[place] = places[cell.table].get(cell.value)
        elif isinstance(cell, Moment):
            made[place] = cell.value + delta
        else:
            text = _told(cell.parts, given, days)
            made[place] = text if cell.kind == "text" else text.encode() if cell.kind == "json" else _compress(text.encode())
    return made


def _told(parts: Sequence[str], given: dict[str, Any], days: int) -> str:
    found = list(parts)
    for place in range(1, len(parts), 2):
        word = parts[place]
        if word in given:
            found[place] = given[word]
        elif word[0] == "2":
            found[place] = _later(word, days)
        else:
            name, _, number = word.rpartition(":")
            numbers = given["documents"] if "document" in name else given["people"]
            found[place] = f"{name}:{numbers.get(int(number), int(number))}"
    return "".join(found)


def _columns(name: str) -> dict[str, int]:
    return {column.name: place for place, column in enumerate(Base.metadata.tables[name].columns)}


HISTORY, CASE, KEYWORD, PARTICIPANT = map(_columns, ("history_event", "process_instance", "keyword", "participant"))
_HASHED = [
    HISTORY[name] for name in ("kind", "element_id", "element_name", "element_type", "wait_id", "user_task_id", "actor_id", "address")
]


def _link(made: dict[str, list[list[Any]]]) -> None:
    """The chain of each case: every entry by engine.chain, and the last one on the row of the case."""
    heads: dict[int, tuple[int, str]] = {}
    for row in made["history_event"]:
        case = row[HISTORY["instance_id"]]
        count, previous = heads.get(case, (0, chain.START))
        content = tuple(row[place] for place in _HASHED)
        digest = chain.digest(previous, case, count + 1, row[HISTORY["at"]], content, row[HISTORY["detail"]])
        row[HISTORY["number"]], row[HISTORY["digest"]] = count + 1, digest
        heads[case] = count + 1, digest
    for row in made["process_instance"]:
        row[CASE["history_count"]], row[CASE["history_head"]] = heads.get(row[CASE["id"]], (0, chain.START))


def _tell(made: dict[str, list[list[Any]]]) -> None:
    """Keywords as engine.keywords writes them: folded, and their digest on the row of the case."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in made["keyword"]:
        row[KEYWORD["text"]] = keywords.fold(row[KEYWORD["shown"]])[: keywords.LONGEST]
        found.setdefault(row[KEYWORD["instance_id"]], []).append({name: row[KEYWORD[name]] for name in ("name", "text", "number", "shown")})
    for row in made["process_instance"]:
        rows = found.get(row[CASE["id"]])
        row[CASE["keywords"]] = hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16] if rows else ""


def load(url: str, copies: Iterator[dict[str, list[list[Any]]]], at_once: int = 2_000) -> dict[str, int]:
    """COPY them into the database. Rows by table. Foreign keys hold by construction, and indexes are made anew at the end."""
    counts = dict.fromkeys(TABLES, 0)
    if url.startswith("sqlite"):
        return _insert(url, copies, counts)
    with psycopg.connect(url) as connection:
        connection.execute("SET session_replication_role = replica")
        connection.execute("SET synchronous_commit = off")
        indexes = _without_indexes(connection)
        while True:
            waiting = [made for _, made in zip(range(at_once), copies, strict=False)]
            if not waiting:
                break
            for name in TABLES:
                counts[name] += _copy(connection, name, waiting)
            connection.commit()
        for statement in indexes:
            connection.execute(statement)
        for name in NUMBERED:
            table = sql.Identifier(name)
            connection.execute(
                sql.SQL("SELECT setval(pg_get_serial_sequence({}, 'id'), (SELECT max(id) FROM {}))").format(sql.Literal(name), table)
            )
        connection.commit()
        connection.autocommit = True
        connection.execute("VACUUM ANALYZE")
    return counts


def _insert(url: str, copies: Iterator[dict[str, list[list[Any]]]], counts: dict[str, int]) -> dict[str, int]:
    """The same for a file of SQLite, whose indexes stay."""
    with closing(sqlite3.connect(url.removeprefix("sqlite:///"))) as connection:
        connection.execute("PRAGMA foreign_keys = OFF")
        for made in copies:
            for name in TABLES:
                table = Base.metadata.tables[name]
                places = ", ".join("?" * len(table.columns))
                names = ", ".join(f'"{column.name}"' for column in table.columns)
                rows = (
                    [f"{value.astimezone(UTC):{STORED}}" if isinstance(value, datetime) else value for value in row] for row in made[name]
                )
                counts[name] += connection.executemany(f'INSERT INTO "{name}" ({names}) VALUES ({places})', rows).rowcount
        connection.commit()
        connection.execute("ANALYZE")
    return counts


def _copy(connection: psycopg.Connection[Any], name: str, waiting: list[dict[str, list[list[Any]]]]) -> int:
    columns = [column.name for column in Base.metadata.tables[name].columns]
    into = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(name), sql.SQL(", ").join(map(sql.Identifier, columns)))
    count = 0
    with connection.cursor() as cursor, cursor.copy(into) as copy:
        for made in waiting:
            for row in made[name]:
                copy.write_row(row)
                count += 1
    return count


def _without_indexes(connection: psycopg.Connection[Any]) -> list[Any]:
    """Drop the indexes that no constraint needs. Gives the statements that make them again."""
    query = """SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = ANY(%s)
        AND indexname NOT IN (SELECT conname FROM pg_constraint)"""
    found = connection.execute(query, (list(TABLES),)).fetchall()
    for name, _ in found:
        connection.execute(sql.SQL("DROP INDEX {}").format(sql.Identifier(name)))
    return [definition for _, definition in found]
