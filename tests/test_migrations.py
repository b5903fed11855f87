"""The migrations make exactly the tables that the models describe."""

from __future__ import annotations

from threading import Thread

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect, text

import migrations
from engine import db, models


def test_it_makes_exactly_the_tables_of_the_models(bare_database_url: str) -> None:
    migrations.upgrade(bare_database_url)
    with migrations.connected(bare_database_url) as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, models.Base.metadata) == []


def test_it_changes_nothing_the_second_time(bare_database_url: str) -> None:
    migrations.upgrade(bare_database_url)
    with migrations.connected(bare_database_url) as connection:
        connection.execute(text("INSERT INTO organisation (code, name) VALUES ('ban_to_chuc', 'Ban Tổ chức')"))
    migrations.upgrade(bare_database_url)
    with migrations.connected(bare_database_url) as connection:
        assert connection.scalar(text("SELECT name FROM organisation")) == "Ban Tổ chức"


def test_it_lets_several_processes_migrate_at_once(bare_database_url: str) -> None:
    failed: list[Exception] = []

    def migrate() -> None:
        try:
            migrations.upgrade(bare_database_url)
        except Exception as error:
            failed.append(error)

    threads = [Thread(target=migrate) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_it_leaves_no_half_of_a_failed_migration(bare_database_url: str) -> None:
    with migrations.connected(bare_database_url) as connection:
        connection.execute(text("CREATE TABLE user_task (x int)"))
    with pytest.raises(Exception, match="user_task"):
        migrations.upgrade(bare_database_url)
    with migrations.connected(bare_database_url) as connection:
        assert inspect(connection).get_table_names() == ["user_task"]


def test_it_goes_back_to_nothing(bare_database_url: str) -> None:
    migrations.upgrade(bare_database_url)
    with migrations.connected(bare_database_url) as connection:
        settings = migrations.config()
        settings.attributes["connection"] = connection
        command.downgrade(settings, "base")
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}


def test_it_has_one_head() -> None:
    assert len(ScriptDirectory.from_config(migrations.config()).get_heads()) == 1


def test_it_refuses_a_migration_that_breaks_a_foreign_key(tmp_path: object) -> None:
    url = f"sqlite:///{tmp_path}/x.sqlite"
    migrations.upgrade(url)
    with pytest.raises(RuntimeError, match="Expected every foreign key"), migrations.connected(url) as connection:
        connection.execute(text("INSERT INTO membership (user_id, organisation_id, role) VALUES (7, 8, 'x')"))
    engine = db.create_engine(url)
    with engine.connect() as connection:
        assert connection.execute(text("SELECT count(*) FROM membership")).scalar() == 0
    engine.dispose()
