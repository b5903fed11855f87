"""Writes DMN files for tests, as dmn-js would."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from xml.sax.saxutils import escape, quoteattr

NEEDS = "<informationRequirement><requiredDecision href='#{}'/></informationRequirement>"
LATEST = "https://www.omg.org/spec/DMN/20191111/MODEL/"


def column(kind: str, at: int, written: tuple[str, ...]) -> str:
    """(expression or name, type, allowed values)"""
    text, type_, allowed, *more = (*written, "", "")
    values = f"<{kind}Values><text>{escape(allowed)}</text></{kind}Values>" if allowed else ""
    if kind == "input":
        inner = f"<inputExpression typeRef={quoteattr(type_)}><text>{escape(text)}</text></inputExpression>{values}"
        return f"<input id='i{at}' label={quoteattr(text.upper())}>{inner}</input>"
    default = f"<defaultOutputEntry><text>{escape(more[0])}</text></defaultOutputEntry>" if more[0] else ""
    return f"<output id='o{at}' name={quoteattr(text)} typeRef={quoteattr(type_)}>{values}{default}</output>"


def table(
    policy: str, inputs: Any, outputs: Any, rules: Sequence[Sequence[str]], id_: str = "d", more: str = "", attributes: str = ""
) -> str:
    columns = "".join(column("input", at, i) for at, i in enumerate(inputs)) + "".join(
        column("output", at, o) for at, o in enumerate(outputs)
    )
    rows = ""
    for rule in rules:
        tests = "".join(f"<inputEntry><text>{escape(cell)}</text></inputEntry>" for cell in rule[: len(inputs)])
        results = "".join(f"<outputEntry><text>{escape(cell)}</text></outputEntry>" for cell in rule[len(inputs) :])
        rows += f"<rule>{tests}{results}<annotationEntry><text>chú thích</text></annotationEntry></rule>"
    name, _, aggregation = policy.partition("+")
    aggregated = f" aggregation='{aggregation}'" if aggregation else ""
    inner = f"<decisionTable hitPolicy='{name}'{aggregated}>{columns}<annotation name='Ghi chú'/>{rows}</decisionTable>"
    return f"<decision id='{id_}' name='Bảng {id_}'>{more}{inner}</decision>"


def file(*decisions: str, namespace: str = LATEST) -> bytes:
    return f"<?xml version='1.0' encoding='UTF-8'?><definitions xmlns='{namespace}' id='x'>{''.join(decisions)}</definitions>".encode()
