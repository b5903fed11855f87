"""Moving cases to another version."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy.orm import Session

from engine import migration
from engine.acts.outlook import CANNOT, DECISION, GOES, Arguments, Outlook, problem
from engine.models import Batch, BatchItem, ProcessDefinition, User


def _definitions(session: Session, arguments: Arguments) -> tuple[ProcessDefinition, ProcessDefinition]:
    return session.get_one(ProcessDefinition, arguments["from"]), session.get_one(ProcessDefinition, arguments["to"])


def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
    old, new = _definitions(session, arguments)
    for instance_id, obstacles in migration.plan(session, old, new, arguments["mapping"], user, ids=ids, without=arguments["without"]):
        kinds = {one.kind for one in obstacles}
        yield Outlook(instance_id, CANNOT if "cannot" in kinds else DECISION if kinds else GOES, [problem(one) for one in obstacles])


def do(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    old, new = _definitions(session, arguments)
    migration.migrate(session, item.instance_id, new, arguments["mapping"], user, reason, definition_from=old, without=arguments["without"])


def back(batch: Batch) -> tuple[str, dict[str, Any]]:
    """Whatever steps the former version has more: the cases were there already."""
    mapping = migration.inverse(batch.arguments["mapping"])
    return "migrate", {"from": batch.arguments["to"], "to": batch.arguments["from"], "mapping": mapping, "without": None}
