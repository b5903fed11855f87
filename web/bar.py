"""What the bar of every page says of the work of who asks, asked once per request and by one statement."""

from __future__ import annotations

from typing import NamedTuple

from flask import Blueprint, g
from sqlalchemy import func, select

from engine import identity, user_tasks
from engine.models import UserTask
from engine.statements import Question
from web.database import db
from web.sessions import me

bp = Blueprint("bar", __name__)

MINE = (UserTask.state == user_tasks.OPEN, UserTask.assignee_id == identity.ME)
"""Open tasks that I hold."""
FREE = (UserTask.state == user_tasks.OPEN, UserTask.assignee_id.is_(None), identity.IS_CANDIDATE)
"""Open tasks that nobody holds and I may claim."""


class Bar(NamedTuple):
    """How many open tasks are mine and how many my bodies', and whether I supervise any case."""

    mine: int
    bodies: int
    supervises: bool


# By the tables alone that say who has or may have a task.
STANDING = select(
    select(func.count()).select_from(UserTask).where(*MINE).scalar_subquery().label("mine"),
    select(func.count()).select_from(UserTask).where(*FREE).scalar_subquery().label("bodies"),
    identity.SUPERVISES.label("supervises"),
).subquery("standing")
"""The one row of a Bar, for statements that are made once: a list asks it along."""
_QUESTION = Question(*STANDING.c, of=lambda rows: rows)


def known(*told: int) -> Bar:
    """Keep for this request what a statement has told of STANDING."""
    mine, bodies, supervises = told
    g.bar = found = Bar(mine, bodies, bool(supervises))
    g.supervises = found.supervises
    return found


def of_me() -> Bar:
    """Of who asks."""
    if "bar" not in g:
        known(*_QUESTION.ask(db.session(), identity.given(me()))[0])
    found: Bar = g.bar
    return found


@bp.app_template_global()
def my_open_tasks() -> int:
    """For the bar of every page."""
    return of_me().mine
