"""Steps of a scenario, and who is asked, in words."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from engine.contents import Contents
from engine.errors import Invalid
from web.language import gettext as _
from web.reading import DURATION, duration_words
from web.words import write_moment

_NAME = re.compile(r"[A-Za-z_]\w*", re.ASCII)


def element(element_id: str, parsed: Contents) -> str:
    """Its label in whichever diagram has it."""
    for diagram in parsed.diagrams.values():
        if element_id in diagram.elements:
            return diagram.elements[element_id].name or element_id
    return element_id


def words(step: Mapping[str, Any], parsed: Contents) -> str:
    """One step as a person would tell it."""
    if "complete" in step:
        which = "; ".join(str(value) for value in step.get("where", {}).values())
        return _("Hoàn thành “%(task)s”", task=element(step["complete"], parsed)) + (f" ({which})" if which else "")
    if "job" in step:
        return _job(step, element(step["element"], parsed) if step.get("element") else str(step["job"]))
    if "message" in step:
        return _("Thông điệp “%(name)s” đến", name=step["message"])
    if "signal" in step:
        return _("Tín hiệu “%(name)s” phát ra", name=step["signal"])
    if "advance" in step:
        return _advance(str(step["advance"]))
    if "retry" in step:
        return _("Thử lại “%(task)s”", task=element(step["retry"], parsed))
    if "start" in step:
        return _("Bắt đầu thêm một hồ sơ: %(process)s", process=element(step["start"], parsed))
    return _("Hủy hồ sơ") if "cancel" in step else _("Bước không rõ")


def _job(step: Mapping[str, Any], name: str) -> str:
    if "failure" in step:
        return _("Việc tự động “%(name)s” hỏng: %(why)s", name=name, why=step["failure"])
    if "error" in step:
        return _("Việc tự động “%(name)s” báo lỗi nghiệp vụ %(code)s", name=name, code=step["error"])
    return _("Việc tự động “%(name)s” xong", name=name)


def _advance(text: str) -> str:
    if length := DURATION.fullmatch(text):
        return _("Thời gian trôi thêm %(length)s", length=duration_words(length))
    try:
        return _("Thời gian trôi đến %(moment)s", moment=write_moment(datetime.fromisoformat(text)))
    except ValueError:
        return _("Thời gian trôi đến %(moment)s", moment=text)


def principal(text: str, choices: Mapping[str, Any]) -> str:
    """Who is asked: `tham_muu@ban_to_chuc` with the body's name, `user:an` with the person's."""
    bodies = {one["value"]: one["label"] for one in choices.get("_to_chuc", ())}
    people = {one["value"]: one["label"] for one in choices.get("_tai_khoan", ())}
    if text.startswith("user:"):
        return str(people.get(text[5:], text[5:]))
    role, at, code = text.partition("@")
    body = str(bodies.get(code, code))
    if not at:
        return _("vai trò %(role)s", role=role)
    return _("%(body)s, vai trò %(role)s", body=body, role=role) if role else body


def messages(parsed: Contents) -> list[str]:
    """Names of the messages that the diagrams speak of."""
    found = {e.name for d in parsed.diagrams.values() for e in d.elements.values() if e.type == "message" and e.name}
    return sorted(found)


def error_codes(parsed: Contents) -> list[str]:
    """Codes of the errors that the diagrams know."""
    codes = {e.node.get("errorCode") or "" for d in parsed.diagrams.values() for e in d.elements.values() if e.type == "error"}
    return sorted(codes - {""})


def variables(text: str) -> dict[str, Any]:
    """Lines `tên = giá trị`; a value that is JSON is what JSON says, anything else is text. Raises Invalid that names the line."""
    found: dict[str, Any] = {}
    for count, line in enumerate(text[:100_000].splitlines(), 1):
        if not line.strip():
            continue
        name, equals, value = (part.strip() for part in line.partition("="))
        if not equals or not _NAME.fullmatch(name):
            raise Invalid(
                expected=_("mỗi dòng một biến, viết “tên = giá trị”"), found=_("dòng %(number)s: %(line)s", number=count, line=line[:80])
            )
        try:
            found[name] = json.loads(value)
        except (ValueError, RecursionError):
            found[name] = value
    return found
