"""Who was shown or handed out what of which case, and who was refused it. Rows are added, never changed; seals cover them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime

import orjson
from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from engine import chain, db, identity
from engine.models import CaseAccess, ProcessInstance, User

FORMAT = 1
READ, EXPORTED, REFUSED = "read", "exported", "refused"


def record(
    session: Session,
    user_id: int | None,
    kind: str,
    what: str,
    *,
    case: int | None = None,
    filter_: str = "",
    at: datetime | None = None,
    address: str | None = None,
) -> CaseAccess:
    """Put down one access. `user_id` None: who operates the installation; `what`: page or file; `filter_`: which cases, where many."""
    at, address = at or db.now(session), address or chain.origin(session)
    made = CaseAccess(at=at, user_id=user_id, kind=kind, what=what[:120], case_number=case, filter=filter_, address=address)
    made.digest = digest(at, user_id, kind, made.what, case, filter_, address)
    session.add(made)
    return made


def digest(at: datetime, user_id: int | None, kind: str, what: str, case: int | None, filter_: str, address: str | None) -> str:
    """Digest of one access."""
    given = [FORMAT, at.astimezone(UTC).isoformat(), user_id, kind, what, case, filter_, address]
    return hashlib.sha256(orjson.dumps(given)).hexdigest()


def of_instance(instance: ProcessInstance, user: User) -> Select[CaseAccess]:
    """Who read a case or tried to, newest first: for its supervisors. An earlier case may have had its number."""
    supervised = select(ProcessInstance.id).where(ProcessInstance.id == instance.id, identity.may_supervise(user)).exists()
    query = select(CaseAccess).where(CaseAccess.case_number == instance.id, CaseAccess.at >= instance.started_at, supervised)
    return query.options(joinedload(CaseAccess.user)).order_by(CaseAccess.id.desc())
