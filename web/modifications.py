"""Moving the tokens of one case by hand: what is chosen, what it would do, doing it, and taking it back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from engine import deployments, executions, modifications, pending_changes
from engine.diagram import Diagram
from engine.errors import EngineError, NotModifiable
from engine.models import Organisation, ProcessInstance, User
from engine.modifications import Change, Place, Preview, Wait, WaitKind
from engine.sentences import say
from web import supervision
from web.database import db, only_read
from web.language import gettext as _
from web.language import locale
from web.picture import TYPES
from web.sessions import me

bp = Blueprint("modifications", __name__, url_prefix="/giam-sat/ho-so/<id:instance_id>")
bp.before_request(supervision.guard)
MOVE, SKIP, RESTART = "chuyen", "bo_qua", "mo_lai"


@dataclass(frozen=True)
class Choice:
    """What a person has chosen. `way`: move, skip, or restart of a case that has ended."""

    way: str
    places: tuple[str, ...]
    target: str
    reason: str
    seen: int

    @classmethod
    def read(cls, instance: ProcessInstance) -> Choice:
        form = request.form
        way = RESTART if instance.state in modifications.ENDED else SKIP if form.get("way") == SKIP else MOVE
        seen = form.get("seen", "")
        number = int(seen) if seen.isdecimal() and len(seen) < 10 else instance.version
        places = tuple(dict.fromkeys(one[:80] for one in form.getlist("place")))[:200]
        return cls(way, places, form.get("target", "")[:200], form.get("reason", "").strip()[:2_000], number)

    @property
    def change(self) -> Change:
        if self.way == SKIP:
            return Change(skips=self.places)
        return Change(ends=self.places, starts=(self.target,) if self.target else ())

    def missing(self) -> str:
        """What is still to be chosen, in a sentence."""
        if self.way != RESTART and not self.places:
            return _("Cần chọn ít nhất một chỗ hồ sơ đang đứng.")
        if self.way != SKIP and not self.target:
            return _("Cần chọn bước để bắt đầu.")
        return "" if self.reason else _("Cần nêu lý do.")


def _name(diagram: Diagram, element_id: str) -> str:
    element = diagram.elements.get(element_id)
    return element.name or str(TYPES.get(element.type, element.type)) if element else element_id


def _label(diagram: Diagram, place: Place) -> str:
    """Where a token stands, for people."""
    within = "".join(f"{_name(diagram, one)} › " for one in place.within)
    name = within + _name(diagram, place.element_id)
    if place.join:
        return _("%(count)s nhánh đã đến “%(name)s”", count=place.count, name=name)
    return _("%(name)s (%(count)s lượt)", name=name, count=place.count) if place.count > 1 else name


def _asked_of(wait: Wait) -> str:
    """Whom a new task would go to: people and bodies by name."""
    accounts = [*([wait.assignee] if wait.assignee else []), *wait.candidate_users]
    named = select(User.username, User.name).where(User.username.in_(accounts))
    people: dict[str, str] = {key: name for key, name in db.session.execute(named)}  # noqa: C416 - dict() of rows is not typed
    codes = [group.partition("@")[2] for group in wait.candidate_groups]
    known = select(Organisation.code, Organisation.name).where(Organisation.code.in_(codes))
    bodies: dict[str, str] = {key: name for key, name in db.session.execute(known)}  # noqa: C416 - dict() of rows is not typed
    found = [people.get(one, one) for one in accounts]
    for group in wait.candidate_groups:
        role, _at, code = group.partition("@")
        found.append(f"{bodies.get(code, code)} ({role})" if code else role)
    return ", ".join(found)


def told(diagram: Diagram, preview: Preview) -> list[tuple[str, str]]:
    """(icon, sentence) of everything that a change would do."""
    found: list[tuple[str, str]] = []
    effects = preview.effects
    for wait in effects.closed:
        name = wait.name or _name(diagram, wait.element_id)
        if wait.kind is WaitKind.USER_TASK:
            found.append(("x-lg", _("Việc “%(name)s” bị bỏ.", name=name)))
        elif wait.kind is WaitKind.CALL:
            found.append(("x-lg", _("Hồ sơ con của bước “%(name)s” bị hủy.", name=name)))
        else:
            found.append(("x-lg", _("“%(name)s” không còn chờ nữa.", name=name)))
    for wait in effects.opened:
        name = wait.name or _name(diagram, wait.element_id)
        if wait.kind is WaitKind.USER_TASK:
            who = _asked_of(wait)
            found.append(("plus-lg", _("Việc mới “%(name)s”, giao cho %(who)s.", name=name, who=who or _("chưa có ai"))))
        elif wait.kind is WaitKind.CALL:
            found.append(("plus-lg", _("Bước “%(name)s” mở một hồ sơ con mới.", name=name)))
        else:
            found.append(("clock", _("Bắt đầu chờ ở “%(name)s”.", name=name)))
    found += [("arrow-right", _("Gửi “%(name)s” ra ngoài hồ sơ.", name=one.name)) for one in effects.thrown]
    for failure in effects.failures:
        found.append(("exclamation-octagon-fill", _("Sẽ gặp lỗi ở “%(name)s”.", name=_name(diagram, failure.element_id))))
    if preview.state != executions.ACTIVE:
        found.append(("check-circle-fill", _("Hồ sơ kết thúc.")))
    return found


def _page(instance: ProcessInstance, choice: Choice | None = None, preview: Preview | None = None, error: str = "") -> ResponseReturnValue:
    session = db.session()
    diagram = deployments.diagram(session, instance.definition)
    execution = executions.load(session, instance)
    places = [] if instance.state in modifications.ENDED else execution.places
    text = render_template(
        "modifications/show.html",
        instance=instance,
        places=[(one, _label(diagram, one)) for one in places],
        targets=[(id_, element_words(diagram, id_)) for id_ in execution.targets],
        choice=choice,
        preview=preview,
        after=[(one, _label(diagram, one)) for one in preview.after] if preview else [],
        told=told(diagram, preview) if preview else [],
        error=error,
        ended=instance.state in modifications.ENDED,
        undoable=modifications.last(session, instance.id, me()) if instance.state in (executions.ACTIVE, "completed") else None,
        asked=request.args.get("target", ""),
    )
    return make_response(text, 422 if error else 200)


def element_words(diagram: Diagram, element_id: str) -> str:
    """An element with what it is."""
    element = diagram.elements[element_id]
    kind = str(TYPES.get(element.type, element.type))
    return f"{element.name} ({kind})" if element.name else f"{kind} ({element_id})"


def _sentences(error: NotModifiable) -> str:
    return " ".join(str(getattr(one, "vi" if locale() == "vi" else "en", "")) for one in error.obstacles)


@bp.get("/chuyen-buoc")
def show(instance_id: int) -> ResponseReturnValue:
    return _page(supervision.case(instance_id))


@bp.post("/chuyen-buoc/xem")
def look(instance_id: int) -> ResponseReturnValue:
    """What the choice would do. Nothing is done."""
    instance = supervision.case(instance_id)
    choice = Choice.read(instance)
    if missing := choice.missing():
        return _page(instance, choice, error=missing)
    session = db.session()
    try:
        if choice.way == RESTART:
            preview = modifications.plan_restart(session, instance, [choice.target])
        else:
            preview = modifications.plan(session, instance, choice.change)
    except EngineError as error:
        return _page(instance, choice, error=say(error, locale()))
    if preview.obstacles:
        return _page(instance, choice, error=_sentences(NotModifiable(instance.business_key, preview.obstacles)))
    return _page(instance, choice, preview)


@bp.post("/chuyen-buoc")
def apply(instance_id: int) -> ResponseReturnValue:
    instance = supervision.case(instance_id)
    choice = Choice.read(instance)
    if missing := choice.missing():
        return _page(instance, choice, error=missing)
    if request.form.get("later"):
        return _later(instance, choice)
    session, user = db.session(), me()
    try:
        if choice.way == RESTART:
            modifications.restart(session, instance_id, user, [choice.target], choice.reason, seen=choice.seen)
        else:
            modifications.modify(session, instance_id, user, choice.change, choice.reason, seen=choice.seen)
    except EngineError as error:
        return _refused(instance_id, choice, error)
    flash(_("Đã mở lại hồ sơ.") if choice.way == RESTART else _("Đã bỏ qua bước.") if choice.way == SKIP else _("Đã chuyển bước."), "done")
    return redirect(url_for("modifications.show", instance_id=instance_id))


def _refused(instance_id: int, choice: Choice, error: EngineError) -> ResponseReturnValue:
    """Nothing was done; what was chosen stays on the page."""
    sentence = _sentences(error) if isinstance(error, NotModifiable) else say(error, locale())
    db.session.rollback()
    only_read()
    return _page(supervision.case(instance_id), choice, error=sentence)


def _later(instance: ProcessInstance, choice: Choice) -> ResponseReturnValue:
    """Onto the list of pending changes, which names steps, not places."""
    places = executions.load(db.session(), instance).places
    elements = list(dict.fromkeys(one.element_id for one in places if one.id in choice.places))
    if any(one.element_id in elements and one.id not in choice.places for one in places):
        return _page(instance, choice, error=_("Bước này đang mở nhiều lượt: trong danh sách chờ phải chọn tất cả các lượt."))
    named = {"skips" if choice.way == SKIP else "ends": elements, "starts": [] if choice.way == SKIP else [choice.target]}
    return gather(me(), "modify", {**named, "restart": choice.way == RESTART}, [instance.id])


def gather(user: User, kind: str, arguments: dict[str, Any], ids: list[int]) -> ResponseReturnValue:
    """Put an act on the user's list, and show the list."""
    pending_changes.add(db.session(), user, kind, arguments, ids)
    flash(_("Đã đưa vào danh sách chờ áp dụng."), "done")
    return redirect(url_for("pending.index"))


@bp.post("/hoan-tac")
def undo(instance_id: int) -> ResponseReturnValue:
    """Take the last modification back."""
    instance = supervision.case(instance_id)
    event, reason = request.form.get("event", ""), request.form.get("reason", "").strip()[:2_000]
    if not reason:
        return _page(instance, error=_("Cần nêu lý do."))
    number = int(event) if event.isdecimal() and len(event) <= 18 else 0
    try:
        modifications.undo(db.session(), instance_id, me(), number, reason)
    except NotModifiable as error:
        return _page(instance, error=_sentences(error))
    flash(_("Đã hoàn tác: hồ sơ trở lại bước trước."), "done")
    return redirect(url_for("modifications.show", instance_id=instance_id))
