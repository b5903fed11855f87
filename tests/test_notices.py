"""THIRD-PARTY.md and the notices beside the browser's files name everything that runs with us."""

from __future__ import annotations

import importlib.util
import json
import re
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def notices() -> ModuleType:
    spec = importlib.util.spec_from_file_location("notices", ROOT / ".ci/notices.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def listed() -> dict[str, tuple[str, str]]:
    """Version and licence by name."""
    found = re.findall(r"^\| (\S+) \| (\S+) \| ([^|]+) \|", (ROOT / "THIRD-PARTY.md").read_text(), re.MULTILINE)
    return {re.sub(r"[-_.]+", "-", name).lower(): (number, licence.strip()) for name, number, licence in found}


def test_every_package_that_the_server_needs_is_listed_with_its_version(notices: ModuleType) -> None:
    needed = set(notices.needed("luanchuyen"))
    assert {"flask", "spiffworkflow", "psycopg-binary"} <= needed
    there = listed()
    assert {name: there.get(name, ("missing",))[0] for name in needed} == {name: version(name) for name in needed}


def test_every_package_has_a_licence_that_this_project_may_stand_on() -> None:
    unclear = {name: licence for name, (_, licence) in listed().items() if re.search(r"UNKNOWN|AGPL|Affero|(?<!L)GPL(?!\))", licence)}
    assert unclear == {}


def test_every_package_that_is_pinned_is_pinned_once_and_as_pyproject_says() -> None:
    pinned = dict(re.findall(r"^([\w.-]+)==(\S+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE))
    names = {re.sub(r"[-_.]+", "-", name).lower(): number for name, number in pinned.items()}
    assert len(names) == len(pinned)
    wanted = re.findall(r'"([\w.-]+)(?:\[\w+\])?==([^"]+)"', (ROOT / "pyproject.toml").read_text())
    assert {name: names.get(re.sub(r"[-_.]+", "-", name).lower()) for name, _ in wanted} == dict(wanted)


def test_every_front_end_package_is_named_beside_what_browsers_load() -> None:
    needed = json.loads((ROOT / "web/frontend/package.json").read_text())["dependencies"]
    text = (ROOT / "web/static/dist/THIRD-PARTY.txt").read_text()
    assert [name for name, number in needed.items() if f"{name} {number}" not in text] == []
