"""Rehearsals: a draft is tried out on a stage, step by step, by whoever draws it.

A rehearsal is its files and a scenario whose steps are those taken so far. Every state is reached by taking the steps again from the start,
so that any process can show it and a step back is a step less; snapshots of the last states only save the time.
Nothing leaves the room: the stage is a database in memory, and stubs stand behind the topics.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import orjson
import zstandard
from sqlalchemy import delete, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from engine import contents as contents_
from engine import db, reader, scenarios
from engine.budgets import Budget
from engine.contents import Contents
from engine.errors import Busy, EngineError, Finding, Invalid, Refused, Severity, WentOn
from engine.expressions import to_json
from engine.models import Rehearsal
from engine.reports import Report
from engine.scenes import Scene, Standing, draw
from engine.sentences import say
from engine.stage import Snapshot, Stage
from engine.workspaces import deployable

MOST_STEPS = 400
SECONDS, JOBS, CASES, BYTES = 15.0, 2_000, 300, 64 * 2**20
"""For one run: how long, automatic jobs between two steps, cases, size of the database in memory."""
AT_ONCE = 2
"""Rehearsals that run at the same moment in one process: others of its threads serve those who work."""
PATIENCE = 20.0
"""Seconds to wait for one's turn."""
_KEPT = 64
_ASIDE = ("steps", "name", "expect")
"""What of a scenario does not change how it runs up to a step."""

_turns = threading.BoundedSemaphore(AT_ONCE)
_memo: OrderedDict[bytes, Snapshot] = OrderedDict()
_memo_lock = threading.Lock()


def check(files: Mapping[str, bytes]) -> list[Finding]:
    """The errors that keep a draft from being run. To-dos and warnings do not."""
    return [finding for finding in reader.check(deployable(files)) if finding.severity is Severity.ERROR]


def read(files: Mapping[str, bytes]) -> Contents:
    """What the files of a draft say. Raises Refused when they cannot be run."""
    if errors := check(files):
        raise Refused(errors)
    mine = deployable(files)
    return contents_.remember(contents_.digest(mine), lambda: mine)


def look(files: Mapping[str, bytes], scenario: Mapping[str, Any], case: int | None = None, task: int | None = None) -> Scene:
    """How a rehearsal stands, on the diagram of `case` (else of the first), with all that user task `task` sees.

    Raises Refused, and EngineError when it cannot even begin.
    """
    read(files)
    with _standing(files, scenario) as standing:
        return draw(standing, scenario, case, task)


def take(files: Mapping[str, bytes], scenario: Mapping[str, Any], *steps: Mapping[str, Any]) -> dict[str, Any]:
    """The scenario with these steps more, which were all taken. Raises EngineError when one cannot be; then nothing has changed."""
    read(files)
    longer = {**scenario, "steps": [*scenario.get("steps", ()), *(to_json(dict(step)) for step in steps)]}
    with _standing(files, longer) as standing:
        if standing.error:
            raise standing.error
    return longer


def judge(files: Mapping[str, bytes], scenario: Mapping[str, Any]) -> Report:
    """Run a kept scenario from its start to its end, and say whether it ended as it is to. Raises Busy only."""
    steps = scenario.get("steps")
    with _turn():
        try:
            if isinstance(steps, list):
                _bounded(steps)
            return scenarios.run(deployable(files), scenario, budget=_budget())
        except OperationalError:
            return _failed(_too_large())
        except Invalid as error:
            return _failed(error)


def _failed(error: Invalid) -> Report:
    return Report(state="failed", failed_step=str(error), failed_vi=say(error, "vi"))


def outcome(files: Mapping[str, bytes], scenario: Mapping[str, Any]) -> dict[str, Any]:
    """How the rehearsal stands now, as the `expect` of a scenario that is kept."""
    return judge(files, {name: value for name, value in scenario.items() if name != "expect"}).outcome()


# --- what somebody tries out, kept so that a lost browser loses nothing -----------------------------------------------------------------


def kept(session: Session, workspace_id: int, user_id: int) -> Rehearsal | None:
    """What this person tries out on this draft."""
    query = select(Rehearsal).where(Rehearsal.workspace_id == workspace_id, Rehearsal.user_id == user_id)
    return session.scalar(query)


def keep(session: Session, workspace_id: int, user_id: int, scenario: Mapping[str, Any], version: int | None = None) -> None:
    """Keep `scenario`; with `version`, only if it is what was seen. Raises WentOn."""
    found = kept(session, workspace_id, user_id)
    if version is None and found is None:
        new = Rehearsal(workspace_id=workspace_id, user_id=user_id, version=1, scenario=dict(scenario), changed_at=db.now(session))
        session.add(new)
        session.flush()
        return
    mine = update(Rehearsal).where(Rehearsal.workspace_id == workspace_id, Rehearsal.user_id == user_id)
    if version is not None:
        mine = mine.where(Rehearsal.version == version)
    values = {"version": Rehearsal.version + 1, "scenario": dict(scenario), "changed_at": db.now(session)}
    if session.execute(mine.values(values)).rowcount != 1:  # type: ignore[attr-defined]  # an UPDATE's result has it
        raise WentOn


def drop(session: Session, workspace_id: int, user_id: int) -> None:
    """Forget what this person tries out."""
    session.execute(delete(Rehearsal).where(Rehearsal.workspace_id == workspace_id, Rehearsal.user_id == user_id))


# --- reaching a state ------------------------------------------------------------------------------------------------------------------


@contextmanager
def _turn() -> Iterator[None]:
    if not _turns.acquire(timeout=PATIENCE):
        raise Busy
    try:
        yield
    finally:
        _turns.release()


@contextmanager
def _standing(files: Mapping[str, bytes], scenario: Mapping[str, Any]) -> Iterator[Standing]:
    """The stage after the scenario's steps. Raises EngineError when it cannot begin."""
    if wrong := scenarios.shape(scenario):
        raise Invalid(expected="a scenario", found=wrong)
    steps: Sequence[Mapping[str, Any]] = scenario.get("steps", ())
    _bounded(steps)
    keys = _keys(files, scenario, steps)
    with _turn():
        try:
            stage, taken = _nearest(deployable(files), scenario, keys)
            with stage:
                error = None
                for number in range(taken, len(steps)):
                    before = stage.snapshot()
                    if len(steps) - number <= 2 or number % 10 == 0:
                        _remember(keys[number], before)
                    try:
                        stage.take(steps[number])
                    except EngineError as refused:
                        error = refused
                        break
                    taken += 1
                if error is None:
                    _remember(keys[taken], stage.snapshot())
                    yield Standing(stage, taken)
            if error is not None:
                # What the step did before it failed must not be seen.
                with _restored(before, scenario, taken) as clean:
                    yield Standing(clean, taken, error)
        except OperationalError:
            raise _too_large() from None


def _bounded(steps: Sequence[object]) -> None:
    if len(steps) > MOST_STEPS:
        raise Invalid(expected=f"at most {MOST_STEPS} steps", found=str(len(steps)))


def _budget() -> Budget:
    return Budget(SECONDS, JOBS, CASES, BYTES)


def _too_large() -> Invalid:
    return Invalid(expected="a run that fits into 64 MB", found="one that needs more")


def _nearest(files: Mapping[str, bytes], scenario: Mapping[str, Any], keys: Sequence[bytes]) -> tuple[Stage, int]:
    """A stage at the last state that is remembered, and how many steps lead there."""
    for number in range(len(keys) - 1, -1, -1):
        with _memo_lock:
            found = _memo.get(keys[number])
            if found:
                _memo.move_to_end(keys[number])
        if found:
            return _restored(replace(found, database=zstandard.decompress(found.database)), scenario, number), number
    stage = Stage(files, scenario, _budget())
    try:
        stage.start()
    except BaseException:
        stage.close()
        raise
    return stage, 0


def _restored(snapshot: Snapshot, scenario: Mapping[str, Any], taken: int) -> Stage:
    stage = Stage.restored(snapshot, scenario, _budget())
    stage.pass_over(scenario.get("steps", ())[:taken])
    return stage


def _remember(key: bytes, snapshot: Snapshot) -> None:
    with _memo_lock:
        if key in _memo:
            return
    packed = replace(snapshot, database=zstandard.compress(snapshot.database, 1))
    with _memo_lock:
        _memo[key] = packed
        while len(_memo) > _KEPT:
            _memo.popitem(last=False)


def _keys(files: Mapping[str, bytes], scenario: Mapping[str, Any], steps: Sequence[Mapping[str, Any]]) -> list[bytes]:
    """What each state depends on, that before the first step first: the files, the start, the steps so far, and topics held for later."""
    head = {name: value for name, value in scenario.items() if name not in _ASIDE}
    if scenario.get("services") != "wait":
        head["_held"] = [step["job"] for step in steps if "job" in step]
    total = hashlib.sha256(contents_.digest(deployable(files)).encode() + orjson.dumps(to_json(head), option=orjson.OPT_SORT_KEYS))
    keys = [total.digest()]
    for step in steps:
        total.update(b"\0" + orjson.dumps(to_json(dict(step)), option=orjson.OPT_SORT_KEYS))
        keys.append(total.digest())
    return keys
