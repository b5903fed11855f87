"""The execution of one case: a SpiffWorkflow workflow with our semantics, moved on by what happens outside."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from engine.spiff.program import Program
from engine.spiff.wait import Effects, Wait

Decide = Callable[[str, Mapping[str, Any]], Any]
"""(decision reference, variables) -> engine.decisions.Outcome: what a business rule task calls."""


class Execution:
    """State of one process instance.

    Every verb moves the case on until it waits everywhere or has ended, at the moment `now` (aware). A verb that names a place which does
    not wait (any more) raises errors.NotWaiting and changes nothing. A user task is completed once.
    """

    state: str  # active, completed, failed, cancelled
    waits: dict[str, Wait]
    variables: dict[str, Any]

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
    ) -> Execution:
        """A new case, from its none start event or from `start_event` (element id)."""
        raise NotImplementedError

    @classmethod
    def load(cls, program: Program, state: Mapping[str, Any], *, now: datetime, decide: Decide | None = None) -> Execution:
        """A stored case, as dump() gave it."""
        raise NotImplementedError

    def dump(self) -> dict[str, Any]:
        """The whole state as plain JSON values. Holds no part of the program."""
        raise NotImplementedError

    def collect(self) -> Effects:
        """What happened since the last collect(); afterwards nothing has happened."""
        raise NotImplementedError

    def visible(self, wait_id: str) -> dict[str, Any]:
        """All variables that the place sees, its own scopes' first (multi-instance element, loopCounter, inputs)."""
        raise NotImplementedError

    def complete_user_task(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def complete_job(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def throw_error(self, wait_id: str, code: str, message: str = "", variables: Mapping[str, Any] | None = None) -> None:
        """A BPMN error thrown by the activity that waits there: a job's handler, or a called case that failed."""
        raise NotImplementedError

    def throw_escalation(self, wait_id: str, code: str, variables: Mapping[str, Any] | None = None) -> None:
        """An escalation thrown inside the called case; the call goes on waiting unless a boundary event interrupts it."""
        raise NotImplementedError

    def fire_timer(self, wait_id: str) -> None:
        raise NotImplementedError

    def receive_message(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        raise NotImplementedError

    def receive_signal(self, name: str, variables: Mapping[str, Any]) -> None:
        """To every place of this case that waits for it; none is no error."""
        raise NotImplementedError

    def return_from_call(self, wait_id: str, variables: Mapping[str, Any]) -> None:
        """The called case has ended with these variables."""
        raise NotImplementedError

    def set_variables(self, variables: Mapping[str, Any]) -> None:
        """Written from outside into the case's scope; conditional events look again."""
        raise NotImplementedError

    def retry(self, failure: str) -> None:
        """Execute a failed element again."""
        raise NotImplementedError

    def cancel(self) -> None:
        """End the case here and now; every place is closed."""
        raise NotImplementedError
