"""What somebody does in a try-out: user tasks with their forms, and steps that people do not take: the clock, messages, services."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, time
from typing import Any

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import handed_over, rehearsals
from engine.errors import EngineError, FormInvalid, Invalid, NotFound
from engine.expressions.vocabulary import NOW
from engine.forms import Form
from engine.scenes import Place, Scene
from engine.sentences import say
from web import forms, uploads
from web.database import writing
from web.language import gettext as _
from web.language import locale
from web.reading import of_contents
from web.studio import bp, stepwords
from web.studio.opening import pretend_to_attach
from web.studio.tryout import Trial, back_to, number, seen, trial
from web.words import HOME

AT_MOST = 50
"""Services that one press lets run."""


class Asked:
    """The page of one user task of a try-out."""

    def __init__(self, mine: Trial, task_id: int) -> None:
        if mine.scenario is None:
            raise NotFound(what="user task", id=task_id)
        self.trial = mine
        self.scene = rehearsals.look(mine.files, mine.scenario, task=task_id)
        place = self.scene.place("task", task_id)
        if place is None or self.scene.seen is None:
            raise NotFound(what="user task", id=task_id)
        self.place = place
        self.case = next(case for case in self.scene.cases if case.id == place.case)
        parsed = mine.contents
        self.form = parsed.form(place.form) or Form.empty()
        self.element = parsed.diagram_of(self.case.key).elements[place.element]
        self.variables: dict[str, Any] = {**self.scene.seen, NOW: self.scene.now.isoformat()}

    def page(self, data: Mapping[str, Any], errors: Mapping[str, str] | None = None, focus: str = "", error: str = "") -> Response:
        given = handed_over.variables(self.element, self.variables)
        reader = of_contents(self.trial.contents, self.scene.choices)
        text = render_template(
            "studio/tryout_task.html",
            folder=self.trial.folder,
            asked=self,
            data=data,
            errors=errors or {},
            error=error,
            focus=focus,
            accept=uploads.ACCEPT,
            people=[stepwords.principal(one, self.scene.choices) for one in self.place.asked],
            handed=reader.all(given) if given else [],
            typed=request.form,
        )
        return make_response(text, 422 if errors or error else 200)


@bp.get("/<folder>/chay-thu/viec/<id:task_id>")
@writing
def tryout_task(folder: str, task_id: int) -> ResponseReturnValue:
    asked = Asked(trial(folder), task_id)
    return asked.page(asked.form.defaults(asked.variables))


@bp.post("/<folder>/chay-thu/viec/<id:task_id>/sua")
def tryout_edit_task(folder: str, task_id: int) -> ResponseReturnValue:
    """A button that changes the form without handing it in. Nothing is kept but what the page holds."""
    asked = Asked(trial(folder), task_id)
    edited = forms.edit(asked.form, request.form, asked.variables)
    pretend_to_attach(asked.form, edited.data)
    return asked.page(edited.data, focus=edited.focus)


@bp.post("/<folder>/chay-thu/viec/<id:task_id>")
def tryout_complete(folder: str, task_id: int) -> ResponseReturnValue:
    """Hand it in: what staff would be told is told."""
    asked = Asked(seen(folder), task_id)
    typed = forms.parse(asked.form, request.form)
    pretend_to_attach(asked.form, typed)
    try:
        entered = typed if asked.place.form else stepwords.variables(request.form.get("_bien", ""))
        _take(asked.trial, [{**asked.place.step, "variables": entered}])
    except FormInvalid as error:
        return asked.page(typed, error.fields)
    except EngineError as error:
        return asked.page(typed, error=say(error, locale()))
    flash(_("Đã hoàn thành “%(task)s” trong lượt chạy thử.", task=asked.place.name), "done")
    return back_to(folder, number("_ho-so"))


def _take(mine: Trial, steps: Iterable[Mapping[str, Any]]) -> None:
    """Raises EngineError; then nothing has changed."""
    if mine.scenario is None:
        raise NotFound(what="try-out", id=mine.folder)
    mine.keep(rehearsals.take(mine.files, mine.scenario, *steps))


@bp.post("/<folder>/chay-thu/buoc")
def tryout_step(folder: str) -> ResponseReturnValue:
    """A step that no person takes."""
    mine = seen(folder)
    if mine.scenario is None:
        return redirect(url_for("studio.tryout_begin", folder=folder))
    try:
        if request.form.get("cho") == "tat-ca":
            _all_services(mine)
        else:
            scene = rehearsals.look(mine.files, mine.scenario)
            step = _step(scene)
            _take(mine, [step])
            flash(stepwords.words(step, mine.contents) + ".", "waiting" if "failure" in step or "error" in step else "done")
    except EngineError as error:
        flash(say(error, locale()), "late")
    return back_to(folder, number("ho-so"))


def _all_services(mine: Trial) -> None:
    """Let what waits run to its end, with nothing as result, as long as something waits."""
    scenario = mine.scenario or {}
    count = 0
    while count < AT_MOST and (waiting := rehearsals.look(mine.files, scenario).of("service")):
        scenario = rehearsals.take(mine.files, scenario, waiting[0].step)
        count += 1
    mine.keep(scenario)
    flash(_("%(count)s việc tự động đã xong, không có kết quả.", count=count), "done")


def _step(scene: Scene) -> dict[str, Any]:
    """The step that was asked for. Raises Invalid, NotFound."""
    form = request.form
    what, _colon, id_ = form.get("cho", "").partition(":")
    if what == "gio":
        return {"advance": _until(scene, id_)}
    entered = stepwords.variables(form.get("bien", ""))
    if what == "ten":
        name = form.get("ten", "").strip()[:200]
        if not name:
            raise Invalid(expected=_("tên của thông điệp"), found=_("chỗ trống"))
        key = form.get("ma", "").strip()[:200]
        return {"message": name, "variables": entered, **({"business_key": key} if key else {})}
    place = scene.place(what, int(id_)) if id_.isdecimal() and len(id_) < 10 else None
    if place is None or not place.step:
        raise NotFound(what="place that waits", id=id_)
    return _outcome(place, entered)


def _outcome(place: Place, entered: dict[str, Any]) -> dict[str, Any]:
    """How the place goes on: with data, with a business error, or not."""
    step = dict(place.step)
    if place.kind == "service" and (end := request.form.get("ket-qua", "xong")) != "xong":
        if end == "hong":
            return {**step, "failure": request.form.get("vi-sao", "").strip()[:500] or _("Làm hỏng khi chạy thử")}
        code = (request.form.get("ma-loi") or "").strip()[:200]
        if not code:
            raise Invalid(expected=_("mã của lỗi nghiệp vụ"), found=_("chỗ trống"))
        step["error"] = code
    return {**step, "variables": entered} if entered else step


def _until(scene: Scene, what: str) -> str:
    """How far the clock goes: a length, the next due time, or a day, at eight o'clock."""
    if what in ("P1D", "P3D", "P7D", "P1M"):
        return what
    if what == "han":
        if scene.next_due is None:
            raise Invalid(expected=_("một hẹn giờ đang chờ"), found=_("không có hẹn giờ nào"))
        return max(scene.next_due, scene.now).astimezone(HOME).isoformat()
    text = request.form.get("ngay", "")
    try:
        day = datetime.fromisoformat(forms.moment(text, "date")).date()
    except ValueError:
        raise Invalid(expected=_("ngày viết theo dạng ngày/tháng/năm"), found=text[:40] or _("chỗ trống")) from None
    return datetime.combine(day, time(8), HOME).isoformat()
