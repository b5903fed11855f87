"""Decision tables in the studio: what is typed under the table goes in, what matched comes out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.engine.dmn import file, table
from tests.web.test_studio import Editor, Enter

ROOT = Path(__file__).parents[2]
STANDARDS = (ROOT / "bpmn/luan_chuyen_can_bo/tieu_chuan.dmn").read_text(encoding="utf-8")
AGES = [("ho_so.tuoi", "number"), ("muc_dich", "string")]
ADDRESS = "/thiet-ke/don_nghi/api/thu-bang"


@pytest.fixture
def editor(analysts: None, log_in: Enter) -> Editor:
    return Editor(log_in("phuc"))


def attempt(editor: Editor, content: str | bytes, typed: dict[str, str] | None = None, decision: str | None = None) -> dict[str, Any]:
    text = content if isinstance(content, str) else content.decode()
    body = {"content": text, "decision": decision, "variables": typed or {}}
    said = editor.browser.client.post(ADDRESS, json=body, headers=editor.headers)
    assert said.status_code == 200, said.text
    answer: dict[str, Any] = said.get_json()
    return answer


def with_ids(content: bytes) -> bytes:
    """With an id on each rule and cell, as editors write them."""
    text, number = content.decode(), iter(range(1000))
    return re.sub(r"<(rule|inputEntry|outputEntry)>", lambda found: f"<{found[1]} id='{found[1]}_{next(number)}'>", text).encode()


def test_it_asks_for_what_the_table_reads(editor: Editor) -> None:
    answer = attempt(editor, file(table("FIRST", AGES, [("k", "")], [["> 30", '"a", "b"', "1"]])))
    assert answer["fields"] == [
        {"name": "ho_so.tuoi", "label": "HO_SO.TUOI", "type": "number", "options": []},
        {"name": "muc_dich", "label": "MUC_DICH", "type": "string", "options": ["a", "b"]},
    ]
    assert answer["rows"] is None and answer["error"] is None, "nothing typed, nothing evaluated"


def test_it_tells_the_result_and_the_rules_that_matched(editor: Editor) -> None:
    content = with_ids(
        file(table("COLLECT", AGES, [("k", "number")], [["> 30", "-", "1"], ["< 10", "-", "2"], ["-", '"a"', "3,5".replace(",", ".")]]))
    )
    answer = attempt(editor, content, {"ho_so.tuoi": "31,5", "muc_dich": "a"})
    assert answer["result"] == [1, 3.5] and answer["rules"] == ["rule_0", "rule_8"]
    assert [(row["number"], row["outputs"][0]["text"]) for row in answer["rows"]] == [(1, "1"), (3, "3,5")]


def test_no_rule_that_matches_is_an_answer_too(editor: Editor) -> None:
    answer = attempt(editor, file(table("FIRST", AGES, [("k", "")], [["> 30", "-", "1"]])), {"ho_so.tuoi": "3"})
    assert answer["rows"] == [] and answer["result"] is None and answer["error"] is None


def test_an_aggregation_gives_its_one_value(editor: Editor) -> None:
    answer = attempt(editor, file(table("COLLECT+SUM", AGES, [("k", "")], [["> 1", "-", "2"], ["> 2", "-", "3"]])), {"ho_so.tuoi": "9"})
    assert answer["result"] == 5 and answer["single"] is True and answer["rows"][0]["number"] is None


def test_what_is_typed_wrong_names_its_field_in_vietnamese(editor: Editor) -> None:
    answer = attempt(editor, file(table("FIRST", AGES, [("k", "")], [["> 30", "-", "1"]])), {"ho_so.tuoi": "ba mươi"})
    assert answer["field"] == "ho_so.tuoi" and "cần một số" in answer["error"] and "ba mươi" in answer["error"]


def test_a_cell_that_fails_is_named_by_its_id_in_vietnamese(editor: Editor) -> None:
    content = with_ids(file(table("FIRST", [("x", "string")], [("k", "")], [["co", "1"]])))
    answer = attempt(editor, content.replace(b"<text>co</text>", b"<text>starts with(?, 1)</text>"), {"x": "co"})
    assert answer["cell"] == "inputEntry_1" and answer["decision"] == "d" and "cần chữ" in answer["error"]


def test_rules_that_overlap_are_told_as_the_hit_policy_has_it(editor: Editor) -> None:
    answer = attempt(editor, file(table("UNIQUE", AGES, [("k", "")], [["> 1", "-", "1"], ["> 2", "-", "2"]])), {"ho_so.tuoi": "9"})
    assert "cùng khớp" in answer["error"] and "1, 2" in answer["error"]


@pytest.mark.parametrize("content", ["", "<a/>", "{}", "<definitions", '<!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'])
def test_a_file_that_is_no_table_is_a_sentence(editor: Editor, content: str) -> None:
    answer = attempt(editor, content, {"x": "1"})
    assert answer["error"] and answer["fields"] == [] and "Traceback" not in answer["error"]


def test_required_decisions_are_evaluated_and_their_rules_told(editor: Editor) -> None:
    typed = {"tieu_chuan.trong_quy_hoach": "khong", "tieu_chuan.muc_dich": "dao_tao", "tieu_chuan.ngay_kham_suc_khoe": "05/03/2026"}
    answer = attempt(editor, STANDARDS, typed, "ket_luan_tieu_chuan")
    assert answer["result"]["ket_luan"] == "FAIL" and answer["rules"] == ["kl_dong_0"]
    (below,) = answer["required"]
    assert below["decision"] == "kiem_tra_tieu_chuan" and "dong_2" in below["rules"] and 2 in below["numbers"]


def test_without_a_decision_the_top_one_of_the_file_is_tried(editor: Editor) -> None:
    assert attempt(editor, STANDARDS, {"tieu_chuan.trong_quy_hoach": "co"})["decision"] == "ket_luan_tieu_chuan"


def test_a_table_of_a_thousand_slow_cells_is_stopped_in_time(editor: Editor) -> None:
    slow = "count(for a in 1..300, b in 1..300 return a * b) > 0"
    rules = [[slow, str(at)] for at in range(1000)]
    answer = attempt(editor, file(table("COLLECT", [("x", "number")], [("k", "")], rules)), {"x": "1"})
    assert answer["error"]


def test_a_trial_saves_nothing(editor: Editor) -> None:
    before = editor.load()["revision"]
    attempt(editor, STANDARDS, {"tieu_chuan.trong_quy_hoach": "co"})
    assert editor.load()["revision"] == before


def test_who_may_not_edit_does_not_find_it(analysts: None, log_in: Enter) -> None:
    stranger = Editor(log_in("an"))
    said = stranger.browser.client.post(ADDRESS, json={"content": ""}, headers=stranger.headers)
    assert said.status_code == 404


def test_a_finding_tells_the_editor_its_cell(editor: Editor) -> None:
    content = with_ids(file(table("FIRST", [("x", "number")], [("k", "")], [["> >", "1"]]))).decode()
    said = editor.browser.client.post(
        "/thiet-ke/don_nghi/api/kiem-tra", json={"name": "bang.dmn", "content": content}, headers=editor.headers
    )
    (finding,) = [one for one in said.get_json()["findings"] if one["file"] == "bang.dmn"]
    assert finding["cell"] == "inputEntry_1" and "cần một giá trị" in finding["sentence"]


def words_of(*packages: str) -> set[str]:
    """Every text that the packages hand to their translate service, read off their code."""
    found = set()
    for package in packages:
        for path in (ROOT / "web/frontend/node_modules" / package / "lib").rglob("*.js"):
            for quoted in re.findall(r"\b_?translate\(\s*('(?:[^'\\]|\\.)*'|\"(?:[^\"\\]|\\.)*\")", path.read_text(encoding="utf-8")):
                found.add(re.sub(r"\\(.)", r"\1", quoted[1:-1]))
    return found


def test_every_word_of_the_table_editor_is_in_vietnamese() -> None:
    packages = ("dmn-js-shared", "dmn-js-drd", "dmn-js-decision-table", "dmn-js-literal-expression", "dmn-js-boxed-expression", "table-js")
    if not (ROOT / "web/frontend/node_modules/dmn-js").exists():
        pytest.skip("the packages of the pages are not installed: make packages")
    vietnamese = json.loads((ROOT / "web/frontend/src/studio/dmn-vi.json").read_text(encoding="utf-8"))
    wanted = words_of(*packages)
    assert len(wanted) > 100 and wanted - set(vietnamese) == set()
    holes = re.compile(r"\{\s*(\w+)\s*\}")
    assert all(value and set(holes.findall(key)) == set(holes.findall(value)) for key, value in vietnamese.items())
