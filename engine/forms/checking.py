"""What of a form the server cannot honour. Each finding names the component and says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from engine.errors import ExpressionError, Finding, Severity
from engine.forms import terms
from engine.forms.component import CHOICES, FIELDS, IGNORED, KNOWN, TEXTS, Component, source
from engine.forms.pattern import PatternRefused, compile_pattern
from engine.forms.schema import FORMATS, longest
from engine.sentences import say

RULE = "form"
_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_RULES = {
    "textfield": {"minLength", "maxLength", "pattern", "validationType"},
    "textarea": {"minLength", "maxLength"},
    "number": {"min", "max"},
}
_LIMITS = ("minLength", "maxLength", "min", "max")
_TEXTS = ("label", "description", "text", "content", "dateLabel", "timeLabel")
Say = tuple[str, str]
"""A sentence in Vietnamese and in English."""


def findings(components: Sequence[Component], file: str) -> list[Finding]:
    """All findings, in the order of the form."""
    found: list[Finding] = []
    seen: set[tuple[str, ...]] = set()
    for component, list_ in _walk(components, None):
        for check in _CHECKS:
            found += [_finding(component, file, *say) for say in check(component)]
        found += [_finding(component, file, *say) for say in _in_list(component, list_)]
        if component.path and component.own and component.type != "group":
            if component.path in seen:
                name = ".".join(component.path)
                found.append(_finding(component, file, f"khóa {name} đã có ở trường khác", f"key {name} is used twice"))
            seen.add(component.path)
    return found


def reads(component: Component) -> frozenset[str]:
    """Names that its expressions and choices may read."""
    names = {str(component.raw["valuesKey"]).split(".")[0]} if component.raw.get("valuesKey") else set()
    return frozenset(names).union(*(terms.names(expression) for _, expression in _expressions(component)))


def decided_by(component: Component) -> frozenset[str]:
    """Names that decide whether it shows, what may be chosen in it, and what it says."""
    return frozenset().union(*(terms.names(expression) for where, expression in _expressions(component) if where != "defaultValue"))


def _walk(components: Sequence[Component], list_: Component | None) -> Iterator[tuple[Component, Component | None]]:
    for component in components:
        yield component, list_
        yield from _walk(component.children, component if component.type == "dynamiclist" else list_)


def _finding(component: Component, file: str, vi: str, en: str) -> Finding:
    return Finding(
        rule=RULE,
        severity=Severity.ERROR,
        vi=f"Thành phần “{component.label or component.key}” ({component.type}): {vi}.",
        en=f'Component "{component.key}" ({component.type}): {en}.',
        file=file,
        element=component.key,
        detail={"component": component.key, "type": component.type},
    )


def _type(component: Component) -> Iterator[Say]:
    if component.type not in KNOWN:
        known = ", ".join(sorted(KNOWN - IGNORED))
        yield f"máy chủ chỉ hiểu các loại {known}; hãy thay hoặc bỏ thành phần này", f"expected one of {known}; replace or remove it"


def _key(component: Component) -> Iterator[Say]:
    named = component.type in FIELDS or component.type == "dynamiclist"
    if named and not component.own:
        yield "cần có khóa (key, hoặc path của danh sách)", "expected a key (a path for a list), found none"
    bad = [part for part in component.own if not _KEY.fullmatch(part)]
    if (named or component.type == "group") and bad:
        yield (
            f"khóa chỉ gồm chữ không dấu, số và gạch dưới, không bắt đầu bằng số; đang là “{'.'.join(component.own)}”",
            f"expected a key of ASCII letters, digits and underscores, found {'.'.join(component.own)!r}",
        )
    if named and not component.label:
        yield "cần có nhãn để người xử lý biết phải nhập gì", "expected a label, found none"


def _subtype(component: Component) -> Iterator[Say]:
    if component.type == "datetime" and component.subtype not in FORMATS:
        yield "subtype cần là date, time hoặc datetime", f"expected subtype date, time or datetime, found {component.subtype!r}"


def _choices(component: Component) -> Iterator[Say]:
    if component.type not in CHOICES:
        return
    raw = component.raw
    values = raw.get("values")
    if raw.get("valuesKey") or source(raw.get("valuesExpression")):
        return
    if not isinstance(values, list) or not values:
        yield "cần danh sách lựa chọn (values, valuesKey hoặc valuesExpression)", "expected values, valuesKey or valuesExpression"
    elif not all(isinstance(one, dict) and isinstance(one.get("value"), str | int | float) and one.get("label") for one in values):
        yield (
            "mỗi lựa chọn cần có label và value là chữ hoặc số",
            "expected each value to have a label and a value that is text or a number",
        )
    elif len({str(one["value"]) for one in values}) < len(values):
        yield "hai lựa chọn có cùng value", "two options have the same value"


def _rules(component: Component) -> Iterator[Say]:
    known = {"required"} | _RULES.get(component.type, set())
    for rule, value in component.rules.items():
        if value in (None, "", False):
            continue
        if rule not in known:
            yield f"máy chủ không kiểm tra được điều kiện {rule} ở loại này", f"validation {rule!r} is not supported for this type"
        elif rule in _LIMITS and source(value) is None and not _is_number(value):
            yield f"{rule} cần là một số, đang là “{value}”", f"expected {rule} to be a number, found {value!r}"
    kind = component.rules.get("validationType")
    if kind not in (None, "", "custom", "email", "phone"):
        yield f"validationType cần là email hoặc phone, đang là “{kind}”", f"expected validationType email or phone, found {kind!r}"


def _pattern(component: Component) -> Iterator[Say]:
    pattern = component.rules.get("pattern")
    if component.type in TEXTS and pattern:
        try:
            compile_pattern(str(pattern), longest(component.rules))
        except PatternRefused as refused:
            yield f"mẫu {pattern} không dùng được: {refused.vi}", f"pattern {pattern} cannot be used: {refused.en}"


def _expressions_parse(component: Component) -> Iterator[Say]:
    for where, expression in _expressions(component):
        if expression.lstrip()[:1] in ("#", "/"):
            yield f"{where}: khối {{{{{expression}}}}} không dùng được, chỉ biểu thức đơn", f"{where}: template blocks are not supported"
            continue
        try:
            terms.check(expression)
        except ExpressionError as error:
            yield f"{where}: biểu thức FEEL không đọc được: {say(error)}", f"{where}: unreadable FEEL expression: {error}"


def _table(component: Component) -> Iterator[Say]:
    if component.type == "table" and (not source(component.raw.get("dataSource")) or component.raw.get("columnsExpression")):
        yield "bảng cần dataSource là biểu thức và các cột viết sẵn", "expected a table with dataSource as an expression and fixed columns"


def _unsupported(component: Component) -> Iterator[Say]:
    if component.type == "dynamiclist" and component.raw.get("isRepeating") is False:
        yield "danh sách không lặp; hãy dùng nhóm", "a list that does not repeat; use a group"
    if component.type == "filepicker" and source(component.raw.get("accept")):
        yield "accept không thể là biểu thức", "accept cannot be an expression"
    if component.type == "filepicker" and source(component.raw.get("multiple")):
        yield "multiple không thể là biểu thức", "multiple cannot be an expression"


def _in_list(component: Component, list_: Component | None) -> Iterator[Say]:
    if list_ is None:
        return
    if component.type in ("filepicker", "dynamiclist", "table"):
        yield "loại này không dùng được trong danh sách nhiều dòng", "not supported inside a list of rows"
    if list_.growing and component.type in FIELDS and (component.raw.get("readonly") or component.raw.get("disabled")):
        yield (
            "trường chỉ đọc không dùng được trong danh sách thêm bớt được dòng; hãy tắt thêm bớt dòng",
            "a read-only field inside a list whose rows can be added and removed; switch adding and removing off",
        )


def _expressions(component: Component) -> Iterator[tuple[str, str]]:
    """(where it stands, FEEL source) of everything that is evaluated."""
    raw = component.raw
    if component.hide is not None:
        yield "conditional.hide", component.hide
    places: dict[str, Any] = {key: raw.get(key) for key in ("readonly", "disabled", "defaultValue", "valuesExpression", "dataSource")}
    places |= {f"validate.{key}": component.rules.get(key) for key in _LIMITS}
    for where, written in places.items():
        if (expression := source(written)) is not None:
            yield where, expression
    appearance = raw.get("appearance")
    texts = {**{key: raw.get(key) for key in _TEXTS}, **(appearance if isinstance(appearance, Mapping) else {})}
    for where, written in texts.items():
        if isinstance(written, str):
            yield from ((where, expression) for expression in terms.expressions(written))


def _is_number(value: object) -> bool:
    if isinstance(value, str):
        return re.fullmatch(r"-?\d{1,15}(\.\d{1,15})?", value.strip()) is not None
    return isinstance(value, int | float) and not isinstance(value, bool)


_CHECKS: tuple[Callable[[Component], Iterator[Say]], ...] = (
    _type,
    _key,
    _subtype,
    _choices,
    _rules,
    _pattern,
    _expressions_parse,
    _table,
    _unsupported,
)
