"""Processes: what there is, what may be started, and the law behind each step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import deployments, identity, instances, user_tasks
from engine.diagram import Element
from engine.errors import FileRejected, FormInvalid, NotFound
from engine.forms import Form
from engine.models import ProcessDefinition
from engine.sentences import say
from engine.topics import Attachment
from web import forms, legal, picture, uploads
from web.database import db
from web.language import gettext as _
from web.language import locale
from web.sessions import me

bp = Blueprint("processes", __name__)


@bp.get("/quy-trinh")
def index() -> ResponseReturnValue:
    rows = [(definition, identity.may_start(me(), definition)) for definition in deployments.current(db.session())]
    return render_template("processes/list.html", rows=sorted(rows, key=lambda row: not row[1]))


@bp.get("/quy-trinh/<key>")
def show(key: str) -> ResponseReturnValue:
    definition = deployments.latest(db.session(), key)
    diagram = deployments.diagram(db.session(), definition)
    nodes = [element for element in diagram.flow_nodes(key) if element.name]
    return render_template(
        "processes/show.html",
        definition=definition,
        coming=deployments.coming(db.session(), key),
        process=diagram.elements[key],
        nodes=nodes,
        types=picture.TYPES,
        may_start=identity.may_start(me(), definition),
        has_law=bool(legal.sentences(deployments.contents(db.session(), definition.deployment))),
    )


@bp.get("/quy-trinh/<key>/so-do.bpmn")
def diagram(key: str) -> Response:
    response = make_response(deployments.diagram(db.session(), deployments.latest(db.session(), key)).source)
    response.mimetype = "application/xml"
    return response


@bp.get("/quy-trinh/<key>/can-cu")
def law(key: str) -> ResponseReturnValue:
    """The sentences of the source beside the elements that carry them, and the basis of every element. Made from the diagrams alone."""
    definition = deployments.latest(db.session(), key)
    contents = deployments.contents(db.session(), definition.deployment)
    elements = [
        (diagram.elements[process.id], [e for e in diagram.flow_nodes(process.id) if e.properties.get(legal.BASIS)])
        for diagram in contents.diagrams.values()
        for process in diagram.executable
    ]
    return render_template(
        "processes/law.html", definition=definition, title=legal.title(contents), sentences=legal.sentences(contents), processes=elements
    )


@bp.app_template_global()
def legal_basis(definition: ProcessDefinition, element: Element) -> list[str]:
    """For templates: the sentences that an element carries."""
    return legal.of_element(db.session(), definition, element)


def _startable(key: str) -> tuple[ProcessDefinition, Form]:
    """Raises NotFound for a process that the user may not start: the same as for one that is not there."""
    definition = deployments.latest(db.session(), key)
    if not identity.may_start(me(), definition):
        raise NotFound(what="process", id=key)
    return definition, deployments.contents(db.session(), definition.deployment).form(definition.start_form) or Form.empty()


def _start_page(
    definition: ProcessDefinition, form: Form, data: dict[str, Any], key: str = "", errors: Mapping[str, str] | None = None, focus: str = ""
) -> Response:
    variables = user_tasks.choices(db.session())
    text = render_template(
        "processes/start.html",
        definition=definition,
        process=deployments.diagram(db.session(), definition).elements[definition.key],
        form=form,
        data=data or form.defaults(variables),
        variables=variables,
        errors=errors or {},
        business_key=key,
        focus=focus,
    )
    return make_response(text, 422 if errors else 200)


def _received(form: Form, typed: dict[str, Any]) -> tuple[dict[int, Attachment], dict[str, str]]:
    """The files that came with the form, under numbers of their own, which are put into their fields; and field -> why one is refused."""
    files: dict[int, Attachment] = {}
    refused: dict[str, str] = {}
    for name, stored in forms.uploads(form, request.files):
        try:
            # Below zero: no document has such a number.
            files[-1 - len(files)] = Attachment(*uploads.receive(stored))
        except FileRejected as error:
            refused[name] = say(error, locale())
        else:
            forms.add_document(form, typed, name, -len(files))
    return files, refused


@bp.get("/quy-trinh/<key>/khoi-tao")
def start_page(key: str) -> ResponseReturnValue:
    definition, form = _startable(key)
    return _start_page(definition, form, {})


@bp.post("/quy-trinh/<key>/khoi-tao/sua")
def edit_start(key: str) -> ResponseReturnValue:
    """A button that changes the form without handing it in."""
    definition, form = _startable(key)
    edited = forms.edit(form, request.form, user_tasks.choices(db.session()))
    return _start_page(definition, form, edited.data, request.form.get("_ma_ho_so", "")[:200], focus=edited.focus)


@bp.post("/quy-trinh/<key>/khoi-tao")
def start(key: str) -> ResponseReturnValue:
    definition, form = _startable(key)
    business_key = request.form.get("_ma_ho_so", "").strip()[:200]
    typed = forms.parse(form, request.form)
    files, refused = _received(form, typed)
    try:
        if refused:
            raise FormInvalid(refused)
        instance = instances.start(db.session(), definition, typed, user=me(), business_key=business_key, files=files)
    except FormInvalid as error:
        db.session.rollback()
        definition, form = _startable(key)
        for number in files:
            forms.remove_document(form, typed, number)
        # The browser forgets the files that were chosen: nothing is stored before the case is there.
        sentence = _("Hãy chọn lại tệp: tệp chưa được lưu vì hồ sơ chưa được khởi tạo.")
        again = {name: sentence for name, _file in forms.uploads(form, request.files)}
        return _start_page(definition, form, typed, business_key, {**again, **error.fields})
    flash(_("Đã khởi tạo hồ sơ %(case)s.", case=instance.title or instance.business_key), "done")
    return redirect(url_for("cases.show", instance_id=instance.id))
