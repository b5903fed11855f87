"""Looks at the history that people ask for: done by the workers, kept with what they found."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice

from sqlalchemy import ColumnElement, Select, delete, func, insert, or_, select, true
from sqlalchemy.orm import Session, joinedload

from engine import db, identity, jobs
from engine.audit.finding import Finding
from engine.errors import NotFound
from engine.models import AuditFinding, AuditRun, Job, ProcessInstance, User

ASKED, RUNNING, ENDED = "asked", "running", "ended"
KEPT = 1_000
"""Findings of one look that are kept; how many there were is told."""
TOPIC = "luanchuyen.audit"
"""Puts its job among the slow ones."""


@dataclass
class Found:
    """What one look has found: the first KEPT, and how many."""

    kept: list[Finding] = field(default_factory=list)
    count: int = 0

    @classmethod
    def gather(cls, findings: Iterable[Finding]) -> Found:
        found = iter(findings)
        kept = list(islice(found, KEPT))
        return cls(kept, len(kept) + sum(1 for _ in found))


def ask(session: Session, user: User, case: ProcessInstance | None = None) -> AuditRun:
    """Have the history of `case`, or of all cases, looked at. One that is under way already is given instead of a second."""
    number = case.id if case else None
    db.alone(session, "audit")
    under_way = select(AuditRun).where(AuditRun.case_number == number if case else AuditRun.case_number.is_(None), AuditRun.state != ENDED)
    for former in session.scalars(under_way):
        if not stuck(session, former):
            return former
    total = session.scalar(select(func.sum(ProcessInstance.history_count)).where(ProcessInstance.id == number if case else true())) or 0
    run = AuditRun(user_id=user.id, case_number=number, state=ASKED, asked_at=db.now(session), total=int(total))
    session.add(run)
    session.flush()
    jobs.post(session, jobs.AUDIT, key=str(run.id), topic=TOPIC, payload={"run": run.id})
    return run


def stuck(session: Session, run: AuditRun) -> bool:
    """Whether nobody will go on with it: it was tried as often as jobs are tried."""
    going = select(Job.id).where(Job.kind == jobs.AUDIT, Job.key == str(run.id), Job.next_at.is_not(None))
    return run.state != ENDED and session.scalar(going) is None


def _supervised(column: ColumnElement[int | None], user: User) -> ColumnElement[bool]:
    return column.in_(select(ProcessInstance.id).where(identity.may_supervise(user)))


def visible(user: User) -> Select[AuditRun]:
    """The looks that `user` may know of, newest first: those at all cases, and those at cases that he supervises; administrators all."""
    query = select(AuditRun).options(joinedload(AuditRun.user)).order_by(AuditRun.id.desc())
    if user.administrator:
        return query
    return query.where(or_(AuditRun.case_number.is_(None), _supervised(AuditRun.__table__.c.case_number, user)))


def findings(run: AuditRun, user: User) -> Select[AuditFinding]:
    """What it has found of cases that `user` supervises, and of seals; administrators see all: numbers and digests, nothing of a case."""
    query = select(AuditFinding).where(AuditFinding.run_id == run.id).order_by(AuditFinding.number)
    if user.administrator:
        return query
    return query.where(or_(AuditFinding.case_number.is_(None), _supervised(AuditFinding.__table__.c.case_number, user)))


# --- doing it ---


def _get(session: Session, number: int) -> AuditRun:
    run = session.get(AuditRun, number)
    if run is None:
        raise NotFound(what="look at the history", id=number)
    return run


def begin(session: Session, number: int) -> int | None:
    """It is under way; a second time after a process died. Which case, or None for all."""
    run = _get(session, number)
    run.state, run.done = RUNNING, 0
    return run.case_number


def tell(session: Session, number: int, done: int) -> None:
    """How many entries have been looked at."""
    _get(session, number).done = done


def end(session: Session, number: int, found: Found) -> None:
    """Keep what was found."""
    run = _get(session, number)
    run.state, run.ended_at, run.found = ENDED, db.now(session), found.count
    session.execute(delete(AuditFinding).where(AuditFinding.run_id == number))
    rows = [
        {
            "run_id": number,
            "number": place,
            "kind": one.kind,
            "entry": one.number,
            "case_number": one.case,
            "expected": one.expected,
            "found": one.found,
            "at": one.at,
        }
        for place, one in enumerate(found.kept, 1)
    ]
    if rows:
        session.execute(insert(AuditFinding), rows)
