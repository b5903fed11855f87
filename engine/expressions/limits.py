"""How much one expression or script may take: time, size of what it makes, length of its text."""

from __future__ import annotations

from dataclasses import dataclass


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


def current() -> Limits:
    """The limits of this process, where an evaluation names none of its own."""
    return _process


def use(limits: Limits) -> None:
    """Set the limits of this process; once, when it starts."""
    global _process
    _process = limits
