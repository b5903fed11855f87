"""Releases: how a state of a folder becomes its next version, who asked for it, who agreed, and on which legal basis.

    proposed -- approve, by somebody else --> released
             -- refuse, with a reason     --> refused
             -- withdraw                  --> withdrawn     (so does a released version before the date from which it is valid)

Who may do so is the caller's to ask; that it takes two persons is seen to here. The bytes that were proposed are the bytes released.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, undefer

from engine import contents as contents_
from engine import db, deployments, start_events
from engine.errors import Forbidden, Invalid, NotFound, Refused, ReleaseDecided, ReleaseOvertaken, ReleasePending, Severity
from engine.models import Deployment, ProcessDefinition, Release, ReleaseFile, Resource, User
from engine.reader import check

PROPOSED, RELEASED, REFUSED, WITHDRAWN = "proposed", "released", "refused", "withdrawn"
FURTHEST = timedelta(days=3660)
"""A date further away than this is a slip of the pen."""


@dataclass(frozen=True)
class Wish:
    """What somebody wants to be the next version of a folder, and what he says about it."""

    folder: str
    files: Mapping[str, bytes]
    note: str = ""
    legal_basis: str = ""
    valid_from: datetime | None = None
    revision: int | None = None
    """The draft's revision that it is."""
    restores: int | None = None
    """The number of the version that it brings back."""


@dataclass(frozen=True)
class Seen:
    """The newest version of the folder, also one that is valid only later, when somebody looked; `number` None: there was none."""

    number: int | None


def propose(session: Session, wish: Wish, *, user: User | None, topics: Collection[str] | None = None, seen: Seen | None = None) -> Release:
    """Ask for a release. Asked for again by the same person it gives the proposal that waits already.

    Raises Refused with all findings, ReleaseOvertaken when something was released since the `seen` version, ReleasePending when another
    proposal waits, and Invalid when nothing would change or the date has passed.
    """
    _runs(wish.files, topics)
    db.alone(session, "deploy")
    waiting = pending(session, wish.folder)
    digest = contents_.digest(wish.files)
    same = waiting is not None and (waiting.digest, waiting.valid_from) == (digest, wish.valid_from)
    if waiting is not None and same and waiting.proposed_by_id == (user.id if user else None):
        return waiting
    if waiting is not None:
        raise ReleasePending(folder=wish.folder, release=waiting.id, actor=_name(waiting.proposed_by), at=waiting.proposed_at)
    asked = _wanted(session, wish, digest, user, seen)
    asked.files = [ReleaseFile(name=name, content=data) for name, data in sorted(wish.files.items())]
    session.add(asked)
    session.flush()
    return asked


def release(session: Session, wish: Wish, *, user: User | None, topics: Collection[str] | None = None, seen: Seen | None = None) -> Release:
    """Release at once, where no second person is asked. Raises as propose(), but for ReleasePending."""
    _runs(wish.files, topics)
    db.alone(session, "deploy")
    made = _wanted(session, wish, contents_.digest(wish.files), user, seen)
    return _released(session, made, wish.files, user, topics)


def approve(session: Session, release_id: int, user: User, *, topics: Collection[str] | None = None, seen: Seen | None = None) -> Release:
    """Release what was proposed, byte for byte. A date that has passed meanwhile means: at once.

    Raises NotFound, ReleaseDecided, ReleaseOvertaken, Refused, and Forbidden for who has proposed it himself.
    """
    made = _open(session, release_id)
    if made.proposed_by_id == user.id:
        raise Forbidden(action="approve this release", reason="you proposed it yourself, and it takes a second person")
    proposed = files(session, made)
    _differs(_stands(session, made.folder, seen), made.digest)
    return _released(session, made, proposed, user, topics)


def refuse(session: Session, release_id: int, user: User, reason: str) -> Release:
    """Say no, with a reason. Raises NotFound, ReleaseDecided, Invalid."""
    return _closed(session, _open(session, release_id), REFUSED, user, _reason(reason))


def withdraw(session: Session, release_id: int, user: User, reason: str) -> Release:
    """Take a proposal back, or a released version whose date has not come. Raises NotFound, ReleaseDecided, Invalid."""
    made = _locked(session, release_id)
    if made.state == RELEASED and made.deployment is not None and made.deployment.withdrawn_at is None:
        _take_back(session, made)
    elif made.state != PROPOSED:
        raise _decided(made)
    return _closed(session, made, WITHDRAWN, user, _reason(reason))


# --- reading -----------------------------------------------------------------------------------------------------------------------------


def pending(session: Session, folder: str) -> Release | None:
    """The proposal of `folder` that waits for a decision."""
    return session.scalar(_with_people().where(Release.folder == folder, Release.state == PROPOSED))


def get(session: Session, folder: str, release_id: int) -> Release:
    """One release of `folder`. Raises NotFound."""
    found = session.scalar(_with_people().where(Release.folder == folder, Release.id == release_id))
    if found is None:
        raise NotFound(what="release", id=release_id)
    return found


def history(session: Session, folder: str, most: int = 200) -> list[Release]:
    """What was asked to be released and what became of it, newest first."""
    return list(session.scalars(_with_people().where(Release.folder == folder).order_by(Release.id.desc()).limit(most)))


def files(session: Session, release: Release) -> dict[str, bytes]:
    """What was proposed, byte for byte; once it is released, what the version holds."""
    if release.deployment_id is not None:
        stored = select(Resource).where(Resource.deployment_id == release.deployment_id).options(undefer(Resource.content))
        return {one.name: one.content for one in session.scalars(stored)}
    kept = select(ReleaseFile).where(ReleaseFile.release_id == release.id).options(undefer(ReleaseFile.content))
    return {one.name: one.content for one in session.scalars(kept)}


def seen(session: Session, folder: str) -> Seen:
    """What there is now: hand it in with the decision, so that nobody decides over something that he has not seen."""
    last = deployments.last(session, folder)
    return Seen(last.number if last else None)


# --- deciding ----------------------------------------------------------------------------------------------------------------------------


def _with_people() -> Select[Release]:
    return select(Release).options(joinedload(Release.proposed_by), joinedload(Release.decided_by), joinedload(Release.deployment))


def _runs(files: Mapping[str, bytes], topics: Collection[str] | None) -> None:
    findings = check(files, topics)
    if any(finding.severity is not Severity.WARNING for finding in findings):
        raise Refused(findings)


def _wanted(session: Session, wish: Wish, digest: str, user: User | None, seen_: Seen | None) -> Release:
    now = db.now(session)
    if wish.valid_from is not None and not now < wish.valid_from < now + FURTHEST:
        raise Invalid(expected="a date in the future, at most ten years away", found=wish.valid_from)
    base = _stands(session, wish.folder, seen_)
    _differs(base, digest)
    coming = deployments.last(session, wish.folder)
    if wish.valid_from is not None and coming is not None and (coming.digest, coming.valid_from) == (digest, wish.valid_from):
        # Pressed twice.
        raise Invalid(
            expected="something that differs from the version that is valid from then on", found=f"the content of version {coming.number}"
        )
    return Release(
        folder=wish.folder,
        state=PROPOSED,
        digest=digest,
        note=wish.note.strip(),
        legal_basis=wish.legal_basis.strip(),
        valid_from=wish.valid_from,
        base=base.number if base else None,
        revision=wish.revision,
        restores=wish.restores,
        proposed_at=now,
        proposed_by=user,
        reason="",
    )


def _differs(base: Deployment | None, digest: str) -> None:
    if base is not None and base.digest == digest:
        raise Invalid(expected="something that differs from the version in force", found=f"the content of version {base.number}")


def _stands(session: Session, folder: str, seen_: Seen | None) -> Deployment | None:
    """What is in force, if nothing was released since somebody looked. The caller holds back others who deploy."""
    last = deployments.last(session, folder)
    if seen_ is not None and seen_.number != (last.number if last else None):
        actor = session.get(User, last.deployed_by_id) if last and last.deployed_by_id else None
        raise ReleaseOvertaken(
            folder=folder,
            expected=seen_.number or 0,
            found=last.number if last else 0,
            actor=_name(actor),
            at=last.deployed_at if last else db.now(session),
        )
    return deployments.newest(session, folder)


def _released(session: Session, made: Release, files_: Mapping[str, bytes], user: User | None, topics: Collection[str] | None) -> Release:
    deployment = deployments.deploy(session, made.folder, files_, user=user, note=made.note, topics=topics, valid_from=made.valid_from)
    made.state, made.deployment = RELEASED, deployment
    made.decided_at, made.decided_by = db.now(session), user
    made.files = []
    session.add(made)
    session.flush()
    return made


def _closed(session: Session, made: Release, state: str, user: User, reason: str) -> Release:
    made.state, made.reason = state, reason
    made.decided_at, made.decided_by = db.now(session), user
    session.flush()
    return made


def _take_back(session: Session, made: Release) -> None:
    deployment = made.deployment
    if deployment is None or deployment.valid_from is None or deployment.valid_from <= db.now(session):
        raise Invalid(
            expected="a version whose date has not come", found="one that cases start with already: release an earlier one instead"
        )
    deployment.withdrawn_at = db.now(session)
    of_it = select(ProcessDefinition.id).where(ProcessDefinition.deployment_id == deployment.id)
    start_events.unsubscribe(session, list(session.scalars(of_it)))


def _open(session: Session, release_id: int) -> Release:
    made = _locked(session, release_id)
    if made.state != PROPOSED:
        raise _decided(made)
    return made


def _locked(session: Session, release_id: int) -> Release:
    """The release, for a decision. Decisions about releases and deployments come one after another."""
    db.alone(session, "deploy")
    made = session.get(Release, release_id, populate_existing=True)
    if made is None:
        raise NotFound(what="release", id=release_id)
    return made


def _decided(made: Release) -> ReleaseDecided:
    return ReleaseDecided(release=made.id, actor=_name(made.decided_by), state=made.state, at=made.decided_at or made.proposed_at)


def _reason(text: str) -> str:
    if not text.strip():
        raise Invalid(expected="a reason", found="none")
    return text.strip()


def _name(user: User | None) -> str:
    return user.name if user else "the command line"
