"""What stands on a stage where the real thing would be: behind every topic the result that a step prepared, and files nobody attached."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from engine import topics
from engine.errors import BpmnError, EngineError


class Injected(EngineError):
    """{message}"""

    def __init__(self, message: str) -> None:
        super().__init__(message=message or "the try-out made it fail")


class Stub:
    """Stands behind every topic: the result that a step prepared, or nothing."""

    def __init__(self, topic: str, prepared: list[Mapping[str, Any]]) -> None:
        self.topic = topic
        self._prepared = prepared

    def call(self, job: topics.Job, variables: Mapping[str, Any]) -> dict[str, Any]:
        step = self._prepared.pop(0) if self._prepared else {}
        if "failure" in step:
            raise Injected(str(step["failure"]))
        if "error" in step:
            raise BpmnError(step["error"], variables=step.get("variables", {}))
        return dict(step.get("variables", {}))


class Stubs(dict[str, Any]):
    """Every topic has a stub, whose prepared results are kept by topic."""

    def __init__(self, prepared: dict[str, list[Mapping[str, Any]]]) -> None:
        self._prepared = prepared

    def get(self, topic: str, default: Any = None) -> Any:
        return Stub(topic, self._prepared.setdefault(topic, []))


class Anything:
    """A collection of document ids that holds every id: a dry run attaches no files."""

    def __contains__(self, _: object) -> bool:
        return True

    def __iter__(self) -> Iterator[int]:
        return iter(())

    def __len__(self) -> int:
        return 0
