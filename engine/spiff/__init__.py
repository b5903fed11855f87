"""The only modules that import SpiffWorkflow. Its words (workflow, spec, manual) end here."""

from engine.spiff.execution import Execution
from engine.spiff.program import Program, StartEvent
from engine.spiff.wait import Effects, Failure, Passage, Thrown, Wait, WaitKind

__all__ = ["Effects", "Execution", "Failure", "Passage", "Program", "StartEvent", "Thrown", "Wait", "WaitKind"]
