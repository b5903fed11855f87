"""What an act on many needs to be told before it is looked at: for whom, until when, which data, which step."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from engine import acts, batches, corrections, deployments, executions, pending_changes, standing, user_tasks
from engine.errors import EngineError, FormInvalid
from engine.forms import Form
from engine.models import Incident, MessageSubscription, ProcessDefinition, ProcessInstance, UserTask
from engine.sentences import say
from web import forms, steering, supervision, typedrows
from web.actwords import KINDS
from web.casefilter import Filter
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.modifications import SKIP, element_words, gather
from web.sessions import me
from web.words import HOME

bp = Blueprint("asking", __name__, url_prefix="/giam-sat/hang-loat")
bp.before_request(supervision.guard)


PLAIN = ("suspend", "activate", "cancel", "retry", "remind")
"""Acts that need nothing but a reason."""


class Incomplete(Exception):
    """Something is still to be said; the sentence says what."""


@dataclass
class Asked:
    """An act, what it is to be done to, and what was said about it so far. `kept`: the fields that carry the choice to the next page."""

    kind: str
    ids: list[int]
    kept: list[tuple[str, str]] = field(default_factory=list)
    form: Form | None = None
    values: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)


def _numbers(name: str) -> list[int]:
    return sorted({int(one) for one in request.form.getlist(name) if one.isdecimal() and len(one) <= 18})[: steering.MOST]


def _read() -> Asked:
    """The act and its ids: ticked ones, all of a person, or all that the filter of the address leaves. Raises Incomplete."""
    kind = request.form.get("kind", "")
    act = acts.ACTS.get(kind)
    if act is None or kind not in KINDS or kind in ("migrate", "put_back"):
        raise Incomplete(_("Cần chọn việc phải làm."))
    kept = [(name, one) for name in ("task", "incident", "instance") for one in request.form.getlist(name)][: steering.MOST]
    kept += [(name, request.form[name]) for name in ("everything", "holder", "filtered", "incidents") if request.form.get(name)]
    ids = list(db.session.scalars(chosen(act.on)))
    if not ids:
        raise Incomplete(_("Cần chọn ít nhất một dòng của danh sách."))
    return Asked(kind, ids, [("kind", kind), *kept])


def chosen(on: str) -> Select[Any]:
    """Ids of tasks, incidents or cases, only of cases that the user supervises."""
    if on == "task":
        query = select(UserTask.id).join(UserTask.instance).where(UserTask.state == user_tasks.OPEN, supervision.mine())
        whose = steering.held_by(request.form.get("holder", "")[:18]) if request.form.get("everything") else None
        return query.where(whose if whose is not None else UserTask.id.in_(_numbers("task")))
    incidents = select(Incident.id if on == "incident" else Incident.instance_id).join(
        ProcessInstance, ProcessInstance.id == Incident.instance_id
    )
    incidents = incidents.where(Incident.resolved_at.is_(None), supervision.mine())
    if on == "incident" or request.form.get("incidents"):
        ticked = incidents if request.form.get("everything") else incidents.where(Incident.id.in_(_numbers("incident")))
        return ticked.distinct()
    if request.form.get("filtered"):
        filter_ = Filter.read(request.args)
        cases = filter_.query().subquery()
        if filter_.errors:
            # A filter that could not be read would mean all cases instead of the few that were meant.
            raise Incomplete(_("Bộ lọc chưa đọc được hoặc không có hồ sơ nào."))
        return select(cases.c.id)
    return select(ProcessInstance.id).where(ProcessInstance.id.in_(_numbers("instance")), supervision.mine())


# --- what the page offers ---


def _definition(asked: Asked) -> ProcessDefinition:
    """The one version that all of them run. Raises Incomplete."""
    ids = select(ProcessInstance.definition_id).where(ProcessInstance.id.in_(asked.ids[:1000])).distinct()
    query = select(ProcessDefinition).where(ProcessDefinition.id.in_(ids)).options(joinedload(ProcessDefinition.deployment))
    found = list(db.session.scalars(query))
    if len(found) != 1:
        raise Incomplete(_("Các hồ sơ này chạy nhiều quy trình hoặc nhiều bản. Hãy lọc lấy một bản rồi chọn lại."))
    return found[0]


def _sample(asked: Asked) -> tuple[ProcessInstance, dict[str, Any]]:
    loaded = joinedload(ProcessInstance.definition).joinedload(ProcessDefinition.deployment)
    instance = db.session.scalars(select(ProcessInstance).where(ProcessInstance.id == asked.ids[0]).options(loaded)).one()
    return instance, executions.load(db.session(), instance).variables


def _offers(asked: Asked) -> dict[str, Any]:
    """What can be chosen, for the kinds where something of the cases can."""
    session = db.session()
    if asked.kind == "assign":
        return {"people": steering.people()}
    if asked.kind == "set_variables":
        _definition(asked)
        instance, variables = _sample(asked)
        whole = corrections.form(session, instance, variables)
        names = [one.own[0] for one in whole.components if one.own[0] in request.form.getlist("variable")]
        asked.form = corrections.form(session, instance, variables, names) if names else None
        asked.kept += [("variable", name) for name in names]
        fields = [(one.own[0], one.label or one.own[0]) for one in whole.components]
        return {"fields": fields, "variables": {**variables, **user_tasks.choices(session)}}
    if asked.kind == "modify":
        definition = _definition(asked)
        instance, _variables = _sample(asked)
        diagram = deployments.diagram(session, definition)
        counts = standing.counts(session, definition, ProcessInstance.id.in_(asked.ids))
        here = [(id_, element_words(diagram, id_), count.cases) for id_, count in counts.items()]
        targets = [(id_, element_words(diagram, id_)) for id_ in executions.load(session, instance).targets]
        return {"here": here, "targets": targets}
    if asked.kind == "restart":
        _definition(asked)
        instance, _variables = _sample(asked)
        diagram = deployments.diagram(session, instance.definition)
        return {"targets": [(id_, element_words(diagram, id_)) for id_ in executions.load(session, instance).targets]}
    if asked.kind == "message":
        query = select(MessageSubscription.kind, MessageSubscription.name).where(MessageSubscription.instance_id.in_(asked.ids))
        messages = [tuple(row) for row in session.execute(query.distinct().order_by(MessageSubscription.name))]
        return {
            "messages": messages,
            "kinds": typedrows.KINDS,
            "rows": typedrows.shown(typedrows.read()),
            "names": sorted(_sample(asked)[1]),
        }
    return {}


def _page(asked: Asked, error: str = "") -> ResponseReturnValue:
    try:
        offers = _offers(asked)
    except Incomplete as incomplete:
        error, offers = str(incomplete), {"unfit": True}
    on = acts.ACTS[asked.kind].on
    look = url_for("asking.look", **request.args.to_dict())  # type: ignore[arg-type]
    data: dict[str, Any] = {
        "people": [],
        "fields": [],
        "variables": {},
        "here": [],
        "targets": [],
        "messages": [],
        "rows": [],
        "unfit": False,
    }
    text = render_template(
        "batches/ask.html", asked=asked, title=KINDS[asked.kind], on=on, look=look, error=error, typed=request.form, **{**data, **offers}
    )
    return make_response(text, 422 if error or asked.errors else 200)


# --- what was said ---


def _arguments(asked: Asked) -> dict[str, Any]:
    """What the act is told. Raises Incomplete, FormInvalid."""
    form = request.form
    if asked.kind == "assign":
        person = steering.person(form.get("assignee", ""))
        if person is None:
            raise Incomplete(_("Cần chọn người nhận."))
        return {"assignee": person.id}
    if asked.kind == "set_due_date":
        return {"due": None if form.get("no_due") else _due(form.get("due", "")).isoformat()}
    if asked.kind == "set_priority":
        text = form.get("priority", "").strip()
        if not text.isdecimal() or len(text) > 3 or int(text) > 100:
            raise Incomplete(_("Cần mức ưu tiên từ 0 đến 100, nhưng đã nhập “%(typed)s”.", typed=text))
        return {"priority": int(text)}
    if asked.kind == "set_variables":
        return {"variables": _values(asked)}
    if asked.kind == "modify":
        return _tokens(form)
    if asked.kind == "message":
        kind, _bar, name = form.get("message", "").partition("|")
        if kind not in ("message", "signal") or not name:
            raise Incomplete(_("Cần chọn thông điệp."))
        try:
            return {"kind": kind, "name": name[:200], "variables": typedrows.values(typedrows.read())}
        except typedrows.Mistyped as mistyped:
            raise Incomplete(str(mistyped)) from mistyped
    if asked.kind == "restart":
        target = form.get("target", "")[:200]
        if not target:
            raise Incomplete(_("Cần chọn bước để bắt đầu."))
        return {"restart": True, "ends": [], "starts": [target], "skips": []}
    return {}


def _due(text: str) -> datetime:
    """dd/mm/yyyy, or with a time; a day lasts to its end."""
    for kind in ("datetime", "date"):
        try:
            found = datetime.fromisoformat(forms.moment(text.strip()[:40], kind))
        except ValueError:
            continue
        clock = found.time() if kind == "datetime" else time(23, 59)
        return datetime.combine(found.date(), clock, HOME)
    raise Incomplete(_("Cần hạn dạng dd/mm/yyyy hoặc dd/mm/yyyy giờ:phút, nhưng đã nhập “%(typed)s”.", typed=text.strip()))


def _values(asked: Asked) -> dict[str, Any]:
    """Those of the chosen fields, checked for one of the cases; each is checked again for itself."""
    _offers(asked)
    asked.kept = list(dict.fromkeys(asked.kept))
    if asked.form is None:
        raise Incomplete(_("Cần chọn dữ liệu phải sửa."))
    names = {component.own[0] for component in asked.form.components}
    data = forms.parse(asked.form, request.form)
    asked.values = {name: value for name, value in data.items() if name in names}
    instance, variables = _sample(asked)
    corrections.checked(db.session(), instance, variables, asked.values)
    return asked.values


def _tokens(form: Mapping[str, str]) -> dict[str, Any]:
    here, target = request.form.getlist("here")[:100], form.get("target", "")[:200]
    skip = form.get("way") == SKIP
    if not here or not (target or skip):
        raise Incomplete(_("Cần chọn bước đang đứng và bước cần đến."))
    return {"ends": [] if skip else here, "starts": [] if skip else [target], "skips": here if skip else []}


@bp.post("/hoi")
def ask() -> ResponseReturnValue:
    """The page that asks what the act needs."""
    try:
        asked = _read()
        if asked.kind in PLAIN and request.form.get("reason", "").strip():
            # Nothing more to say.
            batch = batches.prepare(db.session(), asked.kind, {}, me(), request.form["reason"].strip()[:2_000], ids=asked.ids)
            return redirect(url_for("batches.show", batch_id=batch.id))
        return _page(asked)
    except Incomplete as incomplete:
        return steering.sent_back(str(incomplete))


@bp.post("/xem")
def look() -> ResponseReturnValue:
    """A dry run of the act, or, `later`, onto the list of pending changes."""
    try:
        asked = _read()
    except Incomplete as incomplete:
        return steering.sent_back(str(incomplete))
    if forms.is_edit(request.form) or request.form.get("choose"):
        return _page(asked)
    reason = request.form.get("_reason", "").strip()[:2_000]
    try:
        arguments = _arguments(asked)
        if request.form.get("later"):
            if len(asked.ids) > pending_changes.MOST:
                raise Incomplete(_("Danh sách chờ áp dụng chứa nhiều nhất %(most)s thay đổi.", most=pending_changes.MOST))
            return gather(me(), asked.kind, arguments, asked.ids)
        if not reason:
            raise Incomplete(_("Cần nêu lý do."))
    except Incomplete as incomplete:
        return _page(asked, str(incomplete))
    except FormInvalid as invalid:
        asked.errors = dict(invalid.fields)
        return _page(asked)
    except EngineError as error:
        return _page(asked, say(error, locale()))
    batch = batches.prepare(db.session(), asked.kind, arguments, me(), reason, ids=asked.ids)
    return redirect(url_for("batches.show", batch_id=batch.id))
