"""A form as it is drawn: what a browser and a screen reader get."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, render_template_string
from flask_babel import Babel
from lxml import html
from markupsafe import Markup
from werkzeug.datastructures import MultiDict

from engine.errors import FormInvalid
from engine.forms import Form
from tests.engine.test_forms import REQUIRED, choice, form, number, rows, text
from web import forms

PAGE = """{% from 'forms/form.html' import error_summary, form_fields, form_values %}
<main>{% if answers is defined %}{{ form_values(form, answers, variables, documents) }}{% else %}
<form method="post">
{{ error_summary(errors, form) }}
{{ form_fields(form, values, errors, documents, variables, edit_url, focus) }}
</form>{% endif %}</main>"""


@pytest.fixture(scope="module")
def app() -> Iterator[Flask]:
    app = Flask(__name__, template_folder=str(Path(__file__).parents[2] / "web" / "templates"))
    app.config["BABEL_DEFAULT_LOCALE"] = "vi"
    Babel(app)
    app.jinja_env.globals["icon"] = lambda name, label="": Markup("")
    app.add_url_rule("/tai-lieu/<int:document_id>", "documents.download", lambda document_id: "")
    with app.test_request_context():
        yield app


def draw(app: Flask, found: Form, values: Any = None, **more: Any) -> html.HtmlElement:
    values = found.defaults(more.get("variables", {})) if values is None else values
    context = {"errors": {}, "documents": [], "variables": {}, "edit_url": "", "focus": ""} | more
    return html.fromstring(render_template_string(PAGE, form=found, values=values, **context))


def posted(page: html.HtmlElement) -> MultiDict[str, str]:
    """What a browser would send. A browser leaves out the line break that a text area begins with; lxml does not."""
    return MultiDict([(name, (value or "").removeprefix("\n")) for name, value in page.xpath("//form")[0].form_values()])


EVERYTHING = form(
    text("ten", description="Như trong lý lịch.", **REQUIRED), {"type": "textarea", "key": "bai"},
    number("so", appearance={"suffixAdorner": "người"}),
    {"type": "datetime", "key": "ngay", "subtype": "date"}, choice("select", "chon", "a", "b"), choice("radio", "mot", "a", "b"),
    choice("checklist", "nhieu", "a", "b"), choice("taglist", "the", "a", "b"), {"type": "checkbox", "key": "co"},
    {"type": "filepicker", "key": "tep", "multiple": True}, {"type": "group", "path": "g", "label": "Nhóm", "components": [text("x")]},
    rows("ds", text("y"), number("z"), choice("radio", "r", "a", "b")),
    {"type": "text", "id": "t", "text": "# Đầu\n\n<b>đậm</b>"},
    {"type": "table", "id": "bang", "label": "Bảng", "dataSource": "=danh_sach", "columns": [{"key": "ten", "label": "Tên"}]},
    {"type": "separator"},
)  # fmt: skip
FILLED = {
    "ten": "An", "bai": "một\nhai", "so": 12.5, "ngay": "2026-03-05", "chon": "b", "mot": "a", "nhieu": ["b"],
    "the": ["a", "b"], "co": True,
    "tep": [7], "g": {"x": "X"}, "ds": [{"y": "1", "z": 2, "r": "a"}, {"y": "3", "z": None, "r": "b"}],
}  # fmt: skip
DOCUMENTS = [SimpleNamespace(id=7, name="Biên bản.pdf", size=10)]


def test_a_page_sent_back_unchanged_is_the_same_data(app: Flask) -> None:
    page = draw(app, EVERYTHING, FILLED, documents=DOCUMENTS)
    assert forms.parse(EVERYTHING, posted(page)) == FILLED
    assert EVERYTHING.validate(forms.parse(EVERYTHING, posted(page)), {}, documents=[7]) == FILLED


def test_every_control_has_a_label_and_every_id_is_there_once(app: Flask) -> None:
    page = draw(app, EVERYTHING, FILLED, documents=DOCUMENTS)
    ids = page.xpath("//@id")
    assert len(ids) == len(set(ids))
    labelled = set(page.xpath("//label/@for"))
    for control in page.xpath("//input[not(@type='hidden')] | //select | //textarea"):
        assert control.get("id") in labelled, html.tostring(control)
    for reference in page.xpath("//@aria-describedby | //@aria-labelledby"):
        assert set(reference.split()) <= set(ids), reference
    assert all(fieldset[0].tag == "legend" for fieldset in page.xpath("//fieldset"))


def test_nothing_of_a_form_or_its_data_becomes_markup_and_nothing_is_inline(app: Flask) -> None:
    nasty = "<img src=x onerror=alert(1)>"
    page = draw(app, EVERYTHING, FILLED | {"ten": nasty, "bai": nasty}, variables={"danh_sach": [{"ten": nasty}]})
    assert not page.xpath("//img | //b | //script | //@style | //@onerror")
    assert page.xpath("//td/text()") == [nasty]


def test_errors_stand_beside_their_fields_and_in_the_summary(app: Flask) -> None:
    found = form(text("ten", **REQUIRED), rows("ds", number("so")), choice("radio", "mot", "a", **REQUIRED))
    data = forms.parse(found, MultiDict([("ds.0.so", "ba")]))
    with pytest.raises(FormInvalid) as caught:
        found.validate(data, {})
    page = draw(app, found, data, errors=caught.value.fields | {"la": "Không có."})
    for name in ("ten", "ds.0.so"):
        control = page.xpath(f"//*[@name='{name}']")[0]
        assert control.get("aria-invalid") == "true"
        error = page.get_element_by_id(control.get("aria-describedby").split()[-1])
        assert error.text_content().strip() == caught.value.fields[name]
    assert page.xpath("//input[@name='ds.0.so']/@value") == ["ba"]
    summary = page.find_class("error-summary")[0]
    assert summary.get("tabindex") == "-1"
    targets = [link.get("href")[1:] for link in summary.iter("a")]
    assert targets == ["f-ten", "f-ds-0-so", "f-mot"]
    assert [page.get_element_by_id(target).get("name") for target in targets] == ["ten", "ds.0.so", "mot"]
    assert "Dòng 1: " in summary.text_content()
    assert "Không có. (la)" in summary.text_content()


def test_required_fields_say_so_in_words(app: Flask) -> None:
    labels = [label.text_content() for label in draw(app, EVERYTHING).iter("label")]
    assert [label for label in labels if "(bắt buộc)" in label] == ["ten (bắt buộc)"]


def test_rows_come_and_go_without_scripts(app: Flask) -> None:
    found = form(rows("ds", text("y")))
    page = draw(app, found, {"ds": [{"y": "1"}]})
    buttons = {button.get("name"): button for button in page.iter("button")}
    assert (buttons["_add"].get("value"), buttons["_remove"].get("value")) == ("ds", "ds.0")
    assert all(button.get("formnovalidate") is not None for button in buttons.values())
    sent = posted(page)
    sent.add("_add", "ds")
    edited = forms.edit(found, sent, {})
    page = draw(app, found, edited.data, focus=edited.focus, edit_url="/viec/1")
    assert page.xpath("//fieldset[@autofocus]/@id") == ["f-ds-1"]
    assert page.xpath("//button[@name='_add']/@hx-post") == ["/viec/1"]


def test_a_fixed_list_has_no_buttons_and_shows_what_is_locked(app: Flask) -> None:
    found = form(rows("ds", text("ten", readonly=True), text("y"), allowAddRemove=False))
    variables = {"ds": [{"ten": "Bình"}]}
    page = draw(app, found, variables=variables)
    assert not list(page.iter("button"))
    assert page.find_class("form-locked")[0].text_content() == "Bình"
    assert found.validate(forms.parse(found, posted(page)), variables) == {"ds": [{"ten": "Bình", "y": None}]}


def test_a_field_that_decides_about_others_asks_again_when_it_changes(app: Flask) -> None:
    found = form(choice("radio", "mot", "a", "b"), text("vi_sao", conditional={"hide": '=mot != "b"'}))
    page = draw(app, found, {"mot": "a"}, edit_url="/viec/1")
    assert not page.xpath("//*[@name='vi_sao']")
    assert page.xpath("//input[@name='mot']/@hx-trigger") == ["change", "change"]
    assert page.xpath("//noscript//button/@name") == ["_refresh"]
    assert draw(app, found, {"mot": "b"}).xpath("//*[@name='vi_sao']")


def test_a_finished_form_shows_labels_dates_and_tables(app: Flask) -> None:
    page = draw(app, EVERYTHING, answers=FILLED, documents=DOCUMENTS)
    answers = {item.find("dt").text_content(): item.find("dd").text_content().strip() for item in page.find_class("form-answer")}
    assert answers["so"] == "12,5 người"
    assert answers["ngay"] == "05/03/2026"
    assert answers["chon"] == "Nhãn b"
    assert answers["the"] == "Nhãn a, Nhãn b"
    assert answers["co"] == "Có"
    assert answers["tep"] == "Biên bản.pdf"
    assert answers["x"] == "X"
    assert [[cell.text_content().strip() for cell in row] for row in page.xpath("//tbody/tr")] == [
        ["1", "1", "2", "Nhãn a"],
        ["2", "3", "—", "Nhãn b"],
    ]
    assert not page.xpath("//input | //button")


def test_a_finished_form_leaves_out_what_had_no_part_in_it(app: Flask) -> None:
    page = draw(app, EVERYTHING, answers={"ten": "An", "bai": None})
    assert [item.text_content() for item in page.iter("dt")] == ["ten", "bai"]
    assert [item.text_content().strip() for item in page.iter("dd")] == ["An", "—"]
