"""Drafts of process folders: nothing that anybody sent is ever lost."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine, event, func, select
from sqlalchemy.orm import Session

from engine import contents, deployments, workspaces
from engine.errors import FileHeld, FileRejected, Invalid, NotFound
from engine.models import User, Workspace, WorkspaceContent, WorkspaceRevision
from engine.workspaces import content as content_
from engine.workspaces import names
from tests.engine.cast import APPROVAL, people

FILE = "phe_duyet.bpmn"
Said = workspaces.Saved | workspaces.Aside


class Clock:
    """The time of a session, moved by hand."""

    def __init__(self, session: Session) -> None:
        self.time = datetime(2026, 3, 2, 8, tzinfo=UTC)
        session.info["clock"] = lambda: self.time

    def later(self, **span: float) -> None:
        self.time += timedelta(**span)


@pytest.fixture
def cast(session: Session) -> dict[str, User]:
    return people(session)


@pytest.fixture
def clock(session: Session) -> Clock:
    return Clock(session)


@pytest.fixture
def draft(session: Session, cast: dict[str, User], clock: Clock) -> Workspace:
    """The draft of a folder with one version."""
    deployments.deploy(session, "phe_duyet", APPROVAL)
    return workspaces.open(session, "phe_duyet", cast["an"])


def sha(data: bytes) -> str:
    return content_.sha256(data)


def save(
    session: Session, draft: Workspace, user: User, data: bytes, base: bytes | None, name: str = FILE
) -> workspaces.Saved | workspaces.Aside:
    return workspaces.write(session, draft, name, data, sha(base) if base is not None else None, user)


def count(session: Session, table: type[WorkspaceContent] | type[WorkspaceRevision]) -> int:
    return session.scalar(select(func.count()).select_from(table)) or 0


def test_it_begins_as_a_copy_of_the_newest_version(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    assert workspaces.files(session, draft) == APPROVAL
    assert workspaces.head(session, draft).digest == contents.digest(APPROVAL)
    assert not workspaces.changed(session, draft)
    assert workspaces.open(session, "phe_duyet", cast["binh"]).id == draft.id
    with pytest.raises(NotFound, match="khong_co"):
        workspaces.open(session, "khong_co", cast["an"])


def test_it_saves_against_the_state_that_was_read(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    said = save(session, draft, cast["an"], b"<a/>", APPROVAL[FILE])
    assert isinstance(said, workspaces.Saved)
    assert (said.sha256, said.revision) == (sha(b"<a/>"), draft.head)
    assert workspaces.files(session, draft) == {**APPROVAL, FILE: b"<a/>"}
    assert workspaces.files(session, draft, revision=1) == APPROVAL
    assert workspaces.changed(session, draft)


def test_it_keeps_aside_what_came_against_a_state_that_has_gone_on(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<an/>", APPROVAL[FILE])
    said = save(session, draft, cast["binh"], b"<binh/>", APPROVAL[FILE])
    assert isinstance(said, workspaces.Aside)
    assert (said.by, said.sha256) == (cast["an"], sha(b"<an/>"))
    assert workspaces.read(session, draft, FILE) == b"<an/>"
    assert workspaces.files(session, draft, said.kept) == {FILE: b"<binh/>"}
    again = save(session, draft, cast["binh"], b"<binh/>", APPROVAL[FILE])
    assert isinstance(again, workspaces.Aside)
    assert again.kept == said.kept
    workspaces.restore(session, draft, said.kept, cast["binh"])
    assert workspaces.files(session, draft) == {**APPROVAL, FILE: b"<binh/>"}


def test_it_takes_a_repeated_save_for_saved(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    first = save(session, draft, cast["an"], b"<a/>", APPROVAL[FILE])
    assert save(session, draft, cast["an"], b"<a/>", APPROVAL[FILE]) == first


def test_it_keeps_what_was_saved_after_another_removed_the_file(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    workspaces.remove(session, draft, FILE, cast["an"])
    said = save(session, draft, cast["binh"], b"<b/>", APPROVAL[FILE])
    assert isinstance(said, workspaces.Aside)
    assert (said.by, said.sha256) == (cast["an"], None)


def test_one_revision_stands_for_autosaves_that_follow_closely(
    session: Session, draft: Workspace, cast: dict[str, User], clock: Clock
) -> None:
    last, begun = APPROVAL[FILE], clock.time
    for number in range(20):
        clock.later(seconds=10)
        now = b"<a>%d</a>" % number
        save(session, draft, cast["an"], now, last)
        last = now
    newest, first = workspaces.revisions(session, draft)
    assert (newest.changed, newest.revision.began_at, newest.revision.at) == ((FILE,), begun + timedelta(seconds=10), clock.time)
    assert first.revision.kind == "begun"
    assert count(session, WorkspaceContent) == len(APPROVAL) + 1
    clock.later(minutes=5)
    save(session, draft, cast["an"], b"<later/>", last)
    assert len(workspaces.revisions(session, draft)) == 3


def test_autosaves_never_stand_for_what_another_saved(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    save(session, draft, cast["binh"], b"<2/>", b"<1/>")
    save(session, draft, cast["an"], b"<3/>", b"<2/>")
    save(session, draft, cast["an"], b"other", APPROVAL["forms/soan.form"], "forms/soan.form")
    save(session, draft, cast["an"], b"<4/>", b"<3/>")
    states = [workspaces.read(session, draft, FILE, entry.revision.number) for entry in workspaces.revisions(session, draft)]
    assert states == [b"<4/>", b"<3/>", b"<3/>", b"<2/>", b"<1/>", APPROVAL[FILE]]


def test_what_an_autosave_replaces_stays_where_it_was_put_aside_too(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    said = save(session, draft, cast["binh"], b"<1/>", b"never read", "forms/soan.form")
    assert isinstance(said, workspaces.Aside)
    save(session, draft, cast["an"], b"<2/>", b"<1/>")
    assert workspaces.files(session, draft, said.kept) == {"forms/soan.form": b"<1/>"}


def test_going_back_to_an_autosaved_state_keeps_every_state_whole(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    save(session, draft, cast["an"], APPROVAL[FILE], b"<1/>")
    save(session, draft, cast["an"], b"<2/>", APPROVAL[FILE])
    for entry in workspaces.revisions(session, draft):
        assert workspaces.files(session, draft, entry.revision.number).keys() == APPROVAL.keys()
    assert workspaces.files(session, draft, 1) == APPROVAL


def test_a_revision_that_is_to_stay_stays(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    workspaces.head(session, draft).kept = True
    kept = draft.head
    save(session, draft, cast["an"], b"<2/>", b"<1/>")
    assert workspaces.read(session, draft, FILE, kept) == b"<1/>"


def test_it_restores_the_whole_draft_or_one_file(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    workspaces.remove(session, draft, "forms/soan.form", cast["an"])
    changed = draft.head
    workspaces.restore(session, draft, 1, cast["binh"], name="forms/soan.form")
    assert workspaces.files(session, draft) == {**APPROVAL, FILE: b"<1/>"}
    workspaces.restore(session, draft, 1, cast["binh"])
    assert workspaces.files(session, draft) == APPROVAL
    workspaces.restore(session, draft, changed, cast["binh"])
    assert workspaces.files(session, draft).keys() == APPROVAL.keys() - {"forms/soan.form"}
    with pytest.raises(NotFound):
        workspaces.restore(session, draft, 99, cast["binh"])


def test_it_adds_removes_and_renames(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    an = cast["an"]
    workspaces.add(session, draft, "bang.dmn", b"<d/>", an)
    with pytest.raises(Invalid, match=r"bang\.dmn"):
        workspaces.add(session, draft, "bang.dmn", b"<e/>", an)
    workspaces.rename(session, draft, "bang.dmn", "quyet_dinh/bang.dmn", an)
    assert workspaces.read(session, draft, "quyet_dinh/bang.dmn") == b"<d/>"
    with pytest.raises(Invalid):
        workspaces.rename(session, draft, "quyet_dinh/bang.dmn", FILE, an)
    workspaces.remove(session, draft, "quyet_dinh/bang.dmn", an)
    assert workspaces.files(session, draft) == APPROVAL
    kinds = [entry.revision.kind for entry in workspaces.revisions(session, draft)]
    assert kinds == ["removed", "renamed", "added", "begun"]
    for name in ("forms/soan.form", "forms/duyet.form"):
        workspaces.remove(session, draft, name, an)
    with pytest.raises(Invalid, match="at least one file"):
        workspaces.remove(session, draft, FILE, an)


def test_it_does_not_rename_or_remove_what_another_is_editing(
    session: Session, draft: Workspace, cast: dict[str, User], clock: Clock
) -> None:
    workspaces.lock(session, draft, FILE, cast["an"])
    with pytest.raises(FileHeld, match="Bùi Thị An"):
        workspaces.remove(session, draft, FILE, cast["binh"])
    with pytest.raises(FileHeld, match="Bùi Thị An"):
        workspaces.rename(session, draft, FILE, "khac.bpmn", cast["binh"])
    clock.later(minutes=2)
    workspaces.rename(session, draft, FILE, "khac.bpmn", cast["binh"])


def test_a_lock_is_renewed_runs_out_and_can_be_taken(session: Session, draft: Workspace, cast: dict[str, User], clock: Clock) -> None:
    an, binh = cast["an"], cast["binh"]
    since = workspaces.lock(session, draft, FILE, an).since
    clock.later(seconds=60)
    assert workspaces.lock(session, draft, FILE, binh).user == an
    assert workspaces.lock(session, draft, FILE, an).since == since
    clock.later(seconds=60)
    assert [lock.user for lock in workspaces.holders(session, draft)] == [an]
    assert workspaces.lock(session, draft, FILE, binh, take=True).user == binh
    assert workspaces.lock(session, draft, FILE, an).user == binh
    clock.later(seconds=91)
    assert workspaces.holders(session, draft) == []
    assert workspaces.lock(session, draft, FILE, an).user == an
    workspaces.release(session, draft, FILE, binh)
    assert len(workspaces.holders(session, draft)) == 1
    workspaces.release(session, draft, FILE, an)
    assert workspaces.holders(session, draft) == []


BAD = [
    "",
    "../a.bpmn",
    "/a.bpmn",
    "a/../b.bpmn",
    "a//b.bpmn",
    ".an.bpmn",
    "forms/.bpmn",
    ".bpmn",
    "a\\b.bpmn",
    "C:a.bpmn",
    "a\0.bpmn",
    "a\n.bpmn",
]
BAD += ["a\u202egpj.bpmn", "con./a.bpmn", "a .bpmn/", " a.bpmn", "a.py", "a.bpmn.exe", "x" * 300 + ".bpmn", "forms/ a.form"]


@pytest.mark.parametrize("name", BAD)
def test_it_takes_plain_names_within_the_folder_only(session: Session, draft: Workspace, cast: dict[str, User], name: str) -> None:
    with pytest.raises(FileRejected):
        workspaces.write(session, draft, name, b"<a/>", None, cast["an"])
    with pytest.raises(FileRejected):
        workspaces.rename(session, draft, FILE, name, cast["an"])
    assert workspaces.files(session, draft) == APPROVAL


@pytest.mark.parametrize("name", ["Phe_Duyet.bpmn", "forms.bpmn/a.form", "phe_duyet.bpmn/a.form"])
def test_it_takes_no_names_that_a_disk_could_not_keep_apart(session: Session, draft: Workspace, cast: dict[str, User], name: str) -> None:
    if name == "forms.bpmn/a.form":
        workspaces.add(session, draft, name, b"{}", cast["an"])
        return
    with pytest.raises(Invalid):
        workspaces.add(session, draft, name, b"<a/>", cast["an"])


def test_it_bounds_files_and_drafts(session: Session, draft: Workspace, cast: dict[str, User], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(names, "LARGEST", 2000)
    monkeypatch.setattr(names, "TOTAL", 5000)
    monkeypatch.setattr(names, "MOST", 5)
    with pytest.raises(FileRejected, match="MB"):
        save(session, draft, cast["an"], b"x" * 2001, APPROVAL[FILE])
    workspaces.add(session, draft, "1.json", b"x" * 2000, cast["an"])
    with pytest.raises(Invalid, match="MB in a draft"):
        workspaces.add(session, draft, "2.json", b"y" * 2000, cast["an"])
    workspaces.add(session, draft, "2.json", b"", cast["an"])
    with pytest.raises(Invalid, match="at most 5 files"):
        workspaces.add(session, draft, "3.json", b"", cast["an"])


def test_a_draft_that_nobody_changed_goes_along_to_a_newer_version(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    newer = {**APPROVAL, "forms/duyet.form": APPROVAL["forms/duyet.form"].replace(b'label":"ket_luan', b'label":"Moi')}
    deployed = deployments.deploy(session, "phe_duyet", newer)
    workspaces.open(session, "phe_duyet", cast["an"])
    assert workspaces.files(session, draft) == newer
    assert draft.deployment_id == deployed.id
    assert [entry.revision.kind for entry in workspaces.revisions(session, draft)] == ["followed", "begun"]


def test_a_changed_draft_waits_to_be_told_to_follow(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    workspaces.add(session, draft, "scenarios/a.json", b"{}", cast["an"])
    save(session, draft, cast["an"], b"<1/>", APPROVAL[FILE])
    newer = {**APPROVAL, "forms/duyet.form": APPROVAL["forms/duyet.form"].replace(b'label":"ket_luan', b'label":"Moi')}
    deployed = deployments.deploy(session, "phe_duyet", newer)
    workspaces.open(session, "phe_duyet", cast["an"])
    assert workspaces.read(session, draft, FILE) == b"<1/>"
    assert workspaces.behind(session, draft) == deployed
    workspaces.follow(session, draft, deployed, cast["an"])
    assert workspaces.files(session, draft) == {**newer, "scenarios/a.json": b"{}"}
    assert workspaces.behind(session, draft) is None
    assert not workspaces.changed(session, draft)


def test_a_draft_that_was_released_as_it_stands_is_unchanged(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    label = APPROVAL["forms/duyet.form"].replace(b'label":"ket_luan', b'label":"Moi')
    save(session, draft, cast["an"], label, APPROVAL["forms/duyet.form"], "forms/duyet.form")
    deployed = deployments.deploy(session, "phe_duyet", workspaces.deployable(workspaces.files(session, draft)))
    workspaces.open(session, "phe_duyet", cast["an"])
    assert (draft.deployment_id, workspaces.changed(session, draft)) == (deployed.id, False)
    assert workspaces.revisions(session, draft)[0].revision.kind == "saved"


def test_a_drawing_from_outside_never_replaces_what_somebody_changed(session: Session, draft: Workspace, cast: dict[str, User]) -> None:
    _, taken = workspaces.put_aside(session, "phe_duyet", {FILE: b"<cli/>"}, note="dong lenh")
    assert (taken.aside, workspaces.files(session, draft)) == (False, {FILE: b"<cli/>"})
    save(session, draft, cast["an"], b"<an/>", b"<cli/>")
    _, beside = workspaces.put_aside(session, "phe_duyet", {FILE: b"<cli2/>"})
    assert beside.aside
    assert workspaces.files(session, draft) == {FILE: b"<an/>"}
    assert workspaces.files(session, draft, beside.number) == {FILE: b"<cli2/>"}
    fresh, first = workspaces.put_aside(session, "moi", {"moi.bpmn": b"<m/>"})
    assert (fresh.head, workspaces.files(session, fresh)) == (first.number, {"moi.bpmn": b"<m/>"})


@pytest.fixture
def statements(engine: Engine) -> Iterator[list[str]]:
    """The statements of the test so far."""
    seen: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    yield seen
    event.remove(engine, "before_cursor_execute", note)


def test_a_save_costs_the_same_however_long_the_history(
    session: Session, draft: Workspace, cast: dict[str, User], clock: Clock, statements: list[str]
) -> None:
    costs, last = [], APPROVAL[FILE]
    for number in range(30):
        clock.later(minutes=6)
        statements.clear()
        now = b"<a>%d</a>" % number
        save(session, draft, cast["an"], now, last)
        last = now
        costs.append(len(statements))
    assert set(costs[1:]) == {costs[-1]}
    assert costs[-1] <= 12
    statements.clear()
    workspaces.revisions(session, draft)
    workspaces.files(session, draft)
    assert len(statements) <= 4
