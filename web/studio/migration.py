"""Moving running cases to another version: where they stand, which element stands for which, and the dry run that comes before it.

For analysts, and for supervisors of cases of the folder's processes; cases are counted and moved only by those who supervise them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from engine import batches, deployments, migration, standing, validity
from engine import db as clock
from engine.diagram import Diagram, Element
from engine.errors import NotFound
from engine.missed_steps import MissedSteps
from engine.models import Batch, Deployment, ProcessDefinition, ProcessInstance
from web import supervision
from web.database import db
from web.language import gettext as _
from web.picture import TYPES
from web.rights import may_edit
from web.sessions import me

bp = Blueprint("migration", __name__, url_prefix="/thiet-ke/<folder>/chuyen-ho-so")
NONE = "-"
"""What the page sends where an element has no counterpart."""


@dataclass(frozen=True)
class Row:
    """One element of the version that is left. `options`: (id, label) of those of its kind in the new one."""

    element: Element
    label: str
    kind: str
    target: str
    proposed: bool
    cases: int
    options: list[tuple[str, str]]

    @property
    def open(self) -> bool:
        """Whether somebody should look at it: nothing stands for it, or something of another name."""
        return self.target != self.element.id


@dataclass(frozen=True)
class Asked:
    """What the address asks for."""

    versions: list[ProcessDefinition]
    old: ProcessDefinition | None
    new: ProcessDefinition | None


def _versions(folder: str) -> list[ProcessDefinition]:
    """All that were ever valid, of processes that the user may know about; newest first. Raises NotFound."""
    query = select(ProcessDefinition).join(ProcessDefinition.deployment).options(contains_eager(ProcessDefinition.deployment))
    query = query.where(Deployment.folder == folder, validity.begun(clock.now(db.session())))
    found = list(db.session.scalars(query.order_by(ProcessDefinition.name, ProcessDefinition.key, ProcessDefinition.version.desc())))
    if not may_edit(me()):
        keys = {one.key for one in supervision.versions()}
        found = [one for one in found if one.key in keys]
    if not found:
        raise NotFound(what="process", id=folder)
    return found


def _asked(folder: str) -> Asked:
    all_ = _versions(folder)
    key = request.values.get("process", "")
    versions = [one for one in all_ if one.key == key] or [one for one in all_ if one.key == all_[0].key]
    old, new = _chosen("from", versions), _chosen("to", versions)
    return Asked(versions, old, new if new is not old else None)


def _chosen(name: str, versions: list[ProcessDefinition]) -> ProcessDefinition | None:
    text = request.values.get(name, "")
    return next((one for one in versions if text == str(one.version)), None)


def _running(versions: list[ProcessDefinition]) -> dict[int, int]:
    """Definition -> how many cases that the user supervises run in it."""
    query = select(ProcessInstance.definition_id, func.count(ProcessInstance.id)).group_by(ProcessInstance.definition_id)
    query = query.where(ProcessInstance.definition_id.in_([one.id for one in versions]), supervision.mine())
    rows = db.session.execute(query.where(ProcessInstance.state.in_(supervision.RUNNING)))
    return {definition_id: count for definition_id, count in rows}  # noqa: C416 - dict() of rows is not typed


def _label(element: Element) -> str:
    return element.name or element.id


def _rows(old: Diagram, new: Diagram, key: str, mapping: Mapping[str, str], cases: Mapping[str, standing.Count]) -> list[Row]:
    proposed = migration.propose(old, new)
    rows = []
    for element in old.flow_nodes(key):
        options = [(one.id, _label(one)) for one in new.flow_nodes(key) if one.type == element.type]
        target = mapping.get(element.id, "")
        count = cases.get(element.id, standing.Count(0, 0)).cases
        kind = str(TYPES.get(element.type, element.type))
        same = proposed.get(element.id, "") == target != element.id and bool(target)
        rows.append(Row(element, _label(element), kind, target, same, count, options))
    # What needs an eye first: where cases stand, then the rest in the order of the file.
    return sorted(rows, key=lambda row: (not row.open, not row.cases))


def _mapping(old: Diagram, new: Diagram, key: str, batch: Batch | None) -> dict[str, str]:
    """As typed; else that of a dry run that is being corrected; else what is proposed."""
    if batch is not None:
        return dict(batch.arguments["mapping"])
    there = {element.id for element in new.flow_nodes(key)}
    proposed = migration.propose(old, new)
    found = {}
    for element in old.flow_nodes(key):
        typed = request.form.get(f"to:{element.id}", proposed.get(element.id, ""))
        found[element.id] = typed if typed in there else ""
    return found


def _before() -> Batch | None:
    """The dry run of the user's that is being corrected."""
    text = request.args.get("batch", "")
    if not text.isdecimal() or len(text) > 18:
        return None
    found = batches.get(db.session(), int(text), me())
    return found if found.kind == "migrate" else None


def _page(folder: str, error: str = "") -> ResponseReturnValue:
    session, asked, before = db.session(), _asked(folder), _before()
    running = _running(asked.versions)
    old = asked.old or next((one for one in asked.versions if running.get(one.id) and one is not asked.versions[0]), None)
    data: dict[str, object] = {"rows": [], "added": [], "without": set()}
    places: list[tuple[str, int]] = []
    if old is not None:
        counts = standing.counts(session, old, supervision.mine())
        drawn = deployments.diagram(session, old)
        places = [(_label(drawn.elements[id_]), count.cases) for id_, count in sorted(counts.items(), key=lambda one: -one[1].cases)]
        if asked.new is not None:
            there = deployments.diagram(session, asked.new)
            mapping = _mapping(drawn, there, old.key, before)
            data["rows"] = _rows(drawn, there, old.key, mapping, counts)
            data["added"] = MissedSteps(drawn, there, old.key, mapping).new
            data["without"] = set(before.arguments["without"] or ()) if before else set(request.form.getlist("without"))
    text = render_template(
        "studio/migration.html",
        folder=folder,
        processes=list({one.key: one.name for one in reversed(_versions(folder))}.items()),
        versions=asked.versions,
        old=old,
        new=asked.new,
        running=running,
        places=places,
        case=_case(old),
        reason=request.form.get("reason", before.reason if before else ""),
        error=error,
        nothing=NONE,
        analyst=may_edit(me()),
        **data,
    )
    return make_response(text, 422 if error else 200)


def _case(old: ProcessDefinition | None) -> ProcessInstance | None:
    """The one case that is meant, where the page was opened from it."""
    text = request.values.get("case", "")
    if old is None or not text.isdecimal() or len(text) > 18:
        return None
    return db.session.scalar(
        select(ProcessInstance).where(ProcessInstance.id == int(text), ProcessInstance.definition_id == old.id, supervision.mine())
    )


@bp.get("")
def show(folder: str) -> ResponseReturnValue:
    """Which cases run which version and where they stand; with two versions chosen, which element stands for which."""
    return _page(folder)


@bp.post("")
def look(folder: str) -> ResponseReturnValue:
    """The dry run: what would become of each case. It is kept, and its page is where the moving begins."""
    session, asked = db.session(), _asked(folder)
    if not supervision.supervises():
        raise NotFound(what="page", id="")
    if asked.old is None or asked.new is None:
        return _page(folder, _("Cần chọn bản đang chạy và một bản khác để chuyển sang."))
    reason = request.form.get("reason", "").strip()[:2_000]
    if not reason:
        return _page(folder, _("Cần nêu lý do."))
    old, new = deployments.diagram(session, asked.old), deployments.diagram(session, asked.new)
    mapping = _mapping(old, new, asked.old.key, None)
    added = {one.id for one in MissedSteps(old, new, asked.old.key, mapping).new}
    case = _case(asked.old)
    batch = batches.prepare(
        session,
        "migrate",
        {
            "from": asked.old.id,
            "to": asked.new.id,
            "mapping": mapping,
            "without": sorted(added.intersection(request.form.getlist("without"))),
        },
        me(),
        reason,
        ids=[case.id] if case else None,
    )
    return redirect(url_for("batches.show", batch_id=batch.id))


@bp.get("/<id:definition_id>.bpmn")
def diagram(folder: str, definition_id: int) -> Response:
    found = next((one for one in _versions(folder) if one.id == definition_id), None)
    if found is None:
        raise NotFound(what="diagram", id=definition_id)
    response = make_response(deployments.diagram(db.session(), found).source)
    response.mimetype = "application/xml"
    return response
