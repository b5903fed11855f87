"""The budget of a run: how long, how much, how many."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from engine.errors import Invalid
from engine.models import ProcessInstance


@dataclass
class Budget:
    """What a run may take before it is stopped: a draft can turn in circles, or fire a timer every second of a hundred years."""

    seconds: float
    jobs: int
    """Automatic jobs between two steps."""
    cases: int
    bytes: int
    """Of the database in memory."""

    def __post_init__(self) -> None:
        self._until, self._left = monotonic() + self.seconds, self.jobs

    def spend(self, session: Session) -> None:
        """One job more. Raises Invalid when too much was spent."""
        self._left -= 1
        self._hurry()
        if self._left < 0:
            raise Invalid(expected=f"at most {self.jobs} automatic jobs in one step", found="more: something turns in a circle")
        if self._left % 20 == 0 and (session.scalar(select(func.count(ProcessInstance.id))) or 0) > self.cases:
            raise Invalid(expected=f"at most {self.cases} cases in one run", found="more")

    def renew(self) -> None:
        """For the next step. Raises Invalid when there is no time for one."""
        self._left = self.jobs
        self._hurry()

    def _hurry(self) -> None:
        if monotonic() > self._until:
            raise Invalid(expected=f"a run that comes to rest within {self.seconds:g} seconds", found="one that does not")
