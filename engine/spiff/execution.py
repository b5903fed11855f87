"""The execution of one case: a SpiffWorkflow workflow with our semantics, moved on by what happens outside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from SpiffWorkflow import TaskState

from engine.errors import Invalid, NotFound, NotWaiting
from engine.expressions import from_json, to_json
from engine.spiff import catching, evaluation, rerouting, storage, throwing
from engine.spiff.case import Case, Decide, Told
from engine.spiff.obstacle import Obstacle
from engine.spiff.program import Program
from engine.spiff.rerouting import Change, Place
from engine.spiff.token import Token
from engine.spiff.wait import Effects, Failure, Passage, Wait, WaitKind

__all__ = ["Decide", "Execution"]


class Execution:
    """State of one process instance.

    Every verb moves the case on until it waits everywhere or has ended, at the moment `now` (aware). A verb that names a place which does
    not wait (any more) raises errors.NotWaiting and changes nothing. A user task is completed once.
    """

    def __init__(self, case: Case) -> None:
        """Use start() or load()."""
        self._case = case

    @classmethod
    def start(
        cls,
        program: Program,
        *,
        now: datetime,
        variables: Mapping[str, Any],
        business_key: str = "",
        start_event: str | None = None,
        decide: Decide | None = None,
        calendar: Told | None = None,
    ) -> Execution:
        """A new case, from its none start event or from `start_event` (element id). Raises Invalid when there is no such start event, and
        ExpressionError when the default of a variable cannot be evaluated."""
        case = Case(program, now, decide, calendar)
        case.business_key = business_key
        case.root.variables.update(_storable(variables))
        for name, source in program.defaults.items():
            if name not in variables:
                case.wrote[name] = case.root.variables[name] = evaluation.value(source, case.root.view())
        container = program.container(program.key)
        starts = container.none_starts or container.implicit
        if start_event is not None:
            _begin_at(case, start_event)
        elif starts:
            case.start_body(case.root, container, starts)
        else:
            raise Invalid(expected=f"a none start event in {program.key}", found=", ".join(container.starts) or "no start event")
        execution = cls(case)
        execution._go_on()
        return execution

    @classmethod
    def load(
        cls, program: Program, state: Mapping[str, Any], *, now: datetime, decide: Decide | None = None, calendar: Told | None = None
    ) -> Execution:
        """A stored case, as dump() gave it."""
        return cls(storage.load(program, state, now, decide, calendar))

    def dump(self) -> dict[str, Any]:
        """The whole state as plain JSON values. Holds no part of the program."""
        return storage.dump(self._case)

    # --- looking at it -----------------------------------------------------------------------------------------------------------------

    @property
    def state(self) -> str:
        """active, completed, failed, cancelled"""
        return self._case.status

    @property
    def now(self) -> datetime:
        return self._case.now

    @now.setter
    def now(self, moment: datetime) -> None:
        self._case.now = moment

    @property
    def business_key(self) -> str:
        return self._case.business_key

    @property
    def waits(self) -> dict[str, Wait]:
        """The places that are open, oldest first."""
        return dict(self._case.waits)

    @property
    def failures(self) -> dict[str, Failure]:
        """The elements that could not be executed and have not been retried, by `Failure.retry`."""
        return dict(self._case.failures)

    @property
    def stuck(self) -> list[str]:
        """Gateways that hold tokens although nothing in the case waits or has failed: what they wait for can never come. An activity whose
        start quantity is not reached is none of them: it is not executed, as drawn."""
        case = self._case
        if case.status != "active" or case.owners or case.failures or case.listening:
            return []
        return [node_id for scope in case.scopes.values() for node_id in scope.held if not case.node(node_id).activity]

    @property
    def places(self) -> list[Place]:
        """Where the case stands, with what has failed and the branches that wait at joins."""
        return rerouting.places(self._case)

    @property
    def stays(self) -> list[Passage]:
        """Where its tokens stand, the activities around them too, as passages that have not come to their end: `left_at` is now."""
        case = self._case
        return [
            Passage(token.node.id, "open", token.entered, case.now, next(iter(token.waits), None), token.via)
            for token in case.tasks.values()
            if token.id != case.root.host and not token.subscription
        ]

    def obstacles(self, change: Change) -> list[Obstacle]:
        """Why tokens cannot be moved like that by hand; empty: they can."""
        return rerouting.obstacles(self._case, change)

    @property
    def targets(self) -> list[str]:
        """Elements at which a token can be put by hand."""
        return rerouting.targets(self._case.program)

    @property
    def listens(self) -> bool:
        """Whether a change of variables can wake the case: it has a conditional event."""
        return bool(self._case.listening)

    @property
    def variables(self) -> dict[str, Any]:
        """Those of the case's own scope."""
        return dict(self._case.root.variables)

    def collect(self) -> Effects:
        """What happened since the last collect(); afterwards nothing has happened."""
        case = self._case
        effects, case.effects = case.effects, Effects()
        effects.opened, case.fresh = list(case.fresh.values()), {}
        effects.wrote, case.wrote = case.wrote, {}
        return effects

    def visible(self, wait_id: str) -> dict[str, Any]:
        """All variables that the place sees, its own scopes' first (multi-instance element, loopCounter, inputs)."""
        return self._waiting(wait_id).place.seen()

    # --- what happens outside ----------------------------------------------------------------------------------------------------------

    def complete_user_task(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        token = self._waiting(wait_id, WaitKind.USER_TASK)
        clean = _storable(variables)
        token.memory["form"] = clean
        self._complete(token, wait_id, clean, told=True)

    def complete_job(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        self._complete(self._waiting(wait_id, WaitKind.JOB), wait_id, _storable(variables))

    def throw_error(self, wait_id: str, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        """A BPMN error thrown by the activity that waits there: a job's handler, or a called case that failed."""
        token = self._waiting(wait_id)
        throwing.throw_error(self._case, token, code, message, _storable(variables or {}))
        self._go_on()

    def throw_escalation(self, wait_id: str, code: str, variables: Mapping[str, Any] | None = None) -> None:
        """An escalation thrown inside the called case; the call goes on waiting unless a boundary event interrupts it."""
        token = self._waiting(wait_id)
        throwing.throw_escalation(self._case, token, code, _storable(variables or {}))
        self._go_on()

    def fire_timer(self, wait_id: str) -> None:
        self._happen(wait_id, WaitKind.TIMER, {})

    def receive_message(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        self._happen(wait_id, WaitKind.MESSAGE, _storable(variables))

    def receive_signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """To every place of this case that waits for it; none is no error."""
        throwing.deliver_signal(self._case, name, _storable(variables))
        self._go_on()

    def return_from_call(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        """The called case has ended with these variables."""
        token = self._waiting(wait_id, WaitKind.CALL)
        token.memory["returned"] = _storable(variables)
        self._complete(token, wait_id, {})

    def set_variables(self, variables: Mapping[str, Any]) -> None:
        """Written from outside into the case's scope; conditional events look again."""
        self._case.root.variables.update(_storable(variables))
        self._case.changed = True
        self._go_on()

    def retry(self, failure: str) -> None:
        """Execute a failed element again."""
        case = self._case
        if failure not in case.failures:
            raise NotFound(what="failure", id=failure)
        halted = case.failures.pop(failure).kind == "endless_loop"
        token = case.token(failure)
        token._set_state(TaskState.READY)
        if halted:
            case.go_on_after_halt()
        else:
            case.schedule(token)
        self._go_on()

    def change(self, change: Change) -> None:
        """Move tokens by hand. obstacles() of the change are empty."""
        rerouting.apply(self._case, change)
        self._go_on()

    def reopen(self, elements: Iterable[str]) -> None:
        """Let a case that has ended go on at these elements, with the variables that it ended with."""
        rerouting.reopen(self._case, elements)
        self._go_on()

    def cancel(self) -> None:
        """End the case here and now; every place is closed."""
        if self._case.status == "active":
            self._case.end("cancelled")

    # --- within ------------------------------------------------------------------------------------------------------------------------

    def _waiting(self, wait_id: str, kind: WaitKind | None = None) -> Token:
        case = self._case
        token_id = case.owners.get(wait_id)
        if token_id is None:
            raise NotWaiting(element=wait_id, instance=case.business_key)
        token = case.token(token_id)
        if kind is not None and token.waits[wait_id].kind is not kind:
            raise NotWaiting(element=token.node.id, instance=case.business_key)
        return token

    def _complete(self, token: Token, wait_id: str, variables: Mapping[str, Any], told: bool = False) -> None:
        """`told`: what was written stands in the history by itself."""
        case = self._case
        case.close(token, wait_id)
        token.memory["wait"] = wait_id
        case.write(token.place, variables)
        if told:
            case.wrote.clear()
        case.schedule(token, "finish")
        # Conditions look at what was written when the activity is completed: it was done, whatever they interrupt.
        case.run()

    def _happen(self, wait_id: str, kind: WaitKind, variables: Mapping[str, Any]) -> None:
        token = self._waiting(wait_id, kind)
        catching.happen(self._case, token, token.memory["places"][wait_id], variables, wait_id)
        self._go_on()

    def _go_on(self) -> None:
        self._case.look()
        self._case.run()


def _storable(variables: Mapping[str, Any]) -> dict[str, Any]:
    """Variables as they will be when the case is loaded again, whatever the caller does with his. Raises Invalid."""
    try:
        found: dict[str, Any] = from_json(to_json(variables))
    except ValueError as error:
        raise Invalid(expected="variables that can be stored", found=str(error)) from None
    return found


def _begin_at(case: Case, start_event: str) -> None:
    """The case begins because the trigger of `start_event` has come."""
    container = case.program.container(case.program.key)
    known = [*container.starts, *container.none_starts, *container.implicit]
    if start_event not in known:
        raise Invalid(expected=f"one of the start events {', '.join(known)}", found=start_event)
    if start_event in container.implicit:
        case.start_body(case.root, container, container.implicit)
        return
    case.start_body(case.root, container, [])
    node = case.node(start_event)
    gateway = next((n for n in case.program.nodes.values() if start_event in [flow.target for flow in n.outgoing]), None)
    if gateway is not None and gateway.element.node.get("eventGatewayType") == "Parallel":
        # The first of its events makes the case; the others are still to come.
        for flow in gateway.outgoing:
            if flow.target != start_event:
                case.send(flow, case.root)
    if node.kind == "startEvent":
        case.put(node, case.root)
    else:
        case.put(node, case.root, phase="finish" if node.activity else "leave")
