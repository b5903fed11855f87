"""Gateways: where tokens choose, split, and wait for each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.spiff import evaluation
from engine.spiff.flownode import FlowNode
from engine.spiff.problem import Problem
from engine.spiff.scope import Held, Scope
from engine.spiff.specs import Flow
from engine.spiff.token import Token

if TYPE_CHECKING:
    from engine.spiff.case import Case


class ExclusiveGateway(FlowNode):
    """The first flow, in document order, whose condition holds."""

    def choose(self, case: Case, token: Token) -> list[Flow]:
        default: list[Flow] = []
        for flow in self.outgoing:
            if flow.id == self.default:
                default = [flow]
            elif self.holds(flow, token):
                return [flow]
        if self.outgoing and not default:
            raise Problem("no_flow", f"no condition of the flows leaving gateway {self.id} is true, and none of them is the default")
        return default


class ParallelGateway(FlowNode):
    """Waits for one token of every incoming flow; leaves through all."""

    def on_enter(self, case: Case, token: Token) -> str | None:
        if len(self.incoming) < 2:
            return "leave"
        held = self.hold(case, token)
        flows = [flow.id for flow in self.incoming]
        if not all(held.counts.get(flow) for flow in flows):
            return "done"
        self.take(token, held, flows)
        return "leave"

    def choose(self, case: Case, token: Token) -> list[Flow]:
        return self.outgoing


class InclusiveGateway(FlowNode):
    """Waits for every token that can still arrive; leaves through every flow whose condition holds."""

    def on_enter(self, case: Case, token: Token) -> str | None:
        if len(self.incoming) < 2:
            return "leave"
        self.hold(case, token)
        case.joins[(token.scope.id, self.id)] = None
        return "done"

    def release(self, case: Case, scope: Scope) -> bool:
        held = scope.held.get(self.id)
        if held is None or self.awaited(case, scope, held, set(held.counts)):
            return False
        token = case.put(self, scope, phase="leave")
        self.take(token, held, list(held.counts))
        if self.id not in scope.held:
            case.joins.pop((scope.id, self.id), None)
        return True

    def awaited(self, case: Case, scope: Scope, held: Held, full: set[str]) -> bool:
        """Whether a token of this scope can reach an incoming flow that has none yet, and cannot as well reach one that has."""
        reach = case.program.reach(self)
        places = {token.node.id for token in case.inside(scope) if not token.subscription}
        places |= {node_id for node_id in scope.held if node_id != self.id}
        places.discard(self.id)
        for place in places:
            found = reach.get(place, frozenset())
            if found - full and not found & full:
                return True
        return False


class ComplexGateway(InclusiveGateway):
    """Goes on as soon as its activation condition holds, then swallows the tokens that come late, and starts over."""

    def on_enter(self, case: Case, token: Token) -> str | None:
        condition = self.details.get("activation")
        if len(self.incoming) < 2 or condition is None:
            return "leave"
        held = self.hold(case, token)
        case.joins[(token.scope.id, self.id)] = None
        if held.fired:
            return "done"
        view = {**token.place.view(), "activationCount": sum(held.counts.values()), "waitingForStart": True}
        view.update({flow.id: held.counts.get(flow.id, 0) for flow in self.incoming})
        if not evaluation.condition(condition, view):
            return "done"
        held.fired = list(held.counts)
        self.take(token, held, held.fired)
        return "leave"

    def holds(self, flow: Flow, token: Token) -> bool:
        if flow.condition is None:
            return True
        return evaluation.condition(flow.condition, {**token.place.view(), "waitingForStart": not token.memory.get("late")})

    def release(self, case: Case, scope: Scope) -> bool:
        held = scope.held.get(self.id)
        if held is None or not held.fired or self.awaited(case, scope, held, {*held.fired, *held.counts}):
            return False
        late = [flow for flow in held.counts if flow not in held.fired]
        for flow in late:
            held.counts[flow] -= 1
        held.counts = {flow: count for flow, count in held.counts.items() if count}
        held.fired = []
        again = [flow for flow in self.outgoing if "waitingForStart" in (flow.condition or "")]
        if late and again:
            case.put(self, scope, phase="late", memory={"late": True})
        waiting, held.counts = held.counts, {}
        if not waiting:
            del scope.held[self.id]
            case.joins.pop((scope.id, self.id), None)
        else:
            held.counts = waiting
            self._restart(case, scope, held)
        case.settle(scope)
        return True

    def _restart(self, case: Case, scope: Scope, held: Held) -> None:
        """Tokens that came twice on one flow begin the next round."""
        flow = next(iter(held.counts))
        held.counts[flow] -= 1
        if not held.counts[flow]:
            del held.counts[flow]
        case.put(self, scope, via=(flow,))

    def perform(self, case: Case, token: Token) -> str | None:
        if token.phase != "late":
            return super().perform(case, token)
        for flow in self.outgoing:
            if "waitingForStart" in (flow.condition or "") and self.holds(flow, token):
                case.send(flow, token.scope)
        return "done"


class EventBasedGateway(FlowNode):
    """Waits for the first of the events behind it."""

    early = True

    def on_enter(self, case: Case, token: Token) -> str | None:
        for flow in self.outgoing:
            case.put(case.node(flow.target), token.scope, via=(flow.id,), host=token, role="branch")
        return None
