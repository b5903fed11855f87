"""Acts on whole cases: suspend, activate, cancel; correct their data; move their tokens; hand them messages."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from engine import corrections, executions, messages, modifications
from engine.acts.outlook import CANNOT, Arguments, Do, Outlook, Plan, portions, problem, problems, refusal
from engine.errors import EngineError, Invalid
from engine.models import BatchItem, MessageSubscription, ProcessDefinition, ProcessInstance, User
from engine.modifications import Wish


def of_state(wanted: str) -> Plan:
    """Cases in this state go."""

    def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
        columns: Any = select(ProcessInstance.id, ProcessInstance.business_key, ProcessInstance.state).order_by(ProcessInstance.id)
        for query in portions(columns, ProcessInstance.id, ids, user):
            for row in session.execute(query):
                yield Outlook(row.id) if row.state == wanted else Outlook(row.id, CANNOT, problems(_other_state(row, wanted)))

    return plan


def _other_state(row: Any, wanted: str) -> EngineError:
    if wanted == executions.ACTIVE:
        return executions.not_active(row)
    return Invalid(expected="a suspended case", found=f"one that is {row.state}")


def steer(verb: Callable[[Session, int, User, str], None]) -> Do:
    """An act that needs nothing but its reason."""
    return lambda session, _arguments, item, user, reason: verb(session, item.instance_id, user, reason)


def _each(look: Callable[[Session, ProcessInstance, Arguments], Outlook]) -> Plan:
    """Looked at one by one, because it depends on the state of each."""

    def plan(session: Session, arguments: Arguments, ids: Sequence[int] | None, user: User) -> Iterator[Outlook]:
        loaded = joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment)
        for query in portions(select(ProcessInstance).options(loaded).order_by(ProcessInstance.id), ProcessInstance.id, ids, user):
            for instance in session.scalars(query).all():
                try:
                    yield look(session, instance, arguments)
                except EngineError as error:
                    yield refusal(instance.id, error)

    return plan


# --- data ---


def _look_at_data(session: Session, instance: ProcessInstance, arguments: Arguments) -> Outlook:
    if not executions.runs(instance):
        raise executions.not_active(instance)
    corrections.checked(session, instance, executions.load(session, instance).variables, arguments["variables"])
    return Outlook(instance.id)


def correct(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> dict[str, Any]:
    event = corrections.correct(session, item.instance_id, user, arguments["variables"], reason)
    return {"before": event.detail["before"], "after": event.detail["after"]}


# --- tokens ---


def _look_at_tokens(session: Session, instance: ProcessInstance, arguments: Arguments) -> Outlook:
    wish = Wish.read(arguments)
    if wish.restart:
        obstacles = modifications.plan_restart(session, instance, wish.starts).obstacles
    elif executions.runs(instance):
        execution = executions.load(session, instance)
        change, obstacles = modifications.chosen(execution, wish)
        obstacles = obstacles or execution.obstacles(change)
    else:
        raise executions.not_active(instance)
    return Outlook(instance.id, CANNOT, [problem(one) for one in obstacles]) if obstacles else Outlook(instance.id)


def modify(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> dict[str, Any]:
    event = modifications.wished(session, item.instance_id, user, Wish.read(arguments), reason)
    session.flush()
    return {"event": event.id}


# --- messages ---


def _look_at_waiting(session: Session, instance: ProcessInstance, arguments: Arguments) -> Outlook:
    if not executions.runs(instance):
        raise executions.not_active(instance)
    waiting = select(MessageSubscription.id).where(
        MessageSubscription.instance_id == instance.id,
        MessageSubscription.kind == arguments["kind"],
        MessageSubscription.name == arguments["name"],
    )
    if session.scalar(waiting.limit(1)) is None:
        raise Invalid(expected=f"a case that waits for {arguments['name']}", found="one that does not")
    return Outlook(instance.id)


def hand_over(session: Session, arguments: Arguments, item: BatchItem, user: User, reason: str) -> None:
    messages.by_hand(session, item.instance_id, user, arguments["kind"], arguments["name"], arguments.get("variables") or {}, reason)


plan_data, plan_tokens, plan_messages = _each(_look_at_data), _each(_look_at_tokens), _each(_look_at_waiting)
