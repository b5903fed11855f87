"""A form: what it asks, what it shows beforehand, and what it takes."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import pytest

from engine.errors import FileRejected, FormInvalid, Invalid
from engine.forms import Form


def form(*components: dict[str, Any]) -> Form:
    """A form of these components; keys double as labels."""
    return Form.read(json.dumps({"id": "f", "type": "default", "components": [_named(c) for c in components]}).encode(), "forms/f.form")


def _named(component: dict[str, Any]) -> dict[str, Any]:
    nested = {"components": [_named(c) for c in component["components"]]} if "components" in component else {}
    return {"label": component.get("key") or component.get("path") or "nhãn"} | component | nested


def text(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "textfield", "key": key, **more}


def number(key: str, **more: Any) -> dict[str, Any]:
    return {"type": "number", "key": key, **more}


def choice(kind: str, key: str, *values: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "key": key, "values": [{"label": f"Nhãn {v}", "value": v} for v in values], **more}


def rows(path: str, *components: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"type": "dynamiclist", "path": path, "components": list(components), **more}


def refused(form_: Form, data: Any, variables: Any = None, **more: Any) -> dict[str, str]:
    with pytest.raises(FormInvalid) as caught:
        form_.validate(data, variables or {}, **more)
    return caught.value.fields


REQUIRED = {"validate": {"required": True}}

# --- reading ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff\xfe", b"[]", b'{"id": "f"}', b'{"components": []}', b'{"id": "f", "components": [1]}', b'{"id": " ", "components": []}'],
)
def test_it_rejects_what_is_no_form_and_names_the_file(content: bytes) -> None:
    with pytest.raises(FileRejected, match=r"x\.form"):
        Form.read(content, "x.form")


def test_it_rejects_a_form_nested_without_end() -> None:
    deep: dict[str, Any] = {"type": "group", "components": []}
    for _ in range(50):
        deep = {"type": "group", "components": [deep]}
    with pytest.raises(FileRejected, match="deep"):
        Form.read(json.dumps({"id": "f", "components": [deep]}).encode(), "x.form")
    with pytest.raises(FileRejected):
        Form.read(b'{"id": "f", "components": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "x.form")


def test_it_lists_fields_with_their_paths_through_groups_and_lists() -> None:
    found = form(
        text("ten", description="Họ và tên", **REQUIRED),
        {"type": "group", "path": "danh_gia", "components": [text("uu_diem")]},
        {"type": "group", "components": [text("ghi_chu")]},
        rows("ke_hoach", number("so_luong")),
        {"type": "button", "label": "Gửi"},
    )
    assert [f.path for f in found.fields] == ["ten", "danh_gia.uu_diem", "ghi_chu", "ke_hoach", "ke_hoach.*.so_luong"]
    assert (found.fields[0].required, found.fields[0].description, found.fields[0].type) == (True, "Họ và tên", "textfield")


# --- what is right ----------------------------------------------------------------------------------------------------


def test_it_gives_back_clean_typed_values_with_blanks_for_what_is_empty() -> None:
    found = form(
        text("ten"), number("so"), {"type": "checkbox", "key": "dong_y"}, choice("checklist", "nhom", "a", "b"), text("trong"),
        {"type": "datetime", "key": "ngay", "subtype": "date"}, choice("select", "muc", 1, 2), {"type": "textarea", "key": "bai"},
    )  # fmt: skip
    clean = found.validate({"ten": "  Tỉnh ủy ", "so": 3.0, "nhom": ["b"], "ngay": "2026-03-05", "muc": "2", "bai": "một\r\nhai"}, {})
    assert clean == {
        "ten": "Tỉnh ủy", "so": 3, "dong_y": False, "nhom": ["b"], "trong": None, "ngay": "2026-03-05", "muc": 2, "bai": "một\nhai",
    }  # fmt: skip
    assert isinstance(clean["so"], int)


def test_it_takes_rows_and_groups() -> None:
    found = form(rows("ke_hoach", text("ten", **REQUIRED), number("so")), {"type": "group", "path": "g", "components": [text("x")]})
    clean = found.validate({"ke_hoach": [{"ten": "A", "so": 1}, {"ten": "B"}], "g": {"x": "y"}}, {})
    assert clean == {"ke_hoach": [{"ten": "A", "so": 1}, {"ten": "B", "so": None}], "g": {"x": "y"}}


def test_it_keeps_numbers_as_text_where_the_form_says_so() -> None:
    found = form(number("tien", serializeToString=True, decimalDigits=2))
    assert found.validate({"tien": 12.5}, {}) == {"tien": "12.5"}
    assert found.validate({"tien": "1250000.75"}, {}) == {"tien": "1250000.75"}


@pytest.mark.parametrize(
    ("kept", "expected"), [(None, "2026-03-05T08:30"), ("utc_offset", "2026-03-05T08:30+07:00"), ("utc_normalized", "2026-03-05T01:30Z")]
)
def test_it_keeps_moments_in_the_form_that_the_file_names(kept: str | None, expected: str) -> None:
    found = form({"type": "datetime", "key": "luc", "subtype": "datetime", "timeSerializingFormat": kept})
    assert found.validate({"luc": "2026-03-05T08:30"}, {}) == {"luc": expected}
    assert found.validate({"luc": expected}, {}) == {"luc": expected}


# --- what is wrong ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("component", "value", "sentence"),
    [
        (text("x", **REQUIRED), None, "Cần nhập “x”, nhưng ô này đang trống."),
        (text("x", **REQUIRED), "   ", "Cần nhập “x”"),
        (text("x", validate={"minLength": 3}), "ab", "ít nhất 3 ký tự, nhưng có 2 ký tự"),
        (text("x", validate={"maxLength": 3}), "abcd", "nhiều nhất 3 ký tự, nhưng có 4"),
        (text("x", validate={"pattern": r"^\d+-KH/TU$"}), "abc", "đúng mẫu"),
        (text("x", validate={"pattern": "^a$"}), "a" * 300, "nhiều nhất 256 ký tự"),
        (text("x", validate={"validationType": "email"}), "an@", "thư điện tử"),
        (text("x", validate={"validationType": "phone"}), "12", "số điện thoại"),
        (text("x"), 5, "một dòng chữ, nhưng đã nhập 5"),
        (text("x"), "a\x00b", "ký tự điều khiển"),
        (text("x"), "a\u202eb", "ký tự điều khiển"),
        (text("x"), "a\ud800b", "ký tự điều khiển"),
        (text("x"), ["a"], "một danh sách"),
        (text("x"), "dài" * 1000, "nhiều nhất 2000"),
        (number("x"), "12a", "một số, phần thập phân sau dấu phẩy, ví dụ 12,5, nhưng đã nhập “12a”"),
        (number("x"), True, "một số"),
        (number("x"), float("nan"), "một số nhỏ hơn"),
        (number("x"), 10**40, "một số nhỏ hơn"),
        (number("x", decimalDigits=0), 1.5, "một số nguyên, ví dụ 12, nhưng đã nhập 1,5"),
        (number("x", decimalDigits=1), 0.25, "nhiều nhất 1 chữ số sau dấu phẩy"),
        (number("x", validate={"min": 1}), 0, "từ 1 trở lên, nhưng đã nhập 0"),
        (number("x", validate={"max": 5}), 6, "không quá 5"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "31/02/2026", "ngày/tháng/năm, ví dụ 05/03/2026, nhưng đã nhập “31/02/2026”"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "2026-02-30", "ngày/tháng/năm"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, "20260228", "ngày/tháng/năm"),
        ({"type": "datetime", "key": "x", "subtype": "date"}, 20260228, "ngày/tháng/năm"),
        ({"type": "datetime", "key": "x", "subtype": "time"}, "25:00", "giờ:phút"),
        ({"type": "datetime", "key": "x", "subtype": "datetime"}, "2026-02-01", "năm giờ:phút"),
        (choice("select", "x", "a", **REQUIRED), None, "Cần chọn “x”"),
        (choice("radio", "x", "a", "b"), "c", "một lựa chọn có trong danh sách, nhưng đã chọn “c”"),
        (choice("radio", "x", "a", "b"), ["a"], "một lựa chọn"),
        (choice("checklist", "x", "a", "b"), ["a", "c"], "đã chọn “c”"),
        (choice("checklist", "x", "a", "b"), ["a", "a"], "chỉ một lần"),
        (choice("checklist", "x", "a", "b"), "a", "các lựa chọn"),
        (choice("taglist", "x", "a", **REQUIRED), [], "Cần chọn “x”"),
        ({"type": "checkbox", "key": "x", **REQUIRED}, False, "Cần đánh dấu “x”"),
        ({"type": "checkbox", "key": "x"}, "yes", "được đánh dấu hoặc không"),
    ],
)  # fmt: skip
def test_it_says_what_it_expected_and_what_it_found(component: dict[str, Any], value: Any, sentence: str) -> None:
    found = refused(form(component), {"x": value})
    assert list(found) == ["x"]
    assert sentence in found["x"]


def test_it_refuses_fields_that_the_form_does_not_have_at_every_depth() -> None:
    found = form(text("a"), rows("ds", text("b")), {"type": "group", "path": "g", "components": [text("c")]})
    fields = refused(found, {"a": "x", "la": 1, "ds": [{"b": "y", "z": 1}], "g": {"c": "", "k": 2}})
    assert set(fields) == {"la", "ds.0.z", "g.k"}


def test_it_names_the_row_and_the_field_in_it() -> None:
    found = form(rows("ds", text("ten", **REQUIRED), number("so")))
    assert set(refused(found, {"ds": [{"ten": "A"}, {"so": "x"}]})) == {"ds.1.ten", "ds.1.so"}


@pytest.mark.parametrize("value", ["x", {"0": {}}, ["x"], [["x"]], 5])
def test_it_refuses_rows_that_are_no_rows(value: Any) -> None:
    assert refused(form(rows("ds", text("ten"))), {"ds": value})


@pytest.mark.parametrize("value", ["x", [], 5])
def test_it_refuses_a_group_that_is_no_group(value: Any) -> None:
    assert refused(form({"type": "group", "path": "g", "components": [text("c", **REQUIRED)]}), {"g": value})


def test_it_asks_for_what_is_missing_in_a_group_that_was_not_sent() -> None:
    assert set(refused(form({"type": "group", "path": "g", "components": [text("c", **REQUIRED)]}), {})) == {"g.c"}


def test_it_counts_rows() -> None:
    found = form(rows("ds", text("ten"), properties={"so_dong_toi_thieu": "1", "so_dong_toi_da": "2"}))
    assert "ít nhất" in refused(found, {"ds": []})["ds"]
    assert "ít nhất" in refused(found, {})["ds"]
    assert "nhiều nhất 2 dòng, nhưng đang có 3" in refused(found, {"ds": [{"ten": "a"}] * 3})["ds"]


def test_it_refuses_more_than_a_person_could_have_typed() -> None:
    with pytest.raises(Invalid, match="values"):
        form(rows("ds", text("ten"))).validate({"ds": [{"ten": "a"}] * 20_000}, {})


# --- documents --------------------------------------------------------------------------------------------------------


def test_it_takes_only_documents_of_this_task_or_of_the_case_at_that_field() -> None:
    found = form({"type": "filepicker", "key": "tep", "multiple": True, **REQUIRED})
    assert found.validate({"tep": [1, 2]}, {}, documents={1, 2, 3}) == {"tep": [1, 2]}
    assert found.validate({"tep": [7]}, {"tep": [7]}, documents=()) == {"tep": [7]}
    assert "tệp số 9" in refused(found, {"tep": [9]}, documents={1})["tep"]
    assert "chưa có tệp nào" in refused(found, {"tep": []})["tep"]
    assert refused(found, {"tep": ["1"]}, documents={1})
    assert refused(found, {"tep": [True]}, documents={1})


def test_it_takes_one_document_where_one_is_asked() -> None:
    found = form({"type": "filepicker", "key": "tep"})
    assert "nhiều nhất 1 tệp, nhưng đang có 2" in refused(found, {"tep": [1, 2]}, documents={1, 2})["tep"]


# --- what is known beforehand -----------------------------------------------------------------------------------------


def test_it_shows_the_values_of_the_case_and_else_the_defaults() -> None:
    found = form(
        text("a", defaultValue="mặc định"), text("b", defaultValue="mặc định"),
        rows("ds", text("c", defaultValue="d"), defaultRepetitions=2),
        {"type": "checkbox", "key": "e"}, choice("checklist", "f", "x"), {"type": "group", "path": "g", "components": [text("h")]},
    )  # fmt: skip
    assert found.defaults({"a": "của hồ sơ", "g": {"h": "i"}}) == {
        "a": "của hồ sơ", "b": "mặc định", "ds": [{"c": "d"}, {"c": "d"}], "e": False, "f": [], "g": {"h": "i"},
    }  # fmt: skip
    assert found.defaults({"ds": [{"c": "1", "la": 2}]})["ds"] == [{"c": "1"}]


def test_it_does_not_let_a_read_only_field_be_changed() -> None:
    found = form(text("so", readonly=True), text("khac", disabled=True), text("y"))
    assert found.validate({"so": "12", "y": "z"}, {"so": "12"}) == {"y": "z"}
    assert set(refused(found, {"so": "13", "khac": "k"}, {"so": "12"})) == {"so", "khac"}


def test_it_hands_on_the_default_of_a_read_only_field_that_the_case_does_not_know() -> None:
    assert form(text("so", readonly=True, defaultValue="01")).validate({}, {}) == {"so": "01"}


def test_it_keeps_what_the_form_does_not_show_of_fixed_rows_and_of_groups() -> None:
    found = form(
        rows("ds", text("ten", readonly=True), text("y"), allowAddRemove=False), {"type": "group", "path": "g", "components": [text("a")]}
    )
    variables = {"ds": [{"ma": 1, "ten": "A", "y": None}, {"ma": 2, "ten": "B"}], "g": {"giu": 1, "a": "cũ"}}
    clean = found.validate({"ds": [{"y": "một"}, {"y": "hai"}], "g": {"a": "mới"}}, variables)
    assert clean == {"ds": [{"ma": 1, "ten": "A", "y": "một"}, {"ma": 2, "ten": "B", "y": "hai"}], "g": {"giu": 1, "a": "mới"}}
    assert variables["g"] == {"giu": 1, "a": "cũ"}
    assert "ds.0.ten" in refused(found, {"ds": [{"ten": "giả"}, {}]}, variables)


def test_it_takes_choices_from_the_case() -> None:
    found = form({"type": "select", "key": "x", "valuesKey": "_to_chuc"}, {"type": "checklist", "key": "y", "valuesKey": "ds.ten"})
    variables = {"_to_chuc": [{"label": "Ban Tổ chức", "value": "btc"}, {"label": "Sở", "value": "so"}], "ds": {"ten": ["a", "b"]}}
    assert found.validate({"x": "btc", "y": ["b"]}, variables) == {"x": "btc", "y": ["b"]}
    assert set(refused(found, {"x": "khac", "y": ["c"]}, variables)) == {"x", "y"}
    assert "_to_chuc" in found.reads


def test_it_refuses_past_dates_where_the_form_does() -> None:
    found = form({"type": "datetime", "key": "n", "subtype": "date", "disallowPassedDates": True})
    assert found.validate({"n": "2026-03-05"}, {}, today=date(2026, 3, 5)) == {"n": "2026-03-05"}
    assert "05/03/2026" in refused(found, {"n": "2026-03-05"}, today=date(2026, 3, 6))["n"]
    assert found.validate({"n": "2026-03-06"}, {"_now": "2026-03-05T18:00:00+00:00"}) == {"n": "2026-03-06"}
    assert refused(found, {"n": "2026-03-05"}, {"_now": "2026-03-05T18:00:00+00:00"})


def test_it_tells_its_json_schema() -> None:
    schema = form(text("a", **REQUIRED), rows("ds", number("so", validate={"min": 1}))).schema({})
    assert schema["required"] == ["a"]
    assert schema["additionalProperties"] is False
    assert schema["properties"]["ds"]["items"]["properties"]["so"]["minimum"] == 1


def test_it_asks_nothing_when_empty() -> None:
    assert Form.empty().validate({}, {"a": 1}) == {}
    assert set(refused(Form.empty(), {"a": 2})) == {"a"}
