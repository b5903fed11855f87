"""A process that rests: suspended and activated from the supervisors' page of it, by those who may release its versions."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine import suspensions
from engine.errors import Invalid, NotFound
from engine.models import DefinitionEvent, ProcessDefinition, ProcessInstance
from engine.sentences import say
from web import supervision
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.rights import may_release
from web.sessions import me

bp = Blueprint("resting", __name__)
bp.before_request(supervision.guard)


@bp.post("/giam-sat/quy-trinh/<key>/ban/<int:version>/tam-dung")
def suspend(key: str, version: int) -> ResponseReturnValue:
    return _change(key, version, suspensions.suspend, _("Quy trình đã tạm dừng."))


@bp.post("/giam-sat/quy-trinh/<key>/ban/<int:version>/chay-tiep")
def activate(key: str, version: int) -> ResponseReturnValue:
    return _change(key, version, suspensions.activate, _("Quy trình chạy tiếp."))


def _change(key: str, version: int, act: Callable[..., object], done: str) -> ResponseReturnValue:
    definition, _versions = supervision.definition(key, version)
    if not may_release(me()):
        raise NotFound(what="process", id=key)
    back = redirect(url_for("monitor.process", key=key, version=definition.version))
    reason, every = request.form.get("reason", "").strip()[:2_000], request.form.get("which") == "all"
    if not reason:
        flash(_("Cần nêu lý do."), "late")
        return back
    try:
        with db.session.begin_nested():
            act(db.session(), key, me(), reason, None if every else definition.version)
    except Invalid as error:
        # The button was pressed twice, or somebody else was faster.
        flash(say(error, locale()), "late")
        return back
    flash(done, "done")
    return back


@bp.app_template_global()
def may_rest() -> bool:
    """For templates: whether the user may suspend and activate processes."""
    return may_release(me())


@bp.app_template_global()
def rested(definition: ProcessDefinition) -> DefinitionEvent | None:
    """For templates: who suspended this version, when and why."""
    return suspensions.latest(db.session(), definition) if definition.suspended else None


@bp.app_template_global()
def rests(instance: ProcessInstance) -> bool:
    """For templates: whether a case that is active does not run, because its version is suspended."""
    return instance.state == "active" and instance.definition.suspended
