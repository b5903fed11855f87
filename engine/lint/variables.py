"""Which variables each element of a diagram sets, as far as the diagram says so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from engine import expressions
from engine.diagram import CAMUNDA, Diagram, Element, Node
from engine.errors import ExpressionError
from engine.forms import Form
from engine.lint import places
from engine.lint.flow import SCOPES, child, text_of
from engine.lint.folder import Folder


@dataclass(frozen=True)
class Writes:
    """Names an element sets. `blind`: those it sets without having read them, so that another's value is lost."""

    all: frozenset[str] = frozenset()
    blind: frozenset[str] = frozenset()

    def __or__(self, other: Writes) -> Writes:
        return Writes(self.all | other.all, self.blind | other.blind)

    def without(self, names: frozenset[str]) -> Writes:
        return Writes(self.all - names, self.blind - names)


def _blind(*names: str) -> Writes:
    found = frozenset(name for name in names if name)
    return Writes(found, found)


def writes(folder: Folder, diagram: Diagram, element: Element) -> Writes:
    """What stays set when the element is done: its own inputs and its members' variables are not among them."""
    found = Writes()
    if element.type in SCOPES:
        for member in folder.flows(diagram).members[element.id]:
            found |= writes(folder, diagram, member)
    for script in places.scripts_of(diagram, element):
        if script.sets:
            found |= _of_script(script.source)
    form = form_of(folder, element)
    if form is not None:
        found |= _blind(*(field.path.split(".")[0] for field in form.fields))
    found |= _blind(element.camunda("resultVariable") or "")
    found = found.without(frozenset(_names(element, "inputParameter")) | _of_member(element))
    outputs = [*_names(element, "outputParameter"), *(node.get("target", "") for node in element.extensions("out"))]
    return found | _blind(*outputs, *_collected(element))


def _of_script(source: str) -> Writes:
    read, set_ = script_names(source)
    return Writes(set_, set_ - read)


def script_names(source: str) -> tuple[frozenset[str], frozenset[str]]:
    """Names that a script reads and sets; none of either when its syntax is wrong, which is for another rule to say."""
    found = understood(source)
    return (frozenset(), frozenset()) if isinstance(found, ExpressionError) else found


@lru_cache(maxsize=8192)
def understood(source: str) -> tuple[frozenset[str], frozenset[str]] | ExpressionError:
    """Names that a script reads and sets, or what is wrong with it."""
    try:
        return expressions.script_names(source)
    except ExpressionError as error:
        return error


def _names(element: Element, kind: str) -> Iterator[str]:
    for holder in element.extensions("inputOutput"):
        for node in holder.iterchildren(f"{{{CAMUNDA}}}{kind}"):
            yield node.get("name", "")


def loop_of(element: Element) -> Node | None:
    """The element's multi-instance characteristics."""
    return child(element, "multiInstanceLoopCharacteristics")


def _of_member(element: Element) -> frozenset[str]:
    """Names that each member of a multi-instance has for itself."""
    loop = loop_of(element)
    if loop is None:
        return frozenset()
    items = [child(loop, "inputDataItem"), child(loop, "outputDataItem")]
    return frozenset([loop.get(f"{{{CAMUNDA}}}elementVariable", ""), *(item.get("name", "") for item in items if item is not None)])


def _collected(element: Element) -> list[str]:
    loop = loop_of(element)
    return [text_of(child(loop, "loopDataOutputRef"))] if loop is not None else []


def form_of(folder: Folder, element: Element) -> Form | None:
    """The form that a user task or start event shows, if it is in the folder or in the diagram."""
    if element.type not in ("userTask", "startEvent"):
        return None
    data = element.extensions("formData")
    if data:
        return Form.from_form_data(data[0])
    return folder.form(element.camunda("formRef") or element.camunda("formKey") or "")


def known(folder: Folder, diagram: Diagram) -> set[str]:
    """All names that anything in the diagram can set, for the case or for itself."""
    found = {"loopCounter", "nrOfInstances", "nrOfActiveInstances", "nrOfCompletedInstances"}
    for element in diagram.elements.values():
        if element.type == "sequenceFlow":
            continue
        # The members of a scope are visited themselves.
        found |= _of_member(element) | (set() if element.type in SCOPES else writes(folder, diagram, element).all)
        found |= set(_names(element, "outputParameter"))
        found |= set(_names(element, "inputParameter"))
        found |= {name.removeprefix("mac_dinh.") for name in element.properties if name.startswith("mac_dinh.")}
        found |= {node.get(f"{{{CAMUNDA}}}{a}", "") for node in element.node for a in ("errorCodeVariable", "errorMessageVariable")}
        found |= {
            element.camunda("initiator") or "",
            element.node.get("name", "") if element.type.startswith(("dataObject", "property")) else "",
        }
        if element.type.startswith(("dataObject", "property")):
            found.add(element.id)
    return found - {""}
