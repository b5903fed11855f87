"""Rows of large tables, read in batches, and grouped without being kept."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Select

BATCH = 2_000


def rows(connection: Connection, query: Select[*tuple[Any, ...]]) -> Iterator[Any]:
    """The rows of `query`, a batch at a time."""
    found = connection.execute(query, execution_options={"yield_per": BATCH})
    try:
        yield from found
    finally:
        # Who asks may stop before the end.
        found.close()


class Groups:
    """Rows that come in the order of their first column, handed out by its values, which are asked for in that order."""

    def __init__(self, found: Iterator[Any]) -> None:
        self._groups = groupby(found, key=_first)
        self._next: tuple[int, list[Any]] | None = None
        self._advance()

    def _advance(self) -> None:
        group = next(self._groups, None)
        self._next = (group[0], list(group[1])) if group else None

    @property
    def next(self) -> int | None:
        """The value of the next group; None when there is no more."""
        return self._next[0] if self._next else None

    def take(self, value: int) -> list[Any]:
        """The rows of that group, passing over those before it that nobody asked for; empty when there is none."""
        while self._next is not None and self._next[0] < value:
            self._advance()
        if self._next is None or self._next[0] != value:
            return []
        found = self._next[1]
        self._advance()
        return found


def _first(row: Any) -> int:
    return int(row[0])


def together(*groups: Groups) -> Iterator[tuple[int, list[list[Any]]]]:
    """Every value that one of them has, in order, with the rows of each."""
    while (waiting := [group.next for group in groups if group.next is not None]) != []:
        value = min(waiting)
        yield value, [group.take(value) for group in groups]
