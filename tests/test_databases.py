"""The databases that tests are given: empty, with all tables, with the rules that the real ones keep."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from threading import Thread

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.orm import Session, sessionmaker

from engine import db
from engine.models import Membership, Organisation
from tests import postgresql


@pytest.mark.parametrize("turn", [1, 2])
def test_it_starts_every_test_with_empty_tables(engine: Engine, session: Session, turn: int) -> None:
    assert set(inspect(engine).get_table_names()) == set(db.Base.metadata.tables)
    assert session.scalar(select(func.count()).select_from(Organisation)) == 0
    session.add(Organisation(code="ban_to_chuc", name="Ban Tổ chức"))
    session.commit()


def test_it_keeps_foreign_keys(session: Session) -> None:
    session.add(Membership(user_id=1, organisation_id=2, role="tham_muu"))
    with pytest.raises(IntegrityError):
        session.flush()


def test_it_loses_no_update_when_two_write_at_once(sessions: sessionmaker[Session]) -> None:
    with sessions.begin() as session:
        session.add(Organisation(code="x", name="0"))

    def count() -> None:
        for _ in range(20):
            with sessions.begin() as session:
                row = session.scalars(select(Organisation).with_for_update()).one()
                row.name = str(int(row.name) + 1)

    threads = [Thread(target=count) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with sessions() as session:
        assert session.scalar(select(Organisation.name)) == "80"


@pytest.mark.postgresql
def test_it_empties_tables_that_somebody_still_holds(postgresql_cluster: postgresql.Cluster) -> None:
    with postgresql_cluster.database() as database:
        postgresql_cluster.execute(sql.SQL("CREATE TABLE t (a int); INSERT INTO t VALUES (1)"), database)
        with contextlib.closing(psycopg.connect(postgresql_cluster.url(database))) as left_behind:
            left_behind.execute("UPDATE t SET a = 2")
            postgresql_cluster.empty(database, ["t"])
        with psycopg.connect(postgresql_cluster.url(database)) as connection:
            assert connection.execute("SELECT count(*) FROM t").fetchone() == (0,)


@pytest.fixture
def file_engine(tmp_path: Path) -> Iterator[Engine]:
    engine = db.create_engine(f"sqlite:///{tmp_path}/d.sqlite", pool_size=20)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE t (n int)")
        connection.exec_driver_sql("INSERT INTO t VALUES (0)")
    yield engine
    engine.dispose()


def test_threads_that_write_at_once_take_turns_and_none_is_refused(file_engine: Engine) -> None:
    def add() -> None:
        for _ in range(25):
            with file_engine.begin() as connection:
                number = connection.exec_driver_sql("SELECT n FROM t").scalar() or 0
                connection.exec_driver_sql(f"UPDATE t SET n = {number + 1}")

    threads = [Thread(target=add) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with file_engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT n FROM t").scalar() == 16 * 25


@pytest.mark.parametrize("leave", ["commit", "rollback", "close", "invalidate", "fail"])
def test_a_turn_ends_however_the_transaction_ends(file_engine: Engine, leave: str) -> None:
    connection = file_engine.connect()
    connection.exec_driver_sql("UPDATE t SET n = 1")
    if leave == "fail":
        with pytest.raises(DBAPIError):
            connection.exec_driver_sql("UPDATE nothing SET n = 1")
        connection.close()
    else:
        getattr(connection, leave)()
    # Whose turn never ended, for him the next would wait out his patience, and then go on without.
    assert not any(turn.locked() for turn in db._turns.values())
    with file_engine.begin() as other:
        other.exec_driver_sql("UPDATE t SET n = 2")
    assert not any(turn.locked() for turn in db._turns.values())
    connection.close()


def test_who_waits_in_vain_is_told_that_the_database_is_locked(file_engine: Engine) -> None:
    with file_engine.connect() as patient:
        patient.exec_driver_sql("PRAGMA busy_timeout=50")
        patient.rollback()
        with file_engine.begin() as holder:
            holder.exec_driver_sql("UPDATE t SET n = 1")
            with pytest.raises(OperationalError, match="locked"):
                patient.exec_driver_sql("UPDATE t SET n = 2")
        patient.exec_driver_sql("UPDATE t SET n = 2")
        patient.commit()


def test_readers_need_no_turn(file_engine: Engine) -> None:
    with file_engine.begin() as holder:
        holder.exec_driver_sql("UPDATE t SET n = 1")
        with file_engine.connect().execution_options(reading=True) as reader:
            assert reader.exec_driver_sql("SELECT n FROM t").scalar() == 0
