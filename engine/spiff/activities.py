"""Activities: what surrounds the work itself (inputs, outputs, boundary events, members), and the kinds that need nobody."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from engine import expressions
from engine.spiff import compensation, evaluation, multiple
from engine.spiff.flownode import FlowNode
from engine.spiff.problem import Problem
from engine.spiff.scope import Scope
from engine.spiff.token import Token

if TYPE_CHECKING:
    from engine.spiff.case import Case


class Activity(FlowNode):
    """enter -> (members | execute) -> finish -> leave. A plain task needs nobody: it is passed."""

    activity = True

    def perform(self, case: Case, token: Token) -> str | None:
        if token.phase == "members":
            return multiple.open_members(case, token)
        return super().perform(case, token)

    def on_enter(self, case: Case, token: Token) -> str | None:
        if token.role == "branch":
            return self.on_execute(case, token)
        if token.role == "member":
            self.take_inputs(case, token)
            return "execute"
        if self.start_quantity > 1 and not token.memory.get("counted"):
            held = self.hold(case, token)
            if sum(held.counts.values()) < self.start_quantity:
                return "done"
            flows = [flow for flow, count in held.counts.items() for _ in range(count)]
            self.take(token, held, flows)
            token.memory["counted"] = True
        many = self.multiple is not None or self.loop is not None
        if not many:
            self.take_inputs(case, token)
        armed = [case.put(case.node(b), token.scope, host=token, role="boundary") for b in self.boundary if case.node(b).waiting]
        following = "members" if many else "execute"
        if not armed:
            return following
        # What waits at the boundary is open before the work begins, and may prevent it.
        case.schedule(token, following)
        return None

    def take_inputs(self, case: Case, token: Token) -> None:
        """Variables of the activity's own: its inputs and what its diagram declares for it."""
        body = self.body is not None
        if not (self.inputs_ or self.declares or body or token.own):
            return
        found = {name: evaluation.made(recipe, token.place.view()) for name, recipe in self.inputs_}
        if token.own is None:
            token.own = case.scope("body" if body else "own", token, token.scope)
        token.own.variables.update(dict.fromkeys(self.declares))
        token.own.variables.update(found)

    def on_finish(self, case: Case, token: Token) -> str | None:
        many = token.role != "member" and (self.multiple is not None or self.loop is not None)
        if not many and self.outputs_ and not token.memory.get("skipped"):
            view = token.place.view()
            found = {name: evaluation.made(recipe, view) for name, recipe in self.outputs_}
            case.write(self.outer(token), found)
        if token.role == "member":
            return multiple.member_done(case, token)
        for child in list(token.children):
            if child.subscription and child.role == "boundary":
                case.cancel_token(child)
        if not token.memory.get("skipped"):
            compensation.note(case, token)
        if token.own is not None and not token.own.done:
            case.drop(token.own)
        token.own = None
        return "leave"

    def outer(self, token: Token) -> Scope:
        """Where outputs are written: outside the activity, but inside the member it is executed for."""
        return token.own if token.role == "member" and token.own is not None else token.scope

    def on_leave(self, case: Case, token: Token) -> str | None:
        around = case.host(token.scope).node if token.scope.kind == "body" else None
        if around is not None and around.ad_hoc is not None and around.satisfied(case, token):
            case.passed(token)
            return "done"
        if token.memory.get("silent") or token.memory.get("skipped"):
            # Its members were counted one by one; without any it was not done.
            if token.memory.get("skipped"):
                case.passed(token, "skipped")
            for flow in self.choose(case, token):
                for _ in range(self.completion_quantity):
                    case.send(flow, token.scope)
            return "done"
        return super().on_leave(case, token)

    def handed_over(self, token: Token) -> dict[str, Any]:
        """The inputs, as variables to be given to whoever does the work."""
        view = token.place.view()
        return {name: view[name] for name, _ in self.inputs_ if name in view}


class ScriptTask(Activity):
    """Runs its script over the variables it sees; what it sets or changes is written back."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        written = expressions.run_script(self.details["script"], token.place.view())
        case.write(token.place, compensation.appended(case, token, written))
        return "finish"


class BusinessRuleTask(Activity):
    """Asks a decision. What it saw, which rules matched and what came of it go into history."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        view = token.place.view()
        reference = evaluation.text(self.details["decision"], view) or ""
        if case.decide is None:
            raise Problem("decision", f"no decisions are at hand to evaluate {reference}")
        outcome = case.decide(reference, view)
        result = mapped(outcome, self.details.get("mapping"))
        target = self.details.get("result")
        if target:
            case.write(token.place, {target: result})
        elif token.own is not None:
            token.own.variables["decisionResult"] = result
        token.memory["detail"] = {
            "decision": reference,
            "inputs": getattr(outcome, "inputs", None) or {},
            "rules": list(getattr(outcome, "rules", ())),
            "result": result,
        }
        return "finish"


def mapped(outcome: Any, how: str | None) -> Any:
    """The part of a decision's results that camunda:mapDecisionResult asks for, all of them where it asks for nothing. Raises Problem when
    they do not have that shape."""
    results = list(outcome.results)
    if how == "collectEntries":
        return [single(row) for row in results]
    if how in ("singleEntry", "singleResult"):
        if len(results) > 1:
            raise Problem("decision", f"{how} expects at most one matching rule, but {len(results)} matched")
        row = results[0] if results else None
        return row if how == "singleResult" or row is None else single(row)
    return results


def single(row: Any) -> Any:
    """The only output of a rule. Raises Problem when there are several."""
    if not isinstance(row, Mapping):
        return row
    if len(row) != 1:
        raise Problem("decision", f"one output was expected, but the rule has {', '.join(row) or 'none'}")
    return next(iter(row.values()))
