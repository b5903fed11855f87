"""The chains of all cases: each entry against the one before it, the case's row, and the seals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, LargeBinary, select, type_coerce

from engine import chain, seals
from engine.audit.finding import MOST, Finding
from engine.audit.streams import Groups, rows, together
from engine.models import HistoryEvent, ProcessInstance, SealedHead

EVERY = 20_000
"""Entries between two words of progress."""

_CONTENT = ("kind", "element_id", "element_name", "element_type", "wait_id", "user_task_id", "actor_id", "address")


def examine(connection: Connection, progress: Callable[[int], None] | None = None, only: int | None = None) -> Iterator[Finding]:
    """Whatever is wrong with the history of any case, or of the one case `only`."""
    event, head, case = HistoryEvent, SealedHead, ProcessInstance
    columns = [getattr(event, name) for name in ("instance_id", "number", "id", "digest", "at", *_CONTENT)]
    entries = select(*columns, type_coerce(event.detail, LargeBinary)).order_by(event.instance_id, event.number, event.id)
    heads = select(head.case_number, head.seal_number, head.state, head.count, head.head, head.rows)
    cases = select(case.id, case.history_count, case.history_head).order_by(case.id)
    if only is not None:
        entries, heads, cases = (
            entries.where(event.instance_id == only),
            heads.where(head.case_number == only),
            cases.where(case.id == only),
        )
    streams = (cases, entries, heads.order_by(head.case_number, head.seal_number))
    done = told = 0
    for number, (row, found, sealed) in together(*(Groups(rows(connection, query)) for query in streams)):
        yield from _Case(number, row[0] if row else None, found, sealed).examine()
        done += len(found)
        if progress and done - told >= EVERY:
            told = done
            progress(done)
    if progress:
        progress(done)


class _Case:
    """One case: its row, its entries in the order of their numbers, and what seals say of it."""

    def __init__(self, number: int, row: Any, entries: list[Any], heads: list[Any]) -> None:
        self.number, self.row, self.entries = number, row, entries
        # Before its last purge, the number was that of another case.
        purges = [index for index, head in enumerate(heads) if head.state == seals.PURGED]
        self.heads = heads[purges[-1] + 1 :] if purges else heads
        self.last: dict[int, set[str]] = {}
        """By number of the entry, what may be its digest: one, or two where it was altered."""
        self.when: dict[int, Any] = {}
        self.findings: list[Finding] = []

    def examine(self) -> list[Finding]:
        if self.row is None:
            if self.entries or self.heads:
                count = self.heads[-1].count if self.heads else len(self.entries)
                self._say("gone", None, f"{count} mục", f"{len(self.entries)} mục, không có dòng hồ sơ")
            return self.findings
        self._walk()
        self._close()
        self._compare()
        return self.findings

    def _say(self, kind: str, number: int | None, expected: str, found: str) -> None:
        self.findings.append(Finding(kind, number, expected, found, self.number, self.when.get(number or 0)))

    def _walk(self) -> None:
        """Each entry against the one before it. An altered one is named once: what follows may continue its old or its new digest."""
        may_be: set[str] | None = {chain.START}
        expected, highest = 1, 0
        for number, same in groupby(self.entries, key=lambda entry: int(entry.number)):
            entry, *others = self._fitting(list(same), may_be)
            for other in others if number >= 1 else [entry, *others]:
                self._say("inserted", number, f"một mục số {number}" if number else "mục có số thứ tự", f"thêm dòng {other.id}")
            if number < 1:
                continue
            self.when[number] = entry.at
            if number > expected:
                self._missing(expected, number - 1)
                may_be = None
            made = {self._digest(entry, previous) for previous in may_be} if may_be is not None else {entry.digest}
            if entry.digest not in made:
                kind = "altered" if may_be is not None and len(may_be) == 1 else "continues"
                self._say(kind, number, entry.digest[:16], ", ".join(sorted(one[:16] for one in made)))
                made.add(entry.digest)
            else:
                made = {entry.digest}
            if entry.id < highest:
                self._say("moved", number, f"dòng sau {highest}", f"dòng {entry.id}")
            highest, expected = max(highest, entry.id), number + 1
            self.last[number] = may_be = made

    def _fitting(self, same: list[Any], may_be: set[str] | None) -> list[Any]:
        """Entries with the same number, the true one first."""
        if len(same) > 1 and may_be is not None:
            same.sort(key=lambda entry: entry.digest not in {self._digest(entry, previous) for previous in may_be})
        return same

    def _digest(self, entry: Any, previous: str) -> str:
        content = tuple(entry[5 : 5 + len(_CONTENT)])
        return chain.digest(previous, entry.instance_id, entry.number, entry.at, content, bytes(entry[-1]))

    def _missing(self, first: int, last: int) -> None:
        for number in range(first, min(last, first + MOST) + 1):
            self._say("missing", number, f"mục {number}", "không có")

    def _close(self) -> None:
        """The last entry against what the case's row says."""
        count, last = self.row.history_count, max(self.last, default=0)
        highest = max([count, *(head.count for head in self.heads)])
        if highest > last:
            self._missing(last + 1, highest)
        for number in range(count + 1, min(last, count + MOST) + 1):
            self._say("inserted", number, f"{count} mục", f"thêm mục {number}")
        if count == last and self.row.history_head not in self.last.get(last, {chain.START}):
            self._say("head", None, self.row.history_head[:16] or "trống", ", ".join(one[:16] for one in self.last.get(last, ())))

    def _compare(self) -> None:
        """What was sealed against what is there. What is known to be wrong is not said again."""
        since = 0
        for head in self.heads:
            known = any(finding.number is None or since < finding.number <= head.count for finding in self.findings)
            if not known and head.head not in self.last.get(head.count, ()):
                self._say("sealed", head.count, f"{head.head[:16]} (niêm phong {head.seal_number})", self._short(head.count))
            elif not known and head.rows != seals.digest_of_rows(self._ids(since, head.count)):
                self._say("rows", head.count, f"như niêm phong {head.seal_number}", "số dòng khác")
            since = head.count

    def _short(self, number: int) -> str:
        return ", ".join(one[:16] for one in self.last.get(number, ())) or "không có"

    def _ids(self, since: int, until: int) -> Sequence[int]:
        return [entry.id for entry in self.entries if since < entry.number <= until]
