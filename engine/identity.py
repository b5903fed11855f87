"""Who may see and do what. Always as part of a query: a row that may not be seen is not read.

A *principal* is a text that a person answers to: `user:an` (the account), `tham_muu` (a role, in any body), `tham_muu@ban_to_chuc` (a role
in one body), `@ban_to_chuc` (anybody of a body), `deputy:17` (who stands in for somebody, as long as he does). Candidates and participants
are principals. Administrators run the system; that does not make them readers of cases.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

from sqlalchemy import BigInteger, BindParameter, ColumnElement, bindparam, exists, or_, select
from sqlalchemy.orm import object_session

from engine import db
from engine.models import Candidate, Deputy, Participant, ProcessDefinition, ProcessInstance, Supervision, User, UserTask

CASE = "case"
TASK = "task"
SUPERVISE = "supervise"


def account(username: str) -> str:
    """The principal of one account."""
    return f"user:{username}"


def principals(user: User) -> frozenset[str]:
    """Everything `user` answers to."""
    found = {account(user.username)}
    for membership in user.memberships:
        code = membership.organisation.code
        found |= {membership.role, f"{membership.role}@{code}", f"@{code}"}
    return frozenset(found | {standing_in(one) for one in deputyships(user)})


def standing_in(deputy: Deputy) -> str:
    """The principal of a deputy, which nobody answers to any more once it is over."""
    return f"deputy:{deputy.id}"


def deputyships(user: User) -> list[Deputy]:
    """For whom `user` stands in at this moment. Asks nothing of the database for who never did, as most people."""
    session = object_session(user)
    if session is None or user.deputy_until is None:
        return []
    moment = db.now(session)
    return [one for one in user.deputyships if one.in_force(moment)] if moment < user.deputy_until else []


def _takes_part(user: User, scopes: Iterable[str]) -> ColumnElement[bool]:
    return exists(
        select(Participant.id).where(
            Participant.instance_id == ProcessInstance.id,
            Participant.principal.in_(principals(user)),
            Participant.scope.in_(tuple(scopes)),
        )
    )


def may_see_instance(user: User) -> ColumnElement[bool]:
    """Cases in which `user` or one of his bodies takes part in any way, or which he supervises. A clause over ProcessInstance."""
    return _takes_part(user, (CASE, TASK, SUPERVISE))


def may_see_whole_case(user: User) -> ColumnElement[bool]:
    """Cases whose history, data, documents and diagram `user` may read: not those where he was only asked one thing."""
    return _takes_part(user, (CASE, SUPERVISE))


def may_supervise(user: User) -> ColumnElement[bool]:
    """Cases that `user` may steer. Asked of the cases' rows alone: a count over all of them looks into no other table but a small one."""
    mine = select(Supervision.digest).where(Supervision.principal.in_(principals(user)))
    return ProcessInstance.supervisors.in_(mine)


def set_of(supervising: Iterable[str]) -> str:
    """The digest of a set of principals that supervise, empty where there are none."""
    text = "\n".join(sorted(set(supervising)))
    return hashlib.sha256(text.encode()).hexdigest()[:32] if text else ""


def is_candidate(user: User) -> ColumnElement[bool]:
    """User tasks that `user` may claim. A clause over UserTask."""
    return exists(select(Candidate.id).where(Candidate.user_task_id == UserTask.id, Candidate.principal.in_(principals(user))))


def is_concerned(user: User) -> ColumnElement[bool]:
    """User tasks that are, were or may become those of `user`. A clause over UserTask."""
    return or_(UserTask.assignee_id == user.id, UserTask.ended_by_id == user.id, is_candidate(user))


def may_see_task(user: User) -> ColumnElement[bool]:
    """User tasks that `user` may open: his own and his bodies', and all of the cases he sees whole. A clause over UserTask."""
    whole = exists(
        select(Participant.id).where(
            Participant.instance_id == UserTask.instance_id,
            Participant.principal.in_(principals(user)),
            Participant.scope.in_((CASE, SUPERVISE)),
        )
    )
    return or_(is_concerned(user), whole)


def given(user: User) -> dict[str, Any]:
    """What the clauses that are made once (MAY_SEE_TASK, IS_CANDIDATE, SUPERVISES) must be told about `user`."""
    return {"principals": principals(user), "user_id": user.id}


_MINE: BindParameter[Any] = bindparam("principals", expanding=True)
ME = bindparam("user_id", type_=BigInteger)
IS_CANDIDATE = exists(select(Candidate.id).where(Candidate.user_task_id == UserTask.id, Candidate.principal.in_(_MINE)))
"""is_candidate() of whom given() names: for statements that are made once."""
SUPERVISES = exists(select(Participant.id).where(Participant.principal.in_(_MINE), Participant.scope == SUPERVISE))
"""Whether whom given() names supervises any case, the same way."""
MAY_SEE_TASK = or_(
    UserTask.assignee_id == ME,
    UserTask.ended_by_id == ME,
    IS_CANDIDATE,
    exists(
        select(Participant.id).where(
            Participant.instance_id == UserTask.instance_id, Participant.principal.in_(_MINE), Participant.scope.in_((CASE, SUPERVISE))
        )
    ),
)
"""may_see_task(), the same way."""


def may_start(user: User, definition: ProcessDefinition) -> bool:
    """Whether the process names `user` among its candidate starters."""
    return definition.startable and not definition.suspended and bool(principals(user).intersection(definition.starter_groups))
