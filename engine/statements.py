"""Statements that are said to the database over and over, made once: what SQLAlchemy does anew for each costs more than the answer.

A Text is a statement as the driver wants it; a Question asks for rows of models, or for columns, and gives back the same objects of the
session that a query of SQLAlchemy would. Both are for what every completion, page or job says; anything else is an ordinary query.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeVar

from sqlalchemy import Connection, Delete, Dialect, Insert, Select, Update, bindparam, inspect, select
from sqlalchemy.engine.base import ExceptionContextImpl
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Session
from sqlalchemy.orm.attributes import instance_dict, instance_state, set_committed_value

Statement = Insert | Update | Delete | Select[Any]
Process = Callable[[Any], Any]
Wanted = Callable[["Select[Any]"], "Select[Any]"]


@dataclass(frozen=True, eq=False)
class Text:
    """A statement as the driver wants it: `?` for a parameter on SQLite, `$1` on PostgreSQL. `order`: their names.

    `lists`: name of a parameter that is a list -> the names of its places, which a shorter one fills by saying its last again.
    """

    sql: str
    processes: Mapping[str, Process | None]
    fixed: Mapping[str, Any]
    lists: Mapping[str, Sequence[str]]
    order: tuple[str, ...]

    def parameters(self, values: Mapping[str, Any]) -> list[Any]:
        found = {name: process(values[name]) if process else values[name] for name, process in self.processes.items()}
        found.update(self.fixed)
        for name, places in self.lists.items():
            given = list(values[name]) or [None]
            for number, place in enumerate(places):
                found[place] = given[min(number, len(given) - 1)]
        return [found[name] for name in self.order]


_NAMED = re.compile(r"%\((\w+)\)s")
_texts: dict[tuple[object, ...], Text] = {}
_lists: dict[Statement, tuple[str, ...]] = {}


def text_of(statement: Statement, dialect: Dialect, values: Mapping[str, Any]) -> Text:
    """`statement` as a text, made once for each kind of database and, by powers of two, for each length of the lists among `values`."""
    names = _lists.get(statement, ())
    lengths = tuple(_room(len(values[name])) for name in names)
    found = _texts.get((statement, dialect.name, lengths))
    if found is None:
        found = _made(statement, dialect, values)
        names = _lists[statement] = tuple(found.lists)
        _texts[statement, dialect.name, tuple(len(places) for places in found.lists.values())] = found
    return found


def _room(length: int) -> int:
    return 1 << max(length - 1, 0).bit_length()


def _made(statement: Statement, dialect: Dialect, values: Mapping[str, Any]) -> Text:
    compiled: Any = statement.compile(dialect=dialect)
    required = {name: bind for bind, name in compiled.bind_names.items() if bind.required}
    filled = {name: [None] * _room(len(values[name])) if bind.expanding else None for name, bind in required.items()}
    expanded = compiled.construct_expanded_state(filled)
    processes: dict[str, Process | None] = {}
    fixed: dict[str, Any] = {}
    lists: dict[str, Sequence[str]] = {}
    for bind, name in compiled.bind_names.items():
        process = bind.type.dialect_impl(dialect).bind_processor(dialect)
        places = expanded.parameter_expansion.get(name, (name,))
        if not bind.required:
            given = bind.value if bind.expanding else (bind.value,)
            fixed.update({place: process(value) if process else value for place, value in zip(places, given, strict=True)})
        elif bind.expanding:
            lists[name] = places
        else:
            processes[name] = process
    if compiled.positional:
        return Text(str(expanded.statement), processes, fixed, lists, tuple(expanded.positiontup))
    sql = str(expanded.statement)
    order = tuple(dict.fromkeys(_NAMED.findall(sql)))
    numbers = {name: number for number, name in enumerate(order, 1)}
    return Text(_NAMED.sub(lambda one: f"${numbers[one[1]]}", sql).replace("%%", "%"), processes, fixed, lists, order)


class Question:
    """A SELECT that is asked over and over.

    `wanted`: models, whose rows are read whole, and columns. `of`: says of the SELECT of them where from, which and how.
    """

    def __init__(self, *wanted: Any, of: Wanted) -> None:
        columns: list[Any] = []
        self._parts: list[tuple[Any, list[str], int, int]] = []
        for one in wanted:
            mapper: Any = inspect(one) if isinstance(one, type) else None
            names = [attribute.key for attribute in mapper.column_attrs] if mapper else []
            begin = len(columns)
            columns += [getattr(one, name) for name in names] if mapper else [one]
            self._parts.append((mapper, names, begin, len(columns)))
        # Columns alone stand as they were read.
        self._plain = not any(mapper for mapper, *_ in self._parts)
        self.statement = of(select(*columns))
        self._types = [column.type for column in columns]
        self._reads: dict[str, list[tuple[int, Process]]] = {}

    def ask(self, session: Session, values: Mapping[str, Any]) -> list[tuple[Any, ...]]:
        """One tuple for each row: for a model the object, with what the database says now, or None where an outer join found nothing.

        Raises sqlalchemy.exc.DBAPIError.
        """
        if session.autoflush:
            session.flush()
        connection = session.connection()
        text = text_of(self.statement, connection.dialect, values)
        cursor = execute(connection, text.sql, text.parameters(values))
        reads = self._reads.get(connection.dialect.name) or self._read_by(connection.dialect)
        found = []
        for row in cursor.fetchall():
            read = list(row)
            for place, process in reads:
                if read[place] is not None:
                    read[place] = process(read[place])
            found.append(tuple(read if self._plain else [_part(session, read, *part) for part in self._parts]))
        return found

    def _read_by(self, dialect: Dialect) -> list[tuple[int, Process]]:
        made = [kind.dialect_impl(dialect).result_processor(dialect, None) for kind in self._types]
        self._reads[dialect.name] = found = [(place, process) for place, process in enumerate(made) if process is not None]
        return found


def _part(session: Session, row: list[Any], mapper: Any, names: list[str], begin: int, end: int) -> Any:
    return row[begin] if mapper is None else known(session, mapper, dict(zip(names, row[begin:end], strict=True)))


def known(session: Session, mapper: Any, values: Mapping[str, Any]) -> Any:
    """The object of `session` for a row just read, whole: `values` by attribute. None where the row's key is null.

    What SQLAlchemy's own loading of a row does, without what it prepares for each query; what was not yet written of an object that the
    session had already is given up, as with `populate_existing`.
    """
    key = [values[mapper.get_property_by_column(column).key] for column in mapper.primary_key]
    if key[0] is None:
        return None
    identity = mapper.identity_key_from_primary_key(key)
    found = session.identity_map.get(identity)
    if found is None:
        found = mapper.class_manager.new_instance()
        state: Any = instance_state(found)
        state.key, state.session_id = identity, session.hash_key
        session.identity_map._add_unpresent(state, identity)
        instance_dict(found).update(values)
    else:
        for name, value in values.items():
            set_committed_value(found, name, value)
    return found


@cache
def insertion(row: type[DeclarativeBase]) -> Insert:
    """INSERT of a whole row but its id, which the database gives."""
    table: Any = row.__table__
    return Insert(table).values({c.name: bindparam(c.name, type_=c.type) for c in table.columns if c.name != "id"}).inline()


@cache
def defaults(row: type[DeclarativeBase]) -> Mapping[str, Any]:
    """What stands in the columns of a new row of which nothing is said."""
    table: Any = row.__table__
    return {column.name: column.default.arg if column.default is not None else None for column in table.columns}


Row = TypeVar("Row", bound=DeclarativeBase)


def insert(session: Session, model: type[Row], values: Mapping[str, Any]) -> Row:
    """Write a new row at once. Gives the object of the session for it. Raises sqlalchemy.exc.DBAPIError."""
    session.flush()
    connection = session.connection()
    values = {**defaults(model), **values}
    text = text_of(insertion(model), connection.dialect, values)
    cursor = execute(connection, f"{text.sql} RETURNING id", text.parameters(values))
    made: Row = known(session, inspect(model), {**values, "id": cursor.fetchone()[0]})
    return made


def execute(connection: Connection, sql: str, parameters: Any) -> Any:
    """The driver's cursor after it has executed `sql`. Raises sqlalchemy.exc.DBAPIError."""
    tell(connection, sql, parameters)
    with said(connection):
        driver: Any = connection.connection.driver_connection
        if connection.dialect.name == "postgresql":
            # psycopg's usual cursor would look for its own kind of parameters in every long text anew.
            driver = connection.dialect.loaded_dbapi.RawCursor(driver)
        return driver.execute(sql, parameters)


def tell(connection: Connection, sql: str, parameters: Any) -> None:
    """Whoever watches the statements of the engine hears of this one as of any other."""
    for hear in connection.engine.dispatch.before_cursor_execute:
        hear(connection, None, sql, parameters, None, False)


@contextmanager
def said(connection: Connection) -> Iterator[None]:
    """What the driver raises is raised as SQLAlchemy would have raised it."""
    dialect = connection.dialect
    try:
        yield
    except dialect.loaded_dbapi.Error as error:
        lost = dialect.is_disconnect(error, connection.connection.driver_connection, None)
        if lost:
            connection.invalidate(error)
        kind: Any = dialect.loaded_dbapi.Error
        told = DBAPIError.instance(None, None, error, kind, True, lost, dialect)
        about = ExceptionContextImpl(error, told, connection.engine, dialect, connection, *(None,) * 4, lost, lost, False)
        for hear in dialect.dispatch.handle_error:
            hear(about)
        raise told from error
