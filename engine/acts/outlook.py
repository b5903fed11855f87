"""What an act is: looked at before (plan), done (do), and taken back."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Select
from sqlalchemy.orm import Session

from engine import identity
from engine.errors import EngineError, FormInvalid, NotModifiable, NotMovable
from engine.models import Batch, BatchItem, User
from engine.sentences import say
from engine.spiff import Obstacle

GOES, DECISION, CANNOT = "goes", "decision", "cannot"
AT_ONCE = 500
"""How many are looked at by one query."""
Problem = dict[str, str]
Arguments = Mapping[str, Any]


@dataclass(frozen=True)
class Outlook:
    """What would become of one case (or, `subject_id`, of one task or incident of it). `state`: goes, decision, cannot."""

    instance_id: int
    state: str = GOES
    problems: list[Problem] = field(default_factory=list)
    subject_id: int | None = None
    name: str = ""


Plan = Callable[[Session, Arguments, "Sequence[int] | None", User], Iterator[Outlook]]
"""`ids`: of cases, tasks or incidents. Those that the user does not supervise are left out, as if they were not there."""
Do = Callable[[Session, Arguments, BatchItem, User, str], "dict[str, Any] | None"]
"""Gives what the undo of this very case needs to know."""


@dataclass(frozen=True)
class Act:
    """`on`: what its ids are of (case, task, incident). `undo`: kind and arguments of the act that takes a batch back, if there is one."""

    plan: Plan
    do: Do
    undo: Callable[[Batch], tuple[str, dict[str, Any]]] | None = None
    on: str = "case"


def problems(error: Exception) -> list[Problem]:
    """Why not, in sentences for people."""
    if isinstance(error, NotMovable | NotModifiable):
        return [problem(one) for one in error.obstacles if isinstance(one, Obstacle)]
    if isinstance(error, FormInvalid):
        return [{"vi": sentence, "en": sentence} for sentence in error.fields.values()]
    if isinstance(error, EngineError):
        return [{"vi": say(error, "vi"), "en": say(error, "en")}]
    name = type(error).__name__
    return [{"vi": f"Lỗi ngoài dự kiến ({name}). Hồ sơ giữ nguyên.", "en": f"An unexpected error ({name}). The case is as it was."}]


def problem(obstacle: Obstacle) -> Problem:
    """An obstacle, as an item of a batch keeps it."""
    return {"vi": obstacle.vi, "en": obstacle.en, "element": obstacle.element_id, "kind": obstacle.kind}


def refusal(instance_id: int, error: Exception, subject_id: int | None = None, name: str = "") -> Outlook:
    """That one cannot."""
    return Outlook(instance_id, CANNOT, problems(error), subject_id, name)


def portions(query: Select[Any], column: Any, ids: Sequence[int] | None, user: User) -> Iterator[Select[Any]]:
    """The query for each few of `ids`, over the cases that `user` supervises."""
    ordered = sorted(set(ids or ()))
    for start in range(0, len(ordered), AT_ONCE):
        yield query.where(column.in_(ordered[start : start + AT_ONCE]), identity.may_supervise(user))
