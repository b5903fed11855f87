"""Events that are thrown, and how far each goes: signals to the whole case, errors and escalations up their own chain of scopes."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from engine.spiff import catching, compensation, evaluation
from engine.spiff.flownode import FlowNode
from engine.spiff.scope import Scope
from engine.spiff.specs import EventDefinition, Node
from engine.spiff.token import Token
from engine.spiff.wait import Thrown, Wait, WaitKind

if TYPE_CHECKING:
    from engine.spiff.case import Case


class ThrowEvent(FlowNode):
    """An intermediate throw event or an end event: its results one after the other, then on (or not, after an error or a cancel)."""

    def perform(self, case: Case, token: Token) -> str | None:
        if token.phase == "undo":
            return compensation.advance(case, token)
        return super().perform(case, token)

    def on_enter(self, case: Case, token: Token) -> str | None:
        if self.inputs_ and token.own is None:
            found = {name: evaluation.made(recipe, token.place.view()) for name, recipe in self.inputs_}
            token.own = case.scope("own", token, token.scope, found)
        for index in range(token.memory.get("result", 0), len(self.events)):
            token.memory["result"] = index + 1
            try:
                following = throw(case, token, self.events[index])
            except Exception:
                token.memory["result"] = index
                raise
            if token.gone:
                return "done"
            if following != "next":
                return following
        return "leave"

    def on_finish(self, case: Case, token: Token) -> str | None:
        """A result that took its time (a job, a compensation) is done: on with the next."""
        return self.on_enter(case, token)


def throw(case: Case, token: Token, event: EventDefinition) -> str | None:
    """One result of a throwing event. "next" when it is done at once, None when the token waits for it."""
    if event.kind == "signal":
        throw_signal(case, token, event)
    elif event.kind == "message":
        if event.topic is not None:
            return _job(case, token, event)
        throw_message(case, token, event)
    elif event.kind == "escalation":
        throw_escalation(case, token, evaluation.text(event.name, token.place.view()) or "", {})
    elif event.kind == "error":
        case.passed(token)
        throw_error(case, token, evaluation.text(event.name, token.place.view()) or "", "", {})
        return "done"
    elif event.kind == "compensate":
        return compensation.begin(case, token, event)
    elif event.kind == "cancel":
        return compensation.cancel_transaction(case, token)
    elif event.kind == "link":
        return _link(case, token, event)
    elif event.kind == "terminate":
        _terminate(case, token)
    return "next"


def _job(case: Case, token: Token, event: EventDefinition) -> str | None:
    topic = evaluation.text(event.topic, token.place.view()) or ""
    variables = dict(token.own.variables) if token.own is not None else {}
    retry = token.node.details.get("retry")
    case.open(
        token,
        Wait(
            case.new_id("w"), WaitKind.JOB, token.node.id, name=token.node.element.name, topic=topic, retry_cycle=retry, variables=variables
        ),
    )
    return None


def _link(case: Case, token: Token, event: EventDefinition) -> str | None:
    target = case.program.container(token.node.container).links[event.name or ""]
    case.passed(token)
    case.put(case.node(target), token.scope, phase="leave")
    return "done"


def _terminate(case: Case, token: Token) -> None:
    scope = token.scope
    for other in case.inside(scope):
        if other is not token:
            case.cancel_token(other)
    scope.held.clear()
    for key in [key for key in case.joins if key[0] == scope.id]:
        del case.joins[key]
    scope.state["over"] = True


def throw_signal(case: Case, token: Token, event: EventDefinition) -> None:
    """To every place of this case that waits for it now, then to the other cases."""
    name = evaluation.text(event.name, token.place.view()) or ""
    variables = _payload(token)
    case.effects.thrown.append(Thrown(WaitKind.SIGNAL, name, token.node.id, variables))
    deliver_signal(case, name, variables)


def deliver_signal(case: Case, name: str, variables: Mapping[str, Any], but: Collection[str] = ()) -> None:
    """To all places of this case that wait for it, except those of the tokens `but`."""
    waiting = [
        (case.token(case.owners[wait.id]), wait.id) for wait in case.waits.values() if wait.kind is WaitKind.SIGNAL and wait.name == name
    ]
    for receiver, wait_id in waiting:
        if receiver.id not in but and not receiver.gone and wait_id in receiver.waits:
            catching.happen(case, receiver, receiver.memory["places"][wait_id], variables, wait_id)


def throw_message(case: Case, token: Token, event: EventDefinition) -> None:
    """To whoever waits for it: the engine finds them, in this case or in another."""
    view = token.place.view()
    variables = _payload(token)
    key = variables.pop("businessKey", None)
    keys = {key.name: evaluation.expression(key.expression, view) for key in event.keys}
    case.effects.thrown.append(
        Thrown(
            WaitKind.MESSAGE,
            evaluation.text(event.name, view) or "",
            token.node.id,
            variables,
            business_key=case.business_key if key is None else str(key),
            keys=keys,
        )
    )


def _payload(token: Token) -> dict[str, Any]:
    """The inputs of the throwing element: nothing else leaves a case."""
    names = [name for name, _ in token.node.inputs_]
    view = token.place.view()
    return {name: view[name] for name in names if name in view}


def throw_error(case: Case, origin: Token, code: str, message: str, variables: Mapping[str, Any]) -> None:
    """Up the chain of scopes, to the nearest that catches this code; nobody: the case has failed."""
    found = _catcher(case, origin, "error", code)
    if found is None:
        case.end("failed")
        case.effects.unhandled_error = code
        return
    catcher, event, at, scope = found
    told = _told(event, code, message)
    if catcher.kind == "boundaryEvent" and at is not None:
        around = at.scope
        case.write(at.scope, {**variables, **told})
        case.put(catcher, around, phase="leave")
        case.cancel_token(at)
    else:
        case.write(scope, {**variables, **told})
        catching.begin(case, catcher, scope)


def throw_escalation(case: Case, origin: Token, code: str, variables: Mapping[str, Any]) -> None:
    """Up the chain of scopes; the thrower goes on unless what catches it interrupts it. Nobody: out of the case."""
    found = _catcher(case, origin, "escalation", code)
    if found is None:
        case.effects.thrown.append(Thrown("escalation", code, origin.node.id, {**_payload(origin), **variables}))
        return
    catcher, event, at, scope = found
    told = {event.code_variable: code} if event.code_variable else {}
    if catcher.kind == "boundaryEvent" and at is not None:
        case.write(at.scope, {**variables, **told})
        case.put(catcher, at.scope, phase="leave")
        if catcher.interrupting:
            case.cancel_token(at)
    else:
        case.write(scope, {**variables, **told})
        catching.begin(case, catcher, scope)


def _told(event: EventDefinition, code: str, message: str) -> dict[str, Any]:
    told: dict[str, Any] = {}
    if event.code_variable:
        told[event.code_variable] = code
    if event.message_variable:
        told[event.message_variable] = message
    return told


def _catcher(case: Case, origin: Token, kind: str, code: str) -> tuple[Node, EventDefinition, Token | None, Scope] | None:
    """The boundary event (with the activity it is attached to) or start event of an event sub-process that catches `code`."""
    at = origin
    while True:
        if at.node.activity and at.role in ("", "undo"):
            for_it = _matching(case, at.node.boundary, kind, code)
            if for_it is not None:
                return *for_it, at, at.scope
        scope = at.scope
        if scope.kind in ("process", "body"):
            handlers = case.program.container(scope.element).handlers
            out_of = at.node.id if at.node.id in handlers else None
            # What goes wrong in a handler is no business of the handlers beside it.
            starts = [
                start
                for handler in handlers
                if out_of is None or (kind == "escalation" and handler != out_of)
                for start in _starts(case, handler)
            ]
            in_scope = _matching(case, starts, kind, code)
            if in_scope is not None:
                return *in_scope, None, scope
        if scope is case.root:
            return None
        at = case.host(scope)


def _starts(case: Case, handler: str) -> list[str]:
    body = case.node(handler).body
    return body.starts if body is not None else []


def _matching(case: Case, events: list[str], kind: str, code: str) -> tuple[Node, EventDefinition] | None:
    """The event that names `code`, else one that takes any."""
    candidates = [(case.node(id_), event) for id_ in events for event in case.node(id_).events if event.kind == kind]
    for node, event in candidates:
        if event.name == code:
            return node, event
    return next(((node, event) for node, event in candidates if event.name is None), None)


def behave(case: Case, member: Token, event: EventDefinition) -> None:
    """The event that a multi-instance activity throws when an instance is finished. The activity's own boundary events are told and do not
    interrupt the instances that remain; a signal goes to everybody else as well."""
    activity = member.host
    assert activity is not None  # noqa: S101
    name = evaluation.text(event.name, member.place.view())
    for boundary in activity.node.boundary:
        node = case.node(boundary)
        if any(e.kind == event.kind and (e.name == name or e.name is None) for e in node.events):
            case.put(node, activity.scope, phase="leave")
    if event.kind != "signal":
        return
    case.effects.thrown.append(Thrown(WaitKind.SIGNAL, name or "", member.node.id, {}))
    own = {child.id for child in activity.children if child.role == "boundary"}
    deliver_signal(case, name or "", {}, own)
