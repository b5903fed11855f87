"""Which cases a supervisor asks for: everything stands in the address, so that it can be sent to somebody else."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Any

from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager, joinedload
from werkzeug.datastructures import MultiDict

from engine import db as clock
from engine import deployments, standing
from engine.forecasts import cases as forecasts
from engine.models import Forecast, Incident, Organisation, ProcessDefinition, ProcessInstance, User, UserTask
from web import search, searchable, supervision
from web.database import db
from web.kept import COUNTS, kept
from web.language import gettext as _
from web.listing import SOON, within
from web.searchable import Searchable
from web.words import HOME

STATES = {
    "running": _l("Chưa kết thúc"),
    "active": _l("Đang thực hiện"),
    "suspended": _l("Tạm dừng"),
    "ended": _l("Đã kết thúc"),
    "completed": _l("Đã hoàn thành"),
    "cancelled": _l("Đã hủy"),
    "failed": _l("Dừng vì lỗi"),
}
_SETS = {"running": supervision.RUNNING, "ended": supervision.ENDED}
NOBODY = "-"
NEWS = {
    "ended": _l("Hồ sơ kết thúc"),
    "incident": _l("Hồ sơ có sự cố mới"),
    "late": _l("Hồ sơ có việc mới quá hạn"),
    "started": _l("Hồ sơ mới"),
}
"""What can have come since a moment."""
_FIRST = func.min(UserTask.due_at).label("due_at")
_DUE = select(UserTask.instance_id, _FIRST).where(UserTask.state == "open").group_by(UserTask.instance_id).subquery()
"""When the first open task of each case is due."""
_SORTS: dict[str, Any] = {
    "title": ProcessInstance.title,
    "key": ProcessInstance.business_key,
    "process": ProcessDefinition.name,
    "due": _DUE.c.due_at,
    "state": ProcessInstance.state,
    "started": ProcessInstance.started_at,
    "ended": ProcessInstance.ended_at,
    "expected": Forecast.expected_at,
}
NAMES = (
    "q", "state", "process", "version", "step", "organisation", "holder", "late", "soon", "incident", "from", "to", "ended_from",
    "ended_to", "news", "since", "due_from", "due_to", "body", "tardy", "sort", "cols",
)  # fmt: skip
NOT_NARROWING = ("sort", "cols")


@dataclass
class Filter:
    """What was asked for, as typed; `errors` says what could not be read, by field."""

    asked: dict[str, str]
    errors: dict[str, str] = field(default_factory=dict)

    @classmethod
    def read(cls, args: Mapping[str, str], **fixed: object) -> Filter:
        """From the address. `fixed` goes over it."""
        asked = {name: args.get(name, "").strip()[:200] for name in NAMES} | {name: str(value) for name, value in fixed.items()}
        if ticked := args.getlist("col") if isinstance(args, MultiDict) else []:
            # A form sends each ticked column by itself.
            asked["cols"] = ",".join(ticked)[:200]
        variables = [name for name in args if searchable.PARAMETER.fullmatch(name) and args[name].strip()][: searchable.MOST]
        asked |= {name: args[name].strip()[:200] for name in variables}
        return cls({name: value for name, value in asked.items() if value})

    def get(self, name: str) -> str:
        return self.asked.get(name, "")

    @property
    def narrowed(self) -> bool:
        return any(name not in NOT_NARROWING for name in self.asked)

    def address(self, **changed: object) -> dict[str, object]:
        """The parameters of the address with some changed; None leaves one out."""
        return {name: value for name, value in ({**self.asked, **changed}).items() if value not in (None, "")}

    def sort_to(self, key: str) -> str:
        """What a click on the head of that column asks for: the other way round the second time."""
        return f"-{key}" if self.get("sort") == key else key

    def direction(self, key: str) -> str:
        """For aria-sort."""
        sort = self.get("sort") or "-started"
        return "" if sort.lstrip("-") != key else "descending" if sort.startswith("-") else "ascending"

    def of(self, numbers: Sequence[int]) -> Select[Any]:
        """Those of the cases that the user supervises, with what a list shows, in any order."""
        query = select(ProcessInstance).join(ProcessInstance.definition)
        query = query.options(contains_eager(ProcessInstance.definition), joinedload(ProcessInstance.started_by))
        return query.where(supervision.mine(), ProcessInstance.id.in_(numbers))

    def query(self) -> Select[Any]:
        """The cases that it leaves, only those that the user supervises."""
        return select(ProcessInstance).join(ProcessInstance.definition).where(supervision.mine(), *self._conditions())

    def ids(self) -> Select[Any]:
        """The numbers of the cases, only those that the user supervises; sorted, and what has no value comes last either way."""
        query = select(ProcessInstance.id).join(ProcessInstance.definition).where(supervision.mine(), *self._conditions())
        return self._sorted(query)

    def _sorted(self, query: Select[Any]) -> Select[Any]:
        if self.get("sort").lstrip("-") == "due":
            query = query.outerjoin(_DUE, _DUE.c.instance_id == ProcessInstance.id)
        if self.get("sort").lstrip("-") == "expected":
            # What is expected of a case that has ended meanwhile is no longer said.
            query = query.outerjoin(Forecast, (Forecast.instance_id == ProcessInstance.id) & (ProcessInstance.state == "active"))
        return query.order_by(*self._order())

    def _order(self) -> tuple[Any, ...]:
        sort = self.get("sort") or "-started"
        column = _SORTS.get(sort.lstrip("-"), ProcessInstance.started_at)
        down = sort.startswith("-")
        last = (column.is_(None),) if sort.lstrip("-") in ("due", "ended", "expected") else ()
        return *last, column.desc() if down else column, ProcessInstance.id.desc()

    def _conditions(self) -> list[Any]:
        now = clock.now(db.session())
        found: list[Any] = []
        if words := self.get("q"):
            found.append(search.cases(words))
        if (state := self.get("state")) in STATES:
            found.append(ProcessInstance.state.in_(_SETS.get(state, (state,))))
        if process := self.get("process"):
            found.append(ProcessDefinition.key == process)
        if (version := self.get("version")).isdecimal():
            found.append(ProcessDefinition.version == int(version[:9]))
        if step := self.get("step"):
            found.append(standing.at(step, self._called(step)))
        if (organisation := self.get("organisation")).isdecimal():
            found.append(standing.asks_body(int(organisation[:18])))
        if (holder := self.get("holder")) == NOBODY or holder.isdecimal():
            found.append(standing.held_by(None if holder == NOBODY else int(holder[:18])))
        if (body := self.get("body")).isdecimal():
            found.append(standing.involves(int(body[:18])))
        if self.get("late"):
            found.append(standing.late(now))
        if self.get("tardy"):
            found.append(forecasts.tardy())
        if (since := self.since) is not None:
            found.append(news(self.get("news"), since, now))
        if (soon := self.get("soon")) in SOON:
            found.append(standing.with_task(UserTask.due_at > now, UserTask.due_at < within(soon)))
        if self.get("incident"):
            found.append(standing.failing())
        return [*found, *self._periods(), *self._variables()]

    def _periods(self) -> Iterator[Any]:
        for name, column in (("", ProcessInstance.started_at), ("ended_", ProcessInstance.ended_at)):
            yield from self._within(name, column)
        if due := list(self._within("due_", UserTask.due_at)):
            yield standing.with_task(*due)

    def _within(self, prefix: str, column: Any) -> Iterator[Any]:
        since, until = self._day(f"{prefix}from"), self._day(f"{prefix}to")
        if since:
            yield column >= since
        if until:
            yield column < until + timedelta(days=1)

    def _variables(self) -> Iterator[Any]:
        known = {one.name: one for one in self.searchable}
        for parameter in (name for name in self.asked if searchable.PARAMETER.fullmatch(name)):
            variable = known.get(parameter.partition(":")[2])
            kind = variable.kind if variable else searchable.TEXT
            value: Any = self.get(parameter)
            if kind == searchable.NUMBER:
                value = self._number(parameter)
            elif kind == searchable.DATE:
                day = self._day(parameter)
                value = day and day.date().isoformat()
            if value is not None:
                yield searchable.condition(parameter, value, variable is None or variable.of_bodies)

    def _number(self, name: str) -> float | None:
        text = self.get(name).replace(" ", "").replace(".", "").replace(",", ".")
        if re.fullmatch(r"-?\d{1,15}(?:\.\d{1,6})?", text):
            return float(text)
        self.errors[name] = _("Cần một số, ví dụ 1.500 hoặc 2,5, nhưng đã nhập “%(found)s”.", found=self.get(name)[:40])
        return None

    @cached_property
    def searchable(self) -> list[Searchable]:
        """The variables that can be asked for: those of the chosen process."""
        return searchable.of(self.definition())

    def _day(self, name: str) -> datetime | None:
        text = self.get(name)
        if not text:
            return None
        match = re.fullmatch(r"(\d\d?)/(\d\d?)/((?:19|2\d)\d\d)", text)
        try:
            day = date(*(int(part) for part in reversed(match.groups()))) if match else None
        except ValueError:
            day = None
        if day is None:
            self.errors[name] = _("Cần ngày dạng dd/mm/yyyy, nhưng đã nhập “%(typed)s”.", typed=text)
            return None
        return datetime.combine(day, time.min, HOME)

    def _called(self, step: str) -> list[str]:
        """Processes that the step calls, in the version asked for or the newest."""
        definition = self.definition()
        if definition is None:
            return []
        called = standing.calls(deployments.diagram(db.session(), definition), definition.key)
        return [key for key, element_id in called.items() if element_id == step]

    @property
    def since(self) -> datetime | None:
        """From when on what is asked for by `news` is new; None while nothing is."""
        seconds = self.get("since")
        known = self.get("news") in NEWS and seconds.isdecimal() and len(seconds) <= 10
        return datetime.fromtimestamp(int(seconds), UTC) if known else None

    def definition(self) -> ProcessDefinition | None:
        """The process definition whose steps can be chosen; None while no process is chosen."""
        versions = supervision.versions(self.get("process")) if self.get("process") else []
        return next((one for one in versions if self.get("version") in ("", str(one.version))), None)


def news(kind: str, since: datetime, now: datetime) -> ColumnElement[bool]:
    """Cases of which this (one of NEWS) came after `since`."""
    if kind == "incident":
        raised = select(Incident.instance_id).where(Incident.raised_at > since, Incident.resolved_at.is_(None))
        return ProcessInstance.id.in_(raised)
    if kind == "late":
        overdue = select(UserTask.instance_id).where(UserTask.state == "open", UserTask.due_at > since, UserTask.due_at <= now)
        return ProcessInstance.id.in_(overdue)
    return (ProcessInstance.ended_at if kind == "ended" else ProcessInstance.started_at) > since


def counting(condition: ColumnElement[bool]) -> Select[Any]:
    """How many cases."""
    return select(func.count(ProcessInstance.id)).where(condition)


@dataclass(frozen=True)
class Options:
    """What can be chosen: value -> label. Only what supervised cases have."""

    processes: dict[str, str]
    versions: list[int]
    steps: dict[str, str]
    organisations: dict[str, str]
    holders: dict[str, str]


def options(filter_: Filter) -> Options:
    definitions = supervision.versions()
    chosen = filter_.definition()
    steps: dict[str, str] = {}
    if chosen is not None:
        nodes = deployments.diagram(db.session(), chosen).flow_nodes(chosen.key)
        steps = {node.id: node.name for node in nodes if node.name and node.type not in ("startEvent", "endEvent", "boundaryEvent")}
    return Options(
        # Newest first: the name of a process is that of its newest version.
        processes={one.key: one.name for one in reversed(definitions)},
        versions=[one.version for one in definitions if one.key == filter_.get("process")],
        steps=steps,
        **kept(COUNTS, "options", count=_asked),
    )


def _asked() -> dict[str, dict[str, str]]:
    """Bodies and persons with open tasks in supervised cases, by name."""
    tasks = select(UserTask.organisation_id, UserTask.assignee_id).join(UserTask.instance)
    some = tasks.where(UserTask.state == "open", supervision.mine()).distinct().subquery()
    named = select(Organisation.id, Organisation.name, User.id, User.name).select_from(some)
    named = named.outerjoin(Organisation, Organisation.id == some.c.organisation_id).outerjoin(User, User.id == some.c.assignee_id)
    rows = [tuple(row) for row in db.session.execute(named)]
    return {"organisations": _by_name(row[:2] for row in rows), "holders": _by_name(row[2:] for row in rows)}


def _by_name(pairs: Iterable[tuple[Any, ...]]) -> dict[str, str]:
    found = {(name, number) for number, name in pairs if number is not None}
    return {str(number): name for name, number in sorted(found)}
