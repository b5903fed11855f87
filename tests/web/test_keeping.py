"""`luanchuyen archive`, `purge`, `hold` and `process`, as who operates the installation uses them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Engine, select, update
from sqlalchemy.orm import Session

from engine import deployments, instances, suspensions
from engine.models import LegalHold, ProcessDefinition, ProcessInstance
from tests.engine.cast import bpmn, flow, people
from web import settings
from web.cli import cli

Run = Callable[..., Result]
BRIEF = bpmn('<startEvent id="dau"/><endEvent id="het"/>' + flow("dau", "het"))


@pytest.fixture
def run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    given = {
        "DATABASE_URL": database_url,
        "FOLDER": str(tmp_path / "var"),
        "SECRET_KEY": "x" * 32,
        "RETENTION": "p=12",
        "ARCHIVE_FOLDER": str(tmp_path / "luu_tru"),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"LUANCHUYEN_{name}", value)
    return lambda *words: CliRunner().invoke(cli, words)


@pytest.fixture
def number(engine: Engine) -> int:
    """A case that ended two years ago."""
    with Session(engine) as session, session.begin():
        people(session)
        deployments.store(session, "p", {"p.bpmn": BRIEF})
        case = instances.start(session, deployments.latest(session, "p"), {})
        session.flush()
        session.execute(update(ProcessInstance).values(ended_at=datetime.now(UTC) - timedelta(days=730)))
        return case.id


def test_it_says_what_it_would_purge_and_then_purges_it(run: Run, number: int, session: Session, tmp_path: Path) -> None:
    listed = run("purge", "--dry-run")
    assert listed.exit_code == 0 and listed.output.startswith(f"{number}\tp\t")
    assert session.scalars(select(ProcessInstance.id)).all() == [number]
    session.rollback()
    done = run("purge")
    assert done.exit_code == 0, done.output
    assert session.scalars(select(ProcessInstance.id)).all() == []
    assert [file.suffix for file in (tmp_path / "luu_tru").iterdir()] == [".zip"]


def test_it_archives_without_purging(run: Run, number: int, session: Session, tmp_path: Path) -> None:
    assert run("archive", str(number)).exit_code == 0
    assert len(list((tmp_path / "luu_tru").iterdir())) == 1
    assert session.scalars(select(ProcessInstance.id)).all() == [number]


def test_a_hold_keeps_a_case_and_says_why(run: Run, number: int, session: Session) -> None:
    assert run("hold", "add", str(number), "--reason", "thanh tra", "--user", "giang").exit_code == 0
    assert "thanh tra" in run("hold", "list").output
    assert run("purge", "--dry-run").output == ""
    refused = run("purge", str(number))
    assert refused.exit_code == 1 and "legal hold" in refused.output
    assert run("hold", "lift", str(number), "--reason", "xong").exit_code == 0
    assert run("purge", "--dry-run").output
    assert session.scalars(select(LegalHold)).all() == []


def test_it_needs_a_rule_to_purge_by(run: Run, number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LUANCHUYEN_RETENTION", "")
    refused = run("purge")
    assert refused.exit_code == 1 and "LUANCHUYEN_RETENTION" in refused.output


def test_it_suspends_and_activates_a_process(run: Run, number: int, session: Session) -> None:
    assert "p\t1\tsuspended" in run("process", "suspend", "p", "--reason", "chờ").output
    assert "suspended" in run("process", "list").output
    definition = session.scalars(select(ProcessDefinition)).one()
    assert definition.suspended
    session.rollback()
    assert run("process", "activate", "p", "--version", "1", "--reason", "xong", "--user", "giang").exit_code == 0
    last = suspensions.latest(session, definition)
    assert last is not None and last.actor is not None and last.actor.username == "giang"


@pytest.mark.parametrize("text", ["p", "p=", "p=-1", "p=0", "p=1=2", "=3", "p=1,p=2", "p=mười", "p=9999"])
def test_a_rule_that_is_not_understood_stops_the_start(text: str) -> None:
    with pytest.raises(settings.SettingsError, match="RETENTION"):
        settings.read({"LUANCHUYEN_SECRET_KEY": "x" * 32, "LUANCHUYEN_RETENTION": text})


def test_rules_are_months_by_process() -> None:
    given = settings.read({"LUANCHUYEN_SECRET_KEY": "x" * 32, "LUANCHUYEN_RETENTION": " a=12, *= 60 ,"})
    assert given["RETENTION"] == {"a": 12, "*": 60}
