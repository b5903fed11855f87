"""Data of a case in words."""

from __future__ import annotations

import json
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask

from engine.forms import Form
from web.reading import Reader, Shown

FORM = Form.read(
    json.dumps(
        {
            "id": "f",
            "components": [
                {"type": "textfield", "id": "a", "key": "ten", "label": "Họ và tên"},
                {"type": "radio", "id": "b", "key": "chon", "label": "Kết luận", "values": [{"label": "Đồng ý", "value": "dong_y"}]},
                {"type": "select", "id": "c", "key": "noi", "label": "Nơi đến", "valuesKey": "_to_chuc"},
                {"type": "filepicker", "id": "d", "key": "tep", "label": "Tệp"},
                {
                    "type": "dynamiclist",
                    "id": "e",
                    "path": "ds",
                    "label": "Danh sách",
                    "components": [{"type": "number", "id": "g", "key": "so"}],
                },
            ],
        }
    ).encode(),
    "f.form",
)


@pytest.fixture
def read(app: Flask) -> Any:
    document: Any = SimpleNamespace(id=7, name="a.pdf")
    reader = Reader([FORM], {"so_xd": "Sở Xây dựng"}, [document])

    def one(name: str, value: object) -> Shown:
        with app.test_request_context():
            return reader.one(name, value)

    return one


def test_it_uses_the_labels_and_words_of_the_forms(read: Any) -> None:
    assert read("ten", "An") == Shown("Họ và tên", text="An")
    assert read("chon", "dong_y").text == "Đồng ý"
    assert read("noi", "so_xd").text == "Sở Xây dựng"
    assert read("ten", "so_xd").text == "so_xd"


def test_it_writes_values_as_people_do(read: Any) -> None:
    assert read("x", True).text == "có"
    assert read("x", 1.5).text == "1,5"
    assert read("x", "2026-03-05").text == "05/03/2026"
    assert read("x", date(2026, 3, 5)).text == "05/03/2026"
    assert read("x", None).text == ""
    assert read("x", ["a", "b"]).text == "a; b"


def test_it_opens_lists_and_records(read: Any) -> None:
    rows = read("ds", [{"so": 1}, {"so": 2}])
    assert rows.label == "Danh sách"
    assert [row.parts[0].text for row in rows.items] == ["1", "2"]


def test_ids_of_documents_become_files_and_other_numbers_stay_numbers(read: Any) -> None:
    assert [file.name for file in read("tep", [7, 8]).files] == ["a.pdf"]
    made = read("cong_van", [7])
    assert (made.label, [file.name for file in made.files]) == ("Văn bản", ["a.pdf"])
    assert read("so_luong", [8]).text == "8"
    assert read("so_luong", 7).text == "7"
