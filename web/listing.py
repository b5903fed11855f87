"""What is asked of one of the supervisors' lists: words, a process, a choice or two, an order. Everything stands in the address."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from flask import request
from sqlalchemy import ColumnElement

from engine.models import ProcessDefinition, ProcessInstance
from web import supervision
from web.calendar import current
from web.language import ngettext
from web.search import matches
from web.words import HOME, today

SOON = ("1", "3", "5", "10", "20")
"""Working days within which something is due, as can be chosen."""


@dataclass
class Listing:
    """`sorts`: key -> column; `usual`: the order while none was chosen, with `-` in front for the other way round; `endpoint`: its page."""

    asked: dict[str, str]
    sorts: Mapping[str, Any]
    usual: str
    endpoint: str

    @classmethod
    def read(cls, sorts: Mapping[str, Any], usual: str, endpoint: str = "", **choices: Collection[str]) -> Listing:
        """From the address. `choices`: name -> what it may be; anything else is not heard."""
        asked = {"q": request.args.get("q", "").strip()[:200], "process": request.args.get("process", "")[:200]}
        asked |= {name: value for name, known in choices.items() if (value := request.args.get(name, "")) in known}
        if (sort := request.args.get("sort", "")).lstrip("-") in sorts:
            asked["sort"] = sort
        return cls({name: value for name, value in asked.items() if value}, sorts, usual, endpoint or request.endpoint or "")

    def get(self, name: str) -> str:
        return self.asked.get(name, "")

    @property
    def narrowed(self) -> bool:
        return any(name != "sort" for name in self.asked)

    def address(self, **changed: object) -> dict[str, Any]:
        """The parameters of the address with some changed; None leaves one out."""
        return {name: value for name, value in ({**self.asked, **changed}).items() if value not in (None, "")}

    def sort_to(self, key: str) -> str:
        """What a click on the head of that column asks for: the other way round the second time."""
        return f"-{key}" if (self.get("sort") or self.usual) == key else key

    def direction(self, key: str) -> str:
        """For aria-sort."""
        sort = self.get("sort") or self.usual
        return "" if sort.lstrip("-") != key else "descending" if sort.startswith("-") else "ascending"

    def order(self, last: Any) -> tuple[Any, ...]:
        """For ORDER BY; `last` decides between equals."""
        sort = self.get("sort") or self.usual
        column = self.sorts[sort.lstrip("-")]
        return (column.desc(), last.desc()) if sort.startswith("-") else (column, last)

    def conditions(self) -> list[ColumnElement[bool]]:
        """The supervised cases that the words and the process leave. Over ProcessInstance and ProcessDefinition."""
        found = [supervision.mine()]
        if words := self.get("q"):
            found.append(matches(words, ProcessInstance.title, ProcessInstance.business_key))
        if process := self.get("process"):
            found.append(ProcessDefinition.key == process)
        return found

    @property
    def processes(self) -> dict[str, str]:
        """Processes that can be chosen: key -> name."""
        return {one.key: one.name for one in reversed(supervision.versions())}


def soon_words() -> dict[str, str]:
    """For templates: the choices of SOON."""
    return {days: ngettext("trong %(num)s ngày làm việc tới", "trong %(num)s ngày làm việc tới", int(days)) for days in SOON}


def within(days: str) -> datetime:
    """The end of the day that lies so many working days ahead."""
    day = current().days_after(today(), int(days))
    return datetime.combine(day + timedelta(days=1), time.min, HOME).astimezone(UTC)
