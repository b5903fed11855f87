"""Searching Vietnamese without its marks: `binh` finds `Nguyễn Văn Bình`. In the query, on both databases, so that paging stays right."""

from __future__ import annotations

import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Engine, String, and_, event, func, literal, literal_column, or_, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import GenericFunction

from engine.keywords import fold
from engine.models import ProcessDefinition, ProcessInstance

_LETTERS = [chr(code) for block in (range(0xC0, 0x250), range(0x1E00, 0x1F00)) for code in block]
_MARKED = [letter for letter in _LETTERS if len(fold(letter)) == 1 and fold(letter).isascii()]
_MARKS = "".join(sorted({mark for letter in _MARKED for mark in unicodedata.normalize("NFD", letter) if unicodedata.combining(mark)}))


class folded(GenericFunction[str]):  # small letters: it is read as a function in queries
    """fold() of a column, evaluated by the database."""

    type = String()
    inherit_cache = True
    name = "folded"


@compiles(folded, "postgresql")
def _postgresql(element: Any, compiler: Any, **options: Any) -> str:
    # Marks are few where marked letters are many, and translate() looks through all of them for each letter.
    apart = func.normalize(*element.clauses, literal_column("NFD"))
    inner = func.lower(func.translate(apart, literal("Đđ" + _MARKS), literal("Dd")))
    return str(compiler.process(inner, **options))


def register(engine: Engine) -> None:
    """Give connections of an SQLite engine the function `folded`. PostgreSQL has what it needs."""
    if engine.dialect.name != "sqlite":
        return

    @event.listens_for(engine, "connect")
    def _connect(connection: Any, _record: Any) -> None:
        connection.create_function("folded", 1, fold, deterministic=True)


def matches(words: str, *columns: Any) -> ColumnElement[bool]:
    """Every word of `words` occurs in one of `columns`, whatever its marks and case."""
    conditions = []
    for word in fold(words).split():
        pattern = "%" + word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        conditions.append(or_(*(folded(column).like(pattern, escape="\\") for column in columns)))
    return and_(*conditions) if conditions else and_(True)


def cases(words: str) -> ColumnElement[bool]:
    """Cases of which every word occurs in the title, the business key or the name of the process. A clause over ProcessInstance."""
    conditions = []
    for word in fold(words).split():
        processes = select(ProcessDefinition.id).where(matches(word, ProcessDefinition.name))
        conditions.append(or_(ProcessInstance.folded.contains(word, autoescape=True), ProcessInstance.definition_id.in_(processes)))
    return and_(*conditions) if conditions else and_(True)
