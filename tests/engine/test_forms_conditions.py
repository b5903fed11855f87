"""Conditions and computed parts of a form, evaluated over the case and what was entered."""

from __future__ import annotations

from typing import Any

import pytest

from engine.errors import FormInvalid
from engine.forms import Form, Place
from tests.engine.test_forms import REQUIRED, choice, form, number, refused, rows, text


def hide(condition: str) -> dict[str, Any]:
    return {"conditional": {"hide": condition}}


def shown(found: Form, data: dict[str, Any], variables: dict[str, Any] | None = None) -> list[str]:
    places = [inner for place in found.places(data, variables or {}) for inner in place.walk()]
    return [place.name for place in places if not place.hidden and place.component.own]


def place(found: Form, name: str, data: dict[str, Any] | None = None, **variables: Any) -> Place:
    every = [inner for top in found.places(data or {}, variables) for inner in top.walk()]
    return next(one for one in every if name in (one.name, one.component.raw.get("id")))


OPINION = form(choice("radio", "y_kien", "dong_y", "khong", **REQUIRED), text("ly_do", **REQUIRED, **hide('=y_kien != "khong"')))


def test_it_does_not_ask_for_what_is_hidden_and_drops_what_came_for_it() -> None:
    assert OPINION.validate({"y_kien": "dong_y", "ly_do": "gì đó"}, {}) == {"y_kien": "dong_y"}


def test_it_asks_for_what_shows() -> None:
    assert set(refused(OPINION, {"y_kien": "khong"})) == {"ly_do"}
    assert OPINION.validate({"y_kien": "khong", "ly_do": "x"}, {}) == {"y_kien": "khong", "ly_do": "x"}


def test_it_looks_at_case_variables_and_lets_entries_win() -> None:
    found = form(text("a"), text("b", **hide('=a = "x"')))
    assert shown(found, {}, {"a": "x"}) == ["a"]
    assert shown(found, {"a": "y"}, {"a": "x"}) == ["a", "b"]


def test_it_looks_again_when_hiding_one_field_shows_another() -> None:
    found = form(text("a", **hide("=b != null")), text("b", **hide('=c = "x"')), text("c"))
    assert shown(found, {"a": "1", "b": "2", "c": "x"}) == ["a", "c"]
    assert found.validate({"a": "1", "b": "2", "c": "x"}, {}) == {"a": "1", "c": "x"}


def test_it_ends_when_conditions_chase_each_other() -> None:
    found = form(text("a", **hide("=b != null")), text("b", **hide("=a = null")))
    data = {"a": "1", "b": "2"}
    assert shown(found, data) == shown(found, data)


def test_it_hides_whole_groups_and_lists() -> None:
    found = form(
        number("n"),
        {"type": "group", "path": "g", "components": [text("x", **REQUIRED)], **hide("=n = null")},
        rows("ds", text("y", **REQUIRED), **hide("=n = null"), properties={"so_dong_toi_thieu": "1"}),
    )
    assert found.validate({"g": {"x": ""}, "ds": [{}]}, {}) == {"n": None}
    assert set(refused(found, {"n": 1, "ds": [{}]})) == {"g.x", "ds.0.y"}


def test_it_decides_in_each_row_by_that_row() -> None:
    found = form(rows("ds", choice("select", "loai", "a", "b"), text("chi_tiet", **REQUIRED, **hide('=loai != "a"'))))
    data = {"ds": [{"loai": "a", "chi_tiet": "x"}, {"loai": "b", "chi_tiet": "bỏ"}]}
    assert found.validate(data, {}) == {"ds": [{"loai": "a", "chi_tiet": "x"}, {"loai": "b"}]}
    assert set(refused(found, {"ds": [{"loai": "b"}, {"loai": "a"}]})) == {"ds.1.chi_tiet"}


def test_it_sees_the_form_around_a_row() -> None:
    found = form(text("chung"), rows("ds", text("x", **hide('=parent.chung = "a" and chung = "a"'))))
    assert shown(found, {"chung": "a", "ds": [{"x": "1"}]}) == ["chung", "ds"]
    assert shown(found, {"chung": "b", "ds": [{"x": "1"}]}) == ["chung", "ds", "ds.0.x"]


def test_it_shows_a_field_whose_condition_cannot_be_computed() -> None:
    assert shown(form(text("a"), text("b", **hide("=a.b.c > 3"))), {"a": "x"}) == ["a", "b"]


def test_it_locks_by_expression() -> None:
    found = form(choice("radio", "khoa", "co", "khong"), text("a", readonly='=khoa = "co"'))
    assert found.validate({"khoa": "khong", "a": "mới"}, {"a": "cũ"}) == {"khoa": "khong", "a": "mới"}
    assert set(refused(found, {"khoa": "co", "a": "mới"}, {"a": "cũ"})) == {"a"}
    assert found.validate({"khoa": "co", "a": "cũ"}, {"a": "cũ"}) == {"khoa": "co"}


def test_it_computes_defaults_limits_choices_and_texts() -> None:
    found = form(
        text("ten", defaultValue="=can_bo.ten"), number("so", validate={"max": "=toi_da"}),
        {"type": "select", "key": "ai", "valuesExpression": "=for n in danh_sach return n.ten"},
        {"type": "text", "id": "t", "text": "Còn **{{toi_da}}** chỗ cho {{can_bo.ten}}."},
        {"type": "table", "id": "bang", "dataSource": "=danh_sach", "columns": [{"label": "Tên", "key": "ten"}]},
        text("nhan", label="Ý kiến về {{can_bo.ten}}"),
    )  # fmt: skip
    variables = {"can_bo": {"ten": "Bình"}, "toi_da": 3, "danh_sach": [{"ten": "An"}, {"ten": "Cúc"}]}
    assert found.defaults(variables)["ten"] == "Bình"
    assert "không quá 3" in refused(found, {"so": 4}, variables)["so"]
    assert found.validate({"ai": "Cúc", "so": 3}, variables)["ai"] == "Cúc"
    assert "ai" in refused(found, {"ai": "Dũng"}, variables)
    words = [span for block in place(found, "t", **variables).text for item in block.items for span in item]
    assert ("strong", "3") in words
    assert ("text", " chỗ cho Bình.") in words
    assert place(found, "bang", **variables).table == [{"ten": "An"}, {"ten": "Cúc"}]
    assert place(found, "nhan", **variables).label == "Ý kiến về Bình"
    assert {"can_bo", "toi_da", "danh_sach"} <= found.reads


def test_it_knows_which_fields_decide_about_others() -> None:
    deciding, other = OPINION.components
    assert OPINION.decides(deciding)
    assert not OPINION.decides(other)
    assert OPINION.has_conditions
    assert not form(text("a")).has_conditions


def test_it_knows_which_fields_of_a_group_decide_about_what_is_outside_of_it() -> None:
    group = {"type": "group", "path": "g", "components": [choice("radio", "co", "co", "khong")]}
    found = form(group, {"type": "group", "path": "h", "components": [text("x")], **hide('=not(g.co = "co")')})
    (inside,) = found.components[0].children
    assert found.decides(inside)
    assert not found.decides(found.components[1].children[0])


def test_it_reads_back_only_what_had_a_part() -> None:
    found = form(
        *(dict(c.raw) for c in OPINION.components), rows("ds", number("so"), text("x")), {"type": "text", "id": "t", "text": "chữ"}
    )
    answers = found.answers({"y_kien": "dong_y", "ds": [{"so": 1250.5}]}, {})
    assert [(one.name, one.read) for one in answers] == [("y_kien", "Nhãn dong_y"), ("ds", answers[1].read)]
    assert [cell and cell.read for cell in answers[1].cells(answers[1].rows[0])] == ["1.250,5", None]


def test_it_takes_everything_that_its_own_defaults_offer() -> None:
    found = form(
        text("a", defaultValue="x"), rows("ds", text("b", defaultValue="y")), {"type": "checkbox", "key": "c", "defaultValue": True}
    )
    assert found.validate(found.defaults({}), {}) == {"a": "x", "ds": [{"b": "y"}], "c": True}


@pytest.mark.parametrize("size", [1, 300])
def test_it_checks_many_rows_in_time(size: int) -> None:
    found = form(rows("ds", text("a", **REQUIRED), text("b", **REQUIRED, **hide('=a = "x"'))))
    with pytest.raises(FormInvalid) as caught:
        found.validate({"ds": [{"a": "y"} for _ in range(size)]}, {})
    assert len(caught.value.fields) == size
