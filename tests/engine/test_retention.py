"""Finished cases are archived and purged: the file has everything, the database nothing."""

from __future__ import annotations

import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

from engine import archives, audit, db, deployments, documents, executions, instances, jobs, retention, seals, user_tasks
from engine.errors import FileRejected, Forbidden, Invalid, NotFound
from engine.models import Archive, BufferedMessage, HistoryEvent, Incident, Job, LegalHold, ProcessInstance, SealedHead, User, UserTask
from engine.worker import Worker
from tests.engine.cast import bpmn, flow, form, only_task, people
from tests.engine.clocks import Clock

MARK = "DAU_VET_9F3"
KEY = f"HS {MARK}"
WATCHED = (
    '<extensionElements><camunda:properties><camunda:property name="giam_sat" value="giam_sat"/>'
    '<camunda:property name="ten_ho_so" value="${ten}"/></camunda:properties></extensionElements>'
)
PARENT = bpmn(
    f'{WATCHED}<startEvent id="dau"/><userTask id="soan" camunda:candidateGroups="viet@${{noi}}" camunda:formRef="soan"/>'
    '<callActivity id="goi" calledElement="con"><extensionElements><camunda:in variables="all"/></extensionElements></callActivity>'
    '<endEvent id="het"/>' + flow("dau", "soan", "goi", "het")
)
CHILD = bpmn(
    f'{WATCHED}<startEvent id="d"/><userTask id="xem" camunda:candidateGroups="viet@so_a"/><endEvent id="h"/>' + flow("d", "xem", "h"),
    key="con",
)
FILES = {"p.bpmn": PARENT, "con.bpmn": CHILD, "forms/soan.form": form("soan", "noi_dung")}


def carry(sessions: sessionmaker[Session], key: str = KEY, mark: str = MARK) -> int:
    """A case that ended, with traces of `mark` in every place that a case can leave them."""
    with sessions.begin() as session:
        if session.scalar(select(User.id).limit(1)) is None:
            people(session)
            deployments.store(session, "f", FILES)
        cast = {user.username: user for user in session.scalars(select(User))}
        case = instances.start(session, deployments.latest(session, "p"), {"ten": mark, "noi": "so_a"}, business_key=key)
        task = only_task(session, case)
        user_tasks.claim(session, task.id, cast["an"])
        documents.attach(session, task.id, cast["an"], f"{mark}.txt", mark.encode() * 50, "text/plain")
        user_tasks.complete(session, task.id, cast["an"], {"noi_dung": mark})
        number = case.id
    while Worker(sessions, {}).run_due():
        pass
    with sessions.begin() as session:
        cast = {user.username: user for user in session.scalars(select(User))}
        called = session.scalars(select(ProcessInstance).where(ProcessInstance.parent_id == number)).one()
        last = only_task(session, called)
        user_tasks.claim(session, last.id, cast["binh"])
        session.add(Incident(instance_id=called.id, element_id="xem", kind="x", message=mark, raised_at=db.now(session)))
        user_tasks.complete(session, last.id, cast["binh"], {})
        user_tasks.save_draft(session, last.id, cast["giang"], {"noi_dung": mark})
        session.add(
            BufferedMessage(
                name="thu", business_key=key, keys={}, variables={"x": mark}, arrived_at=db.now(session),
                expires_at=db.now(session) + timedelta(days=9_000),
            )
        )  # fmt: skip
        sent = jobs.post(session, jobs.MESSAGE, payload={"name": "thu", "variables": {"x": mark}, "from": number})
        sent.retries, sent.next_at, sent.error = 0, None, mark
    while Worker(sessions, {}).run_due():
        pass
    return number


def traces(session: Session, mark: str) -> list[str]:
    """Every column of every table in which `mark` is found."""
    found = []
    for table in db.Base.metadata.sorted_tables:
        for row in session.execute(select(table)):
            for name, value in row._mapping.items():
                if isinstance(value, bytes) and (table.name, name) == ("execution", "state"):
                    value = orjson.dumps(executions.unpack(value)) if value else b""
                text = value if isinstance(value, bytes) else str(value).encode()
                if mark.encode() in text:
                    found.append(f"{table.name}.{name}")
    return found


def gone(sessions: sessionmaker[Session], number: int, folder: Path) -> Archive:
    with sessions.begin() as session:
        retention.archive(session, number, folder)
    with sessions.begin() as session:
        return retention.purge(session, number, folder)


def test_purging_leaves_no_row_and_no_byte(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    number = carry(sessions)
    with sessions() as session:
        ids = archives.tree(session, number)
        assert len(ids) == 2
        before = {trace.split(".")[0] for trace in traces(session, MARK)}
    assert before >= {"process_instance", "execution", "history_event", "draft", "document", "document_content", "incident", "job",
                      "buffered_message"}  # fmt: skip
    purged = gone(sessions, number, tmp_path / "luu_tru")
    with sessions() as session:
        assert traces(session, MARK) == []
        for table, mine in archives.belongings(ids):
            assert session.execute(select(table).where(mine)).all() == []
        # Nor anything of cases in a table that names them in a way that nobody thought of.
        assert session.scalars(select(ProcessInstance.id)).all() == []
        assert session.execute(select(db.Base.metadata.tables["candidate"])).all() == []
        assert session.execute(select(db.Base.metadata.tables["participant"])).all() == []
        assert purged.purged_at == clock.now and purged.rows > 20
    url = sessions.kw["bind"].url
    if url.get_backend_name() == "sqlite":
        retention.scrub(sessions.kw["bind"])
        for file in Path(str(url.database)).parent.glob("test.sqlite*"):
            assert MARK.encode() not in file.read_bytes(), file


def test_every_table_that_names_a_case_is_known(session: Session) -> None:
    """A table that is added later must say that it belongs to cases, by a foreign key or a column called instance_id or case_id."""
    known = {table.name for table, _ in archives.belongings((1,))}
    naming = {
        table.name
        for table in db.Base.metadata.sorted_tables
        for column in table.columns
        if any(word in column.name for word in ("instance", "case", "business_key", "user_task"))
    }
    # What was looked at, read or archived, by number alone: no data of a case.
    apart = {"archive", "buffered_message", "sealed_head", "case_access", "audit_run", "audit_finding"}
    assert naming - known == apart
    assert known >= {"process_instance", "execution", "participant", "user_task", "candidate", "draft", "job", "message_subscription",
                     "incident", "history_event", "document", "document_content", "legal_hold"}  # fmt: skip


def test_the_archive_holds_everything_and_needs_nothing_else(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    number = carry(sessions)
    with sessions.begin() as session:
        made = retention.archive(session, number, tmp_path)
        rows = {table.name: len(session.execute(select(table).where(mine)).all())
                for table, mine in archives.belongings(archives.tree(session, number))}  # fmt: skip
    with zipfile.ZipFile(tmp_path / made.file) as file:
        case: dict[str, Any] = json.loads(file.read("case.json"))
        names = file.namelist()
        assert file.read(next(name for name in names if name.startswith("documents/"))) == MARK.encode() * 50
        assert file.read("processes/f-1/p.bpmn") == PARENT
    assert (case["format"], case["case"]) == ("luanchuyen.case/1", number)
    assert {process["key"] for process in case["processes"]} == {"p", "con"}
    assert {person["name"] for person in case["people"].values()} >= {"Bùi Thị An", "Trần Văn Bình", "Hoàng Giang"}
    assert [found["ten"] for found in case["variables"].values()] == [MARK, MARK]
    assert case["variables"][str(number)]["noi_dung"] == MARK
    counted = {table: len(found) for table, found in case["rows"].items()}
    assert counted == {table: count for table, count in rows.items() if count and table != "document_content"}
    assert "task.completed" in {event["kind"] for event in case["rows"]["history_event"]}
    assert (tmp_path / made.file).stat().st_mode & 0o077 == 0


def test_it_archives_again_what_has_changed_and_only_that(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    number = carry(sessions)
    with sessions.begin() as session:
        first = retention.archive(session, number, tmp_path).sha256
        assert retention.archive(session, number, tmp_path).sha256 == first
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        documents.read(session, documents.of_instance(session, number, giang)[0].id, giang)
    with sessions() as session, pytest.raises(Forbidden, match="not archived as it stands"):
        retention.purge(session, number, tmp_path)
    with sessions.begin() as session:
        assert retention.archive(session, number, tmp_path).sha256 != first
        retention.purge(session, number, tmp_path)


def damage(file: Path) -> None:
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0xFF
    file.write_bytes(content)


@pytest.mark.parametrize("harm", [damage, Path.unlink])
def test_it_does_not_purge_when_the_archive_is_damaged_or_gone(
    sessions: sessionmaker[Session], clock: Clock, tmp_path: Path, harm: Any
) -> None:
    number = carry(sessions)
    with sessions.begin() as session:
        made = retention.archive(session, number, tmp_path)
    harm(tmp_path / made.file)
    with sessions() as session, pytest.raises((FileRejected, Forbidden)):
        retention.purge(session, number, tmp_path)
    with sessions() as session:
        assert session.get(ProcessInstance, number) is not None


def test_a_legal_hold_keeps_a_case_until_it_is_lifted(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    number = carry(sessions)
    with sessions.begin() as session:
        called = archives.tree(session, number)[1]
        giang = session.scalars(select(User).where(User.username == "giang")).one()
        with pytest.raises(Invalid, match="reason"):
            retention.hold(session, called, giang, " ")
        # Of a called case too: the whole is kept.
        retention.hold(session, called, giang, "thanh tra")
        with pytest.raises(Invalid):
            retention.hold(session, called, giang, "thanh tra")
    clock.now += timedelta(days=1000)
    with sessions.begin() as session:
        assert retention.due(session, {"p": 12}) == []
        retention.archive(session, number, tmp_path)
    with sessions() as session, pytest.raises(Forbidden, match="legal hold"):
        retention.purge(session, number, tmp_path)
    with sessions.begin() as session:
        retention.release(session, called, giang, "đã xong")
        assert retention.due(session, {"p": 12}) == [number]
        assert session.scalars(select(LegalHold)).all() == []
        kinds = session.scalars(select(HistoryEvent.kind).where(HistoryEvent.instance_id == called, HistoryEvent.kind.like("instance.%")))
        assert set(kinds) >= {"instance.held", "instance.released"}


@pytest.mark.parametrize(
    ("rules", "days", "found"),
    [
        ({}, 10_000, False),
        ({"p": 12}, 364, False),
        ({"p": 12}, 366, True),
        ({"*": 6}, 190, True),
        ({"p": 24, "*": 6}, 190, False),
        ({"q": 1}, 190, False),
        ({"con": 1}, 190, False),
    ],
)
def test_the_rules_say_when_it_is_due(sessions: sessionmaker[Session], clock: Clock, rules: dict[str, int], days: int, found: bool) -> None:
    number = carry(sessions)
    clock.now += timedelta(days=days)
    with sessions() as session:
        assert retention.due(session, rules) == ([number] if found else [])


def test_months_end_where_months_end() -> None:
    assert retention._before(datetime(2026, 3, 31, tzinfo=UTC), 1) == datetime(2026, 2, 28, tzinfo=UTC)
    assert retention._before(datetime(2026, 1, 15, tzinfo=UTC), 13) == datetime(2024, 12, 15, tzinfo=UTC)


def test_it_leaves_what_still_runs_alone(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    with sessions.begin() as session:
        people(session)
        deployments.store(session, "f", FILES)
        number = instances.start(session, deployments.latest(session, "p"), {"ten": MARK, "noi": "so_a"}).id
    clock.now += timedelta(days=10_000)
    with sessions() as session:
        assert retention.due(session, {"*": 1}) == []
        with pytest.raises(Forbidden, match="still running"):
            retention.archive(session, number, tmp_path)
        with pytest.raises(NotFound):
            retention.archive(session, 4_711, tmp_path)


def test_a_message_that_is_under_way_is_waited_for(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    number = carry(sessions)
    with sessions.begin() as session:
        session.scalars(select(Job)).one().retries = 2
        retention.archive(session, number, tmp_path)
    with sessions() as session, pytest.raises(Forbidden, match="under way"):
        retention.purge(session, number, tmp_path)


def test_the_chore_archives_and_purges_what_is_due_and_nothing_else(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    first = carry(sessions)
    clock.now += timedelta(days=300)
    second = carry(sessions, "HS sau", "KHAC_HAN")
    clock.now += timedelta(days=100)
    assert retention.tidy(sessions, {"p": 12}, tmp_path) == 1
    assert retention.tidy(sessions, {"p": 12}, tmp_path) == 0
    with sessions() as session:
        assert traces(session, MARK) == []
        assert session.scalars(select(UserTask.state).where(UserTask.instance_id == second)).all() == ["completed"]
        assert session.get(ProcessInstance, first) is None and session.get(ProcessInstance, second) is not None
        assert [archive.purged_at is not None for archive in session.scalars(select(Archive))] == [True]
    assert [file.suffix for file in tmp_path.iterdir()].count(".zip") == 1


def test_one_case_that_cannot_be_purged_does_not_stop_the_others(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    stuck, other = carry(sessions), carry(sessions, "HS khác", "KHAC_HAN")
    with sessions.begin() as session:
        session.scalars(select(Job).where(Job.payload.is_not(None)).order_by(Job.id)).first().retries = 1  # type: ignore[union-attr]
    clock.now += timedelta(days=400)
    assert retention.tidy(sessions, {"*": 12}, tmp_path) == 1
    with sessions() as session:
        left = session.scalars(select(ProcessInstance.root_id)).all()
        assert set(left) == {stuck} and other not in left


def test_a_purge_stands_in_the_seals_and_is_not_missed(sessions: sessionmaker[Session], clock: Clock, tmp_path: Path) -> None:
    """Also where SQLite gives the number of a purged case to another one."""
    engine = sessions.kw["bind"]
    number, kept = carry(sessions), carry(sessions, "KHAC", "khac")
    seals.seal_all(sessions, b"k")
    retention.archive_and_purge(sessions, number, tmp_path)
    with db.snapshot(engine) as connection:
        assert list(audit.verify(connection)) == []
    other = carry(sessions, "SAU", "sau")
    seals.seal_all(sessions, b"k")
    with db.snapshot(engine) as connection:
        assert [found.kind for found in audit.verify(connection)] == []
    with sessions() as session:
        purged = session.scalars(select(SealedHead).where(SealedHead.state == seals.PURGED)).all()
        assert number in {head.case_number for head in purged}
        assert len(purged) == 2
    with engine.begin() as connection:
        connection.execute(text(f"DELETE FROM history_event WHERE instance_id = {other} AND number = 2"))
    with db.snapshot(engine) as connection:
        assert [(found.case, found.number) for found in audit.verify(connection)] == [(other, 2)]
    assert kept != other
