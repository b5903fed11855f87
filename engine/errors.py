"""Every way in which the engine says no.

    EngineError
    +-- NotFound                     the thing does not exist, or you may not know that it does
    +-- Forbidden                    it exists, you know it, you may not do this
    |   +-- DefinitionSuspended
    +-- Conflict                     somebody or something was faster
    |   +-- WentOn                   a try-out, in another window
    |   +-- Busy                     a machine that has its hands full
    |   +-- Stale
    |   +-- UserTaskNotOpen
    |   +-- UserTaskAssigned
    |   +-- UserTaskNotClaimed
    |   +-- InstanceNotActive
    |   +-- NotWaiting
    |   +-- FileHeld                 somebody edits this file of a draft
    |   +-- NotMovable               a case that cannot move to another version as it stands, with all obstacles
    |   +-- NotModifiable            a case whose tokens cannot be moved like that, with all obstacles
    |   +-- Halted                   one of several changes that are applied together
    |   +-- ReleaseOvertaken         another version is in force than the one that was compared with
    |   +-- ReleaseDecided           somebody has decided about the proposal already
    |   +-- ReleasePending           another proposal of the folder waits
    +-- Invalid                      what was handed in is not what is expected
    |   +-- FormInvalid              field by field
    |   +-- ExpressionError          with line and column
    |   +-- DecisionError            with table, rule and column
    |   +-- FileRejected             an upload or a file of a deployment
    |   +-- MessageNotCorrelated
    +-- Refused                      a deployment, with all findings
    +-- HandlerMissing
    BpmnError                        a business error that a handler throws at its boundary event

A class' docstring is the sentence that people read, in English, with the parameters in braces. The Vietnamese one stands under the same
text in translations/vi.po.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum


class EngineError(Exception):
    """The engine could not do this."""

    def __init__(self, **parameters: object) -> None:
        self.template: str = " ".join((type(self).__doc__ or "").split())
        self.parameters: Mapping[str, object] = parameters
        super().__init__(self.template.format_map(_Blanks(parameters)))


class _Blanks(dict[str, object]):
    """A parameter that was forgotten must not turn a sentence into a KeyError."""

    def __missing__(self, key: str) -> str:
        return "?"


class NotFound(EngineError):
    """Expected to find {what} {id}, but there is none that you may see."""


class Forbidden(EngineError):
    """You may not {action}: {reason}."""


class DefinitionSuspended(Forbidden):
    """Process {process} is suspended: no case of it starts until it is activated."""


class Conflict(EngineError):
    """Somebody was faster."""


class WentOn(Conflict):
    """Expected the try-out to stand as you saw it, but it went on in another window. Look again."""


class Busy(Conflict):
    """Too many try-outs run at this moment. Try again in a few seconds."""


class Stale(Conflict):
    """Expected case {instance} to stand as you saw it, but it went on in the meantime. Nothing of yours was lost: look again and repeat."""


class UserTaskNotOpen(Conflict):
    """Expected user task {task} to be open, but {actor} closed it at {at}."""


class UserTaskAssigned(Conflict):
    """Expected user task {task} to be free or yours, but it is assigned to {assignee}."""


class UserTaskNotClaimed(Conflict):
    """Expected user task {task} to be assigned to you, but nobody has claimed it yet."""


class InstanceNotActive(Conflict):
    """Expected case {instance} to be active, but it is {state}."""


class NotWaiting(Conflict):
    """Expected element {element} of case {instance} to be waiting for this, but the case has gone on."""


class FileHeld(Conflict):
    """Expected file {file} to be free, but {holder} is editing it."""


class NotMovable(Conflict):
    """Case {instance} cannot move to version {version} as it stands: {count} places stand in the way."""

    def __init__(self, instance: str, version: int, obstacles: Sequence[object]) -> None:
        """`obstacles`: engine.migration.Obstacle, each with its element and a sentence in both languages."""
        super().__init__(instance=instance, version=version, count=len(obstacles))
        self.obstacles = list(obstacles)


class Both(str):
    """English words with the Vietnamese ones beside them, for what is composed where it happens and stands in no catalogue."""

    vi: str

    def __new__(cls, en: str, vi: str) -> Both:
        found = super().__new__(cls, en)
        found.vi = vi
        return found


class NotModifiable(Conflict):
    """Case {instance} cannot be changed like that: {why}"""

    def __init__(self, instance: str, obstacles: Sequence[object]) -> None:
        """`obstacles`: engine.spiff.Obstacle, each with its element and a sentence in both languages."""
        vi, en = (" ".join(str(getattr(one, name, "")) for one in obstacles) for name in ("vi", "en"))
        super().__init__(instance=instance, why=Both(en, vi))
        self.obstacles = list(obstacles)


class Halted(Conflict):
    """Change {number} ({case}) could not be applied, so none was: {why}"""


class ReleaseOvertaken(Conflict):
    """Expected version {expected} of {folder} to be the newest, but {actor} released version {found} at {at}. Compare again."""


class ReleaseDecided(Conflict):
    """Expected release {release} to wait for a decision, but {actor} decided at {at}: it is {state}."""


class ReleasePending(Conflict):
    """Expected no other proposal for {folder}, but {actor} proposed release {release} at {at}. Decide about that one first."""


class Invalid(EngineError):
    """Expected {expected}, but found {found}."""


class FormInvalid(Invalid):
    """The form has {count} fields that are not as expected."""

    def __init__(self, fields: Mapping[str, str]) -> None:
        """`fields`: path of the field (`ke_hoach.0.so_luong`) -> sentence in Vietnamese saying what was expected and found."""
        super().__init__(count=len(fields))
        self.fields = dict(fields)


class ExpressionError(Invalid):
    """Expression {source}: {message} (line {line}, column {column})."""

    def __init__(self, source: str, message: str, line: int = 1, column: int = 1) -> None:
        super().__init__(source=source, message=message, line=line, column=column)
        self.source, self.message, self.line, self.column = source, message, line, column


class DecisionError(Invalid):
    """Decision {decision}, rule {rule}, column {column}: {message}."""


class FileRejected(Invalid):
    """File {file}: expected {expected}, but found {found}."""


class MessageNotCorrelated(Invalid):
    """Expected exactly one receiver for message {name}, but {count} are waiting for it."""


class HandlerMissing(EngineError):
    """No handler is installed for topic {topic}."""


class Severity(StrEnum):
    """How much a finding weighs. An error refuses a deployment; a todo makes the diagram a draft; a warning stops nothing."""

    ERROR = "error"
    TODO = "todo"
    WARNING = "warning"


@dataclass(frozen=True)
class Finding:
    """What a rule has to say about one element of one file.

    `vi` and `en` are whole sentences that say what was expected, what was found and what to do.
    """

    rule: str
    severity: Severity
    vi: str
    en: str
    file: str = ""
    element: str | None = None
    line: int | None = None
    detail: Mapping[str, object] = field(default_factory=dict)


class Refused(EngineError):
    """The deployment was refused: {count} errors, the first: {first}"""

    def __init__(self, findings: Sequence[Finding]) -> None:
        errors = [f for f in findings if f.severity is not Severity.WARNING]
        first = errors[0] if errors else None
        super().__init__(count=len(errors), first=f"{first.file} {first.element or ''} {first.rule}: {first.en}" if first else "")
        self.findings = list(findings)


class BpmnError(Exception):
    """A business error: it goes to the error boundary event of the activity whose handler threw it, never to anybody else.

    `code` is the errorCode of the diagram; `variables` are merged into the case before the boundary event's path goes on.
    """

    def __init__(self, code: str, message: str = "", variables: Mapping[str, object] | None = None) -> None:
        super().__init__(message or code)
        self.code = code
        self.message = message
        self.variables: Mapping[str, object] = variables or {}
