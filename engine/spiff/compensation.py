"""Undoing what was done: the log of completed activities, and the tokens that run their handlers, latest first."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

import orjson

from engine.spiff.scope import Scope, Undo
from engine.spiff.specs import EventDefinition
from engine.spiff.token import Token

if TYPE_CHECKING:
    from engine.spiff.case import Case


def note(case: Case, token: Token) -> None:
    """An activity is completed: remember it if it, or something inside it, can be undone."""
    node = token.node
    inner = token.own if token.own is not None and token.own.kind in ("body", "multi") else None
    keep = inner is not None and (bool(inner.log) or node.details.get("undo_start") is not None)
    if not keep and node.details.get("undo_handler") is None:
        return
    handled = node.details.get("undo_handler") is not None
    entry = Undo(node.id, {name: _archived(case, value) for name, value in token.place.seen().items()} if handled else {})
    if keep and inner is not None:
        inner.done = True
        entry.scope = inner.id
    token.scope.log.append(entry)


def note_member(case: Case, member: Token) -> None:
    """One instance of a sub-process is completed: what was done inside it can be undone."""
    own = member.own
    if own is not None and own.kind == "body" and (own.log or member.node.details.get("undo_start") is not None):
        own.done = True
        member.scope.log.append(Undo(member.node.id, {}, own.id))


def _archived(case: Case, value: Any) -> str:
    """Equal values are kept once, however often the activity was executed."""
    digest = hashlib.blake2b(orjson.dumps(value, default=repr, option=orjson.OPT_SORT_KEYS), digest_size=9).hexdigest()
    case.archive.setdefault(digest, value)
    return digest


def begin(case: Case, token: Token, event: EventDefinition) -> str | None:
    """A compensation event: None while its handlers run, "next" when there is nothing to undo."""
    frames = []
    for scope in _logged(case, token):
        chosen = [entry for entry in scope.log if event.activity in (None, entry.activity)]
        if chosen:
            scope.log = [entry for entry in scope.log if entry not in chosen]
            frames.append(_frame(scope, chosen))
    if not frames:
        return "next"
    if not event.wait:
        runner = case.put(token.node, token.scope, role="undo", phase="undo")
        runner.memory["undo"] = frames
        return "next"
    token.memory["undo"] = frames
    token.phase = "undo"
    return advance(case, token)


def _logged(case: Case, token: Token) -> list[Scope]:
    """The scopes whose activities are undone, last to first: the thrower's own, around an event sub-process those it serves as well."""
    found = [token.scope.body()]
    while found[0].parent is not None and found[0].element in case.program.container(found[0].parent.body().element).handlers:
        found.insert(0, found[0].parent.body())
    return found


def _frame(scope: Scope, entries: list[Undo]) -> dict[str, Any]:
    return {"scope": scope.id, "entries": [[entry.activity, entry.values, entry.scope] for entry in entries]}


def advance(case: Case, runner: Token) -> str | None:
    """The next handler; when there is none left, on with what follows the compensation."""
    frames: list[dict[str, Any]] = runner.memory["undo"]
    for scope_id in runner.memory.pop("undone", []):
        case.drop(case.scopes.get(scope_id))
    while frames:
        frame = frames[-1]
        if not frame["entries"]:
            frames.pop()
            scope = case.scopes[frame["scope"]]
            if scope.done:
                case.drop(scope)
        elif _undo(case, runner, frames, *frame["entries"].pop()):
            return None
    del runner.memory["undo"]
    if runner.role == "undo":
        return "done"
    return leave_transaction(case, runner) if runner.memory.pop("cancelling", False) else "finish"


def _undo(case: Case, runner: Token, frames: list[dict[str, Any]], activity: str, values: dict[str, str], inner: str | None) -> bool:
    """Start undoing one activity: True when something runs now."""
    node, scope = case.node(activity), case.scopes[frames[-1]["scope"]]
    completed = case.scopes.get(inner or "")
    handler, start = node.details.get("undo_handler"), node.details.get("undo_start")
    if handler is not None and not (completed is not None and scope.kind == "multi"):
        past = case.scope("past", runner, scope, {name: case.archive[key] for name, key in values.items()})
        for name in runner.memory.setdefault("written", []):
            past.variables.pop(name, None)
        body = case.scope("body", runner, past)
        runner.memory["undone"] = [body.id, past.id, *([inner] if inner else [])]
        case.put(case.node(handler), body)
        return True
    if completed is None:
        return False
    completed.host = runner.id
    if start is not None and completed.kind != "multi":
        completed.done = False
        runner.memory["undone"] = [completed.id]
        case.put(case.node(case.node(start).container), completed, memory={"start": start})
        return True
    # No handler of its own: everything inside is undone, latest first.
    entries, completed.log = completed.log, []
    frames.append(_frame(completed, entries))
    return False


def leave_transaction(case: Case, token: Token) -> str | None:
    """Everything is undone: out of the transaction through its cancel boundary event."""
    at = case.host(token.scope.body())
    while at.role == "member" and at.host is not None:
        at = at.host
    catcher = next((id_ for id_ in at.node.boundary if any(event.kind == "cancel" for event in case.node(id_).events)), None)
    if catcher is None:
        return "leave"
    case.passed(token)
    case.put(case.node(catcher), at.scope, phase="leave")
    case.unregister(token)
    case.cancel_token(at)
    return "done"


def cancel_transaction(case: Case, token: Token) -> str | None:
    """A cancel end event: everything else in the transaction is given up, what was completed is undone, then the cancel boundary event."""
    scope = token.scope.body()
    for other in case.inside(scope):
        if other is not token:
            case.cancel_token(other)
    token.memory["cancelling"] = True
    entries, scope.log = scope.log, []
    token.memory["undo"] = [_frame(scope, entries)]
    token.phase = "undo"
    return advance(case, token)


def appended(case: Case, token: Token, written: dict[str, Any]) -> dict[str, Any]:
    """What a handler wrote, as seen from now: items it appended to a list of that time are appended to the list as it stands today."""
    past = next((scope for scope in token.place.chain() if scope.kind == "past"), None)
    if past is None:
        return written
    runner = case.tasks.get(past.host)
    found: dict[str, Any] = {}
    for name, value in written.items():
        then = past.variables.get(name)
        now = past.parent.view().get(name) if past.parent is not None else None
        found[name] = value
        if isinstance(value, list) and isinstance(then, list) and isinstance(now, list) and value[: len(then)] == then:
            found[name] = [*now, *value[len(then) :]]
        if name in past.variables and runner is not None:
            runner.memory.setdefault("written", []).append(name)
    return found
