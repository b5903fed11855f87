"""Acts in words: what each kind is called, and what exactly it would do."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from flask_babel import lazy_gettext as _l

from engine import deployments
from engine.models import ProcessDefinition, ProcessInstance, User
from web import story
from web.database import db
from web.language import gettext as _
from web.words import write_moment

KINDS = {
    "migrate": _l("Chuyển hồ sơ sang bản khác"),
    "suspend": _l("Tạm dừng hồ sơ"),
    "activate": _l("Cho hồ sơ chạy tiếp"),
    "cancel": _l("Hủy hồ sơ"),
    "set_variables": _l("Sửa dữ liệu của hồ sơ"),
    "modify": _l("Chuyển bước, bỏ qua bước"),
    "restart": _l("Mở lại hồ sơ đã kết thúc từ một bước"),
    "message": _l("Gửi thông điệp cho hồ sơ"),
    "assign": _l("Giao việc cho người khác"),
    "set_due_date": _l("Đổi hạn của việc"),
    "set_priority": _l("Đổi mức ưu tiên của việc"),
    "remind": _l("Nhắc người giữ việc"),
    "retry": _l("Thử lại sự cố"),
    "put_back": _l("Hoàn tác"),
}


def named(definition: ProcessDefinition, ids: Iterable[str]) -> str:
    """Elements by name."""
    elements = deployments.diagram(db.session(), definition).elements
    return ", ".join(f"“{elements[one].name or one}”" if one in elements else f"“{one}”" for one in ids)


def detail(kind: str, arguments: Mapping[str, Any], instance: ProcessInstance | None) -> str:
    """What exactly, beside the kind. `instance`: one of the cases, for the names of its version."""
    if kind == "assign":
        person = db.session.get(User, arguments["assignee"])
        return _("cho %(name)s", name=person.name if person else "?")
    if kind == "set_due_date":
        return _("hạn %(due)s", due=write_moment(datetime.fromisoformat(arguments["due"]))) if arguments["due"] else _("không có hạn")
    if kind == "set_priority":
        return _("mức %(priority)s", priority=arguments["priority"])
    if kind == "message":
        given = "; ".join(f"{name} = {value}" for name, value in (arguments.get("variables") or {}).items())
        return f"“{arguments['name']}”" + (f" ({given})" if given else "")
    if kind == "set_variables" and instance is not None:
        reader = story.reader(instance, [])
        return "; ".join(f"{one.label} = {one.text or '…'}" for one in (reader.one(*pair) for pair in arguments["variables"].items()))
    if kind in ("modify", "restart") and instance is not None:
        return _tokens(arguments, instance.definition)
    return ""


def _tokens(arguments: Mapping[str, Any], definition: ProcessDefinition) -> str:
    ends, starts, skips = (named(definition, arguments.get(name) or ()) for name in ("ends", "starts", "skips"))
    if arguments.get("restart"):
        return _("mở lại từ %(starts)s", starts=starts)
    return _("bỏ qua %(skips)s", skips=skips) if skips else _("từ %(ends)s đến %(starts)s", ends=ends, starts=starts)


def described(kind: str, arguments: Mapping[str, Any], instance: ProcessInstance) -> tuple[str, str]:
    """(what, which) of one act on one case."""
    return str(KINDS[kind]), detail(kind, arguments, instance)
