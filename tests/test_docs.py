"""What docs/ says is true: lists agree with the code, and every recipe works as it is written."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine import topics

ROOT = Path(__file__).parents[1]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]


def rows(page: str, heading: str) -> list[str]:
    """The code words in the first column of the table under a heading."""
    section = (DOCS / page).read_text().partition(f"## {heading}")[2].partition("\n## ")[0]
    return re.findall(r"^\| `([^`]+)`", section, re.MULTILINE)


def blocks(page: str) -> dict[str, str]:
    """The files that a page shows: a line that begins with `name` in backquotes, then the code."""
    text = (DOCS / page).read_text()
    return dict(re.findall(r"^`([\w./]+\.\w+)`[^\n]*:\n\n```\w+\n(.*?)^```", text, re.MULTILINE | re.DOTALL))


def test_the_glossary_has_one_row_per_file_of_the_engine() -> None:
    here = {path.stem for path in (ROOT / "engine").glob("*.py")} | {path.parent.name for path in (ROOT / "engine").glob("*/__init__.py")}
    listed = rows("glossary.md", "The engine's nouns")
    assert sorted(listed) == sorted(here - {"__init__"})
    assert listed == sorted(listed)


def test_the_glossary_has_one_row_per_topic() -> None:
    assert rows("glossary.md", "Topics") == sorted(topics.discover("handlers"))


def test_one_topic_is_one_file_of_that_name() -> None:
    assert sorted(topics.discover("handlers")) == sorted(path.stem for path in (ROOT / "handlers").glob("*.py") if path.stem != "__init__")


def test_the_handler_of_the_recipe_passes_its_test(tmp_path: Path) -> None:
    shown = blocks("how-to/add-a-handler.md")
    assert sorted(shown) == ["handlers/tinh_tham_nien.py", "tests/handlers/test_tinh_tham_nien.py"]
    for name, content in {**shown, "handlers/__init__.py": ""}.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(content)
    # In a process of its own, whose `handlers` is the recipe's.
    command = [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", "--rootdir", tmp_path, "-p", "no:cacheprovider", tmp_path / "tests"]
    ran = subprocess.run(command, cwd=tmp_path, env={"PYTHONPATH": f"{tmp_path}:{ROOT}"}, capture_output=True, text=True)
    assert "2 passed" in ran.stdout, ran.stdout + ran.stderr


def test_the_process_of_the_recipe_runs(tmp_path: Path) -> None:
    from engine import scenarios

    shown = blocks("how-to/add-a-process.md")
    scenario = json.loads(shown.pop("scenarios/duoc_duyet.json"))
    assert sorted(shown) == ["forms/don.form", "forms/duyet.form", "nghi_phep.bpmn"]
    report = scenarios.run({name: content.encode() for name, content in shown.items()}, scenario)
    assert (report.exit_code, report.refused, report.incidents) == (0, [], [])
    assert report.trace == ["bat_dau", "duyet", "dong_y", "duoc_nghi"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_no_link_leads_nowhere(page: Path) -> None:
    targets = [target.partition("#")[0] for target in re.findall(r"\]\(([^)\s]+)\)", page.read_text())]
    assert [target for target in targets if target and "://" not in target and not (page.parent / target).exists()] == []


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_make_target_and_verb_that_a_page_names_exists(page: Path) -> None:
    from web.cli import cli

    text = page.read_text()
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"`make ([a-z-]+)", text)) <= targets
    assert set(re.findall(r"bin/luanchuyen ([a-z-]+)", text)) <= set(cli.commands)
