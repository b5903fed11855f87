"""The stored execution of a case: one compressed blob, loaded and packed here, and the lock under which it changes."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import orjson
import zstandard
from sqlalchemy import Select, bindparam, select
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from engine import chain, db, deployments, working_time
from engine.errors import InstanceNotActive, NotFound
from engine.models import Deployment, Job, ProcessDefinition, ProcessInstance
from engine.models import Execution as StoredExecution
from engine.spiff import Execution
from engine.statements import Question

ACTIVE, SUSPENDED = "active", "suspended"

_codecs = threading.local()


def pack(state: Mapping[str, Any]) -> bytes:
    """zstd(orjson). One compressor per thread: a shared one crashes the process."""
    if not hasattr(_codecs, "compressor"):
        _codecs.compressor = zstandard.ZstdCompressor(level=3)
    packed: bytes = _codecs.compressor.compress(orjson.dumps(state))
    return packed


def unpack(packed: bytes) -> dict[str, Any]:
    """The state that pack() made `packed` of."""
    if not hasattr(_codecs, "decompressor"):
        _codecs.decompressor = zstandard.ZstdDecompressor()
    state: dict[str, Any] = orjson.loads(_codecs.decompressor.decompress(packed))
    return state


def _locking(which: Callable[[Select[Any]], Select[Any]]) -> Question:
    return Question(
        *(ProcessInstance, ProcessDefinition, Deployment),
        of=lambda rows: which(
            rows.join(ProcessDefinition, ProcessDefinition.id == ProcessInstance.definition_id)
            .join(Deployment, Deployment.id == ProcessDefinition.deployment_id)
            .with_for_update(of=ProcessInstance, key_share=True)
        ),
    )


# Made once: putting them together costs as much as asking them.
_LOCK = _locking(lambda rows: rows.where(ProcessInstance.id == bindparam("number")))
_LOCK_OF_JOB = _locking(
    lambda rows: rows.where(ProcessInstance.id == select(Job.instance_id).where(Job.id == bindparam("number")).scalar_subquery())
)
_STATE = Question(StoredExecution.state, of=lambda rows: rows.where(StoredExecution.instance_id == bindparam("number")))


def lock(session: Session, instance_id: int) -> ProcessInstance:
    """The case's row, held until the transaction ends: whoever changes a case comes through here first, before any other row of it.

    Raises NotFound.

    FOR NO KEY UPDATE on PostgreSQL, so that a called case may still insert rows that refer to this one. SQLite's writers are alone anyway.
    """
    held = _locked(session).get(instance_id) or _held(session, _LOCK, instance_id)
    if held is None:
        raise NotFound(what="case", id=instance_id)
    return held


def lock_of_job(session: Session, job_id: int) -> ProcessInstance | None:
    """As lock(), for the case of a job; None for a job of no case, or one that is gone."""
    return _held(session, _LOCK_OF_JOB, job_id)


def _locked(session: Session) -> dict[int, ProcessInstance]:
    """The cases whose rows this transaction has locked, or this savepoint: when it is given up their locks go with it."""
    transaction = session.get_nested_transaction() or session.get_transaction()
    former, found = session.info.get("locked", (None, {}))
    if transaction is None or former is not transaction:
        found = {}
        session.info["locked"] = (transaction, found)
    return found  # type: ignore[no-any-return]


def locked(session: Session, instance: ProcessInstance, definition: ProcessDefinition, deployment: Deployment) -> ProcessInstance:
    """Say that the row of `instance` has been locked, and read together with those of its version."""
    belongs(instance, definition, deployment)
    _locked(session)[instance.id] = instance
    chain.held(session, instance)
    return instance


def belongs(instance: ProcessInstance, definition: ProcessDefinition, deployment: Deployment) -> None:
    """Say that these rows, read together, are those of a case, its version, and the deployment of that."""
    set_committed_value(definition, "deployment", deployment)
    set_committed_value(instance, "definition", definition)


def _held(session: Session, question: Question, number: int) -> ProcessInstance | None:
    # Whoever waited for a case that was moved to another version meanwhile is given no row by PostgreSQL, which joins the row as it is
    # now with the definition as it was: asked again, it gives the row as it is now.
    given = {"number": number}
    rows = question.ask(session, given) or question.ask(session, given)
    return locked(session, *rows[0]) if rows else None


def remember(session: Session, instance_id: int, packed: bytes | None) -> None:
    """The stored state was read under the lock together with something else: load() need not ask again in this transaction."""
    if packed is not None:
        session.info["execution"] = (session.get_transaction(), instance_id, packed)


def _packed(session: Session, instance_id: int) -> bytes | None:
    transaction, number, packed = session.info.pop("execution", (None, None, b""))
    if transaction is not None and transaction is session.get_transaction() and number == instance_id:
        return bytes(packed)
    rows = _STATE.ask(session, {"number": instance_id})
    return bytes(rows[0][0]) if rows else None


def lock_active(session: Session, instance_id: int) -> ProcessInstance:
    """As lock(), but raises InstanceNotActive when the case does not run, be it that its version rests (engine.suspensions)."""
    instance = lock(session, instance_id)
    if not runs(instance):
        raise not_active(instance)
    return instance


def runs(instance: ProcessInstance) -> bool:
    """Whether the case can go on now: neither it nor its version is suspended, and it has not ended."""
    return instance.state == ACTIVE and not instance.definition.suspended


def not_active(instance: ProcessInstance) -> InstanceNotActive:
    """The error that says so. An active case that does not run is one whose version is suspended."""
    return InstanceNotActive(instance=instance.business_key, state=SUSPENDED if instance.state == ACTIVE else instance.state)


def load(session: Session, instance: ProcessInstance) -> Execution:
    """The execution of a case, ready to go on."""
    contents = deployments.contents(session, instance.definition.deployment)
    packed = _packed(session, instance.id)
    if packed is None:
        raise NotFound(what="execution of case", id=instance.id)
    return Execution.load(
        contents.program(instance.definition.key),
        unpack(packed),
        now=db.now(session),
        decide=contents.decide,
        calendar=partial(working_time.plain, session),
    )
