"""Deputies: a person who will be away says who does his user tasks meanwhile. A deputy acts in his own name, on behalf of the absent one.

He may take what the absent one holds or could claim, one task at a time, and sees of its case what its holder sees, as long as he is
deputy: his right is a principal of its own (engine.identity.standing_in), which nobody answers to once it is over. What he did stays his
to look at. Nobody is deputy of a deputy.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime, time, timedelta

import structlog
from sqlalchemy import ColumnElement, and_, exists, or_, select, true
from sqlalchemy.orm import Session, joinedload, sessionmaker

from engine import db, executions, identity, user_tasks
from engine.errors import EngineError, Forbidden, Invalid, NotFound
from engine.expressions import ZONE
from engine.models import Deputy, Membership, ProcessDefinition, ProcessInstance, User, UserTask

log = structlog.get_logger(__name__)

LONGEST = timedelta(days=366)
MOST = 20
"""Deputyships of one absent person that are not over."""


def appoint(
    session: Session,
    absent: User,
    deputy: User,
    since: datetime,
    until: datetime,
    *,
    processes: Collection[str],
    reason: str,
    by: User | None,
) -> Deputy:
    """Let `deputy` do the tasks of `absent` from `since` until `until`, those of `processes` (keys; empty: of all).

    `by` None: who operates the installation. A deputy works in one of the absent one's bodies. Raises Invalid, Forbidden.
    """
    if by is not None and by.id != absent.id:
        raise Forbidden(action="appoint this deputy", reason="only the person who will be absent may")
    moment = db.now(session)
    if not reason.strip():
        raise Invalid(expected="a reason", found="none")
    if not max(since, moment) < until <= since + LONGEST:
        raise Invalid(expected=f"an end after the beginning and after now, within {LONGEST.days} days", found=f"{until:%Y-%m-%dT%H:%M:%SZ}")
    if deputy.id == absent.id or not deputy.active or deputy.id not in {one.id for one in colleagues(session, absent)}:
        raise Invalid(expected="an active colleague of one of the same bodies", found=deputy.username)
    known = set(session.scalars(select(ProcessDefinition.key).where(ProcessDefinition.key.in_(processes)))) if processes else set()
    if unknown := sorted(set(processes) - known):
        raise Invalid(expected="processes that exist", found=", ".join(unknown))
    # The absent person's row makes those who appoint at the same moment wait for each other.
    session.execute(select(User.id).where(User.id == absent.id).with_for_update())
    standing = of_absent(session, absent)
    if len(standing) >= MOST:
        raise Forbidden(action="appoint one more deputy", reason=f"{MOST} are appointed already")
    if any(one.deputy_id == deputy.id and since < one.until and one.since < until for one in standing):
        raise Invalid(expected=f"a time for which {deputy.name} is not your deputy yet", found="one that overlaps")
    made = Deputy(
        absent_id=absent.id,
        deputy_id=deputy.id,
        since=since,
        until=until,
        process_keys=sorted(known),
        reason=reason.strip()[:1000],
        appointed_at=moment,
        appointed_by_id=by.id if by else None,
    )
    session.add(made)
    deputy.deputy_until = max(until, deputy.deputy_until or until)
    session.flush()
    session.expire(deputy, ["deputyships"])
    return made


def whole_days(session: Session, first: date | None, last: date) -> tuple[datetime, datetime]:
    """From when until when a deputyship lasts that is said in days, the last one included: `first` None or today means from now."""
    moment = db.now(session)
    begin = datetime.combine(first, time.min, ZONE) if first and first > moment.astimezone(ZONE).date() else moment
    return begin.astimezone(UTC), datetime.combine(last + timedelta(days=1), time.min, ZONE).astimezone(UTC)


def colleagues(session: Session, user: User) -> list[User]:
    """Active accounts of the bodies of `user`, by name, without him."""
    bodies = select(Membership.organisation_id).where(Membership.user_id == user.id)
    among = exists().where(Membership.user_id == User.id, Membership.organisation_id.in_(bodies))
    return list(session.scalars(select(User).where(User.active, User.id != user.id, among).order_by(User.name, User.id)))


def withdraw(session: Session, number: int, user: User | None) -> Deputy:
    """End a deputyship now; either of the two may. Tasks taken and not handed in go back. `user` None: who operates the installation.

    Raises NotFound.
    """
    query = select(Deputy).where(Deputy.id == number).with_for_update()
    if user is not None:
        query = query.where(or_(Deputy.absent_id == user.id, Deputy.deputy_id == user.id))
    found = session.scalar(query)
    if found is None:
        raise NotFound(what="deputy", id=number)
    moment = db.now(session)
    if not found.is_over(moment):
        found.ended_at, found.ended_by_id = moment, user.id if user else None
        session.flush()
    return found


def of_absent(session: Session, user: User) -> list[Deputy]:
    """Who does the tasks of `user`, now or later, the next first."""
    return _not_over(session, Deputy.absent_id == user.id)


def of_deputy(session: Session, user: User) -> list[Deputy]:
    """For whom `user` stands in, now or later, the next first."""
    return _not_over(session, Deputy.deputy_id == user.id)


def in_force(session: Session) -> list[Deputy]:
    """Every deputyship by which somebody acts at this moment."""
    return _not_over(session, Deputy.since <= db.now(session))


def everybody(session: Session) -> list[Deputy]:
    """Every deputyship that is not over, the next first. For who operates the installation."""
    return _not_over(session, true())


def _not_over(session: Session, which: ColumnElement[bool]) -> list[Deputy]:
    query = select(Deputy).where(which, Deputy.ended_at.is_(None), Deputy.until > db.now(session))
    return list(session.scalars(query.options(joinedload(Deputy.absent), joinedload(Deputy.deputy)).order_by(Deputy.since, Deputy.id)))


def may_take(deputyship: Deputy) -> ColumnElement[bool]:
    """Open tasks that its deputy may take: those the absent one holds in his own name or could claim. A clause over UserTask."""
    absent = deputyship.absent
    claimable = and_(UserTask.assignee_id.is_(None), identity.is_candidate(absent), ~identity.is_candidate(deputyship.deputy))
    held = and_(UserTask.assignee_id == absent.id, UserTask.on_behalf_of_id.is_(None))
    clauses = [UserTask.state == user_tasks.OPEN, or_(held, claimable)]
    if deputyship.process_keys:
        keys = select(ProcessInstance.id).join(ProcessInstance.definition).where(ProcessDefinition.key.in_(deputyship.process_keys))
        clauses.append(keys.where(ProcessInstance.id == UserTask.instance_id).exists())
    return and_(*clauses)


def take(session: Session, task_id: int, user: User) -> UserTask:
    """Take a task of somebody for whom `user` stands in. Taking it again is no error. Raises NotFound, Conflict, Forbidden."""
    for one in identity.deputyships(user):
        if session.scalar(select(UserTask.id).where(UserTask.id == task_id, may_take(one))) is not None:
            return user_tasks.stand_in(session, task_id, one)
    mine = select(UserTask).where(UserTask.id == task_id, UserTask.assignee_id == user.id, UserTask.on_behalf_of_id.is_not(None))
    if (task := session.scalar(mine)) is not None:
        return task
    raise NotFound(what="user task", id=task_id)


def left(session: Session, task_id: int | None = None, limit: int = 200) -> Sequence[tuple[int, int]]:
    """Open tasks (id, case) held in the name of somebody whose deputy the holder is no more; only `task_id` if said."""
    moment = db.now(session)
    standing = exists().where(
        Deputy.deputy_id == UserTask.assignee_id,
        Deputy.absent_id == UserTask.on_behalf_of_id,
        Deputy.ended_at.is_(None),
        Deputy.since <= moment,
        Deputy.until > moment,
    )
    query = select(UserTask.id, UserTask.instance_id).where(
        UserTask.on_behalf_of_id.is_not(None), UserTask.state == user_tasks.OPEN, ~standing
    )
    if task_id is not None:
        query = query.where(UserTask.id == task_id)
    return [(row[0], row[1]) for row in session.execute(query.order_by(UserTask.id).limit(limit))]


def tidy(sessions: sessionmaker[Session]) -> int:
    """Give back what deputies hold whose time is over, one transaction per task. How many were given back. A chore."""
    with sessions() as session:
        found = left(session)
    count = 0
    for task_id, instance_id in found:
        try:
            with sessions.begin() as session:
                count += give_back(session, task_id, instance_id)
        except EngineError as error:
            log.warning("deputy.task_not_given_back", user_task=task_id, error=type(error).__name__)
    return count


def give_back(session: Session, task_id: int, instance_id: int) -> bool:
    """One of left(), under the lock of its case: whether it was still to be given back."""
    executions.lock(session, instance_id)
    if not left(session, task_id):
        return False
    task = session.scalars(select(UserTask).where(UserTask.id == task_id).execution_options(populate_existing=True)).one()
    user_tasks.hand_back(session, task, None, "the deputy's time is over")
    return True
