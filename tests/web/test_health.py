"""Health, readiness, figures and the log."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import migrations
from engine import jobs
from web import create_app, metrics


def application(tmp_path: Path, **settings: Any) -> Flask:
    url = f"sqlite:///{tmp_path / 'd.sqlite'}"
    return create_app({"SQLALCHEMY_DATABASE_URI": url, "SECRET_KEY": "x" * 40, **settings})


def migrated(tmp_path: Path, **settings: Any) -> Flask:
    app = application(tmp_path, **settings)
    migrations.upgrade(app.config["SQLALCHEMY_DATABASE_URI"])
    return app


@pytest.mark.parametrize("address", ["/khoe", "/healthz"])
def test_it_is_alive_without_a_database(tmp_path: Path, address: str) -> None:
    answer = application(tmp_path, SQLALCHEMY_DATABASE_URI="sqlite:////nowhere/d.sqlite").test_client().get(address)
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("address", ["/san-sang", "/readyz"])
def test_it_is_ready_when_the_tables_are_there_and_not_before(tmp_path: Path, address: str) -> None:
    client = application(tmp_path).test_client()
    assert (client.get(address).status_code, client.get(address).text) == (503, "migration\n")
    migrations.upgrade(f"sqlite:///{tmp_path / 'd.sqlite'}")
    assert client.get(address).status_code == 200


def test_it_is_not_ready_without_a_database(tmp_path: Path) -> None:
    answer = application(tmp_path, SQLALCHEMY_DATABASE_URI="sqlite:////nowhere/d.sqlite").test_client().get("/san-sang")
    assert (answer.status_code, answer.text) == (503, "database\n")


def test_it_tells_its_figures_to_this_machine_only(tmp_path: Path) -> None:
    client = migrated(tmp_path).test_client()
    assert client.get("/metrics").status_code == 200
    assert client.get("/metrics", environ_base={"REMOTE_ADDR": "10.0.0.8"}).status_code == 403
    assert client.get("/metrics", headers={"X-Forwarded-For": "10.0.0.8"}).status_code == 403


def test_it_tells_its_figures_to_who_has_the_token(tmp_path: Path) -> None:
    client = migrated(tmp_path, METRICS_TOKEN="abc").test_client()
    there = {"REMOTE_ADDR": "10.0.0.8"}
    for wrong in ({}, {"Authorization": "Bearer sai"}, {"Authorization": "Bearer "}):
        assert client.get("/metrics", headers=wrong, environ_base=there).status_code == 403
    assert client.get("/metrics", headers={"Authorization": "Bearer abc"}, environ_base=there).status_code == 200


def value(page: str, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", page, re.MULTILINE)
    assert found, f"{name} is not in\n{page}"
    return float(found[1])


def test_it_counts_jobs_by_state(session: Session, engine: Any) -> None:
    now = datetime.now(UTC)
    for due in (now, now - timedelta(minutes=2), now + timedelta(hours=1)):
        jobs.post(session, jobs.SIGNAL, payload={}, due=due)
    failed = jobs.post(session, jobs.SIGNAL, payload={})
    failed.retries, failed.next_at = 0, None
    session.commit()
    page = metrics.render(metrics.Gauges(engine)).decode()
    assert {state: value(page, f'luanchuyen_jobs{{state="{state}"}}') for state in ("due", "overdue", "failed", "waiting", "leased")} == {
        "due": 2, "overdue": 1, "failed": 1, "waiting": 1, "leased": 0,
    }  # fmt: skip


def test_it_counts_completions_and_open_work_by_process(case: int, log_in: Any, task_of: Any, engine: Any) -> None:
    page = metrics.render(metrics.Gauges(engine)).decode()
    assert value(page, 'luanchuyen_instances{process="don_nghi",state="active"}') == 1
    assert value(page, 'luanchuyen_user_tasks_open{process="don_nghi"}') == 1
    before = metrics.COMPLETED.labels("don_nghi")._value.get()
    task = task_of(case, "xet")
    binh = log_in("binh")
    binh.post(f"/viec/{task}/nhan")
    binh.post(f"/viec/{task}", {"ket_luan": ""})
    assert metrics.COMPLETED.labels("don_nghi")._value.get() == before
    binh.post(f"/viec/{task}", {"ket_luan": "dong_y", "y_kien": "Được."})
    assert metrics.COMPLETED.labels("don_nghi")._value.get() == before + 1
    assert 'luanchuyen_completion_seconds_count{process="don_nghi"}' in metrics.render(metrics.Gauges(engine)).decode()


def test_it_writes_json_with_ids_and_nothing_that_anybody_typed(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    client = migrated(tmp_path, LOG="json").test_client()
    client.get("/dang-nhap?next=/ho-so?tim=Nguyen")
    client.post("/dang-nhap", data={"username": "nguyen.van.a", "password": "bi mat"})
    said = capfd.readouterr().err
    lines = [json.loads(line) for line in said.splitlines() if line.startswith("{")]
    assert next((line["endpoint"], line["user"]) for line in lines if line["event"] == "request") == ("auth.login", None)
    assert all(re.fullmatch(r"[0-9a-f]{12}", line["request"]) for line in lines)
    assert not re.search(r"Nguyen|nguyen|bi mat", said)


def test_it_writes_of_an_exception_where_and_not_what(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    app = migrated(tmp_path, LOG="json")

    @app.get("/hong")
    def broken() -> str:
        raise ValueError("số căn cước 001")

    app.view_functions["health.alive"] = broken
    assert app.test_client().get("/khoe").status_code == 500
    said = capfd.readouterr().err
    assert "ValueError" in said
    assert "test_health.py" in said
    assert "001" not in said
