"""Variables and what they belong to: the case, a sub-process, a member of a multi-instance, an activity with inputs."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass
class Held:
    """Tokens that have arrived at a join and wait there for others, counted by incoming flow ("" where a start quantity is counted)."""

    counts: dict[str, int]
    since: datetime
    fired: list[str] = field(default_factory=list)
    """Complex gateway that has fired: the flows whose tokens it has had in this round. Empty: it waits for its start."""


@dataclass
class Undo:
    """An activity that was completed and can be compensated."""

    activity: str
    values: dict[str, str]
    """Variables of that time, by name: keys of Case.archive."""
    scope: str | None = None
    """The scope of the completed sub-process, which is kept for its own compensation."""


@dataclass(eq=False)
class Scope:
    """`kind`: process, body (of a sub-process), multi (counters of a multi-instance or loop), own (of one activity), past (variables of an
    earlier time, read only)."""

    id: str
    kind: str
    element: str
    parent: Scope | None
    host: str
    """The token that carries it; the root token for the process."""
    variables: dict[str, Any] = field(default_factory=dict)
    held: dict[str, Held] = field(default_factory=dict)
    log: list[Undo] = field(default_factory=list)
    isolated: bool = False
    """Nothing outside is seen or written: a global task."""
    done: bool = False
    """Completed, and kept only because it can be compensated."""
    state: dict[str, Any] = field(default_factory=dict)
    """Plain values that the element's behaviour keeps: counters, outputs collected, members still to come."""
    clock: dict[str, Any] = field(default_factory=dict)
    """The outermost scope's: what expressions are told of the time."""
    live: int = 0
    """Tokens in it that are not subscriptions."""

    def chain(self) -> Iterator[Scope]:
        """This scope and the ones around it that it sees, from the inside out."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = None if scope.isolated else scope.parent

    def ancestors(self) -> Iterator[Scope]:
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def view(self) -> Mapping[str, Any]:
        """All variables that are seen from here, and under NOW the time that expressions are told."""
        seen = list(self.chain())
        outermost = next(scope for scope in seen[-1].ancestors() if scope.parent is None)
        return ChainMap(*(scope.variables for scope in seen), outermost.clock)

    def seen(self) -> dict[str, Any]:
        """All variables that are seen from here, and nothing else."""
        return dict(ChainMap(*(scope.variables for scope in self.chain())))

    def owner(self, name: str) -> Scope:
        """The scope that a write to `name` goes to: the nearest that has it, else the outermost."""
        last = self
        for scope in self.chain():
            last = scope
            if name in scope.variables and scope.kind != "past":
                return scope
        return last

    def body(self) -> Scope:
        """The nearest scope that is a process or the body of a sub-process."""
        return next(scope for scope in self.ancestors() if scope.kind in ("process", "body"))
