"""Acts on many cases: the dry run, its start, its progress, and what became of each."""

from __future__ import annotations

import hashlib
from typing import Any

import orjson
from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import lazy_gettext as _l
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager, joinedload

from engine import acts, batches, deployments, standing
from engine.errors import Invalid
from engine.models import Batch, BatchItem, ProcessDefinition, ProcessInstance
from engine.sentences import say
from web import effects, supervision
from web.actwords import KINDS, detail
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.paging import paginate
from web.sessions import me

bp = Blueprint("batches", __name__, url_prefix="/giam-sat/hang-loat")
bp.before_request(supervision.guard)


@bp.app_template_global()
def acts_on_cases() -> list[tuple[str, Any]]:
    """For templates: what can be done to all cases of a list, and its words."""
    return [(kind, KINDS[kind]) for kind in ON_CASES]


ON_CASES = ("suspend", "activate", "cancel", "set_variables", "modify", "restart", "message")
STATES = {
    acts.GOES: (_l("thực hiện được"), "done", "check-lg"),
    acts.DECISION: (_l("cần quyết định"), "active", "info-circle"),
    acts.CANNOT: (_l("không thực hiện được"), "late", "slash-circle"),
    batches.LEFT_OUT: (_l("bỏ ra"), "", "dash-lg"),
    batches.WAITING: (_l("đang chờ"), "active", "hourglass-split"),
    batches.DONE: (_l("xong"), "done", "check-lg"),
    batches.REFUSED: (_l("bị từ chối"), "late", "slash-circle"),
    batches.FAILED: (_l("gặp lỗi"), "failed", "exclamation-octagon-fill"),
    batches.LEFT: (_l("chưa làm, đã dừng"), "", "dash-lg"),
}
REASONS = 20
"""How many reasons are listed; the rest is in the list of cases."""


def title(batch: Batch) -> str:
    """What the batch does, in words."""
    session, arguments = db.session(), batch.arguments
    if batch.kind == "migrate":
        old, new = (session.get_one(ProcessDefinition, arguments[name]) for name in ("from", "to"))
        return _("Chuyển “%(name)s” từ bản %(old)s sang bản %(new)s", name=new.name, old=old.version, new=new.version)
    sample = db.session.scalar(_items(batch).limit(1))
    if batch.kind == "put_back":
        return f"{KINDS[batch.kind]}: {KINDS[arguments['kind']]}"
    more = detail(batch.kind, arguments, sample.instance if sample else None)
    return f"{KINDS[batch.kind]}: {more}" if more else str(KINDS[batch.kind])


def _said(problems: list[dict[str, str]]) -> list[str]:
    return [one.get(locale(), one["vi"]) for one in problems]


def _reasons(batch: Batch) -> list[tuple[str, int, list[str]]]:
    """(state, how many cases, sentences) of those that do not go, most first."""
    count = func.count(BatchItem.id)
    query = select(BatchItem.state, count, BatchItem.problems).where(BatchItem.batch_id == batch.id)
    query = query.where(BatchItem.state.in_((acts.DECISION, acts.CANNOT, batches.REFUSED, batches.FAILED)))
    grouped = query.group_by(BatchItem.state, BatchItem.problems).order_by(count.desc()).limit(REASONS)
    return [(state, number, _said(problems)) for state, number, problems in db.session.execute(grouped)]


def _counted(batch: Batch) -> dict[str, Any]:
    """What the head of the page and its progress show."""
    counts = batches.progress(db.session(), batch.id)
    waiting = counts.get(batches.WAITING, 0)
    ended = sum(counts.get(state, 0) for state in (batches.DONE, batches.REFUSED, batches.FAILED, batches.LEFT))
    return {
        "counts": {state: counts[state] for state in STATES if state in counts},
        "total": waiting + ended,
        "ended": ended,
        "busy": batch.state != batches.PLANNED and waiting > 0,
    }


@bp.get("")
def index() -> ResponseReturnValue:
    """The user's own, newest first."""
    page = paginate(batches.mine(me()))
    query = select(BatchItem.batch_id, BatchItem.state, func.count()).where(BatchItem.batch_id.in_([one.id for one in page.rows]))
    counts: dict[int, dict[str, int]] = {}
    for batch_id, state, count in db.session.execute(query.group_by(BatchItem.batch_id, BatchItem.state)):
        counts.setdefault(batch_id, {})[state] = count
    ordered = {id_: {state: found[state] for state in STATES if state in found} for id_, found in counts.items()}
    return render_template("batches/list.html", page=page, counts=ordered, kinds=KINDS, states=STATES)


def _items(batch: Batch) -> Any:
    """With their cases, only those that the user supervises now."""
    asked = request.args.get("state", "")
    query = (
        select(BatchItem)
        .join(BatchItem.instance)
        .where(BatchItem.batch_id == batch.id, supervision.mine())
        .options(contains_eager(BatchItem.instance).joinedload(ProcessInstance.definition))
        .order_by(BatchItem.instance_id, BatchItem.id)
    )
    return query.where(BatchItem.state == asked) if asked in STATES else query


def _page(batch: Batch, error: str = "") -> ResponseReturnValue:
    page = paginate(_items(batch))
    undone = select(Batch.id).where(Batch.undoes_id == batch.id, Batch.state != batches.PLANNED).limit(1)
    text = render_template(
        "batches/show.html",
        batch=batch,
        title=title(batch),
        kinds=KINDS,
        states=STATES,
        state=request.args.get("state", ""),
        reasons=_reasons(batch),
        page=page,
        changes=effects.of_items(batch, page.rows),
        said=_said,
        undo=acts.ACTS[batch.kind].undo is not None,
        undone_by=db.session.scalar(undone),
        again=_again(batch),
        steps=_steps(batch) if batch.state == batches.PLANNED else [],
        on=acts.ACTS[batch.kind].on,
        error=error,
        **_counted(batch),
    )
    return make_response(text, 422 if error else 200)


def _steps(batch: Batch) -> list[tuple[str, str]]:
    """Where the cases that can go stand, when there are several such steps of one version."""
    ids = select(BatchItem.instance_id).where(BatchItem.batch_id == batch.id, BatchItem.state == acts.GOES)
    query = select(ProcessDefinition).where(
        ProcessDefinition.id.in_(select(ProcessInstance.definition_id).where(ProcessInstance.id.in_(ids)))
    )
    found = list(db.session.scalars(query.options(joinedload(ProcessDefinition.deployment))))
    if len(found) != 1:
        return []
    diagram = deployments.diagram(db.session(), found[0])
    counts = standing.counts(db.session(), found[0], ProcessInstance.id.in_(ids))
    return [(id_, diagram.elements[id_].name or id_) for id_ in counts] if len(counts) > 1 else []


def _again(batch: Batch) -> str:
    """Where the mapping of a dry run is corrected."""
    if batch.kind != "migrate" or batch.undoes_id is not None:
        return ""
    wanted = select(ProcessDefinition).where(ProcessDefinition.id.in_((batch.arguments["from"], batch.arguments["to"])))
    found = {one.id: one for one in db.session.scalars(wanted.options(joinedload(ProcessDefinition.deployment)))}
    old, new = found[batch.arguments["from"]], found[batch.arguments["to"]]
    folder = old.deployment.folder
    versions = {"process": old.key, "from": old.version, "to": new.version}
    return url_for("migration.show", folder=folder, **versions, batch=batch.id)  # type: ignore[arg-type]


@bp.get("/<id:batch_id>")
def show(batch_id: int) -> ResponseReturnValue:
    return _page(batches.get(db.session(), batch_id, me()))


@bp.get("/<id:batch_id>/tien-do")
def progress(batch_id: int) -> Response:
    """The part of the page that follows the work."""
    batch = batches.get(db.session(), batch_id, me())
    text = render_template("batches/progress.html", batch=batch, states=STATES, **_counted(batch))
    response = make_response(text)
    response.set_etag(hashlib.sha256(orjson.dumps(text)).hexdigest()[:32])
    response.make_conditional(request)
    return response


@bp.post("/<id:batch_id>/chay")
def start(batch_id: int) -> ResponseReturnValue:
    batches.start(db.session(), batch_id, me())
    return redirect(url_for("batches.show", batch_id=batch_id))


@bp.post("/<id:batch_id>/dung")
def stop(batch_id: int) -> ResponseReturnValue:
    batches.stop(db.session(), batch_id, me())
    flash(_("Đã dừng. Những hồ sơ chưa đến lượt giữ nguyên như trước."), "done")
    return redirect(url_for("batches.show", batch_id=batch_id))


@bp.post("/<id:batch_id>/chon")
def choose(batch_id: int) -> ResponseReturnValue:
    """Leave ticked cases out, or take them in again."""
    ticked = {int(text) for text in request.form.getlist("item") if text.isdecimal() and len(text) <= 18}
    batches.choose(db.session(), batch_id, me(), ticked, wanted=request.form.get("wanted") == "1")
    kept = {name: request.form[name] for name in ("state", "page") if request.form.get(name)}
    return redirect(url_for("batches.show", batch_id=batch_id, **kept))  # type: ignore[arg-type]


@bp.post("/<id:batch_id>/chi-o-buoc")
def only_at(batch_id: int) -> ResponseReturnValue:
    """Leave out the cases that stand elsewhere."""
    batches.only_at(db.session(), batch_id, me(), request.form.get("step", "")[:200])
    return redirect(url_for("batches.show", batch_id=batch_id))


@bp.post("/<id:batch_id>/lam-lai")
def again(batch_id: int) -> ResponseReturnValue:
    """A dry run of the same for those that were not done."""
    try:
        made = batches.again(db.session(), batch_id, me())
    except Invalid as error:
        return _page(batches.get(db.session(), batch_id, me()), say(error, locale()))
    return redirect(url_for("batches.show", batch_id=made.id))


@bp.post("/<id:batch_id>/hoan-tac")
def undo(batch_id: int) -> ResponseReturnValue:
    """A dry run of taking it back."""
    reason = request.form.get("reason", "").strip()[:2_000]
    if not reason:
        return _page(batches.get(db.session(), batch_id, me()), _("Cần nêu lý do."))
    back = batches.undo(db.session(), batch_id, me(), reason)
    return redirect(url_for("batches.show", batch_id=back.id))
