"""Keywords: the variables of a case that lists can be filtered by. The process property `tim_theo` names them: `so_ngay, can_bo.ho_ten`.

Their rows are written together with the step that changed one of them. A digest of all of them stands on the row of the case, which that
step loads and writes anyway: a step that changes none costs no statement.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import orjson
from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from engine.diagram import Diagram
from engine.models import Keyword, ProcessInstance

MOST = 20
"""Names that one process may have."""
LONGEST = 200
NAME = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")


def names(diagram: Diagram, process: str) -> tuple[str, ...]:
    """The variables, or fields of records (`can_bo.ho_ten`), that process `process` names; without what is no name."""
    said = diagram.elements[process].properties.get("tim_theo") or ""
    found = dict.fromkeys(name for name in re.split(r"[\s,]+", said) if NAME.fullmatch(name) and len(name) <= 100)
    return tuple(found)[:MOST]


def write(session: Session, instance: ProcessInstance, diagram: Diagram, variables: Mapping[str, Any]) -> None:
    """Have the keywords of a case say what its variables say. Its row is locked, and written by the caller."""
    rows = [row for name in names(diagram, instance.definition.key) if (row := _row(name, _look_up(variables, name)))]
    digest = hashlib.sha256(orjson.dumps(rows)).hexdigest()[:16] if rows else ""
    if digest == (instance.keywords or ""):
        return
    if instance.keywords:
        session.execute(delete(Keyword).where(Keyword.instance_id == instance.id).execution_options(synchronize_session=False))
    if rows:
        session.execute(insert(Keyword), [{"instance_id": instance.id, **row} for row in rows])
    instance.keywords = digest


def _look_up(variables: Mapping[str, Any], name: str) -> Any:
    found: Any = variables
    for part in name.split("."):
        found = found.get(part) if isinstance(found, Mapping) else None
    return found


def _row(name: str, value: Any) -> dict[str, Any] | None:
    """What stands of a value; None for what nobody could look for."""
    if isinstance(value, bool):
        return {"name": name, "text": str(value).lower(), "number": float(value), "shown": str(value).lower()}
    if isinstance(value, int | float):
        return {"name": name, "text": f"{value:g}", "number": float(value), "shown": str(value)}
    if isinstance(value, date | datetime):
        value = value.isoformat()
    if isinstance(value, list | tuple):
        value = "; ".join(str(one) for one in value if isinstance(one, str | int | float))
    text = value.replace("\0", "").strip()[:LONGEST] if isinstance(value, str) else ""
    return {"name": name, "text": fold(text)[:LONGEST], "number": None, "shown": text} if text else None


def fold(text: str | None) -> str:
    """Small letters without marks; `đ` becomes `d`: `Nguyễn` is found as `nguyen`."""
    if not text:
        return ""
    plain = unicodedata.normalize("NFD", text.lower().replace("đ", "d"))
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
