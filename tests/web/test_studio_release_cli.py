"""`luanchuyen deploy` where a release takes a second person."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from engine import releases
from engine.models import Deployment, Release
from tests.web.conftest import FOLDER
from web.cli import cli


@pytest.fixture
def folder(tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("DATABASE_URL", database_url), ("SECRET_KEY", "x" * 32), ("FOLDER", str(tmp_path)), ("RELEASE_APPROVAL", "1")):
        monkeypatch.setenv(f"LUANCHUYEN_{name}", value)
    return Path(shutil.copytree(FOLDER, tmp_path / "don_nghi"))


def deploy(folder: Path) -> Result:
    return CliRunner().invoke(cli, ["deploy", str(folder), "--note", "sửa"])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_proposes_what_is_new_and_nothing_twice(store: sessionmaker[Session], folder: Path) -> None:
    assert deploy(folder).exit_code == 0  # It is what is in force.
    diagram = folder / "don_nghi.bpmn"
    diagram.write_text(diagram.read_text().replace("Xét đơn", "Xem xét đơn"))
    for _ in range(2):
        said = deploy(folder)
        assert (said.exit_code, "đề nghị phát hành 1, chờ" in said.output) == (3, True), said.output
    with store() as session:
        (asked,) = session.scalars(select(Release))
        assert (asked.state, asked.proposed_by_id, asked.note) == ("proposed", None, "sửa")
        assert releases.files(session, asked)["don_nghi.bpmn"] == diagram.read_bytes()
        assert session.scalar(select(func.count(Deployment.id))) == 1
