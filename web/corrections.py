"""Correcting the data of one case: its variables in the fields of its forms, what would change, and changing it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import corrections, executions, user_tasks
from engine.errors import EngineError, FormInvalid
from engine.forms import Form
from engine.models import ProcessInstance
from engine.sentences import say
from web import forms, story, supervision
from web.database import db, only_read
from web.language import gettext as _
from web.language import locale
from web.modifications import gather
from web.sessions import me

bp = Blueprint("corrections", __name__, url_prefix="/giam-sat/ho-so/<id:instance_id>/sua-du-lieu")
bp.before_request(supervision.guard)


def _known(instance: ProcessInstance) -> tuple[Form, dict[str, Any], dict[str, Any]]:
    """The form, the case's variables, and what its fields may be chosen from."""
    session = db.session()
    variables = executions.load(session, instance).variables
    return corrections.form(session, instance, variables), variables, {**variables, **user_tasks.choices(session)}


def _page(
    instance: ProcessInstance,
    data: dict[str, Any] | None = None,
    *,
    errors: dict[str, str] | None = None,
    error: str = "",
    focus: str = "",
    changes: dict[str, Any] | None = None,
) -> ResponseReturnValue:
    form, variables, seen = _known(instance)
    reader = story.reader(instance, story.documents(instance))
    rows = [(reader.one(name, variables.get(name)), reader.one(name, value)) for name, value in (changes or {}).items()]
    text = render_template(
        "corrections/show.html",
        instance=instance,
        form=form,
        values=form.defaults(variables) if data is None else data,
        variables=seen,
        errors=errors or {},
        error=error,
        focus=focus,
        rows=rows,
        posted=[(name, value) for name, value in request.form.items(multi=True) if name not in ("csrf_token", "_confirm", "_later")],
        reason=request.form.get("_reason", ""),
        seen=request.form.get("_seen") or instance.version,
    )
    return make_response(text, 422 if error or errors else 200)


@bp.get("")
def show(instance_id: int) -> ResponseReturnValue:
    return _page(supervision.case(instance_id))


@bp.post("")
def change(instance_id: int) -> ResponseReturnValue:
    """First what would change, then, confirmed, changing it. Only what differs from what the case has."""
    instance = supervision.case(instance_id)
    form, variables, seen = _known(instance)
    if forms.is_edit(request.form):
        edited = forms.edit(form, request.form, seen)
        return _page(instance, edited.data, focus=edited.focus)
    data, reason = forms.parse(form, request.form), request.form.get("_reason", "").strip()[:2_000]
    if request.form.get("_back"):
        return _page(instance, data)
    before = form.defaults(variables)
    changed = {name: value for name, value in data.items() if not _same(value, before.get(name))}
    if not changed or not reason:
        return _page(instance, data, error=_("Chưa có dữ liệu nào khác trước.") if not changed else _("Cần nêu lý do."))
    session = db.session()
    try:
        clean = corrections.checked(session, instance, variables, changed)
        if request.form.get("_later"):
            return gather(me(), "set_variables", {"variables": changed}, [instance.id])
        if not request.form.get("_confirm"):
            return _page(instance, data, changes=clean)
        number = request.form.get("_seen", "")
        version = int(number) if number.isdecimal() and len(number) < 10 else None
        corrections.correct(session, instance_id, me(), changed, reason, seen=version)
    except FormInvalid as invalid:
        return _page(instance, data, errors=dict(invalid.fields))
    except EngineError as error:
        session.rollback()
        only_read()
        return _page(supervision.case(instance_id), data, error=say(error, locale()))
    flash(_("Đã sửa dữ liệu của hồ sơ."), "done")
    return redirect(url_for("steering.case", instance_id=instance_id))


def _same(value: object, before: object) -> bool:
    """Whether nothing was changed: what a form leaves empty is what a case does not have, also within records and lists."""
    if value == before or (_blank(value) and _blank(before)):
        return True
    if isinstance(value, dict) and isinstance(before, dict):
        return all(_same(value.get(name), before.get(name)) for name in {*value, *before})
    if isinstance(value, list) and isinstance(before, list):
        return len(value) == len(before) and all(map(_same, value, before))
    return False


def _blank(value: object) -> bool:
    if isinstance(value, dict | list):
        return all(map(_blank, value.values() if isinstance(value, dict) else value))
    return value is None or value == "" or value is False
