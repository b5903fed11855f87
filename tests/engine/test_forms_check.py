"""What of a form the server cannot honour is told before it is deployed."""

from __future__ import annotations

from typing import Any

import pytest
from lxml import etree

from engine.errors import Severity
from engine.forms import Form
from engine.forms.pattern import PatternRefused, compile_pattern
from engine.forms.prose import blocks
from tests.engine.test_forms import choice, form, number, refused, rows, text


@pytest.mark.parametrize(
    ("component", "words"),
    [
        ({"type": "expression", "key": "e", "expression": "=1"}, "expected one of"),
        ({"type": "iframe", "id": "i"}, "expected one of"),
        ({"type": "textfield", "label": "x"}, "expected a key"),
        (text("họ tên"), "ASCII letters"),
        (text("0a"), "ASCII letters"),
        (text("a..b"), "ASCII letters"),
        (text("a", label=""), "expected a label"),
        ({"type": "datetime", "key": "a", "subtype": "week"}, "subtype"),
        (choice("select", "a"), "expected values"),
        ({"type": "select", "key": "a", "values": [{"label": "x", "value": {}}]}, "label and a value"),
        (choice("radio", "a", "x", "x"), "same value"),
        (text("a", validate={"custom": "x"}), "not supported"),
        (number("a", validate={"pattern": "x"}), "not supported"),
        (number("a", validate={"min": "ba"}), "a number"),
        (text("a", validate={"validationType": "iban"}), "email or phone"),
        (text("a", validate={"pattern": "(a+)+$"}), "inside a repetition"),
        (text("a", conditional={"hide": "=a ="}), "unreadable FEEL"),
        (text("a", label="{{#if x}}y{{/if}}"), "template blocks"),
        ({"type": "table", "id": "t", "dataSource": "x"}, "dataSource"),
        (rows("ds", {"type": "filepicker", "key": "f"}), "inside a list"),
        (rows("ds", rows("ds2", text("a"))), "inside a list"),
        (rows("ds", text("a", readonly=True)), "read-only"),
        ({"type": "filepicker", "key": "f", "multiple": "=x"}, "multiple"),
    ],
)
def test_it_finds_what_it_cannot_honour(component: dict[str, Any], words: str) -> None:
    findings = form(component).check()
    assert any(words in finding.en for finding in findings), findings
    for finding in findings:
        assert (finding.severity, finding.file) == (Severity.ERROR, "forms/f.form")
        assert finding.element
        assert finding.vi.startswith("Thành phần “")


def test_it_finds_a_key_that_is_used_twice() -> None:
    assert "twice" in form(text("a"), {"type": "group", "components": [text("a")]}).check()[0].en


def test_it_finds_nothing_in_a_form_it_honours() -> None:
    found = form(
        text("a", validate={"required": True, "minLength": 2, "pattern": r"^\d+-KH/TU$"}, conditional={"hide": "=b = null"}),
        text("b.c"),
        number("n", validate={"min": "=b", "max": 5}), choice("checklist", "k", "x"), rows("ds", text("a")),
        {"type": "table", "id": "t", "dataSource": "=x", "columns": []}, {"type": "text", "id": "u", "text": "chào {{a}}"},
        {"type": "separator"}, {"type": "spacer"},
        {"type": "html", "id": "h", "content": "<p>x</p>"}, {"type": "button", "action": "submit"},
    )  # fmt: skip
    assert found.check() == []


# --- patterns ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("pattern", "good", "bad"),
    [
        (r"^\d+-KH/TU$", "12-KH/TU", "12-KH/TU\n"),
        (r"^\d+$", "12", "١٢"),
        (r"^\w+$", "abc_1", "ấy"),
        (r"^.$", "a", "\u2028"),
        (r"^\s$", "\ufeff", "\x1c"),
        (r"^[\s\d]+$", "1\u00a02", "a"),
        (r"^[^a-c\-]{2,3}$", "xyz", "x-y"),
        (r"^[[a]$", "[", "b"),
        (r"^(?:KH|TTr)-(\d{3})(,\d{3})*$", "TTr-100,200", "TTr-100,20"),
        (r"^(?=a).+?\u00e0$", "aà", "bà"),
        (r"(a|b)c", "xbcx", "xdcx"),
        (r"^[a-]$", "-", "b"),
        (r"^a\.b\/c$", "a.b/c", "axb/c"),
        (r"\bab\b", "x ab", "xab"),
    ],
)
def test_it_reads_a_pattern_as_javascript_does(pattern: str, good: str, bad: str) -> None:
    compiled = compile_pattern(pattern)
    assert compiled.search(good)
    assert not compiled.search(bad)


@pytest.mark.parametrize(
    "pattern",
    [
        "(a+)+$", "(a|b)*", "(a*)*", "^(a|aa)+$", "((a{1,9}){1,9}){1,9}", "a*a*a*b", "^a*a*a*a*b", "(?<n>a)", "(?i)a",
        "(?<=a)b", r"(a)\1", r"\p{L}", r"\cA",
        "a++", "a**", "[]", "[^]", "[a", "(a", "a)", "a]", "{", "a{,3}", "a{3,1}", "a{9999}", "*", "^*", "[z-a]", "😀", "\\",
        r"\0", "(" * 50 + ")" * 50, "(?:a?){50}" * 3, "(a?){30}a{30}",
    ],
)  # fmt: skip
def test_it_refuses_patterns_that_differ_or_do_not_end(pattern: str) -> None:
    with pytest.raises(PatternRefused):
        compile_pattern(pattern)


@pytest.mark.parametrize("pattern", [r"^a*a*a*b$", "a*b", r"^(\d{3},)*x$", r"^[a-z]+ [a-z]+ [a-z]+$"])
def test_it_holds_the_longest_text_against_the_worst_pattern_in_time(pattern: str) -> None:
    compiled = compile_pattern(pattern)
    for hostile in ("a" * 256, "111," * 64, "a a" * 85):
        compiled.search(hostile)


def test_it_lets_a_description_say_what_a_pattern_means() -> None:
    found = form(text("so", description="số và ký hiệu, ví dụ 12-KH/TU", validate={"pattern": r"^\d+-KH/TU$"}))
    assert refused(found, {"so": "12"})["so"] == "“so” cần số và ký hiệu, ví dụ 12-KH/TU, nhưng đã nhập “12”."


# --- camunda:formData ----------------------------------------------------------------------------------------------------


FORM_DATA = """<userTask xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" id="buoc_1">
<extensionElements><camunda:formData{attributes}>{fields}</camunda:formData></extensionElements></userTask>"""


def form_data(fields: str, attributes: str = "") -> Form:
    return Form.from_form_data(etree.fromstring(FORM_DATA.format(fields=fields, attributes=attributes)), "a.bpmn")


def test_it_reads_camunda_form_data_the_same_way() -> None:
    found = form_data(
        '<camunda:formField id="ten" label="Tên" type="string"><camunda:validation><camunda:constraint name="required"/>'
        '<camunda:constraint name="maxlength" config="5"/></camunda:validation></camunda:formField>'
        '<camunda:formField id="so" label="Số" type="long" defaultValue="3"/>'
        '<camunda:formField id="co" label="Có" type="boolean" defaultValue="true"/>'
        '<camunda:formField id="ngay" label="Ngày" type="date" defaultValue="05/03/2026"/>'
        '<camunda:formField id="muc" label="Mức" type="enum"><camunda:value id="a" name="A"/></camunda:formField>'
    )
    assert found.check() == []
    assert found.id == "buoc_1"
    assert found.defaults({}) == {"ten": None, "so": 3, "co": True, "ngay": "2026-03-05", "muc": None}
    clean = found.validate({"ten": "An", "so": 4, "co": False, "ngay": "2026-01-02", "muc": "a"}, {})
    assert clean == {"ten": "An", "so": 4, "co": False, "ngay": "2026-01-02", "muc": "a"}
    assert set(refused(found, {"ten": "quá dài", "so": 1.5, "muc": "b"})) == {"ten", "so", "muc"}


@pytest.mark.parametrize(
    ("fields", "attributes"),
    [
        ('<camunda:formField id="a" type="custom"/>', ""),
        ('<camunda:formField id="a" type="string" defaultValue="${x}"/>', ""),
        ('<camunda:formField id="a" type="long" defaultValue="ba"/>', ""),
        (
            '<camunda:formField id="a" type="string"><camunda:validation><camunda:constraint name="validator" config="C"/>'
            "</camunda:validation></camunda:formField>",
            "",
        ),
        ('<camunda:formField id="a" type="string"/>', ' businessKey="a"'),
    ],
)
def test_it_finds_what_of_form_data_it_cannot_honour(fields: str, attributes: str) -> None:
    findings = form_data(fields, attributes).check()
    assert findings
    assert findings[0].element == "buoc_1"
    assert findings[0].line == 1


# --- texts ---------------------------------------------------------------------------------------------------------------


def test_it_reads_a_small_subset_of_markdown() -> None:
    found = blocks("# Đầu\n\nmột **hai** *ba*\ntiếp\n\n- x\n- [y](http://z)\n\n1. a\n---")
    assert [block.kind for block in found] == ["heading", "paragraph", "bullets", "numbers", "rule"]
    assert found[1].items == ((("text", "một "), ("strong", "hai"), ("text", " "), ("em", "ba"), ("text", " "), ("text", "tiếp")),)
    assert found[2].items == ((("text", "x"),), (("text", "y"),))


def test_it_keeps_only_the_words_of_html() -> None:
    found = blocks("<p>Chào <b>anh</b></p><script>alert(1)</script><style>x</style><p onclick=x>hết &lt;b&gt;</p>", from_html=True)
    assert [block.items[0][0][1] for block in found] == ["Chào anh", "hết <b>"]
