"""The board: what there is to do next, looked up in the database, and handed out to people; now and then to two at once."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine.models import ProcessDefinition, ProcessInstance, UserTask
from tests.proof.load import entered

TWICE = 0.05
"""Share of the tasks that two people are given."""
UNSURE = 2.0
"""Seconds until one looks whether what was not answered has been done."""


@dataclass(frozen=True)
class Work:
    """Something to do. `task_id` None: start the case."""

    number: int
    task_id: int | None
    element: str = ""

    @property
    def kind(self) -> str:
        return "start" if self.task_id is None else "hand in"

    @property
    def path(self) -> str:
        return "/quy-trinh/chinh/khoi-tao" if self.task_id is None else f"/viec/{self.task_id}"

    @property
    def fields(self) -> Mapping[str, str]:
        if self.task_id is None:
            return {"_ma_ho_so": key(self.number), "so": str(self.number)}
        return {self.element: str(entered(self.number, self.element))}


def key(number: int) -> str:
    return f"T-{number}"


@dataclass
class Board:
    """Hands out work for `cases` cases, `abreast` of them at a time, until all have ended."""

    sessions: sessionmaker[Session]
    cases: int
    abreast: int = 40
    chance: random.Random = field(default_factory=lambda: random.Random(4))

    def __post_init__(self) -> None:
        self._condition = threading.Condition()
        self._todo: list[Work] = []
        self._out: set[Work] = set()
        """Handed out, or in doubt."""
        self._settled: set[Work] = set()
        self._doubtful: dict[Work, float] = {}
        self._next = 1
        self.ended = 0
        self._states: dict[str, int] = {}
        self._closed = False
        self._changed = time.monotonic()

    @property
    def quiet(self) -> float:
        """Seconds since anything has changed."""
        return time.monotonic() - self._changed

    def close(self) -> None:
        with self._condition:
            self._closed = True
            self._condition.notify_all()

    def take(self) -> Work | None:
        """The next thing to do; waits for it. None when there will be none."""
        with self._condition:
            while not self._todo:
                if self._closed:
                    return None
                self._condition.wait(1)
            return self._todo.pop(self.chance.randrange(len(self._todo)))

    def give_back(self, work: Work, known: bool) -> None:
        """`known`: it is done. Otherwise somebody looks after a while whether it is."""
        with self._condition:
            if known:
                self._changed = time.monotonic()
                self._settled.add(work)
                self._out.discard(work)
                self._doubtful.pop(work, None)
            elif work not in self._settled:
                self._doubtful[work] = time.monotonic() + UNSURE

    def look(self) -> bool:
        """Put up what is to be done now. Whether all cases have ended."""
        try:
            with self.sessions() as session:
                session.connection(execution_options={"reading": True})
                open_tasks, ended, states = self._read(session)
                unsure = [work for work, until in [*self._doubtful.items()] if until < time.monotonic()]
                wanted = ProcessInstance.business_key.in_([key(work.number) for work in unsure if work.task_id is None])
                there = set(session.scalars(select(ProcessInstance.business_key).where(wanted)))
        except OperationalError:
            # The database is being restarted.
            return False
        with self._condition:
            if (ended, states) != (self.ended, self._states):
                self._changed = time.monotonic()
            self.ended, self._states = ended, states
            self._resolve(unsure, there)
            self._put_up(open_tasks, states.get("active", 0))
            self._condition.notify_all()
        return ended >= self.cases

    def _read(self, session: Session) -> tuple[list[Work], int, dict[str, int]]:
        main = ProcessInstance.definition_id.in_(select(ProcessDefinition.id).where(ProcessDefinition.key == "chinh"))
        tasks = (
            select(UserTask.id, UserTask.element_id, ProcessInstance.business_key)
            .join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
            .where(UserTask.state == "open")
            .limit(500)
        )
        found = [Work(int(name.partition("-")[2]), number, element) for number, element, name in session.execute(tasks)]
        counted = select(ProcessInstance.state, func.count()).where(main).group_by(ProcessInstance.state)
        states = {state: number for state, number in session.execute(counted)}  # noqa: C416 - rows are no pairs to a type checker
        return found, states.get("completed", 0), states

    def _resolve(self, unsure: list[Work], there: set[str]) -> None:
        for work in unsure:
            self._doubtful.pop(work, None)
            if work.task_id is None and key(work.number) not in there:
                self._todo.append(work)
            else:
                # A task that is still open is put up again.
                self._out.discard(work)

    def _put_up(self, open_tasks: list[Work], active: int) -> None:
        for work in open_tasks:
            if work not in self._out and work not in self._settled:
                self._out.add(work)
                self._todo += [work] * (2 if self.chance.random() < TWICE else 1)
        starting = sum(work.task_id is None for work in self._out)
        while self._next <= self.cases and active + starting < self.abreast:
            work = Work(self._next, None)
            self._out.add(work)
            self._todo.append(work)
            self._next += 1
            starting += 1
