"""docs/conformance.md says what runs: each of its lines names a test that exists and can be run."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs/conformance.md").read_text("utf-8")
SECTIONS = ("Flow", "Activities", "Events", "Data", "Decisions and expressions")
REFERENCE = re.compile(r"`([\w/]+\.py)::(test_it_\w+)(?:\[([^\]]+)\])?`")


def _rows() -> list[str]:
    found = []
    for section in SECTIONS:
        text = PAGE.partition(f"\n## {section}\n")[2].partition("\n## ")[0]
        table = [line for line in text.splitlines() if line.startswith("|")]
        assert len(table) > 3, section
        found += table[2:]
    return found


@pytest.mark.parametrize("row", _rows(), ids=lambda row: row.split("|")[1].strip()[:60])
def test_it_names_a_test_that_shows_what_it_says(row: str) -> None:
    references = REFERENCE.findall(row.split("|")[-2])
    assert references
    for file, test, case in references:
        source = (ROOT / "tests/engine" / file).read_text("utf-8")
        assert f"def {test}(" in source
        assert case in source


def test_it_names_every_file_of_conformance_tests() -> None:
    files = {f"conformance/{path.name}" for path in (ROOT / "tests/engine/conformance").glob("test_*.py")}
    assert files <= {file for file, _, _ in REFERENCE.findall(PAGE)}


def test_it_tells_the_score_with_its_date() -> None:
    assert re.search(r"Measured on \d\d/\d\d/\d{4}", PAGE)
    assert len(re.findall(r"^\| (?:every case|refused|wrong)[^|]*\| \d+ \|$", PAGE, re.MULTILINE)) == 3
