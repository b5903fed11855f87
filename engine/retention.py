"""Retention: finished cases are archived, and purged when their time is over. Purging leaves no row of a case behind, nor a byte.

A case is purged with all it called, in one transaction, after its archive has been read again and found to hold exactly what is deleted.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection, Mapping
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import ColumnElement, Engine, delete, exists, select, text
from sqlalchemy.orm import Session, aliased, sessionmaker

from engine import archives, db, executions, history, jobs, seals
from engine.errors import EngineError, Forbidden, Invalid, NotFound
from engine.models import Archive, BufferedMessage, Job, LegalHold, ProcessDefinition, ProcessInstance, User

log = structlog.get_logger(__name__)

EVERY_PROCESS = "*"
AT_ONCE = 200
RUNNING = (executions.ACTIVE, executions.SUSPENDED)


# --- what is due -------------------------------------------------------------------------------------------------------------------------


def due(session: Session, rules: Mapping[str, int], limit: int = AT_ONCE) -> list[int]:
    """Outermost cases whose time is over and that nothing holds. `rules`: months after the end by process key; `*`: every other process."""
    now = db.now(session)
    found: list[int] = []
    for key, months in rules.items():
        which = ProcessDefinition.key.not_in(rules.keys()) if key == EVERY_PROCESS else ProcessDefinition.key == key
        query = (
            select(ProcessInstance.id)
            .join(ProcessInstance.definition)
            .where(which, ProcessInstance.parent_id.is_(None), ProcessInstance.state.not_in(RUNNING))
            .where(ProcessInstance.ended_at <= _before(now, months), ~_held(), ~_running())
        )
        found += session.scalars(query.order_by(ProcessInstance.id).limit(limit - len(found))).all()
    return found


def _before(now: datetime, months: int) -> datetime:
    year, month = divmod(now.year * 12 + now.month - 1 - months, 12)
    return now.replace(year=year, month=month + 1, day=min(now.day, monthrange(year, month + 1)[1]))


def _held() -> ColumnElement[bool]:
    called = aliased(ProcessInstance)
    held = select(LegalHold.instance_id).join(called, called.id == LegalHold.instance_id)
    return exists(held.where(called.root_id == ProcessInstance.id))


def _running() -> ColumnElement[bool]:
    called = aliased(ProcessInstance)
    return exists(select(called.id).where(called.root_id == ProcessInstance.id, called.state.in_(RUNNING)))


# --- holds -------------------------------------------------------------------------------------------------------------------------------


def hold(session: Session, number: int, user: User | None, reason: str) -> None:
    """Keep a case from being purged, until release(). `user` None: who operates the installation. Raises NotFound, Invalid."""
    instance = _locked(session, number, reason)
    if session.get(LegalHold, number) is not None:
        raise Invalid(expected="a case without a legal hold", found="one that is held already")
    user_id = user.id if user else None
    session.add(LegalHold(instance_id=number, reason=reason.strip(), placed_at=db.now(session), placed_by_id=user_id))
    history.record(session, instance.id, "instance.held", actor=user, detail={"reason": reason.strip()})


def release(session: Session, number: int, user: User | None, reason: str) -> None:
    """Lift a legal hold: the rules apply again. Raises NotFound, Invalid."""
    instance = _locked(session, number, reason)
    found = session.get(LegalHold, number)
    if found is None:
        raise NotFound(what="legal hold of case", id=number)
    session.delete(found)
    history.record(session, instance.id, "instance.released", actor=user, detail={"reason": reason.strip()})


def _locked(session: Session, number: int, reason: str) -> ProcessInstance:
    if not reason.strip():
        raise Invalid(expected="a reason", found="none")
    return executions.lock(session, number)


# --- archiving and purging ---------------------------------------------------------------------------------------------------------------


def archive(session: Session, number: int, folder: Path) -> Archive:
    """Write a finished case to a file of `folder`; the one there is when nothing has changed since. Raises NotFound, Forbidden."""
    instance = _finished(session, number)
    former = latest(session, number)
    if former is not None and former.content == archives.digest(archives.collect(session, number)) and (folder / former.file).is_file():
        return former
    written = archives.write(session, number, folder)
    found = former or Archive(case_number=number, process=instance.definition.key, rows=0)
    found.ended_at, found.archived_at = instance.ended_at or db.now(session), db.now(session)
    found.file, found.size, found.sha256, found.content = written.file, written.size, written.sha256, written.content
    session.add(found)
    session.flush()
    return found


def latest(session: Session, number: int) -> Archive | None:
    """The archive of a case that is still here: SQLite gives the number of a purged one away again."""
    query = select(Archive).where(Archive.case_number == number, Archive.purged_at.is_(None))
    return session.scalar(query.order_by(Archive.id.desc()).limit(1))


def _finished(session: Session, number: int) -> ProcessInstance:
    instance = session.get(ProcessInstance, number)
    if instance is None or instance.parent_id is not None:
        raise NotFound(what="outermost case", id=number)
    if session.scalar(select(ProcessInstance.id).where(ProcessInstance.root_id == number, ProcessInstance.state.in_(RUNNING)).limit(1)):
        raise Forbidden(action="archive this case", reason="it or a case that it called is still running")
    return instance


def purge(session: Session, number: int, folder: Path) -> Archive:
    """Delete a finished case and all it called, with everything that belongs to them. Its archive must hold exactly what is deleted.

    Raises NotFound, Forbidden (running, held, a message of it under way, archive missing or old), FileRejected (archive damaged).
    """
    if session.get_bind().dialect.name == "sqlite":
        # Deleted rows are overwritten with zeros instead of only being unlinked.
        session.execute(text("PRAGMA secure_delete=ON"))
    executions.lock(session, number)
    _finished(session, number)
    ids = archives.tree(session, number)
    for id_ in ids[1:]:
        executions.lock(session, id_)
    if session.scalar(select(LegalHold.instance_id).where(LegalHold.instance_id.in_(ids)).limit(1)) is not None:
        raise Forbidden(action="purge this case", reason="it is under a legal hold")
    sent = _sent(session, ids)
    if any(job.retries > 0 for job in sent):
        raise Forbidden(action="purge this case", reason="a message that it sent is still under way")
    found = latest(session, number)
    if found is None or found.content != archives.digest(archives.collect(session, number)):
        raise Forbidden(action="purge this case", reason="it is not archived as it stands now")
    on_disk = archives.verify(folder / found.file)
    if (on_disk.sha256, on_disk.content) != (found.sha256, found.content):
        raise Forbidden(action="purge this case", reason="its archive file is not the one that was written")
    seals.purged(session, session.scalars(select(ProcessInstance).where(ProcessInstance.id.in_(ids))))
    found.rows = _delete(session, ids, [job.id for job in sent])
    found.purged_at = db.now(session)
    session.flush()
    return found


def _sent(session: Session, ids: Collection[int]) -> list[Job]:
    """Messages and signals that these cases sent: jobs of no case, which carry data of theirs. There are few at any time."""
    kinds = (jobs.MESSAGE, jobs.SIGNAL)
    waiting = session.scalars(select(Job).where(Job.instance_id.is_(None), Job.kind.in_(kinds)))
    return [job for job in waiting if job.payload.get("from") in ids]


def _delete(session: Session, ids: list[int], sent: list[int]) -> int:
    keys = set(session.scalars(select(ProcessInstance.business_key).where(ProcessInstance.id.in_(ids))))
    elsewhere = select(ProcessInstance.business_key).where(ProcessInstance.business_key.in_(keys), ProcessInstance.id.not_in(ids))
    keys -= set(session.scalars(elsewhere))
    statements = [delete(Job).where(Job.id.in_(sent)), delete(BufferedMessage).where(BufferedMessage.business_key.in_(keys))]
    statements += [delete(table).where(mine) for table, mine in reversed(archives.belongings(ids))]
    connection = session.connection()
    return sum(connection.execute(statement).rowcount for statement in statements)


def archive_and_purge(sessions: sessionmaker[Session], number: int, folder: Path) -> Archive:
    """Both, in a transaction each: what was archived is known before anything is deleted. Raises as they do."""
    with sessions.begin() as session:
        archive(session, number, folder)
    with sessions.begin() as session:
        found = purge(session, number, folder)
        session.expunge(found)
        return found


def describe(session: Session, number: int) -> str:
    """One line about an outermost case, for who decides about it. Raises NotFound."""
    instance = session.get(ProcessInstance, number)
    if instance is None:
        raise NotFound(what="case", id=number)
    ended = f"{instance.ended_at:%Y-%m-%d}" if instance.ended_at else "-"
    return f"{instance.definition.key}\t{instance.business_key}\t{ended}"


def scrub(engine: Engine) -> None:
    """After purging: SQLite's journal, which still has the pages as they were, is emptied; PostgreSQL gives the room back for new rows."""
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT", reading=True) as connection:
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        else:
            names = ", ".join(f'"{table.name}"' for table, _ in archives.belongings((0,)))
            connection.exec_driver_sql(f"VACUUM {names}")


# --- the chore ---------------------------------------------------------------------------------------------------------------------------


def tidy(sessions: sessionmaker[Session], rules: Mapping[str, int], folder: Path) -> int:
    """Archive and purge what is due, each case in transactions of its own. How many were purged. What cannot be is logged and stays."""
    purged = 0
    with sessions.begin() as session:
        session.execute(delete(BufferedMessage).where(BufferedMessage.expires_at <= db.now(session)))
        numbers = due(session, rules)
    for number in numbers:
        try:
            archive_and_purge(sessions, number, folder)
            purged += 1
        except (EngineError, OSError) as error:
            log.warning("case.not_purged", instance=number, error=type(error).__name__, reason=str(error))
    if purged:
        with sessions() as session:
            scrub(session.get_bind().engine)
        log.info("cases.purged", number=purged)
    return purged
