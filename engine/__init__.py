"""The engine: carries a case through its diagram. Knows nothing of Flask. docs/architecture.md shows who calls whom.

What a handler needs is offered here; everything else is imported from its own module.
"""

from engine.errors import BpmnError
from engine.topics import Handler, Job, handler

__all__ = ["BpmnError", "Handler", "Job", "handler"]
