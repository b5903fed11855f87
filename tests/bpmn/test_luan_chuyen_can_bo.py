"""The rotation procedure: its diagrams, forms, decision table and letter are complete, and its scenarios take every path."""

from __future__ import annotations

import json
import zipfile
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest

from engine import scenarios
from engine.contents import Contents, read_folder
from engine.diagram import Element
from engine.lint.flow import Flows
from handlers.van_ban_tham_dinh import render

FOLDER = Path(__file__).parents[2] / "bpmn" / "luan_chuyen_can_bo"
PROCESSES = {"luan_chuyen_can_bo", "luan_chuyen_nhan_su", "danh_gia_luan_chuyen", "bo_tri_sau_luan_chuyen"}
ENDS = {
    "01_tu_nhu_cau_den_quyet_dinh": "ke_hoach_hoan_thanh",
    "02_tra_lai_va_thay_nhan_su": "ke_hoach_hoan_thanh",
    "03_khong_cho_chu_truong": "khong_cho_chu_truong",
    "04_het_han_de_xuat": "ke_hoach_hoan_thanh",
    "05_moi_vong_lap": "da_luan_chuyen",
    "06_thay_nhan_su_roi_dung": "dung_luan_chuyen",
    "07_danh_gia_den_khi_bo_tri": "ket_thuc_luan_chuyen",
    "08_bo_tri_som_khong_dong_y": "tiep_tuc_luan_chuyen",
    "09_bo_tri_som_dong_y": "da_bo_tri",
    "10_khong_trung_cu": "khong_nhan_nhiem_vu",
}
"""Scenario -> where its first case ends."""


@cache
def contents() -> Contents:
    return Contents(read_folder(FOLDER))


@cache
def report(name: str) -> scenarios.Report:
    return scenarios.run(read_folder(FOLDER), json.loads((FOLDER / "scenarios" / f"{name}.json").read_text(encoding="utf-8")))


def flow_nodes() -> list[Element]:
    return [element for diagram in contents().diagrams.values() for element in diagram.flow_nodes()]


def test_it_has_the_four_processes_each_in_a_file_of_its_name() -> None:
    drawn = {name: [process.id for process in diagram.executable] for name, diagram in contents().diagrams.items()}
    assert drawn == {f"{key}.bpmn": [key] for key in PROCESSES}


def test_it_knows_every_scenario_beside_the_diagrams() -> None:
    assert {file.stem for file in (FOLDER / "scenarios").iterdir()} == set(ENDS)


@pytest.mark.parametrize("name", sorted(ENDS))
def test_it_carries_each_scenario_to_its_end(name: str) -> None:
    found = report(name)
    assert (found.refused, found.failed_step, found.incidents, found.unhandled_errors) == ([], None, [], [])
    assert found.state == "completed"
    assert ENDS[name] in found.trace


def test_it_passes_every_flow_node_in_some_scenario() -> None:
    passed = {element_id for name in ENDS for element_id in report(name).trace}
    # A gateway of events is left through the event that happened, and the trace names that one.
    missed = sorted(node.id for node in flow_nodes() if node.id not in passed)
    assert missed == []


def test_it_replaces_a_person_and_checks_the_standards_again() -> None:
    trace = report("02_tra_lai_va_thay_nhan_su").trace
    assert trace.count("xay_dung_ke_hoach") == 2
    replaced = trace.index("mo_lai_cho_nhan_su_moi")
    assert "doi_chieu_tieu_chuan" in trace[replaced:] and "nhan_xet_noi_di" in trace[replaced:]
    results = report("02_tra_lai_va_thay_nhan_su").variables["cac_ket_qua"]
    assert results == [
        "Đã luân chuyển: Nguyễn Văn Bình, quyết định số 60-QĐ/TU",
        "Đã luân chuyển: Vũ Thị Hạnh, quyết định số 60-QĐ/TU",
    ]


def test_it_keeps_earlier_opinions_when_one_body_is_asked_again() -> None:
    opinions = {one["co_quan"]: one["y_kien"] for one in report("05_moi_vong_lap").variables["y_kien_tham_dinh"]}
    assert set(opinions) == {"cong_an_tinh", "ubkt_tinh_uy", "ban_noi_chinh"}


def test_it_consults_both_bodies_once_for_each_plan() -> None:
    """Asking one vetting body again asks nobody else; a changed post is a new plan, and asks everybody."""
    trace = report("05_moi_vong_lap").trace
    assert (trace.count("trao_doi_noi_di"), trace.count("trao_doi_noi_den"), trace.count("chuan_bi_tham_dinh")) == (2, 2, 3)


def test_it_meets_the_person_once_when_only_papers_were_missing() -> None:
    trace = report("05_moi_vong_lap").trace
    assert (trace.count("quyet_dinh_nhan_su"), trace.count("trinh_nhan_su"), trace.count("gap_go_can_bo")) == (2, 2, 1)


def test_it_keeps_what_was_proposed_in_time_when_another_body_is_late() -> None:
    proposals = report("04_het_han_de_xuat").trace
    assert {"de_xuat_nhan_su", "ghi_khong_de_xuat"} <= set(proposals)
    people = [person["tai_khoan"] for person in report("04_het_han_de_xuat").variables["danh_sach_nhan_su"]]
    assert people == ["dung"]


def test_it_says_the_legal_basis_of_every_flow_node() -> None:
    assert [node.id for node in flow_nodes() if not node.properties.get("can_cu")] == []


def test_it_asks_every_user_task_through_a_form_and_says_why() -> None:
    tasks = [node for node in flow_nodes() if node.type == "userTask"]
    assert [node.id for node in tasks if contents().form(node.camunda("formRef")) is None] == []
    assert [node.id for node in tasks if len(node.documentation) < 40] == []
    assert [node.id for node in tasks if not node.camunda("candidateGroups") and not node.camunda("assignee")] == []


def test_it_uses_every_form() -> None:
    used = {node.camunda("formRef") for node in flow_nodes()}
    assert sorted({form.id for form in contents().forms.values()} - used) == []


def test_it_carries_every_sentence_of_the_regulation() -> None:
    sentences = [one["id"] for one in json.loads((FOLDER / "van_ban.json").read_text(encoding="utf-8"))["cau"]]
    carried = {part.strip() for node in flow_nodes() for part in node.properties.get("trich_dan", "").split(",")} - {""}
    assert carried == set(sentences)
    assert len(sentences) == len(set(sentences))


@pytest.mark.parametrize("start", ["nhan_su_duoc_de_xuat", "mo_lai_cho_nhan_su_moi"])
def test_it_submits_nobody_without_the_sending_bodys_assessment(start: str) -> None:
    """Điều 9, khoản 1: whichever way is taken, also after a person was replaced."""
    diagram = contents().diagrams["luan_chuyen_nhan_su.bpmn"]
    flows = Flows(diagram)
    assert "trinh_nhan_su" in reachable(flows, start, without="")
    assert "trinh_nhan_su" not in reachable(flows, start, without="nhan_xet_noi_di")


def reachable(flows: Flows, start: str, without: str) -> set[str]:
    seen: set[str] = set()
    queue = [start]
    while queue:
        node = queue.pop()
        if node != without and node not in seen:
            seen.add(node)
            queue += [following.id for following in flows.next(flows.nodes[node])]
    return seen


def test_it_shows_a_request_only_to_those_who_answer_it() -> None:
    outside = {"noi_di", "noi_den", "tham_dinh", "de_xuat"}
    for node in flow_nodes():
        role = (node.camunda("candidateGroups") or "").partition("@")[0]
        if node.type == "userTask" and (role in outside or node.camunda("assignee")):
            assert node.properties.get("pham_vi_xem") == "nhiem_vu", node.id


def test_it_writes_the_letter_to_the_vetting_body() -> None:
    letter: dict[str, Any] = {
        "noi_tham_dinh": "cong_an_tinh",
        "can_bo": {"ho_ten": "Nguyễn Văn Bình", "ngay_sinh": "1980-03-02"},
        "tham_dinh": {"so": "127-CV/BTCTU", "ngay": "2026-02-24"},
    }
    made = render((FOLDER / "documents" / "cong_van_tham_dinh.docx").read_bytes(), letter, "cong_van_tham_dinh.docx")
    text = zipfile.ZipFile(BytesIO(made)).read("word/document.xml").decode()
    assert "Nguyễn Văn Bình" in text and "02/03/1980" in text and "127-CV/BTCTU" in text and "{{" not in text
