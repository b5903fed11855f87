"""Decision tables as dmn-js writes them, every hit policy."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from engine.decisions import Decisions, Outcome, decide
from engine.decisions.reading import NAMESPACES
from engine.errors import DecisionError, FileRejected, Invalid, NotFound
from tests.engine.dmn import NEEDS, file, table


def outcome(variables: dict[str, Any], *arguments: Any, **more: Any) -> Outcome:
    return Decisions.read(file(table(*arguments, **more)), "t.dmn").evaluate("d", variables)


GRADES = [["< 10", '"yếu"'], ["[5..20]", '"khá"'], [">= 15", '"giỏi"']]
INPUT = [("diem", "number")]


@pytest.mark.parametrize("namespace", sorted(NAMESPACES))
def test_it_reads_every_version_of_dmn(namespace: str) -> None:
    decisions = Decisions.read(file(table("FIRST", INPUT, [("loai", "string")], GRADES), namespace=namespace), "t.dmn")
    assert decisions.ids == ["d"] and decisions.check() == []
    assert decisions.evaluate("d", {"diem": 3}).value == "yếu"


@pytest.mark.parametrize(
    ("policy", "points", "value", "rules"),
    [
        ("UNIQUE", 3, "yếu", [1]),
        ("UNIQUE", 30, "giỏi", [3]),
        ("FIRST", 16, "khá", [2]),
        ("RULE ORDER", 16, ["khá", "giỏi"], [2, 3]),
        ("COLLECT", 7, ["yếu", "khá"], [1, 2]),
        ("PRIORITY", 16, "giỏi", [3]),
        ("OUTPUT ORDER", 16, ["giỏi", "khá"], [3, 2]),
        ("OUTPUT ORDER", 7, ["khá", "yếu"], [2, 1]),
        ("COLLECT+COUNT", 7, 2, [1, 2]),
    ],
)
def test_it_follows_the_hit_policy(policy: str, points: int, value: Any, rules: list[int]) -> None:
    found = outcome({"diem": points}, policy, INPUT, [("loai", "string", '"giỏi","khá","yếu"')], GRADES)
    assert (found.value, found.rules, found.decision, found.inputs) == (value, rules, "d", {"DIEM": points})
    if isinstance(value, list):
        assert found.results == [{"loai": one} for one in value]


@pytest.mark.parametrize(("aggregation", "value"), [("SUM", 7.5), ("MIN", 2), ("MAX", 5.5), ("COUNT", 2)])
def test_it_aggregates_what_it_collects(aggregation: str, value: Any) -> None:
    rules = [["> 1", "2"], ["> 2", "5.5"], ["> 9", "100"]]
    found = outcome({"diem": 3}, f"COLLECT+{aggregation}", INPUT, [("diem_cong", "number")], rules)
    assert (found.value, found.results, found.rules) == (value, [{"diem_cong": value}], [1, 2])


def test_it_says_which_rules_overlap_in_a_unique_table() -> None:
    with pytest.raises(DecisionError, match=r"rule 2, 3.*overlap"):
        outcome({"diem": 16}, "UNIQUE", INPUT, [("loai", "string")], GRADES)


def test_it_lets_any_match_twice_only_when_both_say_the_same() -> None:
    rules = [["> 1", '"a"'], ["> 2", '"a"'], ["> 3", '"b"']]
    assert outcome({"diem": 3}, "ANY", INPUT, [("k", "string")], rules).value == "a"
    with pytest.raises(DecisionError, match="rule 1, 3"):
        outcome({"diem": 4}, "ANY", INPUT, [("k", "string")], rules)


@pytest.mark.parametrize(
    ("policy", "value"), [("UNIQUE", None), ("COLLECT", []), ("COLLECT+SUM", None), ("COLLECT+COUNT", 0), ("FIRST", None)]
)
def test_it_gives_nothing_when_no_rule_matches(policy: str, value: Any) -> None:
    found = outcome({"diem": 0}, policy, INPUT, [("k", "number")], [["> 1", "1"]])
    assert found.value == value and found.rules == []


def test_it_gives_the_default_outputs_when_no_rule_matches() -> None:
    outputs = [("k", "number", "", "7"), ("l", "string", "", '"không"')]
    found = outcome({"diem": 0}, "UNIQUE", INPUT, outputs, [["> 1", "1", '"có"']])
    assert (found.value, found.rules) == ({"k": 7, "l": "không"}, [])


def test_it_compares_priorities_of_several_outputs_from_left_to_right() -> None:
    outputs = [("a", "string", '"x","y"'), ("b", "number", "3,2,1")]
    rules = [["-", '"y"', "3"], ["-", '"x"', "1"], ["-", '"x"', "2"]]
    assert outcome({"diem": 0}, "PRIORITY", INPUT, outputs, rules).value == {"a": "x", "b": 2}
    assert outcome({"diem": 0}, "OUTPUT ORDER", INPUT, outputs, rules).rules == [3, 2, 1]


RULE_R02 = [
    ['"QUY_HOACH"', "null", '"MISSING_DATA"'],
    ['"QUY_HOACH"', ">= 10", '"PASS"'],
    ['"QUY_HOACH"', "< 10", '"NEEDS_SPECIAL_DECISION"'],
    ['"NON_LOCAL","TWO_TERM"', ">= 5", '"PASS"'],
    ['not("QUY_HOACH")', "< 5", '"FAIL"'],
]


@pytest.mark.parametrize(
    ("purpose", "years", "value"),
    [
        ("QUY_HOACH", None, "MISSING_DATA"),
        ("QUY_HOACH", 10, "PASS"),
        ("QUY_HOACH", 9.5, "NEEDS_SPECIAL_DECISION"),
        ("TWO_TERM", 5, "PASS"),
        ("NON_LOCAL", 4, "FAIL"),
        ("NON_LOCAL", "4", "FAIL"),
    ],
)
def test_it_decides_by_several_inputs(purpose: str, years: Any, value: str) -> None:
    inputs = [("muc_dich", "string", '"QUY_HOACH","NON_LOCAL","TWO_TERM"'), ("so_nam", "number")]
    assert outcome({"muc_dich": purpose, "so_nam": years}, "UNIQUE", inputs, [("kq", "string")], RULE_R02).value == value


def test_it_computes_inputs_and_outputs_with_dates() -> None:
    inputs = [("years and months duration(ngay_bat_dau, today())", "yearMonthDuration"), ("ngay_bat_dau", "date")]
    rules = [
        ['>= duration("P36M")', "-", "ngay_bat_dau"],
        ['< duration("P36M")', '>= date("2020-01-01")', 'ngay_bat_dau + duration("P36M")'],
    ]
    decisions = Decisions.read(file(table("UNIQUE", inputs, [("han", "date")], rules)), "t.dmn")
    case = {"ngay_bat_dau": date(2025, 1, 31), "_now": "2026-11-23T08:00:00+07:00"}
    assert decisions.evaluate("d", case).value == date(2028, 1, 31)


def test_it_turns_a_forms_text_into_the_columns_type() -> None:
    found = outcome({"ngay": "2026-11-23"}, "UNIQUE", [("ngay", "date")], [("k", "boolean")], [['< date("2026-12-01")', "true"]])
    assert found.value is True and found.inputs == {"NGAY": date(2026, 11, 23)}
    with pytest.raises(DecisionError, match="column NGAY: expected a date"):
        outcome({"ngay": "mai"}, "UNIQUE", [("ngay", "date")], [("k", "boolean")], [["-", "true"]])


def test_it_refuses_values_that_are_not_allowed() -> None:
    inputs = [("x", "string", '"a","b"')]
    with pytest.raises(DecisionError, match='column X: expected one of "a","b", found "c"'):
        outcome({"x": "c"}, "UNIQUE", inputs, [("k", "string")], [["-", '"z"']])
    with pytest.raises(DecisionError, match="rule 1, column k"):
        outcome({"x": "a"}, "UNIQUE", inputs, [("k", "string", '"y"')], [["-", "x"]])


def test_it_names_rule_and_column_of_a_cell_that_fails() -> None:
    with pytest.raises(DecisionError, match="Decision Bảng d, rule 2, column X: text and number have no order"):
        outcome({"x": "a"}, "UNIQUE", [("x", "")], [("k", "string")], [['"b"', '"z"'], ["< 3", '"z"']])


def test_it_lets_cells_speak_of_the_inputs_variable() -> None:
    source = table("UNIQUE", [("ds", "")], [("k", "boolean")], [["count(so) > 1", "true"]])
    source = source.replace("<input id='i0'", "<input xmlns:camunda='http://camunda.org/schema/1.0/dmn' camunda:inputVariable='so' id='i0'")
    assert Decisions.read(file(source), "").evaluate("d", {"ds": [1, 2]}).value is True


def test_it_evaluates_cells_in_juel() -> None:
    source = table("UNIQUE", [("x gt 2 ? 'a' : 'b'", "string")], [("k", "number")], [["cellInput == 'a' && x < 9", "x * 2"]])
    source = source.replace("<inputExpression ", "<inputExpression expressionLanguage='juel' ")
    source = source.replace("<inputEntry>", "<inputEntry expressionLanguage='juel'>").replace(
        "<outputEntry>", "<outputEntry expressionLanguage='juel'>"
    )
    decisions = Decisions.read(file(source), "")
    assert decisions.check() == []
    assert decisions.evaluate("d", {"x": 3}).value == 6
    assert decisions.evaluate("d", {"x": 2}).value is None


LOW = table("UNIQUE", INPUT, [("loai", "string")], GRADES[::2], id_="thap")
TOP = table(
    "UNIQUE",
    [("loai", "string")],
    [("kq", "string")],
    [['"giỏi"', '"PASS"'], ['"yếu"', '"FAIL"']],
    id_="cao",
    more="<informationRequirement><requiredDecision href='#thap'/></informationRequirement>",
)
LITERAL = (
    "<decision id='bieu_thuc' name='Kết quả chung'><variable name='Kết quả chung' typeRef='string'/>"
    "<informationRequirement><requiredDecision href='#cao'/></informationRequirement>"
    "<informationRequirement><requiredInput href='#v'/></informationRequirement>"
    '<literalExpression><text>if Bảng cao = "PASS" then "đạt " + Họ tên else cao</text></literalExpression></decision>'
    "<inputData id='v' name='Họ tên'/>"
)


def test_it_evaluates_required_decisions_first() -> None:
    decisions = Decisions.read(file(TOP, LOW, LITERAL), "")
    assert decisions.check() == []
    found = decisions.evaluate("bieu_thuc", {"diem": 30, "Họ tên": "An"})
    assert found.value == "đạt An"
    assert [below.decision for below in found.required] == ["cao"] and found.required[0].required[0].rules == [2]
    assert decisions.evaluate("bieu_thuc", {"diem": 3}).value == "FAIL"
    assert decisions.names("bieu_thuc") == {"diem", "Họ tên"}


def test_it_refuses_decisions_that_require_each_other() -> None:
    pairs = [("a", "b"), ("b", "a"), ("c", "a"), ("e", "mất")]
    source = file(*(table("UNIQUE", INPUT, [("k", "")], [], id_=one, more=NEEDS.format(other)) for one, other in pairs))
    decisions = Decisions.read(source, "")
    assert ["a → b → a" in f.en for f in decisions.check()] == [True, False, False]
    assert "“mất”" in decisions.check()[2].vi
    for id_ in ("a", "c", "e"):
        with pytest.raises(DecisionError, match=r"requires itself|no required decision"):
            decisions.evaluate(id_, {"diem": 1})


def test_it_reads_moments_in_date_columns_as_older_editors_write_them() -> None:
    day = 'date and time("2026-11-23T00:00:00")'
    rules = [[f"[{day}..{day}]", '"hôm nay"'], [f"< {day}", '"trước"']]
    decisions = Decisions.read(file(table("UNIQUE", [("n", "date")], [("k", "string")], rules)), "")
    assert decisions.check() == []
    assert [decisions.evaluate("d", {"n": n}).value for n in ("2026-11-22", "2026-11-23", "2026-11-24")] == ["trước", "hôm nay", None]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"<html/>",
        b"<definitions/>",
        b"<definitions xmlns='http://www.omg.org/spec/BPMN/20100524/MODEL'/>",
        b"<!DOCTYPE x [<!ENTITY e 'v'>]><definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/'>&e;</definitions>",
        b"<!DOCTYPE x SYSTEM 'file:///etc/passwd'><definitions xmlns='https://www.omg.org/spec/DMN/20191111/MODEL/'/>",
        b"<a>" * 1000,
    ],
)
def test_it_refuses_what_is_no_dmn(content: bytes) -> None:
    with pytest.raises(FileRejected):
        Decisions.read(content, "t.dmn")


def test_it_reads_over_comments_in_the_file() -> None:
    source = table("UNIQUE", INPUT, [("k", "")], [["> 1", "1"]]).replace("<text>", "<text><!-- ghi chú -->")
    assert Decisions.read(file(source), "").evaluate("d", {"diem": 3}).value == 1


def test_it_answers_a_shell_in_json() -> None:
    content = file(TOP, LOW)
    said = decide(content, "t.dmn", {"diem": 30})
    assert (said["decision"], said["value"], said["rules"], said["inputs"]) == ("cao", "PASS", [1], {"LOAI": "giỏi"})
    assert said["required"][0]["rules"] == [2]
    dated = decide(file(table("UNIQUE", [("n", "date")], [("k", "date")], [["-", "n"]])), "", {"n": "2026-01-02"})
    assert dated["value"] == {"$date": "2026-01-02"}
    assert decide(content, "t.dmn", {"diem": 30}, "thap")["value"] == "giỏi"
    with pytest.raises(NotFound):
        decide(content, "t.dmn", {}, "khong_co")
    with pytest.raises(Invalid, match="thap, d"):
        decide(file(LOW, table("UNIQUE", INPUT, [("k", "")], [])), "", {})


def test_it_evaluates_a_table_of_a_hundred_rules() -> None:
    rules = [[f"[{n}..{n + 1})", f'"{n}","x"', f"{n}"] for n in range(100)]
    decisions = Decisions.read(file(table("UNIQUE", [("a", "number"), ("b", "string")], [("k", "number")], rules)), "")
    assert decisions.evaluate("d", {"a": 50, "b": "50"}).value == 50
