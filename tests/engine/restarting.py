"""A scenario played in pieces: what a process keeps in memory is dropped between steps, and the database handed on.

As a program: takes the state of a stage as a pickle on standard input, plays the next steps, and writes the state that came of it.
"""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from engine import contents, db, executions
from engine.expressions import feel, program, template
from engine.scenarios import Report, Stage
from engine.spiff import Execution

STEPS = 10
"""So many steps are played by one process."""


def forget() -> None:
    """What a process has in memory, it has no longer."""
    contents._memo.clear()
    for module in (program, template, feel):
        for name in vars(module).values():
            if hasattr(name, "cache_clear"):
                name.cache_clear()


@dataclass
class State:
    """A stage between two processes."""

    scenario: Mapping[str, Any]
    taken: int
    now: datetime
    first: int | None
    held: list[str]
    database: bytes


class Restarted(Stage):
    """Goes on where another process stopped."""

    def __init__(self, state: State) -> None:
        self._set(state.scenario)
        self.now, self._first, self._held, self.taken = state.now, state.first, state.held, state.taken
        with self._engine.connect() as connection:
            connection.connection.driver_connection.deserialize(state.database)  # type: ignore[union-attr]

    def go_on(self, steps: int) -> None:
        every = 1 if len(self._scenario["steps"]) <= 20 else 5
        for step in self._scenario["steps"][self.taken : self.taken + steps]:
            if self.taken % every == 0:
                forget()
            self._step(step)
            self.taken += 1

    def state(self) -> State:
        return state(self, self.taken)


def state(stage: Stage, taken: int) -> State:
    with stage._engine.connect() as connection:
        database = connection.connection.driver_connection.serialize()  # type: ignore[union-attr]
    return State(stage._scenario, taken, stage.now, stage._first, stage._held, database)


def restarted(files: Mapping[str, bytes], scenario: Mapping[str, Any], *, processes: bool = True) -> Report:
    """Play, with a process for every ten steps; or without processes, with a stage for every step."""
    steps = scenario.get("steps", ())
    with Stage(files, scenario) as stage:
        stage._held = [step["job"] for step in steps if "job" in step]
        stage._start()
        now = state(stage, 0)
    while now.taken < len(steps):
        now = _elsewhere(now) if processes else _here(now)
    with Restarted(now) as stage:
        forget()
        return stage._report(None)


def _here(before: State) -> State:
    with Restarted(before) as stage:
        stage.go_on(1)
        return stage.state()


def _elsewhere(before: State) -> State:
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-c", "from tests.engine.restarting import main; main()"]
    done = subprocess.run(command, input=pickle.dumps(before), capture_output=True, cwd=root, check=False)
    assert done.returncode == 0, done.stderr.decode()
    after: State = pickle.loads(done.stdout)
    return after


def main() -> None:
    # As a module of its own name, so that both sides mean the same class.
    from tests.engine import restarting

    stage = restarting.Restarted(pickle.load(sys.stdin.buffer))
    stage.go_on(STEPS)
    sys.stdout.buffer.write(pickle.dumps(stage.state()))


class InOneGo:
    """Stands for executions.load: an execution that was loaded once stays in memory, and is never read from what was stored."""

    def __init__(self) -> None:
        self._kept: dict[int, Execution] = {}

    def __call__(self, session: Any, instance: Any) -> Execution:
        if instance.id not in self._kept:
            self._kept[instance.id] = LOAD(session, instance)
        execution = self._kept[instance.id]
        execution.now = db.now(session)
        return execution


LOAD = executions.load
