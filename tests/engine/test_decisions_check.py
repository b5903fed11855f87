"""What cannot be honoured in a decision table is found before anybody relies on it."""

from __future__ import annotations

import pytest

from engine.decisions import Decisions
from engine.errors import DecisionError, Severity
from tests.engine.dmn import file, table

INPUT = [("diem", "number")]


@pytest.mark.parametrize(
    ("cell", "type_", "said"),
    [
        ("< ", "number", "the end"),
        ("foo(?)", "number", "no function foo"),
        ('"a"', "number", "can never match"),
        ('not("a")', "number", "can never match"),
        ('"true"', "boolean", "can never match"),
        ('"2026-11-23"', "date", "can never match"),
        ('> "2026-11-23"', "date", "no order"),
        ('date("23/11/2026")', "date", "expected a date"),
        ('[1.."b"]', "number", "no order"),
        ("matches(?, 'a')", "string", "FEEL does not know"),
    ],
)
def test_it_finds_a_cell_that_cannot_be_honoured(cell: str, type_: str, said: str) -> None:
    decisions = Decisions.read(file(table("FIRST", [("x", type_)], [("k", "string")], [["-", '"a"'], [cell, '"b"']])), "t.dmn")
    (finding,) = decisions.check()
    assert said in finding.en and finding.severity is Severity.ERROR
    assert "rule 2, column “X”" in finding.en and "luật 2, cột “X”" in finding.vi and "Bảng d" in finding.vi
    assert (finding.file, finding.element, finding.detail) == ("t.dmn", "d", {"decision": "d", "rule": 2, "column": "X"})
    assert finding.line


ONE_RULE = table("UNIQUE", INPUT, [("k", "")], [["x", "1"]])
LITERAL_ONE = "<literalExpression><text>1</text></literalExpression>"


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (table("BEST", INPUT, [("k", "")], []), "no hit policy “BEST”"),
        (table("COLLECT+AVG", INPUT, [("k", "")], []), "aggregation “AVG”"),
        (table("UNIQUE+SUM", INPUT, [("k", "")], []), "COLLECT only"),
        (table("COLLECT+SUM", INPUT, [("k", ""), ("l", "")], []), "exactly one output"),
        (table("PRIORITY", INPUT, [("k", "")], []), "allowed values"),
        (table("UNIQUE", INPUT, [("k", ""), ("k", "")], []), "“k” is there 2 times"),
        (table("UNIQUE", INPUT, [], []), "at least one output"),
        (table("UNIQUE", [("", "number")], [("k", "")], []), "the input has no expression"),
        (table("UNIQUE", [("x +", "number")], [("k", "")], []), "cannot be honoured"),
        (table("UNIQUE", [("x", "money")], [("k", "")], []), "no type “money”"),
        (table("UNIQUE", INPUT, [("k", "number")], [["-", '"a"']]), "rule 1, column “k”"),
        (table("UNIQUE", INPUT, [("k", "string", '"a"')], [["-", '"b"']]), "rule 1, column “k”"),
        (table("UNIQUE", INPUT, [("k", "")], [["-", "x +"]]), "rule 1, column “k”"),
        (table("UNIQUE", INPUT, [("k", "")], [["-"]]), "expected 1 + 1 cells, found 1 + 0"),
        (ONE_RULE.replace("<inputEntry>", "<inputEntry expressionLanguage='groovy'>"), "“groovy”"),
        (
            ONE_RULE.replace("<outputEntry>", "<outputEntry expressionLanguage='javascript'>"),
            "“javascript”",
        ),
        ("<decision id='d' name='x'><invocation/></decision>", "“invocation” cannot be evaluated"),
        (
            f"<decision id='d' name='x'><knowledgeRequirement/>{LITERAL_ONE}</decision>",
            "“knowledgeRequirement”",
        ),
        ("<decision id='d' name='x'><literalExpression><text>1 +</text></literalExpression></decision>", "“1 +”"),
        (f"<decision id='d' name='x'>{LITERAL_ONE}</decision>" * 2, "be used once"),
    ],
)
def test_it_finds_what_a_table_cannot_be(source: str, said: str) -> None:
    assert said in " ".join(finding.en for finding in Decisions.read(file(source), "").check())


def test_it_calls_an_empty_decision_unfinished() -> None:
    (finding,) = Decisions.read(file("<decision id='d' name='x'/>"), "").check()
    assert finding.severity is Severity.TODO


def test_it_says_when_a_cell_names_what_is_not_there() -> None:
    """Text without its quotes would be null by the letter of the standard, and the rule would never match."""
    source = file(table("UNIQUE", [("x", "string")], [("k", "string")], [["quy_hoach", "dat"]]))
    decisions = Decisions.read(source, "")
    (finding,) = decisions.check()
    assert finding.severity is Severity.WARNING and '"quy_hoach"' in finding.vi
    with pytest.raises(DecisionError, match="rule 1, column X: there is no variable quy_hoach"):
        decisions.evaluate("d", {"x": "quy_hoach"})
    with pytest.raises(DecisionError, match="rule 1, column k: there is no variable dat"):
        decisions.evaluate("d", {"x": "a", "quy_hoach": "a"})
    assert decisions.evaluate("d", {"x": "a", "quy_hoach": "a", "dat": "b"}).value == "b"


def test_it_finds_every_fault_at_once() -> None:
    source = table("UNIQUE", [("x", "number"), ("y +", "")], [("k", "number")], [["< ", "> ", "1 +"], ["foo()", "-", "1"]])
    assert len(Decisions.read(file(source), "").check()) == 5
