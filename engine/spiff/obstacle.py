"""What stands in the way of moving a case."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Obstacle:
    """Why a case cannot move as it stands. `element_id` is of the version it runs; the sentences say what was expected and found."""

    element_id: str
    vi: str
    en: str
    kind: str = "cannot"
    """`counterpart`: choosing another element removes it. `missed`: the element is a new step that the case has gone past."""
