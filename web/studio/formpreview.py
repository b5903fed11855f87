"""A form of a draft as staff will see it: drawn by the templates that draw it for them, over made-up data of a case."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify, render_template
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine.errors import EngineError, FormInvalid
from engine.expressions import limits
from engine.forms import Component, Form
from engine.forms.component import source
from engine.sentences import say
from web import forms
from web.language import gettext as _
from web.language import locale
from web.studio import answers, bp
from web.studio.api import asked

SECONDS = 2.0
"""Processor time of one drawing, all expressions together."""
MOST_ENTRIES = 2_000


@bp.post("/<folder>/api/xem-form")
def preview_form(folder: str) -> ResponseReturnValue:
    """{content, variables?, entered?, pressed?, wrong?} -> {html, samples, error}.

    `variables`: name -> what was typed as sample data of the case. `entered`: [[name, value], ...] of the form's own controls, null for a
    form nobody has touched; `pressed`: the [name, value] of a button in it. `wrong`: as it looks when it is handed in like this.
    """
    given = asked("content")
    with limits.together(SECONDS):
        try:
            return jsonify(drawn(given))
        except EngineError as error:
            return jsonify(html="", samples=[], error=say(error, locale()))


def drawn(given: Mapping[str, Any]) -> dict[str, Any]:
    """Raises FileRejected when the content is no form."""
    form = Form.read(given["content"].encode(), "")
    variables = samples(form, given.get("variables"))
    data, focus = _entered(form, given.get("entered"), given.get("pressed"), variables)
    errors = _wrong(form, data, variables) if given.get("wrong") is True else {}
    html = render_template("studio/preview.html", form=form, values=data, errors=errors, variables=variables, focus=focus)
    return {"html": html, "samples": [{"name": name} for name in _asked_of_case(form)], "errors": len(errors), "error": None}


def samples(form: Form, typed: object) -> dict[str, Any]:
    """The case's variables for a preview: what was typed for them, else something of the kind that the form expects."""
    given = typed if isinstance(typed, Mapping) else {}
    variables: dict[str, Any] = dict.fromkeys(_asked_of_case(form))
    for component in (inner for top in form.components for inner in top.walk()):
        variables |= _expected(component)
    for name in _asked_of_case(form):
        if isinstance(given.get(name), str) and given[name].strip():
            variables[name] = answers.read(given[name])
    return variables


def _asked_of_case(form: Form) -> list[str]:
    """Names that the form reads from the case and does not ask itself, in order."""
    own = {part for field in form.fields for part in field.path.split(".")}
    return sorted(name for name in form.reads if name not in own and not name.startswith("_") and name not in ("this", "parent", "i"))


def _expected(component: Component) -> dict[str, Any]:
    """What choices and tables take from the case: a few made-up ones."""
    names = str(component.raw.get("valuesKey") or "").split(".")
    if names[0]:
        choices: Any = [{"label": _("Lựa chọn mẫu %(number)s", number=at), "value": f"mau_{at}"} for at in (1, 2, 3)]
        return _nested(names, choices)
    table = source(component.raw.get("dataSource"))
    if component.type == "table" and table and all(part.isidentifier() for part in table.split(".")):
        columns = [one for one in component.raw.get("columns") or [] if isinstance(one, Mapping)]
        return _nested(
            table.split("."), [{str(one.get("key")): f"{one.get('label') or one.get('key')} {at}" for one in columns} for at in (1, 2)]
        )
    return {}


def _nested(names: list[str], value: Any) -> dict[str, Any]:
    for name in reversed(names[1:]):
        value = {name: value}
    return {names[0]: value}


def _entered(form: Form, entered: object, pressed: object, variables: Mapping[str, Any]) -> tuple[dict[str, Any], str]:
    """The form's data and where the focus is: untouched, as typed, or after a button that adds or removes a row."""
    if not isinstance(entered, list):
        return form.defaults(variables), ""
    pairs = [pair for pair in [*entered[:MOST_ENTRIES], pressed] if _is_pair(pair)]
    posted = MultiDict([(name, value) for name, value in pairs])
    if forms.is_edit(posted):
        edited = forms.edit(form, posted, variables)
        return edited.data, edited.focus
    return forms.parse(form, posted), ""


def _is_pair(pair: object) -> bool:
    return isinstance(pair, list) and len(pair) == 2 and all(isinstance(part, str) for part in pair)


def _wrong(form: Form, data: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, str]:
    try:
        form.validate(data, variables)
    except FormInvalid as invalid:
        return dict(invalid.fields)
    return {}
