"""The only modules that import SpiffWorkflow. Its words (workflow, spec, manual) end here."""

from engine.spiff.execution import Execution
from engine.spiff.moving import Move, Obstacle
from engine.spiff.program import Program, StartEvent
from engine.spiff.wait import Effects, Failure, Passage, Thrown, Wait, WaitKind

__all__ = ["Effects", "Execution", "Failure", "Move", "Obstacle", "Passage", "Program", "StartEvent", "Thrown", "Wait", "WaitKind"]
