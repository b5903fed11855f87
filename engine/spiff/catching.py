"""Events that are waited for: on their own, at the boundary of an activity, behind a gateway, at the start of an event sub-process."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from engine import expressions
from engine.errors import ExpressionError
from engine.spiff import deadlines, evaluation, moments
from engine.spiff.flownode import FlowNode
from engine.spiff.specs import EventDefinition
from engine.spiff.token import Token
from engine.spiff.wait import Wait, WaitKind

if TYPE_CHECKING:
    from engine.spiff.case import Case

WAITED_FOR = frozenset(("message", "timer", "signal", "conditional"))


class CatchEvent(FlowNode):
    """A catching event in the flow, at a boundary, or the start of an event sub-process."""

    early = True

    def on_enter(self, case: Case, token: Token) -> str | None:
        if not self.waiting:
            return "leave"
        arm(case, token)
        return None

    def look(self, case: Case, token: Token) -> None:
        look(case, token)


class StartEvent(FlowNode):
    """Passed when its process or sub-process begins. As the start of an event sub-process it is a subscription."""

    def on_enter(self, case: Case, token: Token) -> str | None:
        if token.role != "start":
            return "leave"
        arm(case, token)
        return None

    def look(self, case: Case, token: Token) -> None:
        look(case, token)


def arm(case: Case, token: Token) -> None:
    """Open the places of all triggers of the event. What can fail is evaluated before anything is opened."""
    view = token.place.view()
    opened: list[tuple[int, Wait]] = []
    conditions: dict[str, bool] = {}
    for index, event in enumerate(token.node.events):
        if event.kind == "conditional":
            conditions[str(index)] = False
        elif event.kind in WAITED_FOR:
            opened.append((index, _wait(case, token, index, event, view)))
    _close_all(case, token)
    for index, wait in opened:
        case.open(token, wait)
        token.memory.setdefault("places", {})[wait.id] = index
    if conditions:
        token.memory["conditions"] = conditions
        case.listening[token.id] = None
        look(case, token)


def _wait(case: Case, token: Token, index: int, event: EventDefinition, view: Mapping[str, Any]) -> Wait:
    node = token.node
    if event.kind == "timer":
        due, rule = _due(case, token, index, event, view)
        return _timer(case, token, due, rule)
    name = evaluation.text(event.name, view) or ""
    if event.kind == "signal":
        return Wait(case.new_id("w"), WaitKind.SIGNAL, node.id, name=name)
    keys = {key.name: evaluation.expression(key.expression, view) for key in event.keys}
    return Wait(case.new_id("w"), WaitKind.MESSAGE, node.id, name=name, keys=keys, properties=node.element.properties)


def _timer(case: Case, token: Token, due: datetime, rule: deadlines.Rule) -> Wait:
    node = token.node
    return Wait(case.new_id("w"), WaitKind.TIMER, node.id, name=node.element.name, due=due, rules={"due": rule} if rule else {})


def _due(case: Case, token: Token, index: int, event: EventDefinition, view: Mapping[str, Any]) -> tuple[datetime, deadlines.Rule]:
    found, calendar = deadlines.value(token.node.element, event.text, view)
    if event.timer != "timeCycle" and not (isinstance(found, str) and found.strip().startswith("R")):
        due, rule = deadlines.settled(found, event.text, view, calendar, "point")
        return due or moments.point(found, case.now), rule
    cycle = moments.cycle(str(found))
    planned, rule = (cycle.first, {}) if cycle.first else deadlines.after(cycle.interval, case.now, calendar, view)
    token.memory.setdefault("cycles", {})[str(index)] = {
        "left": None if cycle.times is None else cycle.times - 1,
        "planned": planned.isoformat(),
        "months": cycle.interval.months,
        "seconds": cycle.interval.rest.total_seconds(),
        **({"lich": calendar} if calendar else {}),
    }
    return planned, rule


def look(case: Case, token: Token) -> None:
    """See whether a condition has become true; it has to have been false before it happens again."""
    conditions: dict[str, bool] = token.memory.get("conditions", {})
    for index in list(conditions):
        event = token.node.events[int(index)]
        try:
            true = evaluation.condition(event.text, token.place.view())
        except ExpressionError as error:
            if _undecided(event.text, token.place.view()):
                continue
            case.listening.pop(token.id, None)
            case.fail(token, "expression", str(error), error.line)
            return
        before, conditions[index] = conditions[index], true
        if true and not before:
            happen(case, token, int(index), {})
            if token.gone:
                return


def _undecided(source: str, view: Mapping[str, Any]) -> bool:
    """A condition over a variable that nobody has set yet is not true yet, and no mistake."""
    try:
        names = expressions.names(source.strip(), bare=True)
    except ExpressionError:
        return False
    return any(name not in view for name in names)


def happen(case: Case, token: Token, index: int, variables: Mapping[str, Any], wait_id: str | None = None) -> None:
    """The trigger `index` of the event has come."""
    event = token.node.events[index] if token.node.events else None
    case.write(token.scope if token.role == "start" else token.place, variables)
    if token.node.parallel_multiple:
        seen = token.memory.setdefault("seen", [])
        if index not in seen:
            seen.append(index)
        if wait_id is not None:
            case.close(token, wait_id)
        if len(seen) < len([e for e in token.node.events if e.kind in WAITED_FOR]):
            return
        token.memory["seen"] = []
        if not _interrupts(token):
            _close_all(case, token)
            case.schedule(token, "enter")
    if wait_id is not None:
        token.memory["wait"] = wait_id
    again = not _interrupts(token) if token.node.parallel_multiple else _again(case, token, index, event, wait_id)
    if token.role == "branch":
        _choose(case, token)
    elif token.role == "boundary":
        _leave_boundary(case, token, again)
    elif token.role == "start":
        _begin_handler(case, token, again)
    elif again:
        # An event in the flow with a timer that repeats sends one token on for each firing.
        _copy(case, token)
    else:
        _go_on(case, token)


def _again(case: Case, token: Token, index: int, event: EventDefinition | None, wait_id: str | None) -> bool:
    """Make the place of a trigger ready for the next time; False when there is none."""
    node = token.node
    if event is None or event.kind == "conditional":
        return not _interrupts(token)
    if event.kind == "timer":
        cycle = token.memory.get("cycles", {}).get(str(index))
        if wait_id is not None and wait_id in token.waits:
            case.close(token, wait_id)
        if cycle is None or cycle["left"] == 0 or (token.role != "" and _interrupts(token)):
            return any(e.kind != "timer" for e in node.events) and not _interrupts(token)
        if cycle["left"] is not None:
            cycle["left"] -= 1
        interval = moments.Duration(cycle["months"], timedelta(seconds=cycle["seconds"]))
        before = datetime.fromisoformat(cycle["planned"])
        planned, rule = deadlines.after(interval, before, cycle.get("lich", ""), token.place.view())
        cycle["planned"] = planned.isoformat()
        wait = _timer(case, token, planned, rule)
        case.open(token, wait)
        token.memory["places"][wait.id] = index
        return True
    if _interrupts(token):
        return False
    if wait_id is not None and event.kind == "message":
        # Places are never used twice: a message place is closed by its message and opened anew.
        wait = replace(case.waits[wait_id], id=case.new_id("w"))
        case.close(token, wait_id)
        case.open(token, wait)
        token.memory["places"][wait.id] = index
    return True


def _interrupts(token: Token) -> bool:
    return token.role not in ("boundary", "start") or token.node.interrupting


def _close_all(case: Case, token: Token) -> None:
    for wait_id in list(token.waits):
        case.close(token, wait_id)
    case.listening.pop(token.id, None)


def _go_on(case: Case, token: Token) -> None:
    _close_all(case, token)
    case.schedule(token, "finish" if token.node.activity else "leave")


def _copy(case: Case, token: Token) -> Token:
    """A token that goes on from the event, while the event itself goes on waiting."""
    copy = case.put(token.node, token.scope, phase="leave")
    copy.entered = token.entered
    copy.memory["wait"] = token.memory.get("wait")
    return copy


def _choose(case: Case, token: Token) -> None:
    """The first event behind a gateway decides: the gateway is left, the others are given up."""
    gateway = token.host
    assert gateway is not None  # noqa: S101
    case.passed(gateway)
    token.role = ""
    token.scope.live += 1
    _close_all(case, token)
    gateway._children.pop(token.id)
    around = case.host(token.scope)
    token.parent = around
    around._children[token.id] = None
    case.cancel_token(gateway, record=False)
    case.schedule(token, "finish" if token.node.activity else "leave")


def _leave_boundary(case: Case, token: Token, again: bool) -> None:
    activity = token.host
    assert activity is not None  # noqa: S101
    _copy(case, token)
    if token.node.interrupting:
        case.cancel_token(activity)
    elif not again:
        case.cancel_token(token, record=False)


def _begin_handler(case: Case, token: Token, again: bool) -> None:
    begin(case, token.node, token.scope)
    if not token.gone and not again:
        case.cancel_token(token, record=False)


def begin(case: Case, start: Any, scope: Any) -> Token:
    """Begin the event sub-process of `start`; an interrupting one ends everything else in its scope."""
    handler = case.node(start.container)
    if start.interrupting:
        for other in case.inside(scope):
            case.cancel_token(other)
        scope.held.clear()
        for key in [key for key in case.joins if key[0] == scope.id]:
            del case.joins[key]
    return case.put(handler, scope, memory={"start": start.id})
