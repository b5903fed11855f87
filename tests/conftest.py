"""What all tests share: an empty database of each kind, with the tables in it.

A test that asks for `engine` or `session` runs twice, on SQLite and on PostgreSQL; `-k sqlite` runs the quick half.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from engine import db, models, scenarios, watchdog
from tests import postgresql

assert models.Base is db.Base  # the import of the models is what fills the metadata
STORIES = ("test_procedure", "test_studio_story", "test_studio_diagram")
"""Files that take longest."""


def table_names() -> list[str]:
    """Children before the tables that they refer to."""
    return [table.name for table in reversed(db.Base.metadata.sorted_tables)]


@pytest.fixture(scope="session")
def postgresql_cluster() -> Iterator[postgresql.Cluster]:
    """The server of this run. Skips where PostgreSQL is not installed, except in CI, where nothing may be left out."""
    with ExitStack() as stack:
        try:
            cluster = stack.enter_context(postgresql.running())
        except postgresql.Unavailable as reason:
            if os.environ.get("CI"):
                raise
            pytest.skip(str(reason))
        yield cluster


@pytest.fixture(scope="session")
def _postgresql_tables(postgresql_cluster: postgresql.Cluster) -> Iterator[str]:
    """A database with all tables, shared by the run and emptied after each test."""
    with postgresql_cluster.database() as database:
        engine = db.create_engine(postgresql_cluster.url(database))
        db.Base.metadata.create_all(engine)
        engine.dispose()
        yield database


@pytest.fixture(scope="session")
def _sqlite_tables(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An SQLite file with all tables, copied for each test."""
    file = tmp_path_factory.mktemp("sqlite") / "tables.sqlite"
    engine = db.create_engine(f"sqlite:///{file}")
    db.Base.metadata.create_all(engine)
    engine.dispose()
    return file


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of an empty database with all tables."""
    if request.param == "sqlite":
        file = tmp_path / "test.sqlite"
        shutil.copy(request.getfixturevalue("_sqlite_tables"), file)
        yield f"sqlite:///{file}"
    else:
        cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
        database: str = request.getfixturevalue("_postgresql_tables")
        yield cluster.url(database)
        cluster.empty(database, table_names())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def bare_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'bare.sqlite'}"
    else:
        cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
        with cluster.database() as database:
            yield cluster.url(database)


@pytest.fixture
def engine(database_url: str, request: pytest.FixtureRequest) -> Iterator[Engine]:
    """An SQLAlchemy engine on an empty database with all tables. No test may leave a case behind that nothing can wake."""
    engine = db.create_engine(database_url)
    yield engine
    try:
        if request.node.get_closest_marker("stalls") is None:
            with Session(engine) as session:
                assert watchdog.stalled(session) == []
    finally:
        engine.dispose()


@pytest.fixture(autouse=True)
def _no_scenario_stalls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nor may a scenario."""
    leave = scenarios.Stage.__exit__

    def look(stage: scenarios.Stage, *given: object) -> None:
        with stage.sessions() as session:
            found = watchdog.stalled(session)
        leave(stage, *given)
        assert found == []

    monkeypatch.setattr(scenarios.Stage, "__exit__", look)


@pytest.fixture
def sessions(engine: Engine) -> sessionmaker[Session]:
    """Makes sessions on one and the same database: several of them race with each other."""
    return sessionmaker(engine, expire_on_commit=False)


@pytest.fixture
def session(engine: Engine) -> Iterator[Session]:
    """One session; what the test does not commit is rolled back."""
    with Session(engine) as session:
        yield session


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Long stories in the browser first: of several processes, the last file must not be one that takes minutes.

    The studio's pages are asked on SQLite alone: what they keep (drafts, releases, batches) the engine's tests try on both databases.
    """
    items[:] = [item for item in items if not (_is_of_the_studio(item) and item.get_closest_marker("postgresql"))]
    items.sort(key=lambda item: 0 if item.path.stem in STORIES else 1 if item.path.parent.name == "browser" else 2)


def _is_of_the_studio(item: pytest.Item) -> bool:
    return item.path.parent.name == "web" and item.path.stem.startswith("test_studio")
