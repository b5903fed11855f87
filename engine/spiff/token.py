"""A token of a case: a SpiffWorkflow task that stands at one node and lives in one scope."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.task import Task

from engine.spiff.scope import Scope
from engine.spiff.specs import Node
from engine.spiff.wait import Wait

if TYPE_CHECKING:
    from engine.spiff.case import Case


class Token(Task):  # type: ignore[misc]  # SpiffWorkflow is not typed
    """`role` says what it stands for at its node: "" the node itself, member (one instance of a multi-instance or loop), boundary, start
    (of an event sub-process) or branch (of an event-based gateway): subscriptions; undo (a compensation that runs)."""

    def __init__(self, case: Case, node: Node, scope: Scope, parent: Token | None, id: str, entered: datetime) -> None:
        self.scope = scope
        self.own: Scope | None = None
        self.role = ""
        self.phase = "enter"
        self.via: tuple[str, ...] = ()
        self.entered = entered
        self.waits: dict[str, Wait] = {}
        self.memory: dict[str, Any] = {}
        """Plain values that the node's behaviour keeps between steps."""
        super().__init__(case, node, parent, TaskState.READY, id)
        self._children: dict[str, None] = dict.fromkeys(self._children)

    @property
    def node(self) -> Node:
        return self.task_spec  # type: ignore[no-any-return]

    @property
    def subscription(self) -> bool:
        """Whether it only listens, and keeps no scope from ending."""
        return self.role in ("boundary", "start", "branch")

    @property
    def gone(self) -> bool:
        return self.id not in self.workflow.tasks

    @property
    def place(self) -> Scope:
        """Where its expressions look for variables."""
        return self.own or self.scope

    @property
    def host(self) -> Token | None:
        """The token around it: the activity it is attached to, or the one whose scope it lives in."""
        return self.parent  # type: ignore[no-any-return]

    def run(self) -> bool | None:
        """One step. A step may end in the token's own cancellation, which SpiffWorkflow's run() does not foresee."""
        result = self.task_spec._run(self)
        if self.gone:
            return True
        if result is False or self.id in self.workflow.failures:
            self._set_state(TaskState.ERROR)
        elif result is None:
            self._set_state(TaskState.STARTED)
        else:
            self.complete()
        return result  # type: ignore[no-any-return]

    def _set_state(self, value: int) -> None:
        """Without SpiffWorkflow's log record per change: history is kept by passages."""
        self._state = value

    def _child_added_notify(self, child: Task) -> None:
        if isinstance(self._children, dict):
            self._children[child.id] = None
        else:
            self._children.append(child.id)
