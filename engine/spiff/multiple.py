"""Multi-instance activities and standard loops: one member token per instance, counters in a scope around them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from engine.spiff import compensation, evaluation, throwing
from engine.spiff.problem import Problem
from engine.spiff.scope import Scope
from engine.spiff.token import Token

if TYPE_CHECKING:
    from engine.spiff.case import Case

MOST_MEMBERS = 20_000
"""Instances of one activity: each is a token, and perhaps somebody's task."""


def open_members(case: Case, token: Token) -> str | None:
    """Start the instances; "finish" when there is none to start."""
    following = _open_loop(case, token) if token.node.loop is not None else _open_instances(case, token)
    if following is not None:
        token.memory["skipped"] = True
    return following


def member_done(case: Case, member: Token) -> str | None:
    """One instance is finished: count it, and go on with the next or with what follows them all."""
    if member.node.loop is not None:
        return _looped(case, member)
    return _instance_done(case, member)


# --- multi-instance ----------------------------------------------------------------------------------------------------------------------


def _open_instances(case: Case, token: Token) -> str | None:
    many = token.node.multiple
    assert many is not None  # noqa: S101  (only such nodes come here)
    items = _items(token)
    if len(items) > MOST_MEMBERS:
        raise Problem("data", f"{token.node.id} expects at most {MOST_MEMBERS} instances, but found {len(items)}")
    if token.own is None:
        token.own = case.scope("multi", token, token.scope)
    scope = token.own
    scope.variables.update(nrOfInstances=len(items), nrOfActiveInstances=0, nrOfCompletedInstances=0)
    scope.state = {"outputs": {}, "next": 0}
    if not items:
        write_outputs(case, token, scope)
        return "finish"
    token.memory["silent"] = True
    if many.sequential:
        scope.state["items"] = items
        _spawn(case, token, items[0])
    else:
        for item in items:
            _spawn(case, token, item)
    return None


def _items(token: Token) -> list[Any]:
    many = token.node.multiple
    view = token.place.view()
    if many is not None and many.collection is not None:
        source = many.collection
        found = evaluation.expression(source, view)
        if isinstance(found, str) and found in view:
            found = view[found]
        if isinstance(found, dict):
            found = list(found.values())
        if not isinstance(found, list | tuple):
            raise Problem("data", f"{token.node.id} expects a list in {source}, but it is {type(found).__name__}")
        return list(found)
    found = evaluation.expression(many.cardinality or "" if many else "", view)
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 <= found <= MOST_MEMBERS or found != int(found):
        raise Problem("data", f"{token.node.id} expects a whole number of instances from 0 to {MOST_MEMBERS}, but found {found!r}")
    return [None] * int(found)


def _spawn(case: Case, token: Token, item: Any) -> None:
    """The next member, with its item."""
    scope, many = token.own, token.node.multiple
    assert scope is not None  # noqa: S101
    index = scope.state["next"]
    scope.state["next"] = index + 1
    scope.variables["nrOfActiveInstances"] += 1
    member = case.put(token.node, scope, role="member", via=token.via if index == 0 else ())
    member.own = case.scope("body" if token.node.body is not None else "own", member, scope, {"loopCounter": index})
    if many is not None and many.element:
        member.own.variables[many.element] = item
    if many is not None and many.output_item and many.output_item not in member.own.variables:
        member.own.variables[many.output_item] = None


def _instance_done(case: Case, member: Token) -> str | None:
    token, scope, many = member.host, member.scope, member.node.multiple
    assert token is not None and many is not None  # noqa: S101
    variables = scope.variables
    # Everything that can fail comes first: a retry must not count the member twice.
    over = _completed(member, variables)
    behavior = _behavior(member, scope)
    variables["nrOfCompletedInstances"] += 1
    variables["nrOfActiveInstances"] -= 1
    index = str(member.place.variables["loopCounter"])
    if many.output and many.output_item:
        scope.state["outputs"][index] = member.place.variables.get(many.output_item)
    elif many.output:
        scope.state["outputs"][index] = member.memory.get("form", {})
    case.passed(member)
    compensation.note_member(case, member)
    case.changed = True
    for event, cancels in behavior:
        over = over or cancels
        if event is not None:
            throwing.behave(case, member, event)
    if token.gone:
        return "done"
    if over or (scope.state["next"] >= variables["nrOfInstances"] and not variables["nrOfActiveInstances"]):
        for other in case.inside(scope):
            if other is not member:
                case.cancel_token(other)
        write_outputs(case, token, scope)
        case.schedule(token, "finish")
    elif many.sequential:
        _spawn(case, token, scope.state["items"][scope.state["next"]])
    return "done"


def _completed(member: Token, variables: dict[str, Any]) -> bool:
    many = member.node.multiple
    if many is None or not many.condition:
        return False
    seen = {
        **member.place.view(),
        "nrOfInstances": variables["nrOfInstances"],
        "nrOfActiveInstances": variables["nrOfActiveInstances"] - 1,
        "nrOfCompletedInstances": variables["nrOfCompletedInstances"] + 1,
    }
    return evaluation.condition(many.condition, seen)


def _behavior(member: Token, scope: Scope) -> list[tuple[Any, bool]]:
    """(event to throw, whether the others are cancelled) for this completion."""
    many = member.node.multiple
    assert many is not None  # noqa: S101
    if many.behavior == "None":
        return [(many.event, False)]
    if many.behavior == "One":
        return [(many.event, False)] if scope.variables["nrOfCompletedInstances"] == 0 else []
    view = {
        **member.place.view(),
        "nrOfActiveInstances": scope.variables["nrOfActiveInstances"] - 1,
        "nrOfCompletedInstances": scope.variables["nrOfCompletedInstances"] + 1,
    }
    return [(event, True) for condition, event in many.complex if evaluation.condition(condition, view)]


def write_outputs(case: Case, token: Token, scope: Scope) -> None:
    """What the instances have brought so far becomes the output of the activity."""
    many = token.node.multiple
    if many is not None and many.output:
        outputs = scope.state["outputs"]
        case.write(token.scope, {many.output: [outputs[key] for key in sorted(outputs, key=int)]})


# --- standard loop -----------------------------------------------------------------------------------------------------------------------


def _open_loop(case: Case, token: Token) -> str | None:
    loop = token.node.loop
    assert loop is not None  # noqa: S101
    if token.own is None:
        token.own = case.scope("multi", token, token.scope, {"loopCounter": 0})
    if loop.before and not _again(token, token.own):
        return "finish"
    _spawn_round(case, token)
    return None


def _again(token: Token, scope: Scope) -> bool:
    loop = token.node.loop
    assert loop is not None  # noqa: S101
    done = scope.variables["loopCounter"]
    if loop.maximum is not None:
        most = evaluation.expression(loop.maximum, scope.view())
        if isinstance(most, bool) or not isinstance(most, int | float) or most < 1:
            raise Problem("data", f"{token.node.id} expects a loopMaximum of at least 1, but found {most!r}")
        if done >= most:
            return False
    if done >= MOST_MEMBERS:
        raise Problem("endless_loop", f"{token.node.id} has gone round {done} times, more often than a loop may")
    return loop.condition is None or evaluation.condition(loop.condition, scope.view())


def _spawn_round(case: Case, token: Token) -> None:
    scope = token.own
    assert scope is not None  # noqa: S101
    token.memory["silent"] = True
    index = scope.variables["loopCounter"]
    member = case.put(token.node, scope, role="member", via=token.via if index == 0 else ())
    member.own = case.scope("body" if token.node.body is not None else "own", member, scope, {"loopCounter": index})


def _looped(case: Case, member: Token) -> str | None:
    token, scope = member.host, member.scope
    assert token is not None  # noqa: S101
    done = scope.variables["loopCounter"]
    try:
        scope.variables["loopCounter"] = done + 1
        again = _again(token, scope)
    except Exception:
        scope.variables["loopCounter"] = done
        raise
    case.passed(member)
    compensation.note_member(case, member)
    if again:
        _spawn_round(case, token)
    else:
        case.schedule(token, "finish")
    return "done"
