"""How moments, states and sizes are written for people."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Flask
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from engine.models import HistoryEvent
from engine.sentences import translate
from web.assets import icon
from web.language import gettext as _
from web.language import locale, ngettext

HOME = ZoneInfo("Asia/Ho_Chi_Minh")

FAR = 3_650
"""Days beyond which nobody counts working days."""

WEEKDAYS = (_l("Thứ Hai"), _l("Thứ Ba"), _l("Thứ Tư"), _l("Thứ Năm"), _l("Thứ Sáu"), _l("Thứ Bảy"), _l("Chủ nhật"))

STATES = {
    "active": (_l("đang thực hiện"), "play-fill"),
    "open": (_l("đang mở"), "play-fill"),
    "completed": (_l("đã hoàn thành"), "check-circle-fill"),
    "cancelled": (_l("đã hủy"), "slash-circle"),
    "failed": (_l("dừng vì lỗi"), "exclamation-octagon-fill"),
    "suspended": (_l("tạm dừng"), "hourglass-split"),
}


def local(moment: datetime) -> datetime:
    """`moment` in the zone that people here live in."""
    return moment.astimezone(HOME)


def today() -> date:
    return datetime.now(HOME).date()


def write_date(moment: datetime | date | None) -> str:
    """dd/mm/yyyy"""
    if moment is None:
        return ""
    return f"{local(moment) if isinstance(moment, datetime) else moment:%d/%m/%Y}"


def write_moment(moment: datetime | None) -> str:
    """dd/mm/yyyy HH:MM"""
    return "" if moment is None else f"{local(moment):%d/%m/%Y %H:%M}"


def write_clock(moment: datetime) -> str:
    """HH:MM"""
    return f"{local(moment):%H:%M}"


def write_weekday(moment: datetime) -> str:
    """`Thứ Hai 23/11/2026`"""
    return f"{WEEKDAYS[local(moment).weekday()]} {write_date(moment)}"


def element_time(moment: datetime | None, *, clock: bool = True) -> Markup:
    """A <time> that shows the date and says the exact moment."""
    if moment is None:
        return Markup("")
    shown = write_moment(moment) if clock else write_date(moment)
    # Digits alone: there is nothing to escape, and a list has a hundred of them.
    return Markup(f'<time datetime="{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}">{shown}</time>')  # noqa: S704


def due_words(due: datetime | None) -> str:
    """`còn 3 ngày làm việc`, `hôm nay`, `trễ 2 ngày`."""
    if due is None:
        return ""
    day, now = local(due).date(), today()
    if due <= datetime.now(UTC):
        late = (now - day).days
        return ngettext("trễ %(num)s ngày", "trễ %(num)s ngày", late) if late else _("quá hạn từ %(time)s", time=f"{local(due):%H:%M}")
    if day == now:
        return _("hôm nay, %(time)s", time=f"{local(due):%H:%M}")
    from web.calendar import current

    left = current().days_between(now, min(day, now + timedelta(days=FAR)))
    return ngettext("còn %(num)s ngày làm việc", "còn %(num)s ngày làm việc", left) if left else _("trong kỳ nghỉ này")


def is_late(due: datetime | None) -> bool:
    return due is not None and due <= datetime.now(UTC)


def state(name: str, label: str = "") -> Markup:
    """A state as colour, shape and word."""
    word, shape = STATES.get(name, (name, "info-circle"))
    return Markup('<span class="state state-{}">{} {}</span>').format(name, icon(shape), label or word)


def size(count: int) -> str:
    """`1,2 MB`"""
    if count < 1_000:
        return f"{count} B"
    for unit, step in (("KB", 1_000), ("MB", 1_000_000)):
        if count < step * 1_000:
            return f"{count / step:.1f} {unit}".replace(".", ",").replace(",0 ", " ")
    return f"{count / 1_000_000_000:.1f} GB".replace(".", ",")


def decimal(value: float) -> str:
    """`1.234,5`: as numbers are written in the reader's language."""
    text = f"{value:,.1f}".removesuffix(".0") if isinstance(value, float) else f"{value:,}"
    return text.translate(str.maketrans(",.", ".,")) if locale() == "vi" else text


EVENTS = {
    "instance.started": _l("Khởi tạo hồ sơ"),
    "instance.completed": _l("Hồ sơ hoàn thành"),
    "instance.cancelled": _l("Hủy hồ sơ"),
    "instance.failed": _l("Hồ sơ dừng vì lỗi"),
    "instance.suspended": _l("Tạm dừng hồ sơ"),
    "instance.activated": _l("Tiếp tục hồ sơ"),
    "instance.held": _l("Giữ hồ sơ, không xóa"),
    "instance.released": _l("Thôi giữ hồ sơ"),
    "instance.migrated": _l("Chuyển sang bản khác"),
    "instance.modified": _l("Chuyển bước bằng tay"),
    "instance.restarted": _l("Mở lại hồ sơ"),
    "variables.set": _l("Sửa dữ liệu"),
    "task.reminded": _l("Nhắc người giữ việc"),
    "element.completed": _l("Qua bước"),
    "element.cancelled": _l("Bỏ bước"),
    "element.skipped": _l("Không có lượt nào"),
    "element.failed": _l("Bước gặp lỗi"),
    "task.created": _l("Giao việc"),
    "task.claimed": _l("Nhận việc"),
    "task.unclaimed": _l("Trả việc lại đơn vị"),
    "task.assigned": _l("Giao việc cho người khác"),
    "task.completed": _l("Hoàn thành"),
    "task.due_date_set": _l("Đổi hạn của việc"),
    "task.due_date_moved": _l("Hạn của việc được tính lại theo lịch làm việc"),
    "task.priority_set": _l("Đổi mức ưu tiên của việc"),
    "task.cancelled": _l("Việc không còn cần"),
    "timer.fired": _l("Đến hạn"),
    "timer.moved": _l("Hẹn giờ được tính lại theo lịch làm việc"),
    "message.received": _l("Nhận thông điệp"),
    "signal.received": _l("Nhận tín hiệu"),
    "job.completed": _l("Việc tự động đã xong"),
    "job.failed": _l("Việc tự động gặp lỗi"),
    "incident.raised": _l("Phát sinh sự cố"),
    "incident.resolved": _l("Khắc phục sự cố"),
    "decision.evaluated": _l("Áp dụng bảng quyết định"),
    "document.added": _l("Thêm văn bản"),
    "document.read": _l("Đọc văn bản"),
    "document.removed": _l("Bỏ văn bản"),
    "notification.sent": _l("Đã gửi thư báo"),
    "notification.not_sent": _l("Chưa gửi được thư báo"),
}
REMINDED = {
    "before": _l("Nhắc trước hạn"),
    "late": _l("Nhắc việc quá hạn"),
    "head": _l("Báo người đứng đầu cơ quan: việc quá hạn"),
    "supervisor": _l("Báo người giám sát: việc quá hạn"),
}
"""Reminders that nobody asked for, by their stage."""
_TOLD = ("to_name", "name", "message", "reason", "to", "error")


def said(text: str) -> str:
    """What the engine said when it wrote a row (an incident), in the reader's language; what people wrote stays as it is."""
    return translate(text, locale())


def event_words(event: HistoryEvent) -> str:
    """One event of the history in words: what happened, where, and the detail that tells most."""
    what = str(REMINDED.get(str(event.detail.get("stage"))) or EVENTS.get(event.kind, event.kind))
    more = next((said(str(event.detail[key])) for key in _TOLD if event.detail.get(key)), "")
    return ": ".join(part for part in (what, event.element_name or "", more) if part)


def actor_words(event: HistoryEvent) -> str:
    """Who did it, and for whom: `Trần Thị Hoa, thay Phạm Quang Minh`."""
    who = event.actor.name if event.actor else _("hệ thống")
    absent = event.detail.get("for_name")
    return _("%(name)s, thay %(absent)s", name=who, absent=absent) if absent else who


def init(app: Flask) -> None:
    filters: dict[str, Any] = {
        "date": write_date,
        "moment": write_moment,
        "clock": write_clock,
        "weekday": write_weekday,
        "time": element_time,
        "due_words": due_words,
        "size": size,
        "decimal": decimal,
        "said": said,
    }
    app.jinja_env.filters.update(filters)
    app.jinja_env.globals.update(state=state, is_late=is_late, event_words=event_words, actor_words=actor_words)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
