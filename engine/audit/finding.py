"""What the audit has found, as data and as a sentence."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

MOST = 100
"""How many of a row of missing entries are named: a number that was changed may be as large as one likes."""
WORDS = {
    "altered": "mục {number} đã bị sửa",
    "continues": "mục {number} không nối tiếp mục trước: một trong hai mục đã bị sửa",
    "missing": "thiếu mục {number}",
    "inserted": "mục {number} là mục chèn thêm",
    "moved": "mục {number} bị đổi chỗ",
    "rows": "số dòng của các mục đến mục {number} đã bị đổi",
    "head": "dòng hồ sơ ghi mục cuối khác với nhật ký",
    "sealed": "mục {number} khác với lúc niêm phong",
    "gone": "cả hồ sơ không còn",
    "seal_missing": "thiếu niêm phong {number}",
    "seal_altered": "niêm phong {number} đã bị sửa",
    "seal_chain": "niêm phong {number} không nối tiếp niêm phong trước",
    "seal_mark": "niêm phong {number} không mang dấu của hệ thống này",
    "seal_noted": "niêm phong {number} khác với bản đã ghi lại",
    "read_altered": "lượt xem ở dòng {number} đã bị sửa",
    "reads": "các lượt xem thuộc niêm phong {number} đã bị sửa, xóa hoặc thêm",
}


@dataclass(frozen=True)
class Finding:
    """One thing that is not as it was written. `number`: of the entry of the case's history, of the seal, or of the row of a read."""

    kind: str
    number: int | None
    expected: str
    found: str
    case: int | None = None
    at: datetime | None = None

    def sentence(self) -> str:
        """For people, in Vietnamese."""
        where = f"Hồ sơ {self.case}: " if self.case is not None else ""
        when = f", lúc {self.at:%Y-%m-%dT%H:%M:%SZ}" if self.at else ""
        words = WORDS[self.kind].format(number=self.number)
        return f"{where}{words}{when}. Cần: {self.expected}; thấy: {self.found}."

    def as_dict(self) -> dict[str, Any]:
        """For programs."""
        return {**asdict(self), "at": self.at.isoformat() if self.at else None}
