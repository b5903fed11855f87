"""Carry the stored state of a case over to another version of its process: every token to the element that stands for its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from engine.spiff import catching, evaluation, storage
from engine.spiff.case import Case, Decide
from engine.spiff.execution import Execution
from engine.spiff.program import Program
from engine.spiff.specs import Node
from engine.spiff.token import Token
from engine.spiff.wait import Effects, WaitKind

_LISTENING = ("boundary", "start")


@dataclass(frozen=True)
class Obstacle:
    """Why a case cannot move as it stands. `element_id` is the old version's; the sentences say what was expected and found."""

    element_id: str
    vi: str
    en: str


class Move:
    """From `old` to `new`. `mapping`: element ids of the old version -> of the new one; what is not in it keeps its id."""

    def __init__(self, old: Program, new: Program, mapping: Mapping[str, str]) -> None:
        self.old, self.new = old, new
        self._mapping = {**mapping, old.key: new.key}

    def target(self, element_id: str) -> str:
        """The id in the new version."""
        return self._mapping.get(element_id, element_id)

    def obstacles(self, state: Mapping[str, Any]) -> list[Obstacle]:
        """What stands in the way of this one case; empty: it moves. Labels, documentation and layout never do."""
        return [*self._of_tokens(state), *self._of_joins(state), *self._of_compensation(state)]

    def _of_tokens(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        scopes = {scope["id"]: scope for scope in state["scopes"]}
        for token in state["tokens"]:
            if token.get("role") in _LISTENING:
                continue
            if "undo" in token.get("memory", {}):
                yield Obstacle(
                    token["node"], "Hồ sơ đang bồi hoàn; hãy chuyển sau khi xong.", "The case is compensating; move it when that is done."
                )
            yield from self._of_token(token["node"], scopes[token["scope"]]["element"])

    def _of_token(self, element_id: str, around: str) -> Iterator[Obstacle]:
        before, after = self.old.nodes[element_id], self.new.nodes.get(self.target(element_id))
        if after is None:
            yield Obstacle(
                element_id,
                f"Hồ sơ đang ở “{_label(before)}”, bước này không có trong bản mới. Hãy chọn bước tương ứng.",
                f"The case stands at “{_label(before)}”, which the new version does not have. Choose the element that takes its place.",
            )
        elif _shape(before) != _shape(after):
            yield Obstacle(
                element_id,
                f"“{_label(before)}” là {before.kind}, nhưng “{_label(after)}” của bản mới là {after.kind} hoặc lặp cách khác.",
                f"“{_label(before)}” is a {before.kind}, but “{_label(after)}” of the new version is a {after.kind} or repeats differently.",
            )
        elif after.container != self.target(around):
            yield Obstacle(
                element_id,
                f"“{_label(before)}” nằm trong {around}, nhưng ở bản mới nằm trong {after.container}.",
                f"“{_label(before)}” is inside {around}, but inside {after.container} in the new version.",
            )

    def _of_joins(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        for scope in state["scopes"]:
            for node_id, held in scope.get("held", {}).items():
                yield from self._of_token(node_id, scope["element"])
                after = self.new.nodes.get(self.target(node_id))
                if after is not None and any(flow and self._flow(flow, after) is None for flow in (*held[0], *held[2])):
                    yield Obstacle(
                        node_id,
                        f"Đã có nhánh đến “{_label(after)}”, nhưng bản mới không có luồng tương ứng đi vào đó.",
                        f"A branch has arrived at “{_label(after)}”, but no flow of the new version that leads there stands for its own.",
                    )

    def _of_compensation(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        for scope in state["scopes"]:
            for activity, *_ in scope.get("log", ()):
                if self.target(activity) not in self.new.nodes:
                    yield Obstacle(
                        activity,
                        f"“{_label(self.old.nodes[activity])}” đã làm và có thể phải bồi hoàn, nhưng không có trong bản mới.",
                        f"“{_label(self.old.nodes[activity])}” was done and may have to be undone, but is not in the new version.",
                    )

    def _flow(self, flow_id: str, after: Node) -> str | None:
        """The incoming flow of `after` that stands for an old one: of the same id, else the only one from the same element."""
        if any(flow.id == flow_id for flow in after.incoming):
            return flow_id
        source = next((flow.source for node in self.old.nodes.values() for flow in node.outgoing if flow.id == flow_id), "")
        found = [flow.id for flow in after.incoming if flow.source == self.target(source)]
        return found[0] if len(found) == 1 else None

    # --- doing it ----------------------------------------------------------------------------------------------------------------------

    def execute(self, state: Mapping[str, Any], *, now: datetime, decide: Decide | None = None) -> Execution:
        """The case in the new version. Its obstacles() are empty. Open work keeps its place; timers and boundary events follow the new one."""
        gone = [token for token in state["tokens"] if token.get("role") in _LISTENING and not self._listens(token, state)]
        lost = {token["id"] for token in gone}
        moved = {
            **state,
            "tokens": [self._token(token) for token in state["tokens"] if token["id"] not in lost],
            "scopes": [self._scope(scope) for scope in state["scopes"]],
            "failures": [[row[0], self.target(row[1]), *row[2:]] for row in state["failures"]],
            "joins": [[scope, self.target(node)] for scope, node in state["joins"]],
        }
        case = storage.load(self.new, moved, now, decide)
        before = storage.load(self.old, state, now, decide)
        case.effects = Effects(closed=[wait for wait in before.waits.values() if before.owners[wait.id] in lost])
        for token in [token for token in case.tasks.values() if token.id in before.tasks and token.id != "t0"]:
            self._follow(case, token, before.token(token.id).node)
        self._listen(case)
        execution = Execution(case)
        execution._go_on()
        return execution

    def _listens(self, token: Mapping[str, Any], state: Mapping[str, Any]) -> bool:
        """Whether what a subscription listens for is still there."""
        after = self.new.nodes.get(self.target(token["node"]))
        before = self.old.nodes[token["node"]]
        if after is None or not after.waiting or [e.kind for e in after.events] != [e.kind for e in before.events]:
            return False
        if token["role"] == "boundary":
            return after.attached_to == self.target(before.attached_to or "")
        around = next(scope["element"] for scope in state["scopes"] if scope["id"] == token["scope"])
        return after.container in self.new.nodes and self.new.nodes[after.container].container == self.target(around)

    def _token(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {**row, "node": self.target(row["node"])}
        if "waits" in row:
            found["waits"] = [{**wait, "element_id": self.target(wait["element_id"])} for wait in row["waits"]]
        if "start" in row.get("memory", {}):
            found["memory"] = {**row["memory"], "start": self.target(row["memory"]["start"])}
        return found

    def _scope(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {**row, "element": self.target(row["element"])}
        if "held" in row:
            found["held"] = {self.target(node): self._held(held, self.new.nodes[self.target(node)]) for node, held in row["held"].items()}
        if "log" in row:
            found["log"] = [[self.target(activity), *rest] for activity, *rest in row["log"]]
        return found

    def _held(self, held: list[Any], after: Node) -> list[Any]:
        counts, since, fired = held
        return [
            {self._flow(flow, after) or flow: n for flow, n in counts.items()},
            since,
            [self._flow(flow, after) or flow for flow in fired],
        ]

    def _follow(self, case: Case, token: Token, before: Node) -> None:
        """What is decided when a place opens and people see: its form and name; and a timer that reads differently now."""
        node = token.node
        for wait in list(token.waits.values()):
            if wait.kind is WaitKind.USER_TASK:
                view = token.place.view()
                form = evaluation.text(node.element.camunda("formRef") or node.element.camunda("formKey"), view)
                name = str(evaluation.value(node.element.name, view)) or node.id
                token.waits[wait.id] = case.waits[wait.id] = replace(wait, form=form, name=name)
        timers = [event for event in node.events if event.kind == "timer"]
        if timers and token.waits and timers != [event for event in before.events if event.kind == "timer"]:
            moment = case.now
            # Counted from when the case came there, as if the new version had been there from the start.
            case.now = token.entered
            catching.arm(case, token)
            case.now = moment

    def _listen(self, case: Case) -> None:
        """Boundary events and event sub-processes that only the new version has listen from now on."""
        known = {self.target(node_id) for node_id in self.old.nodes}
        for token in [token for token in case.tasks.values() if token.node and token.id != "t0" and not token.role and token.node.activity]:
            for boundary in token.node.boundary:
                if case.node(boundary).waiting and boundary not in known:
                    case.put(case.node(boundary), token.scope, host=token, role="boundary")
        for scope in [scope for scope in case.scopes.values() if scope.kind in ("process", "body") and not scope.done]:
            for handler in self.new.container(scope.element).handlers:
                body = case.node(handler).body
                for start in body.starts if body and handler not in known else ():
                    if case.node(start).waiting:
                        case.put(case.node(start), scope, role="start")


def _shape(node: Node) -> tuple[object, ...]:
    """What has to be the same for a token to stand at one node instead of another."""
    many = node.multiple and (node.multiple.sequential, "multiple")
    return (node.kind, many, node.loop is not None, node.details.get("topic") is not None, node.interrupting)


def _label(node: Node) -> str:
    return node.element.name or node.id
