"""A multi-instance or looping activity says how often: a collection, a number, or a condition."""

from __future__ import annotations

from collections.abc import Iterator

from engine.diagram import CAMUNDA, Diagram, Element
from engine.errors import Finding
from engine.lint.flow import child, text_of
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        for activity in diagram.flow_nodes():
            for loop in activity.children("multiInstanceLoopCharacteristics"):
                if not (
                    loop.get(f"{{{CAMUNDA}}}collection")
                    or text_of(child(loop, "loopCardinality"))
                    or text_of(child(loop, "loopDataInputRef"))
                ):
                    yield todo(
                        (diagram.file, activity),
                        vi=f"Bước nhiều lượt {label(activity)} cần danh sách (camunda:collection) hoặc số lượt (loopCardinality), nhưng"
                        " chưa có. Hãy ghi một trong hai.",
                        en=f"Expected multi-instance {label(activity)} to have a collection (camunda:collection) or a number"
                        " (loopCardinality),"
                        " but it has neither. Write one of them.",
                    )
            for loop in activity.children("standardLoopCharacteristics"):
                if not loop.get("loopMaximum") and not text_of(child(loop, "loopCondition")):
                    yield todo(
                        (diagram.file, activity),
                        vi=f"Bước lặp {label(activity)} cần điều kiện lặp (loopCondition) hoặc số lần tối đa (loopMaximum), nhưng chưa"
                        " có. Hãy ghi một trong hai.",
                        en=f"Expected looping {label(activity)} to have a loopCondition or a loopMaximum, but it has neither. Write one"
                        " of them.",
                    )
            yield from _quantities(diagram, activity)


def _quantities(diagram: Diagram, activity: Element) -> Iterator[Finding]:
    for attribute in ("startQuantity", "completionQuantity"):
        value = activity.node.get(attribute, "1").strip()
        if not value.isdecimal() or int(value) < 1:
            yield error(
                (diagram.file, activity),
                vi=f"{label(activity)}: {attribute} phải là số nguyên từ 1 trở lên, nhưng là “{value}”. Hãy sửa hoặc bỏ đi.",
                en=f"{label(activity)}: expected {attribute} to be a whole number of at least 1, but it is “{value}”. Correct or delete"
                " it.",
            )
