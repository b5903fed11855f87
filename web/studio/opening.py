"""How a try-out begins: which process, at which start event, with whose names, on which day, and what its start form says."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time
from typing import Any

from flask import Response, make_response, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import rehearsals, verdicts
from engine.contents import Contents
from engine.diagram import Element
from engine.errors import EngineError, FormInvalid, Invalid, NotFound, Refused
from engine.forms import Form
from engine.forms.place import lookup
from engine.models import Organisation, User
from engine.sentences import say
from engine.stubs import Anything
from web import forms
from web.database import db, writing
from web.language import gettext as _
from web.language import locale
from web.studio import bp, stepwords
from web.studio.tryout import Trial, back_to, refused_page, trial
from web.words import HOME, today

NAMES = 500
"""Bodies and accounts whose names a try-out takes over, of each at most."""
REAL = "thuc"


@dataclass
class Opening:
    """What the page asks for, as far as it is answered."""

    key: str
    process: Element
    form: Form
    events: list[Any]
    """Start events to choose from; one of them plain: none is to be chosen."""
    cast: str
    organisations: Mapping[str, str]
    accounts: Mapping[str, str]
    data: dict[str, Any] = field(default_factory=dict)
    errors: Mapping[str, str] = field(default_factory=dict)
    error: str = ""
    focus: str = ""

    @property
    def choices(self) -> dict[str, Any]:
        """As engine.user_tasks.choices, for the cast."""
        return {
            "_to_chuc": [{"label": name, "value": code} for code, name in sorted(self.organisations.items(), key=lambda one: one[1])],
            "_tai_khoan": [{"label": name, "value": code} for code, name in sorted(self.accounts.items(), key=lambda one: one[1])],
        }


def _processes(parsed: Contents, folder: str) -> list[Element]:
    """All that can be tried out: first the one that the folder is called after, last those that others call."""
    called = {e.node.get("calledElement") for d in parsed.diagrams.values() for e in d.elements.values() if e.type == "callActivity"}
    found = [process for diagram in parsed.diagrams.values() for process in diagram.executable]
    return sorted(found, key=lambda process: (process.id != folder, process.id in called))


def _casts(mine: Trial) -> dict[str, verdicts.Kept]:
    """Scenarios that bring bodies and accounts of their own, by file."""
    return {one.file: one for one in verdicts.scenarios(mine.files) if isinstance(one.scenario.get("organisations"), dict)}


def _opening(mine: Trial, parsed: Contents) -> Opening:
    processes = _processes(parsed, mine.folder)
    if not processes:
        raise NotFound(what="process", id=mine.folder)
    key = (request.args.get("quy-trinh") or request.form.get("_quy-trinh", "")) or processes[0].id
    program = parsed.program(key)
    plain = next((event for event in program.start_events if event.kind == "none"), None)
    form = parsed.form(plain.form, key, plain.element_id) if plain else None
    casts = _casts(mine)
    cast = request.args.get("ten") or request.form.get("_ten", next(iter(casts), REAL))
    organisations, accounts = _names(casts.get(cast))
    return Opening(
        key,
        next(process for process in processes if process.id == key),
        form or Form.empty(),
        [] if plain else list(program.start_events),
        cast if cast in casts else REAL,
        organisations,
        accounts,
    )


def _names(kept: verdicts.Kept | None) -> tuple[dict[str, str], dict[str, str]]:
    """Bodies and accounts by code: those of a scenario, else the names of the real ones and nothing else of them."""
    if kept is not None:
        bodies, people = kept.scenario.get("organisations", {}), kept.scenario.get("accounts", {})
        return {str(code): str(name) for code, name in bodies.items()}, {str(code): str(name) for code, name in dict(people).items()}
    bodies = db.session.execute(select(Organisation.code, Organisation.name).order_by(Organisation.name).limit(NAMES)).all()
    people = db.session.execute(select(User.username, User.name).where(User.active).order_by(User.name).limit(NAMES)).all()
    return {row.code: row.name for row in bodies}, {row.username: row.name for row in people}


def _page(mine: Trial, parsed: Contents, opening: Opening) -> Response:
    text = render_template(
        "studio/tryout_begin.html",
        folder=mine.folder,
        trial=mine,
        opening=opening,
        processes=_processes(parsed, mine.folder),
        casts=_casts(mine),
        day=request.values.get("_ngay") or f"{today():%d/%m/%Y}",
        typed=request.form,
    )
    return make_response(text, 422 if opening.errors or opening.error else 200)


@bp.get("/<folder>/chay-thu/bat-dau")
@writing
def tryout_begin(folder: str) -> ResponseReturnValue:
    mine = trial(folder)
    try:
        parsed = mine.contents
        opening = _opening(mine, parsed)
    except Refused as refused:
        return refused_page(mine, refused)
    opening.data = opening.form.defaults(opening.choices)
    return _page(mine, parsed, opening)


@bp.post("/<folder>/chay-thu/bat-dau/sua")
def tryout_edit_begin(folder: str) -> ResponseReturnValue:
    """A button that changes the start form without handing it in."""
    mine = trial(folder)
    parsed = mine.contents
    opening = _opening(mine, parsed)
    edited = forms.edit(opening.form, request.form, opening.choices)
    pretend_to_attach(opening.form, edited.data)
    opening.data, opening.focus = edited.data, edited.focus
    return _page(mine, parsed, opening)


def pretend_to_attach(form: Form, data: dict[str, Any]) -> None:
    """Files that come with a form are not stored: a number stands for each, as if it were."""
    for name, _file in forms.uploads(form, request.files):
        forms.add_document(form, data, name, max(_files(form, data), default=0) + 1)


def _files(form: Form, data: Mapping[str, Any]) -> list[int]:
    """Numbers that stand in file fields already."""
    found: list[int] = []
    for one in form.fields:
        value = lookup(data, one.path.split(".")) if one.type == "filepicker" else None
        found += [number for number in value if isinstance(number, int)] if isinstance(value, list) else []
    return found


@bp.post("/<folder>/chay-thu/bat-dau")
def tryout_start(folder: str) -> ResponseReturnValue:
    mine = trial(folder)
    try:
        parsed = mine.contents
    except Refused as refused:
        return refused_page(mine, refused)
    opening = _opening(mine, parsed)
    opening.data = forms.parse(opening.form, request.form)
    pretend_to_attach(opening.form, opening.data)
    db.session.commit()  # The run takes longer than others can wait for.
    try:
        scenario = _scenario(opening)
        rehearsals.look(mine.files, scenario)
    except FormInvalid as error:
        opening.errors = error.fields
        return _page(mine, parsed, opening)
    except EngineError as error:
        opening.error = say(error, locale())
        return _page(mine, parsed, opening)
    mine.keep(scenario)
    return back_to(folder)


def _scenario(opening: Opening) -> dict[str, Any]:
    """What is tried out, before any step. Raises FormInvalid, Invalid."""
    begins = _day(request.form.get("_ngay", ""))
    entered = opening.data
    if opening.form.components:
        entered = opening.form.validate(entered, {**opening.choices, "_now": begins.isoformat()}, documents=Anything())
    scenario: dict[str, Any] = {
        "process": opening.key,
        "now": begins.isoformat(),
        "organisations": dict(opening.organisations),
        "accounts": dict(opening.accounts),
        "variables": {**stepwords.variables(request.form.get("_bien", "")), **entered},
        "steps": [],
    }
    if request.form.get("_dung"):
        scenario["services"] = "wait"
    if key := request.form.get("_ma_ho_so", "").strip()[:200]:
        scenario["business_key"] = key
    if opening.events and (chosen := request.form.get("_su_kien", "")):
        if chosen not in {event.element_id for event in opening.events}:
            raise NotFound(what="start event", id=chosen)
        scenario["start_event"] = chosen
    return scenario


def _day(text: str) -> datetime:
    """Eight o'clock of a day written dd/mm/yyyy; today where nothing is written."""
    if not text.strip():
        return datetime.combine(today(), time(8), HOME)
    try:
        return datetime.combine(datetime.fromisoformat(forms.moment(text, "date")).date(), time(8), HOME)
    except ValueError:
        raise Invalid(expected=_("ngày bắt đầu viết theo dạng ngày/tháng/năm"), found=text[:40]) from None
