"""The databases that tests are given: empty, with all tables, with the rules that the real ones keep."""

from __future__ import annotations

import contextlib
from threading import Thread

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import Engine, func, inspect, select
from sqlalchemy.exc import IntegrityError
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
