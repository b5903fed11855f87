"""One user task: what is asked and why, its form, its files; handing it in."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from flask import Blueprint, Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import ColumnElement, bindparam, or_, select

from engine import deployments, documents, handed_over, identity, user_tasks
from engine.diagram import Element
from engine.errors import Conflict, FileRejected, Forbidden, FormInvalid, NotFound, UserTaskNotOpen
from engine.forms import Form
from engine.models import Document, ProcessInstance, User, UserTask
from engine.sentences import say
from engine.statements import Question
from web import forms, story, uploads
from web.database import db, keep, writing
from web.documents import send
from web.health import count_completed
from web.language import gettext as _
from web.language import locale
from web.sessions import me

bp = Blueprint("tasks", __name__)

BESIDE = 30
"""Completed and open steps of the case that stand beside a task."""

# Made once: every completion asks it.
_NEXT = Question(
    *(UserTask.id, UserTask.name),
    of=lambda rows: (
        rows.join(ProcessInstance, ProcessInstance.id == UserTask.instance_id)
        .where(ProcessInstance.root_id == bindparam("root"), UserTask.state == user_tasks.OPEN, UserTask.id != bindparam("task"))
        .where(or_(UserTask.assignee_id == identity.ME, UserTask.assignee_id.is_(None) & identity.IS_CANDIDATE))
        .order_by(UserTask.instance_id != bindparam("instance"), UserTask.assignee_id.is_(None))
        .order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.id)
        .limit(1)
    ),
)


@dataclass
class View:
    """Everything the page of one task shows."""

    task: UserTask
    element: Element
    form: Form
    data: Mapping[str, Any]
    variables: Mapping[str, Any]
    role: str
    """`holder` may hand it in, `candidate` may claim it, `reader` may look, `done`: it is closed."""
    errors: Mapping[str, str] = field(default_factory=dict)
    draft_at: datetime | None = None
    focus: str = ""
    """Path of the row or field where work goes on."""


def _role(task: UserTask, user: User) -> str:
    if task.state != user_tasks.OPEN:
        return "done"
    if task.assignee_id == user.id:
        return "holder"
    if task.assignee_id is None and _is(task, identity.is_candidate(user)):
        return "candidate"
    return "reader"


def _is(task: UserTask, condition: ColumnElement[bool]) -> bool:
    return db.session.scalar(select(UserTask.id).where(UserTask.id == task.id, condition)) is not None


def _view(task_id: int, user: User) -> View:
    session = db.session()
    task = user_tasks.get(session, task_id, user)
    form = user_tasks.form(session, task) or Form.empty()
    element = deployments.diagram(session, task.instance.definition).elements[task.element_id]
    role = _role(task, user)
    if role == "done":
        return View(task, element, form, story.handed_in(task), {}, role)
    variables = user_tasks.context(session, task)
    view = View(task, element, form, form.defaults(variables), variables, role)
    draft = user_tasks.draft(session, task_id, user) if role == "holder" else None
    if draft is not None:
        view.data, view.draft_at = draft.data, draft.saved_at
    return view


def _page(view: View, status: int = 200) -> Response:
    task = view.task
    sees_case = story.sees_whole_case(task.instance_id, me())
    text = render_template(
        "tasks/show.html",
        view=view,
        task=task,
        sees_case=sees_case,
        done=story.completed(task.instance_id, BESIDE) if sees_case else [],
        beside=_beside(task) if sees_case else [],
        most=BESIDE,
        attached=_attached(task),
        handed=story.handed(task, view.element, view.variables),
        accept=uploads.ACCEPT,
        handed_address=lambda number: url_for("tasks.handed_document", task_id=task.id, document_id=number),
    )
    return make_response(text, status)


def _beside(task: UserTask) -> list[UserTask]:
    return list(db.session.scalars(story.opened(task.instance_id).where(UserTask.id != task.id).limit(BESIDE)))


def _attached(task: UserTask) -> list[Document]:
    """Files that the form may show: those of this task and, for who sees the case, those that came into its data by earlier steps."""
    if story.sees_whole_case(task.instance_id, me()):
        return story.documents(task.instance)
    return list(db.session.scalars(select(Document).where(Document.user_task_id == task.id).order_by(Document.id)))


@bp.get("/viec/<id:task_id>")
def show(task_id: int) -> ResponseReturnValue:
    view = _view(task_id, me())
    view.focus = request.args.get("focus", "")[:200]
    return _page(view)


@bp.post("/viec/<id:task_id>")
def complete(task_id: int) -> ResponseReturnValue:
    """Hand in, together with files that were chosen and not yet stored.

    What is not right comes back with everything that was typed and attached.
    """
    session = db.session()
    try:
        task = user_tasks.hold(session, task_id, me())
    except (Conflict, Forbidden) as error:
        view = _view(task_id, me())
        return _too_late(view, forms.parse(view.form, request.form), error)
    form = user_tasks.form(session, task) or Form.empty()
    typed = forms.parse(form, request.form)
    refused = _store_uploads(task, form, typed)
    try:
        if refused:
            raise FormInvalid(refused)
        user_tasks.hand_in(session, task, me(), typed)
        count_completed(session, task)
    except FormInvalid as error:
        user_tasks.save_draft(session, task_id, me(), typed)
        keep()
        view = _view(task_id, me())
        view.data, view.errors, view.draft_at = typed, error.fields, None
        return _page(view, 422)
    return _go_on(task)


@bp.post("/viec/<id:task_id>/sua")
def edit(task_id: int) -> ResponseReturnValue:
    """A button that changes the form without handing it in: a row, a file. What is typed becomes a draft, so nothing of it is lost."""
    view = _view(task_id, me())
    if view.role == "done":
        return _too_late(view, forms.parse(view.form, request.form), _closed(view.task))
    _must_hold(view)
    edited = forms.edit(view.form, request.form, view.variables)
    refused = _store_uploads(view.task, view.form, edited.data)
    _detach(request.form.get("_detach", ""))
    user_tasks.save_draft(db.session(), task_id, me(), edited.data)
    for sentence in refused.values():
        flash(sentence, "late")
    if request.headers.get("HX-Request"):
        view.data, view.focus = edited.data, edited.focus
        return _page(view)
    return redirect(url_for("tasks.show", task_id=task_id, focus=edited.focus or None, _anchor="form-fields"))


def _go_on(task: UserTask) -> ResponseReturnValue:
    """To what waits next in the same case, or back to the inbox."""
    flash(_("Đã gửi “%(task)s”.", task=task.name), "done")
    following = next_of_case(task, me())
    if following is None:
        return redirect(url_for("inbox.mine"))
    number, name = following
    flash(_("Việc tiếp theo của hồ sơ này:") + f" {name}", "waiting")
    return redirect(url_for("tasks.show", task_id=number))


def _store_uploads(task: UserTask, form: Form, typed: dict[str, Any]) -> dict[str, str]:
    """Store the files that came with the form and put them into their fields. Field -> sentence for those that are refused."""
    refused: dict[str, str] = {}
    for name, stored in forms.uploads(form, request.files):
        try:
            document = documents.attach(db.session(), task.id, me(), *uploads.receive(stored))
        except FileRejected as error:
            refused[name] = say(error, locale())
        else:
            forms.add_document(form, typed, name, document.id)
    return refused


def _detach(text: str) -> None:
    """`<field>:<document>`: take the file away for good if it was attached here; else it only leaves the field."""
    number = text.rpartition(":")[2]
    if number.isdecimal():
        with suppress(NotFound):
            documents.detach(db.session(), int(number), me())


def _too_late(view: View, typed: Mapping[str, Any], error: Conflict | Forbidden) -> Response:
    """Somebody was faster: say who, and show what was typed so that it can be copied."""
    sentence = say(error, locale())
    text = render_template("tasks/too_late.html", view=view, sentence=sentence, typed=typed, attached=_attached(view.task))
    db.session.rollback()
    return make_response(text, 409 if isinstance(error, Conflict) else 403)


def next_of_case(task: UserTask, user: User) -> tuple[int, str] | None:
    """(id, name) of the next open task of the same case, or of one called by it or calling it, that is the user's.

    His own come before those of his bodies.
    """
    given = {"root": task.instance.root_id, "instance": task.instance_id, "task": task.id, **identity.given(user)}
    return next(iter(_NEXT.ask(db.session(), given)), None)


@bp.post("/viec/<id:task_id>/nhap")
def save_draft(task_id: int) -> ResponseReturnValue:
    """Keep what is typed so far, as it is. A script asks for JSON; a person without scripts gets the page again."""
    view = _view(task_id, me())
    _must_hold(view)
    draft = user_tasks.save_draft(db.session(), task_id, me(), forms.parse(view.form, request.form))
    if "application/json" in request.headers.get("Accept", ""):
        return jsonify(saved_at=draft.saved_at.isoformat())
    flash(_("Đã lưu nháp."), "done")
    return redirect(url_for("tasks.show", task_id=task_id))


@bp.post("/viec/<id:task_id>/nhap/bo")
def drop_draft(task_id: int) -> ResponseReturnValue:
    user_tasks.get(db.session(), task_id, me())
    user_tasks.drop_draft(db.session(), task_id, me())
    flash(_("Đã bỏ bản nháp. Biểu mẫu trở lại như lúc đầu."), "done")
    return redirect(url_for("tasks.show", task_id=task_id))


def _closed(task: UserTask) -> UserTaskNotOpen:
    return UserTaskNotOpen(task=task.name, actor=task.ended_by.name if task.ended_by else "the case", at=task.ended_at)


def _must_hold(view: View) -> None:
    if view.role == "done":
        raise _closed(view.task)
    if view.role != "holder":
        raise Forbidden(action="complete this user task", reason="it is assigned to somebody else")


@bp.get("/viec/<id:task_id>/tai-lieu/<id:document_id>")
@writing
def handed_document(task_id: int, document_id: int) -> Response:
    """A file handed over with this task, for who sees nothing else of the case."""
    return send(*handed_over.read(db.session(), task_id, document_id, me()))
