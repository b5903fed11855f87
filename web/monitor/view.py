"""What a supervisor looks at of one process: version, period, body. Everything stands in the address."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from flask import request
from sqlalchemy import ColumnElement, exists, select

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

    def conditions(self) -> tuple[ColumnElement[bool], ...]:
        """The supervised cases in which the chosen body has, or had, something to do."""
        return (supervision.mine(), *((standing.involves(self.body),) if self.body is not None else ()))

    @cached_property
    def bodies(self) -> dict[str, str]:
        """Bodies that have, or had, tasks in supervised cases of this process: number -> name."""
        return kept(FIGURES, "bodies", self.definition.key, count=self._bodies)

    def _bodies(self) -> dict[str, str]:
        tasks = select(UserTask.id).join(UserTask.instance).join(ProcessInstance.definition)
        mine = tasks.where(UserTask.organisation_id == Organisation.id, ProcessDefinition.key == self.definition.key, supervision.mine())
        query = select(Organisation.id, Organisation.name).where(exists(mine)).order_by(Organisation.name)
        return {str(id_): name for id_, name in db.session.execute(query)}
