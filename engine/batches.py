"""Batches: one act on many cases. First looked at (prepare), then started; workers do one case after another, each wholly or not at all.

What becomes of each case stands in its item and is written in the transaction that did it, so that a process that dies repeats and loses
nothing. The jobs of a batch only drive it: they stay until nothing waits any more.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import timedelta
from itertools import islice
from typing import Any

import structlog
from sqlalchemy import ColumnElement, Select, delete, func, insert, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, joinedload

from engine import chain, db, identity, jobs, standing
from engine.acts import ACTS, GOES, Outlook, problems
from engine.errors import EngineError, Forbidden, Invalid, NotFound, Stale
from engine.models import Batch, BatchItem, ProcessInstance, User

log = structlog.get_logger(__name__)

PLANNED, STARTED, STOPPED = "planned", "started", "stopped"
LEFT_OUT, WAITING, DONE, REFUSED, FAILED, LEFT = "left_out", "waiting", "done", "refused", "failed", "left"
AT_ONCE = 500
RUNNERS = 2
"""Jobs that drive one batch: on PostgreSQL so many cases are done at the same time."""
KEPT = timedelta(days=1)
"""How long a batch that nobody started is kept."""


# --- looking at it ---


def prepare(
    session: Session,
    kind: str,
    arguments: Mapping[str, Any],
    user: User,
    reason: str,
    *,
    ids: Sequence[int] | None = None,
    undoes: Batch | None = None,
) -> Batch:
    """A dry run, kept: what would become of each case. Nothing is done to any. Raises Invalid.

    `ids`: of the cases, tasks or incidents that are meant; what `user` does not supervise is left out. None: what the act itself finds.
    """
    if not reason.strip():
        raise Invalid(expected="a reason for this batch", found="none")
    _forget_old(session, user)
    batch = Batch(
        kind=kind,
        arguments=dict(arguments),
        reason=reason.strip(),
        state=PLANNED,
        user_id=user.id,
        created_at=db.now(session),
        undoes_id=undoes.id if undoes else None,
    )
    session.add(batch)
    session.flush()
    outlooks = ACTS[kind].plan(session, arguments, ids, user)
    while rows := [_row(batch, one) for one in islice(outlooks, AT_ONCE)]:
        session.execute(insert(BatchItem), rows)
    return batch


def _row(batch: Batch, outlook: Outlook) -> dict[str, Any]:
    return {
        "batch_id": batch.id,
        "instance_id": outlook.instance_id,
        "subject_id": outlook.subject_id,
        "name": outlook.name[:300],
        "state": outlook.state,
        "problems": outlook.problems,
    }


def _forget_old(session: Session, user: User) -> None:
    """Those of this person that were looked at and never started."""
    old = select(Batch.id).where(Batch.user_id == user.id, Batch.state == PLANNED, Batch.created_at < db.now(session) - KEPT)
    for batch_id in session.scalars(old).all():
        session.execute(delete(BatchItem).where(BatchItem.batch_id == batch_id))
        session.execute(delete(Batch).where(Batch.id == batch_id))


def mine(user: User) -> Select[Batch]:
    """The batches of `user`, newest first. Nobody sees those of others: the cases' histories tell what was done."""
    return select(Batch).where(Batch.user_id == user.id).order_by(Batch.id.desc())


def get(session: Session, batch_id: int, user: User) -> Batch:
    """A batch of `user`. Raises NotFound."""
    return _own(session, batch_id, user, lock=False)


def _own(session: Session, batch_id: int, user: User, *, lock: bool) -> Batch:
    query = mine(user).where(Batch.id == batch_id).execution_options(populate_existing=True)
    found = session.scalar(query.with_for_update() if lock else query)
    if found is None:
        raise NotFound(what="batch", id=batch_id)
    return found


def progress(session: Session, batch_id: int) -> dict[str, int]:
    """State of items -> how many: read from the index over both."""
    query = select(BatchItem.state, func.count()).where(BatchItem.batch_id == batch_id).group_by(BatchItem.state)
    return {state: count for state, count in session.execute(query)}  # noqa: C416 - dict() of rows is not typed


# --- deciding ---


def choose(session: Session, batch_id: int, user: User, item_ids: Collection[int], wanted: bool) -> None:
    """Leave out cases that could go, or take them in again. Before the start."""
    if _own(session, batch_id, user, lock=True).state == PLANNED:
        before, after = (LEFT_OUT, GOES) if wanted else (GOES, LEFT_OUT)
        _turn(session, batch_id, before, after, BatchItem.id.in_(item_ids))


def only_at(session: Session, batch_id: int, user: User, element_id: str) -> None:
    """Leave out all cases that do not stand at this element. Before the start."""
    if _own(session, batch_id, user, lock=True).state == PLANNED:
        here = select(ProcessInstance.id).where(standing.at(element_id))
        _turn(session, batch_id, GOES, LEFT_OUT, BatchItem.instance_id.not_in(here))


def start(session: Session, batch_id: int, user: User) -> Batch:
    """Have it done to all cases that can go. Asked a second time it is no error. Raises NotFound, Invalid when there is nothing to do."""
    batch = _own(session, batch_id, user, lock=True)
    if batch.state != PLANNED:
        return batch
    if not _turn(session, batch.id, GOES, WAITING):
        raise Invalid(expected="at least one case that can go", found="none")
    batch.state, batch.started_at, batch.address = STARTED, db.now(session), chain.origin(session)
    for number in range(RUNNERS):
        jobs.post(session, jobs.BATCH, key=f"{batch.id}-{number}", payload={"batch": batch.id})
    return batch


def stop(session: Session, batch_id: int, user: User) -> Batch:
    """Leave the cases whose turn has not come as they are. What is done stays done."""
    batch = _own(session, batch_id, user, lock=True)
    if batch.state == STARTED and _turn(session, batch.id, WAITING, LEFT):
        batch.state = STOPPED
    return batch


def _turn(session: Session, batch_id: int, before: str, after: str, *conditions: ColumnElement[bool]) -> int:
    change = update(BatchItem).where(BatchItem.batch_id == batch_id, BatchItem.state == before, *conditions).values(state=after)
    return session.connection().execute(change).rowcount


def undo(session: Session, batch_id: int, user: User, reason: str) -> Batch:
    """Prepare the batch that takes back what this one has done, as far as it can be. Raises NotFound, Invalid, Forbidden."""
    batch = get(session, batch_id, user)
    back = ACTS[batch.kind].undo
    if back is None:
        raise Forbidden(action="take this back", reason="it cannot be undone")
    kind, arguments = back(batch)
    column = BatchItem.id if ACTS[kind].on == "item" else BatchItem.instance_id
    done = select(column).where(BatchItem.batch_id == batch.id, BatchItem.state == DONE)
    return prepare(session, kind, arguments, user, reason, ids=session.scalars(done).all(), undoes=batch)


def again(session: Session, batch_id: int, user: User) -> Batch:
    """Prepare the same once more for those of an ended batch that were not done. Raises NotFound, Invalid when there are none."""
    batch = get(session, batch_id, user)
    if batch.state == PLANNED or session.scalar(
        select(BatchItem.id).where(BatchItem.batch_id == batch.id, BatchItem.state == WAITING).limit(1)
    ):
        raise Invalid(expected="a batch that has ended", found="one that has not")
    column = BatchItem.instance_id if ACTS[batch.kind].on == "case" else BatchItem.subject_id
    left = select(column).where(BatchItem.batch_id == batch.id, BatchItem.state.in_((REFUSED, FAILED, LEFT)))
    ids = [number for number in session.scalars(left) if number is not None]
    if not ids:
        raise Invalid(expected="at least one case that was not done", found="none")
    undoes = session.get(Batch, batch.undoes_id) if batch.undoes_id is not None else None
    return prepare(session, batch.kind, batch.arguments, user, batch.reason, ids=ids, undoes=undoes)


# --- doing it ---


def advance(session: Session, batch_id: int) -> bool:
    """Do the next case of a batch. False: none waits that nobody else is doing.

    Whatever the act says stands in the item afterwards; raises only what the database raises, and Stale: then nothing has happened.
    """
    waiting = select(BatchItem).where(BatchItem.batch_id == batch_id, BatchItem.state == WAITING).order_by(BatchItem.id).limit(1)
    item = session.scalar(waiting.with_for_update(skip_locked=True))
    if item is None:
        return False
    batch = session.scalars(select(Batch).where(Batch.id == batch_id).options(joinedload(Batch.user))).one()
    # The one who acts is who started it, wherever this is executed.
    session.info["origin"] = lambda: batch.address
    try:
        with session.begin_nested():
            _still_may(session, item, batch.user)
            item.before = ACTS[batch.kind].do(session, batch.arguments, item, batch.user, batch.reason)
        state, told = DONE, []
    except (Stale, OperationalError):
        raise
    except EngineError as error:
        state, told = REFUSED, problems(error)
    except Exception as error:
        log.warning("batch.item_failed", batch=batch_id, item=item.id, kind=batch.kind, error=type(error).__name__)
        state, told = FAILED, problems(error)
    item.state, item.problems, item.ended_at = state, told, db.now(session)
    return True


def _still_may(session: Session, item: BatchItem, user: User) -> None:
    """Rights are those of the moment in which it is done, not of the one in which it was asked for."""
    if not user.active:
        raise Forbidden(action="change this case", reason="your account was closed")
    seen = select(ProcessInstance.id).where(ProcessInstance.id == item.instance_id, identity.may_supervise(user))
    if session.scalar(seen) is None:
        raise Forbidden(action="change this case", reason="you supervise it no longer")
