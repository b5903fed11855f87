"""What every flow node does: enter, leave through its flows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff import evaluation
from engine.spiff.problem import Problem
from engine.spiff.scope import Held, Scope
from engine.spiff.specs import Flow, Node
from engine.spiff.token import Token

if TYPE_CHECKING:
    from engine.spiff.case import Case


class FlowNode(Node):
    """A step names the phase that follows: "leave", "finish"..., "done" when the token has nothing left to do, None when it waits."""

    def perform(self, case: Case, token: Token) -> str | None:
        if token.phase == "enter":
            return self.on_enter(case, token)
        if token.phase == "execute":
            return self.on_execute(case, token)
        if token.phase == "finish":
            return self.on_finish(case, token)
        return self.on_leave(case, token)

    def on_enter(self, case: Case, token: Token) -> str | None:
        return "leave"

    def on_execute(self, case: Case, token: Token) -> str | None:
        return "finish"

    def on_finish(self, case: Case, token: Token) -> str | None:
        return "leave"

    def on_leave(self, case: Case, token: Token) -> str | None:
        flows = self.choose(case, token)
        case.passed(token)
        for flow in flows:
            for _ in range(self.completion_quantity):
                case.send(flow, token.scope)
        return "done"

    def choose(self, case: Case, token: Token) -> list[Flow]:
        """Flows without condition, and those whose condition holds; the default where no condition held."""
        if not any(flow.condition for flow in self.outgoing) and self.default is None:
            return self.outgoing
        conditional = [flow for flow in self.outgoing if flow.condition is not None and flow.id != self.default]
        chosen = {flow.id for flow in conditional if self.holds(flow, token)}
        free = {flow.id for flow in self.outgoing if flow.condition is None and flow.id != self.default}
        if self.default is not None and not chosen:
            chosen.add(self.default)
        if not chosen and not free:
            raise Problem("no_flow", f"no condition of the flows leaving {self.id} is true, and none of them is the default")
        return [flow for flow in self.outgoing if flow.id in chosen or flow.id in free]

    def holds(self, flow: Flow, token: Token) -> bool:
        return flow.condition is None or evaluation.condition(flow.condition, token.place.view())

    def hold(self, case: Case, token: Token) -> Held:
        """Count the token among those that have arrived and wait here for others."""
        held = token.scope.held.get(self.id)
        if held is None:
            held = token.scope.held[self.id] = Held({}, token.entered)
        flow = token.via[0] if token.via else ""
        held.counts[flow] = held.counts.get(flow, 0) + 1
        return held

    def take(self, token: Token, held: Held, flows: list[str]) -> None:
        """One waiting token of each of `flows` goes on as `token`."""
        for flow in flows:
            held.counts[flow] -= 1
            if not held.counts[flow]:
                del held.counts[flow]
        token.via = tuple(flow for flow in flows if flow)
        token.entered = held.since
        if not held.counts and not held.fired:
            del token.scope.held[self.id]

    def release(self, case: Case, scope: Scope) -> bool:
        """A gateway that waits for tokens which cannot come any more goes on: True when it did."""
        return False

    def continues(self, case: Case, token: Token, scope: Scope) -> bool:
        """Nothing lives in the body of `token` any more: True when there is more to do in it."""
        return False

    def look(self, case: Case, token: Token) -> None:
        """The data has changed: a conditional event may happen."""
