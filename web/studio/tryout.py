"""Trying a draft out: the page that shows how it stands. What goes on happens in this person's rehearsal and nowhere else."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Response, flash, jsonify, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import rehearsals, workspaces
from engine.contents import Contents
from engine.errors import EngineError, Refused, WentOn
from engine.scenes import Scene
from engine.sentences import say
from web.database import db, writing
from web.language import gettext as _
from web.language import locale
from web.picture import TYPES
from web.reading import of_contents
from web.sessions import me
from web.studio import bp, stepwords
from web.studio.api import finding
from web.studio.drafts import workspace


@dataclass(frozen=True)
class Trial:
    """What somebody tries out, read in one short transaction that is over: a run takes longer than others can wait for."""

    folder: str
    workspace_id: int
    user_id: int
    files: dict[str, bytes]
    scenario: dict[str, Any] | None
    version: int

    @property
    def steps(self) -> list[dict[str, Any]]:
        return list(self.scenario.get("steps", ())) if self.scenario else []

    @property
    def contents(self) -> Contents:
        """Raises Refused."""
        return rehearsals.read(self.files)

    def keep(self, scenario: dict[str, Any] | None) -> None:
        """Keep it as it is now, or (None) forget it. Raises WentOn when it was changed in the meantime."""
        if scenario is None:
            rehearsals.drop(db.session(), self.workspace_id, self.user_id)
        else:
            rehearsals.keep(db.session(), self.workspace_id, self.user_id, scenario, self.version or None)


def trial(folder: str) -> Trial:
    """What the user tries out on the draft of `folder`, and the draft's files."""
    session = db.session()
    draft = workspace(folder)
    found = rehearsals.kept(session, draft.id, me().id)
    mine = Trial(
        folder, draft.id, me().id, workspaces.files(session, draft), dict(found.scenario) if found else None, found.version if found else 0
    )
    session.commit()
    return mine


def number(name: str) -> int | None:
    """A number of the address or the form."""
    text = request.values.get(name, "")
    return int(text) if text.isdecimal() and len(text) < 10 else None


@bp.get("/<folder>/chay-thu")
@writing
def tryout(folder: str) -> ResponseReturnValue:
    """How it stands: the diagram, what waits, the clock."""
    mine = trial(folder)
    if mine.scenario is None:
        return redirect(url_for("studio.tryout_begin", folder=folder))
    try:
        scene = rehearsals.look(mine.files, mine.scenario, case=number("ho-so"))
        parsed = mine.contents
    except Refused as refused:
        return refused_page(mine, refused)
    except EngineError as error:
        return _stopped(mine, error)
    reader = of_contents(parsed, scene.choices)
    return render_template(
        "studio/tryout.html",
        folder=folder,
        trial=mine,
        scene=scene,
        process=_process_name(parsed, mine.scenario),
        values=reader.all(scene.variables),
        table=_table(scene),
        steps=[stepwords.words(step, parsed) for step in mine.steps],
        next_step=stepwords.words(mine.steps[scene.taken], parsed) if scene.error else "",
        error=say(scene.error, locale()) if scene.error else "",
        fields=getattr(scene.error, "fields", {}),
        asked=lambda place: [stepwords.principal(one, scene.choices) for one in place.asked],
        case_of={case.id: case for case in scene.cases},
        names=stepwords.messages(parsed),
        codes=stepwords.error_codes(parsed),
        shaded="phu" in request.args,
    )


def refused_page(mine: Trial, refused: Refused) -> Response:
    """What keeps the draft from being run, each with the way to its place."""
    findings = [finding(one) for one in refused.findings]
    return make_response(render_template("studio/tryout_refused.html", folder=mine.folder, findings=findings))


def _stopped(mine: Trial, error: EngineError) -> Response:
    """It cannot even begin: say why. The steps are kept."""
    text = render_template("studio/tryout_stopped.html", folder=mine.folder, trial=mine, error=say(error, locale()))
    return make_response(text, 409)


def _process_name(parsed: Contents, scenario: dict[str, Any]) -> str:
    key = scenario["process"]
    return parsed.diagram_of(key).elements[key].name or key


def _table(scene: Scene) -> list[dict[str, Any]]:
    """The diagram as rows: every named flow node, and others that were passed."""
    if scene.footprint is None or scene.case is None:
        return []
    print_ = scene.footprint
    return [
        {
            "name": node.name or node.id,
            "kind": str(TYPES.get(node.type, node.type)),
            "passed": print_.passed[node.id],
            "active": print_.tokens[node.id],
            "failed": node.id in print_.failed,
        }
        for node in print_.diagram.flow_nodes(scene.case.key)
        if node.name or print_.passed[node.id] or print_.tokens[node.id]
    ]


@bp.get("/<folder>/chay-thu/trang-thai.json")
@writing
def tryout_state(folder: str) -> ResponseReturnValue:
    """What src/diagram.js draws."""
    mine = trial(folder)
    if mine.scenario is None:
        return jsonify(passed={}, flows=[], active={}, failed=[], calls={})
    scene = rehearsals.look(mine.files, mine.scenario, case=number("ho-so"))
    return jsonify(picture(scene, folder, shaded="phu" in request.args))


def picture(scene: Scene, folder: str, *, shaded: bool = False) -> dict[str, Any]:
    """The state of one case on its diagram. `shaded`: also what was never passed."""
    if scene.footprint is None or scene.case is None:
        return {"passed": {}, "flows": [], "active": {}, "failed": [], "calls": {}}
    mark = scene.footprint
    calls = {}
    for element, cases in scene.calls.items():
        label = cases[0].title or cases[0].process if len(cases) == 1 else _("%(count)s hồ sơ con", count=len(cases))
        address = url_for("studio.tryout", **_about(folder, cases[0].id)) if len(cases) == 1 else "#cac-ho-so"
        calls[element] = {"label": label, "address": address}
    left = [n.id for n in mark.diagram.flow_nodes(scene.case.key) if not mark.passed[n.id] and not mark.tokens[n.id]]
    return {
        "passed": dict(mark.passed),
        "flows": sorted(mark.flows),
        "active": dict(mark.tokens),
        "failed": sorted(mark.failed),
        "calls": calls,
        "unpassed": left if shaded else [],
    }


@bp.get("/<folder>/chay-thu/so-do/<key>.bpmn")
@writing
def tryout_diagram(folder: str, key: str) -> Response:
    """The diagram of process `key` of the draft, byte for byte."""
    response = make_response(trial(folder).contents.diagram_of(key).source)
    response.mimetype = "application/xml"
    return response


@bp.post("/<folder>/chay-thu/lui")
def tryout_back(folder: str) -> ResponseReturnValue:
    """A step back: the last step is forgotten, or all from `tu` on."""
    mine = seen(folder)
    since = number("tu")
    steps = mine.steps[: -1 if since is None else since]
    if mine.scenario is not None:
        mine.keep({**mine.scenario, "steps": steps})
        flash(_("Đã lùi về sau bước %(number)s.", number=len(steps)) if steps else _("Đã lùi về lúc bắt đầu."), "done")
    return back_to(folder)


@bp.post("/<folder>/chay-thu/bo")
def tryout_over(folder: str) -> ResponseReturnValue:
    """Start over."""
    seen(folder).keep(None)
    return redirect(url_for("studio.tryout_begin", folder=folder))


def seen(folder: str) -> Trial:
    """As trial(), for a page that changes it: it must stand as that page showed it. Raises WentOn."""
    mine = trial(folder)
    version = number("_version")
    if version is not None and version != mine.version:
        raise WentOn
    return mine


def back_to(folder: str, case: int | None = None) -> ResponseReturnValue:
    """The page again, where work goes on."""
    return redirect(url_for("studio.tryout", _anchor="lam-tiep", **_about(folder, case)))


def _about(folder: str, case: int | None) -> dict[str, Any]:
    """The address of the page, on the diagram of one case."""
    return {"folder": folder, "ho-so": case} if case else {"folder": folder}
