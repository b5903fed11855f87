"""Activities that wait for somebody: people, workers, messages, called cases."""

from __future__ import annotations

import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from engine.expressions.vocabulary import GIVEN
from engine.spiff import catching, deadlines, evaluation
from engine.spiff.activities import Activity
from engine.spiff.problem import Problem
from engine.spiff.scope import Scope
from engine.spiff.throwing import throw_message
from engine.spiff.token import Token
from engine.spiff.wait import Wait, WaitKind

if TYPE_CHECKING:
    from collections.abc import Mapping

    from engine.spiff.case import Case


_OWN_KEY = re.compile(r"[#$]\{\s*execution\.(processBusinessKey|businessKey)\s*\}")


class UserTask(Activity):
    """Waits for a person. Who and until when is decided now."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        element, view = self.element, token.place.view()
        due, due_rule = self._moment(element.camunda("dueDate"), view, "due")
        follow_up, follow_up_rule = self._moment(element.camunda("followUpDate"), view, "point")
        case.open(
            token,
            Wait(
                case.new_id("w"),
                WaitKind.USER_TASK,
                self.id,
                name=str(evaluation.value(element.name, view)) or self.id,
                form=evaluation.text(element.camunda("formRef") or element.camunda("formKey"), view),
                assignee=evaluation.text(element.camunda("assignee"), view) or None,
                candidate_users=evaluation.words(element.camunda("candidateUsers"), view),
                candidate_groups=evaluation.words(element.camunda("candidateGroups"), view),
                due=due,
                follow_up=follow_up,
                priority=self._priority(element.camunda("priority"), view),
                variables=self.handed_over(token),
                properties=element.properties,
                rules={name: rule for name, rule in (("due", due_rule), ("follow_up", follow_up_rule)) if rule},
            ),
        )
        return None

    def _moment(self, source: str | None, view: Mapping[str, Any], read: str) -> tuple[datetime | None, deadlines.Rule]:
        return deadlines.due(self.element, source, view, read) if source is not None and source.strip() else (None, {})

    def _priority(self, source: str | None, view: Mapping[str, Any]) -> int | None:
        found = evaluation.text(source, view)
        if found is None:
            return None
        try:
            return int(found)
        except ValueError:
            raise Problem("data", f"the priority of {self.id} should be a whole number, but is {found!r}") from None


class JobTask(Activity):
    """A service, send or business rule task with an external topic: waits for a worker."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        view = token.place.view()
        topic = evaluation.text(self.details["topic"], view)
        if not topic:
            raise Problem("data", f"the topic of {self.id} is empty")
        priority = evaluation.text(self.element.camunda("taskPriority"), view)
        case.open(
            token,
            Wait(
                case.new_id("w"),
                WaitKind.JOB,
                self.id,
                name=self.element.name,
                topic=topic,
                retry_cycle=self.details.get("retry"),
                priority=int(priority) if priority and priority.lstrip("-").isdigit() else None,
                variables=self.handed_over(token),
                properties=self.element.properties,
            ),
        )
        return None


class SendTask(Activity):
    """Without a topic: sends its message, and goes on."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        throw_message(case, token, self.events[0])
        return "finish"


class ReceiveTask(Activity):
    """Waits for its message."""

    early = True
    waiting = True

    def on_execute(self, case: Case, token: Token) -> str | None:
        catching.arm(case, token)
        return None


class CallActivity(Activity):
    """Waits for a case of its own, which the engine starts."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        view = token.place.view()
        called = evaluation.text(self.details["called"], view)
        if not called:
            raise Problem("data", f"{self.id} calls no process: its calledElement is empty")
        version = evaluation.text(self.details.get("version"), view)
        if version is not None and not version.isdigit():
            raise Problem("data", f"the version that {self.id} calls should be a whole number, but is {version!r}")
        case.open(
            token,
            Wait(
                case.new_id("w"),
                WaitKind.CALL,
                self.id,
                name=self.element.name,
                called=called,
                called_version=int(version) if version else None,
                called_binding=self.details.get("binding", "latest"),
                business_key=self._business_key(case, view),
                variables=transferred(self.details["in"], view),
                properties=self.element.properties,
            ),
        )
        return None

    def _business_key(self, case: Case, view: Mapping[str, Any]) -> str | None:
        source = self.details.get("business_key")
        # What Camunda Modeler writes for "the same business key".
        if source is not None and _OWN_KEY.fullmatch(source.strip()):
            return case.business_key
        return evaluation.text(source, view)

    def on_finish(self, case: Case, token: Token) -> str | None:
        if "returned" in token.memory:
            case.write(token.place, transferred(self.details["out"], token.memory["returned"]))
            del token.memory["returned"]
        return super().on_finish(case, token)


class GlobalCall(Activity):
    """A call of a global task of the same file: done in place, with variables of its own."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        if token.memory.get("called"):
            return "finish"
        found = transferred(self.details["in"], token.place.view())
        token.memory["called"] = True
        inner = case.scope("body", token, token.place, found)
        inner.isolated = True
        token.memory["scope"] = inner.id
        case.put(case.node(self.details["global"]), inner)
        return None

    def on_finish(self, case: Case, token: Token) -> str | None:
        inner = case.scopes.get(token.memory.pop("scope", ""))
        if inner is not None:
            case.write(token.place, transferred(self.details["out"], inner.view()))
            case.drop(inner)
        return super().on_finish(case, token)


class SubProcess(Activity):
    """Carries a scope in which its own start events begin."""

    def on_execute(self, case: Case, token: Token) -> str | None:
        if token.own is None:
            token.own = case.scope("body", token, token.scope)
        scope, container = token.own, self.body
        if container is None:
            return "finish"
        start, inner = token.memory.get("start"), token.memory.pop("inner", [])
        if start is not None:
            case.start_body(scope, container, [])
            case.put(case.node(start), scope, phase="leave")
        elif inner:
            case.start_body(scope, container, [])
            case.put(case.node(inner[0]), scope, memory={"inner": inner[1:]} if inner[1:] else None)
        elif self.ad_hoc is not None:
            case.start_body(scope, container, container.implicit[:1] if self.ad_hoc.sequential else container.implicit)
            scope.state["next"] = 1 if self.ad_hoc.sequential else len(container.implicit)
        else:
            case.start_body(scope, container, container.none_starts or container.implicit)
        case.settle(scope)
        return None

    def on_finish(self, case: Case, token: Token) -> str | None:
        scope, ad_hoc = token.own, self.ad_hoc
        whole = token.role != "member" and (self.multiple is not None or self.loop is not None)
        undecided = scope is not None and not whole and not scope.state.get("over")
        if undecided and ad_hoc is not None and not evaluation.condition(ad_hoc.condition or "", token.place.view()):
            raise Problem("ad_hoc", f"everything in {self.id} has been done once, but its completionCondition is not true")
        return super().on_finish(case, token)

    def satisfied(self, case: Case, token: Token) -> bool:
        """Ad hoc, after each of its activities: whether it is complete, and nothing more is begun in it."""
        scope, ad_hoc = token.scope, self.ad_hoc
        if ad_hoc is None or ad_hoc.condition is None or scope.state.get("over"):
            return bool(scope.state.get("over"))
        if not evaluation.condition(ad_hoc.condition, scope.view()):
            return False
        scope.state["over"] = True
        if ad_hoc.cancel_remaining:
            for other in case.inside(scope):
                if other is not token:
                    case.cancel_token(other)
            scope.held.clear()
        return True

    def continues(self, case: Case, token: Token, scope: Scope) -> bool:
        """Ad hoc, one after the other: the next activity begins when the one before has ended."""
        container = self.body
        if self.ad_hoc is None or container is None or scope.state.get("over"):
            return False
        following = scope.state.get("next", 0)
        if following >= len(container.implicit):
            return False
        scope.state["next"] = following + 1
        case.put(case.node(container.implicit[following]), scope)
        return True


def transferred(handovers: list[Any], view: Mapping[str, Any]) -> dict[str, Any]:
    """What camunda:in or camunda:out take from one side to the other."""
    found: dict[str, Any] = {}
    for handover in handovers:
        if handover.everything:
            found.update((name, value) for name, value in view.items() if name not in GIVEN)
        elif handover.expression is not None:
            found[handover.target] = evaluation.expression(handover.expression, view)
        elif handover.source is not None:
            found[handover.target] = view.get(handover.source)
    return found
