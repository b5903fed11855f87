"""The variables that lists of cases can be filtered by, as people fill them in: the process names them (`tim_theo`), its forms say what
they are called and what kind they are."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select, true

from engine import deployments, keywords
from engine.forms import Field
from engine.models import Keyword, Organisation, ProcessDefinition, ProcessInstance, User
from web import reading
from web.database import db
from web.language import gettext as _
from web.search import matches

IS, FROM, TO = "v:", "tu:", "den:"
"""What stands before a variable's name in the address."""
PARAMETER = re.compile(r"(?:v|tu|den):" + keywords.NAME.pattern)
MOST = 10
"""Conditions on variables in one address."""
TEXT, NUMBER, DATE, CHOICE = "text", "number", "date", "choice"


@dataclass(frozen=True)
class Searchable:
    """One variable. `kind`: text, number, date, or choice among `options`; `of_bodies`: it holds the code of a body or an account."""

    name: str
    label: str
    kind: str
    options: Mapping[str, str]
    of_bodies: bool = False


def of(definition: ProcessDefinition | None) -> list[Searchable]:
    """Those of a version, in the order in which it names them."""
    if definition is None:
        return []
    contents = deployments.contents(db.session(), definition.deployment)
    names = keywords.names(contents.diagram_of(definition.key), definition.key)
    if not names:
        return []
    reader = reading.of_contents(contents, {})
    found = []
    for name in names:
        field = reader.fields.get(name) or next((one for path, one in reader.fields.items() if path.endswith(f".{name}")), None)
        label = reader.labels.get(name) or reader.by_name.get(name.rpartition(".")[2]) or name
        found.append(_searchable(name, label, field))
    return found


def _searchable(name: str, label: str, field: Field | None) -> Searchable:
    if field is None:
        return Searchable(name, label, TEXT, {}, of_bodies=True)
    if field.type == "number":
        return Searchable(name, label, NUMBER, {})
    if field.type == "datetime":
        return Searchable(name, label, DATE, {})
    if field.type == "checkbox":
        return Searchable(name, label, CHOICE, {"true": _("có"), "false": _("không")})
    if field.options:
        return Searchable(name, label, CHOICE, {str(one.value): one.label for one in field.options})
    return Searchable(name, label, TEXT, {}, of_bodies=field.type in ("select", "radio", "checklist", "taglist"))


def condition(parameter: str, value: Any, of_bodies: bool = True) -> ColumnElement[bool]:
    """Cases of which a variable is, contains, or lies within what was asked. `value`: a number, an ISO date, or words.

    `of_bodies`: it may hold the code of a body or an account, whose names are looked through too.
    """
    way, _colon, name = parameter.partition(":")
    if isinstance(value, float):
        met: ColumnElement[bool] = {"tu": Keyword.number >= value, "den": Keyword.number <= value}.get(way, Keyword.number == value)
    elif way == "tu":
        met = Keyword.text >= value
    elif way == "den":
        # The whole of that day: a date with a clock sorts behind the date alone.
        met = Keyword.text < f"{value}~"
    else:
        met = _says(value, of_bodies)
    return ProcessInstance.id.in_(select(Keyword.instance_id).where(Keyword.name == name, met))


def _says(words: str, of_bodies: bool) -> ColumnElement[bool]:
    """Every word occurs, whatever its marks; or it names a body or a person whose code stands there."""
    plain = and_(true(), *(Keyword.text.contains(word, autoescape=True) for word in keywords.fold(words).split()))
    if not of_bodies:
        return plain
    bodies = select(Organisation.code).where(matches(words, Organisation.name))
    people = select(User.username).where(matches(words, User.name))
    return or_(plain, Keyword.shown.in_(bodies), Keyword.shown.in_(people))


def names_of_codes() -> dict[str, str]:
    """Codes of bodies and accounts -> what they are called, for columns of variables."""
    found = {code: name for code, name in db.session.execute(select(Organisation.code, Organisation.name))}  # noqa: C416
    return found | {code: name for code, name in db.session.execute(select(User.username, User.name))}  # noqa: C416
