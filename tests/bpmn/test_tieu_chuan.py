"""The table of standards: each check gives one of four results, and the whole is the gravest of them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from engine.contents import Contents, read_folder

FOLDER = Path(__file__).parents[2] / "bpmn" / "luan_chuyen_can_bo"
RIGHT = {
    "muc_dich": "dao_tao", "trong_quy_hoach": "co", "so_nam_con_cong_tac": 14, "chuc_danh_chu_chot": "co", "la_nguoi_dia_phuong": "khong",
    "chuc_danh_cap_truong": "co", "so_nhiem_ky_lien_tiep": 0, "muc_chuc_danh": "tuong_duong",
    "tang_them_chuc_danh": "khong", "dat_tieu_chuan_chuc_danh": "co", "du_suc_khoe": "co", "ngay_kham_suc_khoe": "2026-01-15",
    "ky_luat": "khong",
}  # fmt: skip
POST = {"so_thang": 36, "ngay_du_kien": "2026-05-01"}
SPECIAL, FAIL, MISSING = "NEEDS_SPECIAL_DECISION", "FAIL", "MISSING_DATA"


@cache
def contents() -> Contents:
    return Contents(read_folder(FOLDER))


def judge(**other: Any) -> dict[str, Any]:
    post = {name: other.pop(name, value) for name, value in POST.items()}
    found: dict[str, Any] = contents().decide("ket_luan_tieu_chuan", {"tieu_chuan": {**RIGHT, **other}, "du_kien": post}).value
    return found


def result_of(rule: str, judged: dict[str, Any]) -> list[str]:
    return [one["ket_qua"] for one in judged["chi_tiet"] if one["ma"] == rule]


def test_it_passes_who_meets_every_standard() -> None:
    judged = judge()
    assert judged["ket_luan"] == "PASS"
    assert judged["ly_do"] == []
    assert [one["ma"] for one in judged["chi_tiet"]] == ["R01", "R02", "R03", "R04", "R05", "R06", "R07", "R08", "R09", "R10"]


CASES: list[tuple[str, dict[str, Any], str]] = [
    ("R01", {"trong_quy_hoach": "khong"}, FAIL),
    ("R01", {"trong_quy_hoach": "khong", "muc_dich": "hai_nhiem_ky"}, SPECIAL),
    ("R01", {"trong_quy_hoach": None}, MISSING),
    ("R02", {"so_nam_con_cong_tac": 9.5}, SPECIAL),
    ("R02", {"so_nam_con_cong_tac": None}, MISSING),
    ("R02b", {"muc_dich": "ngoai_dia_phuong", "so_nam_con_cong_tac": 4}, SPECIAL),
    ("R02b", {"muc_dich": "ngoai_dia_phuong", "so_nam_con_cong_tac": 5}, "PASS"),
    ("R02b", {"muc_dich": "hai_nhiem_ky", "so_nam_con_cong_tac": None}, MISSING),
    ("R03", {"la_nguoi_dia_phuong": "co"}, FAIL),
    ("R03", {"la_nguoi_dia_phuong": "co", "chuc_danh_chu_chot": "khong"}, "PASS"),
    ("R03", {"la_nguoi_dia_phuong": None}, MISSING),
    ("R03", {"chuc_danh_chu_chot": None}, MISSING),
    ("R04", {"so_nhiem_ky_lien_tiep": 2}, SPECIAL),
    ("R04", {"so_nhiem_ky_lien_tiep": None}, MISSING),
    ("R04", {"so_nhiem_ky_lien_tiep": None, "chuc_danh_cap_truong": "khong"}, "PASS"),
    ("R04", {"chuc_danh_cap_truong": None}, MISSING),
    ("R05", {"so_thang": 35}, SPECIAL),
    ("R05", {"so_thang": None}, MISSING),
    ("R06", {"muc_chuc_danh": "cao_hon"}, SPECIAL),
    ("R06", {"muc_chuc_danh": None}, MISSING),
    ("R07", {"tang_them_chuc_danh": "co"}, SPECIAL),
    ("R07", {"tang_them_chuc_danh": None}, MISSING),
    ("R08", {"dat_tieu_chuan_chuc_danh": "khong"}, FAIL),
    ("R08", {"dat_tieu_chuan_chuc_danh": None}, MISSING),
    ("R09", {"ngay_kham_suc_khoe": "2025-10-31"}, MISSING),
    ("R09", {"ngay_kham_suc_khoe": "2025-11-01"}, "PASS"),
    ("R09", {"ngay_kham_suc_khoe": None}, MISSING),
    ("R09", {"ngay_du_kien": None}, MISSING),
    ("R09", {"du_suc_khoe": "khong"}, FAIL),
    ("R09", {"du_suc_khoe": None}, MISSING),
    ("R10", {"ky_luat": "dang_ky_luat"}, SPECIAL),
    ("R10", {"ky_luat": "dang_xac_minh"}, SPECIAL),
    ("R10", {"ky_luat": None}, MISSING),
]


@pytest.mark.parametrize(("rule", "other", "expected"), CASES)
def test_it_gives_each_check_one_result(rule: str, other: dict[str, Any], expected: str) -> None:
    judged = judge(**other)
    assert result_of(rule, judged) == [expected]
    assert judged["ket_luan"] == expected
    assert len(judged["ly_do"]) == (0 if expected == "PASS" else 1)


def test_it_reports_the_gravest_result_and_all_reasons() -> None:
    judged = judge(trong_quy_hoach="khong", so_nam_con_cong_tac=7, ky_luat=None)
    assert judged["ket_luan"] == FAIL
    assert judged["ly_do"] == ["Chưa có trong quy hoạch", "Còn dưới 10 năm công tác", "Chưa ghi kỷ luật, kiểm tra, xác minh"]


def test_it_says_missing_before_special() -> None:
    assert judge(so_nam_con_cong_tac=7, ky_luat=None)["ket_luan"] == MISSING


def test_it_judges_an_empty_file_as_missing_data() -> None:
    judged = contents().decide("ket_luan_tieu_chuan", {"tieu_chuan": {"muc_dich": "dao_tao"}, "du_kien": {}}).value
    assert judged["ket_luan"] == MISSING
    assert {one["ket_qua"] for one in judged["chi_tiet"]} == {MISSING}
