"""How much one expression or script may take: time, size of what it makes, length of its text."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from time import thread_time


@dataclass(frozen=True)
class Limits:
    """Bounds of one evaluation. They are checked by what runs it; going over one is an ExpressionError."""

    seconds: float = 0.25
    """Time of the processor, so that a busy machine stops nobody. A loop is stopped at it, from inside or by ending its process."""
    result_bytes: int = 1_000_000
    """Length of one string, and of everything handed back, written as JSON."""
    source_characters: int = 20_000
    depth: int = 60
    """How deep brackets, operators and blocks may nest."""
    memory_bytes: int = 512 * 1024 * 1024
    """Address space a sandbox process may take over what it has when it starts."""


DEFAULT = Limits()
_process = DEFAULT
_until: ContextVar[float | None] = ContextVar("until", default=None)


def current() -> Limits:
    """The limits of this process, where an evaluation names none of its own; less where a block of together() has little time left."""
    until = _until.get()
    if until is None:
        return _process
    return replace(_process, seconds=min(_process.seconds, max(until - thread_time(), 0.0)))


@contextmanager
def together(seconds: float) -> Iterator[None]:
    """All evaluations of the block may take `seconds` of processor time together: a draft of a thousand slow cells must hold nobody up."""
    mark = _until.set(thread_time() + seconds)
    try:
        yield
    finally:
        _until.reset(mark)


def use(limits: Limits) -> None:
    """Set the limits of this process; once, when it starts."""
    global _process
    _process = limits
