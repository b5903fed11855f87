"""Fill a form in as a person does: by the labels that stand beside the fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

Answers = Mapping[str, Any]


def fill(page: Page, answers: Answers, inside: Locator | None = None) -> None:
    """`{"Người ký": "Trần Văn An"}`. What a value is says what is meant by the label:

    dict          a part of the form with a heading; its answers stand under it
    list of dict  rows: missing ones are added, superfluous ones removed
    list of str   the ticks of a checklist, or the chosen ones of a list
    Path          a file to attach
    str, int      what is typed, or the words of the option that is chosen
    """
    place = inside or page.locator("#form-fields")
    for label, value in answers.items():
        if isinstance(value, Mapping):
            fill(page, value, _group(place, label))
        elif isinstance(value, Path):
            _attach(page, place, label, value)
        elif isinstance(value, list) and all(isinstance(one, Mapping) for one in value):
            _rows(page, _group(place, label), value)
        else:
            _answer(page, place, label, value)


def _words(label: str) -> re.Pattern[str]:
    return re.compile(rf"^\s*{re.escape(label)}(\s*\(bắt buộc\))?\s*$")


def _group(place: Locator, label: str) -> Locator:
    return place.get_by_role("group", name=_words(label))


def _answer(page: Page, place: Locator, label: str, value: Any) -> None:
    # Choices have a heading as parts of the form do, which may say the same.
    options = _group(place, label).and_(page.locator("fieldset:not([class])"))
    field = place.get_by_label(_words(label))
    expect(options.or_(field).first).to_be_visible()
    if options.count():
        for one in value if isinstance(value, list) else [value]:
            _change(page, options.get_by_label(one, exact=True), "check")
    elif field.evaluate("node => node.tagName") == "SELECT":
        # A person is offered with his position; his name is enough to find him.
        offered = [text.strip() for text in field.locator("option").all_text_contents()]
        wanted = [_offered(offered, one, label) for one in (value if isinstance(value, list) else [value])]
        _change(page, field, "select_option", label=wanted)
    else:
        field.fill(str(value))


def _offered(offered: list[str], wanted: str, label: str) -> str:
    found = [text for text in offered if text == wanted] or [text for text in offered if text.startswith(f"{wanted},")]
    assert len(found) == 1, f"{label}: expected to choose {wanted!r}, but found {offered}"
    return found[0]


def _change(page: Page, field: Locator, verb: str, **arguments: Any) -> None:
    """Choosing may show or hide other fields: then the next is typed after these are there."""
    if verb == "check" and field.is_checked():
        return
    if field.get_attribute("hx-post") is None:
        getattr(field, verb)(**arguments)
        return
    with page.expect_response(lambda response: response.url.endswith("/sua") and response.request.method == "POST"):
        getattr(field, verb)(**arguments)


def _rows(page: Page, list_: Locator, rows: list[Answers]) -> None:
    """As many rows as there are answers."""
    shown = list_.get_by_role("group", name=re.compile(r"^Dòng \d+$"))
    while shown.count() > len(rows):
        before = shown.count()
        shown.last.get_by_role("button", name="Xoá dòng").click()
        expect(shown).to_have_count(before - 1)
    while shown.count() < len(rows):
        before = shown.count()
        list_.get_by_role("button", name=re.compile("^Thêm dòng")).click()
        expect(shown).to_have_count(before + 1)
    for number, answers in enumerate(rows, 1):
        fill(page, answers, list_.get_by_role("group", name=f"Dòng {number}", exact=True))


def _attach(page: Page, place: Locator, label: str, file: Path) -> None:
    """The file goes to the server when it is chosen, and stands in the form from then on."""
    place.get_by_label(_words(label)).set_input_files(file)
    expect(page.get_by_role("link", name=file.name)).to_be_visible()
