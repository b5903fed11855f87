"""The page of docs/ that shows the regulation beside the diagrams is what the diagrams say today."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.contents import Contents, read_folder
from web import legal

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "docs" / "can-cu").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_it_is_generated_from_the_diagrams_as_they_are(page: Path) -> None:
    """Otherwise: luanchuyen legal-basis bpmn/<folder> > docs/can-cu/<folder>.md"""
    assert page.read_text("utf-8") == legal.markdown(Contents(read_folder(ROOT / "bpmn" / page.stem)))


def test_it_shows_every_sentence_beside_an_element() -> None:
    contents = Contents(read_folder(ROOT / "bpmn" / "luan_chuyen_can_bo"))
    assert [sentence.id for sentence in legal.sentences(contents) if not sentence.elements] == []
    assert PAGES
