"""Cases: the list, and the page of one with its diagram, history, open work, documents, data and log."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from engine import deployments, documents, executions, history, identity, incidents, instances, user_tasks
from engine.errors import NotFound
from engine.models import HistoryEvent, ProcessDefinition, ProcessInstance, UserTask
from web import changes, effects, picture, replay, search, story, waits
from web.database import db
from web.kept import COUNTS, kept
from web.language import gettext as _
from web.monitor import answers
from web.paging import paginate
from web.sessions import me

bp = Blueprint("cases", __name__)

STATES = {"active": ("active", "suspended"), "ended": ("completed", "cancelled", "failed")}
TOLD = (
    "instance.started", "instance.completed", "instance.cancelled", "instance.failed", "task.completed", "task.cancelled", "task.assigned",
    "message.received", "timer.fired", "decision.evaluated", "document.added", "incident.raised", "incident.resolved", "notification.sent",
    "notification.not_sent",
)  # fmt: skip
"""Kinds of events that tell how the case went; the log has all of them."""
LONG = 100
"""What a page of a case has at most: events of its story, open tasks."""


@bp.get("/ho-so")
def index() -> ResponseReturnValue:
    words, state, process = (request.args.get(name, "").strip()[:200] for name in ("q", "state", "process"))
    query = (
        select(ProcessInstance)
        .join(ProcessInstance.definition)
        .where(identity.may_see_instance(me()))
        .options(joinedload(ProcessInstance.definition), joinedload(ProcessInstance.started_by))
        .order_by(ProcessInstance.started_at.desc(), ProcessInstance.id.desc())
    )
    if words:
        query = query.where(search.cases(words))
    if state in STATES:
        query = query.where(ProcessInstance.state.in_(STATES[state]))
    if process:
        query = query.where(ProcessDefinition.key == process)
    page = paginate(query)
    ids = [instance.id for instance in page.rows]
    whole = set(db.session.scalars(select(ProcessInstance.id).where(ProcessInstance.id.in_(ids), identity.may_see_whole_case(me()))))
    return render_template(
        "cases/list.html", page=page, whole=whole, now=_standing(ids), words=words, state_=state, process=process, processes=_processes()
    )


def _standing(ids: list[int]) -> dict[int, list[UserTask]]:
    """Open tasks by case, those that the user may see."""
    query = (
        select(UserTask)
        .where(UserTask.instance_id.in_(ids), UserTask.state == user_tasks.OPEN, identity.may_see_task(me()))
        .options(joinedload(UserTask.assignee), joinedload(UserTask.organisation))
        .order_by(UserTask.id)
    )
    found: dict[int, list[UserTask]] = {}
    for task in db.session.scalars(query):
        found.setdefault(task.instance_id, []).append(task)
    return found


def _processes() -> dict[str, str]:
    return kept(COUNTS, "seen processes", count=_seen)


def _seen() -> dict[str, str]:
    """Processes of which the user sees a case: key -> name."""
    query = (
        select(ProcessDefinition.key, ProcessDefinition.name)
        .join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
        .where(identity.may_see_instance(me()))
        .distinct()
    )
    return {row.key: row.name for row in db.session.execute(query)}


def _case(instance_id: int) -> ProcessInstance:
    return instances.get(db.session(), instance_id, me())


def _page(instance: ProcessInstance, tab: str, **data: Any) -> str:
    session = db.session()
    children = select(ProcessInstance).where(ProcessInstance.parent_id == instance.id, identity.may_see_whole_case(me()))
    parent = select(ProcessInstance).where(ProcessInstance.id == instance.parent_id, identity.may_see_whole_case(me()))
    return render_template(
        "cases/show.html",
        instance=instance,
        tab=tab,
        parent=session.scalar(parent) if instance.parent_id else None,
        children=list(session.scalars(children.options(joinedload(ProcessInstance.definition)).order_by(ProcessInstance.id))),
        elements=picture.table(session, instance, me()),
        open_count=session.scalar(select(func.count()).select_from(story.opened(instance.id).order_by(None).options().subquery())),
        incidents=[(one, waits.element_name(instance, one.element_id)) for one in incidents.of_instance(session, instance.id, me())],
        advice=waits.incident_advice,
        may_cancel=instance.state in STATES["active"] and instances.may_cancel(session, instance, me()),
        **data,
    )


@bp.get("/ho-so/<id:instance_id>")
def show(instance_id: int) -> ResponseReturnValue:
    """How the case went. Who was only asked one thing gets his own request instead."""
    try:
        instance = _case(instance_id)
    except NotFound:
        return _request_only(instance_id)
    query = history.of_instance(instance.id, me()).where(HistoryEvent.kind.in_(TOLD))
    # Of a long history the end comes first; each page of it is told forwards.
    page = paginate(query.order_by(None).order_by(HistoryEvent.id.desc()), per_page=LONG)
    events = [(event, story.form_of(instance, event)) for event in reversed(page.rows)]
    choices = user_tasks.choices(db.session())
    return _page(instance, "story", page=page, events=events, variables=choices, documents=story.documents(instance))


def _request_only(instance_id: int) -> ResponseReturnValue:
    query = (
        select(UserTask)
        .join(UserTask.instance)
        .where(UserTask.instance_id == instance_id, identity.may_see_instance(me()), identity.is_concerned(me()))
        .options(joinedload(UserTask.instance), joinedload(UserTask.ended_by), joinedload(UserTask.organisation))
        .order_by(UserTask.id)
    )
    tasks = list(db.session.scalars(query))
    if not tasks:
        raise NotFound(what="case", id=instance_id)
    if len(tasks) == 1:
        return redirect(url_for("tasks.show", task_id=tasks[0].id))
    return render_template("cases/request.html", instance=tasks[0].instance, tasks=tasks)


@bp.get("/ho-so/<id:instance_id>/viec")
def work(instance_id: int) -> ResponseReturnValue:
    instance = _case(instance_id)
    return _page(instance, "work", page=paginate(story.opened(instance.id), per_page=LONG), waits=waits.of_case(instance))


@bp.get("/ho-so/<id:instance_id>/van-ban")
def files(instance_id: int) -> ResponseReturnValue:
    instance = _case(instance_id)
    return _page(instance, "files", documents=documents.of_instance(db.session(), instance.id, me()))


@bp.get("/ho-so/<id:instance_id>/du-lieu")
def data(instance_id: int) -> ResponseReturnValue:
    instance = _case(instance_id)
    variables = executions.load(db.session(), instance).variables
    reader = story.reader(instance, story.documents(instance))
    return _page(instance, "data", values=list(changes.rows(reader, variables, changes.of(instance, me(), reader))))


@bp.get("/ho-so/<id:instance_id>/nhat-ky")
def log(instance_id: int) -> ResponseReturnValue:
    instance = _case(instance_id)
    query: Select[Any] = history.of_instance(instance.id, me())
    page = paginate(query, per_page=200)
    return _page(instance, "log", page=page, changes=effects.of_events(instance, page.rows))


@bp.get("/ho-so/<id:instance_id>/so-do.bpmn")
def diagram(instance_id: int) -> Response:
    """The BPMN file of the version that the case runs, or of the one (`ban`) that it ran before, byte for byte."""
    instance, version = _case(instance_id), request.args.get("ban", "")
    definition = replay.definition(db.session(), instance, int(version[:9])) if version.isdecimal() else instance.definition
    if definition is None:
        raise NotFound(what="version", id=version[:9])
    response = make_response(deployments.diagram(db.session(), definition).source)
    response.mimetype = "application/xml"
    return response


@bp.get("/ho-so/<id:instance_id>/so-do.json")
def diagram_state(instance_id: int) -> Response:
    """What is drawn upon the diagram: passed and active elements, flows, called cases."""
    return answers.state(picture.state(db.session(), _case(instance_id), me()))


@bp.get("/ho-so/<id:instance_id>/dien-lai.json")
def replayed(instance_id: int) -> Response:
    """The case as it was at every moment, for the slider."""
    return answers.state(replay.of(db.session(), _case(instance_id), me()))


@bp.post("/ho-so/<id:instance_id>/huy")
def cancel(instance_id: int) -> ResponseReturnValue:
    instances.cancel(db.session(), instance_id, me(), request.form.get("reason", "")[:2000])
    flash(_("Đã hủy hồ sơ."), "done")
    return redirect(url_for("cases.show", instance_id=instance_id))
