"""The only modules that import SpiffWorkflow. Its words (workflow, spec, manual) end here."""

from engine.spiff.execution import Execution
from engine.spiff.moving import Move
from engine.spiff.obstacle import Obstacle
from engine.spiff.program import Program, StartEvent
from engine.spiff.rerouting import Change, Place
from engine.spiff.wait import Effects, Failure, Passage, Thrown, Wait, WaitKind

__all__ = [
    "Change",
    "Effects",
    "Execution",
    "Failure",
    "Move",
    "Obstacle",
    "Passage",
    "Place",
    "Program",
    "StartEvent",
    "Thrown",
    "Wait",
    "WaitKind",
]
