"""Whom a reminder goes to: who holds a task and his deputies or who is asked, the head of his body, the supervisors of its case."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import ColumnElement, and_, exists, or_, select
from sqlalchemy.orm import Session

from engine import db, deputies, identity
from engine.models import Candidate, Membership, Organisation, Participant, User, UserTask
from engine.reminders.rules import HEAD, SUPERVISOR

MOST = 50
"""Letters of one reminder."""


def of(session: Session, task: UserTask, stage: str, heads: Collection[str]) -> list[str]:
    """Addresses; where nobody has one, the groups that are meant: the mail handler may know their mailbox. `heads`: roles of heads."""
    if stage == HEAD:
        return _heads(session, task, heads)
    if stage == SUPERVISOR:
        mine = select(Participant.principal).where(Participant.instance_id == task.instance_id, Participant.scope == identity.SUPERVISE)
        return _people(session, session.scalars(mine).all())
    if task.assignee is not None:
        return _addresses(session, User.id.in_({task.assignee.id, *_deputies(session, task, task.assignee)}))
    return _people(session, session.scalars(select(Candidate.principal).where(Candidate.user_task_id == task.id)).all())


def _deputies(session: Session, task: UserTask, holder: User) -> list[int]:
    """Who may take the task in the name of its holder today."""
    moment = db.now(session)
    standing = [one for one in deputies.of_absent(session, holder) if one.in_force(moment)]
    return [one.deputy_id for one in standing if not one.process_keys or task.instance.definition.key in one.process_keys]


def _heads(session: Session, task: UserTask, heads: Collection[str]) -> list[str]:
    """Of the body that is asked; where the task names none, of the holder's bodies. Whoever holds it is reminded already."""
    if task.organisation_id is not None:
        bodies: ColumnElement[bool] = Membership.organisation_id == task.organisation_id
    else:
        bodies = Membership.organisation_id.in_(select(Membership.organisation_id).where(Membership.user_id == task.assignee_id))
    leads = exists(select(Membership.id).where(Membership.user_id == User.id, Membership.role.in_(heads), bodies))
    other = User.id != task.assignee_id if task.assignee_id is not None else User.id.is_not(None)
    return _addresses(session, and_(leads, other))


def _people(session: Session, principals: Iterable[str]) -> list[str]:
    """Who answers to these principals now."""
    names = sorted(set(principals))
    if not names:
        return []
    found = _addresses(session, or_(*map(_answers, names)))
    return found or [name for name in names if not name.startswith(("user:", "deputy:"))][:MOST]


def _answers(principal: str) -> ColumnElement[bool]:
    """engine.identity.principals(), the other way round. Who stands in for somebody took the task himself."""
    if principal.startswith("user:"):
        return User.username == principal.removeprefix("user:")
    role, _, code = principal.partition("@")
    member = select(Membership.id).where(Membership.user_id == User.id)
    if role:
        member = member.where(Membership.role == role)
    if code:
        member = member.join(Organisation, Organisation.id == Membership.organisation_id).where(Organisation.code == code)
    return exists(member)


def _addresses(session: Session, who: ColumnElement[bool]) -> list[str]:
    query = select(User.email).where(User.active, User.email != "", who).order_by(User.id).limit(MOST)
    return list(dict.fromkeys(session.scalars(query)))
