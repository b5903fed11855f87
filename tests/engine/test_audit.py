"""Whatever is changed in the history by SQL is found, and named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.orm import Session, sessionmaker

from engine import accesses, audit, db, deployments, history, instances, seals, user_tasks
from engine.audit import Finding
from engine.models import HistoryEvent, ProcessInstance, Seal, User
from tests.engine.cast import APPROVAL, only_task, people

KEY = b"khoa"
COLUMNS = {
    "instance_id": "(SELECT max(id) FROM process_instance)",
    "at": None,
    "kind": "'task.completec'",
    "element_id": "'soam'",
    "element_name": "'Soạn tờ trinh'",
    "element_type": "'userTasl'",
    "wait_id": "'x'",
    "user_task_id": "99",
    "actor_id": '(SELECT max(id) FROM "user")',
    "detail": None,
    "address": "'10.0.0.1'",
    "number": "number + 100",
    "digest": "'0' || substr(digest, 2, 62) || 'g'",
    "id": "id + 1000000",
}


@pytest.fixture
def cases(sessions: sessionmaker[Session]) -> list[int]:
    """Three cases: two that have gone to their end, and one that waits; sealed."""
    with sessions.begin() as session:
        cast = people(session)
        deployments.store(session, "phe_duyet", APPROVAL)
        found = [instances.start(session, deployments.latest(session, "phe_duyet"), {}, user=cast["an"]).id for _ in range(3)]
    for number in found[:2]:
        finish(sessions, number)
    seals.seal_all(sessions, KEY)
    return found


def finish(sessions: sessionmaker[Session], number: int) -> None:
    for who, data in (("an", {"noi_dung": "x"}), ("chi", {"ket_luan": "y"})):
        with sessions.begin() as session:
            user = session.scalars(select(User).where(User.username == who)).one()
            user_tasks.complete(session, only_task(session, session.get_one(ProcessInstance, number)).id, user, data)


def verify(engine: Engine, **given: Any) -> list[Finding]:
    with db.snapshot(engine) as connection:
        return list(audit.verify(connection, [KEY], **given))


def change(engine: Engine, *statements: str, **values: Any) -> None:
    """By SQL, as somebody would who has the database; foreign keys do not stop him."""
    with engine.begin() as connection:
        for statement in statements:
            connection.execute(text(statement), {name: value for name, value in values.items() if f":{name}" in statement})


def entry(engine: Engine, case: int, number: int) -> Any:
    with engine.connect() as connection:
        return connection.execute(
            select(HistoryEvent.__table__).where(HistoryEvent.instance_id == case, HistoryEvent.number == number)
        ).one()


def test_what_was_written_is_found_as_it_was_written(engine: Engine, cases: list[int]) -> None:
    told: list[int] = []
    assert verify(engine, progress=told.append) == []
    with engine.connect() as connection:
        assert told[-1] == connection.scalar(text("SELECT count(*) FROM history_event"))
        assert connection.scalar(text("SELECT count(*) FROM sealed_head")) == 3


@pytest.mark.parametrize("column", COLUMNS)
def test_a_changed_column_of_one_row_is_named(engine: Engine, cases: list[int], column: str) -> None:
    number = 3
    row = entry(engine, cases[0], number)
    value = COLUMNS[column]
    if column == "detail":
        with engine.begin() as connection:
            raw = connection.scalar(text("SELECT detail FROM history_event WHERE id = :id"), {"id": row.id})
            changed = bytearray(raw)
            changed[1] ^= 1
            connection.execute(text("UPDATE history_event SET detail = :new WHERE id = :id"), {"new": bytes(changed), "id": row.id})
    elif column == "at":
        literal = "'2020-01-01 00:00:00.000001'" if engine.dialect.name == "sqlite" else "at + interval '1 microsecond'"
        change(engine, f"UPDATE history_event SET at = {literal} WHERE id = :id", id=row.id)
    else:
        change(engine, f"UPDATE history_event SET {column} = {value} WHERE id = :id", id=row.id)
    found = verify(engine)
    assert cases[0] in {one.case for one in found}
    assert {one.number for one in found if one.case == cases[0]} & ({number} if column != "id" else {number + 1})
    if column not in ("instance_id", "number", "id"):
        assert [(one.kind, one.case, one.number, one.at) for one in found][:1] == [("altered", cases[0], number, found[0].at)]
        assert len(found) == 1, [one.sentence() for one in found]
        assert found[0].at is not None


def test_a_number_that_was_made_huge_does_not_drown_the_report(engine: Engine, cases: list[int]) -> None:
    change(engine, "UPDATE history_event SET number = 2000000000 WHERE id = :id", id=entry(engine, cases[0], 2).id)
    found = verify(engine)
    assert 0 < len(found) < 400
    assert ("missing", 2) in {(one.kind, one.number) for one in found}


def test_a_removed_entry_is_named(engine: Engine, cases: list[int]) -> None:
    change(engine, "DELETE FROM history_event WHERE id = :id", id=entry(engine, cases[0], 2).id)
    assert [(one.kind, one.case, one.number) for one in verify(engine)] == [("missing", cases[0], 2)]


@pytest.mark.parametrize("mended", [False, True])
def test_a_tail_that_was_cut_off_is_named(engine: Engine, cases: list[int], mended: bool) -> None:
    """Also by one who has set the row of the case right."""
    with engine.connect() as connection:
        last = connection.scalar(text("SELECT history_count FROM process_instance WHERE id = :id"), {"id": cases[0]})
    change(engine, "DELETE FROM history_event WHERE instance_id = :case AND number > :n", case=cases[0], n=last - 2)
    if mended:
        digest = entry(engine, cases[0], last - 2).digest
        change(
            engine,
            "UPDATE process_instance SET history_count = :n, history_head = :d WHERE id = :case",
            n=last - 2,
            d=digest,
            case=cases[0],
        )
    assert [(one.kind, one.case, one.number) for one in verify(engine)] == [("missing", cases[0], n) for n in (last - 1, last)]


def test_a_tail_that_was_cut_off_before_it_was_sealed_is_named(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    finish(sessions, cases[2])
    change(engine, "DELETE FROM history_event WHERE id = (SELECT max(id) FROM history_event)")
    assert {(one.kind, one.case) for one in verify(engine)} == {("missing", cases[2])}


@pytest.mark.parametrize("numbers", [False, True])
def test_two_that_were_swapped_are_named(engine: Engine, cases: list[int], numbers: bool) -> None:
    second, third = entry(engine, cases[0], 2), entry(engine, cases[0], 3)
    column, a, b = ("number", 2, 3) if numbers else ("id", second.id, third.id)
    where = f"instance_id = {cases[0]} AND {column}"
    change(
        engine,
        f"UPDATE history_event SET {column} = -1 WHERE {where} = {a}",
        f"UPDATE history_event SET {column} = {a} WHERE {where} = {b}",
        f"UPDATE history_event SET {column} = {b} WHERE {where} = -1",
    )
    found = verify(engine)
    assert {one.case for one in found} == {cases[0]}
    assert {2, 3} & {one.number for one in found}


def test_an_inserted_entry_is_named(engine: Engine, cases: list[int]) -> None:
    columns = ", ".join(column.name for column in HistoryEvent.__table__.columns if column.name != "id")
    change(engine, f"INSERT INTO history_event ({columns}) SELECT {columns} FROM history_event WHERE id = {entry(engine, cases[0], 2).id}")
    assert [(one.kind, one.case, one.number) for one in verify(engine)] == [("inserted", cases[0], 2)]


def test_a_removed_case_is_named(engine: Engine, cases: list[int]) -> None:
    if engine.dialect.name == "sqlite":
        wipe(engine, cases[1])
    else:
        with engine.begin() as connection:
            connection.execute(text("SET session_replication_role = replica"))
            for table, column in (("history_event", "instance_id"), ("process_instance", "id")):
                connection.execute(text(f"DELETE FROM {table} WHERE {column} = {cases[1]}"))
            connection.execute(text("SET session_replication_role = DEFAULT"))
    assert [(one.kind, one.case) for one in verify(engine)] == [("gone", cases[1])]


def wipe(engine: Engine, number: int) -> None:
    with engine.connect() as connection:
        raw = connection.connection.driver_connection
        assert raw is not None
        raw.execute("PRAGMA foreign_keys=OFF")
        raw.execute(f"DELETE FROM history_event WHERE instance_id = {number}")
        raw.execute(f"DELETE FROM process_instance WHERE id = {number}")
        raw.execute("PRAGMA foreign_keys=ON")


def test_a_history_written_anew_differs_from_its_seal(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    """By one who knows how digests are made."""
    change(engine, "UPDATE process_instance SET history_count = 0, history_head = '' WHERE id = :id", id=cases[0])
    with sessions.begin() as session:
        rows = session.execute(select(HistoryEvent.__table__).where(HistoryEvent.instance_id == cases[0]).order_by(HistoryEvent.id)).all()
        session.execute(text(f"DELETE FROM history_event WHERE instance_id = {cases[0]}"))
        for row in rows:
            history.record(session, cases[0], row.kind, at=row.at, detail={})
    assert {(one.kind, one.case) for one in verify(engine)} == {("sealed", cases[0])}


@pytest.mark.parametrize("column", ["number", "at", "previous", "digest", "heads", "mark", "reads", "reads_digest"])
def test_a_changed_seal_is_named(engine: Engine, sessions: sessionmaker[Session], cases: list[int], column: str) -> None:
    finish(sessions, cases[2])
    seals.seal_all(sessions, KEY)
    changed = {"at": "'2020-01-01 00:00:00.000000'", "heads": "heads + 1", "reads": "reads + 1", "number": "number + 7"}
    value = changed.get(column, "'x'")
    which = 1
    if column == "mark":
        # Before the first mark of a known key there may be others, of keys of long ago.
        which = 2
        with sessions.begin() as session:
            accesses.record(session, None, accesses.READ, "x")
        seals.seal_all(sessions, KEY)
    loosely(engine, f"UPDATE seal SET {column} = {value} WHERE number = {which}")
    found = verify(engine)
    assert which in {one.number for one in found if one.kind.startswith(("seal", "read"))}
    assert {one.case for one in found} == {None}


def loosely(engine: Engine, statement: str) -> None:
    """By SQL, with foreign keys switched off, as the owner of a database can."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.execute(text("SET session_replication_role = replica"))
            connection.execute(text(statement))
            connection.execute(text("SET session_replication_role = DEFAULT"))
            connection.commit()
        else:
            raw = connection.connection.driver_connection
            assert raw is not None
            for one in ("PRAGMA foreign_keys=OFF", statement, "PRAGMA foreign_keys=ON"):
                raw.execute(one)


@pytest.mark.parametrize("column", ["seal_number", "case_number", "state", "count", "head", "rows"])
def test_every_changed_column_of_a_sealed_head_is_named(
    engine: Engine, sessions: sessionmaker[Session], cases: list[int], column: str
) -> None:
    finish(sessions, cases[2])
    seals.seal_all(sessions, KEY)
    value = {"seal_number": "2", "case_number": "case_number + 99", "state": "'purged'", "count": "count - 1"}.get(column, "'x'")
    loosely(engine, f"UPDATE sealed_head SET {column} = {value} WHERE seal_number = 1 AND case_number = {cases[0]}")
    assert ("seal_altered", 1) in {(one.kind, one.number) for one in verify(engine)}


READS = {
    "id": "id + 1000",
    "at": None,
    "user_id": "NULL",
    "kind": "'refused'",
    "what": "'trang '",
    "case_number": "case_number + 1",
    "filter": "'q=1'",
    "address": "'10.0.0.1'",
    "digest": "'0' || substr(digest, 2, 62) || 'g'",
    "seal_number": "1",
}


@pytest.mark.parametrize("column", READS)
def test_every_changed_column_of_a_read_is_named(engine: Engine, sessions: sessionmaker[Session], cases: list[int], column: str) -> None:
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        for what in ("trang", "du-lieu"):
            accesses.record(session, an.id, accesses.READ, what, case=cases[0])
    seals.seal_all(sessions, KEY)
    later = "'2020-01-01 00:00:00.000001'" if engine.dialect.name == "sqlite" else "at + interval '1 microsecond'"
    loosely(engine, f"UPDATE case_access SET {column} = {READS[column] or later} WHERE what = 'trang'")
    found = {(one.kind, one.number) for one in verify(engine)}
    # Each row has a digest of its own; the seal covers which rows there are, and their digests.
    expected = {"id": {"reads"}, "seal_number": {"reads"}, "digest": {"reads", "read_altered"}}
    assert {kind for kind, _ in found} == expected.get(column, {"read_altered"})
    # A look at the one case finds it too, but for what only the seals know.
    with db.snapshot(engine) as connection:
        one = {finding.kind for finding in audit.verify(connection, [KEY], case=cases[0])}
    assert one == (set() if column in ("id", "seal_number", "case_number") else {"read_altered"})


@pytest.mark.parametrize("column", COLUMNS)
def test_a_look_at_one_case_names_what_was_changed_in_it_and_nothing_of_others(engine: Engine, cases: list[int], column: str) -> None:
    value = {"at": "'2020-01-01 00:00:00.000001'", "detail": "substr(detail, 2)"}.get(column) or COLUMNS[column]
    change(engine, f"UPDATE history_event SET {column} = {value} WHERE id = :id", id=entry(engine, cases[0], 3).id)
    for case in cases[:2]:
        with db.snapshot(engine) as connection:
            found = list(audit.verify(connection, [KEY], case=case))
        assert bool(found) == (case == cases[0])
        assert {one.case for one in found} <= {case}


def test_a_changed_head_and_a_removed_seal_are_named(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    finish(sessions, cases[2])
    seals.seal_all(sessions, KEY)
    change(engine, f"UPDATE sealed_head SET count = count + 1 WHERE case_number = {cases[0]}")
    assert ("seal_altered", 1) in {(one.kind, one.number) for one in verify(engine)}
    change(engine, "DELETE FROM sealed_head WHERE seal_number = 1", "DELETE FROM seal WHERE number = 1")
    assert ("seal_missing", 1) in {(one.kind, one.number) for one in verify(engine)}


def test_the_last_seals_are_missed_by_who_noted_one(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    finish(sessions, cases[2])
    seals.seal_all(sessions, KEY)
    with sessions() as session:
        noted = {seal.number: seal.digest for seal in session.scalars(select(Seal))}
    assert verify(engine, noted=noted) == []
    change(engine, "DELETE FROM sealed_head WHERE seal_number = 2", "DELETE FROM seal WHERE number = 2")
    assert [(one.kind, one.number) for one in verify(engine, noted=noted)] == [("seal_missing", 2)]


def test_seals_made_without_the_key_are_found(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    change(engine, "DELETE FROM sealed_head", "DELETE FROM seal")
    seals.seal_all(sessions, b"khac")
    assert [(one.kind, one.number) for one in verify(engine)] == [("seal_mark", 1)]


def test_a_seal_takes_only_what_has_changed(sessions: sessionmaker[Session], cases: list[int]) -> None:
    assert seals.seal_all(sessions, KEY) == 0
    finish(sessions, cases[2])
    with sessions.begin() as session:
        made = seals.seal(session, KEY)
        assert made is not None
        assert (made.number, made.heads) == (2, 1)


def test_a_large_backlog_takes_several_seals(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    change(engine, "DELETE FROM sealed_head", "DELETE FROM seal")
    with sessions.begin() as session:
        made = [seals.seal(session, KEY, limit=2) for _ in range(3)]
        assert [one and one.heads for one in made] == [2, 1, None]
    assert verify(engine) == []


def test_a_changed_read_is_named(engine: Engine, sessions: sessionmaker[Session], cases: list[int]) -> None:
    with sessions.begin() as session:
        an = session.scalars(select(User).where(User.username == "an")).one()
        for what in ("trang", "du-lieu"):
            accesses.record(session, an.id, accesses.READ, what, case=cases[0])
    seals.seal_all(sessions, KEY)
    assert verify(engine) == []
    change(engine, "UPDATE case_access SET user_id = NULL WHERE what = 'trang'")
    found = verify(engine)
    assert [(one.kind, one.case) for one in found] == [("read_altered", cases[0])]
    change(engine, "DELETE FROM case_access WHERE what = 'trang'")
    assert [(one.kind, one.number) for one in verify(engine)] == [("reads", 2)]
