"""Files that come in as a new version of a process folder: their names, and where in the folder they go. Contents are never touched."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from pathlib import PurePosixPath

MOST = 200
"""Files of one upload."""
LONGEST = 200
KINDS = (".bpmn", ".bpmn20.xml", ".dmn", ".form", ".docx", ".json")


class Unwanted(Exception):
    """A file that cannot be taken; the message is a sentence for people."""


def checked(name: str) -> str:
    """`name` in one Unicode form. Raises Unwanted for one that is no plain path within the folder, or of no kind that a folder holds."""
    name = unicodedata.normalize("NFC", name)
    parts = name.split("/")
    if len(name) > LONGEST or "\\" in name or not name.isprintable() or any(part == "" or part.startswith(".") for part in parts):
        raise Unwanted(f"Tên tệp {name[:80]!r} không hợp lệ: cần tên hoặc đường dẫn trong thư mục quy trình, không có “..” hay ký tự ẩn.")
    if not name.endswith(KINDS):
        raise Unwanted(f"Tệp {name} không thuộc loại nhận được: {', '.join(KINDS)}.")
    return name


def placed(names: list[str], present: Mapping[str, object]) -> dict[str, str]:
    """Name as it came -> name in the folder: the same; or, as programs send names without folders, the only file there of that name.

    Raises Unwanted when that is not clear.
    """
    if len(names) > MOST:
        raise Unwanted(f"Mỗi lần chỉ nhận tối đa {MOST} tệp, nhưng có {len(names)}.")
    found: dict[str, str] = {}
    for name in names:
        there = [other for other in present if PurePosixPath(other).name == name] if name not in present and "/" not in name else []
        if len(there) > 1:
            raise Unwanted(f"Tệp {name} có thể thay {' hoặc '.join(sorted(there))}. Hãy gửi tên kèm thư mục.")
        target = there[0] if there else name
        if target in found.values() or name in found:
            raise Unwanted(f"Tệp {target} được gửi hai lần.")
        found[name] = target
    return found
