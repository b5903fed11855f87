"""A timer says when: a date, a duration or a cycle in ISO 8601, or an expression. Cron has no meaning here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime

from engine.diagram import Diagram, Element, Node
from engine.errors import ExpressionError, Finding
from engine.lint.flow import child, kind_of, line_of, text_of
from engine.lint.folder import Folder
from engine.lint.rule import error, label, todo
from engine.spiff import deadlines, moments

_NOW = datetime(2026, 1, 1, tzinfo=moments.ZONE)
_KINDS = ("timeDate", "timeDuration", "timeCycle")
_WANTED = {
    "timeDate": ("một ngày giờ ISO 8601 như 2026-03-01T08:00:00+07:00", "an ISO 8601 date such as 2026-03-01T08:00:00+07:00"),
    "timeDuration": ("một khoảng thời gian ISO 8601 như P3D hoặc PT4H", "an ISO 8601 duration such as P3D or PT4H"),
    "timeCycle": ("một chu kỳ ISO 8601 như R3/P1D", "an ISO 8601 cycle such as R3/P1D"),
}


def check(folder: Folder) -> Iterator[Finding]:
    for diagram in folder.diagrams.values():
        flows = folder.flows(diagram)
        for event in flows.nodes.values():
            for definition in flows.definitions(event):
                if kind_of(definition) == "timerEventDefinition":
                    yield from _timer(diagram, event, definition)


def _timer(diagram: Diagram, event: Element, definition: Node) -> Iterator[Finding]:
    given = [(kind, node, text_of(node)) for kind in _KINDS if (node := child(definition, kind)) is not None]
    filled = [(kind, node, value) for kind, node, value in given if value]
    if not filled:
        yield todo(
            (diagram.file, event),
            vi=f"Đồng hồ {label(event)} cần thời điểm hoặc khoảng thời gian, nhưng chưa có. Hãy ghi, ví dụ P3D (3 ngày) hoặc"
            f" ${{han_tra_loi}}.",
            en=f"Expected timer {label(event)} to say when, but it has no value. Write one, such as P3D (3 days) or ${{han_tra_loi}}.",
        )
    if len(filled) > 1:
        yield error(
            (diagram.file, event),
            vi=f"Đồng hồ {label(event)} chỉ được có một trong ngày giờ, khoảng thời gian, chu kỳ, nhưng có {len(filled)}. Hãy giữ lại một.",
            en=f"Expected timer {label(event)} to have one of date, duration and cycle, but it has {len(filled)}. Keep one.",
        )
    for kind, node, value in filled:
        yield from working_days((diagram.file, event), kind, value)
        if "${" in value or "#{" in value:
            if event.type == "startEvent" and event.parent_id == event.process_id:
                yield error(
                    (diagram.file, event),
                    line=line_of(node),
                    vi=f"Đồng hồ bắt đầu {label(event)} phải có giá trị cố định, nhưng là “{value}”: trước khi có hồ sơ thì chưa có biến"
                    " nào. Hãy ghi giá trị.",
                    en=f"Expected start timer {label(event)} to have a constant value, but found “{value}”: before there is a case there"
                    " are no"
                    " variables. Write the value.",
                )
            continue
        if kind == "timeCycle" and _cron(value):
            yield error(
                (diagram.file, event),
                line=line_of(node),
                vi=f"Đồng hồ {label(event)} phải dùng chu kỳ ISO 8601, nhưng “{value}” là cron. Cron phụ thuộc múi giờ và cách hiểu của"
                " từng máy chủ,"
                " nên không được nhận; hãy ghi như R/2026-01-01T08:00:00+07:00/P1D.",
                en=f"Expected timer {label(event)} to have an ISO 8601 cycle, but “{value}” is cron. Its meaning depends on the server's"
                " time zone"
                " and dialect, so it is not taken; write one such as R/2026-01-01T08:00:00+07:00/P1D.",
            )
        elif not _right(kind, value):
            vi, en = _WANTED[kind]
            yield error(
                (diagram.file, event),
                line=line_of(node),
                vi=f"Đồng hồ {label(event)} cần {vi}, nhưng là “{value}”. Hãy sửa lại.",
                en=f"Expected timer {label(event)} to have {en}, but found “{value}”. Correct it.",
            )


def working_days(place: tuple[str, Element], kind: str, value: str) -> Iterator[Finding]:
    """Property `lich`: days and hours are working days and hours. `kind`: dueDate, followUpDate or that of a timer."""
    element = place[1]
    calendar = element.properties.get(deadlines.PROPERTY, "").strip()
    if not calendar:
        return
    if element.type == "startEvent" and element.parent_id == element.process_id:
        yield error(
            place,
            vi=f"Đồng hồ bắt đầu {label(element)} không tính được theo ngày làm việc. Hãy bỏ thuộc tính lich.",
            en=f"Expected start timer {label(element)} to count plain days, but it has property lich. Remove it.",
        )
    elif "${" not in calendar and calendar.partition("@")[0].strip() != deadlines.WORKING:
        yield error(
            place,
            vi=f"Thuộc tính lich của {label(element)} phải là ngay_lam_viec hoặc ngay_lam_viec@mã_tổ_chức, nhưng là “{calendar}”."
            " Hãy sửa lại.",
            en=f"Expected property lich of {label(element)} to be ngay_lam_viec or ngay_lam_viec@body, but found “{calendar}”. Correct it.",
        )
    elif "${" not in calendar + value and "#{" not in value and not deadlines.counts(value, kind, calendar):
        yield error(
            place,
            vi=f"{label(element)}: “{value}” không tính được bằng ngày làm việc. Tháng, năm và tuần không có số ngày làm việc cố định; hãy"
            " ghi số ngày hoặc số giờ, như P10D hoặc PT4H.",
            en=f"{label(element)}: expected working days or hours such as P10D or PT4H, but found “{value}”: months, years and weeks have"
            " no fixed number of working days.",
        )


def _cron(value: str) -> bool:
    return len(value.split()) in (5, 6, 7) and not value.startswith(("R", "P")) and re.fullmatch(r"[\d\s*/,?\-#A-Za-z]+", value) is not None


def _right(kind: str, value: str) -> bool:
    """Whether the engine will understand the text, and can count with it."""
    try:
        if kind == "timeCycle":
            cycle = moments.cycle(value)
            cycle.interval.after(cycle.first or _NOW)
        elif kind == "timeDuration":
            moments.duration(value).after(_NOW)
        else:
            moments.moment(value)
    except (ExpressionError, OverflowError, ValueError):
        return False
    return True
