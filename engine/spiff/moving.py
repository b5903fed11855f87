"""Carry the stored state of a case over to another version of its process: every token to the element that stands for its own."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from engine.spiff import catching, evaluation, storage
from engine.spiff.case import Case, Decide, Told
from engine.spiff.execution import Execution
from engine.spiff.obstacle import Obstacle
from engine.spiff.program import Program
from engine.spiff.scope import Scope
from engine.spiff.specs import EventDefinition, Node
from engine.spiff.token import Token
from engine.spiff.wait import Effects, WaitKind

_LISTENING = ("boundary", "start")


class Move:
    """From `old` to `new`. `mapping`: element ids of the old version -> of the new one; what is not in it keeps its id."""

    def __init__(self, old: Program, new: Program, mapping: Mapping[str, str]) -> None:
        self.old, self.new = old, new
        self._mapping = {**mapping, old.key: new.key}

    def target(self, element_id: str) -> str:
        """The id in the new version."""
        return self._mapping.get(element_id, element_id)

    def places(self, state: Mapping[str, Any]) -> list[str]:
        """Where the case stands, by the ids of the new version: elements with a token, and joins at which a branch has arrived."""
        tokens = [token["node"] for token in state["tokens"] if token.get("role") not in _LISTENING]
        return [self.target(id_) for id_ in [*tokens, *(node for scope in state["scopes"] for node in scope.get("held", {}))]]

    def obstacles(self, state: Mapping[str, Any]) -> list[Obstacle]:
        """What stands in the way of this one case; empty: it moves. Labels, documentation and layout never do."""
        return [*self._of_tokens(state), *self._of_joins(state), *self._of_compensation(state)]

    def _of_tokens(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        for token in state["tokens"]:
            if token.get("role") in _LISTENING:
                continue
            yield from self._of_token(token["node"])

    def _of_token(self, element_id: str) -> Iterator[Obstacle]:
        before, after = self.old.nodes[element_id], self.new.nodes.get(self.target(element_id))
        if after is None:
            yield Obstacle(
                element_id,
                f"Hồ sơ đang ở “{_label(before)}”, bước này không có trong bản mới. Hãy chọn bước tương ứng.",
                f"The case stands at “{_label(before)}”, which the new version does not have. Choose the element that takes its place.",
                kind="counterpart",
            )
        elif _shape(before) != _shape(after):
            yield Obstacle(
                element_id,
                f"“{_label(before)}” là {before.kind}, nhưng “{_label(after)}” của bản mới là {after.kind}, lặp hoặc chờ theo cách khác.",
                f"“{_label(before)}” is a {before.kind}, but “{_label(after)}” of the new version is a {after.kind}, repeats or waits"
                " differently.",
            )
        elif after.container != self.target(before.container):
            yield Obstacle(
                element_id,
                f"“{_label(before)}” nằm trong {before.container}, nhưng ở bản mới nằm trong {after.container}.",
                f"“{_label(before)}” is inside {before.container}, but inside {after.container} in the new version.",
            )

    def _of_joins(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        for scope in state["scopes"]:
            targets = [self.target(node_id) for node_id in scope.get("held", {})]
            for node_id, held in scope.get("held", {}).items():
                yield from self._of_token(node_id)
                if targets.count(self.target(node_id)) > 1:
                    yield Obstacle(
                        node_id,
                        f"Đã có nhánh đến {node_id} và đến một cổng khác cũng chuyển thành {self.target(node_id)}.",
                        f"Branches have arrived at {node_id} and at another gateway that becomes {self.target(node_id)} too.",
                    )
                after = self.new.nodes.get(self.target(node_id))
                if after is not None and any(flow and self._flow(flow, after) is None for flow in (*held[0], *held[2])):
                    yield Obstacle(
                        node_id,
                        f"Đã có nhánh đến “{_label(after)}”, nhưng bản mới không có luồng tương ứng đi vào đó.",
                        f"A branch has arrived at “{_label(after)}”, but no flow of the new version that leads there stands for its own.",
                    )

    def _of_compensation(self, state: Mapping[str, Any]) -> Iterator[Obstacle]:
        logs = [scope.get("log", ()) for scope in state["scopes"]]
        logs += [frame["entries"] for token in state["tokens"] for frame in token.get("memory", {}).get("undo", ())]
        for activity in dict.fromkeys(entry[0] for log in logs for entry in log):
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

    def execute(self, state: Mapping[str, Any], *, now: datetime, decide: Decide | None = None, calendar: Told | None = None) -> Execution:
        """The case in the new version. Its obstacles() are empty. Open work keeps its place; timers and boundary events follow the new one.

        Raises ExpressionError where a form, a name, a timer or a default of the new version cannot be evaluated.
        """
        lost = {token["id"] for token in state["tokens"] if token.get("role") in _LISTENING and not self._keeps_listening(token["node"])}
        moved = {
            **state,
            "tokens": [self._token(token) for token in state["tokens"] if token["id"] not in lost],
            "scopes": [self._scope(scope) for scope in state["scopes"]],
            "failures": [[row[0], self.target(row[1]), *row[2:]] for row in state["failures"] if row[0] not in lost],
            "joins": [[scope, self.target(node)] for scope, node in state["joins"]],
        }
        case = storage.load(self.new, moved, now, decide, calendar)
        before = storage.load(self.old, state, now, decide)
        case.effects = Effects(
            closed=[wait for wait in before.waits.values() if before.owners[wait.id] in lost],
            withdrawn=[failure for failure in before.failures if failure in lost],
        )
        for name, source in self.new.defaults.items():
            if name not in self.old.defaults and name not in case.root.variables:
                case.root.variables[name] = evaluation.value(source, case.root.view())
        for token in [token for token in case.tasks.values() if token.id in before.tasks and token.id != "t0"]:
            self._follow(case, token, before.token(token.id).node)
        self._listen(case)
        execution = Execution(case)
        execution._go_on()
        return execution

    def _keeps_listening(self, node_id: str) -> bool:
        """Whether what a boundary event or the start of an event sub-process listens for is still there."""
        before, after = self.old.nodes[node_id], self.new.nodes.get(self.target(node_id))
        if after is None or not after.waiting or _kinds(after) != _kinds(before):
            return False
        if before.attached_to is not None:
            return after.attached_to == self.target(before.attached_to)
        around = self.new.nodes.get(after.container)
        return around is not None and around.container == self.target(self.old.nodes[before.container].container)

    def _token(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {**row, "node": self.target(row["node"])}
        if "waits" in row:
            found["waits"] = [{**wait, "element_id": self.target(wait["element_id"])} for wait in row["waits"]]
        memory = row.get("memory", {})
        if "start" in memory:
            found["memory"] = memory = {**memory, "start": self.target(memory["start"])}
        if "inner" in memory:
            found["memory"] = memory = {**memory, "inner": [self.target(id_) for id_ in memory["inner"]]}
        if "undo" in memory:
            frames = [{**frame, "entries": self._log(frame["entries"])} for frame in memory["undo"]]
            found["memory"] = {**memory, "undo": frames}
        return found

    def _scope(self, row: Mapping[str, Any]) -> dict[str, Any]:
        found = {**row, "element": self.target(row["element"])}
        if "held" in row:
            found["held"] = {self.target(node): self._held(held, self.new.nodes[self.target(node)]) for node, held in row["held"].items()}
        if "log" in row:
            found["log"] = self._log(row["log"])
        return found

    def _log(self, entries: Iterable[list[Any]]) -> list[list[Any]]:
        """What can be undone: activity, values, scope."""
        return [[self.target(activity), *rest] for activity, *rest in entries]

    def _held(self, held: list[Any], after: Node) -> list[Any]:
        counts, since, fired = held
        return [
            {self._flow(flow, after) or flow: n for flow, n in counts.items()},
            since,
            [self._flow(flow, after) or flow for flow in fired],
        ]

    def _follow(self, case: Case, token: Token, before: Node) -> None:
        """What is decided when a place opens and people see: its form and name; a topic; and an event that reads differently now."""
        node = token.node
        for wait in list(token.waits.values()):
            view = token.place.view()
            if wait.kind is WaitKind.USER_TASK:
                form = evaluation.text(node.element.camunda("formRef") or node.element.camunda("formKey"), view)
                name = str(evaluation.value(node.element.name, view)) or node.id
                token.waits[wait.id] = case.waits[wait.id] = replace(wait, form=form, name=name)
            elif wait.kind is WaitKind.JOB:
                topic = evaluation.text(_topic(node), view) or wait.topic
                token.waits[wait.id] = case.waits[wait.id] = replace(wait, topic=topic)
        if token.waits and node.events and _waited(node) != _waited(before):
            moment = case.now
            # Counted from when the case came there, as if the new version had been there from the start.
            case.now = token.entered
            try:
                catching.arm(case, token)
            finally:
                case.now = moment

    def _listen(self, case: Case) -> None:
        """Boundary events, event sub-processes and events behind an event-based gateway that are new listen from now on."""
        known = {self.target(node.id) for node in self.old.nodes.values() if node.waiting and self._known(node)}
        for token in [token for token in case.tasks.values() if token.id != "t0"]:
            if token.node.activity and token.role == "" and token.phase != "enter":
                for boundary in token.node.boundary:
                    if case.node(boundary).waiting and boundary not in known:
                        case.put(case.node(boundary), token.scope, host=token, role="boundary")
            elif token.node.kind == "eventBasedGateway":
                here = {child.node.id for child in token.children if child.role == "branch"}
                for flow in token.node.outgoing if here else ():
                    if flow.target not in here:
                        case.put(case.node(flow.target), token.scope, via=(flow.id,), host=token, role="branch")
        for scope in [scope for scope in case.scopes.values() if scope.kind in ("process", "body") and not scope.done]:
            self._listen_within(case, scope, known)

    def _listen_within(self, case: Case, scope: Scope, known: set[str]) -> None:
        begun = [self.new.nodes.get(inner.memory["start"]) for inner in case.inside(scope) if "start" in inner.memory]
        if any(start is None or start.interrupting for start in begun):
            return  # An interrupting event sub-process has ended all other listening here.
        if "undo" in case.host(scope).memory:
            return  # It is over, and being undone.
        for handler in self.new.container(scope.element).handlers:
            body = case.node(handler).body
            for start in body.starts if body else ():
                if case.node(start).waiting and start not in known:
                    case.put(case.node(start), scope, role="start")

    def _known(self, node: Node) -> bool:
        """Whether the old version listened already for what stands for `node` now: then it listens still, or has happened."""
        if node.kind != "boundaryEvent" and node.container not in self.old.nodes:
            return False
        return self._keeps_listening(node.id)


def _topic(node: Node) -> str | None:
    """Of an activity, or of the message that an event throws."""
    found: str | None = node.details.get("topic")
    return found or next((event.topic for event in node.events if event.topic is not None), None)


def _kinds(node: Node) -> list[str]:
    return [event.kind for event in node.events]


def _waited(node: Node) -> list[EventDefinition]:
    """What its places were opened for. Conditions are looked at again at every change of the data."""
    return [event for event in node.events if event.kind in catching.WAITED_FOR and event.kind != "conditional"]


def _shape(node: Node) -> tuple[object, ...]:
    """What has to be the same for a token to stand at one node instead of another."""
    many = node.multiple and (node.multiple.sequential, "multiple")
    topic, events = _topic(node) is not None, _kinds(node) if node.waiting else []
    return (node.kind, many, node.loop is not None, topic, node.interrupting, events)


def _label(node: Node) -> str:
    return node.element.name or node.id
