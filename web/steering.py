"""What a supervisor does: give tasks to others, retry what failed, suspend, activate and cancel. Each with a reason, each recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, Select, func, select, true
from sqlalchemy.orm import contains_eager, joinedload, selectinload

from engine import batches, deployments, identity, incidents, instances, user_tasks
from engine.errors import EngineError, NotFound
from engine.models import Incident, Membership, ProcessDefinition, ProcessInstance, User, UserTask
from engine.sentences import say
from web import supervision
from web.casefilter import NOBODY
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.paging import paginate
from web.sessions import me

bp = Blueprint("steering", __name__)
bp.before_request(supervision.guard)
MOST = 500
"""Tasks or incidents that are steered in one go at most."""


@dataclass(frozen=True)
class Result:
    """What became of one of many. `error`: why nothing was done to it, in a sentence; empty where it went well."""

    what: str
    instance: ProcessInstance | None
    error: str = ""


def _reason() -> str:
    return request.form.get("reason", "").strip()[:2_000]


def _ticked(name: str) -> list[int]:
    return sorted({int(text) for text in request.form.getlist(name) if text.isdecimal() and len(text) <= 18})[:MOST]


def _each(items: Iterable[tuple[str, ProcessInstance | None, Callable[[], object]]]) -> list[Result]:
    """Do one after the other, each wholly or not at all: what is refused leaves the others as they are."""
    results = []
    for what, instance, act in items:
        try:
            with db.session.begin_nested():
                act()
            results.append(Result(what, instance))
        except EngineError as error:
            gone = isinstance(error, NotFound)
            results.append(Result(what, instance, _("không còn ở đó, hoặc đồng chí không giám sát.") if gone else say(error, locale())))
    return results


def people() -> list[User]:
    """Whom a task can be given to: active accounts with their bodies."""
    query = select(User).where(User.active).options(selectinload(User.memberships).joinedload(Membership.organisation))
    return list(db.session.scalars(query.order_by(User.name, User.id)))


def _person(text: str) -> User | None:
    if not text.isdecimal() or len(text) > 18:
        return None
    return db.session.scalar(select(User).where(User.id == int(text), User.active))


# --- incidents ---


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


def _incidents_page(error: str = "") -> ResponseReturnValue:
    page = paginate(_open_incidents())
    cases = _cases(incident.instance_id for incident in page.rows)
    rows = [(one, cases[one.instance_id], _element(cases[one.instance_id], one.element_id)) for one in page.rows]
    data = {"error": error, "ticked": _ticked("incident"), "reason": _reason()}
    return make_response(render_template("steering/incidents.html", page=page, rows=rows, **data), 422 if error else 200)


@bp.get("/giam-sat/su-co")
def incident_list() -> ResponseReturnValue:
    return _incidents_page()


@bp.post("/giam-sat/su-co/thu-lai")
def retry() -> ResponseReturnValue:
    """Try the ticked incidents again."""
    session, ticked, reason = db.session(), _ticked("incident"), _reason()
    if not ticked or not reason:
        return _incidents_page(_("Cần chọn ít nhất một sự cố và nêu lý do."))
    # In the order of their cases, as everybody who holds several: two who lock the same cases must not wait for each other.
    asked = _open_incidents().where(Incident.id.in_(ticked)).order_by(None).order_by(Incident.instance_id, Incident.id)
    found = list(session.scalars(asked))
    cases = _cases({one.instance_id for one in found})
    items = [(_element(cases[one.instance_id], one.element_id), cases[one.instance_id], _retry(one.id, reason)) for one in found]
    missing = [(_("Sự cố %(id)s", id=id_), None, _retry(id_, reason)) for id_ in ticked if id_ not in {one.id for one in found}]
    results = _each([*items, *missing])
    return render_template("steering/results.html", title=_("Thử lại sự cố"), results=results, back=url_for("steering.incident_list"))


def _retry(incident_id: int, reason: str) -> Callable[[], object]:
    return lambda: incidents.resolve(db.session(), incident_id, me(), reason)


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
    """(id or NOBODY, name, number of open tasks in supervised cases), who holds most first."""
    query = (
        select(User.id, User.name, func.count(UserTask.id))
        .select_from(UserTask)
        .join(UserTask.instance)
        .outerjoin(User, User.id == UserTask.assignee_id)
        .where(UserTask.state == user_tasks.OPEN, supervision.mine())
        .group_by(User.id, User.name)
        .order_by(func.count(UserTask.id).desc(), User.name)
    )
    return [(NOBODY if id_ is None else str(id_), name or "", count) for id_, name, count in db.session.execute(query)]


def _held_by(holder: str) -> ColumnElement[bool]:
    """The open tasks that a holder has, NOBODY, or all."""
    if holder == NOBODY:
        return UserTask.assignee_id.is_(None)
    return UserTask.assignee_id == int(holder[:18]) if holder.isdecimal() else true()


def _tasks_page(holder: str, error: str = "") -> ResponseReturnValue:
    tasks = _open_tasks().where(_held_by(holder))
    page = paginate(tasks.order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.id))
    ticked = [task.id for task in page.rows] if request.args.get("all") else _ticked("task")
    data = {"error": error, "ticked": ticked, "reason": _reason(), "assignee": request.form.get("assignee", "")}
    text = render_template("steering/tasks.html", page=page, holder=holder, holders=_holders(), people=people(), nobody=NOBODY, **data)
    return make_response(text, 422 if error else 200)


@bp.get("/giam-sat/viec")
def task_list() -> ResponseReturnValue:
    return _tasks_page(request.args.get("holder", ""))


@bp.post("/giam-sat/viec/giao")
def assign() -> ResponseReturnValue:
    """Give the ticked tasks to one person."""
    session, ticked, reason, person = db.session(), _ticked("task"), _reason(), _person(request.form.get("assignee", ""))
    holder = request.form.get("holder", "")[:18]
    if request.form.get("everything") and reason and person is not None:
        tasks = select(UserTask.id).join(UserTask.instance).where(UserTask.state == user_tasks.OPEN, supervision.mine(), _held_by(holder))
        ids = session.scalars(tasks).all()
        batch = batches.prepare(session, "assign", {"assignee": person.id}, me(), reason, ids=ids)
        return redirect(url_for("batches.show", batch_id=batch.id))
    if not ticked or not reason or person is None:
        return _tasks_page(holder, _("Cần chọn ít nhất một việc, người nhận và nêu lý do."))
    found = list(session.scalars(_open_tasks().where(UserTask.id.in_(ticked)).order_by(UserTask.instance_id, UserTask.id)))
    items = [(task.name, task.instance, _assign(task.id, person, reason)) for task in found]
    missing = [(_("Việc %(id)s", id=id_), None, _refuse(id_)) for id_ in ticked if id_ not in {task.id for task in found}]
    results = _each([*items, *missing])
    title = _("Giao việc cho %(name)s", name=person.name)
    return render_template("steering/results.html", title=title, results=results, back=url_for("steering.task_list", holder=holder or None))


def _assign(task_id: int, person: User, reason: str) -> Callable[[], object]:
    return lambda: user_tasks.assign(db.session(), task_id, me(), person, reason)


def _refuse(task_id: int) -> Callable[[], object]:
    """Tasks of cases that he does not supervise are none of this page, even where he could hand on his own."""

    def act() -> None:
        raise NotFound(what="user task", id=task_id)

    return act


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
    instance, person, ticked = supervision.case(instance_id), _person(request.form.get("assignee", "")), _ticked("task")
    at = f"assign-{ticked[0]}" if ticked else ""
    query = select(UserTask.id).where(UserTask.id.in_(ticked), UserTask.instance_id == instance.id)
    if db.session.scalar(query) is None:
        raise NotFound(what="user task", id=ticked[0] if ticked else "")
    if person is None or not _reason():
        return _case_page(instance, _("Cần chọn người nhận và nêu lý do."), at)
    task = user_tasks.assign(db.session(), ticked[0], me(), person, _reason())
    flash(_("Đã giao việc “%(task)s” cho %(name)s.", task=task.name, name=person.name), "done")
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
def person_words(user: User) -> str:
    """A person with position and bodies, as lists of persons show them."""
    bodies = ", ".join(sorted({membership.organisation.name for membership in user.memberships}))
    return " · ".join(part for part in (user.name, user.position, bodies) if part)


@bp.app_template_global()
def may_steer(instance: ProcessInstance) -> bool:
    """For templates: whether the user supervises this case."""
    if not supervision.supervises():
        return False
    return db.session.scalar(select(ProcessInstance.id).where(ProcessInstance.id == instance.id, identity.may_supervise(me()))) is not None
