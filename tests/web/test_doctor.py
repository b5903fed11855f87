"""What the doctor sees, each with something to do about it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, text, update
from sqlalchemy.orm import Session

import migrations
from engine import db, deployments, history, instances, jobs
from engine.models import Chore, Incident, Job, ProcessInstance
from tests.engine.cast import bpmn, flow
from web import doctor

SERVICE = bpmn('<startEvent id="dau"/><serviceTask id="goi" camunda:type="external" camunda:topic="tinh"/>' + flow("dau", "goi"))


def healthy(session: Session) -> None:
    deployments.store(session, "p", {"p.bpmn": SERVICE})
    session.add(Chore(name="watchdog", next_at=datetime.now(UTC), done_at=datetime.now(UTC)))
    instances.start(session, deployments.latest(session, "p"), {})


def skew(session: Session) -> None:
    history.record(session, 1, "timer.fired", at=datetime.now(UTC) + timedelta(hours=1))


def overdue(session: Session) -> None:
    session.execute(update(Job).values(next_at=datetime.now(UTC) - timedelta(minutes=2)))


def failed(session: Session) -> None:
    session.execute(update(Job).values(next_at=None, retries=0))


def suspend(session: Session) -> None:
    jobs.suspend(session, 1)


def stall(session: Session) -> None:
    session.execute(delete(Job))


def incident(session: Session) -> None:
    session.add(Incident(instance_id=1, element_id="goi", kind="job", message="x", raised_at=datetime.now(UTC)))


def no_worker(session: Session) -> None:
    session.execute(delete(Chore))


def old_tables(session: Session) -> None:
    session.execute(text("UPDATE alembic_version SET version_num = '0000'"))


@pytest.fixture
def settings(bare_database_url: str, tmp_path: Path) -> dict[str, Any]:
    migrations.upgrade(bare_database_url)
    return {
        "SQLALCHEMY_DATABASE_URI": bare_database_url, "FOLDER": str(tmp_path), "SECRET_KEY": "abcdefghijklmnopqrstuvwxyz0123456789",
    }  # fmt: skip


def examined(settings: dict[str, Any], *happened: Callable[[Session], None], topics: tuple[str, ...] = ("tinh",)) -> dict[str, doctor.Line]:
    engine = db.create_engine(settings["SQLALCHEMY_DATABASE_URI"])
    with Session(engine) as session:
        for happen in (healthy, *happened):
            happen(session)
            session.flush()
        session.commit()
    engine.dispose()
    return {line.what: line for line in doctor.examine(settings, topics)}


def test_it_finds_a_healthy_installation_healthy(settings: dict[str, Any]) -> None:
    found = examined(settings)
    assert {what for what, line in found.items() if line.level != doctor.OK} == {"thư điện tử"}
    assert doctor.verdict(found.values()) == 1


@pytest.mark.parametrize(
    ("happen", "what", "level"),
    [
        (skew, "đồng hồ", "error"),
        (overdue, "việc quá hạn", "error"),
        (failed, "việc hỏng", "warning"),
        (suspend, "việc tạm dừng", "warning"),
        (stall, "hồ sơ bị treo", "error"),
        (incident, "sự cố", "warning"),
        (no_worker, "bộ chạy việc tự động", "warning"),
    ],
)
def test_it_finds_what_is_wrong_and_says_what_to_do(settings: dict[str, Any], happen: Any, what: str, level: str) -> None:
    line = examined(settings, happen)[what]
    assert (line.level, bool(line.advice)) == (level, True)


def test_it_finds_tables_of_another_version(settings: dict[str, Any]) -> None:
    found = examined(settings, old_tables)
    assert found["phiên bản bảng"].level == "error"
    assert "việc quá hạn" not in found


def test_it_names_the_topics_without_a_handler(settings: dict[str, Any]) -> None:
    line = examined(settings, topics=("khac",))["hàm xử lý"]
    assert (line.level, line.found) == ("error", "thiếu cho chủ đề tinh (p, phần tử goi)")


def test_it_finds_topics_of_older_versions_only_while_cases_run_on_them(settings: dict[str, Any]) -> None:
    def newer(session: Session) -> None:
        deployments.store(session, "p", {"p.bpmn": SERVICE.replace(b'topic="tinh"', b'topic="moi"')})

    def ended(session: Session) -> None:
        session.execute(update(ProcessInstance).values(state="completed"))

    assert "tinh" in examined(settings, newer, topics=("moi",))["hàm xử lý"].found
    engine = db.create_engine(settings["SQLALCHEMY_DATABASE_URI"])
    with Session(engine) as session:
        ended(session)
        session.commit()
    engine.dispose()
    assert {line.what: line.level for line in doctor.examine(settings, ("moi",))}["hàm xử lý"] == "ok"


@pytest.mark.parametrize(
    ("wrong", "what"),
    [
        ({"SECRET_KEY": "ngắn"}, "khóa bí mật"),
        ({"SECRET_KEY": "a" * 50}, "khóa bí mật"),
        ({"MAIL_HOST": "127.0.0.1", "MAIL_PORT": 1}, "thư điện tử"),
        ({"BROKER": "redis://127.0.0.1:1/0"}, "hàng đợi"),
        ({"SQLALCHEMY_DATABASE_URI": "postgresql://x:bimat@127.0.0.1:1/x"}, "cơ sở dữ liệu"),
        ({"SQLALCHEMY_DATABASE_URI": "sqlite:////nowhere/x.sqlite"}, "cơ sở dữ liệu"),
    ],
)
def test_it_finds_settings_that_do_not_work(settings: dict[str, Any], wrong: dict[str, Any], what: str) -> None:
    found = {line.what: line for line in doctor.examine({**settings, **wrong}, ())}
    assert found[what].level == "error"
    assert "bimat" not in doctor.as_text(found.values())


def test_it_finds_a_secret_key_that_others_can_read(settings: dict[str, Any], tmp_path: Path) -> None:
    (tmp_path / "secret-key").write_text("x")
    (tmp_path / "secret-key").chmod(0o644)
    assert {line.what: line.level for line in doctor.examine(settings, ())}["khóa bí mật"] == "error"


def test_it_says_so_at_the_shell_and_to_scripts(tmp_path: Path) -> None:
    command = [str(Path(sys.executable).with_name("luanchuyen")), "doctor"]
    environment = {"PATH": os.environ["PATH"], "LUANCHUYEN_FOLDER": str(tmp_path)}
    said = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert (said.returncode, "[lỗi] cơ sở dữ liệu: chưa có" in said.stdout) == (2, True), said.stdout + said.stderr
    migrate = subprocess.run([command[0], "migrate"], env=environment, capture_output=True, text=True)
    assert migrate.returncode == 0, migrate.stderr
    said = subprocess.run([*command, "--json"], env=environment, capture_output=True, text=True)
    assert said.returncode == 1, said.stdout
    assert {line["what"]: line["level"] for line in json.loads(said.stdout)}["phiên bản bảng"] == "ok"
