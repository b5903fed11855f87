"""Who is asked: the rows of new user tasks with their candidates, and who may see the case from then on."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, String, bindparam, column, delete, insert, select, table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine import db, deployments, identity
from engine.expressions import evaluate
from engine.models import Candidate, Organisation, Participant, ProcessInstance, Supervision, User, UserTask
from engine.pipeline import GIVEN, Pipeline
from engine.spiff import Wait

SCOPES = {"ho_so": identity.CASE, "nhiem_vu": identity.TASK}
"""Values of property `pham_vi_xem` of a user task."""


_GIVEN = ("instance_id", "wait_id", "element_id", "name", "form", "priority", "created_at", "due_at", "follow_up_at", "scope")
_OPENED = (
    insert(UserTask)
    .values({name: bindparam(name) for name in _GIVEN})
    .values(
        state="open",
        assignee_id=select(User.id).where(User.username == bindparam("assignee"), User.active).scalar_subquery(),
        organisation_id=select(Organisation.id).where(Organisation.code == bindparam("organisation")).scalar_subquery(),
    )
    .inline()
)
_ASKED = insert(Candidate).from_select(
    ["user_task_id", "principal"], select(column("id", BigInteger), bindparam("principal", type_=String)).select_from(table(GIVEN))
)
_ADMITTED = {
    name: dialect.insert(Participant)
    .values({name: bindparam(name) for name in ("instance_id", "principal", "scope")})
    .on_conflict_do_nothing()
    .inline()
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}
_ENTRUSTED = {
    name: dialect.insert(Supervision).values({name: bindparam(name) for name in ("digest", "principal")}).on_conflict_do_nothing().inline()
    for name, dialect in (("postgresql", postgresql), ("sqlite", sqlite))
}


def open_tasks(session: Session, together: Pipeline, instance: ProcessInstance, waits: Sequence[Wait]) -> None:
    """Rows for user tasks that have just become open, put into `together`."""
    if not waits:
        return
    contents = deployments.contents(session, instance.definition.deployment)
    admitted: set[tuple[str, str]] = set()
    for wait in waits:
        scope = SCOPES.get(wait.properties.get("pham_vi_xem", "ho_so"), identity.CASE)
        principals = {*wait.candidate_groups, *map(identity.account, wait.candidate_users)}
        if wait.assignee:
            principals.add(identity.account(wait.assignee))
        form = contents.form(wait.form, instance.definition.key, wait.element_id)
        codes = _codes(wait)
        task = {
            "instance_id": instance.id,
            "wait_id": wait.id,
            "element_id": wait.element_id,
            "name": wait.name or wait.element_id,
            "form": form.file if form else None,
            "assignee": wait.assignee,
            "organisation": next(iter(codes)) if len(codes) == 1 else None,
            "priority": 50 if wait.priority is None else wait.priority,
            "created_at": db.now(session),
            "due_at": wait.due,
            "follow_up_at": wait.follow_up,
            "scope": scope,
        }
        opened = together.add(_OPENED, task)
        for principal in sorted(principals):
            together.add(_ASKED, {"principal": principal}, after=opened)
        admitted |= {(principal, scope) for principal in principals}
    admit(session, instance.id, admitted, together)


def _codes(wait: Wait) -> set[str]:
    return {group.partition("@")[2] for group in wait.candidate_groups if "@" in group}


def admit(session: Session, instance_id: int, entries: Iterable[tuple[str, str]], together: Pipeline | None = None) -> None:
    """Let principals see a case in a scope; who does so already stays. At once, or with what the caller sends `together`."""
    sent = together or Pipeline(session)
    admitting = _ADMITTED[session.get_bind().dialect.name]
    rows = [{"instance_id": instance_id, "principal": principal, "scope": scope} for principal, scope in sorted(entries)]
    for row in rows:
        sent.add(admitting, row)
    if rows and together is None:
        sent.send()


def supervise(session: Session, instance: ProcessInstance, variables: Mapping[str, Any], together: Pipeline | None = None) -> None:
    """Process property `giam_sat`: the principals that supervise its cases. The row of the case is written by the caller.

    `together`: what is sent when a case begins; without it, who supervises the case already stays.
    """
    process = deployments.diagram(session, instance.definition).elements[instance.definition.key]
    found = evaluate(process.properties.get("giam_sat", ""), variables)
    groups = found if isinstance(found, list) else str(found or "").split(",")
    principals = {name for group in groups if (name := str(group).strip())}
    if together is None:
        own = (Participant.instance_id == instance.id, Participant.scope == identity.SUPERVISE)
        entrust(session, instance, principals.union(session.scalars(select(Participant.principal).where(*own))))
    else:
        _entrust(session, instance, principals, together)


def entrust(session: Session, instance: ProcessInstance, principals: Collection[str]) -> None:
    """Have these, and nobody else, supervise a case. Its row is locked by the caller."""
    own = (Participant.instance_id == instance.id, Participant.scope == identity.SUPERVISE)
    session.execute(delete(Participant).where(*own).execution_options(synchronize_session=False))
    sent = Pipeline(session)
    _entrust(session, instance, principals, sent)
    sent.send()


def _entrust(session: Session, instance: ProcessInstance, principals: Collection[str], sent: Pipeline) -> None:
    """Put it down in both places: among those who take part, and on the case's row."""
    admit(session, instance.id, {(principal, identity.SUPERVISE) for principal in principals}, sent)
    instance.supervisors = identity.set_of(principals)
    entrusting = _ENTRUSTED[session.get_bind().dialect.name]
    for principal in sorted(principals):
        sent.add(entrusting, {"digest": instance.supervisors, "principal": principal})
