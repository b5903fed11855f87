"""Columns of the list of cases: those that can be chosen, and those that were."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask_babel import lazy_gettext as _l

from engine.exports import VARIABLE
from web.casefilter import Filter
from web.searchable import Searchable
from web.words import STATES

LABELS = {
    "title": _l("Hồ sơ"),
    "key": _l("Mã"),
    "process": _l("Quy trình"),
    "version": _l("Bản"),
    "step": _l("Đang ở bước"),
    "organisation": _l("Cơ quan"),
    "holder": _l("Người giữ"),
    "due": _l("Hạn"),
    "expected": _l("Dự kiến xong"),
    "state": _l("Trạng thái"),
    "started": _l("Bắt đầu"),
    "ended": _l("Kết thúc"),
    "started_by": _l("Người khởi tạo"),
}
ALWAYS = "title"
USUAL = ("title", "process", "step", "due", "state", "started")
WHOLE = ("title", "key", "process", "version", "state", "step", "organisation", "holder", "due", "started", "ended")
"""Of a file, while nobody has chosen any."""
SORTABLE = ("title", "key", "process", "due", "expected", "state", "started", "ended")


@dataclass(frozen=True)
class Column:
    """One column. `variable`: the searchable variable that it shows."""

    key: str
    label: str
    chosen: bool
    variable: Searchable | None = None


def all_of(filter_: Filter) -> list[Column]:
    """Every column that the list can have, those of the variables of the chosen process last."""
    asked = _asked(filter_)
    chosen = asked or USUAL
    found = [Column(key, str(label), key == ALWAYS or key in chosen) for key, label in LABELS.items()]
    for one in filter_.searchable:
        found.append(Column(VARIABLE + one.name, one.label, VARIABLE + one.name in chosen, one))
    return found


def of_file(filter_: Filter) -> dict[str, Any]:
    """What an export is told: the chosen columns, or all that cases have, and the words for states."""
    asked = _asked(filter_)
    columns = [one for one in all_of(filter_) if one.chosen] if asked else [one for one in all_of(filter_) if one.key in WHOLE]
    if not asked:
        columns.sort(key=lambda one: WHOLE.index(one.key))
    return {"columns": [(one.key, one.label) for one in columns], "states": {key: str(word) for key, (word, _icon) in STATES.items()}}


def _asked(filter_: Filter) -> list[str]:
    return [key for key in filter_.get("cols").split(",") if key]
