"""The letters of a reminder: a job each, posted in the transaction that marks it as done, so that both are there or neither is."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy.orm import Session

from engine import db, jobs
from engine.models import Reminder, UserTask
from engine.reminders import receivers
from engine.reminders.rules import HAND

TOPIC = "thu_dien_tu"
"""Serves the jobs; keeps them among the slow ones."""


def post(session: Session, task: UserTask, stage: str, due: datetime, heads: Collection[str] = ()) -> int:
    """Mark a stage as done and have its letters sent. The case's row is locked by the caller. How many letters."""
    now = db.now(session)
    addresses = receivers.of(session, task, stage, heads)
    session.add(Reminder(instance_id=task.instance_id, user_task_id=task.id, stage=stage, due_at=due, sent_at=now))
    if addresses or stage == HAND:
        # A supervisor's own reminder is seen in the inbox as well; of any other nobody knows when there is nobody to write to.
        task.reminded, task.reminded_at = (task.reminded or 0) + 1, now
    for address in addresses:
        payload = {"task": task.id, "stage": stage, "due": None if stage == HAND else due.isoformat(), "to": address}
        jobs.post(session, jobs.LETTER, instance_id=task.instance_id, element_id=task.element_id, topic=TOPIC, payload=payload)
    session.flush()
    return len(addresses)
