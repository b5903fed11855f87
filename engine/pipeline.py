"""A pipeline: statements whose results nobody waits for, sent together. On PostgreSQL one journey for all of them, on SQLite one each.

What a completion costs is mostly journeys to the database and the making of statements: those sent here are made once, in `text_of`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Connection, Delete, Dialect, Insert, Update, bindparam
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session

Statement = Insert | Update | Delete
Process = Callable[[Any], Any]


@dataclass(frozen=True)
class Text:
    """A statement as the driver wants it. `order`: names of the parameters where they go by position."""

    sql: str
    processes: Mapping[str, Process | None]
    fixed: Mapping[str, Any]
    order: tuple[str, ...] | None

    def parameters(self, values: Mapping[str, Any]) -> Any:
        found = {name: process(values[name]) if process else values[name] for name, process in self.processes.items()}
        found.update(self.fixed)
        return found if self.order is None else tuple(found[name] for name in self.order)


class Pipeline:
    """Statements of one session, kept until send()."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._waiting: list[tuple[Statement, Mapping[str, Any]]] = []

    def add(self, statement: Statement, values: Mapping[str, Any]) -> int:
        """`statement` is one object of its module, made once, with a bindparam() for each of `values`. Its place in what send() gives."""
        self._waiting.append((statement, values))
        return len(self._waiting) - 1

    def add_rows(self, rows: Iterable[DeclarativeBase]) -> None:
        """New rows that the session has not written yet, taken out of it: nobody asks for their ids."""
        for row in rows:
            self._session.expunge(row)
            self._waiting.append((insertion(type(row)), {**_defaults(type(row)), **vars(row)}))

    def send(self) -> list[int]:
        """Send all; how many rows each has concerned. What was only added to the session goes before. Raises sqlalchemy.exc.DBAPIError."""
        self._session.flush()
        connection = self._session.connection()
        dialect = connection.dialect
        found = [(text, text.parameters(values)) for text, values in ((text_of(s, dialect), v) for s, v in self._waiting)]
        self._waiting = []
        for tell in connection.engine.dispatch.before_cursor_execute:
            for text, parameters in found:
                tell(connection, None, text.sql, parameters, None, False)
        try:
            return _execute(connection, found)
        except dialect.loaded_dbapi.Error as error:
            lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
            if lost:
                connection.invalidate(error)
            kind: Any = dialect.loaded_dbapi.Error
            raise DBAPIError.instance(None, None, error, kind, True, lost, dialect) from error


def _execute(connection: Connection, found: list[tuple[Text, Any]]) -> list[int]:
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name != "postgresql":
        return [driver.execute(text.sql, parameters).rowcount for text, parameters in found]
    with driver.pipeline():
        cursors = [driver.execute(text.sql, parameters) for text, parameters in found]
    return [cursor.rowcount for cursor in cursors]


_texts: dict[tuple[Statement, str], Text] = {}


def text_of(statement: Statement, dialect: Dialect) -> Text:
    """`statement` as a text, made once for each kind of database."""
    found = _texts.get((statement, dialect.name))
    if found is None:
        compiled: Any = statement.compile(dialect=dialect)
        order = tuple(compiled.positiontup) if compiled.positional else None
        processes: dict[str, Process | None] = {}
        fixed: dict[str, Any] = {}
        for bind, name in compiled.bind_names.items():
            process = bind.type.dialect_impl(dialect).bind_processor(dialect)
            if bind.required:
                processes[name] = process
            else:
                fixed[name] = process(bind.value) if process else bind.value
        found = _texts[statement, dialect.name] = Text(str(compiled), processes, fixed, order)
    return found


@cache
def insertion(row: type[DeclarativeBase]) -> Insert:
    """INSERT of a whole row but its id, which the database gives."""
    table: Any = row.__table__
    return Insert(table).values({c.name: bindparam(c.name, type_=c.type) for c in table.columns if c.name != "id"}).inline()


@cache
def _defaults(row: type[DeclarativeBase]) -> Mapping[str, Any]:
    table: Any = row.__table__
    return {column.name: column.default.arg if column.default is not None else None for column in table.columns}
