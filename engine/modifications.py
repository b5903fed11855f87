"""Modifications: a case is taken out of the way its diagram draws. Tokens moved, steps skipped, ended cases started again; and undone.

What a modification would do is found by doing it to a copy of the stored state in memory (plan): nothing of it is guessed.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from engine import candidates, executions, history, identity, instances, wait_states
from engine.errors import Invalid, NotFound, NotModifiable, Stale
from engine.models import Document, Draft, HistoryEvent, ProcessInstance, User, UserTask
from engine.spiff import Change, Effects, Execution, Obstacle, Place, Wait, WaitKind

__all__ = ["Change", "Place", "Preview", "Wait", "WaitKind", "chosen", "last", "modify", "plan", "restart", "undo"]
MODIFIED, RESTARTED = "instance.modified", "instance.restarted"
ENDED = ("completed", "cancelled", "failed")


@dataclass(frozen=True)
class Preview:
    """What would become of a case. `state`: of the case afterwards. With obstacles nothing else is known."""

    obstacles: list[Obstacle] = field(default_factory=list)
    before: list[Place] = field(default_factory=list)
    after: list[Place] = field(default_factory=list)
    state: str = executions.ACTIVE
    effects: Effects = field(default_factory=Effects)


@dataclass(frozen=True)
class Wish:
    """A change as it is asked for of many cases: elements instead of places. `restart`: the case has ended and starts again."""

    ends: Sequence[str] = ()
    starts: Sequence[str] = ()
    skips: Sequence[str] = ()
    restart: bool = False

    @classmethod
    def read(cls, arguments: Mapping[str, Any]) -> Wish:
        """From the arguments of a batch."""
        lists = {name: [str(one) for one in arguments.get(name) or ()] for name in ("ends", "starts", "skips")}
        return cls(**lists, restart=bool(arguments.get("restart")))


def chosen(execution: Execution, wish: Wish) -> tuple[Change, list[Obstacle]]:
    """The places of this very case that `wish` means, and what of it the case does not have."""
    here: dict[str, list[str]] = {}
    for place in execution.places:
        here.setdefault(place.element_id, []).append(place.id)
    missing = [one for one in (*wish.ends, *wish.skips) if one not in here]
    found = [Obstacle(one, f"Hồ sơ không đứng ở bước “{one}”.", f"The case does not stand at “{one}”.") for one in missing]
    ends, skips = (tuple(id_ for one in dict.fromkeys(names) for id_ in here.get(one, ())) for names in (wish.ends, wish.skips))
    return Change(ends, tuple(wish.starts), skips), found


# --- looking ---


def plan(session: Session, instance: ProcessInstance, change: Change) -> Preview:
    """What `change` would do to a running case, as it stands now. Nothing is done to it."""
    if instance.state != executions.ACTIVE:
        raise executions.not_active(instance)
    execution = executions.load(session, instance)
    before = execution.places
    if found := execution.obstacles(change):
        return Preview(found, before)
    execution.change(change)
    return Preview([], before, execution.places, execution.state, execution.collect())


def plan_restart(session: Session, instance: ProcessInstance, elements: Collection[str]) -> Preview:
    """What starting an ended case again at `elements` would do."""
    execution = executions.load(session, instance)
    if found := _not_restarted(instance, execution, elements):
        return Preview(found)
    execution.reopen(elements)
    return Preview([], [], execution.places, execution.state, execution.collect())


def _not_restarted(instance: ProcessInstance, execution: Execution, elements: Collection[str]) -> list[Obstacle]:
    if instance.state not in ENDED:
        return [Obstacle("", "Hồ sơ chưa kết thúc.", "Expected a case that has ended, but found one that has not.")]
    if instance.parent_id is not None:
        return [
            Obstacle(
                "",
                "Hồ sơ này do một hồ sơ khác gọi, và hồ sơ đó đã đi tiếp. Hãy chuyển hồ sơ chính về bước gọi.",
                "Another case called this one and has gone on. Move that one back to the step that calls.",
            )
        ]
    return execution.obstacles(Change(starts=tuple(elements)))


# --- doing ---


def modify(session: Session, instance_id: int, user: User, change: Change, reason: str, *, seen: int | None = None) -> HistoryEvent:
    """End, start and skip as `change` says. For the case's supervisors, with a reason.

    `seen`: the case's version when it was looked at. Raises NotFound, Forbidden, Invalid, InstanceNotActive, Stale when the case has gone
    on since, NotModifiable with all obstacles. Whatever is raised, nothing has changed once the caller rolls back.
    """
    instance = _steered(session, instance_id, user, reason, seen)
    if not executions.runs(instance):
        raise executions.not_active(instance)
    return _change(session, instance, user, change, reason)


def wished(session: Session, instance_id: int, user: User, wish: Wish, reason: str) -> HistoryEvent:
    """As modify() or restart(), for one of many cases."""
    if wish.restart:
        return restart(session, instance_id, user, wish.starts, reason)
    instance = _steered(session, instance_id, user, reason, None)
    if not executions.runs(instance):
        raise executions.not_active(instance)
    change, missing = chosen(executions.load(session, instance), wish)
    if missing:
        raise NotModifiable(instance.business_key, missing)
    return _change(session, instance, user, change, reason)


def _change(
    session: Session, instance: ProcessInstance, user: User, change: Change, reason: str, more: Mapping[str, Any] | None = None
) -> HistoryEvent:
    execution = executions.load(session, instance)
    if found := execution.obstacles(change):
        raise NotModifiable(instance.business_key, found)
    before, held = execution.places, _held(session, instance)
    execution.change(change)
    detail = {"reason": reason.strip(), **_told(before, execution.places), "starts": list(change.starts), "held": held}
    detail |= {"skipped": [place.element_id for place in before if place.id in change.skips], **(more or {})}
    event = history.record(session, instance.id, MODIFIED, actor=user, detail=detail)
    # Whoever takes it back asks for its number.
    session.flush()
    wait_states.mirror(session, instance, execution, actor=user)
    return event


def restart(
    session: Session, instance_id: int, user: User, elements: Collection[str], reason: str, *, seen: int | None = None
) -> HistoryEvent:
    """Let a case that has ended go on at `elements` with its last variables: the same case, its history goes on. For its supervisors."""
    return _reopen(session, _steered(session, instance_id, user, reason, seen), user, elements, reason)


def _reopen(
    session: Session,
    instance: ProcessInstance,
    user: User,
    elements: Collection[str],
    reason: str,
    more: Mapping[str, Any] | None = None,
) -> HistoryEvent:
    execution = executions.load(session, instance)
    if found := _not_restarted(instance, execution, elements):
        raise NotModifiable(instance.business_key, found)
    if instance.definition.suspended:
        raise executions.not_active(instance)
    former = {"state": instance.state, "end_reason": instance.end_reason}
    instance.state, instance.ended_at, instance.end_reason = executions.ACTIVE, None, ""
    execution.reopen(elements)
    detail = {"reason": reason.strip(), "from": former, **_told([], execution.places), "starts": list(elements), **(more or {})}
    event = history.record(session, instance.id, RESTARTED, actor=user, detail=detail)
    # Whoever takes it back asks for its number.
    session.flush()
    wait_states.mirror(session, instance, execution, actor=user)
    return event


def _steered(session: Session, instance_id: int, user: User, reason: str, seen: int | None) -> ProcessInstance:
    if not reason.strip():
        raise Invalid(expected="a reason for this change", found="none")
    instance = instances.steered(session, instance_id, user, "change where this case stands")
    if seen is not None and instance.version != seen:
        raise Stale(instance=instance.business_key)
    return instance


def _told(before: Sequence[Place], after: Sequence[Place]) -> dict[str, Any]:
    """Before and after, as history keeps them: [place, element]."""
    return {"before": [[one.id, one.element_id] for one in before], "after": [[one.id, one.element_id] for one in after]}


def _held(session: Session, instance: ProcessInstance) -> list[list[Any]]:
    """Open tasks: id, element, holder. For who takes it back."""
    query = select(UserTask.id, UserTask.element_id, UserTask.assignee_id).where(
        UserTask.instance_id == instance.id, UserTask.state == "open"
    )
    return [list(row) for row in session.execute(query.order_by(UserTask.id))]


# --- undoing ---


def last(session: Session, instance_id: int, user: User) -> HistoryEvent | None:
    """The modification of a case that `user` supervises that can be undone: the last one, if the case has done nothing since."""
    query = select(ProcessInstance).where(ProcessInstance.id == instance_id, identity.may_supervise(user))
    instance = session.scalar(query)
    if instance is None:
        return None
    recorded = select(HistoryEvent).where(HistoryEvent.instance_id == instance_id, HistoryEvent.kind.in_((MODIFIED, RESTARTED)))
    event = session.scalar(recorded.order_by(HistoryEvent.id.desc()).limit(1))
    if event is None or event.kind != MODIFIED or "undoes" in event.detail:
        return None
    return None if _not_back(instance, event, executions.load(session, instance)) else event


def _not_back(instance: ProcessInstance, event: HistoryEvent, execution: Execution) -> Obstacle | None:
    now = [[one.id, one.element_id] for one in execution.places]
    if sorted(now) != sorted(event.detail["after"]) or instance.state not in (executions.ACTIVE, "completed"):
        return Obstacle("", "Sau lần chuyển đó hồ sơ đã đi tiếp, không hoàn tác được.", "The case has gone on since. It cannot be undone.")
    joins = [element for place, element in event.detail["before"] if "/" in place and [place, element] not in event.detail["after"]]
    if joins:
        return Obstacle(joins[0], "Các nhánh đã đến cổng không dựng lại được.", "Branches that had come to a gateway cannot be put back.")
    return None


def back(session: Session, instance: ProcessInstance, event_id: int) -> HistoryEvent:
    """The modification `event_id` of a case. Raises NotFound, and NotModifiable when it cannot be undone any more."""
    event = session.get(HistoryEvent, event_id)
    if event is None or event.instance_id != instance.id or event.kind != MODIFIED:
        raise NotFound(what="modification", id=event_id)
    if (why := _not_back(instance, event, executions.load(session, instance))) is not None:
        raise NotModifiable(instance.business_key, [why])
    return event


def undo(session: Session, instance_id: int, user: User, event_id: int, reason: str) -> HistoryEvent:
    """Put the case back where it stood before the modification `event_id`. Tasks go back to who held them, with drafts and files.

    Raises as modify(), and NotModifiable when the case has gone on since.
    """
    instance = _steered(session, instance_id, user, reason, None)
    event = back(session, instance, event_id)
    before, after = ([tuple(one) for one in event.detail[name]] for name in ("before", "after"))
    starts = tuple(element for place, element in before if (place, element) not in after)
    if instance.state == executions.ACTIVE:
        change = Change(tuple(place for place, element in after if (place, element) not in before), starts)
        made = _change(session, instance, user, change, reason, {"undoes": event.id})
    else:
        made = _reopen(session, instance, user, starts, reason, {"undoes": event.id})
    _give_back(session, instance, event.detail["held"], user)
    return made


def _give_back(session: Session, instance: ProcessInstance, held: Sequence[Sequence[Any]], user: User) -> None:
    """New tasks at the elements of tasks that were taken away: the former holder, his draft and his files."""
    session.flush()
    query = select(UserTask).where(UserTask.instance_id == instance.id, UserTask.state == "open").order_by(UserTask.id)
    tasks = list(session.scalars(query))
    known, twice = {task.id for task in tasks}, Counter(task.element_id for task in tasks)
    fresh = {task.element_id: task for task in tasks if twice[task.element_id] == 1}
    for task_id, element_id, holder_id in held:
        task = fresh.get(element_id)
        if task is None or task_id in known:
            continue
        for table in (Draft, Document):
            session.execute(update(table).where(table.user_task_id == task_id).values(user_task_id=task.id))
        holder = session.get(User, holder_id) if holder_id else None
        if holder is not None and holder.active and task.assignee_id != holder.id:
            task.assignee_id = holder.id
            candidates.admit(session, instance.id, {(identity.account(holder.username), task.scope)})
            detail = {"to": holder.id, "to_name": holder.name}
            history.record(session, instance.id, "task.assigned", actor=user, user_task_id=task.id, detail=detail)
