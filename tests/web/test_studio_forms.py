"""Forms in the studio: the preview is what the server draws for staff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lxml import html

from tests.engine.test_forms import REQUIRED, choice, number, rows, text
from tests.web.test_studio import Editor, Enter

ROOT = Path(__file__).parents[2]
FORMS = sorted(ROOT.glob("bpmn/*/forms/*.form"))


@pytest.fixture
def editor(analysts: None, log_in: Enter) -> Editor:
    return Editor(log_in("phuc"))


def schema(*components: Any) -> str:
    return json.dumps({"type": "default", "id": "thu", "components": list(components)})


def ask(editor: Editor, content: str, **more: Any) -> dict[str, Any]:
    said = editor.post("/thiet-ke/don_nghi/api/xem-form", content=content, **more)
    assert said.status_code == 200, said.text
    answer: dict[str, Any] = said.get_json()
    return answer


def drawn(editor: Editor, content: str, **more: Any) -> html.HtmlElement:
    answer = ask(editor, content, **more)
    assert answer["error"] is None, answer["error"]
    return html.fromstring(answer["html"])


def labels(page: html.HtmlElement) -> list[str]:
    return [" ".join(label.text_content().split()) for label in page.xpath("//label|//legend")]


def test_it_is_drawn_as_staff_will_see_it(editor: Editor) -> None:
    page = drawn(editor, schema(text("ten", label="Họ và tên", description="Như trong lý lịch.", **REQUIRED)))
    assert labels(page) == ["Họ và tên (bắt buộc)"]
    assert "Như trong lý lịch." in page.text_content() and page.xpath("//link[contains(@href, 'app-')]")


def test_it_shows_what_is_wrong_when_it_is_handed_in_like_this(editor: Editor) -> None:
    content = schema(text("ten", label="Họ và tên", **REQUIRED))
    answer = ask(editor, content, wrong=True)
    assert answer["errors"] == 1 and "Có 1 chỗ chưa đúng" in answer["html"]
    answer = ask(editor, content, wrong=True, entered=[["ten", "Lê Thị An"]])
    assert answer["errors"] == 0 and "chỗ chưa đúng" not in answer["html"]


def test_what_is_entered_decides_what_else_shows(editor: Editor) -> None:
    hidden = text("ly_do", label="Lý do", conditional={"hide": '=not(y = "b")'})
    content = schema(choice("radio", "y", "a", "b"), hidden)
    assert not drawn(editor, content).xpath("//*[@name='ly_do']")
    assert drawn(editor, content, entered=[["y", "b"]]).xpath("//*[@name='ly_do']")


def test_rows_can_be_added_and_removed(editor: Editor) -> None:
    content = schema(rows("ds", text("ten"), defaultRepetitions=1))
    entered = [["ds.0.ten", "một"]]
    page = drawn(editor, content, entered=entered, pressed=["_add", "ds"])
    assert [one.get("value") for one in page.xpath("//input[contains(@name, '.ten')]")] == ["một", ""]
    assert not drawn(editor, content, entered=entered, pressed=["_remove", "ds.0"]).xpath("//input[contains(@name, '.ten')]")


def test_what_it_reads_from_the_case_can_be_typed(editor: Editor) -> None:
    content = schema({"type": "text", "id": "t", "text": "Kính gửi {{noi_nhan}}: {{so_nguoi + 1}}"}, text("ten"))
    assert ask(editor, content)["samples"] == [{"name": "noi_nhan"}, {"name": "so_nguoi"}]
    page = drawn(editor, content, variables={"noi_nhan": "Văn phòng", "so_nguoi": "4"})
    assert "Kính gửi Văn phòng: 5" in page.text_content()


def test_choices_and_tables_of_the_case_are_made_up(editor: Editor) -> None:
    table = {"type": "table", "id": "b", "label": "Bảng", "dataSource": "=ho_so.ds", "columns": [{"key": "ten", "label": "Tên"}]}
    page = drawn(editor, schema({"type": "select", "key": "noi", "label": "Nơi", "valuesKey": "_to_chuc"}, table))
    assert len(page.xpath("//option")) == 4 and len(page.xpath("//tbody/tr")) == 2


@pytest.mark.parametrize(
    "content", ["", "[]", "{", '{"components": []}', '{"id": "a", "components": [1]}', '{"id": "a", "components": {}}']
)
def test_a_file_that_is_no_form_is_a_sentence(editor: Editor, content: str) -> None:
    answer = ask(editor, content)
    assert answer["error"] and answer["html"] == ""


def test_what_analysts_write_reaches_no_markup(editor: Editor) -> None:
    answer = ask(
        editor, schema(text("ten", label="<script>alert(1)</script>"), {"type": "html", "id": "h", "content": "<img onerror=x src=y>"})
    )
    assert "<script>" not in answer["html"] and "<img" not in answer["html"]


@pytest.mark.parametrize("entered", [[["ten"]], [[1, 2]], "x", {"ten": 1}, [["a" * 300, "b"]], [["ds.99999.ten", "x"]]])
def test_strange_entries_break_nothing(editor: Editor, entered: object) -> None:
    assert ask(editor, schema(text("ten"), rows("ds", text("ten"))), entered=entered, wrong=True)["html"]


def test_slow_expressions_are_stopped_in_time(editor: Editor) -> None:
    slow = "{{count(for a in 1..300, b in 1..300 return a * b)}}"
    assert ask(editor, schema(*[{"type": "text", "id": f"t{at}", "text": slow} for at in range(200)]))["html"]


def test_it_saves_nothing_and_strangers_do_not_find_it(editor: Editor, log_in: Enter) -> None:
    before = editor.load()["revision"]
    ask(editor, schema(text("ten"), number("so")))
    assert editor.load()["revision"] == before
    assert Editor(log_in("an")).post("/thiet-ke/don_nghi/api/xem-form", content="{}").status_code == 404


def test_every_form_that_comes_with_the_product_is_drawn(editor: Editor) -> None:
    for path in FORMS:
        assert ask(editor, path.read_text(encoding="utf-8"), wrong=True)["error"] is None, path.name
