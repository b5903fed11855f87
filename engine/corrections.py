"""Corrections: the data of a case is mended by hand, and held to the types of the forms that ask for it."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from typing import Any

from sqlalchemy.orm import Session

from engine import deployments, executions, history, instances, user_tasks, wait_states
from engine.errors import Invalid, Stale
from engine.expressions import from_json, to_json
from engine.forms import Component, Form
from engine.models import HistoryEvent, ProcessInstance, User
from engine.spiff import Execution

_LOCKS = ("conditional", "disabled", "readonly")
"""What a form says about when a field is asked, not about what may stand in it."""


def form(session: Session, instance: ProcessInstance, variables: Mapping[str, Any], names: Collection[str] | None = None) -> Form:
    """A form with one field per variable of a case that can be corrected, or for those of `names`: what the forms of its version say.

    What no form asks for keeps the kind of value that it has. Files, records and lists that no form knows are left out.
    """
    found = {component.own[0]: component for component in reversed(list(_asked(session, instance)))}
    for name, value in variables.items():
        made = _kept(name, value) if name not in found and not name.startswith("_") else None
        if made is not None:
            found[name] = made
    order = [*variables, *(name for name in found if name not in variables)]
    return Form("du_lieu", [found[name] for name in order if name in found and (names is None or name in names)])


def _asked(session: Session, instance: ProcessInstance) -> Iterator[Component]:
    contents = deployments.contents(session, instance.definition.deployment)
    for one in {id(one): one for one in contents.forms.values()}.values():
        for component in one.components:
            inside = list(component.walk())
            if len(component.own) == 1 and not any(part.type == "filepicker" for part in inside) and any(part.is_field for part in inside):
                yield _open(component)


def _open(component: Component) -> Component:
    raw = {key: value for key, value in component.raw.items() if key not in _LOCKS}
    return replace(component, raw=raw, children=tuple(_open(child) for child in component.children))


def _kept(name: str, value: object) -> Component | None:
    kind = "checkbox" if isinstance(value, bool) else "number" if isinstance(value, int | float) else "textfield"
    if value is not None and not isinstance(value, bool | int | float | str):
        return None
    return Component(kind, {"type": kind, "key": name, "label": name}, (name,), (name,))


def checked(session: Session, instance: ProcessInstance, variables: Mapping[str, Any], values: Mapping[str, Any]) -> dict[str, Any]:
    """`values` as the case would keep them. `variables`: those that it has. Raises FormInvalid, Invalid."""
    if not values:
        raise Invalid(expected="at least one variable to correct", found="none")
    found = form(session, instance, variables, values)
    known = {component.own[0] for component in found.components}
    if strange := sorted(set(values) - known):
        raise Invalid(expected="variables that the case has or its forms ask for", found=", ".join(strange))
    return found.validate(dict(values), {**variables, **user_tasks.choices(session)})


def correct(
    session: Session, instance_id: int, user: User, values: Mapping[str, Any], reason: str, *, seen: int | None = None
) -> HistoryEvent:
    """Mend the data of a running case. For its supervisors, with a reason; before and after are recorded, conditional events look again.

    `seen`: the case's version when it was looked at. Raises NotFound, Forbidden, InstanceNotActive, Stale, FormInvalid, Invalid.
    """
    instance = _held(session, instance_id, user, reason)
    if seen is not None and instance.version != seen:
        raise Stale(instance=instance.business_key)
    execution = executions.load(session, instance)
    return _write(session, instance, user, execution, checked(session, instance, execution.variables, values), reason)


def put_back(session: Session, instance_id: int, user: User, before: Mapping[str, Any], reason: str) -> HistoryEvent:
    """Give variables the values back that a correction has taken from them. Raises as correct()."""
    instance = _held(session, instance_id, user, reason)
    return _write(session, instance, user, executions.load(session, instance), from_json(before), reason)


def _held(session: Session, instance_id: int, user: User, reason: str) -> ProcessInstance:
    if not reason.strip():
        raise Invalid(expected="a reason for this change", found="none")
    instance = instances.steered(session, instance_id, user, "change the data of this case")
    if not executions.runs(instance):
        raise executions.not_active(instance)
    return instance


def _write(
    session: Session, instance: ProcessInstance, user: User, execution: Execution, values: Mapping[str, Any], reason: str
) -> HistoryEvent:
    before = {name: execution.variables.get(name) for name in values}
    execution.set_variables(values)
    detail = {"reason": reason.strip(), "before": to_json(before), "after": to_json(dict(values))}
    event = history.record(session, instance.id, "variables.set", actor=user, detail=detail)
    wait_states.mirror(session, instance, execution, actor=user)
    return event
