"""What runs behind a service task: the functions of the package `handlers`, found by their topic.

    @handler("tinh_phu_cap")
    def tinh_phu_cap(he_so: float, job: Job, muc: int = 1) -> dict[str, object]:
        return {"phu_cap": he_so * muc}

A parameter name picks the case's variable of that name; a default stands in for a missing one; `job` gives what the handler may use of the
case beside its variables; `**rest` takes all other variables. The returned dict is merged into the case.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, TypeVar

from engine.errors import Invalid, NotFound

Function = TypeVar("Function", bound=Callable[..., Any])
_MARK = "__topic__"


@dataclass(frozen=True)
class Attachment:
    """A document that a handler made."""

    name: str
    content: bytes
    media_type: str
    variable: str = ""
    """The case's variable that takes the document's id, in a list as a field with files keeps them; empty: none."""


@dataclass(frozen=True)
class Record:
    """A line that a handler adds to the history. `kind` is one of models.HistoryEvent's."""

    kind: str
    detail: Mapping[str, Any]


def _no_file(name: str) -> bytes:
    raise NotFound(what="file", id=name)


@dataclass
class Job:
    """What a handler may use beside the variables.

    A handler may be called more than once for one job: the process may die between the call and the commit of its result. `id` is the
    same each time and never belongs to other work, so it is the key by which a called system recognises the repetition. What is attached
    and recorded is collected here and stored together with the result; a call that raises leaves nothing behind.
    """

    id: str
    topic: str
    instance_id: int = 0
    business_key: str = ""
    element_id: str = ""
    settings: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    """The installation's settings. Secrets live here and nowhere else: variables are shown and kept."""
    read: Callable[[str], bytes] = _no_file
    organisations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    """Names of bodies by the codes that case data hold."""
    attachments: list[Attachment] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)

    def resource(self, name: str) -> bytes:
        """A file of the case's own deployment (`documents/giay_moi.docx`). Raises NotFound."""
        try:
            return self.read(name)
        except KeyError:
            raise NotFound(what="file", id=name) from None

    def attach(self, name: str, content: bytes, media_type: str, variable: str = "") -> Attachment:
        """Make `content` a document of the case, called `name`. Through `variable` a later task can hand it over."""
        attachment = Attachment(name, content, media_type, variable)
        self.attachments.append(attachment)
        return attachment

    def record(self, kind: str, **detail: Any) -> None:
        """Add a line to the history of the case (`notification.sent`)."""
        self.records.append(Record(kind, detail))


@dataclass(frozen=True)
class Handler:
    """A function and the topic it serves."""

    topic: str
    function: Callable[..., Any]

    def call(self, job: Job, variables: Mapping[str, Any]) -> dict[str, Any]:
        """Call the function with the variables that its parameters name.

        Raises Invalid when a variable is missing or the result is no dict; BpmnError and everything else as the function raised it.
        """
        result = self.function(**self._arguments(job, variables))
        if result is None:
            return {}
        if not isinstance(result, dict) or not all(isinstance(name, str) for name in result):
            raise Invalid(expected=f"a dict of variables from the handler of topic {self.topic}", found=type(result).__name__)
        return result

    def _arguments(self, job: Job, variables: Mapping[str, Any]) -> dict[str, Any]:
        parameters = inspect.signature(self.function).parameters
        arguments: dict[str, Any] = {}
        missing: list[str] = []
        for name, parameter in parameters.items():
            if parameter.kind is parameter.VAR_KEYWORD:
                arguments.update({key: value for key, value in variables.items() if key not in parameters and key.isidentifier()})
            elif name == "job":
                arguments[name] = job
            elif name in variables:
                arguments[name] = variables[name]
            elif parameter.default is parameter.empty:
                missing.append(name)
        if missing:
            # Names only: what a variable holds may be confidential, and this sentence is written to the log.
            raise Invalid(
                expected=f"the variables {', '.join(missing)} for the handler of topic {self.topic}",
                found=f"only {', '.join(sorted(variables)) or 'none'}",
            )
        return arguments


def handler(topic: str) -> Callable[[Function], Function]:
    """Say that the decorated function serves service tasks with `camunda:topic="<topic>"`. The function stays as it is."""

    def mark(function: Function) -> Function:
        for name, parameter in inspect.signature(function).parameters.items():
            if parameter.kind in (parameter.POSITIONAL_ONLY, parameter.VAR_POSITIONAL):
                raise TypeError(f"Expected parameters that name variables in the handler of topic {topic}, but {name} is positional")
        setattr(function, _MARK, topic)
        return function

    return mark


def discover(package: str = "handlers") -> dict[str, Handler]:
    """Every handler in the modules of `package`, by topic. Raises Invalid when two serve one topic."""
    found: dict[str, Handler] = {}
    for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
        for function in vars(importlib.import_module(module.name)).values():
            if getattr(function, "__module__", None) != module.name or not isinstance(getattr(function, _MARK, None), str):
                continue
            made = Handler(getattr(function, _MARK), function)
            if made.topic in found:
                raise Invalid(
                    expected=f"one handler for topic {made.topic}",
                    found=f"two, in {found[made.topic].function.__module__} and in {module.name}",
                )
            found[made.topic] = made
    return found
