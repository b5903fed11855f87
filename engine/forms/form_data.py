"""`camunda:formData` as the components of a form file."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from engine.diagram import BPMN, CAMUNDA, Node
from engine.errors import Finding, Severity

_TYPES = {"string": "textfield", "long": "number", "boolean": "checkbox", "date": "datetime", "enum": "select"}
_RULES = {"minlength": "minLength", "maxlength": "maxLength", "min": "min", "max": "max"}
Refuse = Callable[[str, str], None]
_FLAGS = ("required", "readonly")


def convert(node: Node, file: str) -> tuple[str, list[dict[str, Any]], list[Finding]]:
    """Of an element of a diagram: id of its form, components as a form file has them, and what cannot be honoured."""
    id_ = node.get("id", "")
    components: list[dict[str, Any]] = []
    findings: list[Finding] = []

    def refuse(vi: str, en: str) -> None:
        line = node.sourceline if isinstance(node.sourceline, int) else None
        findings.append(Finding("form", Severity.ERROR, vi, en, file, id_, line))

    for data in node.findall(f"{{{BPMN}}}extensionElements/{{{CAMUNDA}}}formData"):
        if data.get("businessKey"):
            refuse("formData không đặt được mã hồ sơ (businessKey); hãy bỏ.", "formData cannot set the business key; remove businessKey.")
        components += [_component(field, refuse) for field in data.findall(f"{{{CAMUNDA}}}formField")]
    return id_, components, findings


def _component(field: Node, refuse: Refuse) -> dict[str, Any]:
    key, kind = field.get("id", ""), field.get("type", "string")
    if kind not in _TYPES:
        refuse(
            f"Trường {key}: loại “{kind}” không dùng được; cần một trong {', '.join(_TYPES)}.",
            f"Field {key}: expected one of {', '.join(_TYPES)}, found type {kind!r}.",
        )
    component: dict[str, Any] = {"type": _TYPES.get(kind, kind), "id": key, "key": key, "label": field.get("label") or key, "validate": {}}
    if kind == "long":
        component["decimalDigits"] = 0
    if kind == "date":
        component["subtype"] = "date"
    if kind == "enum":
        values = field.findall(f"{{{CAMUNDA}}}value")
        component["values"] = [{"value": value.get("id", ""), "label": value.get("name") or value.get("id", "")} for value in values]
    if field.get("defaultValue"):
        component["defaultValue"] = _default(field.get("defaultValue", ""), kind, key, refuse)
    for constraint in field.findall(f"{{{CAMUNDA}}}validation/{{{CAMUNDA}}}constraint"):
        _constrain(component, constraint.get("name", ""), constraint.get("config"), refuse)
    return component


def _default(written: str, kind: str, key: str, refuse: Refuse) -> Any:
    if "${" in written:
        refuse(f"Trường {key}: giá trị mặc định không thể là biểu thức.", f"Field {key}: expected a constant default, found {written!r}.")
    if kind == "boolean":
        return written == "true"
    if kind == "long":
        try:
            return int(written)
        except ValueError:
            refuse(f"Trường {key}: giá trị mặc định cần là số nguyên.", f"Field {key}: expected a whole default, found {written!r}.")
    if kind == "date" and written[2:3] == "/" and len(written) == 10:
        return f"{written[6:]}-{written[3:5]}-{written[:2]}"
    return written


def _constrain(component: dict[str, Any], name: str, config: str | None, refuse: Refuse) -> None:
    if name in _FLAGS:
        holder = component["validate"] if name == "required" else component
        holder[name] = config in (None, "", "true")
    elif name in _RULES:
        component["validate"][_RULES[name]] = config
    else:
        refuse(
            f"Trường {component['key']}: điều kiện “{name}” không dùng được; cần một trong {', '.join((*_FLAGS, *_RULES))}.",
            f"Field {component['key']}: expected one of {', '.join((*_FLAGS, *_RULES))}, found constraint {name!r}.",
        )
