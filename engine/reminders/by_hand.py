"""A supervisor has the holder of a task reminded."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db, user_tasks
from engine.errors import Forbidden, Invalid
from engine.models import Reminder, User, UserTask
from engine.reminders import letters
from engine.reminders.rules import BEFORE, HAND, LATE

AGAIN = timedelta(hours=1)


def fit(session: Session, task_id: int, holder_id: int | None) -> None:
    """Whether there is somebody to remind, who was not reminded just now. Raises Invalid, Forbidden."""
    if holder_id is None:
        raise Invalid(expected="a user task that somebody holds", found="one that nobody has claimed")
    lately = select(Reminder.id).where(
        Reminder.user_task_id == task_id, Reminder.stage.in_((HAND, BEFORE, LATE)), Reminder.sent_at > db.now(session) - AGAIN
    )
    if session.scalar(lately.limit(1)) is not None:
        raise Forbidden(action="remind the holder of this user task", reason="he was reminded within the last hour")


def remind(session: Session, task_id: int, user: User, reason: str) -> UserTask:
    """Ask the holder of a task not to forget it, by mail too. For supervisors of its case, once in an hour. Raises Invalid, Forbidden."""
    task = user_tasks.steered(session, task_id, user, "remind the holder of this user task", reason)
    fit(session, task.id, task.assignee_id)
    letters.post(session, task, HAND, db.now(session))
    return user_tasks.changed(session, task, user, "task.reminded", {"to": task.assignee_id, "reason": reason.strip()})
