"""Whatever is handed in, a form answers with clean data or with sentences, never with another error."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.errors import FileRejected, FormInvalid, Invalid
from engine.forms import Form
from tests.engine.test_forms import REQUIRED, choice, form, number, rows, text

NAMES = ["ten", "so", "ngay", "luc", "chon", "nhieu", "co", "tep", "g", "x", "ds", "y", "z", "la", ""]
FORM = form(
    text("ten", **REQUIRED), number("so", decimalDigits=2, validate={"min": 0}), number("tien", serializeToString=True),
    {"type": "datetime", "key": "ngay", "subtype": "date", "disallowPassedDates": True},
    {"type": "datetime", "key": "luc", "subtype": "datetime"},
    choice("select", "chon", "a", 1), choice("checklist", "nhieu", "a", "b"), {"type": "checkbox", "key": "co"},
    {"type": "filepicker", "key": "tep"},
    {"type": "group", "path": "g", "components": [text("x", conditional={"hide": "=so > 3"})]},
    rows("ds", text("y", readonly="=z = 1"), number("z"), allowAddRemove=False), rows("ds2", text("y", **REQUIRED),
    choice("radio", "z", "a")),
    {"type": "text", "id": "t", "text": "{{ten}} {{so + 1}}"},
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=20),
    st.sampled_from(["a", "1", "2026-03-05", "2026-03-05T08:30", "NaN", "1e99999"])
)  # fmt: skip
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(NAMES), inner, max_size=4), max_leaves=8
)
RECORDS = st.dictionaries(st.sampled_from([*NAMES, "tien", "ds2"]), VALUES, max_size=8)


@settings(max_examples=100, deadline=None)
@given(data=RECORDS, variables=RECORDS)
def test_it_answers_every_entry(data: dict[str, Any], variables: dict[str, Any]) -> None:
    for place in (inner for top in FORM.places(data, variables) for inner in top.walk()):
        assert isinstance(place.typed + place.read + place.label + place.description, str)
        assert isinstance(place.text, list)
    FORM.answers(data, variables)
    try:
        clean = FORM.validate(data, variables, documents=[1])
    except FormInvalid as refused:
        assert all(sentence and "{" not in sentence for sentence in refused.fields.values())
    else:
        assert set(clean) <= {"ten", "so", "tien", "ngay", "luc", "chon", "nhieu", "co", "tep", "g", "ds", "ds2"}
        json.dumps(clean, allow_nan=True)


COMPONENTS = st.fixed_dictionaries(
    {"type": st.sampled_from(["textfield", "number", "datetime", "select", "group", "dynamiclist", "table", "text", "filepicker",
    "iframe"])},
    optional={
        "key": VALUES, "path": VALUES, "label": VALUES, "description": VALUES, "components": st.lists(VALUES, max_size=2),
        "validate": VALUES,
        "values": VALUES, "valuesKey": VALUES, "conditional": VALUES, "readonly": VALUES, "properties": VALUES, "defaultValue": VALUES,
        "appearance": VALUES, "text": VALUES, "decimalDigits": VALUES, "defaultRepetitions": VALUES, "columns": VALUES,
        "dataSource": VALUES,
        "subtype": VALUES, "dateLabel": VALUES, "multiple": VALUES, "accept": VALUES, "valuesExpression": VALUES,
    },
)  # fmt: skip


@settings(max_examples=100, deadline=None)
@given(components=st.lists(COMPONENTS, max_size=4))
def test_it_answers_every_file(components: list[dict[str, Any]]) -> None:
    try:
        found = Form.read(json.dumps({"id": "f", "components": components}, allow_nan=False).encode(), "x.form")
    except (FileRejected, ValueError):
        return
    findings = found.check()
    assert all(finding.vi and finding.en and finding.file == "x.form" for finding in findings)
    assert found.fields is not None
    if not findings:
        with suppress(Invalid):
            found.validate(found.defaults({}), {})
