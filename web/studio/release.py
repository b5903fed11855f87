"""Releasing: a checklist, the form, a look at what would happen, and then it happens or is asked for."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, time

from flask import current_app, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine import contents, deployments, reader, releases, verdicts, workspaces
from engine import db as engine_db
from engine.errors import Conflict, EngineError, Finding, Invalid, NotFound, Refused, Severity
from engine.releases import Seen, Wish
from engine.sentences import say
from web.database import db, writing
from web.errors import status_of
from web.language import gettext as _
from web.language import locale
from web.rights import may_release
from web.sessions import me
from web.studio import bp, compare, versions
from web.studio.api import known_topics
from web.studio.drafts import workspace
from web.studio.versions import Side
from web.words import HOME, write_date

MOST = 4000
"""Letters of a note."""


@dataclass(frozen=True)
class Asked:
    """What stands in the form, as it was typed."""

    note: str = ""
    basis: str = ""
    date: str = ""
    revision: int | None = None
    """The draft's revision that is meant."""
    restores: int | None = None
    """Instead of the draft: the version that is meant."""
    seen: int = 0
    """Number of the newest version when the page was made; 0: there was none."""


def second_person() -> bool:
    """Whether releases take a second person here."""
    return bool(current_app.config["RELEASE_APPROVAL"])


def at_once() -> bool:
    """Whether the user's release happens at once, and is not only asked for."""
    return may_release(me()) and not second_person()


# --- the form ----------------------------------------------------------------------------------------------------------------------------


@bp.get("/<folder>/phat-hanh")
@writing
def release(folder: str) -> ResponseReturnValue:
    """The checklist and the form, for the draft or (`khoi-phuc`) for an earlier version that is to come back."""
    restores = whole_number(request.args.get("khoi-phuc", ""))
    if restores is not None and versions.number(folder, restores) is None:
        raise NotFound(what="version", id=restores)
    note = _("Quay lại nội dung bản %(number)s.", number=restores) if restores else ""
    seen = releases.seen(db.session(), folder).number or 0
    return _form(folder, Asked(note=note, restores=restores, seen=seen), {})


@bp.post("/<folder>/phat-hanh")
def release_post(folder: str) -> ResponseReturnValue:
    """`buoc`: sua (back to the form), xem-truoc (a look at it), phat-hanh (do it)."""
    asked = _typed()
    side, asked = _meant(folder, asked)
    step = request.form.get("buoc")
    valid_from, wrong = _checked(asked)
    if wrong or step == "sua":
        return _form(folder, asked, wrong)
    if step != "phat-hanh":
        return _look(folder, asked, side, valid_from)
    wish = Wish(folder, side.files, asked.note, asked.basis, valid_from, asked.revision, asked.restores)
    db.session.commit()  # Reading strangers' files takes seconds: outside any transaction.
    reader.check(side.files, known_topics())
    try:
        return _done(folder, wish, Seen(asked.seen or None))
    except (Conflict, Invalid, Refused) as refused:
        db.session.rollback()
        made = _made_already(folder, wish)
        return made or _form(folder, replace(asked, seen=releases.seen(db.session(), folder).number or 0), {}, refused)


def _typed() -> Asked:
    def text(name: str) -> str:
        return request.form.get(name, "").strip().replace("\r\n", "\n")[:MOST]

    def whole(name: str) -> int | None:
        return whole_number(request.form.get(name, ""))

    return Asked(text("ghi_chu"), text("can_cu"), text("hieu_luc"), whole("lan_luu"), whole("khoi_phuc"), whole("da_xem") or 0)


def whole_number(text: str) -> int | None:
    """The number of a version or revision, if it can be one."""
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else None


def _meant(folder: str, asked: Asked) -> tuple[Side, Asked]:
    """The state that is meant. A revision of the draft is kept from now on, whoever edits on."""
    if asked.restores is not None:
        return versions.side(folder, str(asked.restores)), replace(asked, revision=None)
    draft = workspace(folder)
    try:
        revision = workspaces.revision(db.session(), draft, asked.revision or draft.head)
    except NotFound:
        # Autosaves took its place before it was looked at.
        revision = workspaces.head(db.session(), draft)
    revision.kept = True
    db.session.flush()
    return versions.side(folder, f"{versions.DRAFT}-{revision.number}"), replace(asked, revision=revision.number)


def _checked(asked: Asked) -> tuple[datetime | None, dict[str, str]]:
    """From when on it is to be valid (None: at once), and field -> what is wrong with it."""
    wrong = {}
    if not asked.note:
        wrong["ghi_chu"] = _("Hãy ghi nội dung thay đổi.")
    if not asked.basis:
        wrong["can_cu"] = _("Hãy ghi căn cứ (văn bản, điều khoản). Nếu chỉ sửa lỗi trình bày, hãy ghi rõ như vậy.")
    if not asked.date:
        return None, wrong
    now = engine_db.now(db.session()).astimezone(HOME)
    try:
        day = datetime.strptime(asked.date, "%d/%m/%Y").date()  # noqa: DTZ007 a day has no zone; the next line gives it one
    except ValueError:
        return None, {
            **wrong,
            "hieu_luc": _("Cần ngày dạng ngày/tháng/năm, ví dụ 01/01/2027, nhưng nhận được “%(typed)s”.", typed=asked.date[:40]),
        }
    if day == now.date():
        return None, wrong
    if day < now.date():
        wrong["hieu_luc"] = _(
            "Ngày có hiệu lực phải từ hôm nay (%(today)s) trở đi, nhưng nhận được %(date)s.", today=write_date(now), date=asked.date
        )
    elif (day - now.date()) > releases.FURTHEST:
        wrong["hieu_luc"] = _("Ngày có hiệu lực phải trong vòng mười năm, nhưng nhận được %(date)s.", date=asked.date)
    return datetime.combine(day, time(), HOME), wrong


def _done(folder: str, wish: Wish, seen: Seen) -> ResponseReturnValue:
    if at_once():
        made = releases.release(db.session(), wish, user=me(), topics=known_topics(), seen=seen)
        number = made.deployment.number if made.deployment else 0
        words = (
            _("Đã phát hành bản %(number)s, có hiệu lực từ %(date)s.", number=number, date=write_date(wish.valid_from))
            if wish.valid_from
            else _("Đã phát hành bản %(number)s. Hồ sơ mới bắt đầu theo bản này; hồ sơ đang chạy giữ bản của mình.", number=number)
        )
        flash(words, "done")
        return redirect(url_for("studio.release", folder=folder))
    made = releases.propose(db.session(), wish, user=me(), topics=known_topics(), seen=seen)
    flash(_("Đã gửi đề nghị phát hành số %(number)s. Người có quyền phát hành sẽ duyệt.", number=made.id), "done")
    return redirect(url_for("studio.proposal", folder=folder, release_id=made.id))


def _made_already(folder: str, wish: Wish) -> ResponseReturnValue | None:
    """The button was pressed twice: it is what was wanted, and there is nothing to complain about."""
    last = deployments.last(db.session(), folder)
    same = last is not None and last.digest == contents.digest(wish.files) and last.deployed_by_id == me().id
    if last is None or not same or last.valid_from != wish.valid_from:
        return None
    flash(_("Nội dung này đã được phát hành: bản %(number)s.", number=last.number), "done")
    return redirect(url_for("studio.release", folder=folder))


# --- pages -------------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Checklist:
    """What is to be known before a release."""

    findings: list[Finding]
    found: list[compare.Compared]
    scenarios: int
    passed: int
    failed: int
    """Of the scenarios; the others have not been run on this content."""
    old: Side
    new: Side

    def of(self, severity: str) -> list[tuple[Finding, str]]:
        """Those findings, with their sentence."""
        return [(one, one.en if locale() == "en" else one.vi) for one in self.findings if one.severity == Severity(severity)]

    @property
    def runs(self) -> bool:
        """Whether nothing stands in the way."""
        return all(one.severity is Severity.WARNING for one in self.findings)


def checklist_of(folder: str, new: Side) -> Checklist:
    """What is to be known of `new`. Ends the transaction."""
    in_force = versions.current(folder)
    old = versions.side(folder, str(in_force.number) if in_force else "0")
    draft = workspaces.find(db.session(), folder)
    beside = workspaces.files(db.session(), draft) if draft else {}
    # The draft's scenarios on the content that is meant, whichever state of the folder that is.
    kept = verdicts.scenarios({**{name: data for name, data in beside.items() if name.startswith(verdicts.FOLDER)}, **new.files})
    known = verdicts.known(db.session(), draft.id, kept) if draft else {}
    failed = sum(report.exit_code != 0 for report in known.values())
    db.session.commit()  # As above.
    found = compare.compared(old, new)
    return Checklist(reader.check(new.files, known_topics()), found, len(kept), len(known) - failed, failed, old, new)


def _form(folder: str, asked: Asked, wrong: dict[str, str], refused: EngineError | None = None) -> ResponseReturnValue:
    side, asked = _meant(folder, asked)
    checklist = checklist_of(folder, side)
    page = render_template(
        "studio/release.html",
        folder=folder,
        asked=asked,
        wrong=wrong,
        refused=say(refused, locale()) if refused else "",
        checklist=checklist,
        at_once=at_once(),
        may_release=may_release(me()),
        known=versions.all_(folder),
        pending=releases.pending(db.session(), folder),
        history=[one for one in releases.history(db.session(), folder) if one.state != releases.PROPOSED and one.deployment_id is None],
        edited=edited_since(folder, asked.revision),
    )
    return page, status_of(refused) if refused else 422 if wrong else 200


def _look(folder: str, asked: Asked, side: Side, valid_from: datetime | None) -> ResponseReturnValue:
    checklist = checklist_of(folder, side)
    return render_template(
        "studio/release_look.html",
        folder=folder,
        asked=asked,
        checklist=checklist,
        valid_from=valid_from,
        coming=[one for one in versions.all_(folder) if one.state == "coming"],
        at_once=at_once(),
        edited=edited_since(folder, asked.revision),
    )


def edited_since(folder: str, revision: int | None) -> dict[str, str] | None:
    """Who has edited the draft since `revision`, and when; None when nobody has."""
    draft = workspaces.find(db.session(), folder)
    if revision is None or draft is None or draft.head == revision:
        return None
    now, then = workspaces.head(db.session(), draft), workspaces.revision(db.session(), draft, revision)
    if now.digest == then.digest:
        return None
    now = workspaces.revision(db.session(), draft, draft.head)
    return {"by": now.user.name if now.user else _("một chương trình"), "at": f"{now.at.astimezone(HOME):%H:%M %d/%m/%Y}"}
