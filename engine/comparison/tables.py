"""Two DMN files: decision by decision, their tables row by row and cell by cell."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from engine.comparison.model import Change, Kind, changes, out_of_order
from engine.decisions.model import Decision, Input, Output, Rule, Table, Text
from engine.decisions.reading import read

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A column of both tables together; `side`: input, output or note."""

    label: str
    side: str
    kind: Kind
    changes: tuple[Change, ...] = ()


@dataclass(frozen=True)
class Row:
    """A rule, by its number in the old and in the new table; `cells` under the columns: what stood there and what stands there."""

    kind: Kind
    old: int | None
    new: int | None
    cells: tuple[tuple[str | None, str | None], ...]
    moved: bool = False


@dataclass(frozen=True)
class TableDifference:
    """A decision that differs, with the rows that differ. A decision without a table has only changes."""

    id: str
    name: str
    kind: Kind
    changes: tuple[Change, ...] = ()
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()
    unchanged: int = 0
    """How many rows are as they were."""


_Column = tuple[Input | Output | None, Input | Output | None]
"""The column in the old and in the new table."""


def compare(old: bytes | None, new: bytes | None, file: str = "") -> list[TableDifference]:
    """In the order of the new file; what is gone stands last. Raises FileRejected."""
    before, after = ({one.id: one for one in read(source, file)[0]} if source is not None else {} for source in (old, new))
    found = [_decision(before.get(id_), after.get(id_)) for id_ in [*after, *(id_ for id_ in before if id_ not in after)]]
    return [one for one in found if one.kind is not Kind.SAME]


def _decision(old: Decision | None, new: Decision | None) -> TableDifference:
    one = new or old
    if one is None:
        raise ValueError("neither side has the decision")
    different = () if old is None or new is None else changes(_said(old), _said(new))
    columns, rows, unchanged = _table(old.table if old else None, new.table if new else None)
    kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.SAME
    if kind is Kind.SAME and (different or rows or any(column.kind is not Kind.SAME for column in columns)):
        kind = Kind.CHANGED
    return TableDifference(one.id, one.title, kind, different, columns, rows, unchanged)


def _said(one: Decision) -> dict[str, str]:
    """What is said of a decision beside its rows."""
    said = {"name": one.name, "variable": one.variable, "typeRef": one.type, "requires": ", ".join(sorted(one.requires))}
    said["logic"] = "table" if one.table else "expression" if one.expression else ", ".join(one.strange)
    if one.table:
        said |= {"hitPolicy": one.table.hit_policy, "aggregation": one.table.aggregation}
    if one.expression:
        said["expression"] = one.expression.source.strip()
    return {name: value for name, value in said.items() if value}


# --- columns and rows --------------------------------------------------------------------------------------------------------------------


def _table(old: Table | None, new: Table | None) -> tuple[tuple[Column, ...], tuple[Row, ...], int]:
    inputs = _pairs(old.inputs if old else (), new.inputs if new else (), (lambda i: i.expression.id, _expression, lambda i: i.label))
    outputs = _pairs(old.outputs if old else (), new.outputs if new else (), (lambda o: o.name, lambda o: o.label))
    columns = (*(_column(pair, "input") for pair in inputs), *(_column(pair, "output") for pair in outputs), Column("", "note", Kind.SAME))

    def texts(table: Table | None, side: int) -> dict[int, tuple[str | None, ...]]:
        """Number of the rule -> what stands under all columns."""
        if table is None:
            return {}
        first, second = _places(table.inputs, inputs, side), _places(table.outputs, outputs, side)
        return {
            rule.number: (*_cells(first, rule.tests), *_cells(second, rule.results), "\n".join(rule.annotations)) for rule in table.rules
        }

    was, now = texts(old, 0), texts(new, 1)
    pairs = _pairs(old.rules if old else (), new.rules if new else (), (lambda rule: rule.id, _content))
    both = [(one.number, other.number) for one, other in pairs if one and other]
    moved = out_of_order([str(number) for number, _ in sorted(both)], [str(one) for one, _ in sorted(both, key=lambda pair: pair[1])])
    rows = [_row(one, other, was, now, one is not None and str(one.number) in moved) for one, other in pairs]
    different = tuple(row for row in rows if row.kind is not Kind.SAME)
    return columns, different, len(rows) - len(different)


def _content(rule: Rule) -> tuple[str, ...]:
    return tuple(cell.source.strip() for cell in (*rule.tests, *rule.results))


def _row(
    old: Rule | None,
    new: Rule | None,
    before: Mapping[int, tuple[str | None, ...]],
    after: Mapping[int, tuple[str | None, ...]],
    moved: bool,
) -> Row:
    some = before[old.number] if old else after[new.number] if new else ()
    was = before[old.number] if old else (None,) * len(some)
    is_ = after[new.number] if new else (None,) * len(some)
    cells = tuple(zip(was, is_, strict=True))
    # A column that came or went is told once, not in every row.
    different = any(a != b for a, b in cells if a is not None and b is not None)
    kind = Kind.ADDED if old is None else Kind.REMOVED if new is None else Kind.CHANGED if different else Kind.MOVED if moved else Kind.SAME
    return Row(kind, old.number if old else None, new.number if new else None, cells, moved)


def _places(columns: Sequence[object], pairs: Sequence[_Column], side: int) -> list[int | None]:
    """Where each column of both tables stands in one of them."""
    at = {id(one): number for number, one in enumerate(columns)}
    return [at[id(pair[side])] if pair[side] is not None else None for pair in pairs]


def _cells(places: Sequence[int | None], cells: Sequence[Text]) -> list[str | None]:
    """What stands in the columns that the table has; a row may have too few cells."""
    return [None if at is None else cells[at].source.strip() if at < len(cells) else "" for at in places]


def _column(pair: _Column, side: str) -> Column:
    old, new = pair
    one = new or old
    label = one.label if one else ""
    if old is None or new is None:
        return Column(label, side, Kind.ADDED if old is None else Kind.REMOVED)
    different = changes(_of_column(old), _of_column(new))
    return Column(label, side, Kind.CHANGED if different else Kind.SAME, different)


def _of_column(one: Input | Output) -> dict[str, str]:
    said = {"label": one.label, "typeRef": one.type, "allowed": _source(one.allowed)}
    if isinstance(one, Input):
        said |= {"expression": _expression(one), "camunda:inputVariable": one.variable}
    else:
        said |= {"name": one.name, "defaultOutputEntry": _source(one.default)}
    return {name: value for name, value in said.items() if value}


def _expression(one: Input) -> str:
    return one.expression.source.strip()


def _source(text: Text | None) -> str:
    return text.source.strip() if text else ""


def _pairs(old: Sequence[T], new: Sequence[T], keys: Sequence[Callable[[T], Hashable]]) -> list[tuple[T | None, T | None]]:
    """Which of `new` is which of `old`: by the first key that both have and nobody else of theirs; in the new order, then what is gone."""
    partner: dict[int, int] = {}
    for key in keys:
        free: dict[Hashable, deque[int]] = {}
        taken = set(partner.values())
        for number, one in enumerate(old):
            if number not in taken and key(one):
                free.setdefault(key(one), deque()).append(number)
        for number, one in enumerate(new):
            if number not in partner and free.get(key(one)):
                partner[number] = free[key(one)].popleft()
    kept = set(partner.values())
    found: list[tuple[T | None, T | None]] = [(old[partner[n]] if n in partner else None, one) for n, one in enumerate(new)]
    return found + [(one, None) for number, one in enumerate(old) if number not in kept]
