"""What a supervisor looks at of one process: version, period, body. Everything stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, exists, select

from engine import db as clock
from engine import standing
from engine.models import Organisation, ProcessDefinition, ProcessInstance, UserTask
from web import durations, supervision
from web.database import db
from web.kept import FIGURES, kept


@dataclass
class View:
    """One process as it was asked for. `whole`: all versions together."""

    definition: ProcessDefinition
    versions: list[ProcessDefinition]
    days: int
    body: int | None
    paths: bool
    whole: bool

    @classmethod
    def read(cls, key: str) -> View:
        """From the address. Raises NotFound for a process of which the user supervises nothing."""
        version, body, days = (request.args.get(name, "") for name in ("version", "body", "days"))
        definition, versions = supervision.definition(key, int(version[:9]) if version.isdecimal() else None)
        return cls(
            definition,
            versions,
            int(days) if days in map(str, durations.PERIODS) else durations.USUAL,
            int(body[:18]) if body.isdecimal() else None,
            request.args.get("view") == "paths",
            not version.isdecimal(),
        )

    def address(self, **changed: Any) -> dict[str, Any]:
        """The parameters that lead here, with some changed; None leaves one out."""
        asked = {
            "key": self.definition.key,
            "version": self.definition.version,
            "days": self.days if self.days != durations.USUAL else None,
            "body": self.body,
            "view": "paths" if self.paths else None,
        }
        return {name: value for name, value in {**asked, **changed}.items() if value is not None}

    def chosen(self) -> ColumnElement[bool]:
        """The cases of the versions that were asked for. A clause over ProcessInstance."""
        return ProcessInstance.definition_id.in_([one.id for one in (self.versions if self.whole else [self.definition])])

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """The supervised cases in which the chosen body has, or had, something to do."""
        return (supervision.mine(), *((standing.involves(self.body),) if self.body is not None else ()))

    @cached_property
    def bodies(self) -> dict[str, str]:
        """Bodies that had something to do in the supervised cases, now or in the period; and the chosen one: number -> name."""
        found = kept(FIGURES, "bodies", self.definition.id, self.whole, self.days, count=self._bodies)
        if self.body is None or str(self.body) in found:
            return found
        chosen = db.session.scalar(select(Organisation.name).where(Organisation.id == self.body, self._asked_ever(self.body)))
        return found if chosen is None else {str(self.body): chosen, **found}

    def _bodies(self) -> dict[str, str]:
        since = clock.now(db.session()) - timedelta(days=self.days)
        tasks = select(UserTask.organisation_id).join(UserTask.instance).group_by(UserTask.organisation_id)
        tasks = tasks.where(self.chosen(), supervision.mine())
        # Two queries, as each is answered out of an index of its own.
        opened, done = tasks.where(UserTask.state == "open"), tasks.where(UserTask.state == "completed", UserTask.ended_at >= since)
        query = select(Organisation.id, Organisation.name).order_by(Organisation.name)
        query = query.where(Organisation.id.in_(opened) | Organisation.id.in_(done))
        return {str(id_): name for id_, name in db.session.execute(query)}

    def _asked_ever(self, body: int) -> ColumnElement[bool]:
        mine = select(UserTask.id).join(UserTask.instance).where(UserTask.organisation_id == body, supervision.mine())
        return exists(mine.where(self.chosen()))
