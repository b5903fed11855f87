"""Due dates, priorities and retry cycles written as constants have a form that the engine understands."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import datetime

from engine.diagram import Element
from engine.errors import ExpressionError, Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label
from engine.lint.timer import working_days
from engine.spiff import moments

_NOW = datetime(2026, 1, 1, tzinfo=moments.ZONE)
_WHEN = (
    "ngày ISO 8601 (2026-03-31), khoảng thời gian ISO 8601 (P3D) hoặc ${...}",
    "an ISO 8601 date (2026-03-31), an ISO 8601 duration (P3D) or ${...}",
)
_RETRY = re.compile(r"R\d+/PT(?=\d)(?:\d+H)?(?:\d+M)?(?:\d+S)?")


def _point(value: str) -> bool:
    try:
        moments.point(value, _NOW)
    except (ExpressionError, OverflowError, ValueError):
        return False
    return True


_WANTED: dict[str, tuple[Callable[[str], bool], str, str]] = {
    "dueDate": (_point, *_WHEN),
    "followUpDate": (_point, *_WHEN),
    "priority": (lambda value: re.fullmatch(r"-?\d+", value) is not None, "số nguyên", "a whole number"),
}


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements():
        if element.type == "userTask":
            for attribute, (right, vi, en) in _WANTED.items():
                value = (element.camunda(attribute) or "").strip()
                if value and "${" not in value and not right(value):
                    yield _finding((diagram.file, element), f"camunda:{attribute}", value, vi, en)
                elif value and attribute != "priority":
                    yield from working_days((diagram.file, element), attribute, value)
        for node in element.extensions("failedJobRetryTimeCycle"):
            value = (node.text or "").strip()
            if value and _RETRY.fullmatch(value) is None:
                yield _finding(
                    (diagram.file, element),
                    "failedJobRetryTimeCycle",
                    value,
                    "số lần và khoảng cách, như R3/PT10M (ba lần, cách nhau 10 phút)",
                    "a number and a distance, such as R3/PT10M (three times, 10 minutes apart)",
                )


def _finding(place: tuple[str, Element], what: str, value: str, vi: str, en: str) -> Finding:
    return error(
        place,
        vi=f"{label(place[1])}: {what} phải là {vi}, nhưng là “{value}”. Hãy sửa lại.",
        en=f"{label(place[1])}: expected {what} to be {en}, but found “{value}”. Correct it.",
    )
