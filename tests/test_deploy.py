"""deploy/ agrees with the code: every setting is explained, every command that is named exists."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from web import settings
from web.cli import cli

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))


def test_the_environment_file_explains_every_setting() -> None:
    explained = set(re.findall(r"^#?LUANCHUYEN_(\w+)=", (DEPLOY / "luanchuyen.env").read_text(), re.MULTILINE))
    source = (ROOT / "web/settings.py").read_text()
    read = set(re.findall(r'given(?:\.get\(|\[)"(\w+)"', source)) | set(re.findall(r'_(?:whole|yes|one_of|words)\(given, "(\w+)"', source))
    assert read - explained == set()
    assert {name for name in explained - read if not name.startswith("SECRET_")} == set()


def test_the_environment_file_can_be_read_as_it_is(tmp_path: Path) -> None:
    given = dict(re.findall(r"^#?(LUANCHUYEN_\w+)=(.*)$", (DEPLOY / "luanchuyen.env").read_text(), re.MULTILINE))
    found = settings.read({**given, "LUANCHUYEN_FOLDER": str(tmp_path)})
    assert (found["PROXIES"], found["LOG"], found["QUEUES"]) == (1, "json", {"van_ban_tham_dinh": "van_ban"})


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: str(unit.name))
def test_every_unit_runs_a_verb_that_exists_without_rights_of_its_own(unit: Path) -> None:
    text = unit.read_text()
    assert set(re.findall(r"bin/luanchuyen ([a-z-]+)", text)) <= set(cli.commands)
    assert "User=luanchuyen" in text
    assert "NoNewPrivileges=yes" in text


def test_the_runbook_names_verbs_that_exist() -> None:
    named = set(re.findall(r"`?luanchuyen ([a-z]+)", (ROOT / "docs/runbook.md").read_text()))
    assert named <= set(cli.commands)
    assert {"backup", "restore", "doctor", "migrate", "job"} <= named
