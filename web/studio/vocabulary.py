"""What the properties panel offers: people, forms, decisions, topics, processes and words that exist; and the dates that a text means."""

from __future__ import annotations

import ast
import inspect
import json
import re
import textwrap
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from functools import cache
from typing import Any, cast

from flask import jsonify
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import timers, topics, working_time, workspaces
from engine.errors import ExpressionError
from engine.expressions import names, uses_calendar
from engine.lint import variables
from engine.lint.folder import Folder
from engine.models import Membership, Organisation, ProcessDefinition, User
from web.database import db, writing
from web.language import gettext as _
from web.legal import BASIS, FILE
from web.studio import bp
from web.studio.api import asked, workspace
from web.words import local, write_weekday

_BODY = re.compile(r"@\$\{\s*(\w+)\s*\}")
_KINDS = ("due", "date", "duration", "cycle")


@bp.get("/<folder>/api/tu-vung")
@writing
def words(folder: str) -> ResponseReturnValue:
    """What exists here and in the draft, by kind."""
    files = workspaces.deployable(workspaces.files(db.session(), workspace(folder)))
    draft = Folder(files)
    groups = list(_groups(draft))
    return jsonify(
        **_people(db.session(), groups),
        organisation_variables=sorted({name for group in groups for name in _BODY.findall(group)}),
        topics=_topics(),
        forms=[_form(one.id, name, one.fields) for name, one in draft.forms.items()],
        decisions=list(_decisions(draft)),
        processes=_processes(db.session(), draft),
        **{f"{kind}s": _named(draft, kind) for kind in ("message", "signal", "error")},
        variables=sorted({name for diagram in draft.diagrams.values() for name in variables.known(draft, diagram)}),
        legal_basis=sorted({basis for _diagram, one in draft.elements() if (basis := one.properties.get(BASIS, ""))}),
        sentences=_sentences(files.get(FILE, b"")),
    )


def _groups(draft: Folder) -> Iterator[str]:
    """Every candidate group that the folder's diagrams name."""
    for _diagram, element in draft.elements():
        for name in ("candidateGroups", "candidateStarterGroups"):
            yield from (part.strip() for part in (element.camunda(name) or "").split(",") if part.strip())


def _people(session: Session, groups: Iterable[str]) -> dict[str, Any]:
    """Who there is. Names and bodies only: what somebody may see or does is not the panel's matter."""
    roles = set(session.scalars(select(Membership.role).distinct())) | {
        group.split("@")[0] for group in groups if "$" not in group.split("@")[0]
    }
    bodies = session.execute(select(Organisation.code, Organisation.name).order_by(Organisation.name)).all()
    users = session.execute(select(User.username, User.name).where(User.active).order_by(User.name)).all()
    return {
        "roles": [{"code": code} for code in sorted(roles - {""})],
        "organisations": [{"code": code, "name": name} for code, name in bodies],
        "users": [{"username": username, "name": name} for username, name in users],
    }


@cache
def _topics() -> list[dict[str, Any]]:
    return [_topic(handler) for _name, handler in sorted(topics.discover("handlers").items())]


def _topic(handler: topics.Handler) -> dict[str, Any]:
    """The variables that a handler takes are its parameters; those it gives are the names in the dicts that it returns."""
    parameters = [one for name, one in inspect.signature(handler.function).parameters.items() if name != "job"]
    takes = [{"name": one.name, "required": one.default is one.empty} for one in parameters if one.kind is not one.VAR_KEYWORD]
    return {"topic": handler.topic, "takes": takes, "gives": sorted(_returned(handler.function))}


def _returned(function: Any) -> set[str]:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    dicts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Return) and isinstance(node.value, ast.Dict)]
    return {key.value for one in dicts for key in one.keys if isinstance(key, ast.Constant) and isinstance(key.value, str)}


def _form(id_: str, name: str, fields: Iterable[Any]) -> dict[str, Any]:
    return {"id": id_, "name": id_, "file": name, "fields": sorted({field.path.split(".")[0] for field in fields})}


def _decisions(draft: Folder) -> Iterator[dict[str, Any]]:
    for name, decisions in draft.decisions.items():
        for id_ in decisions.ids:
            one = decisions.decision(id_)
            table = one.table
            yield {
                "id": id_,
                "name": one.name,
                "file": name,
                "inputs": [column.label or column.expression.source for column in table.inputs] if table else [],
                "outputs": [column.label or column.name for column in table.outputs] if table else [],
            }


def _processes(session: Session, draft: Folder) -> list[dict[str, str]]:
    """Those of the draft, and those released elsewhere."""
    released = session.execute(select(ProcessDefinition.key, ProcessDefinition.name).order_by(ProcessDefinition.id)).all()
    known = {key: name or key for key, name in released}
    known |= {one.id: one.name or one.id for diagram in draft.diagrams.values() for one in diagram.processes}
    return [{"id": key, "name": name} for key, name in sorted(known.items(), key=lambda pair: pair[1])]


def _named(draft: Folder, kind: str) -> list[str]:
    """Names of messages, signals or errors; they stand beside the processes and are no elements of one."""
    found = {node.get("name") for diagram in draft.diagrams.values() for node in diagram.root.iterchildren("{*}" + kind)}
    return sorted(name for name in found if name)


def _sentences(source: bytes) -> list[dict[str, str]]:
    try:
        listed = json.loads(source).get("cau", [])
        return [{"id": str(one["id"]), "text": str(one.get("van_ban", ""))} for one in listed]
    except (ValueError, AttributeError, KeyError, TypeError):
        return []  # No file, or one that is being written; the rule about it says so.


@bp.post("/<folder>/api/hen-gio")
def moments(folder: str) -> ResponseReturnValue:
    """{kind, value, now, lich} -> {dates} or {error}: when a text of the diagram would be due, as people write dates."""
    given = asked("kind", "value")
    workspace(folder)
    kind, value = given["kind"], given["value"].strip()[:200]
    if kind not in _KINDS:
        return jsonify(error=_("Chỉ tính được ngày, khoảng thời gian và chu kỳ.")), 422
    try:
        calendar = str(given.get("lich") or "")[:100]
        plain = working_time.plain(db.session())
        if "${" in value and not _only_counts(value):
            return jsonify(error=_expected(kind, value))
        found = timers.dates(cast(timers.Kind, kind), value, _now(given.get("now")), lich=calendar, calendar=plain)
        return jsonify(dates=[_written(one) for one in found])
    except (ExpressionError, OverflowError, ValueError):
        return jsonify(error=_expected(kind, value))


def _only_counts(value: str) -> bool:
    """Whether an expression counts working days and reads nothing of a case."""
    return uses_calendar(value) and not names(value)


def _written(moment: datetime) -> str:
    return f"{write_weekday(moment)}, {local(moment):%H:%M}"


def _now(text: object) -> datetime:
    try:
        found = datetime.fromisoformat(str(text))
    except ValueError:
        return datetime.now(UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _expected(kind: str, value: str) -> str:
    wanted = {
        "due": _("một khoảng thời gian như P10D (10 ngày) hoặc một ngày như 2026-12-31"),
        "date": _("một ngày giờ như 2026-12-31T08:00:00+07:00"),
        "duration": _("một khoảng thời gian như P3D (3 ngày) hoặc PT4H (4 giờ)"),
        "cycle": _("một chu kỳ như R3/P1D (ba lần, mỗi ngày một lần)"),
    }[kind]
    return _("Cần %(expected)s, nhưng thấy “%(found)s”.", expected=wanted, found=value)
