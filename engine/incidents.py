"""Incidents: something failed and waits to be mended. Resolving one tries again what failed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from engine import db, deployments, executions, history, identity, jobs, wait_states
from engine.errors import NotFound
from engine.models import Incident, Job, ProcessInstance, User


def of_instance(session: Session, instance_id: int, user: User) -> list[Incident]:
    """Open incidents of a case that `user` sees whole, oldest first."""
    query = (
        select(Incident)
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(Incident.instance_id == instance_id, Incident.resolved_at.is_(None), identity.may_see_whole_case(user))
        .order_by(Incident.id)
    )
    return list(session.scalars(query))


def resolve(session: Session, incident_id: int, user: User, reason: str = "") -> None:
    """Try again what failed. For supervisors of the case. Fails it again, a new incident is raised. `reason` is recorded."""
    query = (
        select(Incident)
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(Incident.id == incident_id, identity.may_supervise(user))
    )
    incident = session.scalar(query)
    if incident is None or incident.resolved_at is not None:
        raise NotFound(what="incident", id=incident_id)
    retry(session, incident, user, reason)


def retry(session: Session, incident: Incident, user: User | None = None, reason: str = "") -> None:
    """As resolve(), for who has asked already whether `user` may."""
    instance = executions.lock_active(session, incident.instance_id)
    incident.resolved_at, incident.resolved_by_id = db.now(session), user.id if user else None
    element = deployments.diagram(session, instance.definition).elements.get(incident.element_id)
    detail = {"message": incident.message} | ({"reason": reason} if reason else {})
    history.record(session, instance.id, "incident.resolved", actor=user, element=element, detail=detail)
    if incident.job_id is not None:
        job = session.get(Job, incident.job_id)
        # SQLite gives the id of a deleted row away again: it may be another job by now.
        if job is not None and (f"job.{job.kind}", job.wait_id) == (incident.kind, incident.wait_id):
            jobs.retry(session, job)
        return
    if incident.wait_id is None:
        # A case that was found stalled: whoever mended it says so here. If it still stalls, the watchdog finds it again.
        return
    execution = executions.load(session, instance)
    execution.retry(incident.wait_id)
    wait_states.mirror(session, instance, execution, actor=user)


def retry_job(session: Session, job: Job) -> None:
    """As resolve(), for who operates the installation: the job itself is named, which may be one of no case."""
    query = select(Incident).where(Incident.job_id == job.id, Incident.kind == f"job.{job.kind}", Incident.resolved_at.is_(None))
    for incident in session.scalars(query):
        # First of all the history: it takes the lock of the case.
        history.record(session, incident.instance_id, "incident.resolved", detail={"message": incident.message})
        incident.resolved_at = db.now(session)
    jobs.retry(session, job)
