"""From the controls of a page to the data of a form."""

from __future__ import annotations

import io
from typing import Any

import pytest
from werkzeug.datastructures import FileStorage, MultiDict

from engine.errors import FormInvalid
from engine.forms import Form
from tests.engine.test_forms import choice, form, number, rows, text
from web import forms


def date(key: str, subtype: str = "date") -> dict[str, Any]:
    return {"type": "datetime", "key": key, "subtype": subtype}


def post(*pairs: tuple[str, str]) -> MultiDict[str, str]:
    return MultiDict(pairs)


PLAN = form(text("ten"), rows("ke_hoach", text("chuc_danh"), number("so_luong"), choice("radio", "loai", "a", "b")))


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("12", 12),
        (" 12,5 ", 12.5),
        ("1.250.000", 1250000),
        ("1.250.000,75", 1250000.75),
        ("-3", -3),
        ("−3", -3),
        ("12,0", 12),
        ("1 250", 1250),
        ("1.5", "1.5"),
        ("1.2500", "1.2500"),
        ("1,2,3", "1,2,3"),
        ("12a", "12a"),
        ("1e5", "1e5"),
        ("٣", "٣"),
        ("", None),
        ("  ", None),
    ],
)
def test_it_reads_numbers_as_vietnamese_write_them(typed: str, found: Any) -> None:
    assert forms.parse(form(number("n")), post(("n", typed))) == {"n": found}


@pytest.mark.parametrize(
    ("kind", "typed", "found"),
    [
        ("date", "05/03/2026", "2026-03-05"),
        ("date", "5/3/2026", "2026-03-05"),
        ("date", " 5-3-2026 ", "2026-03-05"),
        ("date", "2026-03-05", "2026-03-05"),
        ("date", "31/02/2026", "31/02/2026"),
        ("date", "5/3/26", "5/3/26"),
        ("date", "hôm nay", "hôm nay"),
        ("time", "8:30", "08:30"),
        ("time", "8h30", "08:30"),
        ("time", "8 giờ 30 phút", "08:30"),
        ("time", "8h", "08:00"),
        ("time", "25:00", "25:00"),
        ("datetime", "5/3/2026 8:30", "2026-03-05T08:30"),
        ("datetime", "5/3/2026", "5/3/2026"),
    ],
)
def test_it_reads_dates_as_vietnamese_write_them(kind: str, typed: str, found: str) -> None:
    assert forms.parse(form(date("d", kind)), post(("d", typed))) == {"d": found}


def test_it_keeps_what_was_typed_wrong_so_that_it_can_be_shown_and_named() -> None:
    found = form(date("d"), number("n"))
    data = forms.parse(found, post(("d", "31/02/2026"), ("n", "1.5")))
    with pytest.raises(FormInvalid) as caught:
        found.validate(data, {})
    assert "31/02/2026" in caught.value.fields["d"]
    assert "1.5" in caught.value.fields["n"]
    assert [place.typed for place in found.places(data, {})] == ["31/02/2026", "1.5"]


def test_what_is_shown_reads_back_as_the_same_value() -> None:
    found = form(date("d"), date("t", "time"), date("dt", "datetime"), number("n"), number("s", serializeToString=True))
    data = {"d": "2026-03-05", "t": "08:30", "dt": "2026-03-05T08:30", "n": 1250000.5, "s": 12.5}
    posted = post(*((place.name, place.typed) for place in found.places(data, {})))
    assert forms.parse(found, posted) == data


def test_it_reads_boxes_and_lists() -> None:
    found = form(
        {"type": "checkbox", "key": "a"}, {"type": "checkbox", "key": "b"}, choice("checklist", "c", "x", "y"), choice("radio", "d", "x")
    )
    posted = post(("a", ""), ("a", "true"), ("b", ""), ("c", ""), ("c", "y"), ("c", "x"), ("d", "x"))
    assert forms.parse(found, posted) == {"a": True, "b": False, "c": ["y", "x"], "d": "x"}


def test_it_reads_rows_in_order_of_their_numbers_and_drops_blank_ones() -> None:
    posted = post(("ke_hoach.10.chuc_danh", "C"), ("ke_hoach.2.chuc_danh", " "), ("ke_hoach.2.so_luong", ""), ("ke_hoach.0.chuc_danh", "A"))
    assert forms.parse(PLAN, posted) == {"ke_hoach": [{"chuc_danh": "A"}, {"chuc_danh": "C"}]}


def test_it_does_not_drop_rows_of_a_fixed_list() -> None:
    found = form(rows("ds", text("a"), allowAddRemove=False))
    assert forms.parse(found, post(("ds.0.a", ""), ("ds.1.a", "x"))) == {"ds": [{"a": None}, {"a": "x"}]}


def test_it_hands_unknown_names_on_to_be_refused() -> None:
    data = forms.parse(
        PLAN, post(("la", "1"), ("ke_hoach.0.la", "2"), ("ke_hoach.x", "3"), ("csrf_token", "t"), ("_nut", "x"), ("ke_hoach", "4"))
    )
    assert set(data) == {"la", "ke_hoach.0.la", "ke_hoach.x", "ke_hoach"}
    with pytest.raises(FormInvalid) as caught:
        PLAN.validate(data, {})
    assert set(caught.value.fields) == set(data)


def test_it_adds_a_row_with_its_defaults_and_says_where_to_go_on() -> None:
    found = form(rows("ds", text("a", defaultValue="=ten"), text("b")))
    edited = forms.edit(found, post(("ds.0.b", ""), ("_add", "ds")), {"ten": "Bình"})
    assert edited.data == {"ds": [{"b": None}, {"a": "Bình", "b": None}]}
    assert edited.focus == "ds.1"


def test_it_removes_the_row_that_was_meant() -> None:
    posted = post(("ke_hoach.0.chuc_danh", "A"), ("ke_hoach.1.chuc_danh", "B"), ("_remove", "ke_hoach.0"))
    edited = forms.edit(PLAN, posted, {})
    assert edited.data == {"ke_hoach": [{"chuc_danh": "B"}]}
    assert edited.focus == "ke_hoach.0"


@pytest.mark.parametrize(
    "button", [("_add", "ten"), ("_add", "la.x"), ("_remove", "ke_hoach.9"), ("_remove", "x"), ("_detach", "ten:1"), ("_detach", "")]
)
def test_it_ignores_buttons_that_the_page_does_not_have(button: tuple[str, str]) -> None:
    assert forms.edit(PLAN, post(("ten", "A"), button), {}).data == {"ten": "A"}


def test_it_knows_handing_in_from_editing() -> None:
    assert forms.is_edit(post(("ten", "A"), ("_refresh", "1")))
    assert not forms.is_edit(post(("ten", "A"), ("_x", "1")))


FILES = form({"type": "filepicker", "key": "mot"}, {"type": "filepicker", "key": "nhieu", "multiple": True}, text("ten"))


def test_it_keeps_attached_files_by_number_and_takes_them_out() -> None:
    posted = post(("nhieu", "3"), ("nhieu", "4"), ("_detach", "nhieu:3"))
    assert forms.edit(FILES, posted, {}).data == {"nhieu": [4]}


def test_it_puts_a_new_file_beside_the_others_or_in_place_of_the_one() -> None:
    data: dict[str, Any] = {"mot": [1], "nhieu": [3]}
    for name in ("mot", "nhieu", "ten"):
        forms.add_document(FILES, data, name, 9)
    assert data == {"mot": [9], "nhieu": [3, 9]}
    forms.remove_document(FILES, data, 9)
    assert data == {"mot": [], "nhieu": [3]}


def test_it_takes_files_of_file_fields_only() -> None:
    def file(name: str) -> FileStorage:
        return FileStorage(io.BytesIO(b"x"), filename=name)

    posted = MultiDict(
        [("nhieu", file("a.pdf")), ("nhieu", file("b.pdf")), ("mot", file("")), ("ten", file("c.pdf")), ("la", file("d.pdf"))]
    )
    assert [(name, stored.filename) for name, stored in forms.uploads(FILES, posted)] == [("nhieu", "a.pdf"), ("nhieu", "b.pdf")]


def test_it_is_made_for_forms_without_fields_too() -> None:
    assert forms.parse(Form.empty(), post(("csrf_token", "x"))) == {}
