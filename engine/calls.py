"""Called cases: a call activity starts a case of its own, and goes on when that has ended. Each verb executes one kind of job."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine import deployments, executions, instances, wait_states
from engine.errors import DefinitionSuspended, Invalid, NotFound
from engine.expressions import from_json
from engine.models import Job, ProcessDefinition, ProcessInstance

DEEPEST = 50
"""Cases that call cases that call cases: deeper than this a call fails, and becomes an incident."""


def start_called(session: Session, job: Job) -> None:
    """Kind call: start the case that a call activity calls."""
    parent = executions.lock_active(session, job.instance_id or 0)
    if parent.depth >= DEEPEST:
        raise Invalid(expected=f"calls at most {DEEPEST} deep", found=f"{parent.definition.key} calling {job.payload['called']} again")
    definition = _definition(session, parent, job.payload)
    if definition.suspended:
        raise DefinitionSuspended(process=definition.name)
    called = instances.create(
        session,
        definition,
        business_key=job.payload.get("business_key") or "",
        parent=parent,
        parent_wait_id=job.wait_id,
    )
    instances.begin(session, called, from_json(job.payload["variables"]))


def _definition(session: Session, parent: ProcessInstance, payload: dict[str, Any]) -> ProcessDefinition:
    """Latest version, a fixed one, or (version "deployment") that of the caller's own folder."""
    key, version = payload["called"], payload.get("version")
    if version is None:
        return deployments.latest(session, key)
    query = select(ProcessDefinition).where(ProcessDefinition.key == key).options(joinedload(ProcessDefinition.deployment))
    if version == "deployment":
        query = query.where(ProcessDefinition.deployment_id == parent.definition.deployment_id)
    else:
        query = query.where(ProcessDefinition.version == int(version))
    found = session.scalar(query)
    if found is None:
        raise NotFound(what="process", id=f"{key} ({version})")
    return found


def return_to_caller(session: Session, job: Job) -> None:
    """Kind return: the called case has ended; its caller goes on with its variables, or with its error."""
    parent = executions.lock_active(session, job.instance_id or 0)
    execution = executions.load(session, parent)
    wait_id = job.wait_id or ""
    if wait_id not in execution.waits:
        return
    called = session.get_one(ProcessInstance, job.payload["instance_id"])
    if job.payload["state"] == "cancelled":
        raise Invalid(expected=f"called case {called.business_key} to end by itself", found=f"that it was cancelled: {called.end_reason}")
    variables = executions.load(session, called).variables
    if job.payload["state"] == "failed":
        execution.throw_error(wait_id, job.payload["error"] or "", "", {})
    else:
        execution.return_from_call(wait_id, variables)
    wait_states.mirror(session, parent, execution)


def escalate_to_caller(session: Session, job: Job) -> None:
    """Kind escalation: something inside the called case escalates to its caller."""
    parent = executions.lock_active(session, job.instance_id or 0)
    execution = executions.load(session, parent)
    if job.wait_id in execution.waits:
        execution.throw_escalation(job.wait_id, job.payload["name"], from_json(job.payload["variables"]))
        wait_states.mirror(session, parent, execution)


def cancel_called(session: Session, job: Job) -> None:
    """Kind cancel: the call activity was left or cancelled, so what it called ends too."""
    called = executions.lock(session, job.instance_id or 0)
    if called.state in (executions.ACTIVE, "suspended"):
        instances.end(session, called, f"called by {job.payload['reason']}, which went on without it")
