"""Who is asked: the rows of new user tasks with their candidates, and who may see the case from then on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from engine import db, deployments, identity
from engine.expressions import evaluate
from engine.models import Candidate, Organisation, Participant, ProcessInstance, User, UserTask
from engine.spiff import Wait

SCOPES = {"ho_so": identity.CASE, "nhiem_vu": identity.TASK}
"""Values of property `pham_vi_xem` of a user task."""


def open_tasks(session: Session, instance: ProcessInstance, waits: Sequence[Wait]) -> None:
    """Rows for user tasks that have just become open."""
    if not waits:
        return
    contents = deployments.contents(session, instance.definition.deployment)
    # What the caller has changed is written together with what is new here.
    with session.no_autoflush:
        accounts = _accounts(session, {wait.assignee for wait in waits if wait.assignee})
        bodies = _bodies(session, {code for wait in waits for code in _codes(wait)})
    admitted: set[tuple[str, str]] = set()
    for wait in waits:
        scope = SCOPES.get(wait.properties.get("pham_vi_xem", "ho_so"), identity.CASE)
        principals = {*wait.candidate_groups, *map(identity.account, wait.candidate_users)}
        assignee = accounts.get(wait.assignee or "")
        if wait.assignee:
            principals.add(identity.account(wait.assignee))
        form = contents.form(wait.form, instance.definition.key, wait.element_id)
        codes = _codes(wait)
        session.add(
            UserTask(
                instance_id=instance.id,
                wait_id=wait.id,
                element_id=wait.element_id,
                name=wait.name or wait.element_id,
                form=form.file if form else None,
                assignee_id=assignee,
                organisation_id=bodies.get(next(iter(codes))) if len(codes) == 1 else None,
                priority=50 if wait.priority is None else wait.priority,
                created_at=db.now(session),
                due_at=wait.due,
                follow_up_at=wait.follow_up,
                scope=scope,
                candidates=[Candidate(principal=principal) for principal in sorted(principals)],
            )
        )
        admitted |= {(principal, scope) for principal in principals}
    admit(session, instance.id, admitted)


def _codes(wait: Wait) -> set[str]:
    return {group.partition("@")[2] for group in wait.candidate_groups if "@" in group}


def _accounts(session: Session, usernames: set[str]) -> dict[str, int]:
    if not usernames:
        return {}
    query = select(User.username, User.id).where(User.username.in_(usernames), User.active)
    return {key: id_ for key, id_ in session.execute(query)}  # noqa: C416 - dict() of rows is not typed


def _bodies(session: Session, codes: set[str]) -> dict[str, int]:
    if not codes:
        return {}
    query = select(Organisation.code, Organisation.id).where(Organisation.code.in_(codes))
    return {key: id_ for key, id_ in session.execute(query)}  # noqa: C416 - dict() of rows is not typed


def admit(session: Session, instance_id: int, entries: Iterable[tuple[str, str]]) -> None:
    """Let principals see a case in a scope; who does so already stays."""
    rows = [{"instance_id": instance_id, "principal": principal, "scope": scope} for principal, scope in sorted(entries)]
    if not rows:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    session.flush()
    session.execute(insert(Participant).values(rows).on_conflict_do_nothing())


def supervise(session: Session, instance: ProcessInstance, variables: Mapping[str, Any]) -> None:
    """Process property `giam_sat`: the principals that supervise its cases."""
    process = deployments.diagram(session, instance.definition).elements[instance.definition.key]
    found = evaluate(process.properties.get("giam_sat", ""), variables)
    groups = found if isinstance(found, list) else str(found or "").split(",")
    admit(session, instance.id, {(str(group).strip(), identity.SUPERVISE) for group in groups if str(group).strip()})
