"""A process compiled from its diagram into SpiffWorkflow task specs, once per version, shared in memory by all its cases."""

from __future__ import annotations

from engine.diagram import Diagram


class Program:
    """Immutable. `key` is the process id."""

    key: str

    @classmethod
    def compile(cls, diagram: Diagram, process_id: str) -> Program:
        """Raises errors.Refused with one Finding per element that cannot be carried exactly."""
        raise NotImplementedError
