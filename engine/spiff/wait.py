"""What an execution tells the engine: where it waits, what it passed, what it sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any


class WaitKind(StrEnum):
    """What a place waits for."""

    USER_TASK = "user_task"
    JOB = "job"
    TIMER = "timer"
    MESSAGE = "message"
    SIGNAL = "signal"
    CALL = "call"


@dataclass(frozen=True)
class Wait:
    """A place where the execution waits for something from outside. `id` is stable over dump and load and never used twice in a case.

    Fields beside the first three belong to the kinds named in their comment; expressions are resolved already.
    """

    id: str
    kind: WaitKind
    element_id: str
    name: str = ""  # user task: label; message, signal: its name
    form: str | None = None  # user task: camunda:formRef / formKey as written
    assignee: str | None = None  # user task: username
    candidate_users: tuple[str, ...] = ()
    candidate_groups: tuple[str, ...] = ()  # `tham_muu`, `noi_di@ban_x`
    due: datetime | None = None  # user task, timer (aware)
    follow_up: datetime | None = None
    priority: int | None = None
    topic: str | None = None  # job
    retry_cycle: str | None = None  # job: failedJobRetryTimeCycle
    keys: Mapping[str, Any] = field(default_factory=dict)  # message: correlation keys
    called: str | None = None  # call: process key
    called_version: int | None = None  # call: fixed version, or None: see called_binding
    called_binding: str = "latest"  # call: latest, version, or deployment: the one in the caller's folder
    business_key: str | None = None  # call
    variables: Mapping[str, Any] = field(default_factory=dict)  # call, job: what is handed over
    properties: Mapping[str, str] = field(default_factory=dict)  # camunda:properties of the element
    rules: Mapping[str, Any] = field(default_factory=dict)  # user task: due, follow_up; timer: due. What the calendar of working days moves


@dataclass(frozen=True)
class Passage:
    """A flow node that was left. `via`: ids of the sequence flows its tokens came in through. `state`: completed,
    cancelled, failed, or skipped: a multi-instance without instances, a loop without rounds."""

    element_id: str
    state: str
    entered_at: datetime
    left_at: datetime
    wait_id: str | None = None
    via: tuple[str, ...] = ()
    detail: Mapping[str, Any] = field(default_factory=dict)  # decision: inputs, matched rules, result
    wrote: Mapping[str, Any] = field(default_factory=dict)  # variables of the case that it changed, not those that were handed in


@dataclass(frozen=True)
class Thrown:
    """A message, signal or escalation that leaves this case. Signals were delivered inside the case already."""

    kind: WaitKind | str  # MESSAGE, SIGNAL, "escalation"
    name: str
    element_id: str
    variables: Mapping[str, Any] = field(default_factory=dict)
    business_key: str | None = None
    keys: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Failure:
    """An element that could not be executed: an incident. `retry` is handed to Execution.retry."""

    retry: str
    element_id: str
    kind: str  # expression, decision, data, depth, ...
    message: str
    line: int | None = None


@dataclass
class Effects:
    """What happened in an execution since it was loaded or last asked."""

    opened: list[Wait] = field(default_factory=list)
    closed: list[Wait] = field(default_factory=list)
    passages: list[Passage] = field(default_factory=list)  # in order
    thrown: list[Thrown] = field(default_factory=list)
    failures: list[Failure] = field(default_factory=list)
    withdrawn: list[str] = field(
        default_factory=list
    )  # Failure.retry of elements that failed and were cancelled since: no incident any more
    wrote: Mapping[str, Any] = field(default_factory=dict)  # as Passage's, of an element that was not left: it failed after that
    unhandled_error: str | None = None  # code of the BPMN error that ended the case as failed
