"""Data of a case as people read it."""

from __future__ import annotations

from flask import Flask

from engine.contents import Contents
from tests.engine.cast import bpmn
from tests.engine.test_forms import form, rows, text
from web.reading import Reader, of_contents

PROPOSED = form(rows("de_xuat", text("ho_ten", label="Họ và tên"), text("ly_do", label="Lý do đề xuất")), text("ly_do", label="Lý do"))


def test_it_names_what_was_entered_elsewhere_as_it_was_called_there() -> None:
    person, plain = Reader([PROPOSED], {}).all({"can_bo": {"ho_ten": "Bình", "ly_do": "có năng lực"}, "ket_qua": "xong"})
    assert [(one.label, one.is_name) for one in person.parts] == [("Họ và tên", False), ("Lý do", False)]
    # A variable of the case is no field, whatever a field is called.
    assert (plain.label, plain.is_name) == ("ket_qua", True)


def test_it_makes_a_table_of_records_without_columns_that_say_nothing() -> None:
    given = {"de_xuat": [{"ho_ten": "Bình", "ly_do": None}, {"ho_ten": "Mai", "ly_do": ""}], "ly_do": None}
    list_, empty = Reader([PROPOSED], {}).all(given)
    assert list_.columns == ["Họ và tên"]
    assert list_.says_something
    assert not empty.says_something


def test_it_says_deadlines_in_words_and_by_the_step_they_belong_to(app: Flask) -> None:
    drawn = bpmn(
        '<startEvent id="s"/><userTask id="t" name="Thẩm định" camunda:dueDate="${han}"/><boundaryEvent id="b" name="Đến lúc nhắc" '
        'attachedToRef="t" cancelActivity="false"><timerEventDefinition><timeDuration>${nhac}</timeDuration></timerEventDefinition>'
        "</boundaryEvent>"
    )
    with app.test_request_context():
        shown = of_contents(Contents({"p.bpmn": drawn}), {}).all({"han": "P1Y15D", "nhac": "PT8H", "khac": "P"})
    assert [(one.label, one.text) for one in shown] == [
        ("Hạn của bước “Thẩm định”", "1 năm 15 ngày"),
        ("Thời gian đến “Đến lúc nhắc”", "8 giờ"),
        ("khac", "P"),
    ]
