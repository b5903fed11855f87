"""What the editors ask while somebody edits: a file and its saving, its lock, and what the rules say about it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache
from typing import Any

from flask import jsonify, request, url_for
from flask.typing import ResponseReturnValue

from engine import reader, topics, workspaces
from engine.errors import Finding, Invalid
from engine.models import WorkspaceLock
from web.database import db, keep, writing
from web.language import gettext as _
from web.language import locale
from web.sessions import me
from web.studio import bp, rules, text
from web.studio.drafts import workspace as workspace
from web.words import write_moment

ENDINGS = (".bpmn", ".bpmn20.xml", ".dmn", ".form", ".json", ".md")
"""What can be edited as text."""


def asked(*fields: str) -> dict[str, Any]:
    """The JSON object of this request; `fields` must be texts in it. Raises Invalid."""
    given = request.get_json(silent=True)
    if not isinstance(given, dict):
        raise Invalid(expected="a JSON object", found="something else")
    for name in fields:
        if not isinstance(given.get(name), str):
            raise Invalid(expected=f"text in field {name}", found="none")
    return given


@bp.get("/<folder>/api/tep/<path:name>")
@writing
def file(folder: str, name: str) -> ResponseReturnValue:
    """One file of the draft as text. What is no text cannot be edited here; its `content` is empty then."""
    draft = workspace(folder)
    data = workspaces.read(db.session(), draft, name)
    content = text.decoded(data, name) if name.endswith(ENDINGS) else None
    held = next((lock for lock in workspaces.holders(db.session(), draft) if lock.name == name), None)
    return jsonify(
        name=name,
        content=content if content is not None else "",
        sha256=text.sha256(data),
        revision=draft.head,
        lock=_lock(held),
        editable=content is not None,
    )


@bp.put("/<folder>/api/tep/<path:name>")
def save(folder: str, name: str) -> ResponseReturnValue:
    """{content, base} -> {sha256, revision, saved_at}; another was faster: 409 {error, by, at, sha256, kept}, `kept` has what was sent."""
    given = asked("content")
    base = given.get("base")
    draft = workspace(folder)
    data = text.encoded(given["content"], name)
    said = workspaces.write(db.session(), draft, name, data, base if isinstance(base, str) else None, me())
    if isinstance(said, workspaces.Saved):
        return jsonify(sha256=said.sha256, revision=said.revision, saved_at=_moment(said.at))
    keep()  # What was sent is in the database, and stays.
    by = said.by.name if said.by else _("một chương trình")
    error = _("%(name)s đã sửa tệp này lúc %(time)s. Bản của đồng chí được giữ riêng, không mất.", name=by, time=write_moment(said.at))
    return jsonify(error=error, by=by, at=_moment(said.at), sha256=said.sha256, kept=said.kept), 409


@bp.post("/<folder>/api/khoa/<path:name>")
def lock(folder: str, name: str) -> ResponseReturnValue:
    """{take?} -> {lock, sha256}: renew the lock, or take it (`take`: from whoever has it). `sha256`: what the draft has under the name."""
    given = request.get_json(silent=True)
    draft = workspace(folder)
    name = workspaces.checked(name)
    held = workspaces.lock(db.session(), draft, name, me(), take=isinstance(given, dict) and given.get("take") is True)
    return jsonify(lock=_lock(held), sha256=workspaces.head(db.session(), draft).tree.get(name))


@bp.post("/<folder>/api/kiem-tra")
def check(folder: str) -> ResponseReturnValue:
    """{name, content} -> {findings}: what the rules say about the whole draft with this content in it, which is saved nowhere."""
    given = asked("name", "content")
    draft = workspace(folder)
    files = workspaces.deployable(workspaces.files(db.session(), draft))
    files[given["name"]] = text.encoded(given["content"], given["name"])
    db.session.commit()  # Reading takes seconds: outside any transaction.
    return jsonify(findings=[finding(one) for one in reader.check(files, known_topics())])


@cache
def known_topics() -> frozenset[str]:
    """The topics that have a handler."""
    return frozenset(topics.discover("handlers"))


def finding(one: Finding) -> dict[str, Any]:
    """A finding as the editors show it, in the reader's language."""
    return {
        "file": one.file,
        "element": one.element,
        "rule": one.rule,
        "severity": one.severity.value,
        "line": one.line,
        "cell": one.detail.get("cell"),
        "sentence": one.en if locale() == "en" else one.vi,
        "page": url_for("studio.rule", name=one.rule) if rules.exists(one.rule) else None,
    }


def _lock(held: WorkspaceLock | None) -> dict[str, Any] | None:
    if held is None:
        return None
    return {"name": held.user.name, "since": _moment(held.since), "mine": held.user_id == me().id}


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
