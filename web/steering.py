"""What a supervisor does: give tasks to others, retry what failed, suspend, activate and cancel. Each with a reason, each recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import contains_eager, joinedload

from engine import batches, deployments, identity, incidents, instances, user_tasks
from engine.errors import NotFound
from engine.forecasts import cases as forecasts
from engine.models import Incident, Membership, Organisation, ProcessDefinition, ProcessInstance, User, UserTask
from web import supervision, waits
from web.casefilter import NOBODY
from web.database import db
from web.kept import COUNTS, kept
from web.language import gettext as _
from web.listing import Listing
from web.paging import Page, paginate
from web.sessions import me

bp = Blueprint("steering", __name__)
bp.before_request(supervision.guard)
MOST = 500
"""Tasks or incidents that are steered in one go at most."""


def _reason() -> str:
    return request.form.get("reason", "").strip()[:2_000]


def _ticked(name: str) -> list[int]:
    return sorted({int(text) for text in request.form.getlist(name) if text.isdecimal() and len(text) <= 18})[:MOST]


def people() -> list[tuple[int, str]]:
    """Whom a task can be given to: number, and name with position and bodies, of active accounts."""
    return kept(COUNTS, "people", count=_people)


def _people() -> list[tuple[int, str]]:
    named = select(User.id, User.name, User.position, Organisation.name).outerjoin(User.memberships).outerjoin(Membership.organisation)
    found: dict[int, dict[str, None]] = {}
    for id_, *words in db.session.execute(named.where(User.active).order_by(User.name, User.id, Organisation.name)):
        found.setdefault(id_, {}).update(dict.fromkeys(word for word in words if word))
    return [(id_, " · ".join(words)) for id_, words in found.items()]


def person(text: str) -> User | None:
    """The active account of this number, or None."""
    if not text.isdecimal() or len(text) > 18:
        return None
    return db.session.scalar(select(User).where(User.id == int(text), User.active))


# --- incidents ---


_INCIDENT_SORTS = {"raised": Incident.raised_at, "case": ProcessInstance.title, "step": Incident.element_id, "kind": Incident.kind}


def _open_incidents() -> Select[Incident]:
    return (
        select(Incident)
        .join(ProcessInstance, ProcessInstance.id == Incident.instance_id)
        .where(Incident.resolved_at.is_(None), supervision.mine())
        .order_by(Incident.raised_at.desc(), Incident.id.desc())
    )


def _cases(ids: Iterable[int]) -> dict[int, ProcessInstance]:
    query = select(ProcessInstance).join(ProcessInstance.definition).where(ProcessInstance.id.in_(list(ids)), supervision.mine())
    loaded = query.options(contains_eager(ProcessInstance.definition).joinedload(ProcessDefinition.deployment))
    return {instance.id: instance for instance in db.session.scalars(loaded)}


def _element(instance: ProcessInstance, element_id: str) -> str:
    element = deployments.diagram(db.session(), instance.definition).elements.get(element_id)
    return element.name or element_id if element else element_id


def _incidents_asked() -> tuple[Listing, Select[Incident]]:
    """What the address asks for, in its order."""
    listing = Listing.read(_INCIDENT_SORTS, "-raised", "steering.incident_list")
    query = _open_incidents().join(ProcessInstance.definition).where(*listing.conditions())
    return listing, query.order_by(None).order_by(*listing.order(Incident.id))


def _incidents_page(error: str = "") -> ResponseReturnValue:
    listing, query = _incidents_asked()
    page = paginate(query)
    cases = _cases(incident.instance_id for incident in page.rows)
    rows = [(one, cases[one.instance_id], _element(cases[one.instance_id], one.element_id)) for one in page.rows]
    ticked = [incident.id for incident in page.rows] if request.args.get("all") else _ticked("incident")
    data = {"error": error, "ticked": ticked, "reason": _reason(), "listing": listing, "advice": waits.incident_advice}
    return make_response(render_template("steering/incidents.html", page=page, rows=rows, **data), 422 if error else 200)


@bp.get("/giam-sat/su-co")
def incident_list() -> ResponseReturnValue:
    return _incidents_page()


@bp.post("/giam-sat/su-co/thu-lai")
def retry() -> ResponseReturnValue:
    """A dry run of trying the ticked incidents again, or all that the address asks for."""
    ticked, reason = _ticked("incident"), _reason()
    everything = bool(request.form.get("everything"))
    if not (ticked or everything) or not reason:
        return _incidents_page(_("Cần chọn ít nhất một sự cố và nêu lý do."))
    wanted = _incidents_asked()[1] if everything else _open_incidents().where(Incident.id.in_(ticked))
    ids = db.session.scalars(wanted.with_only_columns(Incident.id)).all()
    batch = batches.prepare(db.session(), "retry", {}, me(), reason, ids=ids)
    return redirect(url_for("batches.show", batch_id=batch.id))


# --- tasks ---


def _open_tasks() -> Select[UserTask]:
    return (
        select(UserTask)
        .join(UserTask.instance)
        .join(ProcessInstance.definition)
        .where(UserTask.state == user_tasks.OPEN, supervision.mine())
        .options(
            contains_eager(UserTask.instance).contains_eager(ProcessInstance.definition),
            joinedload(UserTask.organisation),
            joinedload(UserTask.assignee),
        )
    )


def _holders() -> list[Any]:
    return kept(COUNTS, "holders", count=_count_holders)


def _count_holders() -> list[Any]:
    """(id or NOBODY, name, number of open tasks in supervised cases), who holds most first."""
    # Names are joined to the counts, not to each task.
    counts = select(UserTask.assignee_id, func.count().label("tasks")).join(UserTask.instance).group_by(UserTask.assignee_id)
    counted = counts.where(UserTask.state == user_tasks.OPEN, supervision.mine()).subquery()
    query = select(User.id, User.name, counted.c.tasks).select_from(counted).outerjoin(User, User.id == counted.c.assignee_id)
    rows = db.session.execute(query.order_by(counted.c.tasks.desc(), User.name))
    return [(NOBODY if id_ is None else str(id_), name or "", count) for id_, name, count in rows]


def held_by(holder: str) -> ColumnElement[bool]:
    """The open tasks that a holder has, NOBODY, or all."""
    if holder == NOBODY:
        return UserTask.assignee_id.is_(None)
    return UserTask.assignee_id == int(holder[:18]) if holder.isdecimal() else true()


def _found(condition: ColumnElement[bool]) -> Page:
    """Counted and sorted by their numbers alone; only those that are shown are read whole."""
    numbers = select(UserTask.id).join(UserTask.instance).where(UserTask.state == user_tasks.OPEN, supervision.mine(), condition)
    page = paginate(numbers.order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.id))
    rows = {task.id: task for task in db.session.scalars(_open_tasks().where(UserTask.id.in_(page.rows)))}
    return replace(page, rows=[rows[number] for number in page.rows if number in rows])


def _tasks_page(holder: str, error: str = "") -> ResponseReturnValue:
    page = _found(held_by(holder))
    ticked = [task.id for task in page.rows] if request.args.get("all") else _ticked("task")
    data = {"error": error, "ticked": ticked, "reason": _reason(), "assignee": request.form.get("assignee", "")}
    text = render_template("steering/tasks.html", page=page, holder=holder, holders=_holders(), people=people(), nobody=NOBODY, **data)
    return make_response(text, 422 if error else 200)


@bp.get("/giam-sat/viec")
def task_list() -> ResponseReturnValue:
    return _tasks_page(request.args.get("holder", ""))


@bp.post("/giam-sat/viec/giao")
def assign() -> ResponseReturnValue:
    """A dry run of giving the ticked tasks, or all of the list, to one person."""
    ticked, reason, receiver = _ticked("task"), _reason(), person(request.form.get("assignee", ""))
    holder, everything = request.form.get("holder", "")[:18], bool(request.form.get("everything"))
    if not (ticked or everything) or not reason or receiver is None:
        return _tasks_page(holder, _("Cần chọn ít nhất một việc, người nhận và nêu lý do."))
    tasks = select(UserTask.id).join(UserTask.instance).where(UserTask.state == user_tasks.OPEN, supervision.mine())
    ids = db.session.scalars(tasks.where(held_by(holder) if everything else UserTask.id.in_(ticked))).all()
    batch = batches.prepare(db.session(), "assign", {"assignee": receiver.id}, me(), reason, ids=ids)
    return redirect(url_for("batches.show", batch_id=batch.id))


def sent_back(sentence: str) -> ResponseReturnValue:
    """The list from which something was asked, with what was wrong and with what was ticked."""
    if request.form.get("task") or "holder" in request.form:
        return _tasks_page(request.form.get("holder", "")[:18], sentence)
    if request.form.get("incident") or request.form.get("incidents"):
        return _incidents_page(sentence)
    flash(sentence, "late")
    return redirect(url_for("monitor.cases", **request.args.to_dict()))  # type: ignore[arg-type]


# --- one case ---


def _case_page(instance: ProcessInstance, error: str = "", at: str = "") -> ResponseReturnValue:
    """`error` stands at the form `at`, which keeps what was typed."""
    session = db.session()
    tasks = session.scalars(_open_tasks().where(UserTask.instance_id == instance.id).order_by(UserTask.id))
    found = incidents.of_instance(session, instance.id, me())
    text = render_template(
        "steering/case.html",
        instance=instance,
        tasks=list(tasks),
        incidents=[(one, _element(instance, one.element_id)) for one in found],
        people=people(),
        outlook=forecasts.of(session, instance),
        error=error,
        at=at,
        typed=request.form,
    )
    return make_response(text, 422 if error else 200)


@bp.get("/giam-sat/ho-so/<id:instance_id>")
def case(instance_id: int) -> ResponseReturnValue:
    return _case_page(supervision.case(instance_id))


def _steer(instance_id: int, act: Callable[..., None], done: str, at: str) -> ResponseReturnValue:
    instance = supervision.case(instance_id)
    if not _reason():
        return _case_page(instance, _("Cần nêu lý do."), at)
    act(db.session(), instance_id, me(), _reason())
    flash(done, "done")
    return redirect(url_for("steering.case", instance_id=instance_id))


@bp.post("/giam-sat/ho-so/<id:instance_id>/tam-dung")
def suspend(instance_id: int) -> ResponseReturnValue:
    return _steer(instance_id, instances.suspend, _("Đã tạm dừng hồ sơ."), "suspend")


@bp.post("/giam-sat/ho-so/<id:instance_id>/tiep-tuc")
def activate(instance_id: int) -> ResponseReturnValue:
    return _steer(instance_id, instances.activate, _("Hồ sơ đã chạy tiếp."), "activate")


@bp.post("/giam-sat/ho-so/<id:instance_id>/huy")
def cancel(instance_id: int) -> ResponseReturnValue:
    return _steer(instance_id, instances.cancel, _("Đã hủy hồ sơ."), "cancel")


@bp.post("/giam-sat/ho-so/<id:instance_id>/giao")
def assign_here(instance_id: int) -> ResponseReturnValue:
    """Give one task of the case to another person."""
    instance, receiver, ticked = supervision.case(instance_id), person(request.form.get("assignee", "")), _ticked("task")
    at = f"assign-{ticked[0]}" if ticked else ""
    query = select(UserTask.id).where(UserTask.id.in_(ticked), UserTask.instance_id == instance.id)
    if db.session.scalar(query) is None:
        raise NotFound(what="user task", id=ticked[0] if ticked else "")
    if receiver is None or not _reason():
        return _case_page(instance, _("Cần chọn người nhận và nêu lý do."), at)
    task = user_tasks.assign(db.session(), ticked[0], me(), receiver, _reason())
    flash(_("Đã giao việc “%(task)s” cho %(name)s.", task=task.name, name=receiver.name), "done")
    return redirect(url_for("steering.case", instance_id=instance_id))


@bp.post("/giam-sat/ho-so/<id:instance_id>/thu-lai")
def retry_here(instance_id: int) -> ResponseReturnValue:
    """Try one incident of the case again."""
    instance, ticked = supervision.case(instance_id), _ticked("incident")
    query = _open_incidents().with_only_columns(Incident.id).where(Incident.id.in_(ticked), Incident.instance_id == instance.id)
    found = db.session.scalar(query.order_by(None))
    if found is None:
        raise NotFound(what="incident", id=ticked[0] if ticked else "")
    if not _reason():
        return _case_page(instance, _("Cần nêu lý do."), f"retry-{found}")
    incidents.resolve(db.session(), found, me(), _reason())
    flash(_("Đã yêu cầu thử lại. Nếu lại lỗi, sự cố mới sẽ hiện ở đây."), "done")
    return redirect(url_for("steering.case", instance_id=instance_id))


@bp.app_template_global()
def may_steer(instance: ProcessInstance) -> bool:
    """For templates: whether the user supervises this case."""
    if not supervision.supervises():
        return False
    return db.session.scalar(select(ProcessInstance.id).where(ProcessInstance.id == instance.id, identity.may_supervise(me()))) is not None
