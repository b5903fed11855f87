"""The state of a case as plain JSON values, without anything of its program; and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import datetime
from typing import Any

from SpiffWorkflow import TaskState

from engine.expressions import from_json, to_json
from engine.spiff.case import Case, Decide, Told
from engine.spiff.program import Program
from engine.spiff.scope import Held, Scope, Undo
from engine.spiff.token import Token
from engine.spiff.wait import Failure, Wait, WaitKind

FORMAT = 1
_TOKEN = {"role": "", "phase": "enter", "via": (), "memory": {}}


def dump(case: Case) -> dict[str, Any]:
    """Everything load() needs."""
    return {
        "format": FORMAT,
        "status": case.status,
        "business_key": case.business_key,
        "counter": case.counter,
        "tokens": [_token(token) for token in case.tasks.values() if token.id != "t0"],
        "scopes": [_scope(scope) for scope in case.scopes.values()],
        "failures": [[f.retry, f.element_id, f.kind, f.message, f.line] for f in case.failures.values()],
        "archive": {key: to_json(case.archive[key]) for key in sorted(_referred(case))},
        "joins": [list(key) for key in case.joins],
    }


def _referred(case: Case) -> set[str]:
    found = {key for scope in case.scopes.values() for entry in scope.log for key in entry.values.values()}
    for token in case.tasks.values():
        for frame in token.memory.get("undo", ()):
            found |= {key for entry in frame["entries"] for key in entry[1].values()}
    return found


def _token(token: Token) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": token.id,
        "node": token.node.id,
        "scope": token.scope.id,
        "parent": token.parent.id,
        "state": token.state,
        "entered": token.entered.isoformat(),
    }
    for name, default in _TOKEN.items():
        if (value := getattr(token, name)) != default:
            found[name] = to_json(value)
    if token.own is not None:
        found["own"] = token.own.id
    if token.waits:
        found["waits"] = [_wait(wait) for wait in token.waits.values()]
    return found


def _wait(wait: Wait) -> dict[str, Any]:
    default = Wait(wait.id, wait.kind, wait.element_id)
    found: dict[str, Any] = {"id": wait.id, "kind": str(wait.kind), "element_id": wait.element_id}
    for field in fields(Wait):
        value = getattr(wait, field.name)
        # A call was handed its variables when it was opened, a table has its rules; the properties stand in the diagram.
        known = field.name in ("properties", "rules") or (field.name == "variables" and wait.kind is WaitKind.CALL)
        if field.name not in found and not known and value != getattr(default, field.name):
            found[field.name] = to_json(value)
    return found


def _scope(scope: Scope) -> dict[str, Any]:
    found: dict[str, Any] = {"id": scope.id, "kind": scope.kind, "element": scope.element, "host": scope.host}
    if scope.parent is not None:
        found["parent"] = scope.parent.id
    for name in ("variables", "state"):
        if getattr(scope, name):
            found[name] = to_json(getattr(scope, name))
    if scope.held:
        found["held"] = {node: [held.counts, held.since.isoformat(), held.fired] for node, held in scope.held.items()}
    if scope.log:
        found["log"] = [[entry.activity, entry.values, entry.scope] for entry in scope.log]
    for name in ("isolated", "done"):
        if getattr(scope, name):
            found[name] = True
    return found


def load(program: Program, state: Mapping[str, Any], now: datetime, decide: Decide | None, calendar: Told | None = None) -> Case:
    """The case that dump() was given. Raises ValueError for a state of another format."""
    if state.get("format") != FORMAT:
        raise ValueError(f"Expected a state of format {FORMAT}, but found {state.get('format')}")
    case = Case(program, now, decide, calendar)
    case.status, case.business_key, case.counter = state["status"], state["business_key"], state["counter"]
    case.completed = case.status != "active"
    _load_scopes(case, state["scopes"])
    for found in state["tokens"]:
        _load_token(case, found)
    case.failures = {row[0]: Failure(*row) for row in state["failures"]}
    case.archive = from_json(state["archive"])
    case.joins = dict.fromkeys((row[0], row[1]) for row in state["joins"])
    return case


def _load_scopes(case: Case, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        scope = case.root
        if row["id"] != case.root.id:
            scope = Scope(row["id"], row["kind"], row["element"], None, row["host"])
        case.scopes[scope.id] = scope
        scope.variables = from_json(row.get("variables", {}))
        scope.state = from_json(row.get("state", {}))
        scope.held = {n: Held(dict(h[0]), datetime.fromisoformat(h[1]), list(h[2])) for n, h in row.get("held", {}).items()}
        scope.log = [Undo(*entry) for entry in row.get("log", ())]
        scope.isolated, scope.done = row.get("isolated", False), row.get("done", False)
    for row in rows:
        if "parent" in row:
            case.scopes[row["id"]].parent = case.scopes[row["parent"]]


def _load_token(case: Case, row: dict[str, Any]) -> None:
    token = Token(
        case,
        case.node(row["node"]),
        case.scopes[row["scope"]],
        case.tasks.get(row["parent"]),
        row["id"],
        datetime.fromisoformat(row["entered"]),
    )
    token._set_state(TaskState(row["state"]) if not isinstance(row["state"], int) else row["state"])
    token.role, token.phase = row.get("role", ""), row.get("phase", "enter")
    token.via = tuple(row.get("via", ()))
    token.memory = from_json(row.get("memory", {}))
    token.own = case.scopes.get(row.get("own", ""))
    for found in row.get("waits", ()):
        wait = _restored_wait(token, found)
        token.waits[wait.id] = wait
        case.owners[wait.id] = token.id
        case.waits[wait.id] = wait
    if "conditions" in token.memory and token.state != TaskState.ERROR:
        case.listening[token.id] = None
    if not token.subscription:
        token.scope.live += 1


def _restored_wait(token: Token, row: dict[str, Any]) -> Wait:
    values = {key: from_json(value) for key, value in row.items()}
    for name in ("candidate_users", "candidate_groups"):
        if name in values:
            values[name] = tuple(values[name])
    kind = WaitKind(values.pop("kind"))
    if kind in (WaitKind.USER_TASK, WaitKind.JOB, WaitKind.CALL, WaitKind.MESSAGE):
        values["properties"] = token.node.element.properties
    return Wait(kind=kind, **values)
