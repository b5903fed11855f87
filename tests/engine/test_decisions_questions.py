"""What somebody is asked who tries a decision out."""

from __future__ import annotations

from pathlib import Path
from time import thread_time

import pytest

from engine.decisions import Decisions
from engine.errors import DecisionError, ExpressionError
from engine.expressions import feel, limits
from engine.expressions.feel import feel_paths
from tests.engine.dmn import NEEDS, file, table

ROOT = Path(__file__).parents[2]
SLOW = "for a in 1..300, b in 1..300 return a * b"


def asked(*decisions: str, of: str = "d") -> dict[str, str]:
    """Name of each question -> its type."""
    return {".".join(one.path): one.type for one in Decisions.read(file(*decisions), "t.dmn").questions(of)}


def test_it_asks_for_each_value_that_a_condition_reads_with_the_type_of_its_column() -> None:
    inputs = [("ho_so.so_nam", "number"), ("muc_dich", "string")]
    assert asked(table("FIRST", inputs, [("k", "")], [["> 3", '"a", "b"', "1"]])) == {"ho_so.so_nam": "number", "muc_dich": "string"}


def test_it_offers_the_words_that_cells_compare_with() -> None:
    rules = [['"a", "b"', "1"], ['not("c")', "2"], ["-", "3"], ["x +", "4"]]
    (question,) = Decisions.read(file(table("FIRST", [("muc_dich", "string", '"d"')], [("k", "")], rules)), "t.dmn").questions("d")
    assert question.options == ("d", "a", "b", "c")


def test_it_asks_for_what_required_decisions_read_and_not_for_what_they_answer() -> None:
    below = table("UNIQUE", [("so_nam", "number")], [("du", "boolean")], [["> 3", "true"]], id_="kiem_tra")
    above = table("UNIQUE", [("kiem_tra.du", "boolean"), ("du", "")], [("k", "")], [["-", "-", "1"]], more=NEEDS.format("kiem_tra"))
    assert asked(above, below) == {"so_nam": "number"}


def test_it_asks_for_variables_that_only_a_cell_reads() -> None:
    assert asked(table("UNIQUE", [("a", "number")], [("k", "")], [["> nguong", "phan_tram * 2"]])) == {
        "a": "number",
        "nguong": "",
        "phan_tram": "",
    }


def test_it_asks_for_a_date_where_a_condition_makes_one() -> None:
    condition = 'date(ngay_kham) >= date(ngay_di) - duration("P6M")'
    assert asked(table("UNIQUE", [(condition, "boolean")], [("k", "")], [["true", "1"]])) == {"ngay_kham": "date", "ngay_di": "date"}


def test_it_comes_to_an_end_where_decisions_require_each_other_in_a_circle() -> None:
    one = table("UNIQUE", [("x", "")], [("k", "")], [], id_="mot", more=NEEDS.format("hai"))
    other = table("UNIQUE", [("y", "")], [("l", "")], [], id_="hai", more=NEEDS.format("mot"))
    assert asked(one, other, of="mot") == {"y": "", "x": ""}


@pytest.mark.parametrize(
    ("source", "paths"),
    [
        ("a + a.b", ["a.b"]),
        ("date(x).year + ngay.year", ["x", "ngay"]),
        ('some k in ds satisfies k.ket_qua = "F"', ["ds"]),
        ('ds[ket_qua != "PASS"].ly_do', ["ds"]),
        ("{m: 1, n: q}.n", ["q"]),
    ],
)
def test_it_knows_which_parts_of_a_variable_an_expression_reads(source: str, paths: list[str]) -> None:
    assert [".".join(path) for path in feel_paths(source)] == paths


def test_the_cell_that_stops_a_trial_is_named_by_its_id() -> None:
    content = file(table("UNIQUE", [("x", "number")], [("k", "")], [["> y", "1"]]).replace("<inputEntry>", "<inputEntry id='o_1'>"))
    decisions = Decisions.read(content, "t.dmn")
    with pytest.raises(DecisionError) as caught:
        decisions.evaluate("d", {"x": 1})
    assert caught.value.parameters["cell"] == "o_1" and caught.value.parameters["id"] == "d"


def test_a_finding_names_its_cell_by_id() -> None:
    content = file(table("UNIQUE", [("x", "number")], [("k", "")], [["> >", "1"]]).replace("<inputEntry>", "<inputEntry id='o_1'>"))
    (finding,) = Decisions.read(content, "t.dmn").check()
    assert finding.detail["cell"] == "o_1"


def test_all_evaluations_of_a_trial_share_their_time() -> None:
    start = thread_time()
    stopped = 0
    with limits.together(0.3):
        for _ in range(20):
            try:
                feel(SLOW, {})
            except ExpressionError:
                stopped += 1
        assert feel("1 + 1", {}) == 2, "what is cheap is still answered"
    assert stopped >= 10 and thread_time() - start < 1.5
    assert limits.current().seconds == limits.DEFAULT.seconds


def test_every_question_of_the_rotation_s_standards_has_a_type_or_a_name() -> None:
    decisions = Decisions.read((ROOT / "bpmn/luan_chuyen_can_bo/tieu_chuan.dmn").read_bytes(), "tieu_chuan.dmn")
    assert decisions.top == "ket_luan_tieu_chuan"
    questions = decisions.questions("ket_luan_tieu_chuan")
    assert all(one.type and one.label for one in questions) and len(questions) == 15
