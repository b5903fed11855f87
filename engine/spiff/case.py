"""The state of one case, as a SpiffWorkflow workflow whose tree holds only live tokens, and the queue that moves them."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from time import monotonic
from typing import TYPE_CHECKING, Any

from SpiffWorkflow import TaskState
from SpiffWorkflow.bpmn import BpmnWorkflow

from engine.errors import DecisionError, EngineError, ExpressionError
from engine.expressions.vocabulary import CALENDAR, NOW
from engine.spiff.problem import Problem
from engine.spiff.scope import Scope
from engine.spiff.specs import Container, Flow, Node
from engine.spiff.token import Token
from engine.spiff.wait import Effects, Failure, Passage, Wait, WaitKind

if TYPE_CHECKING:
    from engine.spiff.program import Program

Decide = Callable[[str, Mapping[str, Any]], Any]
Told = Callable[[], Mapping[str, Any]]  # gives the calendar of working days, as plain data, when something asks for it

MOST_STEPS = 100_000
"""Automatic steps within one verb; a diagram that needs more turns in a circle without waiting."""
MOST_SECONDS = 10.0
"""Time for the automatic steps of one verb: it is spent under the lock of the case."""
MOST_TOKENS = 50_000
"""Tokens of one case; a diagram that makes more splits in a circle."""


class NoScripts:
    """Stands where SpiffWorkflow would put its Python evaluator. Nothing ever reaches it."""


class Case(BpmnWorkflow):  # type: ignore[misc]  # SpiffWorkflow is not typed
    """Tokens (`tasks`), scopes and waits. Nodes call back here to put, move and end tokens."""

    def __init__(self, program: Program, now: datetime, decide: Decide | None, calendar: Told | None = None) -> None:
        super().__init__(program.spec, script_engine=NoScripts(), deserializing=True)
        self.program = program
        self.decide = decide
        self.effects = Effects()
        self.fresh: dict[str, Wait] = {}
        """Waits opened since the effects were last collected."""
        self.status = "active"
        self.business_key = ""
        self.counter = 0
        self.steps = 0
        self.scopes: dict[str, Scope] = {}
        self.waits: dict[str, Wait] = {}
        self.owners: dict[str, str] = {}
        """Wait id -> id of the token that waits."""
        self.failures: dict[str, Failure] = {}
        self.archive: dict[str, Any] = {}
        """Values of earlier times that compensation may need, by digest."""
        self.listening: dict[str, None] = {}
        """Tokens with a conditional event."""
        self.joins: dict[tuple[str, str], None] = {}
        """(scope, node) of inclusive and complex gateways that hold tokens."""
        self.changed = False
        """A variable was written since conditional events were last looked at."""
        self.wrote: dict[str, Any] = {}
        """The case's own variables that were given another value since the last passage, and are told with the next."""
        self._soon: deque[str] = deque()
        self._queue: deque[str] = deque()
        self._late: deque[str] = deque()
        self.root = Scope("s0", "process", program.key, None, "t0")
        self.scopes["s0"] = self.root
        self.now = now
        self.root.clock[CALENDAR] = calendar
        self.task_tree = Token(self, program.spec.start, self.root, None, "t0", now)

    @property
    def now(self) -> datetime:
        return self.root.clock[NOW]  # type: ignore[no-any-return]

    @now.setter
    def now(self, moment: datetime) -> None:
        self.root.clock[NOW] = moment

    # --- tokens ------------------------------------------------------------------------------------------------------------------------

    def new_id(self, prefix: str) -> str:
        """Never given twice in a case."""
        self.counter += 1
        return f"{prefix}{self.counter}"

    def node(self, element_id: str) -> Node:
        return self.program.nodes[element_id]

    def token(self, token_id: str) -> Token:
        return self.tasks[token_id]  # type: ignore[no-any-return]

    def host(self, scope: Scope) -> Token:
        return self.token(scope.host)

    def put(
        self,
        node: Node,
        scope: Scope,
        *,
        via: tuple[str, ...] = (),
        host: Token | None = None,
        role: str = "",
        phase: str = "enter",
        memory: dict[str, Any] | None = None,
    ) -> Token:
        """A new token at `node`, to be moved by the queue."""
        token = Token(self, node, scope, host or self.host(scope), self.new_id("t"), self.now)
        token.via, token.role, token.phase = via, role, phase
        token.memory.update(memory or {})
        if not token.subscription:
            scope.live += 1
        self.schedule(token)
        return token

    def send(self, flow: Flow, scope: Scope) -> None:
        self.put(self.node(flow.target), scope, via=(flow.id,))

    def schedule(self, token: Token, phase: str | None = None) -> None:
        """Let the token take a step, in `phase` if given."""
        if phase is not None:
            token.phase = phase
        entering = token.phase == "enter"
        queue = self._soon if entering and token.node.early else self._late if entering and token.node.late else self._queue
        queue.append(token.id)

    def scope(self, kind: str, token: Token, parent: Scope, variables: dict[str, Any] | None = None) -> Scope:
        """A new scope that `token` carries."""
        scope = Scope(self.new_id("s"), kind, token.node.id, parent, token.id, variables or {})
        self.scopes[scope.id] = scope
        return scope

    def drop(self, scope: Scope | None) -> None:
        """Forget a scope, and the completed ones that were kept for its compensation."""
        if scope is None or self.scopes.pop(scope.id, None) is None:
            return
        for node_id in scope.held:
            self.joins.pop((scope.id, node_id), None)
        for entry in scope.log:
            if entry.scope is not None:
                self.drop(self.scopes.get(entry.scope))

    def inside(self, scope: Scope) -> list[Token]:
        """The tokens that live in `scope`, its subscriptions included."""
        return [child for child in self.host(scope).children if child.scope is scope]

    def cancel_token(self, token: Token, record: bool = True) -> None:
        """End a token and all that hangs on it: subscriptions, inner tokens, scopes, places."""
        for child in list(token.children):
            self.cancel_token(child, record)
        if record and not token.subscription and token.state != TaskState.READY and token.role != "undo":
            self.passed(token, "cancelled")
        self.unregister(token)

    def unregister(self, token: Token) -> None:
        """Take a token out of the tree, without a word about its scope."""
        if token.gone:
            return
        for wait_id in list(token.waits):
            self.close(token, wait_id)
        if token.own is not None and not token.own.done:
            self.drop(token.own)
        for scope_id in (*token.memory.get("undone", ()), token.memory.get("scope", "")):
            self.drop(self.scopes.get(scope_id))
        for frame in token.memory.get("undo", ()):
            self._forget(frame)
        if not token.subscription:
            token.scope.live -= 1
        if self.failures.pop(token.id, None) is not None:
            self.effects.withdrawn.append(token.id)
        self.listening.pop(token.id, None)
        parent = token.parent
        if parent is not None:
            parent._children.pop(token.id, None)
        del self.tasks[token.id]

    def _forget(self, frame: dict[str, Any]) -> None:
        """Part of a compensation that will not be run: the completed sub-processes that were kept for it."""
        scope = self.scopes.get(frame["scope"])
        if scope is not None and scope.done:
            self.drop(scope)
        for *_, inner in frame["entries"]:
            self.drop(self.scopes.get(inner or ""))

    def retire(self, token: Token) -> None:
        """A token has left: its scope may have come to its end."""
        scope = token.scope
        self.unregister(token)
        self.settle(scope)

    def settle(self, scope: Scope) -> None:
        """End `scope` when nothing lives in it any more and no join holds a token."""
        if scope.live or scope.held or scope.done or scope.kind not in ("process", "body") or scope.id not in self.scopes:
            return
        host = self.host(scope)
        if scope.kind == "body" and host.node.continues(self, host, scope):
            return
        for token in self.inside(scope):
            self.cancel_token(token)
        if scope is self.root:
            self.end("completed")
        else:
            self.schedule(host, "undo" if "undo" in host.memory else "finish")

    def end(self, status: str) -> None:
        """The whole case is over."""
        for token in list(self.task_tree.children):
            self.cancel_token(token)
        for scope in list(self.scopes.values()):
            if scope is not self.root:
                self.drop(scope)
        self.root.held.clear()
        self.root.log.clear()
        self.joins.clear()
        self.archive.clear()
        self.status = status
        self.completed = True
        self.success = status == "completed"

    # --- what the outside is told -------------------------------------------------------------------------------------------------------

    def open(self, token: Token, wait: Wait) -> None:
        token.waits[wait.id] = wait
        self.owners[wait.id] = token.id
        self.waits[wait.id] = wait
        self.fresh[wait.id] = wait

    def close(self, token: Token, wait_id: str) -> None:
        token.waits.pop(wait_id)
        wait = self.waits.pop(wait_id)
        del self.owners[wait_id]
        # What was opened and closed before anybody was told needs no taking back.
        if self.fresh.pop(wait_id, None) is None:
            self.effects.closed.append(replace(wait, variables={}) if wait.kind is WaitKind.CALL else wait)

    def passed(self, token: Token, state: str = "completed", detail: Mapping[str, Any] | None = None) -> None:
        wait_id = token.memory.get("wait") or next(iter(token.waits), None)
        told = detail or token.memory.get("detail") or {}
        wrote, self.wrote = self.wrote, {}
        self.effects.passages.append(Passage(token.node.id, state, token.entered, self.now, wait_id, token.via, told, wrote))

    def fail(self, token: Token, kind: str, message: str, line: int | None = None) -> None:
        failure = Failure(token.id, token.node.id, kind, message, line)
        self.failures[token.id] = failure
        self.effects.failures.append(failure)
        token._set_state(TaskState.ERROR)

    # --- variables ---------------------------------------------------------------------------------------------------------------------

    def write(self, scope: Scope, variables: Mapping[str, Any]) -> None:
        """Each to the nearest scope that has its name, else to the outermost."""
        for name, value in variables.items():
            owner = scope.owner(name)
            if owner is self.root and (name not in owner.variables or owner.variables[name] != value):
                self.wrote[name] = value
            owner.variables[name] = value
        if variables:
            self.changed = True

    # --- moving on ---------------------------------------------------------------------------------------------------------------------

    def start_body(self, scope: Scope, container: Container, starts: Iterable[str]) -> None:
        """Open a process or a sub-process: first what listens, then what runs."""
        for handler in container.handlers:
            body = self.node(handler).body
            for start in body.starts if body else ():
                if self.node(start).waiting:
                    self.put(self.node(start), scope, role="start")
        for start in starts:
            self.put(self.node(start), scope)

    def run(self) -> None:
        """Move every token as far as it goes by itself."""
        self.steps = 0
        begin = monotonic()
        while self.status == "active":
            token = self._next()
            if token is None:
                if not self._release():
                    return
                continue
            self.steps += 1
            if self.steps > MOST_STEPS or len(self.tasks) > MOST_TOKENS or monotonic() - begin > MOST_SECONDS:
                self._halt(token)
                break
            token.run()
            self.look()
        self._soon.clear()
        self._queue.clear()
        self._late.clear()

    def _halt(self, token: Token) -> None:
        """Stop here with one incident. What else was about to move is READY, and moves when the incident is retried."""
        found = f"{self.steps} steps without one, and {len(self.tasks)} tokens"
        self.fail(token, "endless_loop", f"expected to come to a place that waits, but found {found}")

    def go_on_after_halt(self) -> None:
        """Put everything that was about to move back into the queue."""
        for token in list(self.tasks.values()):
            if token.state == TaskState.READY and token.id != self.root.host:
                self.schedule(token)

    def look(self) -> None:
        """Conditional events see a change of the data at once."""
        while self.changed and self.status == "active":
            self.changed = False
            for token_id in list(self.listening):
                if token_id in self.tasks:
                    self.token(token_id).node.look(self, self.token(token_id))

    def _next(self) -> Token | None:
        for queue in (self._soon, self._queue, self._late):
            while queue:
                token: Token | None = self.tasks.get(queue.popleft())
                if token is not None:
                    return token
        return None

    def _release(self) -> bool:
        """Nothing moves by itself any more: let one gateway go on that waits only for tokens that cannot come."""
        return any(self.node(node_id).release(self, self.scopes[scope_id]) for scope_id, node_id in list(self.joins))

    def step(self, token: Token) -> bool | None:
        """One step of one token: True when it has left, None when it waits, False when it failed."""
        try:
            while True:
                following = token.node.perform(self, token)
                if token.gone or following == "done":
                    return True
                if following is None:
                    return None
                token.phase = following
        except ExpressionError as error:
            self.fail(token, "expression", str(error), error.line)
        except DecisionError as error:
            self.fail(token, "decision", str(error))
        except Problem as error:
            self.fail(token, error.kind, str(error))
        except EngineError as error:
            self.fail(token, "data", str(error))
        return False
