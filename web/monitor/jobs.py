"""Automatic work and timers of the supervised cases: two lists."""

from __future__ import annotations

from typing import Any

from flask import render_template
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, and_, or_, select
from sqlalchemy.orm import contains_eager

from engine import db as clock
from engine import jobs
from engine.models import Job, ProcessDefinition, ProcessInstance
from web import waits
from web.database import db
from web.listing import SOON, Listing, within
from web.monitor import bp
from web.paging import Page, paginate

SORTS = {
    "due": Job.due_at,
    "case": ProcessInstance.title,
    "kind": Job.kind,
    "tries": Job.retries,
    "since": Job.created_at,
}


@bp.get("/giam-sat/viec-tu-dong")
def job_list() -> ResponseReturnValue:
    """What the system does or will do by itself, timers apart."""
    listing = Listing.read(SORTS, "due", state=tuple(waits.STATES), kind=waits.OF_A_CASE)
    conditions = [Job.kind == listing.get("kind") if listing.get("kind") else Job.kind.in_(waits.OF_A_CASE)]
    if state := listing.get("state"):
        conditions.append(_in_state(state))
    kinds = {kind: waits.KINDS[kind] for kind in waits.OF_A_CASE}
    return render_template("monitor/jobs.html", kinds=kinds, states=waits.STATES, **_listed(listing, conditions))


@bp.get("/giam-sat/hen-gio")
def timer_list() -> ResponseReturnValue:
    """When what will happen by itself."""
    listing = Listing.read(SORTS, "due", state=tuple(waits.STATES), soon=SOON)
    conditions = [Job.kind == jobs.TIMER]
    if state := listing.get("state"):
        conditions.append(_in_state(state))
    if soon := listing.get("soon"):
        conditions.append(Job.due_at < within(soon))
    return render_template("monitor/timers.html", soon=SOON, states=waits.STATES, **_listed(listing, conditions))


def _listed(listing: Listing, conditions: list[ColumnElement[bool]]) -> dict[str, Any]:
    query: Select[Any] = select(Job).join(ProcessInstance, ProcessInstance.id == Job.instance_id).join(ProcessInstance.definition)
    page: Page = paginate(query.where(*conditions, *listing.conditions()).order_by(*listing.order(Job.id)))
    cases = _cases({job.instance_id for job in page.rows})
    rows = [(one, cases[one.instance_id]) for one in waits.of_jobs(page.rows, cases)]
    return {"listing": listing, "page": page, "rows": rows}


def _cases(ids: set[int]) -> dict[int, ProcessInstance]:
    query = select(ProcessInstance).join(ProcessInstance.definition).where(ProcessInstance.id.in_(ids))
    loaded = query.options(contains_eager(ProcessInstance.definition).joinedload(ProcessDefinition.deployment))
    return {instance.id: instance for instance in db.session.scalars(loaded)}


def _in_state(state: str) -> ColumnElement[bool]:
    """As waits.state_of() says."""
    resting = or_(Job.suspended, ProcessInstance.state == "suspended", ProcessDefinition.suspended)
    goes = and_(Job.retries > 0, ~resting)
    now = clock.now(db.session())
    idle = and_(goes, Job.owner.is_(None))
    return {
        waits.STOPPED: Job.retries <= 0,
        waits.RESTING: and_(Job.retries > 0, resting),
        waits.RUNNING: and_(goes, Job.owner.is_not(None)),
        waits.FAILING: and_(idle, Job.error != ""),
        waits.LATE: and_(idle, Job.error == "", Job.due_at <= now),
        waits.WAITING: and_(idle, Job.error == "", Job.due_at > now),
    }[state]
