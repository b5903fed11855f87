"""Databases of every earlier release come up to this one, and every case in them goes on to its end."""

from __future__ import annotations

import json
import lzma
import shutil
from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql
from sqlalchemy import select, text
from sqlalchemy.orm import Session, sessionmaker

import migrations
from engine import audit, db, documents, executions, incidents, instances, messages, topics, user_tasks
from engine.models import Incident, Job, MessageSubscription, ProcessInstance, User, UserTask
from engine.worker import Worker
from tests import postgresql
from tests.golden.make import BEGINNING, LETTER, Carried, Clock, scenario
from web import doctor

HERE = Path(__file__).parent
RELEASES = sorted(file.stem for file in HERE.glob("*.json"))
HANDLERS = {name: topics.Handler(name, lambda: None) for name in ("gui", "hong")}
RUNNING = (executions.ACTIVE, executions.SUSPENDED)


def known(release: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((HERE / f"{release}.json").read_text("utf-8"))
    return found


def content(release: str, kind: str) -> bytes:
    return lzma.decompress((HERE / f"{release}.{kind}.xz").read_bytes())


def restore(url: str, release: str, database: str) -> None:
    if database == "sqlite":
        Path(url.removeprefix("sqlite:///")).write_bytes(content(release, "sqlite"))
    else:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(sql.SQL(content(release, "sql").decode()))  # type: ignore[arg-type]  # a whole file of our own
    migrations.upgrade(url)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[tuple[str, str], str]]:
    """What has been brought up to this release already: a test takes a copy."""
    yield {}


@pytest.fixture(params=RELEASES)
def release(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def url(
    request: pytest.FixtureRequest,
    release: str,
    upgraded: dict[tuple[str, str], str],
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[str]:
    """The address of a fresh copy of the golden database, brought up to this release."""
    if request.param == "sqlite":
        if (release, "sqlite") not in upgraded:
            model = tmp_path_factory.mktemp("golden") / "model.sqlite"
            restore(f"sqlite:///{model}", release, "sqlite")
            upgraded[release, "sqlite"] = str(model)
        shutil.copy(upgraded[release, "sqlite"], tmp_path / "golden.sqlite")
        yield f"sqlite:///{tmp_path / 'golden.sqlite'}"
        return
    cluster: postgresql.Cluster = request.getfixturevalue("postgresql_cluster")
    if (release, "postgresql") not in upgraded:
        model_name = f"golden_{release.replace('.', '_')}"
        cluster.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(model_name)))
        restore(cluster.url(model_name), release, "postgresql")
        upgraded[release, "postgresql"] = model_name
    model_ = sql.Identifier(upgraded[release, "postgresql"])
    cluster.execute(sql.SQL("CREATE DATABASE golden_copy TEMPLATE {}").format(model_))
    yield cluster.url("golden_copy")
    cluster.execute(sql.SQL("DROP DATABASE golden_copy WITH (FORCE)"))


@pytest.fixture
def golden(url: str) -> Iterator[sessionmaker[Session]]:
    engine = db.create_engine(url)
    yield sessionmaker(engine, expire_on_commit=False)
    engine.dispose()


def test_there_is_one_of_each_release_and_none_is_large() -> None:
    assert "0.1.0" in RELEASES
    for name in RELEASES:
        for kind in ("sqlite", "sql"):
            assert (HERE / f"{name}.{kind}.xz").stat().st_size < 500_000


def test_every_case_loads(golden: sessionmaker[Session], release: str) -> None:
    with golden() as session:
        cases = session.scalars(select(ProcessInstance)).all()
        assert len(cases) > len(known(release)["scenarios"]) + len(known(release)["kinds"])
        for case in cases:
            assert executions.load(session, case).state in (case.state, "active")


def test_the_doctor_finds_nothing_that_stands_in_the_way(golden: sessionmaker[Session], url: str, tmp_path: Path) -> None:
    settings = {
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        "FOLDER": str(tmp_path),
        "SQLALCHEMY_DATABASE_URI": url,
    }
    found = {line.what: line for line in doctor.examine(settings, ["gui", "hong", "thu_dien_tu", "goi_http", "van_ban_tham_dinh"])}
    for what in ("phiên bản bảng", "hồ sơ bị treo", "hàm xử lý"):
        assert found[what].level == doctor.OK, found[what]


@pytest.mark.parametrize("number", range(len(known(RELEASES[-1])["scenarios"])))
def test_a_case_under_way_goes_on_to_the_end_of_its_scenario(golden: sessionmaker[Session], release: str, number: int) -> None:
    stands = known(release)["scenarios"][number]
    play = scenario(stands["scenario"], stands["number"])
    carried = Carried(golden.kw["bind"], play, stands["case"])
    carried.take(stands["taken"], None)
    with golden() as session:
        tree = session.scalars(select(ProcessInstance).where(ProcessInstance.root_id == stands["case"])).all()
        assert {case.state for case in tree if case.id == stands["case"]} == {"completed"}
        assert not [case.business_key for case in tree if case.state in RUNNING and case.parent_id]
        broken = select(Incident.message).where(Incident.instance_id.in_([case.id for case in tree]), Incident.resolved_at.is_(None))
        assert session.scalars(broken).all() == []


def cast(session: Session) -> Mapping[str, User]:
    return {user.username: user for user in session.scalars(select(User))}


def finish(session: Session, ids: list[int]) -> None:
    """Do everything that waits for somebody in these cases and those they called."""
    people = cast(session)
    tree = select(ProcessInstance.id).where(ProcessInstance.root_id.in_(ids), ProcessInstance.state == "active")
    for incident in session.scalars(select(Incident).where(Incident.instance_id.in_(tree), Incident.resolved_at.is_(None))).all():
        if incident.element_id == "tinh":
            instances.set_variables(session, incident.instance_id, people["vang_giang"], {"thieu": 1}, "bổ sung")
        incidents.resolve(session, incident.id, people["vang_giang"], "đã sửa")
    for task in session.scalars(select(UserTask).where(UserTask.instance_id.in_(tree), UserTask.state == "open")).all():
        by = people["vang_an" if task.element_id in ("soan", "nhac") else "vang_chi"]
        if task.organisation and task.organisation.code == "so_c":
            by = people["vang_dung"]
        files = documents.of_task(session, task.id)
        data = {"soan": {"noi_dung": "Xong", "tep": files}, "y_kien": {"ket_qua": "Có"}, "lam": {"ket_qua": "Có"}}.get(task.element_id, {})
        user_tasks.complete(session, task.id, by, data)
    waiting = select(MessageSubscription).where(MessageSubscription.instance_id.in_(tree))
    for one in session.scalars(waiting).all():
        if one.kind == "message":
            case = session.get_one(ProcessInstance, one.instance_id)
            messages.correlate(session, one.name, business_key=case.business_key)
        else:
            messages.broadcast(session, one.name, {})


def test_every_way_of_waiting_comes_to_an_end(golden: sessionmaker[Session], release: str) -> None:
    ids = known(release)["kinds"]
    clock = Clock(BEGINNING + timedelta(hours=1))
    golden.configure(info={"clock": clock})
    worker = Worker(golden, HANDLERS, threads=1)
    with golden.begin() as session:
        people = cast(session)
        draft = next(draft for task in session.scalars(select(UserTask).where(UserTask.instance_id == ids["half"]))
                     if (draft := user_tasks.draft(session, task.id, people["vang_an"])))  # fmt: skip
        assert draft.data == {"noi_dung": "Đang viết dở"}
        (document,) = documents.of_instance(session, ids["half"], people["vang_giang"])
        assert documents.read(session, document.id, people["vang_giang"])[1] == LETTER
        instances.activate(session, ids["suspended"], people["vang_giang"], "tiếp tục")
    running = [ids[kind] for kind in ("begun", "half", "suspended")]
    fired: list[str] = []
    for days in (0, 4, 28, 0, 0, 0, 0):
        clock.moment += timedelta(days=days)
        while worker.run_due():
            pass
        if days == 4:
            with golden() as session:
                fired = list(session.scalars(select(UserTask.element_id).where(UserTask.element_id == "nhac")))
        with golden.begin() as session:
            if days or clock.moment > BEGINNING + timedelta(days=2):
                finish(session, running)
    assert fired
    with golden() as session:
        states = {id_: session.get_one(ProcessInstance, id_).state for id_ in ids.values()}
        assert states == {ids[kind]: "cancelled" if kind == "cancelled" else "completed" for kind in ids}
        assert session.scalars(select(Job.id).where(Job.instance_id.in_(running))).all() == []


def test_the_history_of_before_is_chained_as_it_stood(golden: sessionmaker[Session]) -> None:
    engine = golden.kw["bind"]
    seen: list[int] = []
    with db.snapshot(engine) as connection:
        assert list(audit.verify(connection, progress=seen.append)) == []
    assert seen[-1] > 100
    with golden.begin() as session:
        session.execute(text("UPDATE history_event SET kind = 'x' WHERE id = (SELECT min(id) FROM history_event)"))
    with db.snapshot(engine) as connection:
        assert [found.number for found in audit.verify(connection)] == [1]
