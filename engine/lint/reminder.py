"""Rules for reminders of user tasks (nhac_truoc, bao_tre) can be read: else people would be reminded as usual, for no visible reason."""

from __future__ import annotations

from collections.abc import Iterator

from engine.errors import ExpressionError, Finding
from engine.lint.folder import Folder
from engine.lint.rule import error, label, warning
from engine.reminders import rules


def check(folder: Folder) -> Iterator[Finding]:
    for diagram, element in folder.elements():
        ahead, behind = element.properties.get(rules.AHEAD), element.properties.get(rules.BEHIND)
        if ahead is None and behind is None:
            continue
        place = (diagram.file, element)
        if element.type not in ("userTask", "process"):
            yield warning(
                place,
                vi=f"{label(element)}: nhac_truoc và bao_tre chỉ có tác dụng trên việc của người hoặc trên quy trình. Hãy bỏ đi.",
                en=f"Expected nhac_truoc and bao_tre on a user task or a process, but {label(element)} is neither. Remove them.",
            )
            continue
        for name, written in ((rules.AHEAD, ahead), (rules.BEHIND, behind)):
            if written is not None and not _readable(name, written):
                wanted_vi = "một khoảng như P2D" if name == rules.AHEAD else "một đến ba khoảng như P0D, P2D, P5D"
                wanted_en = "a duration such as P2D" if name == rules.AHEAD else "one to three durations such as P0D, P2D, P5D"
                yield error(
                    place,
                    vi=f"{label(element)}: {name} phải là {wanted_vi} (ngày, giờ làm việc, nhiều nhất 366 ngày) hoặc khong, nhưng là"
                    f" “{written[:60]}”. Hãy sửa lại.",
                    en=f"{label(element)}: expected {name} to be {wanted_en} (working days or hours, at most 366 days) or khong, but it is"
                    f" “{written[:60]}”. Correct it.",
                )


def _readable(name: str, written: str) -> bool:
    try:
        rules.read(written if name == rules.AHEAD else "", written if name == rules.BEHIND else "")
    except ExpressionError:
        return False
    return True
