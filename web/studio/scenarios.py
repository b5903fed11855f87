"""The scenarios of a draft: kept try-outs, run on its content as it is, and what of the diagrams none of them passes."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from time import monotonic
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import rehearsals, verdicts, workspaces
from engine.errors import EngineError, Invalid, NotFound, Refused
from engine.reports import Report
from engine.sentences import say
from web.database import db, writing
from web.language import gettext as _
from web.language import locale
from web.picture import TYPES
from web.sessions import me
from web.studio import bp, stepwords
from web.studio.drafts import workspace
from web.studio.tryout import Trial, back_to, seen, trial
from web.words import STATES

TOGETHER = 20.0
"""Seconds after which no further scenario is begun, where a page without scripts runs them all."""


def _all(mine: Trial) -> list[verdicts.Kept]:
    return verdicts.scenarios(mine.files)


def _one(mine: Trial, name: str) -> verdicts.Kept:
    found = next((one for one in _all(mine) if one.file == f"{verdicts.FOLDER}{name}"), None)
    if found is None:
        raise NotFound(what="scenario", id=name)
    return found


@bp.get("/<folder>/kich-ban")
@writing
def scenarios(folder: str) -> ResponseReturnValue:
    mine = trial(folder)
    kept = _all(mine)
    known = verdicts.known(db.session(), mine.workspace_id, kept)
    refused = rehearsals.check(mine.files)
    covered = [] if refused else verdicts.coverage(rehearsals.read(mine.files), known.values())
    chosen = next(
        (one for one in covered if one.process.id == request.args.get("quy-trinh")),
        max(covered, key=lambda one: len(one.passed), default=None),
    )
    return render_template(
        "studio/scenarios.html",
        folder=folder,
        rows=[(one, known.get(one.file)) for one in kept],
        told=lambda report: told(report, mine),
        verdict=verdict,
        refused=len(refused),
        covered=covered,
        chosen=chosen,
        types=TYPES,
        shown=len(known),
    )


@bp.get("/<folder>/kich-ban/tom-tat")
@writing
def scenarios_line(folder: str) -> ResponseReturnValue:
    """A part of other pages: how many end as expected, and the addresses that run those which nobody ran on this content yet."""
    mine = trial(folder)
    kept = _all(mine)
    known = verdicts.known(db.session(), mine.workspace_id, kept)
    failed = sum(verdict(report) == "failed" for report in known.values())
    refused = len(rehearsals.check(mine.files))
    left = [] if refused else [one.file.removeprefix(verdicts.FOLDER) for one in kept if one.file not in known]
    counts = {"all": len(kept), "passed": len(known) - failed, "failed": failed}
    return render_template("studio/scenario_line.html", folder=folder, refused=refused if kept else 0, left=left, **counts)


def verdict(report: Report | None) -> str:
    """passed, failed, or waiting: not yet run on this content."""
    if report is None:
        return "waiting"
    return "passed" if report.exit_code == 0 else "failed"


def told(report: Report, mine: Trial) -> list[str]:
    """What is wrong with a run, in sentences; none when it went as expected."""
    sentences = [one["sentence"] for one in report.refused[:3]]
    if report.failed_step:
        english = report.failed_step.partition(": ")[2] if report.failed_at else report.failed_step
        why = report.failed_vi if report.failed_vi and locale() == "vi" else english
        sentences.append(_("Dừng ở bước %(step)s: %(why)s", step=report.failed_at, why=why) if report.failed_at else why)
    sentences += [_different(one, mine) for one in report.unexpected]
    if not report.foreseen:
        sentences += [_("Sự cố tại “%(place)s”: %(why)s", place=one["element"], why=one["message"]) for one in report.incidents]
    return sentences


def _different(one: Mapping[str, Any], mine: Trial) -> str:
    def say_(value: Any) -> str:
        if isinstance(value, str):
            return str(STATES[value][0]) if value in STATES else value
        names = [stepwords.element(str(place).rpartition(".")[2], mine.contents) for place in value]
        return ", ".join(f"“{name}”" for name in names) or _("không có")

    what = {"state": _("trạng thái cuối"), "waiting": _("nơi đang chờ"), "incidents": _("sự cố")}.get(one["what"], one["what"])
    return _(
        "Khác mong đợi, %(what)s: mong đợi %(expected)s, nhưng là %(found)s.",
        what=what,
        expected=say_(one["expected"]),
        found=say_(one["found"]),
    )


def _judge(mine: Trial, kept: verdicts.Kept) -> Report:
    """Run one scenario on the draft as it is, outside of any transaction, and keep what was found."""
    db.session.commit()
    report = Report(state="failed", failed_step=_("Tệp kịch bản không đọc được: %(why)s", why=kept.wrong)) if kept.wrong else None
    report = report or rehearsals.judge(mine.files, kept.scenario)
    verdicts.store(db.session(), mine.workspace_id, kept, report)
    return report


@bp.post("/<folder>/kich-ban/<name>/chay")
def run_scenario(folder: str, name: str) -> ResponseReturnValue:
    """Run one. A script is told in JSON what the page would show."""
    mine = trial(folder)
    kept = _one(mine, name)
    report = _judge(mine, kept)
    if "application/json" in request.headers.get("Accept", ""):
        words = {"passed": _("đúng như mong đợi"), "failed": _("không đúng")}[verdict(report)]
        return jsonify(verdict=verdict(report), words=words, told=told(report, mine))
    return redirect(url_for("studio.scenarios", folder=folder))


@bp.post("/<folder>/kich-ban/chay-het")
def run_scenarios(folder: str) -> ResponseReturnValue:
    """Run those that were not yet run on this content (all, if `lai`), one after another."""
    mine = trial(folder)
    kept = _all(mine)
    known = {} if request.form.get("lai") else verdicts.known(db.session(), mine.workspace_id, kept)
    until = monotonic() + TOGETHER
    left = [one for one in kept if one.file not in known]
    while left and monotonic() < until:
        _judge(mine, left.pop(0))
    if left:
        flash(_("Còn %(count)s kịch bản chưa chạy. Hãy bấm chạy tiếp.", count=len(left)), "waiting")
    return redirect(url_for("studio.scenarios", folder=folder))


@bp.get("/<folder>/kich-ban/phu/<key>.json")
@writing
def coverage(folder: str, key: str) -> ResponseReturnValue:
    """What src/diagram.js draws: what the scenarios passed, and what they never did."""
    mine = trial(folder)
    known = verdicts.known(db.session(), mine.workspace_id, _all(mine))
    one = next((one for one in verdicts.coverage(mine.contents, known.values()) if one.process.id == key), None)
    if one is None:
        raise NotFound(what="process", id=key)
    flows = sorted(flow for flow in one.passed if one.diagram.elements[flow].type == "sequenceFlow")
    passed = {node.id: one.passed[node.id] for node in one.nodes if one.passed[node.id]}
    missed = [node.id for node in one.missed] + one.missed_flows
    return jsonify(passed=passed, flows=flows, active={}, failed=[], calls={}, unpassed=missed)


# --- keeping them ----------------------------------------------------------------------------------------------------------------------


@bp.post("/<folder>/chay-thu/giu")
def keep_tryout(folder: str) -> ResponseReturnValue:
    """Keep the try-out as a scenario of the draft, with how it stands now as what is expected."""
    mine = seen(folder)
    name = " ".join(request.form.get("ten", "").split())[:200]
    try:
        if mine.scenario is None:
            raise NotFound(what="try-out", id=folder)
        if not name:
            raise Invalid(expected=_("tên của kịch bản"), found=_("chỗ trống"))
        scenario = {"name": name, **_lean(mine.scenario), "expect": rehearsals.outcome(mine.files, mine.scenario)}
        file = _free(mine, name)
        workspaces.add(db.session(), workspace(folder), file, _written(scenario), me())
    except EngineError as error:
        flash(say(error, locale()), "late")
        return back_to(folder)
    flash(_("Đã giữ kịch bản “%(name)s” trong bản nháp.", name=name), "done")
    return redirect(url_for("studio.scenarios", folder=folder))


def _written(scenario: Mapping[str, Any]) -> bytes:
    return (json.dumps(scenario, ensure_ascii=False, indent=1) + "\n").encode()


def _lean(scenario: Mapping[str, Any]) -> dict[str, Any]:
    """Without the bodies and accounts that nothing in it names: a scenario is handed on with the draft."""
    said = json.dumps([scenario.get("variables", {}), scenario.get("steps", [])], ensure_ascii=False)
    lean = dict(scenario)
    for cast in ("organisations", "accounts"):
        lean[cast] = {code: name for code, name in scenario.get(cast, {}).items() if json.dumps(code, ensure_ascii=False) in said}
    return lean


def _free(mine: Trial, name: str) -> str:
    """A file name for a scenario of this name that the draft does not have."""
    plain = unicodedata.normalize("NFD", name.lower().replace("đ", "d"))
    slug = re.sub(r"[^a-z0-9]+", "_", plain.encode("ascii", "ignore").decode()).strip("_")[:60] or "kich_ban"
    taken = {one.removeprefix(verdicts.FOLDER) for one in mine.files}
    number = 1
    while (file := f"{slug}{'' if number == 1 else f'_{number}'}{verdicts.ENDING}") in taken:
        number += 1
    return verdicts.FOLDER + file


@bp.post("/<folder>/kich-ban/<name>/mo")
def open_scenario(folder: str, name: str) -> ResponseReturnValue:
    """Try it out again from its last step; what was tried out before is forgotten."""
    mine = trial(folder)
    kept = _one(mine, name)
    try:
        if kept.wrong:
            raise Invalid(expected=_("một kịch bản đọc được"), found=kept.wrong)
        scenario = {key: value for key, value in kept.scenario.items() if key not in ("expect", "name")}
        rehearsals.look(mine.files, scenario)
    except Refused:
        return redirect(url_for("studio.tryout_begin", folder=folder))
    except EngineError as error:
        flash(say(error, locale()), "late")
        return redirect(url_for("studio.scenarios", folder=folder))
    mine.keep(scenario)
    return back_to(folder)


@bp.post("/<folder>/kich-ban/<name>/mong-doi")
def expect_scenario(folder: str, name: str) -> ResponseReturnValue:
    """From now on it is expected to end as it ends now."""
    mine = trial(folder)
    kept = _one(mine, name)
    report = rehearsals.judge(mine.files, {key: value for key, value in kept.scenario.items() if key != "expect"})
    if report.refused or report.failed_step:
        flash(_("Kịch bản chưa chạy được đến cuối, nên chưa có gì để mong đợi."), "late")
    else:
        scenario = {**kept.scenario, "expect": report.outcome()}
        workspaces.change(db.session(), workspace(folder), {kept.file: _written(scenario)}, me(), "saved")
        flash(_("Từ nay kịch bản “%(name)s” được mong đợi kết thúc như vậy.", name=kept.name), "done")
    return redirect(url_for("studio.scenarios", folder=folder))


@bp.post("/<folder>/kich-ban/<name>/bo")
def drop_scenario(folder: str, name: str) -> ResponseReturnValue:
    mine = trial(folder)
    kept = _one(mine, name)
    workspaces.remove(db.session(), workspace(folder), kept.file, me())
    flash(_("Đã bỏ kịch bản “%(name)s” khỏi bản nháp. Các bản trước của bản nháp vẫn còn nó.", name=kept.name), "done")
    return redirect(url_for("studio.scenarios", folder=folder))
