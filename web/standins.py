"""Who holds a task, in words, and who does his work while he is away."""

from __future__ import annotations

from flask import g

from engine import deputies
from engine.models import Deputy, UserTask
from web.database import db
from web.deputies import last_day
from web.language import gettext as _


def holder_words(task: UserTask) -> str:
    """The holder's name, and beside it his deputy of today; empty: nobody holds the task."""
    if task.assignee is None:
        return ""
    found = next((one for one in _standing().get(task.assignee.id, []) if _concerns(one, task)), None)
    if found is None:
        return task.assignee.name
    return _("%(name)s (vắng; %(deputy)s làm thay đến hết %(day)s)", name=task.assignee.name, deputy=found.deputy.name, day=last_day(found))


def _concerns(one: Deputy, task: UserTask) -> bool:
    # What somebody holds for another goes back by itself: his own deputy may not take it.
    return task.on_behalf_of_id is None and (not one.process_keys or task.instance.definition.key in one.process_keys)


def _standing() -> dict[int, list[Deputy]]:
    """Absent person -> who stands in for him now. Asked once per request, however long the list."""
    if "standing_in" not in g:
        g.standing_in = {}
        for one in deputies.in_force(db.session()):
            g.standing_in.setdefault(one.absent_id, []).append(one)
    found: dict[int, list[Deputy]] = g.standing_in
    return found
